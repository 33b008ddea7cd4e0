"""The chain rule on one recorded graph, a line per value: ag.explain."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Mapping, Sequence
from math import isclose, isnan
from typing import Any

from autograd_scalar import pytree
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explain.compiled import written_out
from autograd_scalar.show.explain.derivation import (
    FOLDED,
    Assignment,
    Notation,
    Step,
    Term,
    magnitude,
)
from autograd_scalar.show.explain.explanation import Explanation
from autograd_scalar.show.explain.names import names_in
from autograd_scalar.show.formula.symbolic import written_operands
from autograd_scalar.show.graph.scopes import Named, names_of
from autograd_scalar.value import Value, adjoints, topological_order


def explain(
    y: Value,
    wrt: Any = None,
    *,
    node: Value | None = None,
    names: Mapping[str, Value] | Named | None = None,
    limit: int | None = 40,
    uses: int = 6,
) -> Explanation:
    """Return the derivation of the gradients of y by the chain rule, in symbols and numbers of this graph.

    The result is a sequence of Steps in the order of backpropagation, one per value between y and
    the leaves: each gradient is the sum, over the uses of the value, of upstream gradient × local
    derivative. It prints as text, and a notebook typesets it; `.markdown()` and `.latex()` return
    the sources. Below, "In words" says what the numbers alone do not: which way a kink or a tie went,
    what is saturated or undefined; `.in_words()` has a sentence for every use. Compiled functions are
    written out. No `grad` is read or changed.

    At most `limit` steps are shown, those on the strongest paths, and at most `uses` terms in a
    step, those that contribute most. A note says what is left out.

    Raises TypeError if `y`, `wrt` or `node` is not a Value (or, for `wrt`, a container of Values),
    ValueError for a limit below 1.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b
    >>> c.label = "c"
    >>> explain(c * c + c, a)
    Forward: each value from its operands:
      a = 2, b = -3
      c  = a*b    = 2*(-3)    = -6
      v1 = c*c    = (-6)*(-6) = 36
      y  = v1 + c = 36 + (-6) = 30
    <BLANKLINE>
    Backward: each gradient is the sum, over the uses of a value, of upstream gradient × local derivative:
      ∂y/∂y  = 1
      ∂y/∂v1 = ∂y/∂y · 1                           = 1 · 1                       = 1
      ∂y/∂c  = ∂y/∂y · 1 + ∂y/∂v1 · c + ∂y/∂v1 · c = 1 · 1 + 1 · (-6) + 1 · (-6) = -11
      ∂y/∂a  = ∂y/∂c · b                           = -11 · (-3)                  = 33

    Args:
        wrt: a Value, or a list, tuple or dict of Values: explain only the paths from these to y.
        node: a Value: explain its step alone.
        names: a module, or a mapping from names to Values. Values are named by it, by their labels,
            or v1, v2, ...; a leaf without a name is a constant, unless no leaf has a name.
        limit: maximum number of steps; None for all.
        uses: maximum number of terms in a step; None for all.
    """
    requested = _requested(y, wrt, node)
    for name, count in (("limit", limit), ("uses", uses)):
        if count is not None and count < 1:
            raise ValueError(f"{name} must be a positive integer, or None for all, got {count!r}")
    written, notes = written_out(topological_order(y))
    y, *requested = (written.get(v, v) for v in (y, *requested))
    order = topological_order(y)
    bars = adjoints(order, {y: 1.0})
    own = {written.get(v, v): name for v, name in names_of(names).items()}
    named = names_in(order, requested, own)
    if node is not None:
        needed = shown = set(requested) & bars.keys()
    else:
        targets = requested or [
            v for v in order if v.label or v in own or (v in named and not v.op)
        ]
        needed = _dependents(order, targets or order)
        shown = _strongest(order, bars, needed, targets, limit or len(order))
    notation = Notation(y, named, frozenset(shown), uses or len(order))
    steps = _steps(order, requested, bars, notation)
    given, inner, forward = _forward(order, steps, notation)
    if len(shown) < len(needed):
        notes.append(
            f"Showing {len(shown):,} of {len(needed):,} steps, those on the strongest paths; "
            "limit=None shows all."
        )
    if any(_is_out_of_date(line.node) for line in forward):
        notes.append(
            "Some data changed after the graph was recorded, and the local derivatives are those "
            "recorded; recompute() brings them up to date."
        )
    return Explanation(given, inner, forward, steps, notes)


def _requested(y: Value, wrt: Any, node: Value | None) -> list[Value]:
    """Return the values of `wrt` or `node`; raise TypeError for anything that is not a Value."""
    _check(y, "y")
    requested = [] if wrt is None else pytree.leaves(wrt)
    for v, path in zip(requested, pytree.paths(wrt, "wrt"), strict=False):
        _check(v, path)
    if node is None:
        return requested
    _check(node, "node")
    if wrt is not None:
        raise TypeError("explain takes wrt or node, not both: node is explained for all leaves")
    return [node]


def _steps(
    order: Sequence[Value],
    requested: Sequence[Value],
    bars: Mapping[Value, float],
    notation: Notation,
) -> list[Step]:
    """Return the steps of the shown values, then of the requested ones that y does not depend on."""
    terms: dict[Value, list[Term]] = {v: [] for v in notation.shown}
    for user in reversed(order):
        for position, (v, partial) in enumerate(zip(user.parents, user.partials, strict=True)):
            if v in notation.shown:
                terms[v].append(Term(user, position, bars[user], partial, notation))
    listed = [v for v in reversed(order) if v in notation.shown]
    listed += [v for v in dict.fromkeys(requested) if v not in bars]
    return [
        Step(v, notation.names[v], terms.get(v, ()), bars.get(v, 0.0), notation) for v in listed
    ]


def _check(v: object, role: str) -> None:
    if type(v) is not Value:
        raise TypeError(f"explain needs Values, but {role} is {v!r:.40} ({type(v).__name__})")


def _dependents(order: Iterable[Value], targets: Iterable[Value]) -> set[Value]:
    """Return the targets in the graph, and the values that depend on them."""
    wanted, needed = set(targets), set[Value]()
    for v in order:
        if v in wanted or any(parent in needed for parent in v.parents):
            needed.add(v)
    return needed


def _strongest(
    order: Sequence[Value],
    bars: Mapping[Value, float],
    needed: set[Value],
    targets: Iterable[Value],
    limit: int,
) -> set[Value]:
    """Return at most `limit` of the needed nodes: the strongest path to the strongest target, to the next, ...

    From its target, a path follows the use that contributes most. If the first path alone is too
    long, its middle is left out. Leaves that are used alike take one line, and count as one.
    """
    if len(needed) <= limit:
        return needed
    followers = _alike(order, needed)
    if followers:
        needed = needed.difference(*followers.values())
        leaders = _strongest(order, bars, needed, targets, limit)
        return leaders.union(*(followers.get(v, ()) for v in leaders))
    best: dict[Value, tuple[float, Value]] = {}
    for user in order:
        if user in needed:
            for v, partial in zip(user.parents, user.partials, strict=True):
                contribution = magnitude(partial * bars[user])
                if v in needed and (v not in best or contribution > best[v][0]):
                    best[v] = contribution, user
    shown: set[Value] = set()
    wanted = needed.intersection(targets)
    for target in sorted(filter(wanted.__contains__, order), key=lambda v: -magnitude(bars[v])):
        path = [target]
        while path[-1] not in shown and path[-1] in best:
            path.append(best[path[-1]][1])
        if len(shown) + len(path) <= limit:
            shown.update(path)
        elif shown:
            break
        else:
            end = limit // 2
            return {*path[: limit - end], *path[len(path) - end :]}
    return shown


def _alike(order: Iterable[Value], needed: Container[Value]) -> dict[Value, list[Value]]:
    """Return the needed leaves that have the same uses as an earlier one, by that one.

    Two uses are the same if they are of one list, with a local derivative that is a number: the terms
    of a sum are used alike, those of a product are not.
    """
    uses: dict[Value, list[Value]] = {}
    for user in order:
        if TABLE.get(user.op) is not None and TABLE[user.op].lists:
            numbers = _has_plain_derivatives(user)
            for v, is_plain in zip(user.parents, numbers, strict=True):
                uses.setdefault(v, []).append(user if is_plain else v)
        else:
            for v in user.parents:
                uses.setdefault(v, []).append(v)
    leaders: dict[tuple[Value, ...], Value] = {}
    followers: dict[Value, list[Value]] = {}
    for v, users in uses.items():
        if not v.op and v in needed:
            leader = leaders.setdefault(tuple(users), v)
            if leader is not v:
                followers.setdefault(leader, []).append(v)
    return {v: alike for v, alike in followers.items() if len(alike) >= FOLDED}


def _has_plain_derivatives(user: Value) -> list[bool]:
    """Return, for each parent, True if the row gives a number as local derivative, the same for all operands."""
    row = TABLE[user.op]
    plain = [
        not any(isinstance(part, ast.Name) for part in ast.walk(tree))
        for tree in row.textbook_trees
    ]
    operands = zip(row.split(user.parents), plain, strict=True)
    return [p for part, p in operands for _ in (part if isinstance(part, list) else [part])]


def _forward(
    order: Iterable[Value], steps: Sequence[Step], notation: Notation
) -> tuple[list[Assignment], list[Assignment], list[Assignment]]:
    """Return the leaves and inner values that are not derived, and the assignments of the steps' values.

    For a single step, its users are derived too.
    """
    computed = {step.node for step in steps if step.node.op}
    if len(steps) == 1:
        computed.update(group[0].user for group in steps[0].strongest())
    operands = {p for v in computed for p in written_operands(v, notation.shown)}
    given: list[Assignment] = []
    inner: list[Assignment] = []
    forward: list[Assignment] = []
    for v in order:
        if v in computed:
            forward.append(Assignment(v, notation.names[v], notation))
        elif v in operands and v in notation.names:
            line = Assignment(v, notation.names[v], notation, _given=True)
            (inner if v.op else given).append(line)
    return given, inner, forward


def _is_out_of_date(v: Value) -> bool:
    """Return True if the data of a node no longer follows from the data of its parents."""
    if v.op not in TABLE:
        return False
    current = evaluate(v.op, *TABLE[v.op].split([parent.data for parent in v.parents]))[0]
    return not (isclose(current, v.data, rel_tol=1e-9) or (isnan(current) and isnan(v.data)))
