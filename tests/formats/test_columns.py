"""Columns beside words and vectors: what is looked at, and what is left alone."""

from wordvec.formats.plain.lines import check_columns


def test_a_line_without_a_word_is_no_row_of_numbers():
    check_columns(None, [b"a 0.5", b"b 0.25", b"c 1", b"5"], 1)
