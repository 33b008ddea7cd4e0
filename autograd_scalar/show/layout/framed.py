"""Framed layout: frames around the nodes of each neuron, and around the neurons of each layer.

Every scope is laid out on its own, from the inside out, and takes part in the layout around it as
one node. An edge into a scope enters through a gate on its left and leaves through a gate on its
right, so edges avoid the nodes inside a frame as they do outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd_scalar.show.graph.order import Edge, sorted_nodes
from autograd_scalar.show.graph.scopes import Scope
from autograd_scalar.show.layout.geometry import Frame, Layout, Point, Port, Size, without_repeats
from autograd_scalar.show.layout.layered import arrange
from autograd_scalar.show.layout.layers import BEND_SIZE
from autograd_scalar.show.layout.ports import operand_ports

PAD = 9.0
#: Height of a frame's title, and the width of one letter of it.
TITLE, LETTER = 20.0, 6.7
#: Space between a frame and its nodes on the left, above, and on the right, by the direction into
#: which the layout is turned later: the title stays above the nodes.
PADS = {
    "LR": (PAD, TITLE, PAD),
    "RL": (PAD, TITLE, PAD),
    "TB": (TITLE, PAD, PAD),
    "BT": (PAD, PAD, TITLE),
}


def arrange_framed(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    scopes: Sequence[Scope],
    *,
    layer_gap: float,
    rankdir: str = "LR",
    max_width: float | None = None,
) -> Layout:
    """Return the left-to-right layout (see arrange) with a frame around the nodes of each scope.

    `rankdir` is the direction into which the caller turns the layout: it decides on which side a
    title needs space. Scopes that feed each other in a cycle, as in a recurrent network, get no
    frames.
    """
    if not any(scopes):
        return arrange(sizes, edges, layer_gap=layer_gap, max_width=max_width)
    scoped = _ScopedGraph(sizes, edges, scopes, layer_gap, rankdir, max_width)
    try:
        block = scoped.block("", list(range(len(sizes))), list(range(len(edges))), 0)
    except _CycleError:
        return arrange(sizes, edges, layer_gap=layer_gap, max_width=max_width)
    return Layout(
        block.width,
        block.height,
        [block.centres[node] for node in range(len(sizes))],
        [block.routes[edge] for edge in range(len(edges))],
        list(block.frames),
    )


class _CycleError(Exception):
    """Scopes feed each other in a cycle."""


class _Block(NamedTuple):
    """The nodes of one scope, laid out; positions are relative to the top left corner."""

    width: float
    height: float
    centres: dict[int, Point]
    routes: dict[int, list[Point]]  # of the edges inside
    entries: dict[int, list[Point]]  # of the edges that come in, from the left side on
    exits: dict[int, list[Point]]  # of the edges that leave, up to the right side
    frames: list[Frame]

    def moved(self, dx: float, dy: float) -> _Block:
        def move(routes: dict[int, list[Point]]) -> dict[int, list[Point]]:
            return {edge: [(x + dx, y + dy) for x, y in route] for edge, route in routes.items()}

        return self._replace(
            centres={node: (x + dx, y + dy) for node, (x, y) in self.centres.items()},
            routes=move(self.routes),
            entries=move(self.entries),
            exits=move(self.exits),
            frames=[
                frame._replace(corner=(frame.corner[0] + dx, frame.corner[1] + dy))
                for frame in self.frames
            ],
        )


class _Vertices(NamedTuple):
    """Vertices to arrange at one depth: entry gates, then nodes and inner blocks, then exit gates."""

    sizes: list[Size]
    of_node: dict[int, int]
    gates_in: dict[int, int]  # by the source outside
    gates_out: dict[int, int]  # by the source inside
    blocks: dict[int, _Block]

    def is_entry(self, vertex: int) -> bool:
        return vertex < len(self.gates_in)

    def is_exit(self, vertex: int) -> bool:
        return vertex >= len(self.sizes) - len(self.gates_out)


class _ScopedGraph:
    """A graph whose nodes have scopes; block() lays out one scope, and recursively those inside."""

    def __init__(
        self,
        sizes: Sequence[Size],
        edges: Sequence[Edge],
        scopes: Sequence[Scope],
        layer_gap: float,
        rankdir: str,
        max_width: float | None,
    ) -> None:
        self.sizes, self.edges, self.scopes, self.layer_gap = sizes, edges, scopes, layer_gap
        self.max_width = max_width
        self.ports = operand_ports(sizes, edges)
        self.pads = PADS[rankdir]
        self.horizontal = rankdir in ("LR", "RL")

    def block(self, name: str, nodes: list[int], edges: list[int], depth: int) -> _Block:
        """Return the layout of the nodes of one scope, given the edges that touch them.

        At depth 0 these are all nodes, without a frame around them.
        """
        vertices = self._vertices(nodes, edges, depth)
        crossing, ports = self._crossing(vertices, edges)
        layout = arrange(
            vertices.sizes,
            list(crossing.values()),
            ports=ports,
            first=vertices.gates_in.values(),
            last=vertices.gates_out.values(),
            layer_gap=self.layer_gap,
            max_width=None if depth else self.max_width,
        )
        return self._assembled(name, vertices, crossing, layout, depth)

    def _vertices(self, nodes: list[int], edges: list[int], depth: int) -> _Vertices:
        """Return the vertices of one depth, with the blocks of the scopes inside."""
        items = self._items(nodes, edges, depth)
        here = {node: item for item, (_, inside) in enumerate(items) for node in inside}
        ends = [self.edges[edge] for edge in edges]
        sources = dict.fromkeys(source for source, _ in ends if source not in here)
        leaving = dict.fromkeys(source for source, target in ends if target not in here)
        blocks: dict[int, _Block] = {}
        sizes: list[Size] = [(0.0, BEND_SIZE)] * len(sources)
        for scope, inside in items:
            if scope:
                block = self.block(scope, inside, self._touching(set(inside), edges), depth + 1)
                blocks[len(sizes)] = block
                sizes.append((block.width, block.height))
            else:
                sizes.append(self.sizes[inside[0]])
        sizes += [(0.0, BEND_SIZE)] * len(leaving)
        return _Vertices(
            sizes,
            {node: len(sources) + item for node, item in here.items()},
            {source: gate for gate, source in enumerate(sources)},
            {source: gate for gate, source in enumerate(leaving, len(sources) + len(items))},
            blocks,
        )

    def _crossing(
        self, vertices: _Vertices, edges: list[int]
    ) -> tuple[dict[int, Edge], list[Port]]:
        """Return the edges between two vertices, those within one block left out, and their ports."""
        of_node, blocks = vertices.of_node, vertices.blocks
        crossing: dict[int, Edge] = {}
        ports: list[Port] = []
        for edge in edges:
            source, target = self.edges[edge]
            one = of_node.get(source, vertices.gates_in.get(source, -1))
            other = of_node[target] if target in of_node else vertices.gates_out[source]
            if one == other:
                continue
            crossing[edge] = one, other
            out, into = self.ports[edge]
            if one in blocks:
                out = blocks[one].exits[edge][-1][1] - blocks[one].height / 2
            if other in blocks:
                into = blocks[other].entries[edge][0][1] - blocks[other].height / 2
            ports.append((out if source in of_node else 0.0, into if target in of_node else 0.0))
        return crossing, ports

    def _assembled(
        self,
        name: str,
        vertices: _Vertices,
        crossing: dict[int, Edge],
        layout: Layout,
        depth: int,
    ) -> _Block:
        """Return the block of an arranged depth: inner blocks in place, routes joined to theirs."""
        left, top, right = self.pads if depth else (0.0, 0.0, 0.0)
        whole = self._outline(name, left + layout.width + right, top + layout.height, depth)
        centres = [(x + left, y + top) for x, y in layout.centres]
        blocks: dict[int, _Block] = {}
        for vertex, block in vertices.blocks.items():
            x, y = centres[vertex]
            blocks[vertex] = block.moved(x - block.width / 2, y - block.height / 2)
            whole.centres.update(blocks[vertex].centres)
            whole.routes.update(blocks[vertex].routes)
            whole.frames.extend(blocks[vertex].frames)
        for node, vertex in vertices.of_node.items():
            whole.centres.setdefault(node, centres[vertex])
        for (edge, (one, other)), middle in zip(crossing.items(), layout.routes, strict=True):
            route = [(x + left, y + top) for x, y in middle]
            if one in blocks:
                route = [*blocks[one].exits[edge], *route]
            if other in blocks:
                route = [*route, *blocks[other].entries[edge]]
            if vertices.is_entry(one):
                whole.entries[edge] = without_repeats([(0.0, route[0][1]), *route])
            elif vertices.is_exit(other):
                whole.exits[edge] = without_repeats([*route, (whole.width, route[-1][1])])
            else:
                whole.routes[edge] = without_repeats(route)
        return whole

    def _outline(self, name: str, width: float, height: float, depth: int) -> _Block:
        """Return an empty block, wide enough for its title if it has a frame."""
        if not depth:
            return _Block(width, height, {}, {}, {}, {}, [])
        height += PAD
        title = len(name) * LETTER + 2 * PAD
        if self.horizontal:
            width = max(width, title)
        else:
            height = max(height, title)
        return _Block(width, height, {}, {}, {}, {}, [Frame(name, (0.0, 0.0), width, height)])

    def _items(self, nodes: list[int], edges: list[int], depth: int) -> list[tuple[str, list[int]]]:
        """Return the items of a depth in topological order: (scope's name, nodes) or ("", [node])."""
        inside: dict[str | int, list[int]] = {}
        for node in nodes:
            scope = self.scopes[node]
            inside.setdefault(scope[depth] if len(scope) > depth else node, []).append(node)
        keys = list(inside)
        item_of = {node: item for item, key in enumerate(keys) for node in inside[key]}
        between = [
            (item_of[source], item_of[target])
            for source, target in map(self.edges.__getitem__, edges)
            if source in item_of and target in item_of and item_of[source] != item_of[target]
        ]
        order = sorted_nodes(len(keys), between)
        position = {item: place for place, item in enumerate(order)}
        if any(position[one] > position[other] for one, other in between):
            raise _CycleError
        return [
            (key if isinstance(key, str) else "", inside[key])
            for key in map(keys.__getitem__, order)
        ]

    def _touching(self, nodes: set[int], edges: list[int]) -> list[int]:
        return [edge for edge in edges if nodes.intersection(self.edges[edge])]
