"""Opaque operations: rows whose value and partial derivatives are Python functions, not texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from autograd_scalar.ops.op import Interval, Op


def opaque_rows(
    name: str,
    value: Callable[..., Any],
    partials: Callable[..., Any] | Sequence[Callable[..., Any]],
    latex: str | None,
    domain: Interval | tuple[Interval, ...],
) -> list[Op]:
    """Return the row of an operation given as Python functions, after a private row for each partial derivative.

    The row's texts call these rows by name, so that all that reads a row also reads this one. There is an operand for
    each partial derivative: x and y, or x1, x2, ... for three or more.

    >>> [(row.name, row.value, row.partials) for row in opaque_rows("f", abs, [abs], None, (-2.0, 2.0))]
    [('_df_dx', '_df_dx(x, value)', 'nan, nan'), ('f', 'f(x)', '_df_dx(x, z)')]
    """
    functions = [partials] if callable(partials) else [*partials]
    for function in (value, *functions):
        if not callable(function):
            raise ValueError(
                f"row {name!r}: expected its value and partials both as texts or both as functions, "
                f"got {function!r:.60} among functions"
            )
    operands = ["x", "y"][: len(functions)]
    if len(functions) > 2:
        operands = [f"x{i}" for i in range(1, len(functions) + 1)]
    listed, fields = ", ".join(operands), ", ".join(f"{{{operand}}}" for operand in operands)
    rows = []
    for operand, function in zip(operands, functions, strict=True):
        row = Op(
            f"_d{name}_d{operand}",
            f"_d{name}_d{operand}({listed}, value)",
            ", ".join(["nan"] * (len(operands) + 1)),
            rf"\frac{{{{\partial {name}}}}}{{{{\partial {operand}}}}}\left({fields}\right)",
            operands=f"{listed}, value",
        )
        takes_value = _takes(function, len(operands) + 1)
        row.function = _returning_floats(
            f"the partial derivative of {name} with respect to {operand}", function, takes_value
        )
        row.over_values = function if takes_value else _without_value(function)
        rows.append(row)
    calls = ", ".join(f"{row.name}({listed}, z)" for row in rows)
    row = Op(name, f"{name}({listed})", calls, latex, operands=listed, domain=domain)
    row.function = _returning_floats(name, value, takes_value=True)
    return [*rows, row]


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Return whether a function has just that many positional parameters without a default."""
    from inspect import Parameter, signature  # too slow to import for those who never get here

    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # a function written in C
        return False
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return count == sum(p.kind in positional and p.default is p.empty for p in parameters)


def _without_value(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: function(*operands[:-1])


def _returning_floats(
    what: str, function: Callable[..., Any], takes_value: bool
) -> Callable[..., float]:
    """Return the function with its result as a float; TypeError for a result that is not a number."""

    def opaque(*operands: float) -> float:
        result = function(*operands) if takes_value else function(*operands[:-1])
        if not isinstance(result, Real) and getattr(result, "shape", None) == ():
            result = result.item()  # an array of no dimensions, as SciPy returns
        if not isinstance(result, Real):
            raise TypeError(
                f"{what} should return a number for floats, got {result!r:.60} ({type(result).__name__})"
            )
        return float(result)

    return opaque
