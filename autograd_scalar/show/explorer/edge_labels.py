"""Labels of edges in the explorer's views: their places on the routes of an arrangement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autograd_scalar.show.layout.geometry import Point, point_on_curve

#: Gap between layers, with room for the labels of edges: side by side, and one above the other.
GAP, DOWN_GAP = 88.0, 46.0
#: Height of the label of an edge, width of a character.
LABEL_HEIGHT, LETTER = 18.0, 6.3

#: The position of a label, and True if it is hidden until requested.
Label = tuple[float, float, bool]


def placed(
    routes: Sequence[Sequence[Point]], labels: Sequence[tuple[str, bool]], *, vertical: bool = False
) -> list[tuple[list[float], Label | None]]:
    """Return each route as flat coordinates, and the position of the label on it, if it has one."""
    placer = _LabelPlacer(vertical)
    return [
        (
            [x for point in map(rounded, route) for x in point],
            placer.place(route, text, is_hidden=is_hidden) if text else None,
        )
        for route, (text, is_hidden) in zip(routes, labels, strict=True)
    ]


class _LabelPlacer:
    """Placement of labels on their edges, without overlaps as far as there is room."""

    def __init__(self, vertical: bool) -> None:
        self.vertical = vertical  # the layout runs from top to bottom
        self.taken: dict[int, list[tuple[float, float, float]]] = {}  # by rows of LABEL_HEIGHT

    def place(self, route: Sequence[Point], text: str, *, is_hidden: bool) -> Label:
        """Return the position of a label, and True if it is hidden, by request or for lack of room."""
        width = len(text) * LETTER + 12.0
        # In the last gap: before it, an edge may share its route with others from its source.
        along, gap = (1, DOWN_GAP) if self.vertical else (0, GAP)
        start, end = [p for p in pairwise(route) if abs(p[1][along] - p[0][along]) > gap / 4][-1]
        shares = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
        spots = [point_on_curve(start, end, share, vertical=self.vertical) for share in shares]
        x, y = next((spot for spot in spots if self._is_free(*spot, width)), spots[0])
        is_hidden = is_hidden or not self._is_free(x, y, width)
        if not is_hidden:
            self.taken.setdefault(int(y // LABEL_HEIGHT), []).append((x, y, width))
        return *rounded((x, y)), is_hidden

    def _is_free(self, x: float, y: float, width: float) -> bool:
        row = int(y // LABEL_HEIGHT)
        near = (label for r in (row - 1, row, row + 1) for label in self.taken.get(r, ()))
        return all(abs(a - x) >= (width + w) / 2 or abs(b - y) >= LABEL_HEIGHT for a, b, w in near)


def rounded(point: Point) -> Point:
    return round(point[0], 1), round(point[1], 1)
