"""Layer assignment: the layer of each node, and a bend in every layer that an edge skips."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from autograd_scalar.show.graph.order import Edge
from autograd_scalar.show.layout.geometry import Port, Size

BEND_SIZE = 4.0
#: Above this total number of bends, edges that skip layers are drawn straight through.
MAX_BENDS = 300_000
#: Pull of a segment by how many of its ends are bends, so that long edges become straight ...
PULL = (1.0, 2.0, 8.0)
#: ... multiplied by the source's depth, up to this, so that the trunk of a tree becomes straight.
TRUNK = 15


class Segment(NamedTuple):
    """The piece of an edge between neighbouring layers, seen from one of its ends."""

    other: int
    port: float
    other_port: float
    pull: float


class LayeredGraph:
    """Vertices (nodes, then bends) in layers, with every edge cut into segments across one gap.

    The attributes: `ins` and `outs` are the segments on the left and right of each vertex, `layers`
    the vertices of each layer from top to bottom, and `chains` the vertices that each edge passes
    through, from left to right.
    """

    def __init__(
        self,
        sizes: Sequence[Size],
        edges: Sequence[Edge],
        ports: Sequence[Port],
        first: Collection[int],
        last: Collection[int],
    ) -> None:
        self.sizes, self.edges = sizes, edges
        #: The edges and their ports, each from left to right.
        self.links = [(min(edge), max(edge)) for edge in edges]
        self.ports = [
            port if edge[0] <= edge[1] else port[::-1]
            for edge, port in zip(edges, ports, strict=True)
        ]
        self.heights = [height for _, height in sizes]
        self.ins: list[list[Segment]] = [[] for _ in sizes]
        self.outs: list[list[Segment]] = [[] for _ in sizes]
        self.chains: list[list[int]] = []
        depth, self.layer_of = _layers(len(sizes), self.links, first, last)
        self._cut(depth)
        self.layers: list[list[int]] = [[] for _ in range(max(self.layer_of, default=-1) + 1)]
        for vertex in self._depth_first():
            self.layers[self.layer_of[vertex]].append(vertex)

    def _cut(self, depth: Sequence[int]) -> None:
        """Cut every edge at its bends; the long edges of one source share theirs."""
        layer_of = self.layer_of
        skips = [layer_of[target] - layer_of[source] - 1 for source, target in self.links]
        if sum(skips) > MAX_BENDS:
            skips = [0] * len(skips)
        bends: dict[int, list[int]] = {}
        cut: set[Edge] = set()
        for (source, target), skip, (out, into) in zip(self.links, skips, self.ports, strict=True):
            shared = bends.setdefault(source, [])
            while len(shared) < skip:
                shared.append(self._add_bend(layer_of[source] + len(shared) + 1))
            chain = [source, *shared[:skip], target]
            self.chains.append(chain)
            for left, right in pairwise(chain):
                if right != target and (left, right) in cut:
                    continue
                cut.add((left, right))
                port = (out or 0.0) if left == source else 0.0
                other_port = (into or 0.0) if right == target else 0.0
                pull = PULL[(left != source) + (right != target)] * (1 + min(depth[source], TRUNK))
                self.outs[left].append(Segment(right, port, other_port, pull))
                self.ins[right].append(Segment(left, other_port, port, pull))

    def _add_bend(self, layer: int) -> int:
        self.layer_of.append(layer)
        self.heights.append(BEND_SIZE)
        self.ins.append([])
        self.outs.append([])
        return len(self.heights) - 1

    def _depth_first(self) -> list[int]:
        """Return all vertices, each before its sources; in this order a tree has no crossing."""
        seen: set[int] = set()
        order: list[int] = []
        for end in (vertex for vertex, outs in enumerate(self.outs) if not outs):
            stack = [end]
            while stack:
                vertex = stack.pop()
                if vertex not in seen:
                    seen.add(vertex)
                    order.append(vertex)
                    stack.extend(segment.other for segment in reversed(self.ins[vertex]))
        return order


def _layers(
    count: int, links: Sequence[Edge], first: Collection[int], last: Collection[int]
) -> tuple[list[int], list[int]]:
    """Return each node's depth and its layer: late, or early where that shortens more edges."""
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
    leftmost, rightmost = min(inner, default=0) - bool(first), max(inner, default=0) + 1
    for node in first:
        layer[node] = leftmost
    for node in last:
        layer[node] = rightmost
    return depth, [place - leftmost for place in layer]
