"""Scores of models by an evaluation set, for scikit-learn's searches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wordvec.evaluation.core import datasets
from wordvec.evaluation.measures import MEASURES


def scorer(dataset: str | Path | datasets.Dataset, **options: Any) -> Callable[..., float]:
    """A function of a fitted model that gives its score on an evaluation set.

    Parameters
    ----------
    dataset
        A set, or the file of one; its measure is the first of the registry that asks it.
    options
        Of the measure, such as solver="3CosMul".

    Returns
    -------
    scorer(estimator, X=None, y=None) -> float, as `GridSearchCV(scoring=...)` takes it. X, the
    documents that were held out, is not looked at: the set judges the vectors.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV  # doctest: +SKIP
    >>> rho = scorer("ws353.txt")  # doctest: +SKIP
    >>> search = GridSearchCV(GloVe(), {"x_max": [10, 100]}, scoring=rho)  # doctest: +SKIP
    """
    loaded = datasets.load(dataset) if isinstance(dataset, (str, Path)) else dataset
    measure = next(m for m in MEASURES.values() if m.asks is type(loaded))
    known = {"resamples": 1, **options} if "resamples" in measure.options else options

    def score(estimator: Any, X: Any = None, y: Any = None) -> float:
        fitted = getattr(estimator, "steps", [("", estimator)])[-1][1]  # the last of a pipeline
        return float(measure.run(fitted.vectors_, loaded, **known).score)

    return score
