"""Numbers in decimal notation, rounded to float32, against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wordvec.formats.plain.numbers import nearest_float
from wordvec.native.vectors import decimal

DIGITS = st.text("0123456789", max_size=30)
LIMIT = Fraction(2) ** 128 - Fraction(2) ** 103  # from here on numbers become infinite


def exact(text):
    """The nearest float32, by fractions: the one of the floats around that is least far, of two
    the one with an even mantissa."""
    value = Fraction(text)
    if abs(value) >= LIMIT:
        return np.float32(np.inf if value > 0 else -np.inf)
    with np.errstate(over="ignore"):
        guess = np.float32(min(max(float(value), -3.4028234663852886e38), 3.4028234663852886e38))
        near = [
            np.nextafter(guess, np.float32(-np.inf)),
            guess,
            np.nextafter(guess, np.float32(np.inf)),
        ]
    finite = [each for each in near if np.isfinite(each)]
    return min(finite, key=lambda f: (abs(Fraction(float(f)) - value), int(f.view(np.uint32)) & 1))


@st.composite
def numbers(draw):
    whole, fraction = draw(DIGITS), draw(DIGITS)
    if not whole + fraction:
        whole = "0"
    point = "." if fraction or draw(st.booleans()) else ""
    sign = draw(st.sampled_from(["", "-", "+"]))
    exponent = draw(st.one_of(st.just(""), st.integers(-70, 70).map(lambda e: f"e{e:+d}")))
    return sign + whole + point + fraction + exponent


@st.composite
def middles(draw):
    """Numbers that lie in the middle of two floats, or off it by very little."""
    bits = draw(st.integers(1, 0x7F7FFFFF))
    one = np.uint32(bits).view(np.float32)
    middle = (
        (Fraction(float(one)) + Fraction(float(np.nextafter(one, np.float32(np.inf))))) / 2
        if bits < 0x7F7FFFFF
        else LIMIT
    )
    scaled = middle * 10**160  # a fraction over a power of two up to 2^150: whole
    assert scaled.denominator == 1
    return f"{scaled.numerator + draw(st.sampled_from([-1, 0, 1]))}e-160"


@given(st.one_of(numbers(), middles()))
@example("16777217")
@example("-0")
@example("340282356779733661637539395458142568447.9999999999999999")
@example("1.17549435e-38")
@example("7.0064923216240853546186479164495806564013097093825788587853e-46")
def test_numbers_are_rounded_once(text):
    wanted = exact(text)
    slow = nearest_float(text.encode())
    quick = decimal.parse_float(text.encode())
    assert slow == wanted
    assert quick is None or quick == wanted
    if wanted == 0:
        assert np.signbit(slow) == text.startswith("-")
        assert quick is None or np.signbit(quick) == text.startswith("-")


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from(["%r", "%.9g", "%.17g", "%.12f"]),
)
def test_written_floats_are_read_as_python_reads_them(value, form):
    text = (form % value).encode()
    quick = decimal.parse_float(text)
    assert nearest_float(text) == np.float32(float(text))
    assert quick is None or quick == np.float32(float(text))


@given(st.floats(2.0**-99, 2.0**99, width=32))
def test_few_numbers_are_left_open(value):
    assert decimal.parse_float(b"%.9g" % value) == np.float32(value)
    assert decimal.parse_float(b"%.17g" % value) == np.float32(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "e5",
        "1e",
        "1e+",
        "--1",
        "1 ",
        "0x1",
        "inf",
        "nan",
        "1_0",
        "1.2.3",
        "1,5",
        "\xd9\xa1",
    ],
)
def test_what_is_not_plain_notation_is_left_open(text):
    assert decimal.parse_float(text.encode("latin-1")) is None


def parse(text, d, rows=10, spare=0):
    out = np.full((rows, d), np.nan, np.float32)
    words, waiting = np.empty((rows, 2), np.int64), np.empty((d + spare, 3), np.int64)
    n, used, n_open, found = decimal.parse_lines(text, out, words, waiting)
    names = [text[a:b] for a, b in words[:n].tolist()]
    return names, out[:n].tolist(), used, [text[a : a + m] for _, a, m in waiting[:n_open]], found


def test_numbers_are_counted_from_the_right():
    text = b"a b 1 2\n\tc\t3  4 \r\n 5 6 7"
    assert parse(text, 2) == ([b"a b", b"c", b"5"], [[1, 2], [3, 4], [6, 7]], len(text), [], -1)


def test_lines_stop_where_the_buffers_end():
    assert parse(b"a 1\nb 2\nc 3\n", 1, rows=2)[:3] == ([b"a", b"b"], [[1], [2]], 8)
    names, _, used, left, _ = parse(b"a x\nb y\n", 1)
    assert (names, used, left) == ([b"a"], 4, [b"x"])


@pytest.mark.parametrize(
    ("line", "found"), [(b"", 0), (b"   ", 0), (b"a", 0), (b"a 1", 1), (b"1 2", 1)]
)
def test_a_line_with_fewer_numbers_is_told(line, found):
    assert parse(b"a 1 2\n" + line + b"\nb 3 4\n", 2)[2:] == (6, [], found)


def test_exponents_without_end_are_no_work():
    assert decimal.parse_float(b"-0e999999") == 0
    assert nearest_float(b"0e99999999999") == 0
    assert nearest_float(b"1e99999999999") == np.inf
    assert decimal.parse_float(b"1e99999999999") is None
