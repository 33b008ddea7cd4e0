"""Views of a graph in the explorer: by value, by neuron, by layer, and inside each scope.

A view has one box per value or scope that it shows, with positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.explorer.edge_labels import DOWN_GAP, GAP, Label, placed, rounded
from autograd_scalar.show.graph.order import Edge, sorted_nodes
from autograd_scalar.show.graph.picture import format_number
from autograd_scalar.show.graph.scopes import Scope
from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.geometry import Layout, Point
from autograd_scalar.show.layout.text import ADVANCE, columns
from autograd_scalar.value import Value

#: Minimum width of a box, its heights with and without a heading, the height of a slider in it, and
#: the padding of a heading and of a symbol.
MIN_WIDTH, HEIGHT, LOW_HEIGHT, SLIDER, PAD, CHIP_PAD = 118.0, 66.0, 48.0, 12.0, 22.0, 16.0
#: Maximum number of boxes of a view that is also arranged from top to bottom, for narrow windows.
MAX_DOWN = 150
#: Maximum number of edges between groups whose labels are shown without hovering.
MAX_LABELS = 12


class ViewBox(NamedTuple):
    """A box with its centre. `out` is the only member of a group that is used outside, or -1."""

    x: float
    y: float
    width: float
    height: float
    members: list[int]
    group: str
    out: int


class ViewEdge(NamedTuple):
    """An edge between two boxes: its uses as (user, position), and its route.

    An edge of a single use has a label, the local derivative: its position, and True if it is
    hidden until requested because others overlap it.
    """

    source: int
    target: int
    uses: list[tuple[int, int]]
    route: list[float]
    label: Label | None


class Down(NamedTuple):
    """A view arranged from top to bottom: the centres of its boxes, the routes and labels of its edges."""

    width: float
    height: float
    centres: list[Point]
    edges: list[tuple[list[float], Label | None]]
    frames: list[tuple[str, float, float, float, float]]


class View(NamedTuple):
    """The boxes, edges and frames of one view. `inside` is the scope that it shows, or ""."""

    name: str
    inside: str
    width: float
    height: float
    boxes: list[ViewBox]
    edges: list[ViewEdge]
    frames: list[tuple[str, float, float, float, float]]
    down: Down | None


#: What represents a value in a view: itself, its scope, or nothing.
_Group = int | Scope | None


def views(
    order: Sequence[Value], heads: Sequence[str], scopes: Sequence[Scope], most: int
) -> list[View]:
    """Return the views of a graph with at most `most` boxes, the most detailed first.

    The list is empty if every view of the whole graph has more boxes. `heads` are the headings of
    the boxes of values; a box without one is low.
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
        groups: list[_Group] = [scope or node for node, scope in enumerate(kind)]
        found.append(graph.view(name, groups))
    for layer in _by_last_value(layers):
        inner = _by_last_value(
            scope if of == layer else () for scope, of in zip(scopes, layers, strict=True)
        )
        if len(inner) > 1:
            found.append(graph.inside(layer, layers, scopes, layers))
        for scope in inner:
            found.append(graph.inside(scope, scopes, [()] * len(order), scopes))
    found = [view for view in found if len(view.boxes) <= most]
    return found if any(not view.inside for view in found) else []


def _by_last_value(scopes: Iterable[Scope]) -> list[Scope]:
    """Return the scopes in the order of their last values."""
    last = {scope: node for node, scope in enumerate(scopes) if scope}
    return sorted(last, key=last.__getitem__)


class _Graph:
    """A graph of values as indices, and the texts of its boxes."""

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
        self.symbols = [symbol(v.op) for v in order]
        self.labels = [[f"×{format_number(partial)}" for partial in v.partials] for v in order]

    def inside(
        self,
        scope: Scope,
        kind: Sequence[Scope],
        within: Sequence[Scope],
        around: Sequence[Scope],
    ) -> View:
        """Return the view of a scope's values, grouped by `within`, and of its neighbours, by `around`."""
        groups: list[_Group] = [None] * len(kind)
        for node, of in enumerate(kind):
            if of == scope:
                groups[node] = within[node] or node
                for near in (*self.parents[node], *self.users[node]):
                    if kind[near] != scope:
                        groups[near] = around[near] or near
        name = ".".join(scope)
        return self.view(f"inside {name}", groups, inside=name)

    def view(
        self, name: str, groups: Sequence[_Group], *, inside: str = "", framed: bool = False
    ) -> View:
        """Return the view with one box per group, given the group of each value."""
        members: dict[int | Scope, list[int]] = {}
        for node, group in enumerate(groups):
            if group is not None:
                members.setdefault(group, []).append(node)
        uses = self._uses(groups, {group: box for box, group in enumerate(members)})
        order = sorted_nodes(len(members), [(source, target) for source, target, _ in uses])
        rank = {box: place for place, box in enumerate(order)}
        ends = [(rank[source], rank[target]) for source, target, _ in uses]
        shown = [[*members][box] for box in order]
        sizes = [self._size(group, members[group]) for group in shown]
        scopes = [self.scopes[g] if framed and isinstance(g, int) else () for g in shown]
        layout = arrange_framed(sizes, ends, scopes, layer_gap=GAP)
        boxes = [
            ViewBox(
                *rounded(centre),
                *size,
                members[group],
                "" if isinstance(group, int) else ".".join(group),
                self._out(members[group]),
            )
            for group, size, centre in zip(shown, sizes, layout.centres, strict=True)
        ]
        labels = self._labels(ends, list(uses.values()), boxes)
        edges = [
            ViewEdge(*end, used, *placed)
            for end, used, placed in zip(
                ends, uses.values(), placed(layout.routes, labels), strict=True
            )
        ]
        down = None
        if len(shown) <= MAX_DOWN:
            turned = [(height, width) for width, height in sizes]
            below = arrange_framed(turned, ends, scopes, layer_gap=DOWN_GAP, rankdir="TB")
            below = below.turned("TB")
            down = Down(
                *rounded((below.width, below.height)),
                list(map(rounded, below.centres)),
                placed(below.routes, labels, vertical=True),
                _frames(below),
            )
        width, height = rounded((layout.width, layout.height))
        return View(name, inside, width, height, boxes, edges, _frames(layout), down)

    def _uses(
        self, groups: Sequence[_Group], box_of: Mapping[int | Scope, int]
    ) -> dict[tuple[int, int, int], list[tuple[int, int]]]:
        """Return the uses of each edge by (source, target, position).

        Two single values have an edge per use, groups one edge for all of them, at position -1.
        """
        uses: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for node, parents in enumerate(self.parents):
            for position, parent in enumerate(parents):
                source, target = groups[parent], groups[node]
                if source is None or target is None or source == target:
                    continue
                single = isinstance(source, int) and isinstance(target, int)
                key = (box_of[source], box_of[target], position if single else -1)
                uses.setdefault(key, []).append((node, position))
        return uses

    def _labels(
        self,
        ends: Sequence[Edge],
        uses: Sequence[list[tuple[int, int]]],
        boxes: Sequence[ViewBox],
    ) -> list[tuple[str, bool]]:
        """Return the label of each edge, "" unless it has a single use, and True if it is hidden."""
        between_groups = [all(boxes[box].group for box in end) for end in ends]
        crowded = sum(between_groups) > MAX_LABELS
        return [
            ("" if len(used) > 1 else self.labels[used[0][0]][used[0][1]], crowded and inner)
            for used, inner in zip(uses, between_groups, strict=True)
        ]

    def _size(self, group: int | Scope, members: Sequence[int]) -> tuple[float, float]:
        head, sign = (
            (self.heads[group], self.symbols[group])
            if isinstance(group, int)
            else (".".join(group), "")
        )
        width = (columns(head) + columns(sign)) * ADVANCE + PAD + (CHIP_PAD if sign else 0.0)
        height = HEIGHT if head else LOW_HEIGHT
        is_leaf = isinstance(group, int) and head and not sign
        if is_leaf or members[-1] == len(self.parents) - 1:
            height += SLIDER  # a leaf and the result can be dragged
        return round(max(MIN_WIDTH, width), 1), height

    def _out(self, members: list[int]) -> int:
        inside = set(members)
        outs = [
            node
            for node in members
            if not self.users[node] or not inside.issuperset(self.users[node])
        ]
        return outs[0] if len(outs) == 1 else -1


def _frames(layout: Layout) -> list[tuple[str, float, float, float, float]]:
    return [
        (frame.name, *rounded(frame.corner), *rounded((frame.width, frame.height)))
        for frame in layout.frames
    ]
