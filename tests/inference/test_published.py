"""Folders in the layout of GloVe-V: vocabulary, vectors, complete and approximate variances."""

import json
import struct

import numpy as np
import pytest

import wordvec
from wordvec.cli import main
from wordvec.errors import FormatError, Unanswerable, UnknownWordError

WORDS = ["doctor", "surgeon", "dentist", "the"]
V, D = len(WORDS), 5


def write_tensors(path, **tensors):
    """A safetensors file, from the description of the format."""
    header, at, data = {}, 0, b""
    for name, tensor in tensors.items():
        kind = {"float64": "F64", "float32": "F32"}[str(tensor.dtype)]
        header[name] = {
            "dtype": kind,
            "shape": list(tensor.shape),
            "data_offsets": [at, at + tensor.nbytes],
        }
        at += tensor.nbytes
        data += tensor.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.fixture
def facts():
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(V, D, D)) / 20
    return rng.normal(size=(V, D)), roots @ roots.swapaxes(1, 2) + np.eye(D) / 100


@pytest.fixture
def folder(tmp_path, facts):
    """With vectors and a vocabulary alone."""
    place = tmp_path / "Toy"
    place.mkdir()
    lines = [f"{word} {10 * (V - i)}\n" for i, word in enumerate(WORDS)]
    (place / "vocab.txt").write_text("".join(lines))
    write_tensors(place / "vectors.safetensors", center_vectors=facts[0])
    return place


def approximate(place, S):
    """A diagonal, a decomposition of rank 2, a complete covariance; nothing for the last word."""
    U, s, Vt = np.linalg.svd(S[1])
    write_tensors(
        place / "ApproximationVariances.safetensors",
        diag_0=np.diag(S[0]).copy(),
        U_1=U[:, :2].copy(),
        s_1=s[:2],
        Vt_1=Vt[:2].copy(),
        complete_2=S[2],
    )


def opened(folder):
    wv = wordvec.load(folder)
    return wv, wordvec.Uncertainty(wv, folder)


def test_a_folder_is_read_as_vectors_with_counts(folder, facts):
    wv = wordvec.load(folder)
    assert wv.index_to_key == WORDS
    assert wv.counts.tolist() == [40, 30, 20, 10]
    np.testing.assert_array_equal(wv.vectors, facts[0].astype(np.float32))
    assert wordvec.load(folder, limit=2).index_to_key == WORDS[:2]


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_complete_covariances_are_those_of_the_words(folder, facts, parts):
    _, S = facts
    if parts == 1:
        write_tensors(folder / "CompleteVariances.safetensors", variances=S)
    else:
        for i, part in enumerate(np.split(S, parts)):
            write_tensors(folder / f"complete_chunk_{i}.safetensors", variances=part)
    _, unc = opened(folder)
    for i, word in enumerate(WORDS):
        np.testing.assert_allclose(unc.covariance(word), S[i], rtol=1e-15)
    some = wordvec.load(folder, words=["dentist", "the"])  # ranks are not the folder's indices
    other = wordvec.Uncertainty(some, folder)
    np.testing.assert_array_equal(other.covariance("dentist"), unc.covariance("dentist"))


def test_the_error_of_a_cosine_is_that_of_the_delta_method(folder, facts):
    W, S = facts
    write_tensors(folder / "CompleteVariances.safetensors", variances=S)
    _, unc = opened(folder)
    got = unc.similarity("doctor", "surgeon")
    a, b = W[:2].astype(np.float32).astype(float)
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    cos = a @ b / na / nb
    g, h = b / na / nb - cos * a / na**2, a / na / nb - cos * b / nb**2
    assert got.value == pytest.approx(cos)
    assert got.sd == pytest.approx(np.sqrt(g @ S[0] @ g + h @ S[1] @ h))
    assert got.kind == "reconstruction"


def test_approximations_are_put_together(folder, facts):
    _, S = facts
    approximate(folder, S)
    _, unc = opened(folder)
    np.testing.assert_array_equal(unc.covariance("doctor"), np.diag(np.diag(S[0])))
    values, vectors = np.linalg.eigh(S[1])
    want = vectors[:, -2:] * values[-2:] @ vectors[:, -2:].T
    np.testing.assert_allclose(unc.covariance("surgeon"), want, atol=1e-15)
    np.testing.assert_array_equal(unc.covariance("dentist"), S[2])
    with pytest.raises(Unanswerable, match="'the': has no variance in this folder"):
        unc.covariance("the")
    with pytest.raises(UnknownWordError):
        unc.covariance("nurse")
    drawn = unc.draws(["surgeon"], 20_000)[:, 0]  # of rank 2, so without a Cholesky factor
    np.testing.assert_allclose(np.cov(drawn.T), want, atol=0.05 * np.abs(want).max())
    known = unc.known("doctor")
    assert (known.contexts, known.sigma, known.convergence) == (None, None, None)
    assert known.relative > 0


def test_the_commands_answer_with_a_folder(folder, facts, capsys):
    approximate(folder, facts[1])
    path = str(folder)
    with pytest.raises(SystemExit, match="0"):
        main(["similarity", path, "doctor", "dentist", "--uncertainty", path])
    out, _ = capsys.readouterr()
    assert "reconstruction" in out
    with pytest.raises(SystemExit, match="0"):
        main(["uncertainty", path, path, "doctor", "the"])
    out, _ = capsys.readouterr()
    assert "nan" not in out
    assert out.splitlines()[1].split()[0] == "doctor"
    assert "'the': has no variance in this folder" in out


def test_damage_is_named(folder, facts):
    _, S = facts
    complete = folder / "CompleteVariances.safetensors"
    for variances, match in (
        (S[:3], "variances of 3 words and 4 words in vocab.txt"),
        (S[:, :4, :4], r"shape \(4, 4, 4\)"),
        (S[0], r"shape \(5, 5\)"),
    ):
        write_tensors(complete, variances=variances)
        with pytest.raises(FormatError, match=match):
            opened(folder)
    write_tensors(complete, variances=S)
    whole = complete.read_bytes()
    complete.write_bytes(whole[:-8])
    with pytest.raises(FormatError, match="ends behind the file"):
        opened(folder)
    complete.write_bytes(whole)
    wv, unc = opened(folder)
    complete.write_bytes(whole[:-8])  # cut off while it is open
    with pytest.raises(FormatError, match="cut off"):
        unc.covariance("the")
    for i, bad in enumerate((np.triu(S[0], 1), -S[0], np.full((D, D), np.nan))):
        write_tensors(complete, variances=np.stack([bad, *S[1:]]))
        message = "no variance" if i == 2 else "damaged"
        with pytest.raises(Unanswerable, match=message):
            wordvec.Uncertainty(wv, folder).covariance("doctor")
    complete.unlink()
    write_tensors(
        folder / "ApproximationVariances.safetensors",
        diag_0=np.ones(D + 1),
        U_1=np.ones((D, 2)),
        s_1=np.ones(3),
        Vt_1=np.ones((2, D)),
    )
    _, unc = opened(folder)
    for word in WORDS[:2]:
        with pytest.raises(FormatError, match="expected"):
            unc.covariance(word)
    other = wordvec.WordVectors(["other"], np.ones((1, D), np.float32))
    with pytest.raises(Unanswerable, match="has no word of these vectors"):
        wordvec.Uncertainty(other, folder)
    with pytest.raises(Unanswerable, match="needs counts in blocks"):
        wordvec.Uncertainty(wv, folder, source="documents")


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ("a 1\nb 2\nc 3\n", "4 vectors for 3 words"),
        ("a 1\nb 2\na 3\nd 4\n", "line 3: b'a' comes twice"),
        ("a 1\n\nc 3\nd 4\n", "line 2: b'' is no word"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(folder, lines, match):
    (folder / "vocab.txt").write_text(lines)
    with pytest.raises(FormatError, match=match):
        wordvec.load(folder)


def test_vectors_of_another_name_are_refused(folder, facts):
    write_tensors(folder / "vectors.safetensors", vectors=facts[0])
    with pytest.raises(FormatError, match="no matrix 'center_vectors'"):
        wordvec.load(folder)
