import numpy as np
from numpy.typing import NDArray

from wordvec.training.own_rows import OwnRows

_F32 = NDArray[np.float32]

FROZEN_IN: int
FROZEN_OUT: int
OPTIONS: frozenset[str]

def step(
    input: _F32,
    inputs: NDArray[np.int32],
    output: _F32,
    outputs: NDArray[np.int32],
    sign: _F32,
    weight: _F32,
    alpha: float,
    isa: str | None = None,
    *,
    own: bool = False,
) -> float:
    """One gradient step of input rows against output rows, in place; the loss before it.

    sign and weight: (pairs,); a pair is each input with each output, or with `own` input i with the
    i-th of len(inputs) equal parts of the outputs.
    """

def alias_table(weights: NDArray[np.float64]) -> NDArray[np.uint32]:
    """(n, 2), for drawing i with probability weights[i] / sum (Vose 1991)."""

class SkipGramTrainer:
    def __init__(
        self,
        input: _F32,
        output: _F32,
        keep: NDArray[np.uint32],
        options: dict[str, int],
        *,
        dim: int | None = None,
        sub_starts: NDArray[np.int64] | None = None,
        sub_rows: NDArray[np.int32] | None = None,
        frozen: NDArray[np.uint8] | None = None,
        own: OwnRows | None = None,
        isa: str | None = None,
    ) -> None:
        """input (V or more, n), output (V, n), n a multiple of 16, zeros from `dim` on, by default
        none; keep (V,); options: all of OPTIONS, the members of the kernel's struct; sub_starts
        (V + 1,) and sub_rows: the input rows that each word is made of; frozen (V,): FROZEN_IN,
        FROZEN_OUT where a word's row never moves; own: rows that each worker has copies of, and
        then sub_rows has ~i for own row i."""

    @property
    def dim(self) -> int:
        """Numbers of a row, without the zeros behind them."""

    def worker(self, longest: int, own: _F32 | None = None, index: int = 0) -> SkipGramWorker:
        """What one thread needs, for chunks of at most `longest` tokens.

        own: memory for its copies, see `OwnRows.memory`; without it the worker trains on the
        model's rows. index: which of the workers it is."""

class SkipGramWorker:
    def settle(self) -> None:
        """Merges all of its own rows with the model's."""

    def train(
        self,
        ids: NDArray[np.int32],
        begin: int,
        end: int,
        noise: NDArray[np.uint32],
        key: int,
        alpha_begin: float,
        alpha_end: float,
    ) -> tuple[float, int, int]:
        """Trains on the centres at [begin, end) without the GIL: (loss, pairs, tokens kept).

        noise (n, 2): an alias table of the first n words of the vocabulary."""
