"""SVG of a Picture, without Graphviz: text is measured by counting columns, and nothing is styled by CSS.

The background is transparent, so the picture suits light and dark pages: boxes have a light fill of
their own, and lines and titles are a grey with a contrast of 4.5 to 1 on white and on black alike.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from autograd_scalar.show.graph.picture import Box, Picture, shortened
from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.geometry import Frame, Layout, Point, point_on_curve
from autograd_scalar.show.layout.layered import LAYER_GAP
from autograd_scalar.show.layout.text import ADVANCE, FONT, FONT_SIZE, columns

LINE = 15.0
PAD = 7.0
MARGIN = 10.0
ARROW = 6.0
#: Gap between layers where edges have labels, and the width of one column of a label.
LABEL_GAP = 84.0
LABEL_ADVANCE = 6.05
#: Side of the squares by which labels are indexed; no label is wider.
CELL = 80.0

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
#: Radius of the corners of each kind of box.
CORNERS = {"operation": 7, "leaf": 0, "input": 0, "constant": 11, "group": 4, "summary": 12}


def box_size(box: Box) -> tuple[float, float]:
    """Return the width and height that a box needs."""
    header = bool(box.symbol or box.label)
    head = columns(box.symbol) * ADVANCE + 10 if box.symbol else 0.0
    if box.label:
        head += columns(box.label) * ADVANCE + (6 if box.symbol else 0)
    key = max((columns(key) for key, _ in box.rows), default=0)
    rows = [(key + 1 + columns(value)) * ADVANCE for _, value in box.rows]
    return max(head, *rows, 40.0) + 2 * PAD, (len(box.rows) + header) * LINE + 2 * PAD - 2


def to_svg(picture: Picture, *, rankdir: str = "LR") -> str:
    """Return a picture as a standalone SVG document."""
    vertical = rankdir in ("TB", "BT")
    sizes = [box_size(box) for box in picture.boxes]
    layout = arrange_framed(
        [(height, width) for width, height in sizes] if vertical else sizes,
        picture.edges,
        [box.scope for box in picture.boxes],
        layer_gap=LABEL_GAP if picture.edge_labels else LAYER_GAP,
        rankdir=rankdir,
    ).turned(rankdir)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}" role="img" '
        f'font-family="{FONT}" font-size="{FONT_SIZE:.0f}">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(picture.description)}</desc>",
        *map(_frame, layout.frames),
        f'<path fill="none" stroke="{GREY}" stroke-width="{_line_width(picture)}" '
        f'd="{_curves(layout, vertical)}"/>',
        f'<path fill="{GREY}" d="{_arrows(layout, vertical)}"/>',
        *map(_box, picture.boxes, sizes, layout.centres),
        *_edge_labels(picture, layout, vertical),
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
    parts = [f"<g><title>{escape(box.tooltip)}</title>"]
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
            f'<text x="{x + PAD:.1f}" y="{base:.1f}" fill="{FAINT}">{escape(key)}</text>'
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
            f'<rect x="{x:.1f}" y="{base - 11:.1f}" width="{chip:.1f}" height="14.5" rx="3" '
            f'fill="{COLOURS[box.kind][1]}"/><text x="{x + 5:.1f}" y="{base:.1f}" fill="#ffffff" '
            f'font-weight="bold">{escape(box.symbol)}</text>'
        )
        x += chip + 6
    if box.label:
        parts.append(
            f'<text x="{x:.1f}" y="{base:.1f}" fill="{INK}" '
            f'font-weight="bold">{escape(box.label)}</text>'
        )
    return parts


def _edge_labels(picture: Picture, layout: Layout, vertical: bool) -> list[str]:
    """Return the labels of the edges, each on its edge and clear of the labels before it."""
    taken: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    parts = []
    for label, route in zip(picture.edge_labels, layout.routes, strict=False):
        width = columns(label) * LABEL_ADVANCE + 6
        # In the last gap: before it, an edge may share its route with others from its source.
        start, end = [
            piece
            for piece in pairwise(route)
            if abs(piece[1][vertical] - piece[0][vertical]) > MARGIN
        ][-1]
        for share in (0.5, 0.36, 0.64, 0.22, 0.78):
            x, y = point_on_curve(start, end, share, vertical=vertical)
            near = [
                other
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                for other in taken.get((int(x // CELL) + i, int(y // CELL) + j), ())
            ]
            if all(abs(x - a) > (width + w) / 2 + 1 or abs(y - b) > 14 for a, b, w in near):
                break
        taken.setdefault((int(x // CELL), int(y // CELL)), []).append((x, y, width))
        parts.append(
            f'<rect x="{x - width / 2:.1f}" y="{y - 6.5:.1f}" width="{width:.1f}" height="13" '
            f'rx="6" fill="#ffffff" stroke="{GREY}" stroke-width="0.6"/>'
            f'<text x="{x:.1f}" y="{y + 3.5:.1f}" fill="{INK}" font-size="10" '
            f'text-anchor="middle">{escape(label)}</text>'
        )
    return parts
