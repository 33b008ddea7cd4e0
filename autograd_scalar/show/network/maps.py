"""Maps: the value of each neuron over the plane of two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isqrt
from typing import NamedTuple

from autograd_scalar.show.network.structure import Network
from autograd_scalar.value import Value, topological_order

#: Maximum number of values that are evaluated for the maps of a network, and limits of the points along a side.
MAX_WORK, MIN_SIDE, MAX_SIDE = 150_000, 7, 25

Range = tuple[float, float]
Segment = tuple[float, float, float, float]


class Maps(NamedTuple):
    """Each cell at side × side points, row by row from the top, where x2 is largest."""

    side: int
    ranges: tuple[Range, Range]
    values: list[list[float]]
    #: The affine part of each neuron; it is 0 where a relu starts and where a sigmoid is one half.
    affine: list[list[float]]


def maps_of(network: Network, inputs: Sequence[Value], ranges: tuple[Range, Range]) -> Maps:
    """Return the maps of a network with two inputs. Its values are computed again, then restored."""
    first, second = inputs
    before = first.data, second.data
    work = len(topological_order(network.root))
    side = max(MIN_SIDE, min(MAX_SIDE, isqrt(MAX_WORK // work)))
    values: list[list[float]] = [[] for _ in network.cells]
    affine: list[list[float]] = [[] for _ in network.cells]
    try:
        for y in reversed(points(ranges[1], side)):
            for x in points(ranges[0], side):
                first.data, second.data = x, y
                network.root.recompute()
                for place, cell in enumerate(network.cells):
                    values[place].append(cell.value.data)
                    affine[place].append(cell.affine.data)
    finally:
        first.data, second.data = before
        network.root.recompute()
    return Maps(side, ranges, values, affine)


def points(ends: Range, count: int) -> list[float]:
    """Return evenly spaced numbers, the ends included."""
    low, high = ends
    return [low + (high - low) * i / (count - 1) for i in range(count)]


def zero_line(values: Sequence[float], side: int) -> list[Segment]:
    """Return the line on which a map is 0, as segments (x, y, x, y) in a square of side 1, y downwards.

    >>> zero_line([-1.0, 1.0, -1.0, 3.0], 2)
    [(0.5, 0.0, 0.25, 1.0)]
    """
    above = [x > 0.0 for x in values]
    segments = []
    for row in range(side - 1):
        for column in range(side - 1):
            at = row * side + column
            if above[at] == above[at + 1] == above[at + side] == above[at + side + 1]:
                continue
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
            crossed = []
            for (x, y), (a, b) in zip(corners, corners[1:] + corners[:1], strict=True):
                here, there = values[y * side + x], values[b * side + a]
                if isfinite(here - there) and (here > 0.0) != (there > 0.0):
                    share = here / (here - there)
                    crossed.append(
                        ((x + share * (a - x)) / (side - 1), (y + share * (b - y)) / (side - 1))
                    )
            pairs = zip(crossed[::2], crossed[1::2], strict=False)
            segments += [(*start, *end) for start, end in pairs]
    return segments
