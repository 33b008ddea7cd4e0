"""Pictures: the boxes and edges of a drawing, before layout.

There are three kinds: one box per value, one box per scope, and a summary of constant size for
graphs too large to draw. `render.svg` and `render.dot` turn a Picture into SVG and DOT.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.graph.order import Edge, sorted_nodes
from autograd_scalar.show.graph.scopes import Scope, split_name
from autograd_scalar.value import Value

#: Maximum number of characters of a label in a box.
MAX_LABEL = 28
#: Maximum number of values in a graph whose description includes its formula.
MAX_DESCRIBED = 60
#: Maximum number of values at the end of the graph, and of leaves, that a summary shows.
MAX_LAST, MAX_FIRST = 7, 5
#: Maximum number of values outside all scopes that a grouped picture shows one by one.
MAX_SINGLES = 12


class Box(NamedTuple):
    """One box of a drawing."""

    kind: str  # "leaf", "operation", "group" or "summary"
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
    partials: bool = False,
) -> Picture:
    """Return the picture with one box per value, and one edge per use in operand order.

    `partials` labels each edge with its local derivative.
    """
    index = {v: place for place, v in enumerate(order)}
    boxes = _value_boxes(order, ends, names, scopes)
    edges = [(index[parent], index[v]) for v in order for parent in v.parents]
    labels = [format_number(partial) for v in order for partial in v.partials] if partials else []
    return Picture(boxes, edges, labels, *_title_and_description(order, ends))


def grouped_picture(
    order: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
) -> Picture:
    """Return the picture with one box per scope, and boxes for the values outside all scopes.

    Edges show the flow from the inputs only: a regularisation term that reads every parameter
    would otherwise be linked to every box.
    """
    depends_on_input: dict[Value, bool] = {}
    for v, scope in zip(order, scopes, strict=True):
        depends_on_input[v] = any(map(depends_on_input.get, v.parents)) if v.op else not scope
    groups = _groups(order, scopes)
    members: dict[_Group, list[Value]] = {}
    for v, group in zip(order, groups, strict=True):
        members.setdefault(group, []).append(v)
    index = {group: place for place, group in enumerate(members)}
    box_of = {v: index[group] for v, group in zip(order, groups, strict=True)}
    uses = dict.fromkeys(
        (box_of[p], box_of[v])
        for v in order
        for p in v.parents
        if box_of[p] != box_of[v] and depends_on_input[p]
    )
    places = sorted_nodes(len(members), uses)
    rank = {place: position for position, place in enumerate(places)}
    edges = [(rank[source], rank[target]) for source, target in uses]
    boxes = [
        _value_boxes([group], ends, names, [()])[0]
        if isinstance(group, Value)
        else _group_box(group, members[group], ends, names)
        for group in map([*members].__getitem__, places)
    ]
    return Picture(boxes, edges, [], *_title_and_description(order, ends))


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
    boxes = _value_boxes(shown, ends, names, [()] * len(shown))
    summary = len(first)
    boxes.insert(summary, _counts_box(order))
    box_of = {v: place + (place >= summary) for place, v in enumerate(shown)}
    edges = [(place, summary) for place in range(summary)]
    for v in shown[summary:]:
        edges += dict.fromkeys((box_of.get(p, summary), box_of[v]) for p in v.parents)
    return Picture(boxes, edges, [], *_title_and_description(order, ends))


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


def _title_and_description(order: Sequence[Value], ends: Sequence[Value]) -> tuple[str, str]:
    """Return the title and the description for screen readers."""
    names = ", ".join(shortened(end.label) for end in ends[:MAX_LAST] if end.label)
    operations = sum(1 for v in order if v.op)
    description = f"{len(order):,} values, {operations:,} of them operations."
    if len(order) <= MAX_DESCRIBED:
        formulas = (f"{end.label or 'value'} = {infix(end)}" for end in ends[:MAX_LAST])
        description = f"{description} {'; '.join(formulas)}".replace("\n", "; ")
    return f"Graph of {names or 'a value'}", clean(description)


# ----- boxes -----


def _value_boxes(
    values: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
) -> list[Box]:
    # Before backward() a gradient of zero means "not computed", and is drawn as a dash.
    computed = any(end.grad != 0.0 for end in ends)
    last = set(ends)
    boxes = []
    for v, scope in zip(values, scopes, strict=True):
        name = v.label or names.get(v) or ""
        boxes.append(
            Box(
                "operation" if v.op else "leaf",
                symbol(v.op),
                shortened(split_name(name)[1] if scope else name),
                (
                    ("data", format_number(v.data)),
                    ("grad", format_number(v.grad) if computed or v.grad != 0.0 else "—"),
                ),
                clean(f"{name or v.op or 'constant'}: data {v.data!r}, grad {v.grad!r}"),
                v in last,
                scope,
            )
        )
    return boxes


def _group_box(
    group: tuple[str, ...],
    members: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
) -> Box:
    operations = Counter(symbol(v.op) for v in members if v.op)
    rows = [("values", f"{len(members):,}")]
    label = "inputs" if group == _INPUTS else "others"
    if group[0]:
        label = ".".join(group)
        parameters = sum(1 for v in members if not v.op and (v.label or v in names))
        rows.append(("parameters", f"{parameters:,}"))
    if operations:
        common = " ".join(sign for sign, _ in operations.most_common(4))
        rows.append(("ops", common + (" …" if len(operations) > 4 else "")))
    inside = {*members}
    last = [end for end in ends if end in inside]
    if last and not group[0]:
        label = last[0].label or "result"
    if len(last) == 1:
        rows[:0] = _value_boxes(last, ends, names, [()])[0].rows
    counted = ", ".join(f"{count:,} {sign}" for sign, count in operations.most_common())
    return Box("group", "", shortened(label), tuple(rows), clean(f"{label}: {counted}"), bool(last))


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


# ----- groups -----

#: The box of a value in a grouped picture: its scope; outside all scopes ("", a text), or itself.
_Group = Value | tuple[str, ...]
_INPUTS = ("", "inputs")


def _groups(order: Sequence[Value], scopes: Sequence[Scope]) -> list[_Group]:
    """Return the group of each value; operations outside all scopes are grouped by stage.

    The stage of a value is the number of scopes that had been entered upstream of it.
    """
    scope = dict(zip(order, scopes, strict=True))
    stage: dict[Value, int] = {}
    entered: dict[Scope, int] = {}
    inputs: set[Value] = set()
    constants: dict[Value, _Group] = {}
    group: dict[Value, _Group] = {}
    for v in order:
        upstream = max((stage[p] for p in v.parents), default=0)
        if v.op and scope[v]:
            upstream = entered.setdefault(scope[v], len(entered) + 1)
        stage[v] = upstream
        group[v] = scope[v] or ("", f"after {upstream} scopes")
        for p in v.parents:
            if not p.op and not scope[p]:
                if scope[v]:
                    inputs.add(p)
                else:
                    constants.setdefault(p, group[v])
    group.update((p, constants[p]) for p in constants if p not in inputs)
    group.update((p, p if len(inputs) <= MAX_SINGLES else _INPUTS) for p in inputs)
    between = [v for v in order if not scope[v] and v not in inputs]
    if len(between) <= MAX_SINGLES:
        group.update((v, v) for v in between)
    return [group[v] for v in order]
