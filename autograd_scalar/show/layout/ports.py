"""Ports: the heights at which edges leave and enter a node."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_scalar.show.graph.order import Edge
from autograd_scalar.show.layout.geometry import Port, Size
from autograd_scalar.show.layout.layers import LayeredGraph

PORT_STEP = 12.0
#: Operand order is kept up to this many edges into a node; above, edges are sorted by height.
MAX_ORDERED = 3


def operand_ports(sizes: Sequence[Size], edges: Sequence[Edge]) -> list[Port]:
    """Return ports that keep up to three edges into a node in order, and repeats side by side."""
    edges_into: dict[int, list[int]] = {}
    for edge, (_, target) in enumerate(edges):
        edges_into.setdefault(target, []).append(edge)
    ports: list[Port] = [(None, None)] * len(edges)
    for target, incoming in edges_into.items():
        if len(incoming) > MAX_ORDERED:
            continue
        sources = [edges[edge][0] for edge in incoming]
        height = sizes[target][1]
        for edge, port in zip(incoming, _spread(len(incoming), height), strict=True):
            source = edges[edge][0]
            scaled = port * min(1.0, sizes[source][1] / height)
            ports[edge] = (scaled if sources.count(source) > 1 else None, port)
    return ports


def resolved_ports(graph: LayeredGraph, y: Sequence[float]) -> list[tuple[float, float]]:
    """Return all ports, the free ones spread over their node so that no edges cross there."""
    free: dict[int, list[int]] = {}
    for edge, ((_, into), chain) in enumerate(zip(graph.ports, graph.chains, strict=True)):
        if into is None:
            free.setdefault(chain[-1], []).append(edge)
    chosen: dict[int, float] = {}
    for target, incoming in free.items():
        incoming.sort(key=lambda edge: y[graph.chains[edge][-2]])
        chosen.update(zip(incoming, _spread(len(incoming), graph.heights[target]), strict=True))
    return [
        (out or 0.0, chosen[edge] if into is None else into)
        for edge, (out, into) in enumerate(graph.ports)
    ]


def _spread(count: int, height: float) -> list[float]:
    step = min(PORT_STEP, height / (count + 1))
    return [(place - (count - 1) / 2) * step for place in range(count)]
