"""Operations as functions of numbers and Values: each row of the table under its name, and mean, softmax and take.

sin(0.5) is a float and sin(Value(0.5)) a Value, so that code written with these functions works on both. Those written
out below cannot be expressed as rows.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import isclose
from numbers import Real
from operator import index
from types import FunctionType
from typing import Any, cast

from autograd_scalar.node.shared import same_length
from autograd_scalar.ops.evaluate import compiled, evaluate
from autograd_scalar.ops.op import Interval, Op
from autograd_scalar.ops.opaque import opaque_rows
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD, Value, constant, define_row, number


def _made(row: Op) -> Callable[..., Any]:
    """Return the function that records a row if a Value is among its operands, and else computes it.

    Rows with the same parameters share its code: compiling it for each would take longer than the rest of an import.
    """
    parameters = row.signature, row.lists
    if parameters not in _factories:
        _factories[parameters] = compiled(_factory(row), _namespace)["made"]
    function: FunctionType = _factories[parameters](row.name)
    function.__code__ = function.__code__.replace(co_name=row.name, co_qualname=row.name)
    function.__name__ = function.__qualname__ = row.name
    function.__doc__ = f"{row.name}: {row.value}, with derivatives {row.textbook}."
    return function


def _factory(row: Op) -> str:
    """Return the source of what makes the function of a row, given its name."""
    names = row.arguments
    floats, is_recorded, first = [], [], names[0]
    lines = [f"def function({row.signature}):"]
    for operand, name in zip(row.operands, names, strict=True):
        if operand in row.lists:
            lines.append(f"    {name} = listed(row, {name})")
            is_recorded.append(f"Value in map(type, {name})")
            floats.append(f"[number(v) for v in {name}]")
        else:
            is_recorded.append(f"type({name}) is Value")
            floats.append(f"number({name})")
    if not row.lists:
        lines += [f"    if type({first}) is Value:"]
        lines += [f"        return record[row]({', '.join(names)})"]
        is_recorded = is_recorded[1:]
        first = f"constant({first})"
    if len(lengths := [f"len({operand}s)" for operand in row.lists]) > 1:
        lines += [f"    if {' != '.join(lengths)}:"]
        lines += [f"        same_length(row, {', '.join(lengths)})"]
    if is_recorded:
        lines += [f"    if {' or '.join(is_recorded)}:"]
        lines += [f"        return record[row]({', '.join([first, *names[1:]])})"]
    lines += [f"    return evaluate(row, {', '.join(floats)})[0]"]
    return "\n    ".join(["def made(row):", *lines, "return function"]) + "\n"


#: What makes the functions of rows, by their parameters.
_factories: dict[tuple[str, tuple[str, ...]], Callable[[str], Any]] = {}


def _listed(name: str, xs: Any) -> list[Any]:
    """Return a list operand as a list; TypeError unless it is iterable."""
    if type(xs) is list:
        return xs
    if isinstance(xs, Iterable) and not isinstance(xs, str):
        return [*xs]
    raise TypeError(f"{name} needs a list of numbers and Values, got {xs!r} ({type(xs).__name__})")


_namespace: dict[str, Any] = {
    "Value": Value,
    "constant": constant,
    "evaluate": evaluate,
    "listed": _listed,
    "number": number,
    "record": RECORD,
    "same_length": same_length,
}


def __getattr__(name: str) -> Callable[..., Any]:
    """Return the function of a row, made on first access."""
    if name not in TABLE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = _made(TABLE[name])
    return _row(name)


def _row(name: str) -> Callable[..., Any]:
    """Return the function of a row, made earlier or now."""
    function: Callable[..., Any] = globals().get(name) or __getattr__(name)
    return function


def pow(x: Any, y: Any) -> Any:
    """Return x ** y. Unlike **, a fractional power of a negative number is nan, not complex.

    >>> pow(Value(-2.0), 3).data, pow(-8.0, 1 / 3)
    (-8.0, nan)
    """
    if type(x) is Value or type(y) is Value:
        return x**y
    return evaluate("pow", number(x), number(y))[0]


def mean(xs: Iterable[Any]) -> Any:
    """Return the mean of numbers and Values, a float or a Value. Raises ValueError for an empty list.

    >>> mean([1.0, Value(3.0)]).data
    2.0
    """
    xs = _listed("mean", xs)
    if not xs:
        raise ValueError("mean needs at least one number, got an empty list")
    return _row("sum")(xs) / len(xs)


def max(*xs: Any) -> Any:
    """Return the largest of numbers and Values, given one by one or as one list: a float or a Value.

    It is the operation `maximum`, from left to right. So nan is not passed over, and of two that are equal each has
    half of the gradient, where Python's max returns the first. Raises ValueError for an empty list.

    >>> x, y = Value(2.0), Value(3.0)
    >>> max(x, 1.0, y).data, max([x, y]).op
    (3.0, 'maximum')
    """
    return _folded("max", "maximum", xs)


def min(*xs: Any) -> Any:
    """Return the smallest of numbers and Values, given one by one or as one list; see max.

    >>> min(Value(2.0), 3.0).data
    2.0
    """
    return _folded("min", "minimum", xs)


def _folded(name: str, row: str, xs: tuple[Any, ...]) -> Any:
    """Return the elements of a list, or the arguments, joined by an operation from left to right."""
    listed = _listed(name, xs[0]) if len(xs) == 1 else xs
    if not listed:
        raise ValueError(f"{name} needs at least one number, got an empty list")
    return reduce(_row(row), listed[1:], _row("pos")(listed[0]) if len(listed) == 1 else listed[0])


def softmax(xs: Iterable[Any]) -> list[Any]:
    r"""Return the list of :math:`e^{x_i} / \sum_j e^{x_j}`: finite, with sum 1, for every finite input.

    >>> [f"{p:.3f}" for p in softmax([1000.0, 1000.0, -1000.0])]
    ['0.500', '0.500', '0.000']
    """
    xs = _listed("softmax", xs)
    exp, sum, logsumexp = map(_row, ("exp", "sum", "logsumexp"))
    scale = logsumexp(xs)
    weights = [exp(x - scale) for x in xs]
    total = sum(weights)  # 1 up to rounding of scale
    return [weight / total for weight in weights]


def take(xs: Iterable[Any], i: Any) -> Any:
    """Return element i of a list. i may be a Value, which a compiled function looks up again at every call.

    The gradient goes to that element. If i is an int, the element itself is returned and nothing is recorded.

    >>> row = [Value(2.0), Value(3.0)]
    >>> y = take(row, Value(1.0))
    >>> y.backward()
    >>> y.data, [x.grad for x in row]
    (3.0, [0.0, 1.0])

    Raises IndexError unless i is a whole number from 0 to len(xs) - 1.
    """
    xs = _listed("take", xs)
    if type(i) is not Value:
        i = index(i)
    whole = _row("floor")(i) if type(i) is Value else i
    if not 0 <= i < len(xs) or i > whole:
        raise IndexError(f"take needs a whole number from 0 to {len(xs) - 1}, got {i!r}")
    return _row("pick")(range(len(xs)), xs, i) if type(i) is Value else xs[i]


def define_op(
    name: str,
    value: str | Callable[..., Any],
    partials: str | Callable[..., Any] | Sequence[Callable[..., Any]],
    latex: str | None = None,
    *,
    domain: Interval | tuple[Interval, ...] = (-2.0, 2.0),
) -> Callable[..., Any]:
    """Define an operation and return its function. Values get a method of that name too.

    `value` is an expression in x (and y). `partials` are the derivatives with respect to x (and y), separated by a
    comma, in x, y and the value z. Both may call other operations. The partials must not branch: use step, sign or
    where. `latex` has a field for each operand, such as "{x}^3". Pictures, formulas, higher derivatives and jit support
    the new operation immediately. Defining a name again replaces the operation.

    For what is no expression, such as a function of SciPy, a table or a solver, `value` is a Python function of floats,
    and `partials` one function for each operand (x and y, or x1, x2, ...). A partial with one more parameter is given
    the value too. If the partials compute with Values, there are derivatives of higher order. A compiled function that
    calls such an operation runs eagerly, with a warning.

    The partials are compared with finite differences of the value, at points of the `domain`: one interval, or one for
    each operand.

    Raises ValueError, naming the row, if it is malformed, a partial is wrong, or the name is taken.

    >>> cube = define_op("cube", "x * x * x", "3.0 * x * x", "{x}^3")
    >>> x = Value(2.0)
    >>> y = cube(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    >>> import math
    >>> wave = define_op("wave", math.sin, math.cos)
    >>> wave(Value(0.0)).partials
    (1.0,)
    """
    from autograd_scalar.ops.codegen import (
        RESERVED,
    )  # with the parser, not needed to import the package

    package = sys.modules[__package__]
    if (
        isinstance(name, str)
        and name not in TABLE
        and (
            name in RESERVED
            or hasattr(builtins, name)
            or hasattr(package, name)
            or name in globals()
        )
    ):
        raise ValueError(f"row {name!r}: the name is taken; choose another")
    if callable(value):
        if isinstance(partials, str):
            raise ValueError(
                f"row {name!r}: its value is a function, so its partials have to be too"
            )
        *private, row = opaque_rows(name, value, partials, latex, domain)
    elif not isinstance(value, str) or isinstance(partials, str):
        private, row = [], Op(name, value, partials, latex, domain=domain)
    else:
        raise ValueError(f"row {name!r}: its value is a text, so its partials have to be one too")
    define_row(row, *private)
    for partial in private:
        globals()[partial.name] = _over_values(partial, row)
    globals().pop(name, None)
    return __getattr__(name)


def _over_values(partial: Op, row: Op) -> Callable[..., Any]:
    """Return an opaque partial derivative as a function of Values; it raises TypeError if it needs floats.

    It computes with Values if it returns Values for them, or is constant. What returns other numbers has read the data,
    and its gradient is lost.
    """
    if _computes_with_values(partial, row):
        return cast(Callable[..., Any], partial.over_values)

    def refuse(*_: Any) -> Any:
        raise TypeError(
            f"{row.name} cannot be differentiated again: its partial derivative {partial.name} does not compute with "
            "Values; write it with functions of autograd_scalar"
        )

    return refuse


def _computes_with_values(partial: Op, row: Op) -> bool:
    """Return whether an opaque partial derivative gives for Values what it gives for floats."""
    tried, floats = [], []
    for fraction in (0.236, 0.382, 0.618, 0.764):
        at = [low + fraction * (high - low) for low, high in row.domain]
        at.append(evaluate(row.name, *at)[0])
        try:
            tried.append(cast(Callable[..., Any], partial.over_values)(*map(Value, at)))
        except Exception:  # such as float(Value), or whatever a library makes of a Value
            return False
        floats.append(evaluate(partial.name, *at)[0])
    if all(type(x) is Value for x in tried):
        return all(isclose(x.data, y, rel_tol=1e-9) for x, y in zip(tried, floats, strict=True))
    return all(isinstance(x, Real) and x == floats[0] for x in (*tried, *floats))
