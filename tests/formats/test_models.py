"""fastText, floret, finalfusion, NumPy, safetensors, gensim: real files, round trips, damage."""

import json
import struct

import numpy as np
import pytest

from wordvec import WordVectors, formats, from_gensim, load, to_gensim
from wordvec.errors import FormatError
from wordvec.native.vectors.ngram import Ngrams

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

GENSIM = [
    "lee_fasttext.bin",
    "lee_fasttext_new.bin",
    "crime-and-punishment.bin",
    "toy-model.bin",
    "non_ascii_fasttext.bin",
    "toy-model-pretrained.bin",
]


def draw(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.mark.parametrize("name", GENSIM)
def test_fasttext_models_give_gensims_vectors(shared_data, name):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    path = shared_data / "vectors" / "gensim" / name
    theirs = fasttext.load_facebook_vectors(path)
    wv = load(path)
    assert list(wv) == theirs.index_to_key
    # fastText itself gives the end of sentence no n-grams since version 12; gensim always does.
    words = [word for word in wv if word != "</s>"]
    np.testing.assert_allclose(wv[words], theirs[words], rtol=1e-4, atol=1e-6)
    for word in ["unseen", "x", "страница", "naïveté", "a b"]:
        found = wv.vector(word)
        if found.how == "subword":
            np.testing.assert_allclose(found.vector, theirs[word], rtol=1e-4, atol=1e-6)
    assert wv.counts.tolist() == [theirs.get_vecattr(w, "count") for w in theirs.index_to_key]


@pytest.mark.parametrize("name", ["lee_fasttext", "crime-and-punishment", "toy-model"])
def test_fasttext_models_agree_with_their_text_files(shared_data, name):
    folder = shared_data / "vectors" / "gensim"
    model, text = load(folder / f"{name}.bin"), load(folder / f"{name}.vec")
    np.testing.assert_allclose(model[list(text)], text.vectors, rtol=5e-5, atol=2e-5)


def test_words_that_are_not_utf8_are_read(shared_data):
    wv = load(shared_data / "vectors" / "gensim" / "cp852_fasttext.bin")
    assert len(wv) == 171
    assert any("\udc80" <= c <= "\udcff" for word in wv for c in word)


def test_n_grams_are_fasttexts():
    utils = pytest.importorskip("gensim.models.fasttext")
    grams = Ngrams(1, 1, 4, 1000)
    for word in ["a", "word", "größe", "日本語", "x" * 20]:
        expected = utils.ft_ngram_hashes(word, 1, 4, 1000)
        assert sorted(grams.rows(word.encode())) == sorted(expected)


def rotate(x, by):
    return ((x << by) | (x >> (64 - by))) & (2**64 - 1)


def murmur3(data, seed):
    """MurmurHash3 x64 128 in plain Python: four 32-bit words."""
    m, c1, c2 = 2**64 - 1, 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = seed
    full = len(data) // 16 * 16
    for i in range(0, full, 16):
        k1, k2 = struct.unpack_from("<QQ", data, i)
        h1 ^= rotate(k1 * c1 & m, 31) * c2 & m
        h1 = ((rotate(h1, 27) + h2) * 5 + 0x52DCE729) & m
        h2 ^= rotate(k2 * c2 & m, 33) * c1 & m
        h2 = ((rotate(h2, 31) + h1) * 5 + 0x38495AB5) & m
    k1, k2 = struct.unpack("<QQ", data[full:].ljust(16, b"\0"))
    h2 ^= rotate(k2 * c2 & m, 33) * c1 & m
    h1 ^= rotate(k1 * c1 & m, 31) * c2 & m
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & m
    h2 = (h2 + h1) & m

    def mix(k):
        k = (k ^ (k >> 33)) * 0xFF51AFD7ED558CCD & m
        k = (k ^ (k >> 33)) * 0xC4CEB9FE1A85EC53 & m
        return k ^ (k >> 33)

    h1, h2 = mix(h1), mix(h2)
    h1 = (h1 + h2) & m
    h2 = (h2 + h1) & m
    return [h1 & 0xFFFFFFFF, h1 >> 32, h2 & 0xFFFFFFFF, h2 >> 32]


def test_the_plain_murmur3_gives_the_published_answer():
    words = murmur3(b"The quick brown fox jumps over the lazy dog", 0)
    h1, h2 = words[0] | words[1] << 32, words[2] | words[3] << 32
    assert f"{h1:016x}{h2:016x}" == "e34bbc7bbc071b6c7a433ca9c49a9347"


@pytest.mark.parametrize("word", ["a", "unseen", "größe", "quite a long word, of forty characters"])
def test_floret_vectors_are_the_mean_of_the_rows_of_all_hashes(tmp_path, word):
    table = draw(50, 4)
    lines = [f"{i} " + " ".join(f"{x:.9g}" for x in row) for i, row in enumerate(table)]
    (tmp_path / "v.floret").write_text("50 4 2 3 2 2166136261 < >\n" + "\n".join(lines) + "\n")
    wv = load(tmp_path / "v.floret")
    marked = f"<{word}>"
    grams = [marked] + [marked[i : i + n] for n in (2, 3) for i in range(len(marked) - n + 1)]
    rows = [murmur3(g.encode(), 2166136261)[h] % 50 for g in grams for h in range(2)]
    expected = table[rows].mean(0)  # as floret 0.10.5 and spaCy 3.8 have it
    found = wv.vector(word)
    assert found.how == "subword"
    np.testing.assert_allclose(found.vector, expected, rtol=1e-4, atol=1e-6)
    wv.save(tmp_path / "v.wv")
    np.testing.assert_array_equal(load(tmp_path / "v.wv").vector(word).vector, found.vector)


def test_finalfusion_is_what_it_was_converted_from(shared_data):
    folder = shared_data / "vectors" / "finalfusion"
    wv, original = load(folder / "embeddings.fifu"), load(folder / "embeddings.w2v")
    assert list(wv) == list(original)
    # The converter stored vectors of counts with norm 1, and the norms beside them.
    np.testing.assert_allclose(wv.get_normed_vectors(), original.vectors, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(wv.vectors, np.round(wv.vectors), atol=1e-5)


def test_finalfusion_quantised_vectors_are_those_of_the_codebook(shared_data):
    path = shared_data / "vectors" / "finalfusion" / "pq.fifu"
    wv, data = load(path), path.read_bytes()
    at = 12 + struct.unpack_from("<I", data, 8)[0] * 4
    while struct.unpack_from("<I", data, at)[0] != 4:  # the chunk of the quantised matrix
        at += 12 + struct.unpack_from("<Q", data, at + 4)[0]
    projected, norms, parts, cols, centroids, rows = struct.unpack_from("<IIIIIQ", data, at + 12)
    assert (projected, rows, cols) == (0, len(wv), wv.vector_size)
    at += 12 + 36
    at += 4 - at % 4
    books = np.frombuffer(data, "<f4", centroids * cols, at).reshape(parts, centroids, -1)
    at += 4 * centroids * cols
    scale = np.frombuffer(data, "<f4", rows, at) if norms else np.ones(rows)
    at += 4 * rows * norms
    for i in range(rows):
        codes = data[at + i * parts : at + (i + 1) * parts]
        row = np.concatenate([books[p, code] for p, code in enumerate(codes)])
        own = wv.rows(i, i + 1)[0]
        np.testing.assert_allclose(own / np.linalg.norm(own), row / np.linalg.norm(row), atol=1e-5)
        assert scale[i] > 0


def test_finalfusion_n_grams_hash_length_and_characters(shared_data):
    wv = load(shared_data / "vectors" / "finalfusion" / "ff_buckets.fifu")
    raw = (shared_data / "vectors" / "finalfusion" / "ff_buckets.fifu").read_bytes()
    grams = wv.subwords

    def fnv(gram):
        h = 14695981039346656037
        for byte in struct.pack(f"<Q{len(gram)}I", len(gram), *map(ord, gram)):
            h = (h ^ byte) * 1099511628211 % 2**64
        return h % grams.matrix.rows

    word = "Tübingen"
    marked = f"<{word}>"
    rows = [
        fnv(marked[i : i + n])
        for n in range(grams.minn, grams.maxn + 1)
        for i in range(len(marked) - n + 1)
    ]
    assert sorted(grams.ngrams.rows(word.encode())) == sorted(rows)
    total = grams.matrix.take(np.array(rows)).sum(0)
    np.testing.assert_allclose(
        wv.vector(word).vector, total / np.linalg.norm(total), rtol=1e-4, atol=1e-6
    )
    assert grams.matrix.row(0).tobytes() in raw


def model_files(shared_data):
    folder = shared_data / "vectors"
    return [folder / "gensim" / "toy-model.bin", *sorted((folder / "finalfusion").glob("*.fifu"))]


def test_damaged_model_files_are_format_errors(shared_data, tmp_path):
    """Truncations and changed bytes: vectors or FormatError with an offset, nothing else."""
    rng = np.random.default_rng(0)
    for source in model_files(shared_data):
        original = source.read_bytes()
        for i in range(250):
            data = bytearray(original)
            if i % 2:
                del data[rng.integers(len(data)) :]
            else:
                at = int(rng.integers(min(len(data), 400)))
                data[at : at + 4] = rng.choice(
                    [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", rng.bytes(4)]
                )
            (tmp_path / "v").write_bytes(data)
            try:
                wv = load(tmp_path / "v")
            except FormatError as error:
                message = str(error)
            else:
                message = ": byte "
                assert wv.vectors.shape == (len(wv), wv.vector_size)
            assert ": byte " in message


def test_numpy_files_keep_words_beside_them(tmp_path):
    for dtype in (np.float32, np.float64):
        X = draw(4, 3).astype(dtype)
        wv = WordVectors(["a", "b c", "größe", b"\xff"], X)
        formats.save(wv, tmp_path / "v.npy", force=True)
        read = load(tmp_path / "v.npy")
        assert list(read) == list(wv)
        assert read.vectors.dtype == dtype
        np.testing.assert_array_equal(read.vectors, X)
    with pytest.raises(FormatError, match="line end"):
        formats.save(WordVectors(["a\nb"], draw(1, 2)), tmp_path / "w.npy")
    (tmp_path / "v.words.txt").write_text("a\nb\n")
    with pytest.raises(FormatError, match="2 words for 4"):
        load(tmp_path / "v.npy")
    (tmp_path / "v.words.txt").unlink()
    with pytest.raises(FormatError, match=r"should be in .*v\.words\.txt"):
        load(tmp_path / "v.npy")


def test_numpy_arrays_of_objects_and_false_shapes_are_refused(tmp_path):
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(FormatError, match="object"):
        load(tmp_path / "o.npy")
    np.save(tmp_path / "v.npy", draw(4, 3))
    data = (tmp_path / "v.npy").read_bytes()
    (tmp_path / "v.npy").write_bytes(data.replace(b"(4, 3)", b"(9**9, 3)"[:6].ljust(6)))
    with pytest.raises(FormatError, match="header"):
        load(tmp_path / "v.npy")
    (tmp_path / "v.npy").write_bytes(data.replace(b"(4, 3), }    ", b"(99999, 3), }"))
    with pytest.raises(FormatError, match=r"byte .*expected"):
        load(tmp_path / "v.npy")


def read_safetensors(path):
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    kinds = {"F32": "<f4", "I64": "<i8", "U8": "u1"}
    return {
        name: np.frombuffer(
            data[8 + size :][slice(*each["data_offsets"])], kinds[each["dtype"]]
        ).reshape(each["shape"])
        for name, each in header.items()
        if name != "__metadata__"
    }


def test_safetensors_hold_vectors_words_and_counts(tmp_path):
    wv = WordVectors(["a", "größe"], draw(2, 3), counts=[5, 2])
    formats.save(wv, tmp_path / "v.safetensors")
    tensors = read_safetensors(tmp_path / "v.safetensors")
    np.testing.assert_array_equal(tensors["vectors"], wv.vectors)
    assert tensors["counts"].tolist() == [5, 2]
    a, b, c = tensors["offsets"]
    text = tensors["words"].tobytes()
    assert (text[a:b], text[b:c]) == (b"a", "größe".encode())


def test_safetensors_hold_contexts_and_biases_too(tmp_path):
    wv = WordVectors(
        ["a", "b"], draw(2, 3), contexts=draw(2, 3), biases=[1, 2], context_biases=[3, 4]
    )
    formats.save(wv, tmp_path / "v.safetensors")
    tensors = read_safetensors(tmp_path / "v.safetensors")
    assert tensors.keys() == {"vectors", "words", "offsets", "contexts", "biases", "context_biases"}
    for name in ("contexts", "biases", "context_biases"):
        np.testing.assert_array_equal(tensors[name], getattr(wv, name))


def test_a_static_embedding_folder_has_what_sentence_transformers_opens(tmp_path):
    wv = WordVectors(["a", "größe"], draw(2, 3))
    formats.save(wv, tmp_path / "s", format="static-embedding")
    weight = read_safetensors(tmp_path / "s" / "model.safetensors")["embedding.weight"]
    tokenizer = json.loads((tmp_path / "s" / "tokenizer.json").read_text("utf-8"))
    vocab = tokenizer["model"]["vocab"]
    np.testing.assert_array_equal(weight[vocab["größe"]], wv["größe"])
    assert not weight[vocab[tokenizer["model"]["unk_token"]]].any()
    with pytest.raises(FileExistsError):
        formats.save(wv, tmp_path / "s", format="static-embedding")
    formats.save(wv, tmp_path / "s", format="static-embedding", force=True)
    with pytest.raises(FormatError, match="not UTF-8"):
        formats.save(WordVectors([b"\xff"], draw(1, 2)), tmp_path / "t", format="static-embedding")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s"]


def test_gensim_there_and_back():
    pytest.importorskip("gensim")
    wv = WordVectors(["a", "b", "c"], draw(3, 4), counts=[3, 2, 1])
    keyed = to_gensim(wv)
    assert keyed.index_to_key == list(wv)
    assert keyed.get_vecattr("b", "count") == 2
    assert [w for w, _ in keyed.most_similar("a")] == [w for w, _ in wv.most_similar("a")]
    back = from_gensim(keyed)
    np.testing.assert_array_equal(back.vectors, wv.vectors)
    assert back.counts.tolist() == [3, 2, 1]


def test_gensim_models_bring_contexts_and_n_grams(tmp_path):
    models = pytest.importorskip("gensim.models")
    text = [["the", "cat", "sat"], ["the", "dog", "ran"]] * 20
    options = {"vector_size": 8, "min_count": 1, "epochs": 1, "workers": 1, "seed": 1}
    model = models.FastText(text, bucket=200, **options)
    wv = from_gensim(model)
    np.testing.assert_allclose(wv.vector("cats").vector, model.wv["cats"], rtol=1e-4, atol=1e-6)
    assert wv.contexts.shape == wv.vectors.shape
    model.wv.save(str(tmp_path / "kv"))
    with pytest.raises(FormatError, match=r"pickle.*from_gensim"):
        load(tmp_path / "kv")


@pytest.mark.parametrize(
    "shape",
    [
        "(4, -1)",
        "(-1, 3)",
        "(-4, -3)",
        "(True, 3)",
        "(4294967296, 4294967296)",
        "(4611686018427387904, 1)",
        "(4.0, 3)",
        "(4, 3, 1)",
        "(12,)",
        "()",
        "(4, 0)",
        "(4, 4)",
    ],
)
def test_shapes_of_numpy_files_that_cannot_be_are_refused(tmp_path, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    data = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + bytes(48)
    (tmp_path / "a.npy").write_bytes(data)
    (tmp_path / "a.words.txt").write_bytes(b"a\nb\nc\nd\n")
    with pytest.raises(FormatError, match=r"a\.npy: byte"):
        load(tmp_path / "a.npy")


@pytest.mark.parametrize("text", [b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n", b"a\nb\n\n"])
def test_word_lists_beside_numpy_files_may_have_marks(tmp_path, text):
    np.save(tmp_path / "a.npy", np.eye(2, dtype=np.float32))
    (tmp_path / "a.words.txt").write_bytes(text)
    assert list(load(tmp_path / "a.npy")) == ["a", "b"]
