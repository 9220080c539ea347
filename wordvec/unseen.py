"""Vectors for words that have none: from their letters, and from the words around them.

    from wordvec.unseen import fit_subwords
    vectors = fit_subwords(vectors)
    vectors.vector("kingliest").how  # "subword"

See docs/howto/oov.md.
"""

from wordvec.vectors.oov.fit import (
    SubwordOptions,
    fit_induction,
    fit_subwords,
)
from wordvec.vectors.oov.unseen import Induction, Subwords, context_tokens

__all__ = [
    "Induction",
    "SubwordOptions",
    "Subwords",
    "context_tokens",
    "fit_induction",
    "fit_subwords",
]
