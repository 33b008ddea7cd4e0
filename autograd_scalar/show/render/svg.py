"""SVG of a Picture, without Graphviz: text is measured by counting columns.

The background is transparent. Lines and titles are a grey with a contrast of 4.5 to 1 on white and on black alike.
Boxes are light by their attributes, and dark by a style sheet where the reader prefers dark pages, in an <img> too; a
viewer without CSS shows the light ones.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from autograd_scalar.show.graph.picture import Box, Picture, shortened
from autograd_scalar.show.layout.geometry import Frame, Layout, Point
from autograd_scalar.show.layout.text import ADVANCE, FONT, FONT_SIZE, columns
from autograd_scalar.show.render.labelled import arrange_picture

LINE = 15.0
PAD = 7.0
MARGIN = 10.0
ARROW = 6.0
#: Height of an edge's label, and the width of one column of it.
LABEL_HEIGHT, LABEL_ADVANCE = 13.0, 6.05

GREY = "#767676"
INK, FAINT = "#1a1a1a", "#595959"
#: Fill and stroke of each kind of box: blue, orange, green and purple of Okabe and Ito's palette, and greys.
COLOURS = {
    "operation": ("#eaf3fb", "#0072b2"),
    "leaf": ("#fff4dc", "#a86500"),
    "input": ("#ffffff", "#4d4d4d"),
    "constant": ("#f2f2f2", "#767676"),
    "group": ("#e3f5ee", "#007d5c"),
    "summary": ("#f7eef5", "#a2527f"),
}
#: Fill and stroke of each kind of box on dark pages.
DARK = {
    "operation": ("#0d2b40", "#56b4e9"),
    "leaf": ("#35270a", "#e69f00"),
    "input": ("#1f1f1f", "#d0d0d0"),
    "constant": ("#2b2b2b", "#8c8c8c"),
    "group": ("#0b3023", "#2fc495"),
    "summary": ("#33202d", "#d59abb"),
}
#: Radius of the corners of each kind of box.
CORNERS = {"operation": 7, "leaf": 0, "input": 0, "constant": 11, "group": 4, "summary": 12}


def _dark_style() -> str:
    """Return the style sheet for dark pages; its classes have a prefix, since inline SVG shares those of its page."""
    rules = [
        f".ag-{kind}>rect{{fill:{fill};stroke:{stroke}}}.ag-{kind}>.ag-chip{{fill:{stroke};stroke:none}}"
        for kind, (fill, stroke) in DARK.items()
    ]
    rules.append(".ag-box>text{fill:#f2f2f2}.ag-box>.ag-key{fill:#b3b3b3}")
    rules.append(".ag-box>.ag-symbol{fill:#101010}")
    rules.append(".ag-label>rect{fill:#1f1f1f}.ag-label>text{fill:#f2f2f2}")
    return f"<style>@media (prefers-color-scheme:dark){{{''.join(rules)}}}</style>"


def box_size(box: Box) -> tuple[float, float]:
    """Return the width and height that a box needs."""
    header = bool(box.symbol or box.label)
    head = columns(box.symbol) * ADVANCE + 10 if box.symbol else 0.0
    if box.label:
        head += columns(box.label) * ADVANCE + (6 if box.symbol else 0)
    key = max((columns(key) for key, _ in box.rows), default=0)
    rows = [(key + 1 + columns(value)) * ADVANCE for _, value in box.rows]
    return max(head, *rows, 40.0) + 2 * PAD, (len(box.rows) + header) * LINE + 2 * PAD - 2


def to_svg(picture: Picture, *, rankdir: str = "LR", adapts: bool = True) -> str:
    """Return a picture as a standalone SVG document, which adapts to dark pages unless `adapts` is False."""
    vertical = rankdir in ("TB", "BT")
    sizes = [box_size(box) for box in picture.boxes]
    labels = [(columns(text) * LABEL_ADVANCE + 6, LABEL_HEIGHT) for text in picture.edge_labels]
    layout, label_centres = arrange_picture(picture, sizes, labels, rankdir)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}" role="img" '
        f'font-family="{FONT}" font-size="{FONT_SIZE:.0f}">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(picture.description)}</desc>",
        *([_dark_style()] if adapts else []),
        *map(_frame, layout.frames),
        f'<path fill="none" stroke="{GREY}" stroke-width="{_line_width(picture)}" '
        f'd="{_curves(layout, vertical)}"/>',
        f'<path fill="{GREY}" d="{_arrows(layout, vertical)}"/>',
        *map(_box, picture.boxes, sizes, layout.centres),
        *map(_edge_label, picture.edge_labels, labels, label_centres),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line_width(picture: Picture) -> float:
    """Return the width of lines: thin in dense graphs, where thick ones would merge into an area."""
    return 1.3 if len(picture.edges) < 4 * len(picture.boxes) else 0.7


def _frame(frame: Frame) -> str:
    x, y = frame.corner
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{frame.width:.1f}" height="{frame.height:.1f}" '
        f'rx="5" fill="{GREY}" fill-opacity="0.07" stroke="{GREY}" stroke-dasharray="4 3"/>'
        f'<text x="{x + 7:.1f}" y="{y + 14:.1f}" fill="{GREY}" font-size="11">'
        f"{escape(shortened(frame.name))}</text>"
    )


def _curves(layout: Layout, vertical: bool) -> str:
    """Return the path of all routes; pieces that several of them share are drawn once."""
    pieces: dict[tuple[Point, Point], None] = {}
    for route in layout.routes:
        (x, y), back = route[-1], (ARROW - 1) * _ahead(route, vertical)
        tip = (x, y - back) if vertical else (x - back, y)
        pieces.update(dict.fromkeys(pairwise([*route[:-1], tip])))
    return "".join(_curve(*start, *end, vertical) for start, end in pieces)


def _curve(x: float, y: float, a: float, b: float, vertical: bool) -> str:
    if vertical:
        middle = (y + b) / 2
        return f"M{x:.1f} {y:.1f}C{x:.1f} {middle:.1f} {a:.1f} {middle:.1f} {a:.1f} {b:.1f}"
    middle = (x + a) / 2
    return f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {b:.1f} {a:.1f} {b:.1f}"


def _arrows(layout: Layout, vertical: bool) -> str:
    heads: dict[str, None] = {}
    for route in layout.routes:
        (x, y), back = route[-1], ARROW * _ahead(route, vertical)
        tail = f"l-3 {-back:.1f}h6z" if vertical else f"l{-back:.1f} -3v6z"
        heads[f"M{x:.1f} {y:.1f}{tail}"] = None
    return "".join(heads)


def _ahead(route: list[Point], vertical: bool) -> float:
    """Return 1.0 for a route that ends rightwards (or downwards), else -1.0."""
    axis = 1 if vertical else 0
    return 1.0 if route[-1][axis] >= route[-2][axis] else -1.0


def _box(box: Box, size: tuple[float, float], centre: Point) -> str:
    (width, height), (x, y) = size, (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    fill, stroke = COLOURS[box.kind]
    corner = CORNERS[box.kind]
    shape = f'width="{width:.1f}" height="{height:.1f}" rx="{corner}" fill="{fill}"'
    parts = [f'<g class="ag-box ag-{box.kind}"><title>{escape(box.tooltip)}</title>']
    if box.kind == "group":  # a stack of cards
        parts.append(f'<rect x="{x + 4:.1f}" y="{y + 4:.1f}" {shape} stroke="{stroke}"/>')
    stroke_width = 2.6 if box.is_end else 1.2
    parts.append(
        f'<rect x="{x:.1f}" y="{y:.1f}" {shape} stroke="{stroke}" stroke-width="{stroke_width}"/>'
    )
    base = y + PAD + 10
    if box.symbol or box.label:
        parts += _heading(box, x + PAD, base)
        base += LINE
    for key, value in box.rows:
        parts.append(
            f'<text class="ag-key" x="{x + PAD:.1f}" y="{base:.1f}" fill="{FAINT}">{escape(key)}</text>'
            f'<text x="{x + width - PAD:.1f}" y="{base:.1f}" fill="{INK}" '
            f'text-anchor="end">{escape(value)}</text>'
        )
        base += LINE
    return "".join(parts) + "</g>"


def _heading(box: Box, x: float, base: float) -> list[str]:
    """Return the first line of a box: the symbol of its operation on a chip, and its label."""
    parts = []
    if box.symbol:
        chip = columns(box.symbol) * ADVANCE + 10
        parts.append(
            f'<rect class="ag-chip" x="{x:.1f}" y="{base - 11:.1f}" width="{chip:.1f}" height="14.5" '
            f'rx="3" fill="{COLOURS[box.kind][1]}"/>'
            f'<text class="ag-symbol" x="{x + 5:.1f}" y="{base:.1f}" fill="#ffffff" '
            f'font-weight="bold">{escape(box.symbol)}</text>'
        )
        x += chip + 6
    if box.label:
        parts.append(
            f'<text x="{x:.1f}" y="{base:.1f}" fill="{INK}" '
            f'font-weight="bold">{escape(box.label)}</text>'
        )
    return parts


def _edge_label(text: str, size: tuple[float, float], centre: Point) -> str:
    (width, height), (x, y) = size, centre
    return (
        f'<g class="ag-label"><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="6" fill="#ffffff" stroke="{GREY}" stroke-width="0.6"/>'
        f'<text x="{x:.1f}" y="{y + 3.5:.1f}" fill="{INK}" font-size="10" '
        f'text-anchor="middle">{escape(text)}</text></g>'
    )
