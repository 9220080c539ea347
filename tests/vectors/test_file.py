"""The file: what is written, how it is opened, and what is refused."""

import struct
import time
import zlib

import numpy as np
import pytest

from wordvec import WordVectors, load
from wordvec.errors import StoreError
from wordvec.vectors import file as store


def small(n=8, d=5, **more):
    X = np.random.default_rng(n).standard_normal((n, d)).astype(np.float32)
    return WordVectors([f"word{i}" for i in range(n)], X, **more)


# Threads of one test would damage the same file (make parallel).
pytestmark = pytest.mark.thread_unsafe


@pytest.fixture
def path(tmp_path):
    small(meta={"model": "test"}).save(tmp_path / "v.wv")
    return tmp_path / "v.wv"


def reseal(data):
    """The file with header and table checksums that fit what they now say."""
    start, count = struct.unpack_from("<QI", data, 24)
    struct.pack_into("<I", data, 36, zlib.crc32(data[start : start + 64 * count]))
    struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
    return bytes(data)


def entry(data, type_):
    """Offset of the table entry of that section type."""
    start, count = struct.unpack_from("<QI", data, 24)
    return next(
        start + 64 * i
        for i in range(count)
        if struct.unpack_from("<I", data, start + 64 * i)[0] == type_
    )


def test_an_existing_file_is_kept_unless_forced(path):
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="force=True"):
        small(3).save(path)
    assert path.read_bytes() == before
    small(3).save(path, force=True)
    assert len(load(path)) == 3


def test_the_same_vectors_give_the_same_bytes(path, tmp_path):
    small(meta={"model": "test"}).save(tmp_path / "w.wv")
    assert path.read_bytes() == (tmp_path / "w.wv").read_bytes()
    load(path).save(tmp_path / "x.wv")
    assert path.read_bytes() == (tmp_path / "x.wv").read_bytes()


def test_a_store_can_be_saved_over_itself(path):
    wv = load(path)
    wv.save(path, force=True)
    assert list(load(path)) == list(wv)
    np.testing.assert_array_equal(load(path).vectors, wv.vectors)


def test_sections_lie_where_they_should(path):
    sections = store.Store(path).sections
    assert sections[store.VECTORS].where % 4096 == 0
    assert all(each.where % 64 == 0 for each in sections.values())


def test_opening_does_not_read_a_large_file(tmp_path):
    """The file has holes of 64 GB: opening is a matter of its header."""
    rows, cols = 1 << 26, 256
    with open(tmp_path / "v.wv", "wb") as file:
        at, entries = 64 + 64 * 4, []
        big = 8 * (rows + 1)
        plan = [
            (store.STRINGS, rows, 0, store.U8, big),
            (store.INDEX, 2 * rows, 8, store.U8, 16 * rows),
            (store.SORTED, rows, 1, store.U32, 4 * rows),
            (store.VECTORS, rows, cols, store.F32, 4 * rows * cols),
        ]
        for type_, r, c, dtype, length in plan:
            at = store.align(at, 4096)
            entries.append(
                struct.pack("<IIQQQQIIQII", type_, 0, at, length, r, c, dtype, 0, 0, 0, 0)
            )
            at += length
        table = b"".join(entries)
        header = struct.pack("<8sHHIQQII20x", store.WV_MAGIC, 1, 0, 0, at, 64, 4, zlib.crc32(table))
        file.write(header + struct.pack("<I", zlib.crc32(header)) + table)
        file.truncate(at)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        wv = load(tmp_path / "v.wv")
        times.append(time.perf_counter() - start)
    assert wv.vectors.shape == (rows, cols)
    assert wv.vectors[rows - 1, cols - 1] == 0
    assert min(times) < 0.005  # under .1 ms on a quiet machine; tests share theirs


def test_unknown_sections_are_kept_when_ignorable_and_refused_otherwise(path, tmp_path):
    wv = load(path)
    wv._unknown = [
        store.Section(
            900 + i % 2, 3, 1, 77, [np.frombuffer(b"xyz", np.uint8)], 5, 6, store.IGNORABLE
        )
        for i in range(3)
    ]
    wv.save(tmp_path / "a.wv")
    load(tmp_path / "a.wv", verify=True).save(tmp_path / "b.wv")
    assert (tmp_path / "a.wv").read_bytes() == (tmp_path / "b.wv").read_bytes()
    kept = store.Store(tmp_path / "b.wv").unknown
    assert [each.type for each in kept] == [900, 901, 900]
    assert all(bytes(each.data[0]) == b"xyz" and each.params == 6 for each in kept)

    data = bytearray((tmp_path / "b.wv").read_bytes())
    struct.pack_into("<I", data, entry(data, 901) + 4, 0)
    (tmp_path / "c.wv").write_bytes(reseal(data))
    with pytest.raises(StoreError, match=r"type 901.*update wordvec"):
        load(tmp_path / "c.wv")


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (8, struct.pack("<H", 2), "format 2.0.*reads 1.x: update"),
        (12, struct.pack("<I", 1), "flags 0x1"),
        (16, struct.pack("<Q", 1 << 60), "instead of 1152921504606846976"),
        (24, struct.pack("<Q", 1 << 60), "ends at byte 1152921504606847"),
        (24, struct.pack("<Q", 32), "section table"),
        (32, struct.pack("<I", 1000000), "1000000 entries"),
        (32, struct.pack("<I", 0), "checksum|missing"),
    ],
)
def test_headers_that_do_not_fit_are_named(path, at, value, message):
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    struct.pack_into("<I", data, 60, zlib.crc32(data[:60]))
    path.write_bytes(data)
    with pytest.raises(StoreError, match=message):
        load(path)


def test_a_newer_minor_version_and_ignorable_flags_are_read(path):
    data = bytearray(path.read_bytes())
    struct.pack_into("<HI", data, 10, 7, 1 << 20)
    path.write_bytes(reseal(data))
    assert len(load(path, verify=True)) == 8


@pytest.mark.parametrize(
    ("type_", "field", "value", "message"),
    [
        (store.VECTORS, 8, 1 << 63, "at byte 9223372036854775808"),
        (store.VECTORS, 8, 65, "at byte 65"),
        (store.VECTORS, 8, 0, "overlap"),
        (store.VECTORS, 16, 1 << 63, "'vectors'"),
        (store.VECTORS, 24, 1 << 62, "'vectors'.*4611686018427387904 x 5"),
        (store.VECTORS, 32, 1 << 62, "'vectors'"),
        (store.VECTORS, 24, 0, "'vectors'"),
        (store.NORMS, 24, 7, "'norms'"),
        (store.STRINGS, 24, 1 << 61, "do not hold"),
        (store.STRINGS, 24, 7, "8 rows|8 x"),
        (store.INDEX, 32, 4, "index"),
        (store.SORTED, 24, 3, "'sorted'"),
        (store.NORMS, 0, store.COUNTS, "'counts'"),
        (store.NORMS, 0, store.VECTORS, "twice"),
    ],
)
def test_tables_that_do_not_fit_are_named(path, type_, field, value, message):
    data = bytearray(path.read_bytes())
    form = "<I" if field == 0 else "<Q"
    struct.pack_into(form, data, entry(data, type_) + field, value)
    path.write_bytes(reseal(data))
    with pytest.raises(StoreError, match=message):
        load(path)


@pytest.mark.parametrize("type_", [store.STRINGS, store.INDEX, store.SORTED, store.VECTORS])
def test_a_section_that_is_missing_is_named(path, type_):
    data = bytearray(path.read_bytes())
    struct.pack_into("<II", data, entry(data, type_), 999, store.IGNORABLE)
    path.write_bytes(reseal(data))
    with pytest.raises(StoreError, match="missing"):
        load(path)


@pytest.mark.parametrize(
    "meta", [b"[1]", b"{", b"\xff\xff", b"[" * 100000, b"{" + b'"a":{' * 50000, b"nul", b""]
)
def test_metadata_that_is_no_object_is_one_error(tmp_path, meta):
    wv = small()
    sections = [*wv._sections(), store.section(store.META, np.frombuffer(meta, np.uint8))]
    store.write(tmp_path / "v.wv", sections)
    wv = load(tmp_path / "v.wv")
    with pytest.raises(StoreError, match="metadata"):
        wv.meta  # noqa: B018
    with pytest.raises(StoreError, match="metadata"):
        load(tmp_path / "v.wv", verify=True)


def test_too_much_metadata_is_refused_on_both_sides(tmp_path):
    with pytest.raises(ValueError, match="at most 1,048,576"):
        small(meta={"x": "y" * (1 << 20)})
    big = store.section(store.META, np.full((1 << 20) + 1, 32, np.uint8))
    store.write(tmp_path / "v.wv", [*small()._sections(), big])
    with pytest.raises(StoreError, match="metadata has 1048577 bytes"):
        load(tmp_path / "v.wv").meta  # noqa: B018


@pytest.mark.parametrize("content", [b"", b"\x89", store.WV_MAGIC, store.WV_MAGIC + b"\0" * 55])
def test_the_beginning_of_a_store_is_truncated(tmp_path, content):
    (tmp_path / "v.wv").write_bytes(content)
    with pytest.raises(StoreError):
        WordVectors.open(tmp_path / "v.wv")


def test_another_file_is_no_store(tmp_path):
    (tmp_path / "v.wv").write_bytes(b"hello world " * 20)
    with pytest.raises(StoreError, match=r"not a \.wv file"):
        WordVectors.open(tmp_path / "v.wv")
    with pytest.raises(FileNotFoundError):
        WordVectors.open(tmp_path / "none.wv")
    with pytest.raises(IsADirectoryError):
        WordVectors.open(tmp_path)


def test_wide_ids_are_read(tmp_path):
    """Stores of 2^32 words and more have 64-bit ids; the same code reads a small one."""
    wv = small()
    wide = store.WordList.pack(list(wv), wide=True)
    sections = [*wide.sections(), *(s for s in wv._sections() if s.type > store.SORTED)]
    store.write(tmp_path / "v.wv", sections)
    read = load(tmp_path / "v.wv", verify=True)
    assert [read.get_index(w) for w in wv] == list(range(8))
    assert list(read.index_to_key) == list(wv.index_to_key)
    assert "nothing" not in read
