"""SVG of a network, without CSS, on a transparent background that suits light and dark pages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from autograd_scalar.show.layout.text import FONT, columns
from autograd_scalar.show.network.colours import (
    NEGATIVE,
    POSITIVE,
    Colour,
    diverging,
    hexadecimal,
    image,
    ink_on,
    largest_of,
    signed,
)
from autograd_scalar.show.network.layout import (
    ADVANCE,
    HEAD,
    LINE,
    MARGIN,
    Column,
    NetworkLayout,
    Place,
    arrange,
    short,
)
from autograd_scalar.show.network.maps import zero_line
from autograd_scalar.show.network.picture import NetworkPicture, activation_of
from autograd_scalar.show.render.svg import GREY, INK

#: Width of a link whose number is 0, and limits of the width of the largest in a layer: with more than FEW links, the
#: links of a layer together take the same area.
THIN, THICK, MIN_THICK, FEW = 0.4, 4.5, 1.5, 12
FONT_SIZE = 10
#: Dashes of negative links, which tell their sign without colour.
DASHES = "5 2.5"


def network_svg(picture: NetworkPicture) -> str:
    """Return a picture as a standalone SVG document."""
    layout = arrange(picture)
    width = max(layout.width, 260.0)
    legend = _legend(picture, width)
    height = layout.height + 12.0 + LINE * len(legend) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FONT}" '
        f'font-size="{FONT_SIZE}">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(picture.description)}</desc>",
        *_links(picture, layout),
        *(part for column in layout.columns for part in _column(picture, column)),
        *_fold(layout),
        *_lines_of(legend, layout.height + 12.0),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# ----- links -----


def _links(picture: NetworkPicture, layout: NetworkLayout) -> Iterator[str]:
    """Yield the links between cells that are shown, the strongest last, then their numbers."""
    places = {place.cell: (place, column) for column in layout.columns for place in column.places}
    by_layer: dict[int, list[int]] = {}
    for i, link in enumerate(picture.network.links):
        if link.source in places and link.target in places:
            by_layer.setdefault(picture.network.cells[link.target].layer, []).append(i)
    for links in by_layer.values():
        largest = largest_of(picture.shown_of_link(i) for i in links)
        thick = max(MIN_THICK, THICK * min(1.0, FEW / len(links)) ** 0.5)
        for i in sorted(links, key=lambda i: abs(picture.shown_of_link(i))):
            link = picture.network.links[i]
            path = _path(*places[link.source], *places[link.target])
            yield _link(picture, i, path, largest, thick)
    if layout.is_labelled:
        for links in by_layer.values():
            yield from _link_labels(picture, links, places)


def _path(source: Place, start: Column, target: Place, end: Column) -> str:
    """Return the path of a link: level beside the labels of both columns, straight between them."""
    return (
        f"M{source.x + source.width / 2:.1f} {source.y:.1f}H{start.x + start.half:.1f}"
        f"L{end.x - end.half:.1f} {target.y:.1f}H{target.x - target.width / 2:.1f}"
    )


def _link(picture: NetworkPicture, i: int, path: str, largest: float, thick: float) -> str:
    number = picture.shown_of_link(i)
    if picture.network.links[i].weight is None:
        return f'<path fill="none" stroke="{GREY}" stroke-width="0.8" d="{path}"/>'
    share = min(1.0, abs(number) / largest) if largest and number == number else 0.0
    width = THIN + share * (thick - THIN)
    dashes = f' stroke-dasharray="{DASHES}"' if number < 0 else ""
    colour = hexadecimal(NEGATIVE if number < 0 else POSITIVE) if number else GREY
    return (
        f'<path fill="none" stroke="{colour}" stroke-width="{width:.2f}"{dashes} d="{path}">'
        f"<title>{escape(picture.link_tooltip(i))}</title></path>"
    )


def _link_labels(
    picture: NetworkPicture, links: list[int], places: dict[int, tuple[Place, Column]]
) -> list[str]:
    """Return the numbers of the links into a layer; none if they do not fit side by side."""
    taken: list[tuple[float, float, float]] = []
    parts = []
    for i in links:
        link = picture.network.links[i]
        if link.weight is None:
            continue
        text = signed(picture.shown_of_link(i))
        width = columns(text) * ADVANCE + 6
        (source, start), (target, end) = places[link.source], places[link.target]
        left, right = start.x + start.half, end.x - end.half
        for share in (0.5, 0.34, 0.66, 0.2, 0.8):
            x, y = left + share * (right - left), source.y + share * (target.y - source.y)
            if all(abs(x - a) > (width + w) / 2 + 1 or abs(y - b) > LINE for a, b, w in taken):
                break
        else:
            return []
        taken.append((x, y, width))
        parts.append(
            f'<rect x="{x - width / 2:.1f}" y="{y - 6.5:.1f}" width="{width:.1f}" height="13" rx="6" '
            f'fill="#ffffff" stroke="{GREY}" stroke-width="0.6"/>{_text(x, y + 3.5, text, INK)}'
        )
    return parts


# ----- cells -----


def _column(picture: NetworkPicture, column: Column) -> Iterator[str]:
    network = picture.network
    cells = network.layers[column.layer]
    largest = largest_of(picture.shown_of_cell(cell) for cell in cells)
    map_largest = 0.0
    if picture.maps is not None:
        map_largest = max(largest_of(picture.maps.values[cell]) for cell in cells)
    yield _text(column.x, LINE - 1, f"{len(cells):,}", GREY)
    yield _text(column.x, 2 * LINE - 1, short(activation_of(network, column.layer), 9), GREY)
    for place in column.places:
        if picture.maps is not None and column.layer:
            yield _map(picture, place, map_largest)
        else:
            yield _number(picture, place, diverging(picture.shown_of_cell(place.cell), largest))
    if column.hidden:
        last = column.places[-1]
        below = last.y + last.height / 2 + LINE * len(last.lines) + LINE
        yield _text(column.x, below, "⋮", GREY)
        yield _text(column.x, below + LINE, f"{column.hidden:,} more", GREY)


def _number(picture: NetworkPicture, place: Place, fill: Colour) -> str:
    """Return a cell with its number in it."""
    return (
        f"<g>{_tooltip(picture, place)}"
        f'<rect x="{place.x - place.width / 2:.1f}" y="{place.y - place.height / 2:.1f}" '
        f'width="{place.width:.0f}" height="{place.height:.0f}" rx="6" fill="{hexadecimal(fill)}" '
        f'stroke="{GREY}" stroke-width="1.2"/>'
        f"{_text(place.x, place.y + 3.5, signed(picture.shown_of_cell(place.cell)), ink_on(fill))}"
        f"{_lines(place)}</g>"
    )


def _map(picture: NetworkPicture, place: Place, largest: float) -> str:
    """Return a cell with its map, the line on which its affine part is 0, and the sample's point."""
    maps = picture.maps
    assert maps is not None
    x, y, size = place.x - place.width / 2, place.y - place.height / 2, place.width
    inputs = [picture.network.cells[cell].value.data for cell in (0, 1)]
    across, up = (
        (number - low) / (high - low)
        for number, (low, high) in zip(inputs, maps.ranges, strict=True)
    )
    line = "".join(
        f"M{x + a * size:.1f} {y + b * size:.1f}L{x + c * size:.1f} {y + d * size:.1f}"
        for a, b, c, d in zero_line(maps.affine[place.cell], maps.side)
    )
    point = ""
    if 0.0 <= across <= 1.0 and 0.0 <= up <= 1.0:
        point = (
            f'<circle cx="{x + across * size:.1f}" cy="{y + (1 - up) * size:.1f}" r="2.5" '
            'fill="#ffffff" stroke="#000000"/>'
        )
    return (
        f"<g>{_tooltip(picture, place)}"
        f'<image x="{x:.1f}" y="{y:.1f}" width="{size:.0f}" height="{size:.0f}" '
        f'preserveAspectRatio="none" href="{image(maps.values[place.cell], maps.side, largest)}"/>'
        f'<path fill="none" stroke="#000000" stroke-width="1.2" d="{line}"/>{point}'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.0f}" height="{size:.0f}" fill="none" '
        f'stroke="{GREY}" stroke-width="1.2"/>{_lines(place)}</g>'
    )


def _tooltip(picture: NetworkPicture, place: Place) -> str:
    return f"<title>{escape(picture.cell_tooltip(place.cell))}</title>"


def _lines(place: Place) -> str:
    top = place.y + place.height / 2 + LINE - 2
    return "".join(_text(place.x, top + LINE * i, line, GREY) for i, line in enumerate(place.lines))


def _fold(layout: NetworkLayout) -> Iterator[str]:
    if layout.fold is not None:
        middle = (HEAD + layout.height) / 2
        yield _text(layout.fold, middle, "⋯", GREY)
        yield _text(layout.fold, middle + LINE, f"{layout.hidden_layers:,} more", GREY)
        yield _text(layout.fold, middle + 2 * LINE, "layers", GREY)


# ----- the legend -----


def _legend(picture: NetworkPicture, width: float) -> list[str]:
    """Return the lines under the picture."""
    cells, lines = "activation", "weight"
    if picture.derivatives is not None:
        cells, lines = "gradient of the output", "gradient of a weight"
    texts = [
        f"cells: {cells}, blue −, orange +, darkest where largest in the layer",
        f"lines: {lines}, wider where larger, dashed where negative",
        *picture.notes,
    ]
    fits = int((width - 2 * MARGIN) / ADVANCE)
    return [line for text in texts for line in textwrap.wrap(text, fits)]


def _lines_of(legend: list[str], top: float) -> Iterator[str]:
    for i, line in enumerate(legend):
        yield (
            f'<text x="{MARGIN:.0f}" y="{top + LINE * (i + 1):.1f}" fill="{GREY}">{escape(line)}</text>'
        )


def _text(x: float, y: float, text: str, ink: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{ink}" text-anchor="middle">{escape(text)}</text>'
