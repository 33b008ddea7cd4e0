"""`jit`: the decorator that compiles a function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from operator import index
from types import FunctionType, MethodType
from typing import Any

from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime.dispatcher import Jitted, JittedObject
from autograd_scalar.compiler.runtime.spec import Spec


def jit(
    f: Callable[..., Any] | None = None,
    *,
    rows: int | Iterable[int] | None = None,
    reduce: str | None = None,
    flip: str = "record",
    fastmath: bool = False,
    backend: str = "auto",
) -> Any:
    """Return the function compiled: recorded when it is called, and replayed as machine code from then on.

    The same call gives the same numbers. Floats, Values and arrays among the arguments, in lists, tuples and dicts,
    are data; everything else is part of the structure, and each structure is recorded by itself. Values that f reads
    without being given them (a model's parameters) are inputs too: their present data is read at every call.

    Floats give floats. Where Values are among the arguments, or read, the result is a single node: its parents are
    those inputs, and its partials come from the same kernel as the value.

    >>> import autograd_scalar as ag
    >>> w = ag.Value(0.5)
    >>> @ag.jit
    ... def f(x):
    ...     return ag.tanh(w * x)
    >>> y = f(2.0)
    >>> y.backward()
    >>> f"{y.data:.4f} {w.grad:.4f}"
    '0.7616 0.8399'

    Arrays broadcast as a ufunc's do: one value for each element, an array out.

    >>> import numpy as np
    >>> ag.jit(ag.grad(lambda x: x**3))(np.array([1.0, 2.0]))
    array([ 3., 12.])

    Args:
        rows: numbers of arguments whose first axis counts samples: f is written for one sample, in which what is left
            of an array is nested lists, and runs over all of them.
        reduce: with rows, "mean" or "sum" of the results as one Value; None gives an array, one result a row.
        flip: what to do where a comparison of Values comes out otherwise than it was recorded: "record" that path as
            well and keep both, or raise an "error".
        fastmath: let the compiler reorder and contract operations; numbers then differ in the last bits.
        backend: "llvm" (needs llvmlite), "python", or "auto" for the former where it is installed.

    Raises JitError for what cannot be compiled: a function that gives no Value, changes what is around it, or sets data
    or grad; and for arguments that do not fit together.
    """
    if f is None:
        return functools.partial(
            jit, rows=rows, reduce=reduce, flip=flip, fastmath=fastmath, backend=backend
        )
    if not callable(f):
        raise TypeError(f"jit compiles a function, got {f!r}")
    if isinstance(f, Jitted):
        if (rows, reduce, flip, fastmath, backend) == (None, None, "record", False, "auto"):
            return f
        f = f.f
    if reduce not in (None, "mean", "sum"):
        raise ValueError(f'reduce is "mean", "sum" or None, got {reduce!r}')
    if flip not in ("record", "error"):
        raise ValueError(f'flip is "record" or "error", got {flip!r}')
    if backend not in ("auto", "llvm", "python"):
        raise ValueError(f'backend is "auto", "llvm" or "python", got {backend!r}')
    if backend == "llvm" and not target.is_there():
        raise JitError('backend="llvm" needs llvmlite: pip install llvmlite')
    if backend == "auto":
        backend = "llvm" if target.is_there() else "python"
    mapped = None
    if rows is not None:
        try:
            mapped = tuple(map(index, rows if isinstance(rows, Iterable) else (rows,)))
        except TypeError:
            raise TypeError(f"rows are numbers of arguments, got {rows!r}") from None
        if not mapped:
            raise ValueError("rows names no argument to map over")
    elif reduce is not None:
        raise ValueError("reduce goes with rows, the numbers of the arguments to map over")
    kind = Jitted if isinstance(f, FunctionType | MethodType | functools.partial) else JittedObject
    return kind(
        Spec(f, options=Options(backend, fastmath), mapped=mapped, reduce=reduce, flip=flip)
    )
