"""Positions of a network's cells: a column for each layer, in a width that a phone shows unscaled.

Large layers and deep networks are folded: a column shows the first cells and how many more there are, a picture the
first and last layers and how many lie between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.layout.text import columns
from autograd_scalar.show.network.colours import signed
from autograd_scalar.show.network.picture import NetworkPicture
from autograd_scalar.show.network.structure import Network

#: Maximum number of cells in a column and of columns; of a deeper network the first and last layers are shown.
MAX_CELLS, MAX_COLUMNS, LAST = 16, 6, 2
#: Width at which the picture is shown unscaled on a phone, and limits of the gap between columns.
WIDTH, MIN_GAP, MAX_GAP = 352.0, 14.0, 72.0
#: Sizes of a cell with a number in it, of a cell with a map, and of the output's map where there is room for it.
CELL, MAP, OUTPUT_MAP = (40.0, 24.0), (38.0, 38.0), (76.0, 76.0)
#: Height of a line of text, and the width of one column of it.
LINE, ADVANCE = 13.0, 6.05
GAP = 7.0
#: Maximum number of columns of a label.
MAX_LABEL = 11
#: Maximum number of links between two columns that have their weight beside them.
MAX_LABELLED = 9
MAX_LABELLED_LAYERS = 3
HEAD = 2 * LINE + 8.0
MARGIN = 10.0


class Place(NamedTuple):
    """The position of a cell: its number, its centre, its size, and the lines of text under it."""

    cell: int
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


class Column(NamedTuple):
    """A layer: its number, its centre, half its width with labels, the cells shown, and the number of those hidden."""

    layer: int
    x: float
    half: float
    places: list[Place]
    hidden: int


class NetworkLayout(NamedTuple):
    """The columns and the size without the legend; `fold` is the centre of the note about hidden layers, if any."""

    columns: list[Column]
    fold: float | None
    hidden_layers: int
    width: float
    height: float
    is_labelled: bool  # links have their numbers beside them


def arrange(picture: NetworkPicture) -> NetworkLayout:
    """Return the layout of a picture."""
    layers = picture.network.layers
    shown: list[int | None] = [*range(len(layers))]  # None is the note about hidden layers
    if len(layers) > MAX_COLUMNS:
        shown[MAX_COLUMNS - 1 - LAST : -LAST] = [None]
    is_labelled = _is_labelled(picture.network)
    rows = [[] if i is None else _cells(picture, layers[i], is_labelled) for i in shown]
    halves = [max([CELL[0] / 2, *map(_half, places)]) for places in rows]
    heights = [
        _height(places, i is not None and len(layers[i]) > len(places))
        for i, places in zip(shown, rows, strict=True)
    ]
    gap = (WIDTH - 2 * sum(halves)) / max(1, len(shown) - 1)
    gap = max(MIN_GAP, min(MAX_GAP, gap))
    found, fold, left, tallest = [], None, MARGIN, max(heights)
    for layer, places, half, height in zip(shown, rows, halves, heights, strict=True):
        x, left = left + half, left + 2 * half + gap
        if layer is None:
            fold = x
            continue
        stacked = [*_stacked(places, x, HEAD + (tallest - height) / 2)]
        found.append(Column(layer, x, half, stacked, len(layers[layer]) - len(places)))
    hidden = len(layers) - len(found)
    return NetworkLayout(found, fold, hidden, left - gap + MARGIN, HEAD + tallest, is_labelled)


def _cells(picture: NetworkPicture, cells: list[int], is_labelled: bool) -> list[Place]:
    """Return the cells of a column that are shown, not yet in their places."""
    kept = cells if len(cells) <= MAX_CELLS else cells[: MAX_CELLS - 2]
    return [_cell(picture, cell, is_labelled) for cell in kept]


def _cell(picture: NetworkPicture, cell: int, is_labelled: bool) -> Place:
    lines = []
    size = CELL
    if picture.maps is not None and picture.network.cells[cell].layer:
        size = OUTPUT_MAP if _has_room(picture.network, cell) else MAP
        lines.append(signed(picture.shown_of_cell(cell)))
    bias = picture.network.cells[cell].bias
    if bias is not None and is_labelled:
        lines.append(f"b {signed(picture.shown(bias))}")
    if cell in picture.labels:
        lines.append(short(picture.labels[cell]))
    return Place(cell, 0.0, 0.0, *size, tuple(lines))


def _has_room(network: Network, cell: int) -> bool:
    return network.outputs == [cell] and len(network.layers) < MAX_COLUMNS - 1


def _is_labelled(network: Network) -> bool:
    """Return True if there are so few links that their numbers fit beside them."""
    links = Counter(network.cells[link.target].layer for link in network.links)
    return max(links.values(), default=0) <= MAX_LABELLED and len(links) <= MAX_LABELLED_LAYERS


def short(label: str, limit: int = MAX_LABEL) -> str:
    """Return a label on one line, with its middle elided if it has more than `limit` columns."""
    label = clean(label)
    if columns(label) <= limit:
        return label
    head, tail = "", ""
    for sign in label:
        if columns(head + sign) > limit // 2:
            break
        head += sign
    for sign in reversed(label):
        if columns(head + sign + tail) > limit - 1:
            break
        tail = sign + tail
    return f"{head}…{tail}"


def _half(place: Place) -> float:
    text = max((columns(line) for line in place.lines), default=0)
    return max(place.width, text * ADVANCE) / 2


def _height(places: list[Place], is_folded: bool) -> float:
    heights = [place.height + LINE * len(place.lines) + GAP for place in places]
    return sum(heights) + (2 * LINE if is_folded else 0.0)


def _stacked(places: list[Place], x: float, top: float) -> Iterator[Place]:
    for place in places:
        yield place._replace(x=x, y=top + place.height / 2)
        top += place.height + LINE * len(place.lines) + GAP
