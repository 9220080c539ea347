"""The reckoning of a corpus' cost: against the table that was measured, and by hand."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.scale.reckon import Job, Rates, moved, row_bytes, stages
from wordvec.training.batches import sides_moved


def of(job, rates, name):
    return next(each for each in stages(job, rates) if name in each.stage)


@pytest.mark.parametrize(
    ("tokens", "words", "cells"),
    [
        (15_325_004, 129_669, 32_390_629),
        (30_984_582, 206_352, 58_669_105),
        (62_634_290, 328_209, 105_216_879),
    ],
)
def test_growth_is_that_of_the_measured_table(tokens, words, cells):
    job = Job(tokens=tokens, vocab=10**9, window=10)
    assert job.words == pytest.approx(words, rel=0.05)
    assert job.cells() == pytest.approx(cells, rel=0.05)


def test_swivel_is_six_v_squared_d_per_epoch():
    rates = Rates(flops=1e11)
    one = of(Job(tokens=10**10, vocab=10**6, vector_size=100, epochs=1), rates, "swivel")
    assert one.cpu_hours * 3600 == pytest.approx(6 * 10**12 * 100 / 1e11)
    assert one.hours == pytest.approx(one.cpu_hours)
    four = of(Job(tokens=10**10, vocab=10**6, epochs=1, workers=2, threads=2), rates, "swivel")
    assert four.hours - four.network_hours == pytest.approx(one.hours / 4)


def test_the_network_of_the_table_in_the_documentation():
    """A million words, 100 dimensions, 8 workers of 8 groups: .9 GB per worker and pass."""
    job = Job(tokens=10**11, vocab=10**6, vector_size=100, workers=8, super_tile=8)
    assert row_bytes("swivel", 100) == 896
    assert moved("swivel", job) / 8 == pytest.approx(0.896e9)
    assert moved("count-skipgram", job) / 8 == pytest.approx(4 * 0.448e9)
    # A meeting of two groups on two workers moves both matrices of one of them at least, and both
    # groups may be elsewhere.
    least = 16 * 2 * 0.896e9 * (8 - 1) / 2 / 8
    assert least < moved("glove", job) / 8 < 2 * least
    assert moved("swivel", replace(job, super_tile=1)) > 7 * moved("swivel", job)


@given(st.integers(1, 30), st.integers(1, 32), st.booleans())
def test_what_moves_is_between_nothing_and_every_meeting(groups, workers, both):
    found = sides_moved(groups, workers, both=both)
    assert 0 <= found <= (2 * (groups - 1) if both else groups)
    if workers == 1:
        assert found == 0


@given(
    tokens=st.integers(10**6, 10**12),
    vocab=st.integers(1, 10**8),
    size=st.integers(1, 1000),
    workers=st.integers(1, 100),
    threads=st.integers(1, 64),
)
def test_more_machines_never_need_more_processor_time_for_training(
    tokens, vocab, size, workers, threads
):
    job = Job(tokens=tokens, vocab=vocab, vector_size=size, workers=workers, threads=threads)
    alone = Job(tokens=tokens, vocab=vocab, vector_size=size)
    for many, one in zip(stages(job, Rates()), stages(alone, Rates()), strict=True):
        assert all(value >= 0 for value in many.as_row().values() if not isinstance(value, str))
        if many.stage.startswith("train"):
            assert many.cpu_hours == pytest.approx(one.cpu_hours)
            assert many.hours - many.network_hours <= one.hours * 1.0001


def test_the_command(run, monkeypatch):
    from wordvec.scale import calibrate

    monkeypatch.setattr(calibrate, "SAMPLE_TOKENS", 40_000)
    monkeypatch.setattr(
        calibrate.calibrate,
        "__kwdefaults__",
        calibrate.calibrate.__kwdefaults__ | {"tokens": 40_000},
    )
    monkeypatch.setattr(calibrate, "WRITTEN", 1 << 20)
    args = ("--tokens", "10G", "--vocab", "2M", "--vector-size", "30", "--workers", "16")
    code, out, _ = run("plan", *args)
    assert code == 0
    assert "10 G tokens, 2,000,000 words" in out
    assert "measured here" in out
    assert "assumed: --network" in out
    code, out, _ = run("plan", *args, "--format", "json")
    rows = json.loads(out)
    assert {row.get("stage", "").split(",")[0] for row in rows} >= {"train swivel", "train ppmi"}
    code, _, err = run("plan", "--tokens", "many")
    assert code == 2
    assert "'many' is not a whole number such as 2M or 10G" in err
