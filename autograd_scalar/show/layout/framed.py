"""A layout in which the nodes of a neuron, and the neurons of a layer, stand in frames.

Each frame is laid out on its own, from the inside out, and then takes part in the layout around it
as one node. An edge into a frame enters at a gate on its left, one out of it leaves by a gate on
its right, so that edges go around nodes inside the frame as they do outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd_scalar.show.graph.order import Edge, forwards
from autograd_scalar.show.graph.scopes import Scope
from autograd_scalar.show.layout.layered import (
    BEND_SIZE,
    Frame,
    Layout,
    Point,
    Port,
    Size,
    arrange,
    joined,
    operand_ports,
)

PAD = 9.0
#: Room for a frame's name, and for one letter of it.
TITLE, LETTER = 20.0, 6.7


class _Block(NamedTuple):
    """Some nodes laid out together, with positions from the top left corner."""

    width: float
    height: float
    centres: dict[int, Point]
    courses: dict[int, list[Point]]  # of the edges that stay inside
    ways_in: dict[int, list[Point]]  # of those that come in, from the left side on
    ways_out: dict[int, list[Point]]
    frames: list[Frame]

    def moved(self, dx: float, dy: float) -> _Block:
        def move(courses: dict[int, list[Point]]) -> dict[int, list[Point]]:
            return {edge: [(x + dx, y + dy) for x, y in course] for edge, course in courses.items()}

        return self._replace(
            centres={node: (x + dx, y + dy) for node, (x, y) in self.centres.items()},
            courses=move(self.courses),
            ways_in=move(self.ways_in),
            ways_out=move(self.ways_out),
            frames=[
                frame._replace(corner=(frame.corner[0] + dx, frame.corner[1] + dy))
                for frame in self.frames
            ],
        )


def arrange_framed(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    scopes: Sequence[Scope],
    *,
    layer_gap: float,
    rankdir: str = "LR",
) -> Layout:
    """Return the layout, left to right (see arrange), with a frame around each scope's nodes.

    `rankdir` says how it will be turned, and so on which side a title needs its room. Frames that
    feed each other in a circle, as in a recurrent network, are left out.
    """
    if not any(scopes):
        return arrange(sizes, edges, layer_gap=layer_gap)
    nest = _Nest(sizes, edges, scopes, layer_gap, rankdir)
    try:
        block = nest.block("", list(range(len(sizes))), list(range(len(edges))), 0)
    except _CycleError:
        return arrange(sizes, edges, layer_gap=layer_gap)
    return Layout(
        block.width,
        block.height,
        [block.centres[node] for node in range(len(sizes))],
        [block.courses[edge] for edge in range(len(edges))],
        list(block.frames),
    )


class _CycleError(Exception):
    pass


class _Nest:
    def __init__(
        self,
        sizes: Sequence[Size],
        edges: Sequence[Edge],
        scopes: Sequence[Scope],
        layer_gap: float,
        rankdir: str,
    ) -> None:
        self.sizes, self.edges, self.scopes, self.layer_gap = sizes, edges, scopes, layer_gap
        self.ports = operand_ports(sizes, edges)
        #: Between a frame and what is in it, on the left, above, on the right.
        self.pads = {
            "LR": (PAD, TITLE, PAD),
            "RL": (PAD, TITLE, PAD),
            "TB": (TITLE, PAD, PAD),
            "BT": (PAD, PAD, TITLE),
        }[rankdir]
        self.upright = rankdir in ("LR", "RL")

    def block(self, name: str, nodes: list[int], edges: list[int], depth: int) -> _Block:
        """Return the layout of the nodes of one scope, given the edges that touch them.

        At depth 0 these are all the nodes, and there is no frame around them.
        """
        ends = {edge: self.edges[edge] for edge in edges}
        items = self._items(nodes, edges, depth)
        here = {node: item for item, (_, inside) in enumerate(items) for node in inside}
        sources = dict.fromkeys(source for source, target in ends.values() if source not in here)
        leavers = dict.fromkeys(source for source, target in ends.values() if target not in here)
        # Gates are the first and the last of what is arranged, one for each node that needs it.
        place = {node: len(sources) + item for node, item in here.items()}
        gates_in = {source: gate for gate, source in enumerate(sources)}
        gates_out = {node: gate for gate, node in enumerate(leavers, len(sources) + len(items))}
        blocks: dict[int, _Block] = {}
        sizes: list[Size] = [(0.0, BEND_SIZE)] * len(sources)
        for scope, inside in items:
            if scope:
                block = self.block(scope, inside, self._touching(set(inside), edges), depth + 1)
                blocks[len(sizes)] = block
                sizes.append((block.width, block.height))
            else:
                sizes.append(self.sizes[inside[0]])
        sizes += [(0.0, BEND_SIZE)] * len(leavers)

        crossing: dict[int, Edge] = {}  # the edges that are not wholly inside one of the blocks
        ports: list[Port] = []
        for edge, (source, target) in ends.items():
            one = place.get(source, gates_in.get(source, -1))
            other = place[target] if target in place else gates_out[source]
            if one != other:
                crossing[edge] = one, other
                out, into = self.ports[edge]
                if one in blocks:
                    out = blocks[one].ways_out[edge][-1][1] - blocks[one].height / 2
                if other in blocks:
                    into = blocks[other].ways_in[edge][0][1] - blocks[other].height / 2
                ports.append((out if source in here else 0.0, into if target in here else 0.0))
        layout = arrange(
            sizes,
            list(crossing.values()),
            ports=ports,
            first=gates_in.values(),
            last=gates_out.values(),
            layer_gap=self.layer_gap,
        )
        left, top, right = self.pads if depth else (0.0, 0.0, 0.0)
        whole = self._outline(name, left + layout.width + right, top + layout.height, depth)
        centres = [(x + left, y + top) for x, y in layout.centres]
        for item, block in blocks.items():
            x, y = centres[item]
            blocks[item] = block.moved(x - block.width / 2, y - block.height / 2)
            whole.centres.update(blocks[item].centres)
            whole.courses.update(blocks[item].courses)
            whole.frames.extend(blocks[item].frames)
        for node, item in place.items():
            whole.centres.setdefault(node, centres[item])
        for (edge, (one, other)), middle in zip(crossing.items(), layout.courses, strict=True):
            course = [(x + left, y + top) for x, y in middle]
            if one in blocks:
                course = [*blocks[one].ways_out[edge], *course]
            if other in blocks:
                course = [*course, *blocks[other].ways_in[edge]]
            if one < len(sources):
                whole.ways_in[edge] = joined([(0.0, course[0][1]), *course])
            elif other >= len(sources) + len(items):
                whole.ways_out[edge] = joined([*course, (whole.width, course[-1][1])])
            else:
                whole.courses[edge] = joined(course)
        return whole

    def _outline(self, name: str, width: float, height: float, depth: int) -> _Block:
        """Return a block without content, wide enough for its title if it has a frame."""
        if not depth:
            return _Block(width, height, {}, {}, {}, {}, [])
        height += PAD
        title = len(name) * LETTER + 2 * PAD
        width, height = (max(width, title), height) if self.upright else (width, max(height, title))
        return _Block(width, height, {}, {}, {}, {}, [Frame(name, (0.0, 0.0), width, height)])

    def _items(self, nodes: list[int], edges: list[int], depth: int) -> list[tuple[str, list[int]]]:
        """Return what stands side by side at a depth: (scope's name, nodes) or ("", [node])."""
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
        order = forwards(len(keys), between)
        position = {item: place for place, item in enumerate(order)}
        if any(position[one] > position[other] for one, other in between):
            raise _CycleError
        return [
            (key if isinstance(key, str) else "", inside[key])
            for key in map(keys.__getitem__, order)
        ]

    def _touching(self, nodes: set[int], edges: list[int]) -> list[int]:
        return [edge for edge in edges if nodes.intersection(self.edges[edge])]
