"""What a drawing of a graph shows, before anything is placed: boxes, and edges between them.

`svg` and `digraph` draw a Picture. Three are made here: one box a value, one box a group of values,
and a summary, whose size does not depend on the graph's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.graph.order import forwards
from autograd_scalar.show.graph.scopes import Scope, split_name
from autograd_scalar.value import Value

LONGEST_LABEL = 28
#: A formula goes into the description of graphs up to this size.
FORMULA_VALUES = 60
#: A summary shows so many values at the end, and so many of the leaves it starts from.
SHOWN_LAST, SHOWN_FIRST = 7, 5
#: So many values outside all groups are shown one by one.
SINGLES = 12


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
    """A drawing without positions; boxes come in topological order."""

    boxes: list[Box]
    edges: list[tuple[int, int]]
    notes: list[str]  # one for each edge, or none at all
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
    """Return the picture with a box for each value and an edge for each use, in operand order."""
    index = {v: place for place, v in enumerate(order)}
    boxes = _value_boxes(order, ends, names, scopes)
    edges = [(index[parent], index[v]) for v in order for parent in v.parents]
    notes = [number(partial) for v in order for partial in v.partials] if partials else []
    return Picture(boxes, edges, notes, *_told(order, ends))


def grouped_picture(
    order: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
) -> Picture:
    """Return the picture with one box for each scope, and for what lies before and after them.

    Arrows are for what depends on the inputs: that weight decay reads every parameter is not shown.
    """
    homes = _homes(order, scopes)
    flows: dict[Value, bool] = {}
    for v, scope in zip(order, scopes, strict=True):
        flows[v] = any(flows[p] for p in v.parents) if v.op else not scope
    members: dict[_Home, list[Value]] = {}
    for v, home in zip(order, homes, strict=True):
        members.setdefault(home, []).append(v)
    met = {home: place for place, home in enumerate(members)}
    at = {v: met[home] for v, home in zip(order, homes, strict=True)}
    uses = dict.fromkeys(
        (at[p], at[v]) for v in order for p in v.parents if at[p] != at[v] and flows[p]
    )
    places = forwards(len(members), uses)
    drawn = [[*members][place] for place in places]
    at_last = {place: number for number, place in enumerate(places)}
    edges = [(at_last[source], at_last[target]) for source, target in uses]
    boxes = [
        _value_boxes([home], ends, names, [()])[0]
        if isinstance(home, Value)
        else _group_box(home, members[home], ends, names)
        for home in drawn
    ]
    return Picture(boxes, edges, [], *_told(order, ends))


def summary_picture(
    order: Sequence[Value], ends: Sequence[Value], names: Mapping[Value, str]
) -> Picture:
    """Return the picture of a graph too large to draw: its ends, and its measures in between."""
    last = list(ends[:SHOWN_LAST])
    for v in last:  # grows while it is walked: backwards from the ends, breadth first
        last += [p for p in dict.fromkeys(v.parents) if p not in last][: SHOWN_LAST - len(last)]
    leaves = [v for v in order if not v.op]
    named = [v for v in leaves if v.label or v in names]
    first = [v for v in named or leaves if v not in last][:SHOWN_FIRST]
    shown = [*first, *(v for v in order if v in last)]
    boxes = _value_boxes(shown, ends, names, [()] * len(shown))
    rest = len(first)
    boxes.insert(rest, _measures_box(order))
    at = {v: place + (place >= rest) for place, v in enumerate(shown)}
    edges = [(place, rest) for place in range(rest)]
    for v in shown[rest:]:
        edges += dict.fromkeys((at.get(p, rest), at[v]) for p in v.parents)
    return Picture(boxes, edges, [], *_told(order, ends))


# ----- texts -----


def number(x: float) -> str:
    """Return a number as drawings show it: four significant digits."""
    return f"{x:.4g}"


def clean(text: str) -> str:
    """Return a text on one line, without the characters that no XML document may hold."""
    return re.sub(
        "[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", " ".join(text.split())
    )


def shortened(label: str) -> str:
    """Return a label that fits a box: clean, and without its middle where it is long."""
    label = clean(label)
    half = LONGEST_LABEL // 2
    return label if len(label) <= LONGEST_LABEL else f"{label[:half]}…{label[1 - half :]}"


def _told(order: Sequence[Value], ends: Sequence[Value]) -> tuple[str, str]:
    """Return the title and the description that a screen reader reads."""
    called = ", ".join(shortened(end.label) for end in ends[:SHOWN_LAST] if end.label)
    operations = sum(1 for v in order if v.op)
    told = f"{len(order):,} values, {operations:,} of them operations."
    if len(order) <= FORMULA_VALUES:
        formulas = (f"{end.label or 'value'} = {infix(end)}" for end in ends[:SHOWN_LAST])
        told = f"{told} {'; '.join(formulas)}".replace("\n", "; ")
    return f"Graph of {called or 'a value'}", clean(told)


# ----- boxes -----


def _value_boxes(
    values: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
) -> list[Box]:
    # Before any backward() a zero means "not asked yet", and is drawn as a dash.
    asked = any(end.grad != 0.0 for end in ends)
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
                    ("data", number(v.data)),
                    ("grad", number(v.grad) if asked or v.grad != 0.0 else "—"),
                ),
                clean(f"{name or v.op or 'constant'}: data {v.data!r}, grad {v.grad!r}"),
                v in last,
                scope,
            )
        )
    return boxes


def _group_box(
    home: tuple[str, ...],
    members: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
) -> Box:
    operations = Counter(symbol(v.op) for v in members if v.op)
    rows = [("values", f"{len(members):,}")]
    label = "inputs" if home == _INPUTS else "others"
    if home[0]:
        label = ".".join(home)
        parameters = sum(1 for v in members if not v.op and (v.label or v in names))
        rows.append(("parameters", f"{parameters:,}"))
    if operations:
        common = " ".join(sign for sign, _ in operations.most_common(4))
        rows.append(("ops", common + (" …" if len(operations) > 4 else "")))
    last = [end for end in ends if end in members]
    if last and not home[0]:
        label = last[0].label or "result"
    if len(last) == 1:
        rows[:0] = _value_boxes(last, ends, names, [()])[0].rows
    counted = ", ".join(f"{count:,} {sign}" for sign, count in operations.most_common())
    return Box("group", "", shortened(label), tuple(rows), clean(f"{label}: {counted}"), bool(last))


def _measures_box(order: Sequence[Value]) -> Box:
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
    return Box("summary", "", f"{len(order):,} values", tuple(rows), "too many to draw one by one")


# ----- groups -----

#: Where a value goes in a grouped picture: its scope; where it has none, ("", a text) or itself.
_Home = Value | tuple[str, ...]
_INPUTS = ("", "inputs")


def _homes(order: Sequence[Value], scopes: Sequence[Scope]) -> list[_Home]:
    """Return where each value goes: unscoped operations by how far down the model they stand."""
    scope = dict(zip(order, scopes, strict=True))
    stage: dict[Value, int] = {}  # how many scopes have been entered upstream
    entered: dict[Scope, int] = {}
    inputs: set[Value] = set()
    constants: dict[Value, _Home] = {}
    home: dict[Value, _Home] = {}
    for v in order:
        upstream = max((stage[p] for p in v.parents), default=0)
        if v.op and scope[v]:
            upstream = entered.setdefault(scope[v], len(entered) + 1)
        stage[v] = upstream
        home[v] = scope[v] or ("", f"after {upstream} scopes")
        for p in v.parents:
            if not p.op and not scope[p]:
                if scope[v]:
                    inputs.add(p)
                else:
                    constants.setdefault(p, home[v])
    home.update((p, constants[p]) for p in constants if p not in inputs)
    home.update((p, p if len(inputs) <= SINGLES else _INPUTS) for p in inputs)
    between = [v for v in order if not scope[v] and v not in inputs]
    if len(between) <= SINGLES:
        home.update((v, v) for v in between)
    return [home[v] for v in order]
