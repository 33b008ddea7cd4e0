"""`jit`: the decorator that compiles a function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from operator import index
from types import FunctionType, MethodType
from typing import Any, NotRequired, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, overload

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.options import CHECK, Options
from autograd_scalar.compiler.runtime.audit import Audited, AuditedObject
from autograd_scalar.compiler.runtime.dispatcher import Jitted, JittedObject
from autograd_scalar.compiler.runtime.kernels import default_options, is_available
from autograd_scalar.compiler.runtime.spec import Spec

P = ParamSpec("P")
R = TypeVar("R")


class CommonOptions(TypedDict, total=False):
    """The options that `jit` takes for any function."""

    flip: str
    fastmath: bool
    backend: str
    check: bool | None
    frozen: Iterable[Any]


class RowOptions(CommonOptions):
    """The options of `jit` for a function of rows."""

    rows: int | Iterable[int] | None
    reduce: NotRequired[str | None]


class Decorator(Protocol):
    """The type of `jit(flip=...)`: a decorator that keeps the signature of what it decorates."""

    def __call__(self, f: Callable[P, R], /) -> Jitted[P, R]:
        """Return the function compiled."""


class MappingDecorator(Protocol):
    """The type of `jit(rows=...)`: arrays take the place of the rows' numbers."""

    def __call__(self, f: Callable[..., Any], /) -> Jitted[..., Any]:
        """Return the function compiled."""


@overload
def jit(f: Callable[P, R], **options: Unpack[CommonOptions]) -> Jitted[P, R]: ...
@overload
def jit(f: Callable[..., Any], **options: Unpack[RowOptions]) -> Jitted[..., Any]: ...
@overload
def jit(f: None = None, **options: Unpack[CommonOptions]) -> Decorator: ...
@overload
def jit(f: None = None, **options: Unpack[RowOptions]) -> MappingDecorator: ...


def jit(
    f: Callable[..., Any] | None = None,
    *,
    rows: int | Iterable[int] | None = None,
    reduce: str | None = None,
    flip: str = "record",
    fastmath: bool = False,
    backend: str = "auto",
    check: bool | None = None,
    frozen: Iterable[Any] = (),
) -> Any:
    """Return the function compiled: recorded when it is called, and replayed as machine code from then on.

    A call gives what f gives now, or raises an error. Floats, Values and arrays among the arguments, in containers
    too, are inputs; all else is part of their structure, and each structure is recorded separately. Values that f
    captures, such as a model's parameters, are inputs too: their present data is read at every call. Whatever else f
    reads is compared at every call, and f is recorded again if it has changed.

    Floats give floats. A result that depends on Values is a single node: these are its parents, and its partials come
    from the same kernel as its data.

    >>> import autograd_scalar as ag
    >>> w = ag.Value(0.5)
    >>> @ag.jit
    ... def f(x):
    ...     return ag.tanh(w * x)
    >>> y = f(2.0)
    >>> y.backward()
    >>> f"{y.data:.4f} {w.grad:.4f}"
    '0.7616 0.8399'

    Arrays broadcast as those of a ufunc: f runs on each element, and the result is an array. A function that needs the
    array, because it subscripts it or sums its elements, gets it whole.

    >>> import numpy as np
    >>> ag.jit(ag.grad(lambda x: x**3))(np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> jit(ag.grad(lambda x: np.sum(x) ** 2))(np.array([1.0, 2.0]))
    array([6., 6.])

    Args:
        rows: Positions of the arguments whose first axis counts rows. f is written for one row, which reaches it as
            numbers in nested lists, and runs over all of them.
        reduce: With rows, "mean" or "sum" of the results as one number or Value; None gives an array, with one result
            a row.
        flip: If a comparison of Values has another outcome than when it was recorded: "record" that path as well and
            keep both, or raise an "error".
        fastmath: Let the compiler reorder and contract operations. Numbers then differ in the last bits, and where an
            intermediate result overflows, also in being infinite, nan or finite.
        backend: "llvm" (needs llvmlite), "python", or "auto" for "llvm" if it is installed.
        check: Run f itself beside each call, and raise JitCheckError where results, derivatives or effects differ; by
            default if the environment has AUTOGRAD_SCALAR_JIT_CHECK=1.
        frozen: Objects, functions and modules that stay the same, by your promise: recordings do not observe them.

    Raises JitError when a call is recorded that cannot be replayed: f has no result that depends on numbers, reads what
    cannot be compared, such as a clock or a file, changes what was there before the call, or sets data or grad.
    Also for arguments that do not fit together, for arrays without `reduce` if f reads Values, and for backend="llvm"
    without llvmlite. TypeError or ValueError for an unknown option.
    """
    if f is None:
        return functools.partial(
            jit,
            rows=rows,
            reduce=reduce,
            flip=flip,
            fastmath=fastmath,
            backend=backend,
            check=check,
            frozen=frozen,
        )
    if not callable(f):
        raise TypeError(f"jit compiles a function, got {f!r}")
    if isinstance(f, Jitted):
        given = (rows, reduce, flip, fastmath, backend, check, tuple(frozen))
        if given == (None, None, "record", False, "auto", None, ()):
            return f
        f = f.f
    if flip not in ("record", "error"):
        raise ValueError(f'flip is "record" or "error", got {flip!r}')
    options, mapped = _checked_options(backend, fastmath), _checked_rows(rows, reduce)
    spec = Spec(f, options, mapped, reduce, flip, tuple(frozen))
    is_function = isinstance(f, FunctionType | MethodType | functools.partial)
    if CHECK if check is None else check:
        return (Audited if is_function else AuditedObject)(spec)
    return (Jitted if is_function else JittedObject)(spec)


def _checked_options(backend: str, fastmath: bool) -> Options:
    """Return the options; raise ValueError for an unknown back end, JitError for one that is not installed."""
    if backend not in ("auto", "llvm", "python"):
        raise ValueError(f'backend is "auto", "llvm" or "python", got {backend!r}')
    if backend == "llvm" and not is_available():
        raise JitError('backend="llvm" needs llvmlite: pip install llvmlite')
    return default_options(fast=fastmath) if backend == "auto" else Options(backend, fastmath)


def _checked_rows(rows: int | Iterable[int] | None, reduce: str | None) -> tuple[int, ...] | None:
    """Return the positions of the mapped arguments; raise for others, and for a reduction without rows."""
    if reduce not in (None, "mean", "sum"):
        raise ValueError(f'reduce is "mean", "sum" or None, got {reduce!r}')
    if rows is None:
        if reduce is not None:
            raise ValueError("reduce needs rows, the positions of the arguments to map over")
        return None
    try:
        mapped = tuple(map(index, rows if isinstance(rows, Iterable) else (rows,)))
    except TypeError:
        raise TypeError(f"rows are positions of arguments, got {rows!r}") from None
    if not mapped:
        raise ValueError("rows names no argument to map over")
    return mapped
