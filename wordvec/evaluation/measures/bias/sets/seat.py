"""SEAT: WEAT over sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordvec.evaluation.core import statistics
from wordvec.evaluation.core.bias.lists import MIN_SHARE, WeatTest, cover
from wordvec.evaluation.core.measure import Measure
from wordvec.evaluation.core.space import Space, Vectors
from wordvec.evaluation.measures.bias.sets.weat import (
    COLUMNS,
    WeatResult,
    family,
    measure_units,
    protocol_of,
)
from wordvec.text.lines import ascii_split

_F64 = NDArray[np.float64]

SENTENCES = (
    "this is {}",
    "that is {}",
    "there is {}",
    "here is {}",
    "{} is here",
    "{} is there",
)


def seat(
    vectors: Vectors | Space,
    test: WeatTest,
    *,
    templates: Sequence[str] = SENTENCES,
    min_share: float = MIN_SHARE,
    samples: int = statistics.SAMPLES,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
    seed: int = 1,
) -> WeatResult:
    """The sentence encoder association test, a sentence being the mean of its words' vectors.

    Each word stands in each template; the test is WEAT over the sentences. Words of a template
    that are unknown are left out of the mean.

    Notes
    -----
    Sentences of one word are not independent, so p re-partitions words with all their sentences,
    where the paper exchanges single sentences. The bootstrap draws words likewise.

    References
    ----------
    May, Wang, Bordia, Bowman & Rudinger (2019).
    """
    space = Space.of(vectors)
    lists, rows = cover(space, test, min_share)
    bad = [template for template in templates if template.count("{}") != 1]
    if bad or not templates:
        raise ValueError(f"a template needs one {{}}, got {bad or 'no template'}")
    frames = [space.find(ascii_split(template.replace("{}", " ")))[1] for template in templates]
    units = {side: _sentences(space, rows[side], frames) for side in "XYAB"}
    protocol = f"{len(templates)} templates; " + protocol_of(space, rows)
    return measure_units(
        "seat",
        test,
        lists,
        units,
        per=len(frames),
        samples=samples,
        resamples=resamples,
        level=level,
        seed=seed,
        protocol=protocol,
    )


def _sentences(space: Space, rows: Sequence[int], frames: Sequence[Sequence[int]]) -> _F64:
    """Unit mean vectors of each word in each frame: (words * frames, d), a word's together."""
    raw = space.unit.astype(np.float64)[list(rows)] * space.norms[list(rows), None]
    out = np.empty((len(rows), len(frames), raw.shape[1]))
    for j, frame in enumerate(frames):
        around = (space.unit[frame].astype(np.float64) * space.norms[frame, None]).sum(axis=0)
        out[:, j] = raw + around
    out /= np.linalg.norm(out, axis=2, keepdims=True)
    return out.reshape(-1, raw.shape[1])


MEASURE = Measure(
    name="seat",
    title="Association tests over sentences (SEAT)",
    score="effect size d",
    about="WEAT with each word in template sentences; p re-partitions words with all their "
    "sentences.",
    asks=WeatTest,
    run=seat,
    result=WeatResult,
    columns=COLUMNS,
    main=5,
    family=family,
    figures=("forest",),
    reference="""@inproceedings{may2019measuring,
  author = {May, Chandler and Wang, Alex and Bordia, Shikha and Bowman, Samuel R. and
            Rudinger, Rachel},
  title = {On Measuring Social Biases in Sentence Encoders},
  booktitle = {Proceedings of NAACL-HLT},
  pages = {622--628},
  year = {2019},
}""",
)
