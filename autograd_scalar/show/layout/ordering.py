"""Crossing reduction: the order of the vertices within each layer."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from math import fsum

from autograd_scalar.show.layout.layers import LayeredGraph, Segment

#: Maximum number of sweeps, and of segments that all sweeps together may visit.
MAX_SWEEPS, MAX_SWEPT = 12, 60_000


def reduce_crossings(graph: LayeredGraph) -> None:
    """Reorder graph.layers by barycentre sweeps, and keep the best order found."""
    layers = graph.layers
    place = [0.0] * len(graph.heights)
    for layer in layers:
        for index, vertex in enumerate(layer):
            place[vertex] = index
    best, fewest = [list(layer) for layer in layers], _crossings(graph, place)
    segments = sum(map(len, graph.outs))
    for sweep in range(max(2, min(MAX_SWEEPS, MAX_SWEPT // (segments + 1)))):
        if fewest == 0:
            break
        leftwards = sweep % 2 == 0
        neighbours = graph.outs if leftwards else graph.ins
        for index in range(len(layers) - 2, -1, -1) if leftwards else range(1, len(layers)):
            _sort_layer(graph, index, neighbours, place)
        if (count := _crossings(graph, place)) < fewest:
            best, fewest = [list(layer) for layer in layers], count
    graph.layers = best


def _sort_layer(
    graph: LayeredGraph, index: int, neighbours: Sequence[list[Segment]], place: list[float]
) -> None:
    """Sort a layer by barycentres; vertices without neighbours on that side keep their place."""
    heights = graph.heights

    def barycentre(vertex: int) -> float:
        # A port weighs less than a place, so it decides only between neighbours.
        ends = (
            place[segment.other]
            + (segment.other_port - segment.port) / (heights[segment.other] + 1.0)
            for segment in neighbours[vertex]
        )
        return fsum(ends) / len(neighbours[vertex])

    layer = graph.layers[index]
    ranked = iter(sorted((vertex for vertex in layer if neighbours[vertex]), key=barycentre))
    graph.layers[index] = [next(ranked) if neighbours[v] else v for v in layer]
    for spot, vertex in enumerate(graph.layers[index]):
        place[vertex] = spot


def _crossings(graph: LayeredGraph, place: Sequence[float]) -> int:
    """Return the number of segment crossings in all gaps between layers."""
    total = 0
    for layer in graph.layers[:-1]:
        met: list[list[float]] = []
        for vertex in layer:
            outs = graph.outs[vertex]
            for _, *end in sorted((s.port, place[s.other], s.other_port) for s in outs):
                total += len(met) - bisect_right(met, end)
                insort(met, end)
    return total
