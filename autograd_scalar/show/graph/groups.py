"""Pictures with one box per layer or neuron: its outputs, their gradients, and its weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.graph.order import sorted_nodes
from autograd_scalar.show.graph.picture import (
    Box,
    Picture,
    ValueBoxes,
    clean,
    format_number,
    shortened,
    title_and_description,
)
from autograd_scalar.show.graph.scopes import Scope, split_name
from autograd_scalar.value import Value

#: Maximum number of values outside all scopes that are shown one by one.
MAX_SINGLES = 12
#: Maximum number of outputs, and of weights, that a box lists; it shows the range of more.
MAX_OUTPUTS, MAX_WEIGHTS = 3, 6


def grouped_picture(
    order: Sequence[Value],
    ends: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
) -> Picture:
    """Return the picture with one box per scope, and boxes for the values outside all scopes.

    Edges show the flow of inputs and results, not of parameters: otherwise a penalty on all parameters
    would be linked to every box.
    """
    groups = _groups(order, scopes)
    of_value = ValueBoxes(order, ends, names, scopes)
    members: dict[_Group, list[Value]] = {}
    for v, group in zip(order, groups, strict=True):
        members.setdefault(group, []).append(v)
    index = {group: place for place, group in enumerate(members)}
    box_of = {v: index[group] for v, group in zip(order, groups, strict=True)}
    used_outside = {p for v in order for p in v.parents if box_of[p] != box_of[v]}
    uses = dict.fromkeys(
        (box_of[p], box_of[v])
        for v in order
        for p in v.parents
        if box_of[p] != box_of[v] and (p.op or not of_value.scope_of[p])
    )
    places = sorted_nodes(len(members), uses)
    rank = {place: position for position, place in enumerate(places)}
    edges = [(rank[source], rank[target]) for source, target in uses]
    boxes = [
        of_value.box(group)
        if isinstance(group, Value)
        else _group_box(group, members[group], of_value, used_outside)
        for group in map([*members].__getitem__, places)
    ]
    return Picture(boxes, edges, [], *title_and_description(order, ends))


# ----- boxes -----


def _group_box(
    group: tuple[str, ...],
    members: Sequence[Value],
    of_value: ValueBoxes,
    used_outside: Container[Value],
) -> Box:
    """Return the box of a scope, or of the values between scopes."""
    operations = Counter(symbol(v.op) for v in members if v.op)
    counted = ", ".join(f"{count:,} {sign}" for sign, count in operations.most_common())
    last = [v for v in members if v in of_value.ends]
    if group[0]:
        label = ".".join(group)
        outputs = [v for v in members if v.op and (v in used_outside or v in of_value.ends)]
        rows = [*_output_rows(outputs, of_value), *_weight_rows(members, of_value, len(group))]
    else:
        label = "inputs" if group == _INPUTS else "others"
        if last:
            label = last[0].label or "result"
        rows = [*of_value.rows(last[0])] if len(last) == 1 else []
        rows.append(("values", f"{len(members):,}"))
        if operations:
            common = " ".join(sign for sign, _ in operations.most_common(4))
            rows.append(("ops", common + (" …" if len(operations) > 4 else "")))
    return Box("group", "", shortened(label), tuple(rows), clean(f"{label}: {counted}"), bool(last))


def _output_rows(outputs: Sequence[Value], of_value: ValueBoxes) -> list[tuple[str, str]]:
    """Return the data and the grad of a scope's outputs: each of a few, else their ranges."""
    if not outputs:
        return []
    if len(outputs) == 1:
        (_, data), (_, grad) = of_value.rows(outputs[0])
        return [("out", data), ("grad", grad)]
    grads = [v.grad for v in outputs]
    computed = of_value.computed or any(grads)
    if len(outputs) <= MAX_OUTPUTS:
        rows = [of_value.rows(v) for v in outputs]
        return [
            ("out", ", ".join(data for (_, data), _ in rows)),
            ("grad", ", ".join(grad for _, (_, grad) in rows) if computed else "—"),
        ]
    return [
        (f"{len(outputs):,} out", _range([v.data for v in outputs])),
        ("grad", _range(grads) if computed else "—"),
    ]


def _weight_rows(
    members: Sequence[Value], of_value: ValueBoxes, depth: int
) -> list[tuple[str, str]]:
    """Return the weights of a scope by name: each of a few, else the range of each list of them."""
    names = {v: of_value.names.get(v) or v.label or "" for v in members if not v.op}
    parts = {v: split_name(name) for v, name in names.items() if name}
    within = len({scope for scope, _ in parts.values()}) > 1
    weights = {
        v: ".".join((*(scope[depth:] if within else ()), last))
        for v, (scope, last) in parts.items()
    }
    if len(weights) <= MAX_WEIGHTS:
        return [(shortened(name), format_number(v.data)) for v, name in weights.items()]
    lists: dict[str, list[float]] = {}
    for v, name in weights.items():
        lists.setdefault(split_name(name)[1].partition(".")[0], []).append(v.data)
    return [
        (f"{len(found):,} {shortened(name)}" if len(found) > 1 else name, _range(found))
        for name, found in lists.items()
    ]


def _range(numbers: Sequence[float]) -> str:
    """Return the lowest and the highest number, or the only one."""
    low, high = format_number(min(numbers)), format_number(max(numbers))
    return low if low == high else f"{low} … {high}"


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
