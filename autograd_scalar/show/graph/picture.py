"""Pictures: the boxes and edges of a drawing, before layout.

There are three kinds: one box per value, one box per scope (in `groups`), and a summary of constant
size for graphs too large to draw. `render` turns a Picture into SVG, DOT and text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.graph.order import Edge
from autograd_scalar.show.graph.scopes import Scope, split_name
from autograd_scalar.value import Value

#: Maximum number of characters of a label in a box.
MAX_LABEL = 28
#: Maximum number of values in a graph whose description includes its formula.
MAX_DESCRIBED = 60
#: Maximum number of values at the end of the graph, and of leaves, that a summary shows.
MAX_LAST, MAX_FIRST = 7, 5


class Box(NamedTuple):
    """One box of a drawing."""

    kind: str  # "leaf", "input", "constant", "operation", "group" or "summary"
    symbol: str = ""
    label: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    tooltip: str = ""
    is_end: bool = False
    scope: Scope = ()


class Picture(NamedTuple):
    """Boxes in topological order, edges between their indices, and texts for screen readers."""

    boxes: list[Box]
    edges: list[Edge]
    edge_labels: list[str]  # one per edge, or empty
    title: str
    description: str


def graph_picture(
    order: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
    *,
    framed: bool = True,
    partials: bool = False,
) -> Picture:
    """Return the picture with one box per value, and one edge per use in operand order.

    `framed` draws frames around the scopes, `partials` labels each edge with its local derivative.
    """
    index = {v: place for place, v in enumerate(order)}
    of_value = ValueBoxes(order, ends, names, scopes)
    boxes = [of_value.box(v, of_value.scope_of[v] if framed else ()) for v in order]
    edges = [(index[parent], index[v]) for v in order for parent in v.parents]
    labels = [format_number(partial) for v in order for partial in v.partials] if partials else []
    return Picture(boxes, edges, labels, *title_and_description(order, ends))


def summary_picture(
    order: Sequence[Value], ends: Sequence[Value], names: Mapping[Value, str]
) -> Picture:
    """Return the picture of a graph too large to draw: some leaves, a box of counts, and the ends."""
    last, queue = dict.fromkeys(ends[:MAX_LAST]), list(ends[:MAX_LAST])
    for v in queue:  # grows during the loop: a breadth-first walk back from the ends
        found = [p for p in dict.fromkeys(v.parents) if p not in last][: MAX_LAST - len(last)]
        last.update(dict.fromkeys(found))
        queue += found
    leaves = [v for v in order if not v.op]
    named = [v for v in leaves if v.label or v in names]
    first = [v for v in named or leaves if v not in last][:MAX_FIRST]
    shown = [*first, *(v for v in order if v in last)]
    boxes = [*map(ValueBoxes(order, ends, names, [()] * len(order)).box, shown)]
    summary = len(first)
    boxes.insert(summary, _counts_box(order))
    box_of = {v: place + (place >= summary) for place, v in enumerate(shown)}
    edges = [(place, summary) for place in range(summary)]
    for v in shown[summary:]:
        edges += dict.fromkeys((box_of.get(p, summary), box_of[v]) for p in v.parents)
    return Picture(boxes, edges, [], *title_and_description(order, ends))


# ----- texts -----


def format_number(x: float) -> str:
    """Return a number with four significant digits."""
    return f"{x:.4g}"


def clean(text: str) -> str:
    """Return a text on one line, with the characters that XML forbids replaced."""
    return re.sub(
        "[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", " ".join(text.split())
    )


def shortened(label: str) -> str:
    """Return a label that fits a box: on one line, and with its middle elided if it is long."""
    label = clean(label)
    half = MAX_LABEL // 2
    return label if len(label) <= MAX_LABEL else f"{label[:half]}…{label[1 - half :]}"


def title_and_description(order: Sequence[Value], ends: Sequence[Value]) -> tuple[str, str]:
    """Return the title and the description for screen readers."""
    names = ", ".join(shortened(end.label) for end in ends[:MAX_LAST] if end.label)
    operations = sum(1 for v in order if v.op)
    description = f"{len(order):,} values, {operations:,} of them operations."
    if len(order) <= MAX_DESCRIBED:
        formulas = (f"{end.label or 'value'} = {infix(end)}" for end in ends[:MAX_LAST])
        description = f"{description} {'; '.join(formulas)}".replace("\n", "; ")
    return f"Graph of {names or 'a value'}", clean(description)


# ----- boxes -----


class ValueBoxes:
    """The boxes of single values.

    A leaf without a name is an "input" if it enters a scope, and a "constant" among leaves with names.
    Where the parameters are known, by scopes or a module's names, a leaf that is none is an "input".
    """

    def __init__(
        self,
        order: Sequence[Value],
        ends: Sequence[Value],
        names: Mapping[Value, str],
        scopes: Sequence[Scope],
    ) -> None:
        self.names, self.scope_of = names, dict(zip(order, scopes, strict=True))
        self.ends = set(ends)
        # Before backward() a gradient of zero means "not computed", and is drawn as a dash.
        self.computed = any(end.grad != 0.0 for end in ends)
        named = {v for v in order if not v.op and (v.label or v in names)}
        inputs = {p for v in order if self.scope_of[v] for p in v.parents if not self.scope_of[p]}
        known = bool(names) or any(scopes)
        self.kinds: dict[Value, str] = {}
        for v in order:
            if v.op or v in names or (self.scope_of[v] and v.label):
                self.kinds[v] = "operation" if v.op else "leaf"
            elif v in named or v in inputs:
                self.kinds[v] = "input" if known else "leaf"
            else:
                self.kinds[v] = "constant" if named else "leaf"

    def rows(self, v: Value) -> tuple[tuple[str, str], ...]:
        """Return the data and the grad of a value."""
        grad = format_number(v.grad) if self.computed or v.grad != 0.0 else "—"
        return ("data", format_number(v.data)), ("grad", grad)

    def box(self, v: Value, scope: Scope = ()) -> Box:
        """Return the box of a value; inside frames it shows the last part of its name."""
        name = v.label or self.names.get(v) or ""
        label = shortened(split_name(name)[1] if scope else name)
        is_constant = self.kinds[v] == "constant"
        return Box(
            self.kinds[v],
            symbol(v.op),
            format_number(v.data) if is_constant else label,
            () if is_constant else self.rows(v),
            clean(f"{name or v.op or 'constant'}: data {v.data!r}, grad {v.grad!r}"),
            v in self.ends,
            scope,
        )


def _counts_box(order: Sequence[Value]) -> Box:
    depth: dict[Value, int] = {}
    for v in order:
        depth[v] = 1 + max((depth[p] for p in v.parents), default=-1)
    counts = Counter(symbol(v.op) for v in order if v.op)
    rows = [
        ("leaves", f"{len(order) - counts.total():,}"),
        ("depth", f"{max(depth.values()):,}"),
        *((sign, f"{count:,}") for sign, count in counts.most_common(8)),
    ]
    if len(counts) > 8:
        rows.append(("others", f"{sum(sorted(counts.values())[:-8]):,}"))
    return Box("summary", "", f"{len(order):,} values", tuple(rows), "too many values to draw")
