"""Direct calls of a kernel: from a call's own arguments, and over rows whose arrays do not change.

The native core implements these classes and functions in C and calls the machine code without a Python frame in
between; it replaces the plain-Python versions below while it is the active engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd_scalar.node import registry
from autograd_scalar.value import Value, constant, core


class Caller:
    """Calls `run(numbers)` with a call's own arguments: floats and Values of the given types.

    `run` also receives the data of the closed-over Values, after the arguments. It returns a list and the index of the
    guard that failed, or -1. The list holds the output and, if `op` is given, its derivatives with respect to all
    inputs, from which answer() makes a node. The native core calls the machine code at `run.address` instead.
    """

    def __init__(
        self, run: Any, types: tuple[type, ...], closed: list[Value], op: str = ""
    ) -> None:
        self._run, self._types, self._closed, self._op = run, types, closed, op

    def answer(self, args: tuple[Any, ...]) -> Value | float | None:
        """Return the output, or None if a guard fails or the arguments have other types."""
        if tuple(map(type, args)) != self._types:
            return None
        numbers = [x if type(x) is float else x._data for x in args]
        found, failed = self._run([*numbers, *[v._data for v in self._closed]])
        if failed >= 0:
            return None
        if not self._op:
            return found[0]  # type: ignore[no-any-return]
        parents = [x if type(x) is Value else constant(x) for x in args]
        v: Value = registry.engine.node(
            found[0], self._op, (*parents, *self._closed), tuple(found[1:])
        )
        return v


class Means:
    """Calls `run()`, a kernel over rows with its arguments, and divides the sums that it leaves in an array.

    `run` returns the number of rows that failed a guard. A call returns True if all guards held; `means` is then up to
    date. The native core calls the machine code at `run.address` instead, without the interpreter's lock.
    """

    def __init__(self, run: Any, sums: Any, means: Any, divisor: float) -> None:
        self._run, self._sums, self._means, self._divisor = run, sums, means, divisor

    def __call__(self) -> bool:
        if self._run():
            return False
        self._means[:] = self._sums / self._divisor
        return True


def address(array: Any) -> int:
    """Return the address of an array's first element."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def copy_data(values: list[Value], target: Any) -> None:
    """Copy the data of Values to the front of an array of float64."""
    target[: len(values)] = [v._data for v in values]


def node_of_array(data: float, op: str, parents: list[Value], partials: Any) -> Value:
    """Return a node as the engine's node() does, with partials from an array of float64."""
    v: Value = registry.engine.node(data, op, tuple(parents), tuple(partials.tolist()))
    return v


if not TYPE_CHECKING and core() == "native":
    from autograd_scalar.native import core as native

    Caller, Means = native.Caller, native.Means
    address, copy_data, node_of_array = native.address, native.copy_data, native.node_of_array
