"""A Picture as SVG, without any binary: text is measured by counting, and there is no style sheet.

The ground is transparent. Boxes bring a light ground of their own, and everything that stands on
the page's is a grey with a contrast of 4.5 to 1 on white and on black alike.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from autograd_scalar.show.graph.picture import Box, Picture, shortened
from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.layered import LAYER_GAP, Frame, Layout, Point
from autograd_scalar.show.layout.text import ADVANCE, FONT, FONT_SIZE, columns

#: Courier's advance is 0.6 em, and no common monospaced font is wider.
LINE = 15.0
PAD = 7.0
MARGIN = 10.0
ARROW = 6.0
NOTE_GAP = 84.0
NOTE_ADVANCE = 6.05
#: Notes are looked for in squares of this side; none is wider.
CELL = 80.0

GREY = "#767676"
INK, FAINT = "#1a1a1a", "#595959"
#: Ground and line of each kind of box; blue, orange, green and purple from Okabe and Ito's palette.
COLOURS = {
    "operation": ("#eaf3fb", "#0072b2"),
    "leaf": ("#fff4dc", "#a86500"),
    "group": ("#e3f5ee", "#007d5c"),
    "summary": ("#f7eef5", "#a2527f"),
}


def size(box: Box) -> tuple[float, float]:
    """Return the width and height that a box needs."""
    header = bool(box.symbol or box.label)
    head = columns(box.symbol) * ADVANCE + 10 if box.symbol else 0.0
    if box.label:
        head += columns(box.label) * ADVANCE + (6 if box.symbol else 0)
    key = max((columns(key) for key, _ in box.rows), default=0)
    rows = [(key + 1 + columns(value)) * ADVANCE for _, value in box.rows]
    return max(head, *rows, 40.0) + 2 * PAD, (len(box.rows) + header) * LINE + 2 * PAD - 2


def to_svg(picture: Picture, *, rankdir: str = "LR") -> str:
    """Return a picture as an SVG document of its own, drawn without any binary."""
    flat = rankdir in ("TB", "BT")
    sizes = [size(box) for box in picture.boxes]
    layout = arrange_framed(
        [(height, width) for width, height in sizes] if flat else sizes,
        picture.edges,
        [box.scope for box in picture.boxes],
        layer_gap=NOTE_GAP if picture.notes else LAYER_GAP,
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
        f'<path fill="none" stroke="{GREY}" stroke-width="{_line(picture)}" '
        f'd="{_curves(layout, flat)}"/>',
        f'<path fill="{GREY}" d="{_arrows(layout, flat)}"/>',
        *map(_box, picture.boxes, sizes, layout.centres),
        *_notes(picture, layout, flat),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line(picture: Picture) -> float:
    """Return how thick lines are: thin where there are so many that they would make a grey mass."""
    return 1.3 if len(picture.edges) < 4 * len(picture.boxes) else 0.7


def _frame(frame: Frame) -> str:
    x, y = frame.corner
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{frame.width:.1f}" height="{frame.height:.1f}" '
        f'rx="5" fill="{GREY}" fill-opacity="0.07" stroke="{GREY}" stroke-dasharray="4 3"/>'
        f'<text x="{x + 7:.1f}" y="{y + 14:.1f}" fill="{GREY}" font-size="11">'
        f"{escape(shortened(frame.name))}</text>"
    )


def _curves(layout: Layout, flat: bool) -> str:
    """Return the path of all courses; what several of them share is drawn once."""
    pieces: dict[tuple[Point, Point], None] = {}
    for course in layout.courses:
        (x, y), back = course[-1], (ARROW - 1) * _ahead(course, flat)
        tip = (x, y - back) if flat else (x - back, y)
        pieces.update(dict.fromkeys(pairwise([*course[:-1], tip])))
    return "".join(_curve(*start, *end, flat) for start, end in pieces)


def _curve(x: float, y: float, a: float, b: float, flat: bool) -> str:
    if flat:
        middle = (y + b) / 2
        return f"M{x:.1f} {y:.1f}C{x:.1f} {middle:.1f} {a:.1f} {middle:.1f} {a:.1f} {b:.1f}"
    middle = (x + a) / 2
    return f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {b:.1f} {a:.1f} {b:.1f}"


def _arrows(layout: Layout, flat: bool) -> str:
    heads: dict[str, None] = {}
    for course in layout.courses:
        (x, y), back = course[-1], ARROW * _ahead(course, flat)
        tail = f"l-3 {-back:.1f}h6z" if flat else f"l{-back:.1f} -3v6z"
        heads[f"M{x:.1f} {y:.1f}{tail}"] = None
    return "".join(heads)


def _ahead(course: list[Point], flat: bool) -> float:
    """Return 1.0 where a course arrives rightwards (or downwards), else -1.0."""
    axis = 1 if flat else 0
    return 1.0 if course[-1][axis] >= course[-2][axis] else -1.0


def _box(box: Box, size: tuple[float, float], centre: Point) -> str:
    (width, height), (x, y) = size, (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    fill, stroke = COLOURS[box.kind]
    corner = {"operation": 7, "leaf": 0, "group": 4, "summary": 12}[box.kind]
    frame = f'width="{width:.1f}" height="{height:.1f}" rx="{corner}" fill="{fill}"'
    parts = [f"<g><title>{escape(box.tooltip)}</title>"]
    if box.kind == "group":  # a stack of cards
        parts.append(f'<rect x="{x + 4:.1f}" y="{y + 4:.1f}" {frame} stroke="{stroke}"/>')
    stroke_width = 2.6 if box.is_end else 1.2
    parts.append(
        f'<rect x="{x:.1f}" y="{y:.1f}" {frame} stroke="{stroke}" stroke-width="{stroke_width}"/>'
    )
    base = y + PAD + 10
    if box.symbol or box.label:
        at = x + PAD
        if box.symbol:
            chip = columns(box.symbol) * ADVANCE + 10
            parts.append(
                f'<rect x="{at:.1f}" y="{base - 11:.1f}" width="{chip:.1f}" height="14.5" rx="3" '
                f'fill="{stroke}"/><text x="{at + 5:.1f}" y="{base:.1f}" fill="#ffffff" '
                f'font-weight="bold">{escape(box.symbol)}</text>'
            )
            at += chip + 6
        if box.label:
            parts.append(
                f'<text x="{at:.1f}" y="{base:.1f}" fill="{INK}" '
                f'font-weight="bold">{escape(box.label)}</text>'
            )
        base += LINE
    for key, value in box.rows:
        parts.append(
            f'<text x="{x + PAD:.1f}" y="{base:.1f}" fill="{FAINT}">{escape(key)}</text>'
            f'<text x="{x + width - PAD:.1f}" y="{base:.1f}" fill="{INK}" '
            f'text-anchor="end">{escape(value)}</text>'
        )
        base += LINE
    return "".join(parts) + "</g>"


def _notes(picture: Picture, layout: Layout, flat: bool) -> list[str]:
    """Return the edges' notes, each on its edge and beside the notes that are there already."""
    taken: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    parts = []
    for note, course in zip(picture.notes, layout.courses, strict=False):
        wide = columns(note) * NOTE_ADVANCE + 6
        # The last gap: before it an edge may share its way with others from the same source.
        start, end = [p for p in pairwise(course) if abs(p[1][flat] - p[0][flat]) > MARGIN][-1]
        for share in (0.5, 0.36, 0.64, 0.22, 0.78):
            x, y = _on_curve(start, end, share, flat)
            near = [
                other
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                for other in taken.get((int(x // CELL) + i, int(y // CELL) + j), ())
            ]
            if all(abs(x - a) > (wide + w) / 2 + 1 or abs(y - b) > 14 for a, b, w in near):
                break
        taken.setdefault((int(x // CELL), int(y // CELL)), []).append((x, y, wide))
        parts.append(
            f'<rect x="{x - wide / 2:.1f}" y="{y - 6.5:.1f}" width="{wide:.1f}" height="13" '
            f'rx="6" fill="#ffffff" stroke="{GREY}" stroke-width="0.6"/>'
            f'<text x="{x:.1f}" y="{y + 3.5:.1f}" fill="{INK}" font-size="10" '
            f'text-anchor="middle">{escape(note)}</text>'
        )
    return parts


def _on_curve(start: Point, end: Point, share: float, flat: bool) -> Point:
    """Return a point of the cubic that _curve draws."""
    rest = 1.0 - share
    level = rest**3 + 3 * rest**2 * share  # how much of the start is left across the direction
    along = rest**3 + 1.5 * rest * share  # and along it, where both controls are in the middle
    shares = (level, along) if flat else (along, level)
    x, y = (a * part + b * (1.0 - part) for a, b, part in zip(start, end, shares, strict=True))
    return x, y
