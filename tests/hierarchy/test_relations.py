"""Lists of relations: what is read, what is left out, closures, trees, shards, WordNet's files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec.errors import CorpusError, ShardError
from wordvec.hierarchy.relations import (
    Relations,
    from_pairs,
    read_relations,
    read_shards,
    write_relations,
    write_shards,
)
from wordvec.hierarchy.wordnet import read_wordnet

ZOO = [("dog", "mammal"), ("cat", "mammal"), ("mammal", "animal"), ("bird", "animal")]
WORDNET = Path("/usr/share/wordnet")


def test_nodes_come_by_falling_number_of_children() -> None:
    relations = from_pairs(ZOO)
    assert relations.names == ("animal", "mammal", "bird", "cat", "dog")
    assert set(relations.pairs()) == set(ZOO)


def test_the_direction_of_a_pair_can_be_turned() -> None:
    turned = from_pairs([(b, a) for a, b in ZOO], direction="parent-child")
    assert set(turned.pairs()) == set(ZOO)


def test_self_pairs_and_duplicates_are_dropped_and_counted() -> None:
    relations = from_pairs([*ZOO, ZOO[0], ("dog", "dog"), ("stone", "stone")])
    assert len(relations) == len(ZOO)
    assert relations.dropped.self_pairs == 2
    assert relations.dropped.duplicates == 1
    assert relations.dropped.isolated == ("stone",)
    assert "1 nodes without relations left out (stone)" in str(relations.dropped)


def test_weights_of_duplicates_are_added() -> None:
    relations = from_pairs([("a", "b", 1.5), ("a", "b", 2), ("c", "b", 1)])
    assert relations.weight is not None
    weights = relations.weight[relations.order()].tolist()
    assert dict(zip(relations.pairs(), weights, strict=True)) == {("a", "b"): 3.5, ("c", "b"): 1.0}


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_positive_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="weights must be positive"):
        from_pairs([("a", "b", bad)])


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(CorpusError, match="no relations"):
        from_pairs([])
    with pytest.raises(CorpusError, match="no relations but 1 self pairs"):
        from_pairs([("a", "a")])


def test_an_empty_file_names_itself(tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").write_text("\n\n")
    with pytest.raises(CorpusError, match=r"empty\.tsv: no relations"):
        read_relations(tmp_path / "empty.tsv")


def test_a_line_with_one_field_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("a\tb\nlonely\n")
    with pytest.raises(CorpusError, match=r"bad\.tsv, line 2: 1 field\(s\) in 'lonely'"):
        read_relations(tmp_path / "bad.tsv")


def test_an_empty_term_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("a\t\n")
    with pytest.raises(CorpusError, match="line 1: an empty term"):
        read_relations(tmp_path / "bad.tsv")


def test_a_bad_weight_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("a\tb\theavy\n")
    with pytest.raises(CorpusError, match=r"bad\.tsv, line 1: a weight of 'heavy'"):
        read_relations(tmp_path / "bad.tsv", weight_column=2)


def test_terms_may_hold_spaces_and_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_bytes(b"organic chemistry\tchemistry\r\ncaf\xe9\tplace\n")
    relations = read_relations(tmp_path / "list.tsv")
    assert "organic chemistry" in relations.names
    with open(tmp_path / "copy.tsv", "wb") as file:
        write_relations(relations, file)
    assert set(read_relations(tmp_path / "copy.tsv").pairs()) == set(relations.pairs())
    assert b"caf\xe9\tplace\n" in (tmp_path / "copy.tsv").read_bytes()


def test_pairs_come_in_the_order_of_the_list(tmp_path: Path) -> None:
    """Numbers of nodes do not depend on it: the order of lines changes no vector."""
    lines = ["hot\u00a0dog\tfood\t2.0", "dog\tanimal\t3.0", "ant\tanimal\t4.0", "cat\tpet\t5.0"]
    for order in (lines, lines[::-1]):
        (tmp_path / "list").write_text("\n".join(order) + "\n", encoding="utf-8")
        relations = read_relations(tmp_path / "list")
        assert list(relations.pairs()) == [tuple(line.split("\t")[:2]) for line in order]
        assert relations.names == ("animal", "food", "pet", "ant", "cat", "dog", "hot\u00a0dog")
        assert relations.weight.tolist() == [4.0, 5.0, 3.0, 2.0]
        with open(tmp_path / "copy", "wb") as file:
            write_relations(relations, file)
        assert (tmp_path / "copy").read_bytes() == (tmp_path / "list").read_bytes()
    assert list(relations.closure().pairs()) == sorted(relations.closure().pairs())


def test_white_space_columns_and_compression_are_understood(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "list", "wb") as file:
        file.write(b"7 dog mammal\n8 cat mammal\n")
    relations = read_relations(tmp_path / "list", columns=(1, 2))
    assert set(relations.pairs()) == {("dog", "mammal"), ("cat", "mammal")}


def test_the_closure_holds_every_ancestor_once() -> None:
    closed = from_pairs([*ZOO, ("puppy", "dog"), ("puppy", "mammal")]).closure()
    above = {b for a, b in closed.pairs() if a == "puppy"}
    assert above == {"dog", "mammal", "animal"}
    assert len(closed) == 9


def test_a_cycle_is_reported_and_closes_without_self_pairs() -> None:
    relations = from_pairs([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")])
    assert [set(cycle) for cycle in relations.cycles()] == [{"a", "b", "c"}]
    closed = relations.closure()
    assert ("a", "a") not in set(closed.pairs())
    assert len(closed) == 9
    assert from_pairs(ZOO).cycles() == []


def test_a_tree_of_relations_with_a_cycle_is_refused() -> None:
    with pytest.raises(CorpusError, match="a tree is needed"):
        from_pairs([("a", "b"), ("b", "a")]).tree()


@st.composite
def hierarchies(draw: st.DrawFn) -> list[tuple[str, str]]:
    n = draw(st.integers(2, 25))
    pairs = draw(
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=60)
    )
    return [(f"n{max(a, b)}", f"n{min(a, b)}") for a, b in pairs if a != b] or [("n1", "n0")]


@given(hierarchies())
def test_the_closure_is_transitive_and_minimal(pairs: list[tuple[str, str]]) -> None:
    relations = from_pairs(pairs)
    closed = set(relations.closure().pairs())
    found = set(pairs)
    while True:
        more = {(a, d) for a, b in found for c, d in found if b == c} | found
        if more == found:
            break
        found = more
    assert closed == found


@given(hierarchies())
def test_direct_relations_of_a_closure_close_to_it_again(pairs: list[tuple[str, str]]) -> None:
    closed = from_pairs(pairs).closure()
    direct = closed.direct()
    assert set(direct.closure().pairs()) == set(closed.pairs())
    for pair in direct.pairs():  # and none can be spared
        others = [p for p in direct.pairs() if p != pair]
        assert not others or pair not in set(from_pairs(others).closure().pairs())


@given(hierarchies())
def test_the_tree_keeps_one_parent_a_node_in_an_order_from_the_top(
    pairs: list[tuple[str, str]],
) -> None:
    relations = from_pairs(pairs)
    parent, order = relations.tree()
    known, seen = set(relations.pairs()), set()
    for u in order.tolist():
        if parent[u] >= 0:
            assert (relations.names[u], relations.names[parent[u]]) in known
            assert int(parent[u]) in seen
        seen.add(u)
    assert (parent < 0).sum() == len(relations.roots())


@pytest.mark.parametrize("weighted", [False, True])
def test_shards_give_the_relations_back(tmp_path: Path, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    pairs = [(f"node {i}", f"node {rng.integers(0, i)}") for i in range(1, 300)]
    rows = [(*p, float(rng.integers(1, 9)) / 4) for p in pairs] if weighted else pairs
    relations = from_pairs(rows)
    back = read_shards(write_shards(relations, tmp_path / "shards"))
    assert back.names == relations.names
    np.testing.assert_array_equal(back.child, relations.child)
    np.testing.assert_array_equal(back.parent, relations.parent)
    if weighted:
        assert relations.weight is not None
        assert back.weight is not None
        np.testing.assert_array_equal(back.weight, relations.weight)
    else:
        assert back.weight is None
    with pytest.raises(FileExistsError, match="force=True"):
        write_shards(relations, tmp_path / "shards")
    assert os.listdir(tmp_path) == ["shards"]


def test_a_folder_that_holds_no_relations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError):
        read_shards(tmp_path)


# WordNet's own files. Three made-up synsets; the licence block of the real ones starts each of its
# lines with two spaces.
DATA = """\
  1 licence
00000001 03 n 02 entity 0 being 0 001 ~ 00000002 n 0000 | that which is
00000002 03 n 01 Dog 0 002 @ 00000001 n 0000 ~i 00000003 n 0000 | a dog | with a bar
00000003 18 n 01 Rex 0 001 @i 00000002 n 0000 | a certain dog
"""
INDEX = """\
  1 licence
being n 2 1 ~ 2 0 00000009 00000001
dog n 1 2 @ ~i 1 1 00000002
entity n 1 1 ~ 1 1 00000001
rex n 1 1 @i 1 0 00000003
"""


def wordnet(folder: Path, data: str = DATA, index: str = INDEX) -> Path:
    (folder / "data.noun").write_text(data)
    (folder / "index.noun").write_text(index)
    return folder


def test_wordnets_files_give_hypernyms_and_instances(tmp_path: Path) -> None:
    relations = read_wordnet(wordnet(tmp_path))
    assert set(relations.pairs()) == {("dog.n.01", "entity.n.01"), ("rex.n.01", "dog.n.01")}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (DATA.replace("02 entity", "zz entity"), "data.noun, line 2: not a synset"),
        (DATA.replace("00000002 03", "00000012 03"), "line 3: not a synset"),
        (DATA.replace("@ 00000001", "@ 00000007"), "hypernym at offset 7 is not there"),
        (DATA.replace("002 @ 00000001 n 0000", "002"), "data.noun, line 3"),
        (DATA.replace("0 001 ~", "0 99999999999 ~"), "99,999,999,999 pointers announced, 1 found"),
    ],
)
def test_damaged_wordnet_data_names_file_and_line(tmp_path: Path, data: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_wordnet(wordnet(tmp_path, data=data))


def test_a_damaged_wordnet_index_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"index\.noun, line 2: 3 senses announced, 2 found"):
        read_wordnet(wordnet(tmp_path, index=INDEX.replace("being n 2", "being n 3")))
    with pytest.raises(FileNotFoundError):
        read_wordnet(tmp_path / "nowhere")


def same(a: Relations, b: Relations) -> bool:
    return a.names == b.names and bool(
        np.array_equal(a.child, b.child) and np.array_equal(a.parent, b.parent)
    )


@pytest.mark.skipif(not WORDNET.is_dir(), reason="needs Debian's wordnet-base")
def test_the_real_wordnet_has_its_counts_and_the_published_closure(shared_data: Path) -> None:
    relations = read_wordnet(WORDNET)
    closed = relations.closure()
    assert relations.n_nodes == 82_115
    assert len(closed) == 743_241
    assert relations.cycles() == []
    assert same(closed, read_relations(shared_data / "hierarchy" / "noun_closure.tsv.gz"))


def test_the_noun_edges_close_to_the_noun_closure(shared_data: Path) -> None:
    edges = read_relations(shared_data / "hierarchy" / "noun_edges.tsv.gz")
    closed = edges.closure()
    assert len(closed) == 743_241
    assert len(closed.direct()) == len(edges) == 84_366


@pytest.mark.parametrize(
    "text",
    [
        "It was late, very late, and the dog\nslept on, and on, by the fire\n",
        "dog\tanimal\t1\tseen\ncat\tanimal\t1\tseen\n",
        "dog\tanimal\tseen\ncat\tanimal\tseen\n",
    ],
)
def test_fields_beyond_a_weight_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.txt").write_text(text)
    with pytest.raises(CorpusError, match=r"line 1: \d fields.*at most a weight"):
        read_relations(tmp_path / "r.txt")


def test_a_third_field_that_is_a_number_is_a_weight(tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_text("dog\tanimal\t2\ncat\tanimal\t1\n")
    found = read_relations(tmp_path / "r.tsv")
    assert found.weight is not None
    assert sorted(found.weight.tolist()) == [1, 2]
    (tmp_path / "t.tsv").write_text("1\tdog\tanimal\tx\n2\tcat\tanimal\ty\n")
    assert read_relations(tmp_path / "t.tsv", columns=(1, 2)).weight is None


@pytest.mark.parametrize("header", ["id1,id2", "child,parent", "Hyponym\thypernym", "child parent"])
def test_a_header_is_no_pair(tmp_path, header):
    sign = next(sign for sign in "\t, " if sign in header)
    (tmp_path / "r").write_text(f"{header}\ndog{sign}animal\n")
    assert list(read_relations(tmp_path / "r").pairs()) == [("dog", "animal")]


def test_a_header_the_other_way_round_is_told(tmp_path):
    (tmp_path / "r").write_text("parent\tchild\nanimal\tdog\n")
    with pytest.raises(CorpusError, match="the parent comes first"):
        read_relations(tmp_path / "r")
    found = read_relations(tmp_path / "r", direction="parent-child")
    assert list(found.pairs()) == [("dog", "animal")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\t1_5\n", "line 1: 3 fields, the third '1_5'"),
        ("a\tb\t1\nc\td\t1_5\n", "line 2: a weight of '1_5'"),
        ("a\tb\t1\nc\td\t-2\n", "line 2: a weight of '-2'"),
        ("a\tb\tnan\n", "line 1: a weight of 'nan'"),
        ("a\tb\rc\td\r", "line 1: a CR in"),
    ],
)
def test_odd_weights_and_line_ends_are_told_with_the_line(tmp_path, text, message):
    (tmp_path / "r").write_bytes(text.encode())
    with pytest.raises(CorpusError, match=message):
        read_relations(tmp_path / "r")
