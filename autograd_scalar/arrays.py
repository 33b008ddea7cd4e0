"""Arrays of Values, and NumPy's functions on them and on Values: each ufunc runs a row of the table.

NumPy computes with an array of objects by their own operators and methods, which record. Not so where it compares
them: `np.maximum` takes one of two elements, and passes over nan. A ValueArray, and every ufunc with a Value among its
operands, use the row instead. This module imports NumPy, so the package imports it only when NumPy is in use.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from autograd_scalar import functions
from autograd_scalar.node import modes
from autograd_scalar.node.shared import number
from autograd_scalar.ops.codegen import NUMPY_METHODS
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import Value

#: Rows of the ufuncs that NumPy computes by operators, if they have another name there.
_OPERATORS = {
    "subtract": "sub", "multiply": "mul", "divide": "truediv", "negative": "neg", "positive": "pos", "absolute": "abs",
    "power": "pow", "float_power": "pow", "remainder": "mod", "floor_divide": "floordiv",
}  # fmt: skip

#: Rows of SciPy's special functions that have another name there.
_SPECIAL = {"gammaln": "lgamma", "psi": "digamma", "expit": "sigmoid", "log_expit": "log_sigmoid"}


def _row(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(functions, name)
    return function


#: Compositions of rows.
_COMPOSED: dict[str, Callable[..., Any]] = {
    "square": lambda x: x * x,
    "reciprocal": lambda x: _row("truediv")(1.0, x),
    "divmod": lambda x, y: (_row("floordiv")(x, y), _row("mod")(x, y)),
}


def _plain(x: Any) -> Any:
    """Return a number without NumPy's type, whose operators would lead back to the ufunc."""
    if isinstance(x, np.generic):
        return float(x) if isinstance(x, np.floating) else x.item()
    return x


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda x, y: compare(_plain(x), _plain(y))


#: Functions whose results are bools. They compare, so that a compiled function checks their outcomes again.
_PREDICATES: dict[str, Callable[..., bool]] = {
    "less": _comparison(operator.lt),
    "less_equal": _comparison(operator.le),
    "greater": _comparison(operator.gt),
    "greater_equal": _comparison(operator.ge),
    "equal": _comparison(operator.eq),
    "not_equal": _comparison(operator.ne),
    "logical_not": operator.not_,
    "logical_and": lambda x, y: bool(x) and bool(y),
    "logical_or": lambda x, y: bool(x) or bool(y),
    "logical_xor": lambda x, y: bool(x) is not bool(y),
    "isnan": lambda x: not x >= x,
    "isinf": lambda x: x >= inf or x <= -inf,
    "isfinite": lambda x: -inf < x < inf,
}

#: Ufuncs that NumPy computes by + - * of the elements. It could not do better by rows.
_ARITHMETIC = {"add", "subtract", "multiply", "matmul", "vecdot", "matvec", "vecmat"}

#: Functions that NumPy computes with a constant in place of 0: of Values, which lose their second derivative there.
_INEXACT = {"sinc"}

#: Functions that may run over several axes in any order, although they have no identity.
_REORDERABLE = {"maximum", "minimum"}


_SCALARS = (Value, int, float, np.generic)


class UnsupportedFunction(TypeError):
    """A function of NumPy that cannot compute with Values."""


class ValueArray(np.ndarray[Any, np.dtype[np.object_]]):
    """An array of Values, as `array` returns it, and as a transform passes it to a function of arrays."""

    def __array_ufunc__(self, ufunc: Any, method: Any, *inputs: Any, **kwargs: Any) -> Any:
        return array_ufunc(ufunc, method, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return array_function(func, types, args, kwargs)


def _ordering(name: str) -> Callable[..., Any]:
    """Return a method of arrays that orders elements, for arrays that may have nan among them."""
    method = getattr(np.ndarray, name)

    def ordered(self: ValueArray, *args: Any, **kwargs: Any) -> Any:
        if any(map(_PREDICATES["isnan"], self.flat)):
            raise ValueError(f"{name} of Values among which is nan, which has no place in an order")
        return method(self, *args, **kwargs)

    return ordered


for _name in ("sort", "argsort", "partition", "argpartition", "argmax", "argmin", "searchsorted"):
    setattr(ValueArray, _name, _ordering(_name))


def array(values: Any) -> ValueArray:
    """Return an array of Values, from nested sequences or arrays of Values and numbers; numbers become leaves.

    NumPy's functions compute with it as with numbers, and record:

    >>> import numpy as np
    >>> x = array([3.0, -4.0])
    >>> y = np.maximum(x, 0.0).sum() + np.hypot(*x)
    >>> y.backward()
    >>> y.data, [v.grad for v in x]
    (8.0, [1.6, -0.8])

    Raises TypeError for elements that are not numbers, and for rows of different lengths.
    """
    elements = np.array(values, dtype=object)
    return of([v if type(v) is Value else Value(number(v)) for v in elements.flat], elements.shape)


def of(values: list[Any], shape: tuple[int, ...]) -> ValueArray:
    """Return an array of some elements, in C order."""
    elements = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # a slice would look into each for elements of its own
        elements[i] = value
    return elements.reshape(shape).view(ValueArray)


def array_ufunc(ufunc: Any, method: Any, *inputs: Any, **kwargs: Any) -> Any:
    """Return the result of a ufunc with Values among its operands: NumPy's protocol `__array_ufunc__`."""
    if method == "__call__" and not kwargs and all(isinstance(x, _SCALARS) for x in inputs):
        return _function(ufunc)(*map(_plain, inputs))
    if method != "__call__":
        _note_use_as_array(f"np.{ufunc.__name__}.{method}")
    outputs = kwargs.get("out", ())
    if any(map(_is_foreign, (*inputs, *outputs))):
        return NotImplemented
    if outputs:
        kwargs["out"] = tuple(map(_base, outputs))
    given = [*map(_objects, inputs)]
    if method in ("at", "reduceat"):
        given[1] = inputs[1]  # indices
    if method == "at" and inputs[0].dtype != object:
        raise TypeError(
            f"an array of {inputs[0].dtype} cannot hold Values; make it one with ag.array"
        )
    with np.errstate(all="ignore"):  # inf and nan are results like any other, see docs/semantics.md
        result = getattr(_elementwise(ufunc), method)(*given, **kwargs)
    if outputs:
        return outputs[0] if len(outputs) == 1 else outputs
    if ufunc.__name__ in _PREDICATES:
        return result.astype(bool) if isinstance(result, np.ndarray) else result
    return _wrapped(result)


def array_function(func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Return the result of a NumPy function of Values: NumPy's protocol `__array_function__`."""
    if not all(issubclass(kind, Value | np.ndarray) for kind in types):
        return NotImplemented
    if func.__name__ in _INEXACT:
        raise UnsupportedFunction(
            f"np.{func.__name__} puts a constant in place of 0, which has no derivative; write it with ag.where"
        )
    _note_use_as_array(f"{func.__module__}.{func.__name__}")
    args, kwargs = _lifted(args), {name: _lifted(arg) for name, arg in kwargs.items()}
    try:
        result = np.ndarray.__array_function__(of([], (0,)), func, (np.ndarray,), args, kwargs)
    except UnsupportedFunction:
        raise
    except (TypeError, AttributeError) as error:
        raise UnsupportedFunction(
            f"{func.__module__}.{func.__name__} cannot compute with Values ({error}); write it with functions that "
            "can, or pass it numbers, [v.data for v in x], which have no gradient"
        ) from error
    return _wrapped(result)


def _note_use_as_array(what: str) -> None:
    if (tracer := modes.tracer.get()) is not None:
        tracer.used_as_array(what)


def _elementwise(ufunc: Any) -> Any:
    """Return a ufunc over arrays of objects, for one of NumPy's."""
    if ufunc.__name__ in _ARITHMETIC or all({*types} <= {*"O->"} for types in ufunc.types):
        return ufunc  # of operators; or a user's, from np.frompyfunc or np.vectorize
    if ufunc.identity is None and ufunc.__name__ not in _REORDERABLE:
        return np.frompyfunc(_function(ufunc), ufunc.nin, ufunc.nout)
    return np.frompyfunc(_function(ufunc), ufunc.nin, ufunc.nout, identity=ufunc.identity)


def _function(ufunc: Any) -> Callable[..., Any]:
    """Return the function of Values and numbers that a ufunc stands for; TypeError if there is none."""
    name = ufunc.__name__
    if ufunc.signature is None:
        row = NUMPY_METHODS.get(name) or _OPERATORS.get(name) or _SPECIAL.get(name) or name
        if row in TABLE:
            return _row(row)
        if made := _COMPOSED.get(name) or _PREDICATES.get(name):
            return made
    raise UnsupportedFunction(
        f"np.{name} has no rule for Values; write it with functions that have one, such as ag.where and ag.maximum, "
        "define it with ag.define_op, or take the numbers with .data"
    )


def _is_foreign(x: Any) -> bool:
    """Return True for an object with a protocol of its own, such as a pandas Series, which may know Values."""
    protocol = getattr(type(x), "__array_ufunc__", None)
    return protocol is not None and not isinstance(x, Value | np.ndarray | np.generic)


def _objects(x: Any) -> Any:
    """Return an operand as NumPy's own array of objects: Values and Python's numbers."""
    return np.asarray(x, dtype=object)


def _base(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, ValueArray) else x


def _lifted(arg: Any) -> Any:
    """Return an argument with arrays of one element in place of the Values in it."""
    if type(arg) is Value:
        return of([arg], ())
    return type(arg)(map(_lifted, arg)) if type(arg) in (list, tuple) else arg


def _wrapped(result: Any) -> Any:
    """Return a result with ValueArrays in place of NumPy's own arrays of objects, and elements for those of no axis."""
    if type(result) in (tuple, list):
        return type(result)(map(_wrapped, result))
    if isinstance(result, np.ndarray) and result.dtype == object:
        return result.view(ValueArray) if result.ndim else result.item()
    return result
