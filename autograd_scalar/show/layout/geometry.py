"""Points, routes, frames, and the finished layout of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

Point = tuple[float, float]
Size = tuple[float, float]
#: Offsets from the node centres at which an edge leaves its source and enters its target, measured
#: across the direction of the layout; None leaves the choice to the layout.
Port = tuple[float | None, float | None]

RANKDIRS = ("LR", "RL", "TB", "BT")


class Frame(NamedTuple):
    """A titled rectangle around the nodes of one scope."""

    name: str
    corner: Point  # top left
    width: float
    height: float


class Layout(NamedTuple):
    """The size of a drawing, the centre of each node, the route of each edge, and the frames.

    A route has two or more points. Consecutive points are joined by a curve that is level at both
    ends (along the direction of the layout), and so by a straight line where their heights agree.
    """

    width: float
    height: float
    centres: list[Point]
    routes: list[list[Point]]
    frames: list[Frame]

    def turned(self, rankdir: str) -> Layout:
        """Return this left-to-right layout turned into another direction."""
        width, height = self.width, self.height
        turns: dict[str, Callable[[float, float], Point]] = {
            "LR": lambda x, y: (x, y),
            "RL": lambda x, y: (width - x, y),
            "TB": lambda x, y: (y, x),
            "BT": lambda x, y: (y, width - x),
        }
        turn = turns[rankdir]
        vertical = rankdir in ("TB", "BT")
        frames = []
        for name, (x, y), along, across in self.frames:
            one, other = turn(x, y), turn(x + along, y + across)
            corner = (min(one[0], other[0]), min(one[1], other[1]))
            frames.append(Frame(name, corner, *((across, along) if vertical else (along, across))))
        return Layout(
            *((height, width) if vertical else (width, height)),
            [turn(x, y) for x, y in self.centres],
            [[turn(x, y) for x, y in route] for route in self.routes],
            frames,
        )


def without_repeats(route: Sequence[Point]) -> list[Point]:
    """Return a route without points that coincide with their predecessor."""
    kept = (b for a, b in pairwise(route) if abs(b[0] - a[0]) + abs(b[1] - a[1]) > 0.01)
    return [route[0], *kept]


def point_on_curve(start: Point, end: Point, share: float, *, vertical: bool = False) -> Point:
    """Return the point at parameter `share`, from 0 to 1, of the cubic between two points of a route.

    The control points lie midway along the direction of the layout, so the curve is level at both
    ends.
    """
    rest = 1.0 - share
    across = rest**3 + 3 * rest**2 * share  # the start's weight across the direction
    along = rest**3 + 1.5 * rest * share  # and along it, where both controls lie in the middle
    weights = (across, along) if vertical else (along, across)
    x, y = (a * w + b * (1.0 - w) for a, b, w in zip(start, end, weights, strict=True))
    return x, y
