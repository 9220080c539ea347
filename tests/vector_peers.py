"""Any words and vectors, and the check that a file of them comes back equal."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wordvec import load

# Words that every format here can hold: no white space, no NUL; not numbers, which headerless text
# tells apart from numbers only by where they stand.
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\x85\u2028\u2029"),
    min_size=1,
    max_size=12,
).map(lambda text: "w" + text)
WIDE = st.floats(width=32, allow_nan=False, allow_infinity=False)
GIVEN = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def vectors(draw, numbers=WIDE):
    words = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    shape = (len(words), draw(st.integers(1, 5)))
    return words, draw(arrays.arrays(np.float32, shape, elements=numbers))


def same(path, words, rows):
    wv = load(path)
    assert list(wv) == words
    np.testing.assert_array_equal(wv.vectors, rows)
