"""Cards: the HTML that a notebook shows for the package's objects, a table and the picture of a small graph.

A notebook makes a card at every echo, so a card takes milliseconds and never raises. Only small models
that say how many inputs they take are evaluated. A card inherits its colours from
the page, and escapes all labels.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, cast

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.draw import draw, picture_of
from autograd_scalar.show.formula.formula import infix, latex
from autograd_scalar.show.formula.mathml import mathml
from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.graph.scopes import Named, layer_of, split_name
from autograd_scalar.show.render.svg import to_svg
from autograd_scalar.value import Value

#: Maximum number of values in a graph that is drawn, and in one that is counted.
MAX_DRAWN, MAX_COUNTED = 60, 20_000
#: Maximum number of parameters of a model whose network is drawn, and of those whose weights are listed.
MAX_PARAMETERS, MAX_WEIGHTS = 2000, 12
#: Maximum number of rows in a module's card, and of characters in a cell.
MAX_ROWS, MAX_CHARACTERS = 40, 1000
#: Maximum number of characters of a formula that is typeset.
MAX_TYPESET = 240

_BORDER = "border:1px solid #80808066;padding:2px 8px;text-align:"


def card(shown: object) -> str:
    """Return the card of a Value, of a module, or of an object that returns its cells from `_card_rows`."""
    if isinstance(shown, Value):
        return value_card(shown)
    if hasattr(type(shown), "_card_rows"):
        return _with_fallback(lambda shown: _table(shown._card_rows()), shown)
    return module_card(cast(Named, shown))


def value_card(v: Value) -> str:
    """Return the card of a Value as HTML: data, grad, and for a small graph its formula and picture.

    >>> "tanh(x)" in value_card(Value(0.5, label="x").tanh())
    True
    """
    return _with_fallback(_value_card, v)


def module_card(module: Named) -> str:
    """Return the card of a module as HTML: its layers, their numbers of parameters, and its network."""
    return _with_fallback(_module_card, module)


def _with_fallback(make_card: Callable[[Any], str], shown: object) -> str:
    """Return a card, else the object's repr, else its type: a broken object may raise anything."""
    try:
        return make_card(shown)
    except Exception:
        try:
            return f"<pre>{escape(repr(shown))}</pre>"
        except Exception:
            return f"<pre>{escape(type(shown).__name__)}</pre>"


def _value_card(v: Value) -> str:
    nodes = _values_of(v)
    rows = [("data", repr(v.data)), ("grad", repr(v.grad) if v.grad != 0.0 else "—")]
    picture = ""
    if len(nodes) > MAX_DRAWN:
        counts = Counter(symbol(node.op) for node in nodes if node.op).most_common(6)
        size = f"more than {MAX_COUNTED:,}" if len(nodes) > MAX_COUNTED else f"{len(nodes):,}"
        listed = ", ".join(f"{count:,} {name}" for name, count in counts)
        rows.append(("graph", f"{size} values: {listed}, ..."))
    elif v.op:
        formula = infix(v)
        rows.append(("formula", _typeset(v, formula)))
        svg = base64.b64encode(to_svg(picture_of(v)).encode()).decode()
        picture = (
            f'<img alt="{_text(formula)}" src="data:image/svg+xml;base64,{svg}" '
            'style="max-width:100%;margin-top:4px">'
        )
    head = ("Value", v.label or "")
    return f'<div style="overflow-x:auto">{_table([head, *rows])}{picture}</div>'


def _values_of(v: Value) -> list[Value]:
    """Return the values of v's graph; stop a little above MAX_COUNTED."""
    found = {v: None}
    stack = [v]
    while stack and len(found) <= MAX_COUNTED:
        for parent in stack.pop().parents:
            if parent not in found:
                found[parent] = None
                stack.append(parent)
    return list(found)


def _module_card(module: Named) -> str:
    parameters = dict(module.named_parameters())
    if len(parameters) <= MAX_WEIGHTS and not any(split_name(name)[0] for name in parameters):
        table = _weights_table(module, parameters)
    else:
        table = _layers_table(module, parameters)
    if len(parameters) > MAX_PARAMETERS or not isinstance(getattr(module, "nin", None), int):
        return table
    try:
        picture = draw(module)._repr_html_()
    except Exception:  # not made of neurons, or not callable now
        return table
    return f'<div style="overflow-x:auto">{table}{picture}</div>'


def _weights_table(module: Named, parameters: Mapping[str, Value]) -> str:
    """Return the table of a small module without parts, such as a neuron: its weights."""
    rows = [
        (name, f"{v.data:.4g}", f"{v.grad:.4g}" if v.grad != 0.0 else "—")
        for name, v in parameters.items()
    ]
    return _table([(_truncated(repr(module), 40), "data", "grad"), *rows])


def _layers_table(module: Named, parameters: Iterable[str]) -> str:
    """Return the table of a module's layers and their numbers of parameters."""
    counts = Counter(layer_of(name) for name in parameters)
    rows = [(name, _part(module, name), f"{count:,}") for name, count in counts.items()]
    if len(rows) > MAX_ROWS:
        hidden = sum(list(counts.values())[MAX_ROWS:])
        rows[MAX_ROWS:] = [("...", f"{len(counts) - MAX_ROWS:,} more", f"{hidden:,}")]
    head = (type(module).__name__, "", "parameters")
    return _table([head, *rows, ("total", "", f"{counts.total():,}")])


def _part(module: object, path: str) -> str:
    """Return the repr of the module at a path; "" for a list of parameters."""
    part: Any = module
    for word in path.split("."):
        held = isinstance(part, dict | list | tuple)
        part = part[int(word) if word.isdecimal() else word] if held else getattr(part, word)
    return _truncated(repr(part), 60) if isinstance(part, Named) else ""


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of cells as an HTML table; the first row and the first column are headings."""
    lines = []
    for place, row in enumerate(rows):
        cells = []
        for column, cell in enumerate(row):
            tag = "td" if place and column else "th"
            is_number = len(row) > 2 and cell[:1] in "0123456789-—"
            align = "right" if column > 1 or (column == 1 and is_number) else "left"
            cells.append(f'<{tag} style="{_BORDER}{align}">{_text(cell)}</{tag}>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<table style="border-collapse:collapse;font-family:monospace;color:inherit;'
        f'white-space:pre-wrap">{"".join(lines)}</table>'
    )


def _truncated(text: str, characters: int = MAX_CHARACTERS) -> str:
    return text if len(text) <= characters else text[: characters - 4] + " ..."


class _Markup(str):
    """The content of a cell as HTML."""


def _typeset(v: Value, formula: str) -> str:
    """Return the formula of a Value typeset, with its text as accessible name; a long one as text."""
    if len(formula) > MAX_TYPESET:
        return formula
    lines = (clean(line) for line in latex(v).split("\n"))
    return _Markup(mathml("\n".join(lines), text=_cleaned(formula)))


def _text(text: str) -> str:
    return text if isinstance(text, _Markup) else escape(_cleaned(_truncated(text)))


def _cleaned(text: str) -> str:
    return "\n".join(map(clean, text.split("\n")))
