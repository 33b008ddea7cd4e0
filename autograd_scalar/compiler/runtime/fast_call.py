"""Shortcuts past dispatch: FastCall for numbers and Values, BoundCall for rows of fixed arrays.

The native engine implements these classes and functions in C and calls the machine code without a Python frame in
between; it replaces the plain-Python versions below while it is the active engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd_scalar.node import registry
from autograd_scalar.value import Value, constant, core

#: Indices of inputs, each with whether the Value itself is a parent of the node; else a leaf with its number is.
Links = Sequence[tuple[int, bool]]


def linked(inputs: Sequence[Value], links: Links) -> list[Value]:
    """Return the parents of a node, given the inputs of the call that returns it."""
    return [inputs[k] if is_parent else constant(inputs[k]._data) for k, is_parent in links]


class FastCall:
    """A direct call of `run(numbers)` with floats and Values of the given types as arguments.

    `run` also receives the data of the captured Values, after the arguments. It returns a list and the index of the
    guard that failed, or -1. The list holds the output and, if `op` is given, its derivatives with respect to all
    inputs, from which try_call() makes a node. Its parents are all inputs, or those of `links`. The native engine calls
    the machine code at `run.address` instead.
    """

    def __init__(
        self,
        run: Any,
        types: tuple[type, ...],
        captured: list[Value],
        op: str = "",
        links: Links | None = None,
    ) -> None:
        self._run, self._types, self._captured, self._op = run, types, captured, op
        self._links = links

    def try_call(self, args: tuple[Any, ...]) -> Value | float | None:
        """Return the output, or None if a guard fails or the arguments have other types."""
        if tuple(map(type, args)) != self._types:
            return None
        numbers = [x if type(x) is float else x._data for x in args]
        found, failed = self._run([*numbers, *[v._data for v in self._captured]])
        if failed >= 0:
            return None
        if not self._op:
            return found[0]  # type: ignore[no-any-return]
        parents = [x if type(x) is Value else constant(x) for x in args] + self._captured
        partials = found[1:]
        if self._links is not None:
            partials = [partials[k] for k, _ in self._links]
            parents = linked(parents, self._links)
        v: Value = registry.engine.node(found[0], self._op, tuple(parents), tuple(partials))
        return v


class BoundCall:
    """A call of a row kernel with its arguments bound: `pointers` to arrays that `keep` holds alive.

    The kernel leaves sums over the rows in `sums`; a call divides them by `divisor` into `means`. The native engine
    calls the machine code without a Python frame and without the interpreter's lock.
    """

    def __init__(
        self,
        code: Any,
        rows: int,
        pointers: Sequence[int],
        sums: Any,
        means: Any,
        divisor: float,
        keep: Any,
    ) -> None:
        self._kernel, self._arguments, self._keep = code.kernel, (rows, *pointers), keep
        self._sums, self._means, self._divisor = sums, means, divisor

    def __call__(self) -> bool:
        """Return True if all guards held; `means` is then up to date."""
        if self._kernel(*self._arguments):
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

    FastCall, BoundCall = native.FastCall, native.BoundCall
    address, copy_data, node_of_array = native.address, native.copy_data, native.node_of_array
    linked = native.linked
