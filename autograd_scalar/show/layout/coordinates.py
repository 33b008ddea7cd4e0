"""Coordinates: heights by least squares that keep boxes apart, layers side by side, routes through the bends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import fsum

from autograd_scalar.show.layout.folding import Fold, folded
from autograd_scalar.show.layout.geometry import Layout, Point, without_repeats
from autograd_scalar.show.layout.layers import LayeredGraph
from autograd_scalar.show.layout.ports import resolved_ports

NODE_GAP = 14.0
#: Gaps widen for steep edges: by this share of the steepest rise across them, up to MAX_GAP.
RISE_SHARE, MAX_GAP = 0.15, 180.0
SETTLING_SWEEPS = 8
#: Weight of a vertex without neighbours on the side that pulls.
WEAK = 0.1


def settle(graph: LayeredGraph) -> list[float]:
    """Return the height of each vertex: near its neighbours, in the order of its layer, NODE_GAP apart."""
    y = [0.0] * len(graph.heights)
    offsets: list[list[float]] = []  # from the top of each layer, packed closely
    for layer in graph.layers:
        gaps = (
            (graph.heights[above] + graph.heights[below]) / 2 + NODE_GAP
            for above, below in pairwise(layer)
        )
        offsets.append(list(accumulate(gaps, initial=0.0)))
        for vertex, offset in zip(layer, offsets[-1], strict=False):
            y[vertex] = offset - offsets[-1][-1] / 2
    for sweep in range(SETTLING_SWEEPS):
        indices = range(len(graph.layers))
        for index in indices if sweep % 2 else reversed(indices):
            layer = graph.layers[index]
            wishes, weights = [], []
            for vertex in layer:
                # The first sweep pulls towards the uses only, the second towards the operands only.
                segments = graph.outs[vertex] if sweep != 1 else []
                segments = segments + graph.ins[vertex] if sweep else segments
                weight = fsum(segment.pull for segment in segments)
                pulled = fsum(
                    (y[segment.other] + segment.other_port - segment.port) * segment.pull
                    for segment in segments
                )
                wishes.append(pulled / weight if segments else y[vertex])
                weights.append(weight if segments else WEAK)
            settled = nearest_heights(wishes, weights, offsets[index])
            for vertex, height in zip(layer, settled, strict=True):
                y[vertex] = height
    return y


def nearest_heights(
    wishes: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """Return the heights nearest to the wishes in weighted least squares, at least `offsets` apart.

    Heights minus offsets must not decrease: an isotonic regression, solved exactly by pooling
    adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, count
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, more = pools.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + more
        pools.append((mean, weight, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def place(
    graph: LayeredGraph, y: Sequence[float], layer_gap: float, max_width: float | None = None
) -> Layout:
    """Return the layout with the top at height 0, given the settled heights.

    A layout wider than `max_width` is folded into rows.
    """
    halves = [height / 2 for height in graph.heights]
    top = min((height - half for height, half in zip(y, halves, strict=True)), default=0.0)
    y = [height - top for height in y]
    bottom = max((height + half for height, half in zip(y, halves, strict=True)), default=0.0)
    spans = _layer_spans(graph, y, layer_gap)
    right = spans[-1][1] if spans else 0.0
    fold = None if max_width is None else folded(graph, spans, y, max_width)
    if fold:
        y, spans, right, bottom = fold.y, fold.spans, fold.width, fold.height
    nodes = range(len(graph.sizes))
    centres = [(fsum(spans[graph.layer_of[node]]) / 2, y[node]) for node in nodes]
    return Layout(right, bottom, centres, _routes(graph, y, centres, spans, fold), [])


def _layer_spans(
    graph: LayeredGraph, y: Sequence[float], layer_gap: float
) -> list[tuple[float, float]]:
    """Return the left and right edge of each layer."""
    nodes = range(len(graph.sizes))
    widths = [
        max((graph.sizes[vertex][0] for vertex in layer if vertex in nodes), default=0.0)
        for layer in graph.layers
    ]
    spans: list[tuple[float, float]] = []
    right = 0.0
    for index, layer in enumerate(graph.layers):
        if index:
            rises = (abs(y[v] - y[segment.other]) for v in layer for segment in graph.ins[v])
            room = min(RISE_SHARE * max(rises, default=0.0), MAX_GAP)
            # Nodes without a width are gates, which need half the gap.
            right += max(room, layer_gap if widths[index - 1] and widths[index] else layer_gap / 2)
        spans.append((right, right + widths[index]))
        right = spans[-1][1]
    return spans


def _routes(
    graph: LayeredGraph,
    y: Sequence[float],
    centres: Sequence[Point],
    spans: Sequence[tuple[float, float]],
    fold: Fold | None,
) -> list[list[Point]]:
    """Return the route of each edge, level within every layer that it passes."""
    routes = []
    for chain, (out, into), edge in zip(
        graph.chains, resolved_ports(graph, y), graph.edges, strict=True
    ):
        source, target = chain[0], chain[-1]
        heights = [y[source] + out, *(y[bend] for bend in chain[1:-1]), y[target] + into]
        route = [(centres[source][0] + graph.sizes[source][0] / 2, heights[0])]
        for place, (vertex, height) in enumerate(zip(chain, heights, strict=True)):
            left, right = spans[graph.layer_of[vertex]]
            if place:
                before = chain[place - 1]
                row = fold.row_of[graph.layer_of[vertex]] if fold else 0
                if fold and fold.row_of[graph.layer_of[before]] != row:
                    route += fold.detour(before, row, heights[place - 1], height)
                route.append((left, height))
            if vertex != target:
                route.append((right, height))
        route.append((centres[target][0] - graph.sizes[target][0] / 2, heights[-1]))
        routes.append(without_repeats(route if edge[0] == source else route[::-1]))
    return routes
