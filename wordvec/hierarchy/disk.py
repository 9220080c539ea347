"""The Poincare disk as an SVG drawing: points, geodesic edges, labels, seen from any node."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np

from wordvec.estimator import Option, checked
from wordvec.hierarchy.lookup import kind_of
from wordvec.system.files import write_atomically
from wordvec.vectors import manifold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec.vectors.vectors import WordVectors

    Points: TypeAlias = NDArray[np.float64]

Scale: TypeAlias = Literal["depth", "poincare"]

MOST = 2000  # terms: beyond, dots cover each other and a browser is slow (82,115 nouns: 15 MB)
FAINT = 50.0  # mean rank of the parents from which a drawing says little
SIZE = 1000.0  # units of the drawing; the disk has radius DISK
DISK = 375.0  # the margin is for the labels of what lies at the rim
RIM = 0.93  # beyond this radius a label stands outside the disk, along its ray
BRANCHES = 8
# Okabe & Ito's colours, which readers with any colour vision tell apart; black is for the text.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31")
_STYLE = """<style>
.paper { fill: #fff } .ink { fill: #1a1a1a } .quiet { fill: #777 } .halo { stroke: #fff }
.ring { stroke: #e4e4e4 } .rim { stroke: #444 }
.top-fill { fill: #555 } .top-stroke { stroke: #555 }
@media (prefers-color-scheme: dark) {
.paper { fill: #14171c } .ink { fill: #e6e8ec } .quiet { fill: #939aa6 } .halo { stroke: #14171c }
.ring { stroke: #2f353f } .rim { stroke: #9aa2ae } .top-fill { fill: #a9b0bb }
.top-stroke { stroke: #a9b0bb } }
@media print { .paper { fill: #fff } .ink { fill: #1a1a1a } .halo { stroke: #fff } }
</style>"""
FONT = "Helvetica, Arial, sans-serif"


@checked
def disk_svg(
    vectors: WordVectors,
    edges: Iterable[tuple[str, str]] = (),
    *,
    center: str | None = None,
    origin: bool = False,
    scale: Annotated[
        Scale,
        Option(
            help="Distance from the middle: hyperbolic, which gives each level its room, or that "
            "of the Poincare disk."
        ),
    ] = "depth",
    most: Annotated[int, Option(help="Most terms that are drawn.", at_least=1)] = MOST,
    labels: Annotated[
        int | Sequence[str], Option(help="Most terms that are named.", at_least=0)
    ] = 40,
    title: str | None = None,
) -> str:
    """Draws two-dimensional hierarchy vectors on the Poincare disk.

    Parameters
    ----------
    vectors
        Of two dimensions, in the ball or on the hyperboloid.
    edges
        (child, parent) pairs to draw as geodesics; pairs with unknown terms are left out. They
        also colour the drawing, a colour for each branch below the most general terms.
    center
        The term in the middle; by default the most general: that without a parent that has the
        most below it, or without edges that nearest to the origin. Moving it is an isometry, so
        that all distances stay, and what is near it grows.
    origin
        Leave the origin of the space in the middle.
    scale
        "depth": the distance from the middle is the hyperbolic distance, so that each level has its
        room; "poincare": the Poincare disk, where geodesics are arcs and all that is far lies at
        the rim.
    most
        At most so many terms are drawn: those with the most below them, then those that appear
        largest. A line under the drawing says how many are left out.
    labels
        How many terms are named, those that appear largest first, or which. A label that would
        cover another one is left out.
    title
        Over the drawing.

    Returns
    -------
    str
        An SVG document of 1000 x 1000 units.

    Raises
    ------
    ValueError
        If the vectors do not have two dimensions.
    """
    points = _planar(vectors)
    index = vectors.key_to_index
    pairs = [(index[a], index[b]) for a, b in edges if a in index and b in index]
    branch, below = _branches(len(points), pairs)
    middle = None if origin else _middle(vectors, points, pairs, below, center)
    if middle is not None:
        points = manifold.add(-points[middle], points)
    size = np.sqrt(manifold.gap(points))  # how large a unit of length appears there
    weight = size * (1 + np.log1p(below))
    drawn = np.zeros(len(points), bool)
    drawn[np.lexsort((-size, -below))[:most]] = True
    if middle is not None:
        drawn[middle] = True
    shape = _Shape.of(points[drawn], scale)
    parts = [_head(title), shape.frame()]
    parts += [
        shape.geodesic(points[a], points[b], _colour(branch[a]))
        for a, b in pairs
        if drawn[a] and drawn[b]
    ]
    dot = size if scale == "poincare" else np.sqrt(weight / max(float(weight.max()), 1e-300))
    for i in np.argsort(size, kind="stable"):
        if drawn[i]:
            x, y = shape.place(points[i])
            parts.append(
                f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{0.8 + 4.2 * dot[i]:.2f}" '
                f"{_colour(branch[i], 'fill')}/>"
            )
    chosen = [i for i in _chosen(vectors, weight, labels, middle) if drawn[i]]
    wanted = len(chosen) if not isinstance(labels, int) else labels
    parts += _labels(vectors, points, shape, dot, chosen, wanted)
    if not drawn.all():
        parts.append(_note(f"{int(drawn.sum()):,} of {len(points):,} terms drawn"))
    return "\n".join([*parts, "</svg>", ""])


def mean_rank(
    vectors: WordVectors, edges: Iterable[tuple[str, str]], *, sample: int = 1000, seed: int = 1
) -> float:
    """How many terms are on average nearer to a child than its parent is, the parent counted: 1 in
    a drawing where each parent is the nearest term. Of a `sample` of the edges.

    In the hundreds a drawing of two dimensions says little of the hierarchy. NaN without an edge.
    """
    points = _planar(vectors)
    index = vectors.key_to_index
    pairs = [(index[a], index[b]) for a, b in edges if a in index and b in index]
    if not pairs:
        return math.nan
    if len(pairs) > sample:
        chosen = np.random.default_rng(seed).choice(len(pairs), sample, replace=False)
        pairs = [pairs[i] for i in chosen.tolist()]
    ranks = []
    for child, parent in pairs:
        near = manifold.closeness(points, points[child], "poincare")
        near[child] = -np.inf
        ranks.append(1 + int((near > near[parent]).sum()))
    return float(np.mean(ranks))


def write_disk(path: str | os.PathLike[str], drawing: str, *, force: bool = False) -> None:
    """Writes a drawing of `disk_svg` to a file."""
    with write_atomically(path, force=force) as file:
        file.write(drawing.encode("utf-8", "replace"))


def _planar(vectors: WordVectors) -> Points:
    kind = kind_of(vectors)
    if vectors.vector_size != 2 or kind == "euclidean":
        raise ValueError(
            f"a disk needs hyperbolic vectors of 2 dimensions, got {vectors.vector_size} of "
            f"{kind!r}: train with vector_size=2, construct it with Sarkar, or give the "
            "distances to HyperbolicMDS"
        )
    return manifold.convert(vectors.vectors, kind, "poincare")


def _branches(n: int, pairs: Sequence[tuple[int, int]]) -> tuple[list[int], Points]:
    """The branch of each node, 0 for the top, and how many nodes lie below each.

    The roots are split into their children, then the largest branch again and again, until there
    are colours for no more.
    """
    parent, children = [-1] * n, [[] for _ in range(n)]  # type: list[int], list[list[int]]
    for a, b in pairs:
        if parent[a] < 0 and not _above(parent, b, a):
            parent[a] = b
            children[b].append(a)
    below = np.zeros(n)
    order = [i for i in range(n) if parent[i] < 0]
    for i in order:  # grows while it is read: parents come before children
        order += children[i]
    for i in reversed(order):
        below[i] = sum(below[c] + 1 for c in children[i])
    heads = [i for i in order if parent[i] < 0 and children[i]]
    while len(heads) < BRANCHES:
        wide = [i for i in heads if any(children[c] for c in children[i])]
        if not wide:
            break
        largest = max(wide, key=lambda i: (below[i], -i))
        heads.remove(largest)
        heads += [c for c in children[largest] if children[c]]
    heads.sort(key=lambda i: (-below[i], i))
    branch = [0] * n
    for i in order:
        if i in heads:
            branch[i] = 1 + heads.index(i)
        elif parent[i] >= 0:
            branch[i] = branch[parent[i]]
    return branch, below


def _above(parent: Sequence[int], node: int, other: int) -> bool:
    """Whether `other` is `node` or above it."""
    while node >= 0 and node != other:
        node = parent[node]
    return node == other


def _middle(
    vectors: WordVectors,
    points: Points,
    pairs: Sequence[tuple[int, int]],
    below: Points,
    center: str | None,
) -> int:
    """The term in the middle."""
    if center is not None:
        return vectors.get_index(center)
    nearest = np.linalg.norm(points, axis=1)
    if not pairs:
        return int(nearest.argmin())
    tops = np.ones(len(points), bool)
    tops[[a for a, _ in pairs]] = False
    if not tops.any():  # every term has a parent: there are cycles
        tops[:] = True
    of = np.flatnonzero(tops)
    return int(of[np.lexsort((nearest[of], -below[of]))[0]])


def _colour(branch: int, of: str = "stroke") -> str:
    """The colour of a branch, as an attribute; that of the top follows light and dark."""
    if branch == 0:
        return f'class="top-{of}"'
    return f'{of}="{COLOURS[(branch - 1) % len(COLOURS)]}"'


@dataclass(frozen=True)
class _Shape:
    """Where points of the Poincare disk are drawn: there, or at a radius that is their distance
    from the middle; `reach` is the largest of these."""

    scale: Scale
    reach: float

    @classmethod
    def of(cls, points: Points, scale: Scale) -> _Shape:
        far = float(np.linalg.norm(points, axis=1).max(initial=0))
        return cls(scale, max(_depth(far), 1e-9))

    def radius(self, depth: float) -> float:
        """Of the circle at a hyperbolic distance from the middle."""
        return DISK * (math.tanh(depth / 2) if self.scale == "poincare" else depth / self.reach)

    def place(self, z: Points) -> tuple[float, float]:
        norm = float(np.linalg.norm(z))
        grown = 1.0
        if self.scale == "depth" and norm > 0:
            grown = _depth(norm) / self.reach / norm
        return SIZE / 2 + DISK * grown * float(z[0]), SIZE / 2 - DISK * grown * float(z[1])

    def at_rim(self, z: Points) -> bool:
        x, y = self.place(z)
        return math.hypot(x - SIZE / 2, y - SIZE / 2) > RIM * DISK

    def frame(self) -> str:
        """The outer circle, and circles of equal depth with their distance."""
        if self.scale == "poincare":
            depths = [2.0, 4.0, 6.0]
        else:
            step = max(1, round(self.reach / 5))
            depths = [float(d) for d in range(step, math.ceil(self.reach), step)]
        rings = [
            f'<circle cx="{SIZE / 2:g}" cy="{SIZE / 2:g}" r="{self.radius(d):.2f}" fill="none" '
            'class="ring" stroke-width="0.8"/>'
            for d in depths
        ]
        rings.append(
            f'<circle cx="{SIZE / 2:g}" cy="{SIZE / 2:g}" r="{DISK:g}" fill="none" class="rim" '
            'stroke-width="1.2"/>'
        )
        if self.scale == "depth":
            rings += [
                f'<text x="{SIZE / 2:g}" y="{SIZE / 2 + self.radius(d) - 3:.1f}" font-size="9" '
                f'text-anchor="middle" class="quiet">{d:g}</text>'
                for d in depths
            ]
        return "\n".join(rings)

    def geodesic(self, a: Points, b: Points, colour: str) -> str:
        """The shortest way from a to b: an arc of the disk, or its points at their depths."""
        if self.scale == "poincare":
            return _geodesic(a, b, colour, self)
        near, far = float(np.linalg.norm(a)), float(np.linalg.norm(b))
        if near > far:  # from the inner end, where sums are exact
            a, b, far = b, a, near
        towards = manifold.add(-a[None], b[None])[0]
        length = float(np.linalg.norm(towards))
        if length == 0:
            return ""
        depth = _depth(length)
        steps = np.tanh(np.linspace(0, depth, 2 + min(14, int(3 * depth))) / 2)
        way = manifold.add(np.repeat(a[None], len(steps), 0), steps[:, None] * towards / length)
        # A way lies nowhere farther out than its ends; at the rim a rounding error would say so.
        norms = np.linalg.norm(way, axis=1, keepdims=True)
        way *= np.minimum(1, far / np.maximum(norms, 1e-300))
        way[0], way[-1] = a, b
        path = "L".join("{:.2f} {:.2f}".format(*self.place(z)) for z in way)
        return f'<path d="M{path}" fill="none" {colour} stroke-opacity="0.55" stroke-width="0.8"/>'


def _depth(norm: float) -> float:
    """The hyperbolic distance of a point of this norm from the middle."""
    return 2 * math.atanh(min(norm, 1 - 1e-15))


def _note(text: str) -> str:
    return (
        f'<text x="{SIZE - 14:g}" y="{SIZE - 14:g}" font-size="13" text-anchor="end" '
        f'class="quiet">{escape(text)}</text>'
    )


def _head(title: str | None) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE:g} {SIZE:g}" '
        f'width="180mm" height="180mm" font-family="{FONT}">',
        _STYLE,
        f'<rect width="{SIZE:g}" height="{SIZE:g}" class="paper"/>',
    ]
    if title:
        lines.append(f"<title>{escape(title)}</title>")
        lines.append(f'<text x="14" y="30" font-size="22" class="ink">{escape(title)}</text>')
    return "\n".join(lines)


def _geodesic(a: Points, b: Points, colour: str, shape: _Shape) -> str:
    """The arc through a and b that meets the circle at infinity at right angles."""
    (x1, y1), (x2, y2) = shape.place(a), shape.place(b)
    width = 0.35 + 1.4 * math.sqrt(float(manifold.gap(b)))
    style = f'fill="none" {colour} stroke-opacity="0.55" stroke-width="{width:.2f}"'
    # Its centre c has c.a = (1 + |a|^2) / 2 and the same for b; parallel a and b: a diameter.
    cross = float(a[0] * b[1] - a[1] * b[0])
    if abs(cross) < 1e-4 * math.hypot(x1 - x2, y1 - y2) / DISK:
        return f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" {style}/>'
    ka, kb = (1 + float(a @ a)) / 2, (1 + float(b @ b)) / 2
    c = np.array([ka * b[1] - kb * a[1], kb * a[0] - ka * b[0]]) / cross
    radius = DISK * math.sqrt(max(float(c @ c) - 1, 0))
    sweep = 1 if cross > 0 else 0
    arc = f"A{radius:.2f} {radius:.2f} 0 0 {sweep} {x2:.2f} {y2:.2f}"
    return f'<path d="M{x1:.2f} {y1:.2f}{arc}" {style}/>'


def _chosen(
    vectors: WordVectors, weight: Points, labels: int | Sequence[str], center: int | None
) -> list[int]:
    """Ids in the order in which they get a label, if there is room."""
    if not isinstance(labels, int):
        return [vectors.get_index(name) for name in labels]
    first = [] if center is None else [center]
    return list(dict.fromkeys([*first, *np.argsort(-weight, kind="stable").tolist()]))


def _labels(
    vectors: WordVectors,
    points: Points,
    shape: _Shape,
    size: Points,
    chosen: Sequence[int],
    most: int,
) -> list[str]:
    boxes: list[tuple[float, float, float, float]] = []
    angles: list[float] = []
    texts: list[str] = []
    for i in chosen:
        if len(texts) >= most:
            break
        name = _short(vectors.index_to_key[i])
        if shape.at_rim(points[i]):
            text = _rim_label(points[i], name, angles)
        else:
            text = _inner_label(shape.place(points[i]), name, float(size[i]), boxes)
        if text is not None:
            texts.append(text)
    return texts


def _short(name: str) -> str:
    """What is printed of a name: `dog.n.01` is dog, underscores are spaces."""
    parts = name.rsplit(".", 2)
    word = parts[0] if len(parts) == 3 and parts[2].isdigit() else name
    return word.replace("_", " ").encode("utf-8", "replace").decode()


def _rim_label(point: Points, name: str, angles: list[float]) -> str | None:
    """A label outside the disk, along the ray of its point; None where another one stands."""
    font, angle = 11.0, math.atan2(float(point[1]), float(point[0]))
    room = 1.15 * font / DISK
    if any(abs(math.remainder(angle - other, 2 * math.pi)) < room for other in angles):
        return None
    angles.append(angle)
    x = SIZE / 2 + (DISK + 7) * math.cos(angle)
    y = SIZE / 2 - (DISK + 7) * math.sin(angle)
    turn, anchor = -math.degrees(angle), "start"
    if math.cos(angle) < 0:  # text on the left reads towards the disk
        turn, anchor = turn + 180, "end"
    return (
        f'<text transform="translate({x:.1f} {y:.1f}) rotate({turn:.1f})" font-size="{font:g}" '
        f'dominant-baseline="central" text-anchor="{anchor}" class="ink">{escape(name)}</text>'
    )


def _inner_label(
    place: tuple[float, float],
    name: str,
    size: float,
    boxes: list[tuple[float, float, float, float]],
) -> str | None:
    """A label beside its point; None where it would cover another one on every side."""
    font = 9 + 9 * size
    x, y = place
    width, gap = 0.54 * font * len(name), 3 + 4.2 * size
    for left, top in (
        (x + gap, y - font / 2),
        (x - gap - width, y - font / 2),
        (x - width / 2, y - gap - font),
        (x - width / 2, y + gap),
    ):
        box = (left, top, left + width, top + font)
        if _is_free(box, boxes):
            boxes.append(box)
            return (
                f'<text x="{left + width / 2:.1f}" y="{top + 0.8 * font:.1f}" '
                f'font-size="{font:.1f}" text-anchor="middle" class="ink halo" '
                f'stroke-width="3" stroke-linejoin="round" paint-order="stroke">{escape(name)}'
                "</text>"
            )
    return None


def _is_free(
    box: tuple[float, float, float, float], boxes: list[tuple[float, float, float, float]]
) -> bool:
    left, top, right, bottom = box
    return all(right < a or left > c or bottom < b or top > d for a, b, c, d in boxes)
