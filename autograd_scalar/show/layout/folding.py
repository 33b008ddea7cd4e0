"""Folding: a layout that is too wide continues in rows below, as the lines of a text do.

An edge from one row to the next leaves on the right, runs back between the rows, and enters on the left. A layout is
cut only where few edges cross, so a dense one stays as wide as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from autograd_scalar.show.layout.geometry import Point
from autograd_scalar.show.layout.layers import LayeredGraph

#: Width of a row as a share of the width above which a layout is folded.
ROW_SHARE = 0.75
#: Maximum number of edges that run back between two rows.
MAX_TRACKS = 4
#: Space beside and between rows, and from one track to the next.
SIDE, TRACK = 14.0, 7.0


class Fold(NamedTuple):
    """Rows of layers: the place of each layer and vertex, and the tracks between rows."""

    row_of: list[int]  # by layer
    spans: list[tuple[float, float]]  # left and right edge of each layer, in its row
    y: list[float]  # by vertex
    width: float
    height: float
    left: float  # where the rows start; on their left and right are tracks
    right: float
    tracks: Mapping[tuple[int, int], int]  # by row that is entered and vertex that is left
    tops: list[float]  # of the space above each row, where tracks run back

    def detour(self, source: int, row: int, start: float, end: float) -> list[Point]:
        """Return the points of a path, around the rows, from a height in an earlier row to a height in a later one."""
        track = self.tracks[row, source]
        behind = self.right + SIDE + TRACK * track
        back = self.tops[row] + SIDE + TRACK * track
        count = sum(1 for other, _ in self.tracks if other == row)
        before = self.left - SIDE - TRACK * (count - 1 - track)
        return [(behind, start), (behind, back), (before, back), (before, end)]


def folded(
    graph: LayeredGraph,
    spans: Sequence[tuple[float, float]],
    y: Sequence[float],
    max_width: float,
) -> Fold | None:
    """Return the rows of a layout wider than `max_width`; None if it is not, or cannot be cut."""
    row_of = _rows(graph, spans, max_width)
    if row_of[-1] == 0:
        return None
    # The topmost edge takes the outermost track, so that the tracks of one space do not cross.
    crossing: dict[tuple[int, int], float] = {}
    for chain in graph.chains:
        for source, target in pairwise(chain):
            row = row_of[graph.layer_of[target]]
            if row_of[graph.layer_of[source]] != row:
                crossing[row, source] = y[source]
    tracks: dict[tuple[int, int], int] = {}
    for row, source in sorted(crossing, key=lambda key: (key[0], -crossing[key])):
        tracks[row, source] = sum(1 for other, _ in tracks if other == row)
    most = max(tracks.values(), default=0)
    left = 2 * SIDE + TRACK * most
    starts = {row: spans[layer][0] for layer, row in reversed([*enumerate(row_of)])}
    placed = [
        (left + a - starts[row], left + b - starts[row])
        for (a, b), row in zip(spans, row_of, strict=True)
    ]
    heights, tops, bottom = _stacked(graph, row_of, y, tracks)
    right = max(b for _, b in placed)
    return Fold(row_of, placed, heights, right + left, bottom, left, right, tracks, tops)


def _rows(graph: LayeredGraph, spans: Sequence[tuple[float, float]], max_width: float) -> list[int]:
    """Return the row of each layer: rows of similar widths, cut where the fewest edges cross."""
    total = spans[-1][1] if spans else 0.0
    crossing = [sum(1 for vertex in layer if graph.outs[vertex]) for layer in graph.layers]
    row_of: list[int] = []
    start = 0
    while start < len(spans):
        rest = total - spans[start][0]
        rows = ceil(rest / (max_width * ROW_SHARE)) if total > max_width else 1
        width = rest / rows
        reach = [
            layer
            for layer in range(start, len(spans) - 1)
            if 0.7 * width <= spans[layer][1] - spans[start][0] <= 1.1 * width
        ]
        good = [layer for layer in reach if crossing[layer] <= MAX_TRACKS]
        if rows == 1:
            end = len(spans) - 1
        elif good:
            end = min(good, key=lambda layer: (crossing[layer], -layer))
        else:  # no cut here: the row extends to the next possible one
            later = range(max(reach, default=start), len(spans) - 1)
            end = next((i for i in later if crossing[i] <= MAX_TRACKS), len(spans) - 1)
        row_of += [row_of[-1] + 1 if row_of else 0] * (end + 1 - start)
        start = end + 1
    return row_of or [0]


def _stacked(
    graph: LayeredGraph,
    row_of: Sequence[int],
    y: Sequence[float],
    tracks: Mapping[tuple[int, int], int],
) -> tuple[list[float], list[float], float]:
    """Return the heights of all vertices with the rows below each other, the space above each row, and the bottom."""
    members: list[list[int]] = [[] for _ in range(row_of[-1] + 1)]
    for vertex, layer in enumerate(graph.layer_of):
        members[row_of[layer]].append(vertex)
    placed = list(y)
    tops: list[float] = []
    bottom = 0.0
    for row, vertices in enumerate(members):
        tops.append(bottom)
        count = sum(1 for other, _ in tracks if other == row)
        first = bottom + (2 * SIDE + TRACK * (count - 1) if row else 0.0)
        shift = first - min(y[vertex] - graph.heights[vertex] / 2 for vertex in vertices)
        for vertex in vertices:
            placed[vertex] = y[vertex] + shift
        bottom = max(placed[vertex] + graph.heights[vertex] / 2 for vertex in vertices)
    return placed, tops, bottom
