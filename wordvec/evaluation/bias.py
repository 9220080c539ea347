"""Association tests of word lists: WEAT with exact p-values, and the tests that ship.

    from wordvec.evaluation import bias
    bias.weat(vectors, bias.weat_tests()["weat6"]).score

See docs/reference/measures.md; `wordvec bias` has further measures.
"""

from wordvec.evaluation.core.bias.lists import (
    GenderLists,
    WeatTest,
    gender_lists,
    read_weat,
    translated,
    weat_tests,
)
from wordvec.evaluation.measures.bias.sets.weat import weat

__all__ = [
    "GenderLists",
    "WeatTest",
    "gender_lists",
    "read_weat",
    "translated",
    "weat",
    "weat_tests",
]
