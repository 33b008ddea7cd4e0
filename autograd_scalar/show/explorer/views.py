"""The explorer's views of one graph: every value, neurons or layers as boxes, and the inside of each.

A view is a choice of boxes, each for one value or for all of a scope, and where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.graph.order import forwards
from autograd_scalar.show.graph.picture import number
from autograd_scalar.show.graph.scopes import Scope
from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.layered import Point
from autograd_scalar.show.layout.text import ADVANCE, columns
from autograd_scalar.value import Value

#: Of a box: least width, heights of one with a name and of one without, room around a name and
#: around an operation's sign.
WIDTH, HEIGHT, LOW, AROUND, CHIP = 118.0, 66.0, 48.0, 22.0, 16.0
#: Room between layers, where the lines' numbers stand; the height of one, and a letter's width.
GAP = 88.0
#: Where more lines than this run between groups, their numbers are only seen on request.
MOST_NOTES = 12
NOTE_HEIGHT, LETTER = 18.0, 6.3


class Box(NamedTuple):
    """A box with its centre. A group's `out` is the value that alone is used outside, or -1."""

    x: float
    y: float
    width: float
    height: float
    members: list[int]
    group: str
    out: int


class Line(NamedTuple):
    """What leads from one box to another: its uses as (user, position), and its course.

    Of a single use there is a note, the local derivative: where it stands, and whether it is only
    to be seen on request, because others stand there.
    """

    source: int
    target: int
    uses: list[tuple[int, int]]
    course: list[float]
    note: tuple[float, float, bool] | None


class View(NamedTuple):
    """Boxes, lines and frames, all in one picture. `inside` is the scope that it shows, or ""."""

    name: str
    inside: str
    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]
    frames: list[tuple[str, float, float, float, float]]


#: What stands for a value in a view: itself, its scope, or nothing.
_Home = int | Scope | None


def views(
    order: Sequence[Value], heads: Sequence[str], scopes: Sequence[Scope], most: int
) -> list[View]:
    """Return the views of a graph that have at most `most` boxes, the most detailed first.

    There are none where none of the whole would be among them.
    `heads` are the texts at the top of the values' boxes; where there is none a box is low.
    """
    graph = _Graph(order, heads, scopes)
    layers: list[Scope] = [scope[:-1] or scope for scope in scopes]
    found = []
    if len(order) <= most:
        found.append(graph.view("values", list(range(len(order))), framed=True))
    if not any(scopes):
        return found
    kinds = {"neurons": scopes, "layers": layers} if layers != list(scopes) else {"layers": layers}
    for name, kind in kinds.items():
        homes: list[_Home] = [scope or node for node, scope in enumerate(kind)]
        found.append(graph.view(name, homes))
    for layer in _as_they_end(layers):
        inner = _as_they_end(
            scope if of == layer else () for scope, of in zip(scopes, layers, strict=True)
        )
        if len(inner) > 1:
            found.append(graph.inside(layer, layers, scopes, layers))
        for scope in inner:
            found.append(graph.inside(scope, scopes, [()] * len(order), scopes))
    found = [view for view in found if len(view.boxes) <= most]
    return found if any(not view.inside for view in found) else []


def _as_they_end(scopes: Iterable[Scope]) -> list[Scope]:
    """Return the scopes, those first whose last value comes first."""
    last = {scope: node for node, scope in enumerate(scopes) if scope}
    return sorted(last, key=last.__getitem__)


class _Graph:
    def __init__(
        self, order: Sequence[Value], heads: Sequence[str], scopes: Sequence[Scope]
    ) -> None:
        at = {v: place for place, v in enumerate(order)}
        self.parents = [[at[p] for p in v.parents] for v in order]
        self.users: list[list[int]] = [[] for _ in order]
        for node, parents in enumerate(self.parents):
            for parent in parents:
                self.users[parent].append(node)
        self.heads, self.scopes = heads, scopes
        self.signs = [symbol(v.op) for v in order]
        self.notes = [[f"×{number(partial)}" for partial in v.partials] for v in order]

    def inside(
        self,
        scope: Scope,
        kind: Sequence[Scope],
        within: Sequence[Scope],
        around: Sequence[Scope],
    ) -> View:
        """Return the view of a scope's values, grouped by `within`, with its neighbours by `around`."""
        homes: list[_Home] = [None] * len(kind)
        for node, of in enumerate(kind):
            if of == scope:
                homes[node] = within[node] or node
                for near in (*self.parents[node], *self.users[node]):
                    if kind[near] != scope:
                        homes[near] = around[near] or near
        name = ".".join(scope)
        return self.view(f"inside {name}", homes, inside=name)

    def view(
        self, name: str, homes: Sequence[_Home], *, inside: str = "", framed: bool = False
    ) -> View:
        """Return the view in which each value stands in the box of its home."""
        members: dict[int | Scope, list[int]] = {}
        for node, home in enumerate(homes):
            if home is not None:
                members.setdefault(home, []).append(node)
        place = {home: box for box, home in enumerate(members)}
        uses: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for node, parents in enumerate(self.parents):
            for position, parent in enumerate(parents):
                source, target = homes[parent], homes[node]
                if source is None or target is None or source == target:
                    continue
                # Two single values have a line for every use, groups one for all of them.
                alone = isinstance(source, int) and isinstance(target, int)
                key = (place[source], place[target], position if alone else -1)
                uses.setdefault(key, []).append((node, position))
        order = forwards(len(members), [(source, target) for source, target, _ in uses])
        rank = {box: place for place, box in enumerate(order)}
        ends = [(rank[source], rank[target]) for source, target, _ in uses]
        keys = list(members)
        shown = [keys[box] for box in order]
        sizes = [self._size(home) for home in shown]
        layout = arrange_framed(
            sizes,
            ends,
            [self.scopes[h] if framed and isinstance(h, int) else () for h in shown],
            layer_gap=GAP,
        )
        boxes = [
            Box(
                *_rounded(centre),
                *size,
                members[home],
                "" if isinstance(home, int) else ".".join(home),
                self._out(members[home]),
            )
            for home, size, centre in zip(shown, sizes, layout.centres, strict=True)
        ]
        notes = _Notes()
        between = [all(boxes[box].group for box in end) for end in ends]
        many = sum(between) > MOST_NOTES
        lines = []
        for end, use, course, inner in zip(
            ends, uses.values(), layout.courses, between, strict=True
        ):
            (user, position), *others = use
            text = self.notes[user][position]
            note = None if others else notes.place(course, text, is_hidden=many and inner)
            flat = [x for point in map(_rounded, course) for x in point]
            lines.append(Line(*end, use, flat, note))
        frames = [
            (frame.name, *_rounded(frame.corner), round(frame.width, 1), round(frame.height, 1))
            for frame in layout.frames
        ]
        return View(
            name, inside, round(layout.width, 1), round(layout.height, 1), boxes, lines, frames
        )

    def _size(self, home: int | Scope) -> tuple[float, float]:
        head, sign = (
            (self.heads[home], self.signs[home]) if isinstance(home, int) else (".".join(home), "")
        )
        wide = (columns(head) + columns(sign)) * ADVANCE + AROUND + (CHIP if sign else 0.0)
        return round(max(WIDTH, wide), 1), HEIGHT if head else LOW

    def _out(self, members: list[int]) -> int:
        inside = set(members)
        outs = [
            node
            for node in members
            if not self.users[node] or not inside.issuperset(self.users[node])
        ]
        return outs[0] if len(outs) == 1 else -1


def _rounded(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)


class _Notes:
    """Finds places on the lines for their notes, none on top of another if it can be helped."""

    def __init__(self) -> None:
        self.taken: dict[int, list[tuple[float, float, float]]] = {}  # by rows of their height

    def place(
        self, course: Sequence[Point], text: str, *, is_hidden: bool
    ) -> tuple[float, float, bool]:
        wide = len(text) * LETTER + 12.0
        # The last gap: before it a line may share its way with others from the same source.
        start, end = [p for p in pairwise(course) if abs(p[1][0] - p[0][0]) > GAP / 4][-1]
        shares = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
        spots = [_on_curve(start, end, share) for share in shares]
        x, y = next((spot for spot in spots if self._is_free(*spot, wide)), spots[0])
        is_hidden = is_hidden or not self._is_free(x, y, wide)
        if not is_hidden:
            self.taken.setdefault(int(y // NOTE_HEIGHT), []).append((x, y, wide))
        return *_rounded((x, y)), is_hidden

    def _is_free(self, x: float, y: float, wide: float) -> bool:
        row = int(y // NOTE_HEIGHT)
        near = (note for r in (row - 1, row, row + 1) for note in self.taken.get(r, ()))
        return all(abs(a - x) >= (wide + w) / 2 or abs(b - y) >= NOTE_HEIGHT for a, b, w in near)


def _on_curve(start: Point, end: Point, share: float) -> Point:
    """Return a point of the curve that is level at both ends, as the page draws it."""
    rest = 1.0 - share
    level = rest**3 + 3 * rest**2 * share
    along = rest**3 + 1.5 * rest * share
    return (
        start[0] * along + end[0] * (1.0 - along),
        start[1] * level + end[1] * (1.0 - level),
    )
