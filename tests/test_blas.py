"""One BLAS thread inside the block, and what was set before afterwards."""

import pytest

from wordvec.system import blas


def test_threads_are_one_inside_and_restored_after_an_error():
    controls = blas._controls()
    if not controls:
        pytest.skip("no OpenBLAS was found in this process")
    before = [get() for get, _ in controls]

    def fail():
        with blas.single_threaded():
            assert [get() for get, _ in controls] == [1] * len(controls)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [get() for get, _ in controls] == before
