"""A second reader of .wv files, from docs/reference/store-format.md alone: no import of wordvec.

Slow, strict and plain: what it reads is what the format says.
"""

import itertools
import json
import struct
import zlib

MASK = (1 << 64) - 1


def word_hash(key):
    h = 0x2545F4914F6CDD1D ^ (len(key) * 0x9E3779B97F4A7C15 & MASK)
    for i in range(0, len(key), 8):
        h = (h ^ int.from_bytes(key[i : i + 8], "little")) * 0x9FB21C651E98DF25 & MASK
        h ^= h >> 32
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    h = (h ^ (h >> 27)) * 0x94D049BB133111EB & MASK
    return h ^ (h >> 31)


def bf16(bits):
    return struct.unpack("<f", struct.pack("<I", bits << 16))[0]


class Section:
    def __init__(self, data, entry):
        (
            self.type,
            self.flags,
            start,
            length,
            self.rows,
            self.cols,
            self.dtype,
            self.aux,
            self.params,
            crc,
            zero,
        ) = struct.unpack("<IIQQQQIIQII", entry)
        assert start % 64 == 0
        assert zero == 0
        assert start + length <= len(data)
        self.data = data[start : start + length]
        assert zlib.crc32(self.data) == crc

    def row(self, i):
        """Row i as floats, whatever the encoding."""
        n = self.cols
        if self.dtype in (1, 2, 3):
            form, size = {1: ("f", 4), 2: ("d", 8), 3: ("e", 2)}[self.dtype]
            return list(struct.unpack_from(f"<{n}{form}", self.data, i * n * size))
        if self.dtype == 4:
            return [bf16(x) for x in struct.unpack_from(f"<{n}H", self.data, 2 * i * n)]
        if self.dtype == 5:
            scales = -(-self.rows * n // 64) * 64
            (scale,) = struct.unpack_from("<f", self.data, scales + 4 * i)
            return [scale * x for x in struct.unpack_from(f"<{n}b", self.data, i * n)]
        assert self.dtype == 6
        parts, width = self.aux, n // self.aux
        book = -(-self.rows * parts // 64) * 64
        codes = self.data[i * parts : (i + 1) * parts]
        found = []
        for p, code in enumerate(codes):
            at = book + 4 * width * (256 * p + code)
            found += struct.unpack_from(f"<{width}f", self.data, at)
        return found

    def signs(self, i):
        """The signs of row i of a sketch as 0 and 1, and its factor."""
        groups = -(-self.cols // 4)
        block = i // 64 * 32 * groups
        found = []
        for g in range(groups):
            byte = self.data[block + 32 * g + i % 32]
            nibble = byte & 15 if i % 64 < 32 else byte >> 4
            found += [nibble >> j & 1 for j in range(4)]
        factors = -(-self.rows // 64) * 32 * groups
        return found[: self.cols], struct.unpack_from("<f", self.data, factors + 4 * i)[0]

    def numbers(self):
        form = {1: "f", 7: "I", 8: "Q", 9: "q"}[self.dtype]
        return list(struct.unpack(f"<{self.rows * self.cols}{form}", self.data))


class Reader:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        magic, major, _, flags, length, start, count, table_crc = struct.unpack_from(
            "<8sHHIQQII", data
        )
        assert magic == b"\x89WVEC\r\n\x1a"
        assert major == 1
        assert flags & 0xFFFF == 0
        assert length == len(data)
        assert zlib.crc32(data[:60]) == struct.unpack_from("<I", data, 60)[0]
        table = data[start : start + 64 * count]
        assert zlib.crc32(table) == table_crc
        sections = [Section(data, table[i : i + 64]) for i in range(0, len(table), 64)]
        self.sections = {each.type: each for each in sections}
        strings = self.sections[1]
        offsets = struct.unpack_from(f"<{strings.rows + 1}Q", strings.data)
        text = strings.data[8 * (strings.rows + 1) :]
        assert offsets[0] == 0
        assert offsets[-1] == len(text)
        self.words = [text[a:b] for a, b in itertools.pairwise(offsets)]
        self.order = self.sections[3].numbers()
        assert [self.words[i] for i in self.order] == sorted(set(self.words))
        self.meta = json.loads(self.sections[5].data) if 5 in self.sections else {}

    def candidates(self, type_, key):
        """Ids whose slot has the tag of the key."""
        index, h = self.sections[type_], word_hash(key)
        wide = index.cols == 16
        for step in range(index.aux + 1):
            slot = (h + step) % index.rows
            tag, id1 = struct.unpack_from("<QQ" if wide else "<II", index.data, slot * index.cols)
            if id1 == 0:
                return
            if tag == (h if wide else h >> 32):
                yield id1 - 1

    def find(self, key):
        return next((i for i in self.candidates(2, key) if self.words[i] == key), None)

    def vector(self, word, type_=16):
        return self.sections[type_].row(self.find(word.encode()))

    def ngram_vector(self, word):
        """The vector of a word from n-grams of hash 4, combined by the mean of those known."""
        section = self.sections[32]
        minn, maxn, hash_, both, _ = struct.unpack("<BBBBI", struct.pack("<Q", section.params))
        assert (hash_, both) == (4, 1)
        marked = f"<{word}>"
        rows = []
        for i in range(len(marked)):
            for n in range(minn, maxn + 1):
                if i + n <= len(marked):
                    gram = marked[i : i + n].encode()
                    rows.append(section.row(word_hash(gram) % section.rows))
        rows = [row for row in rows if any(row)]
        return [sum(column) / len(rows) for column in zip(*rows, strict=True)]
