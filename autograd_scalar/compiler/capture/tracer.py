"""What a function does with Values while it is recorded, as a program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from math import copysign
from typing import Any, NamedTuple

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program
from autograd_scalar.compiler.options import MAX_TRACE_NODES
from autograd_scalar.node import modes
from autograd_scalar.node.hooks import read_silently
from autograd_scalar.value import Value, topological_order

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep


class Frozen(NamedTuple):
    """A number that is the same in every replay, and the line that wrote it."""

    number: float
    location: str


class Tracer:
    """The record of one call. Nodes are kept alive, so that none of them is mistaken for another."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: The arguments' Values, in the order of the inputs, with what they are called.
        self.inputs: dict[Value, str] = {}
        #: What stands for floats: arguments, and derivatives that are floats outside of a recording.
        self._numbers: set[Value] = set()
        #: By which arguments, and Values that were there before, derivatives are taken: it matters which are the same.
        self.by: set[Value] = set()
        # By their ids: a tracer hears of every hash, and there are two for each node.
        self._made: dict[int, Value] = {}
        #: Leaves made from numbers, with the lines that made them.
        self._constants: dict[int, tuple[Value, str]] = {}
        self._cut: dict[Value, Value] = {}
        #: Leaves that the function made as Values, and what the next one has its number from.
        self._values: set[Value] = set()
        self._copied: Value | None = None
        self._comparisons: list[tuple[str, Value, Any, bool, str]] = []
        #: Whether the function may do something else for other numbers.
        self.branches = False

    def argument(self, number: float, name: str, *, is_number: bool) -> Value:
        """Return the Value of an argument, a float's or another Value's."""
        v = Value(number)
        self.inputs[v] = name
        if is_number:
            self._numbers.add(v)
        return v

    # ----- what the cores tell; see modes.Tracer -----

    def made(self, v: Value) -> None:
        self._constants.pop(id(v), None)
        self._made[id(v)] = v
        if len(self._made) > MAX_TRACE_NODES:
            raise JitError(
                f"{self.name} made more than {MAX_TRACE_NODES} operations while it was recorded; compile a smaller "
                "part of it, such as the loss of one sample, and map it over rows"
            )

    def constant(self, v: Value) -> None:
        self._constants[id(v)] = v, _place()

    def leaf(self, v: Value) -> None:
        self.constant(v)
        self._values.add(v)
        if self._copied is not None:
            self.cut(v, self._copied)
            self._copied = None

    def copied(self, v: Value) -> float:
        self._copied = v
        return read_silently(v)

    def cut(self, v: Value, source: Value) -> None:
        self._constants.pop(id(v), None)
        self._cut[v] = source

    def compared(self, symbol: str, x: Value, y: Any, outcome: bool) -> None:
        self.branches = True
        self._comparisons.append((symbol, x, y, outcome, _place()))

    def read(self, v: Value) -> None:
        # What becomes of the number nobody knows, so the record holds where the number is the same.
        with_itself = modes.tracer.set(None)
        try:
            number = v.data
            self._comparisons.append(("==", v, number, True, f"{_place()} (data is read)"))
        finally:
            modes.tracer.reset(with_itself)
        if number == 0.0:  # which -0.0 equals
            sign = (">", 1.0 / v, 0.0, copysign(1.0, number) > 0.0, f"{_place()} (data is read)")
            self._comparisons.append(sign)

    def used_by_identity(self, v: Value) -> None:
        frame = sys._getframe(2)
        if frame.f_code.co_name in ("__hash__", "__eq__"):  # of the plain Python core
            frame = frame.f_back or frame
        if not frame.f_code.co_filename.startswith((PACKAGE, "<autograd_scalar")) and (
            v in self.inputs or self.is_number(v)
        ):
            self.refuse(
                "looks for a number among the keys of a dict or set, or compares it with itself",
                "use < and >, or where()",
            )

    def differentiates_by(self, v: Value) -> None:
        if id(v) not in self._made and id(v) not in self._constants:
            self.by.add(v)

    def is_number(self, v: Value) -> bool:
        return self.are_numbers([v])[0]

    def are_numbers(self, values: Sequence[Value]) -> list[bool]:
        """Return of some Values whether they stand for floats: what depends on such alone, and on no other Value."""
        constant, number, value = range(3)
        known: dict[Value, int] = {}
        for v in self._order(values):
            if v in self._values:
                known[v] = value
            elif v in self._numbers:
                known[v] = number
            elif v in self._cut:
                known[v] = known[self._cut[v]]
            elif id(v) in self._made:
                known[v] = max((known[parent] for parent in v.parents), default=constant)
            else:
                known[v] = constant if id(v) in self._constants else value
        return [known[v] == number for v in values]

    def number(self, v: Value) -> Value:
        leaf = v.detach()
        self._numbers.add(leaf)
        return leaf

    def result(self, number: float) -> Value:
        """Return a plain number that the function gives as a Value."""
        v = Value(number)
        self._constants[id(v)] = v, "its result"
        return v

    def refuse(self, what: str, advice: str = "do that outside") -> None:
        raise JitError(f"{self.name} {what} at {_place()}, which a replay would not; {advice}")

    # ----- the program -----

    def program(self, outputs: Sequence[Value]) -> tuple[Program, list[Value], list[Frozen]]:
        """Return the program of some outputs, the Values it closes over, and the numbers it froze.

        The arguments come first in the program, then the Values that were there before the recording.
        """
        closed: list[Value] = []
        frozen: list[Frozen] = []
        builder = Builder([*self.inputs.values()])
        where: dict[Value, int] = {v: builder.input(k) for k, v in enumerate(self.inputs)}
        compared = [v for _, *pair, _, _ in self._comparisons for v in pair if type(v) is Value]
        for v in self._order([*outputs, *compared]):
            if v in where:
                continue
            if v in self._cut:
                where[v] = builder.emit("stop", where[self._cut[v]])
            elif id(v) in self._made:
                where[v] = builder.emit(v.op, *[where[parent] for parent in v.parents])
            elif id(v) in self._constants:
                where[v] = builder.constant(v.data)
                frozen.append(Frozen(v.data, self._constants[id(v)][1]))
            else:
                builder.inputs.append(v.label or f"c{len(closed)}")
                where[v] = builder.input(len(builder.inputs) - 1)
                closed.append(v)
        guards = self._guards(builder, where)
        return builder.program([where[v] for v in outputs], guards), closed, frozen

    def _order(self, roots: Iterable[Value]) -> list[Value]:
        """Return the nodes under the roots as eager code orders them; cuts come after their sources."""
        roots = [*roots]
        sources: list[Value] = []
        for v in self._cut:
            sources += [self._cut[v], v]
        # What is cut was there before whatever reads it; the order among the others stays.
        return topological_order(*sources, *roots) if sources else topological_order(*roots)

    def _guards(self, builder: Builder, where: dict[Value, int]) -> list[Guard]:
        """Return the comparisons that can come out otherwise."""
        guards: dict[tuple[str, int, int], Guard] = {}
        for symbol, x, y, outcome, place in self._comparisons:
            number = y.data if type(y) is Value else float(y)
            exact = type(y) is Value or number == y or y != y
            if not exact or not outcome_is(outcome, symbol, x.data, number):
                raise JitError(
                    f"{self.name} compares with {y!r} at {place}, which no float is; compare with a float"
                )
            other = where[y] if type(y) is Value else builder.constant(number)
            if where[x] in builder.numbers and other in builder.numbers:
                continue
            guards.setdefault(
                (symbol, where[x], other), Guard(symbol, where[x], other, outcome, place)
            )
        return list(guards.values())


def outcome_is(outcome: bool, symbol: str, x: float, y: float) -> bool:
    """Return whether a comparison comes out like that; nan, whose data was read, is like nothing."""
    return COMPARISONS[symbol](x, y) is outcome or (symbol == "==" and x != x)


def _place() -> str:
    """Return where the code outside the package stands, as `file:line`."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((PACKAGE, "<autograd_scalar")):
            return f"{filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown line"
