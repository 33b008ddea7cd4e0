"""What a notebook shows for a Value or a module: a table, and for a small graph its picture.

Cards take milliseconds, run nothing, and never raise, since a notebook makes one at every echo.
Colours are inherited, so they suit light and dark pages; what comes from the user is escaped.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.draw import picture_of
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.graph.scopes import Named, layer_of
from autograd_scalar.show.render.svg import to_svg
from autograd_scalar.value import Value

#: A graph of up to so many values is drawn; up to so many are counted.
DRAWN, COUNTED = 60, 20_000
#: A module's card has so many rows at most, a text so many letters.
MOST_ROWS, MOST_LETTERS = 40, 1000

_BORDER = "border:1px solid #80808066;padding:2px 8px;text-align:"


def value_card(v: Value) -> str:
    """Return the card of a Value as HTML: data, grad, formula, and the graph where it is small.

    >>> "tanh(x)" in value_card(Value(0.5, label="x").tanh())
    True
    """
    return _unfailing(_value_card, v)


def module_card(module: Named) -> str:
    """Return the card of a module as HTML: its layers, and how many parameters each has."""
    return _unfailing(_module_card, module)


def _unfailing(made: Callable[[Any], str], shown: object) -> str:
    try:
        return made(shown)
    except Exception:  # whatever a broken object raises
        try:
            return f"<pre>{escape(repr(shown))}</pre>"
        except Exception:
            return f"<pre>{escape(type(shown).__name__)}</pre>"


def _value_card(v: Value) -> str:
    nodes = _under(v)
    rows = [("data", repr(v.data)), ("grad", repr(v.grad) if v.grad != 0.0 else "—")]
    picture = ""
    if len(nodes) > DRAWN:
        counts = Counter(symbol(node.op) for node in nodes if node.op).most_common(6)
        size = f"more than {COUNTED:,}" if len(nodes) > COUNTED else f"{len(nodes):,}"
        listed = ", ".join(f"{count:,} {name}" for name, count in counts)
        rows.append(("graph", f"{size} values: {listed}, ..."))
    elif v.op:
        formula = infix(v)
        rows.append(("formula", formula))
        svg = base64.b64encode(to_svg(picture_of(v)).encode()).decode()
        picture = (
            f'<img alt="{_text(formula)}" src="data:image/svg+xml;base64,{svg}" '
            'style="max-width:100%;margin-top:4px">'
        )
    head = ("Value", v.label or "")
    return f'<div style="overflow-x:auto">{_table([head, *rows])}{picture}</div>'


def _under(v: Value) -> list[Value]:
    """Return the values of the graph under v, or of a large one a little more than COUNTED."""
    found = {v: None}
    stack = [v]
    while stack and len(found) <= COUNTED:
        for parent in stack.pop().parents:
            if parent not in found:
                found[parent] = None
                stack.append(parent)
    return list(found)


def _module_card(module: Named) -> str:
    counts = Counter(layer_of(name) for name, _ in module.named_parameters())
    rows = [(name, _part(module, name), f"{count:,}") for name, count in counts.items()]
    if len(rows) > MOST_ROWS:
        hidden = sum(list(counts.values())[MOST_ROWS:])
        rows[MOST_ROWS:] = [("...", f"{len(counts) - MOST_ROWS:,} more", f"{hidden:,}")]
    head = (type(module).__name__, "", "parameters")
    return _table([head, *rows, ("total", "", f"{counts.total():,}")])


def _part(module: object, path: str) -> str:
    """Return how the module at a path shows itself; nothing for a list of parameters."""
    part: Any = module
    for word in path.split("."):
        held = isinstance(part, dict | list | tuple)
        part = part[int(word) if word.isdecimal() else word] if held else getattr(part, word)
    return _cut(repr(part), 60) if isinstance(part, Named) else ""


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of cells as HTML: the first row and column are headings."""
    lines = []
    for place, row in enumerate(rows):
        cells = []
        for column, cell in enumerate(row):
            tag = "td" if place and column else "th"
            align = "left" if column < 2 else "right"
            cells.append(f'<{tag} style="{_BORDER}{align}">{_text(cell)}</{tag}>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<table style="border-collapse:collapse;font-family:monospace;color:inherit;'
        f'white-space:pre-wrap">{"".join(lines)}</table>'
    )


def _cut(text: str, letters: int = MOST_LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 4] + " ..."


def _text(text: str) -> str:
    return escape("\n".join(map(clean, _cut(text).split("\n"))))
