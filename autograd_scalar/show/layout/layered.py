"""Positions for a drawing in layers: plain numbers in, plain numbers out, and no package needed.

The classical four steps. A node's layer is its distance from the end, so that edges are short; an
edge that skips layers gets a bend in each; the order within a layer is improved by sweeps of
barycentres while crossings are counted; coordinates pull every node to the mean of its neighbours
as far as the room between nodes allows, which for one layer is an isotonic regression, and exact.

Everything is worked out for edges that run to the right; other directions are turned at the end.
The file is long because the steps share one graph of nodes and bends that nobody else should see.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from autograd_scalar.show.graph.order import Edge

Point = tuple[float, float]
Size = tuple[float, float]
#: How far across from the centres an edge leaves its source and meets its target; None is free.
Port = tuple[float | None, float | None]

RANKDIRS = ("LR", "RL", "TB", "BT")
NODE_GAP = 14.0
BEND_SIZE = 4.0
LAYER_GAP = 44.0
#: Steep edges get more room: this much of the steepest rise between two layers, up to WIDEST_GAP.
RISE_ROOM, WIDEST_GAP = 0.15, 180.0
PORT_STEP = 12.0
#: So many sweeps, or fewer where more than this many edges would be looked at in all.
SWEEPS, MOST_SWEPT = 12, 60_000
SETTLINGS = 8
#: How hard an edge pulls, by how many of its ends are bends: long edges become straight.
PULL = (1.0, 2.0, 8.0)
#: ... and by how much stands before it, up to this depth: the trunk of a tree becomes straight.
TRUNK = 15
#: Where edges would bend more often than this in all, the long ones are drawn straight through.
MOST_BENDS = 300_000


class Frame(NamedTuple):
    """A named rectangle around nodes that belong together."""

    name: str
    corner: Point  # the top left one
    width: float
    height: float


class Layout(NamedTuple):
    """Where everything goes: the whole's size, each node's centre, each edge's course, frames.

    A course is two points or more; between one and the next runs a curve that is level at both
    ends (along the direction of the layout), so a straight line where they are at one height.
    """

    width: float
    height: float
    centres: list[Point]
    courses: list[list[Point]]
    frames: list[Frame]

    def turned(self, rankdir: str) -> Layout:
        """Return this layout, which runs to the right, turned into another direction."""
        width, height = self.width, self.height
        turns: dict[str, Callable[[float, float], Point]] = {
            "LR": lambda x, y: (x, y),
            "RL": lambda x, y: (width - x, y),
            "TB": lambda x, y: (y, x),
            "BT": lambda x, y: (y, width - x),
        }
        turn = turns[rankdir]
        across = rankdir in ("TB", "BT")
        frames = []
        for name, (x, y), along, high in self.frames:
            one, other = turn(x, y), turn(x + along, y + high)
            corner = (min(one[0], other[0]), min(one[1], other[1]))
            frames.append(Frame(name, corner, *((high, along) if across else (along, high))))
        return Layout(
            *((height, width) if across else (width, height)),
            [turn(x, y) for x, y in self.centres],
            [[turn(x, y) for x, y in course] for course in self.courses],
            frames,
        )


def arrange(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    ports: Sequence[Port] | None = None,
    first: Collection[int] = (),
    last: Collection[int] = (),
    layer_gap: float = LAYER_GAP,
) -> Layout:
    """Return the layout, left to right, of nodes of these (width, height) and of these edges.

    Nodes come in topological order; an edge (source, target) that runs against it is drawn too,
    and edges may repeat. Edges into one node come in the order of its operands, and meet it in
    that order while there are at most three. No two nodes overlap. The `first` nodes, which no edge
    enters, get the layer on the far left, the `last` ones, which none leaves, that on the right.

    >>> arrange([(40, 20), (40, 20), (40, 20)], [(0, 2), (1, 2)]).centres
    [(20.0, 10.0), (20.0, 44.0), (104.0, 27.0)]
    """
    graph = _Graph(sizes, edges, operand_ports(sizes, edges) if ports is None else ports)
    graph.cut_into_layers(first, last)
    _reduce_crossings(graph)
    return _place(graph, _settle(graph), layer_gap)


def operand_ports(sizes: Sequence[Size], edges: Sequence[Edge]) -> list[Port]:
    """Return ports that keep up to three edges into a node in order, and repeats side by side."""
    edges_into: dict[int, list[int]] = {}
    for edge, (_, target) in enumerate(edges):
        edges_into.setdefault(target, []).append(edge)
    ports: list[Port] = [(None, None)] * len(edges)
    for target, incoming in edges_into.items():
        if len(incoming) > 3:
            continue
        sources = [edges[edge][0] for edge in incoming]
        height = sizes[target][1]
        for edge, port in zip(incoming, _spread(len(incoming), height), strict=True):
            source = edges[edge][0]
            fits = port * min(1.0, sizes[source][1] / height)
            ports[edge] = (fits if sources.count(source) > 1 else None, port)
    return ports


def _spread(count: int, height: float) -> list[float]:
    step = min(PORT_STEP, height / (count + 1))
    return [(place - (count - 1) / 2) * step for place in range(count)]


class _Segment(NamedTuple):
    """A piece of an edge between neighbouring layers, seen from one of its ends."""

    other: int
    port: float
    other_port: float
    pull: float


class _Graph:
    """Nodes and bends in layers, every edge cut into segments that cross one gap each."""

    def __init__(self, sizes: Sequence[Size], edges: Sequence[Edge], ports: Sequence[Port]) -> None:
        self.sizes, self.edges = sizes, edges
        #: The same, from left to right.
        self.links = [(min(edge), max(edge)) for edge in edges]
        self.ports = [
            port if edge[0] <= edge[1] else port[::-1]
            for edge, port in zip(edges, ports, strict=True)
        ]
        self.heights = [height for _, height in sizes]
        self.ins: list[list[_Segment]] = [[] for _ in sizes]
        self.outs: list[list[_Segment]] = [[] for _ in sizes]
        self.layer_of: list[int] = []
        self.layers: list[list[int]] = []
        #: For each edge, the nodes and bends it goes through.
        self.routes: list[list[int]] = []

    def cut_into_layers(self, first: Collection[int], last: Collection[int]) -> None:
        depth, self.layer_of = _layers(len(self.sizes), self.links, first, last)
        layer_of = self.layer_of
        skips = [layer_of[target] - layer_of[source] - 1 for source, target in self.links]
        if sum(skips) > MOST_BENDS:
            skips = [0] * len(skips)
        bends: dict[int, list[int]] = {}  # of a source: its long edges share them
        cut: set[Edge] = set()
        for (source, target), skip, (out, into) in zip(self.links, skips, self.ports, strict=True):
            shared = bends.setdefault(source, [])
            while len(shared) < skip:
                shared.append(len(self.heights))
                layer_of.append(layer_of[source] + len(shared))
                self.heights.append(BEND_SIZE)
                self.ins.append([])
                self.outs.append([])
            route = [source, *shared[:skip], target]
            self.routes.append(route)
            for left, right in pairwise(route):
                if right != target and (left, right) in cut:
                    continue
                cut.add((left, right))
                port = (out or 0.0) if left == source else 0.0
                other_port = (into or 0.0) if right == target else 0.0
                pull = PULL[(left != source) + (right != target)] * (1 + min(depth[source], TRUNK))
                self.outs[left].append(_Segment(right, port, other_port, pull))
                self.ins[right].append(_Segment(left, other_port, port, pull))
        self.layers = [[] for _ in range(max(layer_of, default=-1) + 1)]
        for vertex in self._as_drawn_by_hand():
            self.layers[layer_of[vertex]].append(vertex)

    def _as_drawn_by_hand(self) -> list[int]:
        """Return all vertices, each before what it is made of: a tree has no crossing then."""
        seen: set[int] = set()
        drawn: list[int] = []
        for end in (vertex for vertex, outs in enumerate(self.outs) if not outs):
            stack = [end]
            while stack:
                vertex = stack.pop()
                if vertex not in seen:
                    seen.add(vertex)
                    drawn.append(vertex)
                    stack.extend(segment.other for segment in reversed(self.ins[vertex]))
        return drawn


def _layers(
    count: int, links: Sequence[Edge], first: Collection[int], last: Collection[int]
) -> tuple[list[int], list[int]]:
    """Return each node's depth, and its layer: late, or early where that shortens more edges."""
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        parents[target].append(source)
        children[source].append(target)
    depth = [0] * count
    for node in range(count):
        depth[node] = max((depth[parent] + 1 for parent in parents[node]), default=0)
    layer = list(depth)
    for node in reversed(range(count)):
        layer[node] = min((layer[child] - 1 for child in children[node]), default=layer[node])
    for node in range(count):
        if len(parents[node]) > len(children[node]) > 0:
            layer[node] = max(layer[parent] + 1 for parent in parents[node])
    inner = [layer[node] for node in range(count) if node not in first and node not in last]
    least, most = min(inner, default=0) - bool(first), max(inner, default=0) + 1
    for node in first:
        layer[node] = least
    for node in last:
        layer[node] = most
    return depth, [number - least for number in layer]


def _reduce_crossings(graph: _Graph) -> None:
    """Reorder graph.layers by sweeps of barycentres, and keep the best order met."""
    layers, heights = graph.layers, graph.heights
    place = [0.0] * len(heights)
    for layer in layers:
        for index, vertex in enumerate(layer):
            place[vertex] = index

    def barycentre(segments: list[_Segment]) -> float:
        # A port counts for less than a place, so it only decides between neighbours.
        ends = (
            place[segment.other]
            + (segment.other_port - segment.port) / (heights[segment.other] + 1.0)
            for segment in segments
        )
        return sum(ends) / len(segments)

    def crossings() -> int:
        total = 0
        for layer in layers[:-1]:
            met: list[list[float]] = []
            for vertex in layer:
                outs = graph.outs[vertex]
                for _, *end in sorted((s.port, place[s.other], s.other_port) for s in outs):
                    total += len(met) - bisect_right(met, end)
                    insort(met, end)
        return total

    best, fewest = [list(layer) for layer in layers], crossings()
    segments = sum(map(len, graph.outs))
    for sweep in range(max(2, min(SWEEPS, MOST_SWEPT // (segments + 1)))):
        if fewest == 0:
            break
        leftwards = sweep % 2 == 0
        neighbours = graph.outs if leftwards else graph.ins
        for index in range(len(layers) - 2, -1, -1) if leftwards else range(1, len(layers)):
            movable = [vertex for vertex in layers[index] if neighbours[vertex]]
            movable.sort(key=lambda vertex: barycentre(neighbours[vertex]))
            ranked = iter(movable)
            layers[index] = [next(ranked) if neighbours[v] else v for v in layers[index]]
            for spot, vertex in enumerate(layers[index]):
                place[vertex] = spot
        if (count := crossings()) < fewest:
            best, fewest = [list(layer) for layer in layers], count
    graph.layers = best


def _settle(graph: _Graph) -> list[float]:
    """Return each vertex's height: near its neighbours, in its layer's order, with room between."""
    y = [0.0] * len(graph.heights)
    offsets: list[list[float]] = []  # from the top of each layer, packed closely
    for layer in graph.layers:
        rooms = (
            (graph.heights[above] + graph.heights[below]) / 2 + NODE_GAP
            for above, below in pairwise(layer)
        )
        offsets.append(list(accumulate(rooms, initial=0.0)))
        for vertex, offset in zip(layer, offsets[-1], strict=False):
            y[vertex] = offset - offsets[-1][-1] / 2
    for turn in range(SETTLINGS):
        indices = range(len(graph.layers))
        for index in indices if turn % 2 else reversed(indices):
            layer = graph.layers[index]
            wishes, weights = [], []
            for vertex in layer:
                # First everything goes to where it is used, then to where it comes from.
                segments = graph.outs[vertex] if turn != 1 else []
                segments = segments + graph.ins[vertex] if turn else segments
                weight = sum(segment.pull for segment in segments)
                pulled = sum(
                    (y[segment.other] + segment.other_port - segment.port) * segment.pull
                    for segment in segments
                )
                wishes.append(pulled / weight if segments else y[vertex])
                weights.append(weight if segments else 0.1)
            settled = _nearest(wishes, weights, offsets[index])
            for vertex, height in zip(layer, settled, strict=True):
                y[vertex] = height
    return y


def _nearest(wishes: list[float], weights: list[float], offsets: list[float]) -> list[float]:
    """Return heights nearest to the wishes (least squares) that keep the distances in `offsets`.

    Less their offsets the heights must not fall: an isotonic regression, solved by pooling
    adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, more = pools.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + more
        pools.append((mean, weight, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _place(graph: _Graph, y: list[float], layer_gap: float) -> Layout:
    """Return the layout: heights from 0 down, layers side by side, courses through the bends."""
    halves = [height / 2 for height in graph.heights]
    top = min((height - half for height, half in zip(y, halves, strict=True)), default=0.0)
    y = [height - top for height in y]
    bottom = max((height + half for height, half in zip(y, halves, strict=True)), default=0.0)
    nodes = range(len(graph.sizes))
    widths = [
        max((graph.sizes[vertex][0] for vertex in layer if vertex in nodes), default=0.0)
        for layer in graph.layers
    ]
    spans: list[tuple[float, float]] = []  # the left and right of each layer
    right = 0.0
    for index, layer in enumerate(graph.layers):
        if index:
            rises = (abs(y[v] - y[segment.other]) for v in layer for segment in graph.ins[v])
            room = min(RISE_ROOM * max(rises, default=0.0), WIDEST_GAP)
            # Nodes without a width are gates, which need no room for themselves.
            right += max(room, layer_gap if widths[index - 1] and widths[index] else layer_gap / 2)
        spans.append((right, right + widths[index]))
        right = spans[-1][1]
    centres = [(sum(spans[graph.layer_of[node]]) / 2, y[node]) for node in nodes]
    courses = []
    for route, (out, into), edge in zip(
        graph.routes, _all_ports(graph, y), graph.edges, strict=True
    ):
        source, target = route[0], route[-1]
        start, end = y[source] + out, y[target] + into
        course = [(centres[source][0] + graph.sizes[source][0] / 2, start)]
        course.append((spans[graph.layer_of[source]][1], start))
        for bend in route[1:-1]:
            course += [(x, y[bend]) for x in spans[graph.layer_of[bend]]]
        course.append((spans[graph.layer_of[target]][0], end))
        course.append((centres[target][0] - graph.sizes[target][0] / 2, end))
        courses.append(joined(course if edge[0] == source else course[::-1]))
    return Layout(right, bottom, centres, courses, [])


def joined(course: Sequence[Point]) -> list[Point]:
    """Return a course without the points that repeat the one before."""
    kept = (b for a, b in pairwise(course) if abs(b[0] - a[0]) + abs(b[1] - a[1]) > 0.01)
    return [course[0], *kept]


def _all_ports(graph: _Graph, y: list[float]) -> list[tuple[float, float]]:
    """Return the ports, the free ones spread over their node so that no edges cross there."""
    free: dict[int, list[int]] = {}
    for edge, ((_, into), route) in enumerate(zip(graph.ports, graph.routes, strict=True)):
        if into is None:
            free.setdefault(route[-1], []).append(edge)
    chosen: dict[int, float] = {}
    for target, incoming in free.items():
        incoming.sort(key=lambda edge: y[graph.routes[edge][-2]])
        chosen.update(zip(incoming, _spread(len(incoming), graph.heights[target]), strict=True))
    return [
        (out or 0.0, chosen[edge] if into is None else into)
        for edge, (out, into) in enumerate(graph.ports)
    ]
