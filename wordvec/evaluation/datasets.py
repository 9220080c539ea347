"""Evaluation sets: reading the files in which they are published.

    from wordvec.evaluation import datasets
    pairs = datasets.load("wordsim353.tsv").pairs

The kind of a set is detected from its content; see docs/reference/evaluation.md.
"""

from wordvec.evaluation.core.datasets import (
    KINDS,
    AnalogySet,
    CategorySet,
    Dataset,
    OutlierGroup,
    OutlierSet,
    PropertySet,
    Question,
    RelationSet,
    SimilaritySet,
    load,
    loads,
)

__all__ = [
    "KINDS",
    "AnalogySet",
    "CategorySet",
    "Dataset",
    "OutlierGroup",
    "OutlierSet",
    "PropertySet",
    "Question",
    "RelationSet",
    "SimilaritySet",
    "load",
    "loads",
]
