"""Taking an association with a concept out of vectors, and proving what is left.

    from wordvec.debias import LEACE, concept
    fair = LEACE(concept=concept("gender")).fit_transform(vectors)

Methods are transforms (`wordvec.transform`). None of them makes vectors free of bias: each removes
what it says, and `docs/howto/debias.md` shows what other readers still find.
"""

from wordvec.spaces.debiasing.concepts import Concept, concept
from wordvec.spaces.debiasing.double_hard import DoubleHard
from wordvec.spaces.debiasing.hard import HardDebias
from wordvec.spaces.debiasing.inlp import INLP
from wordvec.spaces.debiasing.leace import LEACE
from wordvec.spaces.debiasing.ran import RAN
from wordvec.spaces.debiasing.regression import HSR
from wordvec.spaces.debiasing.soft import SoftDebias

__all__ = [
    "HSR",
    "INLP",
    "LEACE",
    "RAN",
    "Concept",
    "DoubleHard",
    "HardDebias",
    "SoftDebias",
    "concept",
]
