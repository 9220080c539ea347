"""Matrices of vectors: rows in the encodings of a file, encoding them, and the nearest of them."""

from wordvec.vectors.matrix.encode import EncodedRows, encode, to_int8
from wordvec.vectors.matrix.nearest import (
    Coarse,
    Sketch,
    largest,
    largest_of_many,
    scores_of_all,
)
from wordvec.vectors.matrix.rows import (
    EncodedMatrix,
    Floats,
    Ids,
    Matrix,
    matrix_of,
    quantised_query,
)

__all__ = [
    "Coarse",
    "EncodedMatrix",
    "EncodedRows",
    "Floats",
    "Ids",
    "Matrix",
    "Sketch",
    "encode",
    "largest",
    "largest_of_many",
    "matrix_of",
    "quantised_query",
    "scores_of_all",
    "to_int8",
]
