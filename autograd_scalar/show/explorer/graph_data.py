"""Data of a graph for the explorer's page: names, formulas, local derivatives, rules, views."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, symbol
from autograd_scalar.show.explain.derivation import Assignment, Notation, Term
from autograd_scalar.show.explain.names import names_in
from autograd_scalar.show.explorer.javascript import conditions_in
from autograd_scalar.show.explorer.views import views
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.formula.mathml import mathml
from autograd_scalar.show.formula.symbolic import operation, write_latex
from autograd_scalar.show.graph.picture import clean, shortened
from autograd_scalar.show.graph.scopes import Scope, scopes_of, split_name
from autograd_scalar.value import Value, restore

#: Maximum number of values in a graph, and of boxes in one view.
MAX_VALUES, MAX_BOXES = 2000, 600
#: Maximum length of the formula in the page's title.
MAX_FORMULA = 160

#: Delimiters of a node's index in the texts that the page fills with names or numbers.
_OPEN, _CLOSE = "\ue000", "\ue001"


def graph_data(
    order: Sequence[Value],
    own: Mapping[Value, str],
    model: Sequence[Value] | None = None,
    parameters: Collection[Value] = (),
) -> dict[str, Any]:
    """Return the data of a graph for the page; nodes are indices in topological order.

    `own` maps values to names that override their labels. If `model` is given, values outside it
    belong to no layer. `parameters` are the leaves that a nudge moves; without any, those in layers,
    or all named leaves of a graph without layers.

    Raises ValueError if the graph is too large, or has an operation outside the table.
    """
    _check(order)
    at = {v: place for place, v in enumerate(order)}
    names = names_in(order, (), own)
    has_scopes = any("." in name for name in names.values())
    scopes: list[Scope] = scopes_of(order, own) if has_scopes else [()] * len(order)
    if model is not None:
        inner = set(model)
        scopes = [scope if v in inner else () for v, scope in zip(order, scopes, strict=True)]
    heads = [_head(v, names, own, scope) for v, scope in zip(order, scopes, strict=True)]
    found = views(order, heads, scopes, MAX_BOXES)
    if not found:
        raise ValueError(
            f"explore shows up to {MAX_BOXES} values at once, this graph has {len(order):,} and "
            "no layers or neurons to collapse: pass names=model, or explore a part of it"
        )
    placeholders = Notation(
        order[-1], {v: f"{_OPEN}{at[v]}{_CLOSE}" for v in names}, frozenset(), len(order)
    )
    return {
        "names": [names.get(v, "") for v in order],
        "heads": heads,
        "ops": [v.op for v in order],
        "symbols": [TABLE[v.op].symbol if v.op else "" for v in order],
        "parents": [[at[p] for p in v.parents] for v in order],
        "parameters": _parameters(order, names, scopes, parameters),
        "data": [0 if v.op else json_number(v.data) for v in order],
        "formulas": [Assignment(v, "", placeholders).formula if v.op else "" for v in order],
        **_typeset(order),
        "locals": [list(_local_derivatives(v, placeholders)) for v in order],
        "rules": {op: _rule(TABLE[op]) for op in dict.fromkeys(v.op for v in order if v.op)},
        "views": found,
        "formula": _formula(order, names),
    }  # fmt: skip


def _parameters(
    order: Sequence[Value],
    names: Mapping[Value, str],
    scopes: Sequence[Scope],
    given: Collection[Value],
) -> list[int]:
    """Return the indices of the leaves that a nudge moves; see graph_data."""
    leaves = [place for place, v in enumerate(order) if not v.op and names.get(v)]
    if chosen := set(given):
        return [place for place in leaves if order[place] in chosen]
    return [place for place in leaves if scopes[place]] or leaves


def _check(order: Sequence[Value]) -> None:
    """Raise ValueError for a graph that the page cannot hold or evaluate."""
    if len(order) > MAX_VALUES:
        raise ValueError(
            f"explore takes up to {MAX_VALUES:,} values, this graph has {len(order):,}: explore "
            "the loss of one sample, or the output of one neuron"
        )
    for v in order:
        if v.op and v.op not in TABLE:
            raise ValueError(
                f"explore needs operations of the table, got {symbol(v.op)!r}; for a compiled "
                "function f, explore the result of f.__wrapped__"
            )


def _typeset(order: Sequence[Value]) -> dict[str, Any]:
    """Return the formulas of operations as MathML, and the index of each value's; -1 for a leaf.

    Values of one operation share a formula. It has a slot for each operand, which the page fills with a
    name or a number.
    """
    templates: dict[tuple[Any, ...], str] = {}
    kinds = []
    for v in order:
        is_zero = tuple(not p.op and not p.label and p.data == 0.0 for p in v.parents)
        kind = v.op, is_zero  # a constant 0 is left out of a sum
        if v.op and kind not in templates:
            templates[kind] = _template(v, is_zero)
        kinds.append(list(templates).index(kind) if v.op else -1)
    return {"templates": list(templates.values()), "kinds": kinds}


def _template(v: Value, is_zero: Sequence[bool]) -> str:
    slots = tuple(
        Value(p.data, None if zero else f"{_OPEN}{k}{_CLOSE}")
        for k, (p, zero) in enumerate(zip(v.parents, is_zero, strict=True))
    )
    node = restore(None, v.data, 0.0, None, v.op, slots, (0.0,) * len(slots))
    markup = mathml(write_latex(operation(node, lambda p: p, ())))
    return re.sub(' style="[^"]*"', "", markup)  # the page's policy allows only its style sheet


def _formula(order: Sequence[Value], names: Mapping[Value, str]) -> str:
    """Return the formula of a graph on one line; "" if it is too long."""
    if len(order) > MAX_FORMULA:
        return ""
    *parts, whole = infix(order[-1], limit=10**6).split("\n")
    line = clean(";  ".join([*parts, f"{names[order[-1]]} = {whole}"]))
    return line if len(line) <= MAX_FORMULA else ""


def _head(v: Value, names: Mapping[Value, str], own: Mapping[Value, str], scope: Scope) -> str:
    """Return the text at the top of a value's box: its name, without the scope of a parameter."""
    label = own.get(v) or v.label or ""
    return shortened(split_name(label)[1] if scope and label else names.get(v, ""))


def _local_derivatives(v: Value, placeholders: Notation) -> Iterator[list[str]]:
    """Yield the derivative with respect to each parent in symbols, simplified for the current data.

    If that depends on the branch of a `where`, the general form follows.
    """
    if not v.op:
        return
    row = TABLE[v.op]
    bound = dict(zip(row.operands, v.parents, strict=False)) | {"z": v}
    for tree, places in zip(row.textbook_trees, row.split(range(len(v.parents))), strict=True):
        for position in places if isinstance(places, list) else [places]:
            texts = [Term(v, position, 1.0, 1.0, placeholders).local]
            if conditions_in(tree):  # never in a row over lists, so `bound` has every operand
                texts.append(_general(tree, bound, placeholders))
            yield texts


def _general(tree: ast.expr, bound: Mapping[str, Value], placeholders: Notation) -> str:
    """Return the text of a partial derivative over the names of its operands, not simplified."""

    def word(found: re.Match[str]) -> str:
        v = bound.get(found[0])
        return found[0] if v is None else placeholders.names.get(v) or f"{v.data:.6g}"

    return re.sub(r"[^\W\d]\w*", word, ast.unparse(tree))


def _rule(row: Op) -> dict[str, Any]:
    return {
        "value": row.value,
        "partials": [ast.unparse(tree) for tree in row.textbook_trees],
        "operands": row.operands,
        "lists": [operand in row.lists for operand in row.operands],
    }


def json_number(x: float) -> float | str:
    """Return a number for JSON: a string that JavaScript's Number() reads if it is not finite."""
    return x if isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"
