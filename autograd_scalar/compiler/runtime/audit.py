"""Audit of compiled calls: run eager code beside each call, compare, and raise JitCheckError where they differ.

A compiled call comes first, the function itself second, with the same arguments and the state that the call found.
Compared are values, types and structure of the results, the derivatives of each by every Value that takes part,
exceptions by type, what was changed, and the state of the random generators. A JitError is a refusal, not a difference.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from functools import cache, partial
from itertools import chain, islice
from math import inf, isclose, isfinite, ulp
from typing import Any, NamedTuple, ParamSpec, TypeVar

from autograd_scalar import functions, pytree
from autograd_scalar.compiler.errors import JitCheckError, JitError
from autograd_scalar.compiler.runtime.bound import BoundKernel
from autograd_scalar.compiler.runtime.dispatcher import Jitted, JittedObject, with_inputs
from autograd_scalar.compiler.runtime.effects import (
    State,
    random_state,
    set_random_state,
    shown,
)
from autograd_scalar.compiler.runtime.row_function import RowFunction
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.compiler.runtime.tolerance import (
    Bound,
    bounds_by_row,
    bounds_of_call,
    bounds_of_derivatives,
    bounds_of_sums,
    trace_of,
)
from autograd_scalar.node import modes
from autograd_scalar.node.hooks import read_silently
from autograd_scalar.value import Value, topological_order

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

#: True while an audit runs eager code: compiled functions that this calls run eagerly too.
_in_reference: ContextVar[bool] = ContextVar("in_reference", default=False)

#: Difference of sums over rows, and of numbers with fastmath=True, that is not looked into.
_REORDERED = 1e-9
#: Errors that f raises because a number is a float: division by zero, overflow, `x.data`. It then runs with Values.
_FLOAT_ERRORS = (ArithmeticError, AttributeError, TypeError)
#: Differences that an error lists.
_LISTED = 3


class Audited(Jitted[P, R]):
    """A compiled function whose calls are audited: `jit(check=True)`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if modes.tracer.get() is not None or modes.watching.get() is not None:
            return super().__call__(*args, **kwargs)  # part of another recording, or eager already
        if not _in_reference.get():
            return _Call(self, args, kwargs).audited(super().__call__)  # type: ignore[no-any-return]
        if _maps(self, args, kwargs):
            return super().__call__(*args, **kwargs)
        return self.f(*args, **kwargs)  # type: ignore[no-any-return]

    def kernel(self, *args: P.args, **kwargs: P.kwargs) -> BoundKernel:
        """Return the kernel as Jitted.kernel does, audited."""
        return self._mapped(*with_inputs(args, kwargs)).kernel(AuditedKernel)


class AuditedObject(Audited[P, R], JittedObject[P, R]):
    """A compiled callable object whose calls are audited."""


class AuditedKernel(BoundKernel):
    """A bound kernel whose calls are audited."""

    def __call__(self) -> float:
        value = super().__call__()
        gradient = dict(zip(self.inputs, self.gradient.tolist(), strict=True))
        data = dict(zip(self.inputs, self.shared.tolist(), strict=True))

        def eagerly() -> Value:
            results = [pytree.leaves(r)[0] for r in _row_results(self._function, self._rows, False)]
            total: Value = functions.sum(results) / self._divisor
            return total

        check_sum(self._function, self._rows, self._divisor, data, (value, gradient), eagerly)
        return value


class _Outcome(NamedTuple):
    """The result of a call or its error, and what it changed."""

    result: Any
    error: Exception | None
    changes: dict[str, str]
    random_state: Any


class _Call:
    """One call that is audited."""

    def __init__(
        self, jitted: Audited[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.jitted, self.spec, self.args, self.kwargs = jitted, jitted.spec, args, kwargs
        arguments = {f"argument {i}": a for i, a in enumerate(args)} | kwargs
        self._state = State({self.spec.name: jitted.f, **arguments})
        self._random_state = random_state()
        self._recorded = len(jitted.paths)
        #: True if the recording has read what it changed, so that it holds only while that stays as the call left it.
        self._is_read = False

    def audited(self, call: Callable[..., Any]) -> Any:
        """Return the result of the compiled call, or raise its error, after a comparison with eager code."""
        compiled = self._outcome(call)
        if isinstance(compiled.error, JitError):
            raise compiled.error
        self._maps = _maps(self.jitted, self.args, self.kwargs)  # known only now
        if self._maps and not self.jitted._mapped(self.args, self.kwargs)._rows.count:
            return compiled.result  # no call to compare with
        if compiled.changes:  # it ran eagerly, or was recorded and filled a cache
            one, _ = self.jitted._specialization(self.args, self.kwargs)
            self._state.restore()
            self._is_read = not one.environment.holds()
        set_random_state(self._random_state)
        token = _in_reference.set(True)
        try:
            eager = self._outcome(self._eagerly)
            if type(compiled.error) is not type(eager.error) and isinstance(
                eager.error, _FLOAT_ERRORS
            ):
                self._state.restore()
                eager = self._outcome(partial(self._eagerly, with_values=True))
        finally:
            _in_reference.reset(token)
        if isinstance(eager.error, JitError) and not isinstance(eager.error, JitCheckError):
            return compiled.result  # a compiled function that f calls with arrays refuses them
        if isinstance(compiled.error, TypeError) and eager.error is None:
            raise compiled.error  # a refusal too: of a Value, by code that takes floats only
        differences = [*islice(self._differences(compiled, eager), _LISTED + 1)]
        if differences:
            raise JitCheckError(self._message(differences)) from compiled.error or eager.error
        if compiled.error is not None:
            raise compiled.error
        return compiled.result

    def _outcome(self, call: Callable[..., Any]) -> _Outcome:
        result = error = None
        try:
            result = call(*self.args, **self.kwargs)
        except Exception as raised:
            error = raised
        return _Outcome(result, error, self._state.changes(), random_state())

    def _eagerly(self, *args: Any, with_values: bool = False, **kwargs: Any) -> Any:
        """Return what the function itself returns; with arrays, its results for each row together.

        `with_values` gives it a Value for each number, as it has while it is recorded.
        """
        if self._maps:
            mapped = self.jitted._mapped(args, kwargs)
            results = _row_results(mapped._function, mapped._rows, with_values)
            columns = zip(*map(pytree.leaves, results), strict=True)
            return pytree.build(results[0], map(mapped._joined, columns))
        if with_values or _has_narrow(args):
            specialization, leaves = self.jitted._specialization(args, kwargs)
            return specialization.eagerly(leaves)
        return self.jitted.f(*args, **kwargs)

    # ----- comparison -----

    def _differences(self, compiled: _Outcome, eager: _Outcome) -> Iterator[str]:
        if type(compiled.error) is not type(eager.error):
            yield f"compiled it {_ended(compiled)}, eagerly it {_ended(eager)}"
        if len(self.jitted.paths) > self._recorded and not self._is_read:
            for path, change in compiled.changes.items():
                yield f"change of {path}: {change}, which a replay would not repeat"
        for path in {**compiled.changes, **eager.changes}:
            made, wanted = compiled.changes.get(path, "none"), eager.changes.get(path, "none")
            if made != wanted:
                yield f"change of {path}: compiled {made}, eager {wanted}"
        if not eager.error and compiled.random_state != eager.random_state:
            yield "random numbers are drawn by one of compiled and eager code"
        if compiled.error is None and eager.error is None:
            yield from self._different_results(compiled.result, eager.result)

    def _different_results(self, compiled: Any, eager: Any) -> Iterator[str]:
        different = [*_different_types(compiled, eager, "result")]
        if different:
            yield from different
            return
        names = pytree.paths(eager, "result")
        pairs = zip(pytree.leaves(compiled), pytree.leaves(eager), strict=True)
        bounds = cache(self._bounds)
        for k, (name, (a, b)) in enumerate(zip(names, pairs, strict=True)):

            def bound(k: int = k) -> Bound:
                return bounds()[k] if bounds() else Bound()

            if type(a) is Value:
                yield from self._unequal(name, a.data, b.data, lambda: bound().value)
                yield from self._different_derivatives(name, a, b, bound)
            elif isinstance(a, float):
                yield from self._unequal(name, a, b, lambda: bound().value)
            elif a is not b and a != b:
                yield f"{name}: compiled {shown(a)}, eager {shown(b)}"

    def _different_derivatives(
        self, name: str, a: Value, b: Value, bound: Callable[[], Bound]
    ) -> Iterator[str]:
        """Yield the differences between the derivatives of two results by all Values that take part."""
        order, wanted = topological_order(a), topological_order(b)
        in_both = {*map(id, order)} & {*map(id, wanted)}
        inputs = [v for v in order if id(v) in in_both]
        compiled, eager = _derivatives(order), _derivatives(wanted)
        bounds = cache(lambda: bounds_of_derivatives(order, bound().partials))
        for key, v in {id(v): v for v in chain(inputs, self._state.values)}.items():
            limit = lambda: bounds().get(key, 0.0)  # noqa: B023, E731
            pair = compiled.get(key, 0.0), eager.get(key, 0.0)
            yield from self._unequal(f"d {name} / d {v.label or shown(v)}", *pair, limit)

    def _unequal(self, name: str, a: float, b: float, bound: Callable[[], float]) -> Iterator[str]:
        loosely = self.spec.options.fast or self.spec.reduce is not None
        if not loosely or not isclose(a, b, rel_tol=_REORDERED, abs_tol=_REORDERED):
            yield from _unequal(name, a, b, bound)

    def _bounds(self) -> list[Bound]:
        """Return the bounds of each leaf of the result: with arrays, of the elements of one after another."""
        if not self._maps:
            specialization, leaves = self.jitted._specialization(self.args, self.kwargs)
            return bounds_of_call(specialization, leaves)
        mapped = self.jitted._mapped(self.args, self.kwargs)
        if self.spec.reduce is not None:
            return bounds_of_sums(mapped._function, mapped._rows, mapped.divisor())
        by_row = bounds_by_row(mapped._function, mapped._rows)
        return [*chain.from_iterable(zip(*by_row, strict=True))]

    # ----- the error -----

    def _message(self, differences: Sequence[str]) -> str:
        parts = [*map(shown, self.args), *(f"{k}={shown(v)}" for k, v in self.kwargs.items())]
        return (
            f"{self.spec.name}({', '.join(parts)}) differs from eager code: {_listed(differences)}; "
            f"answered by {self._answered_by()}"
        )

    def _answered_by(self) -> str:
        """Return in words which traces answered the call."""
        paths = self.jitted.paths
        if len(paths) > self._recorded:
            return f"path {len(paths) - 1}, which it recorded"
        specialization, leaves = self.jitted._specialization(self.args, self.kwargs)
        calls = [leaves]
        if self._maps:
            mapped = self.jitted._mapped(self.args, self.kwargs)
            calls = [
                mapped._function.arguments(mapped._rows, row) for row in range(mapped._rows.count)
            ]
        traces = {trace_of(specialization, call) for call in calls}
        found = [str(i) for i, path in enumerate(paths) if path in traces]
        return f"path {', '.join(found)} of {len(paths)}" if found else "eager code: no path fits"


# ----- rows that are summed -----


def check_sum(
    function: RowFunction,
    rows: Rows,
    divisor: int,
    data: dict[Value, float],
    result: tuple[float, dict[Value, float]],
    eagerly: Callable[[], Value],
) -> None:
    """Raise JitCheckError unless a sum over rows, divided, and its gradient are those of eager code.

    `data` are the numbers of the inputs, to which these Values are set for the eager call.
    """
    value, gradient = result
    before = {v: read_silently(v) for v in data}
    token = _in_reference.set(True)
    try:
        for v, number in data.items():
            v.data = number
        eager = eagerly()
        derivatives = _derivatives(topological_order(eager))
        bound = cache(lambda: (bounds_of_sums(function, rows, divisor) or [Bound()])[0])
        # Cheaper than bounds, which take a pass over each row: what another order of adding may change.
        room = _REORDERED * max(abs(value), *map(abs, gradient.values()), 0.0)

        def near(a: float, b: float) -> bool:
            return abs(a - b) <= room

        found: list[str] = []
        if not near(value, eager.data):
            found += _unequal("value", value, eager.data, lambda: bound().value)
        for v, derivative in gradient.items():
            if near(derivative, derivatives.get(id(v), 0.0)):
                continue
            limit = lambda: bound().partials.get(v, 0.0)  # noqa: B023, E731
            name = f"d value / d {v.label or shown(v)}"
            found += _unequal(name, derivative, derivatives.get(id(v), 0.0), limit)
    finally:
        _in_reference.reset(token)
        for v, number in before.items():
            v.data = number
    if found:
        raise JitCheckError(
            f"{function.spec.name} over {rows.count} rows differs from eager code: {_listed(found)}"
        )


def _maps(jitted: Audited[..., Any], args: Any, kwargs: Any) -> bool:
    """Return whether a call maps over rows, or over the elements of arrays that f does not get whole."""
    if jitted.spec.mapped is not None:
        return True
    try:
        specialization, _ = jitted._specialization(args, kwargs)
    except JitError:  # refused, but eager code takes it
        return False
    return specialization.has_arrays


def _has_narrow(args: Any) -> bool:
    """Return whether there is a NumPy float of another precision, which compiled code takes as a double."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and any(
        isinstance(a, numpy.floating) and not isinstance(a, float) for a in args
    )


def _row_results(function: RowFunction, rows: Rows, with_values: bool) -> list[Any]:
    """Return what the function itself returns for each row."""
    results = []  # no generator: f may raise StopIteration
    for row in range(rows.count):
        numbers = function.arguments(rows, row)
        if with_values:
            results.append(function.specialization.eagerly(numbers))
            continue
        left = iter(numbers)
        args, kwargs = function.specialization._arguments(lambda leaf: next(left))  # noqa: B023
        results.append(function.spec.f(*args, **kwargs))
    return results


# ----- differences -----


def _different_types(a: Any, b: Any, name: str) -> Iterator[str]:
    """Yield the places where two results differ in type or structure; NumPy's float64 is a float."""
    kinds = [float if isinstance(x, float) else type(x) for x in (a, b)]
    if kinds[0] is not kinds[1]:
        yield f"{name}: compiled {shown(a)}, eager {shown(b)}"
    elif (mine := pytree.items(a)) is not None:
        theirs = pytree.items(b) or []
        if [key for key, _ in mine] != [key for key, _ in theirs]:
            yield f"{name}: compiled {shown(a)}, eager {shown(b)}"
        for (key, x), (_, y) in zip(mine, theirs, strict=False):
            yield from _different_types(x, y, name + pytree.subscript(key))


def _unequal(name: str, a: float, b: float, bound: Callable[[], float]) -> Iterator[str]:
    """Yield the difference between two numbers, unless they are the same bits or within the bound."""
    if repr(float(a)) == repr(float(b)):
        return
    limit = bound()
    if limit == inf or (a == b and (limit or name.startswith("d "))) or 0.0 < abs(a - b) <= limit:
        return
    apart = ""
    if isclose(a, b, rel_tol=1e-6) and isfinite(b):
        apart = f", {abs(a - b) / ulp(b):.0f} ulp apart with {limit / ulp(b):.0f} allowed"
    yield f"{name}: compiled {a!r}, eager {b!r}{apart}"


def _listed(differences: Sequence[str]) -> str:
    return "; ".join(differences[:_LISTED]) + ("; ..." if len(differences) > _LISTED else "")


def _ended(outcome: _Outcome) -> str:
    """Return in words how a call ended."""
    if outcome.error is None:
        return f"returned {shown(outcome.result)}"
    return f"raised {type(outcome.error).__name__}: {outcome.error}"


def _derivatives(order: Sequence[Value]) -> dict[int, float]:
    """Return the derivative of the last node of a topological order by each node, by id."""
    found = {id(order[-1]): 1.0}
    for v in reversed(order):
        upstream = found.get(id(v), 0.0)
        for parent, local in zip(v.parents, v.partials, strict=True):
            found[id(parent)] = found.get(id(parent), 0.0) + local * upstream
    return found
