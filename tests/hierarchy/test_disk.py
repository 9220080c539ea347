"""The drawing of the disk: well-formed, geodesics at right angles, recentred, readable."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from wordvec.hierarchy import disk
from wordvec.hierarchy.disk import DISK, SIZE, disk_svg, write_disk
from wordvec.vectors import manifold
from wordvec.vectors.vectors import WordVectors

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["root", "a.n.01", "b & <c>", "deep", "rim"]
POINTS = np.array([[0.0, 0.0], [0.5, 0.1], [-0.4, 0.3], [0.7, 0.4], [0.0, -0.999]])
EDGES = [("a.n.01", "root"), ("b & <c>", "root"), ("deep", "a.n.01"), ("rim", "root")]


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
    drawing = disk_svg(wv(), EDGES, center="deep")
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
