"""The drawing of the disk: well-formed, geodesics at right angles, recentred, readable."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wordvec.hierarchy import disk
from wordvec.hierarchy.disk import DISK, SIZE, mean_rank, write_disk
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["root", "a.n.01", "b & <c>", "deep", "rim"]
POINTS = np.array([[0.0, 0.0], [0.5, 0.1], [-0.4, 0.3], [0.7, 0.4], [0.0, -0.999]])
EDGES = [("a.n.01", "root"), ("b & <c>", "root"), ("deep", "a.n.01"), ("rim", "root")]


def disk_svg(vectors: WordVectors, edges: Any = (), **how: Any) -> str:
    """On the Poincare disk, the origin in the middle."""
    return disk.disk_svg(vectors, edges, **{"scale": "poincare", "origin": True, **how})


def wv(points: np.ndarray = POINTS, kind: str = "poincare") -> WordVectors:
    return WordVectors(NAMES, points, meta={"manifold": kind})


def circles(drawing: str) -> set[tuple[float, float]]:
    root = ET.fromstring(drawing)
    return {
        (float(c.get("cx", "")), float(c.get("cy", "")))
        for c in root.iter(f"{SVG}circle")
        if c.get("fill") != "none"
    }


def test_every_node_is_where_its_point_is() -> None:
    expected = {(round(SIZE / 2 + DISK * x, 2), round(SIZE / 2 - DISK * y, 2)) for x, y in POINTS}
    assert circles(disk_svg(wv(), EDGES)) == expected


def test_edges_are_arcs_that_meet_the_circle_at_right_angles() -> None:
    drawing = disk_svg(wv(), [("deep", "b & <c>")])
    found = re.search(
        r'd="M([-\d.]+) ([-\d.]+)A([-\d.]+) \S+ 0 0 (\d) ([-\d.]+) ([-\d.]+)"', drawing
    )
    assert found
    x1, y1, r, sweep, x2, y2 = (float(v) for v in found.groups())
    # The centre by the rules of SVG: the small arc, clockwise on paper when sweep is 1.
    dx, dy = (x2 - x1) / 2, (y2 - y1) / 2
    height = math.sqrt(max(r * r - dx * dx - dy * dy, 0)) / math.hypot(dx, dy)
    sign = 1 if sweep else -1
    cx, cy = (x1 + x2) / 2 - sign * height * dy, (y1 + y2) / 2 + sign * height * dx
    to_centre = math.hypot(cx - SIZE / 2, cy - SIZE / 2)
    assert to_centre**2 == pytest.approx(DISK**2 + r**2, rel=1e-3)


def test_edges_through_the_middle_are_straight() -> None:
    assert re.search(r'd="M[-\d.]+ [-\d.]+L500\.00 500\.00"', disk_svg(wv(), [("deep", "root")]))


def test_any_term_can_be_in_the_middle_at_the_same_distances() -> None:
    drawing = disk_svg(wv(), EDGES, center="deep", origin=False)
    assert (SIZE / 2, SIZE / 2) in circles(drawing)
    radii = sorted(math.hypot(x - SIZE / 2, y - SIZE / 2) / DISK for x, y in circles(drawing))
    away = np.sort(manifold.distance(POINTS[3], POINTS, "poincare"))
    np.testing.assert_allclose(radii, np.tanh(away / 2), atol=1e-4)


def test_names_are_escaped_shortened_and_counted() -> None:
    labels = [t.text for t in ET.fromstring(disk_svg(wv(), EDGES)).iter(f"{SVG}text")]
    assert set(labels) == {"root", "a", "b & <c>", "deep", "rim"}
    few = ET.fromstring(disk_svg(wv(), EDGES, labels=2, title="T & T"))
    assert next(t.text for t in few.iter(f"{SVG}text")) == "T & T"
    assert len(list(few.iter(f"{SVG}text"))) == 3
    named = ET.fromstring(disk_svg(wv(), EDGES, labels=["deep"]))
    assert [t.text for t in named.iter(f"{SVG}text")] == ["deep"]


def test_labels_do_not_cover_each_other() -> None:
    rng = np.random.default_rng(0)
    names = [f"a long name {i}" for i in range(300)]
    points = rng.uniform(-0.3, 0.3, size=(300, 2))
    many = WordVectors(names, points, meta={"manifold": "poincare"})
    drawing = ET.fromstring(disk_svg(many, labels=300))
    boxes = []
    for text in drawing.iter(f"{SVG}text"):
        font, x, y = (float(text.get(k, "")) for k in ("font-size", "x", "y"))
        half = 0.54 * font * len(text.text or "") / 2
        boxes.append((x - half, y - 0.8 * font, x + half, y + 0.2 * font))
    assert 5 < len(boxes) < 300
    for i, (a, b, c, d) in enumerate(boxes):
        for e, f, g, h in boxes[i + 1 :]:
            assert c < e + 0.2 or g < a + 0.2 or d < f + 0.2 or h < b + 0.2


def test_the_hyperboloid_is_drawn_alike(tmp_path: Path) -> None:
    sheet = wv(manifold.convert(POINTS, "poincare", "lorentz"), "lorentz")
    assert circles(disk_svg(sheet, EDGES)) == circles(disk_svg(wv(), EDGES))
    write_disk(tmp_path / "a.svg", disk_svg(sheet))
    with pytest.raises(FileExistsError):
        write_disk(tmp_path / "a.svg", "")


def test_other_dimensions_are_refused_with_the_remedy() -> None:
    three = WordVectors(["a"], [[0.0, 0.0, 0.1]], meta={"manifold": "poincare"})
    with pytest.raises(ValueError, match=r"2 dimensions, got 3.*vector_size=2"):
        disk_svg(three)


def test_the_largest_branches_have_colours_of_their_own() -> None:
    pairs = [(i, 0) for i in range(1, 5)] + [(i, 1 + i % 4) for i in range(5, 45)]
    branch, below = disk._branches(45, pairs)
    assert branch[0] == 0
    assert len({branch[i] for i in range(1, 5)}) == 4
    assert below[0] == 44
    around = [(0, 1), (1, 2), (2, 0)]
    assert len(disk._branches(3, around)[0]) == 3  # a cycle ends


def away(drawing: str) -> list[float]:
    """Distances of the dots from the middle of the drawing, as shares of its radius."""
    return sorted(math.hypot(x - SIZE / 2, y - SIZE / 2) / DISK for x, y in circles(drawing))


def test_by_default_the_root_is_in_the_middle_and_the_radius_is_the_depth() -> None:
    drawing = disk.disk_svg(wv(manifold.add(np.array([0.3, 0.2]), POINTS)), EDGES)
    assert (SIZE / 2, SIZE / 2) in circles(drawing)
    depths = np.sort(manifold.distance(POINTS[0], POINTS, "poincare"))
    np.testing.assert_allclose(away(drawing), depths / depths.max(), atol=1e-4)
    # Without edges the term that lies nearest to the origin.
    assert away(disk.disk_svg(wv()))[0] == 0
    moved = wv(manifold.add(np.array([0.3, 0.2]), POINTS))
    assert away(disk.disk_svg(moved, EDGES, origin=True))[0] > 0.1
    with pytest.raises(ValueError, match="scale must be one of depth, poincare"):
        disk.disk_svg(wv(), scale="flat")  # type: ignore[arg-type]


def test_rings_of_depth_say_how_deep_they_are() -> None:
    texts = [t.text for t in ET.fromstring(disk.disk_svg(wv(), EDGES)).iter(f"{SVG}text")]
    reach = float(manifold.distance(POINTS[0], POINTS[4:], "poincare")[0])
    rings = [float(t) for t in texts if t and t.isdigit()]
    assert rings
    assert all(0 < ring < reach for ring in rings)


def test_edges_are_geodesics_in_depth_too() -> None:
    drawing = disk.disk_svg(wv(), [("deep", "b & <c>")], origin=True)
    (path,) = re.findall(r'd="M([^"]+)"', drawing)
    points = np.array([[float(v) for v in pair.split()] for pair in path.split("L")])
    assert len(points) > 3
    offsets = (points - SIZE / 2) * [1, -1] / DISK
    reach = float(manifold.distance(POINTS[0], POINTS[4:], "poincare")[0])
    depth = np.linalg.norm(offsets, axis=1, keepdims=True)
    disked = offsets / depth * np.tanh(depth * reach / 2)
    # Points of the shortest way: the distances to both ends add up to that of the ends.
    ends = [manifold.distance(POINTS[i], disked, "poincare") for i in (3, 2)]
    whole = float(manifold.distance(POINTS[3], POINTS[2:3], "poincare")[0])
    np.testing.assert_allclose(ends[0] + ends[1], whole, rtol=1e-3)


def test_an_edge_between_terms_at_the_rim_stays_inside() -> None:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * math.pi, 400)
    radii = 1 - 10.0 ** -rng.uniform(1, 9, 400)
    radii[0] = 0.3
    points = radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    names = [f"n{i}" for i in range(400)]
    hyperbolic = WordVectors(names, points, meta={"manifold": "poincare"})
    edges = [(name, names[0]) for name in names[1:]]
    drawn = disk.disk_svg(hyperbolic, edges, labels=0, origin=True)
    ways = re.findall(r'd="M([^"]*)"', drawn)
    assert len(ways) == 399
    for way in ways:
        for place in way.split("L"):
            x, y = map(float, place.split())
            assert math.hypot(x - SIZE / 2, y - SIZE / 2) < DISK + 0.02


def test_drawn_terms_are_capped_and_what_is_left_out_is_said() -> None:
    rng = np.random.default_rng(3)
    names = [f"t{i}" for i in range(5000)]
    points = rng.uniform(-0.6, 0.6, size=(5000, 2))
    many = WordVectors(names, points, meta={"manifold": "poincare"})
    pairs = [(f"t{i}", f"t{(i - 1) // 4}") for i in range(1, 5000)]
    drawing = disk.disk_svg(many, pairs)
    assert len(circles(drawing)) == 2000
    assert "2,000 of 5,000 terms drawn" in drawing
    assert len(drawing) < 1_500_000
    kept = disk.disk_svg(many, pairs, most=5)
    assert (SIZE / 2, SIZE / 2) in circles(kept)
    assert "terms drawn" not in disk_svg(wv(), EDGES)


def test_the_drawing_follows_dark_mode_and_prints_light() -> None:
    drawing = disk.disk_svg(wv(), EDGES)
    assert "prefers-color-scheme: dark" in drawing
    assert "@media print" in drawing
    root = ET.fromstring(drawing)
    assert all(t.get("class") for t in root.iter(f"{SVG}text"))
    assert root.find(f"{SVG}rect").get("class") == "paper"  # type: ignore[union-attr]


def test_mean_rank_tells_a_drawing_that_says_little() -> None:
    near = np.array([[0, 0], [0.5, 0], [0.7, 0], [-0.5, 0], [-0.7, 0.0]])
    names = ["root", "a", "b", "c", "d"]
    pairs = [("a", "root"), ("b", "a"), ("c", "root"), ("d", "c")]
    good = WordVectors(names, near, meta={"manifold": "poincare"})
    distances = [manifold.distance(p, near, "poincare") for p in near]
    by_hand = [
        1 + int((np.delete(distances[c], c) < distances[c][p]).sum())
        for c, p in ((1, 0), (2, 1), (3, 0), (4, 3))
    ]
    assert mean_rank(good, pairs) == np.mean(by_hand)
    rng = np.random.default_rng(1)
    random = WordVectors(
        [f"t{i}" for i in range(400)],
        rng.uniform(-0.6, 0.6, (400, 2)),
        meta={"manifold": "poincare"},
    )
    edges = [(f"t{i}", f"t{i // 2}") for i in range(1, 400)]
    assert mean_rank(random, edges) > disk.FAINT
    assert mean_rank(random, edges, sample=50) == mean_rank(random, edges, sample=50)
    assert math.isnan(mean_rank(random, []))
