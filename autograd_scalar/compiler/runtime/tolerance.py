"""Tolerances of an audit: how far a compiled result, and its derivatives, may differ from eager code's.

They follow from the traces that ran, see ir/rounding.py: bits must agree where a trace is made of arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import inf, isfinite, ulp
from types import MappingProxyType
from typing import Any, NamedTuple

from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower
from autograd_scalar.compiler.ir.rounding import error_bounds
from autograd_scalar.compiler.options import MAX_STRAIGHT_SINGLE
from autograd_scalar.compiler.runtime.row_function import RowFunction
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Output, Trace
from autograd_scalar.node.hooks import read_silently
from autograd_scalar.value import Value


class Bound(NamedTuple):
    """Bounds on the differences of a result, and of its derivatives by Values that are inputs of the trace."""

    value: float = 0.0
    partials: Mapping[Value, float] = MappingProxyType({})


def trace_of(specialization: Specialization, given: Iterable[Any]) -> Trace | None:
    """Return the trace whose guards hold for some floats and Values; None if there is none, and eager code runs."""
    numbers = [read_silently(x) if type(x) is Value else x for x in given]
    return next((t for t in specialization.traces if t.run(numbers, False)[1] < 0), None)


def bounds_of_call(
    specialization: Specialization, given: Sequence[Any], *, reordered: int = 0
) -> list[Bound]:
    """Return the bounds of each result of a call with these floats and Values; none if eager code answered."""
    trace = trace_of(specialization, given)
    if trace is None:
        return []
    parents = [*given, *trace.closed]
    wrt = [k for k, v in enumerate(parents) if type(v) is Value]
    numbers = [read_silently(x) if type(x) is Value else x for x in parents]
    program = lower(differentiate(trace.program, wrt))
    # Eager code adds the terms of a derivative by a Value that is several inputs in another order.
    is_shared = len({id(parents[k]) for k in wrt}) < len(wrt)
    reordered = reordered or int(is_shared or len(trace.program) > MAX_STRAIGHT_SINGLE)
    found = error_bounds(program, numbers, reordered=reordered)
    outputs = len(trace.program.outputs)
    # The zero of a derivative that f takes itself may have the other sign.
    differentiates = trace.differentiated or any(op == "stop" for op, *_ in trace.program.code)
    zero = ulp(0.0) if differentiates else 0.0
    bounds = []
    for output in trace.leaves:
        if not isinstance(output, Output):
            bounds.append(Bound())
            continue
        first = outputs + output * len(wrt)
        partials: dict[Value, float] = {}
        for k, limit in zip(wrt, found[first : first + len(wrt)], strict=True):
            partials[parents[k]] = partials.get(parents[k], 0.0) + limit
        bounds.append(Bound(max(found[output], zero), partials))
    return bounds


def bounds_by_row(function: RowFunction, rows: Rows) -> Iterator[list[Bound]]:
    """Yield for each row the bounds of its results."""
    for row in range(rows.count):
        yield bounds_of_call(
            function.specialization, function.arguments(rows, row), reordered=rows.count + 8
        )


def bounds_of_sums(function: RowFunction, rows: Rows, divisor: int) -> list[Bound]:
    """Return the bounds of each result summed over the rows and divided."""
    found = []
    for column in zip(*bounds_by_row(function, rows), strict=True):
        partials: dict[Value, float] = {}
        for v in {*chain.from_iterable(bound.partials for bound in column)}:
            partials[v] = sum(bound.partials.get(v, 0.0) for bound in column) / divisor
        found.append(Bound(sum(bound.value for bound in column) / divisor, partials))
    return found


def bounds_of_derivatives(
    order: Sequence[Value], partials: Mapping[Value, float]
) -> dict[int, float]:
    """Return bounds on the derivatives of a compiled node by the Values under it, by id.

    The node is the last of a topological order; `partials` bound its own. Where its parents depend on each other, eager
    code adds the terms of a derivative in another order, which moves the last bits of the sum.
    """
    node = order[-1]
    is_ordered = len({*map(id, node.parents)}) == len(node.parents) and not any(
        v.parents for v in node.parents
    )
    found = {id(v): limit for v, limit in partials.items()}
    sizes = {id(node): 1.0}
    for v in reversed(order):
        limit, size = (0.0 if v is node else found.get(id(v), 0.0)), sizes.get(id(v), 0.0)
        for parent, partial in zip(v.parents, v.partials, strict=True):
            key = id(parent)
            found[key] = found.get(key, 0.0) + (abs(partial) * limit if limit else 0.0)
            sizes[key] = sizes.get(key, 0.0) + abs(partial) * size
    if not is_ordered:
        for key, size in sizes.items():
            found[key] = found.get(key, 0.0) + 4.0 * ulp(size) if isfinite(size) else inf
    return found
