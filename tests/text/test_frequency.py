"""Subsampling and noise against the formulas, in exact fractions and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.text.frequency import keep_probability, noise_weights


@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=20),
    st.floats(1e-6, 1.0),
)
def test_a_frequent_word_is_kept_as_word2vec_keeps_it(counts, sample):
    total = sum(counts)
    kept = keep_probability(np.array(counts, np.int64), total, sample)
    for count, probability in zip(counts, kept, strict=True):
        share = count / total
        expected = min(1.0, math.sqrt(sample / share) + sample / share)
        assert probability == pytest.approx(expected, rel=1e-12)


def test_without_subsampling_and_without_a_count_every_token_is_kept():
    counts = np.array([7, 0], np.int64)
    assert keep_probability(counts, 7, 0.0).tolist() == [1, 1]
    assert keep_probability(counts, 7, 1e-3)[1] == 1
    assert keep_probability(np.zeros(2, np.int64), 0, 1e-3).tolist() == [1, 1]


def test_noise_is_the_count_to_a_power_and_never_an_unseen_word():
    counts = np.array([16, 1, 0], np.int64)
    assert noise_weights(counts, 0.75).tolist() == [8, 1, 0]
    assert noise_weights(counts, 0.0).tolist() == [1, 1, 0]
    assert noise_weights(counts, -1.0).tolist() == [1 / 16, 1, 0]
