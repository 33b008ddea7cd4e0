"""Trace one call of a function: every operation on Values becomes an instruction, every comparison a guard."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from math import copysign, nan
from typing import Any, NamedTuple

from autograd_scalar.compiler.errors import JitError, NeedsArrays, OpaqueOperation
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program
from autograd_scalar.compiler.options import MAX_TRACE_NODES
from autograd_scalar.node import modes
from autograd_scalar.node.hooks import read_silently
from autograd_scalar.value import Value, constant, topological_order

_user_line = partial(modes.caller, source=False)


def _as_float(number: Any) -> float:
    """Return a number as a float, or nan for one that is not on the real line or too large."""
    try:
        return float(number)
    except (TypeError, OverflowError):
        return nan


#: Kinds of Values in a trace: constants; those that stand for floats in eager code, that is arguments, and derivatives
#: that are floats; and real Values. What depends on several kinds is of the greatest.
_CONSTANT, _NUMBER, _VALUE = range(3)


class Frozen(NamedTuple):
    """A number that every replay repeats, and the line that wrote it."""

    number: float
    location: str


class Tracer:
    """The trace of one call under construction. It keeps all nodes alive, so that their ids stay unique."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: The Values of the arguments with their names, in the order of the inputs.
        self.inputs: dict[Value, str] = {}
        #: The kinds that are known, by id: of arguments and of leaves that the function made, then of nodes.
        self._kinds: dict[int, int] = {}
        #: Arguments and captured Values with respect to which the function differentiates; they must be distinct in a
        #: replay too.
        self.differentiated: set[Value] = set()
        #: Nodes made during the call, by id: a dict of Values would report two hashes for each node to this tracer.
        self._made: dict[int, Value] = {}
        #: Leaves made from numbers, by id, with the lines that made them.
        self._constants: dict[int, tuple[Value, str]] = {}
        #: Detached leaves, by id, with the Values that they copy.
        self._cut: dict[int, tuple[Value, Value]] = {}
        #: The Value that the next leaf copies.
        self._copied: Value | None = None
        #: Symbol, operands, outcome and line of each comparison.
        self._comparisons: list[tuple[str, Value, Any, bool, str]] = []
        #: True while the function runs to be compiled, not eagerly; it must not call an opaque operation then.
        self.compiles = False
        #: The opaque operation that it has called, or None.
        self.opaque: str | None = None
        #: True once the function compares Values: it may then take another path for other numbers.
        self.branches = False
        #: True if the arguments stand for elements of arrays, which broadcast.
        self.maps_arrays = False

    def argument(self, number: float, name: str, *, is_number: bool) -> Value:
        """Return a new input, which stands for an argument: a float where `is_number`, else a Value."""
        v = Value(number)
        self.inputs[v] = name
        self._kinds[id(v)] = _NUMBER if is_number else _VALUE
        return v

    # ----- called by the engines, see node.modes.Tracer -----

    def made(self, v: Value) -> None:
        key = id(v)
        if key in self._constants:
            del self._constants[key]
        self._made[key] = v
        if len(self._made) > MAX_TRACE_NODES:
            raise JitError(
                f"{self.name} made more than {MAX_TRACE_NODES} operations while it was recorded; compile a smaller "
                "part of it, such as the loss of one sample, and map it over rows"
            )

    def calls_opaque(self, op: str) -> None:
        if self.compiles:
            self.opaque = op
            raise OpaqueOperation(f"{self.name} calls {op}, an operation that is a Python function")

    def constant(self, v: Value) -> None:
        self._constants[id(v)] = v, _user_line()

    def leaf(self, v: Value) -> None:
        self.constant(v)
        self._kinds[id(v)] = _VALUE
        if self._copied is not None:
            self.cut(v, self._copied)
            self._copied = None

    def copied(self, v: Value) -> float:
        self._copied = v
        return read_silently(v)

    def cut(self, v: Value, source: Value) -> None:
        self._constants.pop(id(v), None)
        self._cut[id(v)] = v, source

    def compared(self, symbol: str, x: Value, y: Any, outcome: bool) -> None:
        self.branches = True
        self._comparisons.append((symbol, x, y, outcome, _user_line()))

    def read(self, v: Value) -> None:
        # The use of the number cannot be traced, so the trace holds for this number alone.
        number, location = read_silently(v), f"{_user_line()} (data is read)"
        self._comparisons.append(("==", v, number, True, location))
        if number == 0.0:  # 0.0 == -0.0, so guard the sign as well
            self._comparisons.append((">", 1.0 / v, 0.0, copysign(1.0, number) > 0.0, location))

    def used_by_identity(self, v: Value) -> None:
        frame = sys._getframe(2)
        if frame.f_code.co_name == "__hash__":  # the plain-Python engine's own frame
            frame = frame.f_back or frame
        is_users = not frame.f_code.co_filename.startswith(modes.OWN_FILES)
        if is_users and (v in self.inputs or self.is_number(v)):
            self.refuse(
                "uses a number as the key of a dict or set",
                "compare it with == or <, or use take()",
            )

    def described(self, v: Value, attribute: str) -> None:
        if attribute in modes.DESCRIPTIONS and v in self.inputs:
            self.refuse(
                f"reads the {attribute} of an argument",
                "each call may have another Value there, so pass what you need beside it",
            )

    def identified(self, x: Value, y: Value) -> None:
        if x is not y and (x in self.inputs or y in self.inputs):
            self.refuse("compares an argument by identity", "compare numbers with ==")

    def differentiates_by(self, v: Value) -> None:
        if id(v) not in self._made and id(v) not in self._constants:
            self.differentiated.add(v)

    def is_number(self, v: Value) -> bool:
        return self._kind(v) == _NUMBER

    def _kind(self, v: Value) -> int:
        """Return the kind of a Value, and keep that of each node below it."""
        kinds, made, cut = self._kinds, self._made, self._cut
        waiting = [v]
        while waiting:  # without a call for each operand, which would take most of a recording
            node = waiting[-1]
            if id(node) in kinds or not (id(node) in made or id(node) in cut):
                waiting.pop()
                continue
            greatest, count = _CONSTANT, len(waiting)
            for source in node.parents if id(node) in made else cut[id(node)][1:]:
                kind = kinds.get(id(source))
                if kind is None and (id(source) in made or id(source) in cut):
                    waiting.append(source)
                elif kind is None:
                    greatest = max(greatest, self._kind_of_leaf(source))
                elif kind > greatest:
                    greatest = kind
            if len(waiting) == count:
                kinds[id(node)] = greatest
        return kinds[id(v)] if id(v) in kinds else self._kind_of_leaf(v)

    def _kind_of_leaf(self, v: Value) -> int:
        """Return the kind of a Value that was made from a number, or captured."""
        return _CONSTANT if id(v) in self._constants else _VALUE

    def number(self, v: Value) -> Value:
        leaf = v.detach()
        self._kinds[id(leaf)] = _NUMBER
        return leaf

    def literal(self, number: float) -> Value:
        v = constant(number)
        self._kinds[id(v)] = _NUMBER
        return v

    def value(self, v: Value) -> Value:
        if self._kind(v) == _VALUE:
            return v
        copy = +v
        self._kinds[id(copy)] = _VALUE
        return copy

    def whole(self, v: Value) -> Value | int:
        if not self.is_number(v):
            return v
        number = read_silently(v)
        whole = int(number)  # raises for inf and nan, as Python's functions do
        self.compared("==", v, number, True)
        return whole

    def text(self, v: Value) -> float | None:
        if self.is_number(v):
            self.read(v)
            self.branches = True
            return read_silently(v)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_name in ("on_text", "__repr__", "__format__"):
            frame = frame.f_back
        if not frame.f_code.co_filename.startswith(modes.OWN_FILES):
            self.refuse("writes a Value as text", "write its number, v.data")
        return None  # in the message of an error of ours

    def result(self, number: float) -> Value:
        """Return a Value for a plain number that the function returned."""
        v = Value(number)
        self._constants[id(v)] = v, "its result"
        return v

    def used_as_array(self, what: str) -> None:
        if self.maps_arrays:
            raise NeedsArrays(f"{self.name} calls {what} at {_user_line()}")

    def refuse(self, what: str, advice: str = "do that outside") -> None:
        raise JitError(
            f"{self.name} {what} at {_user_line()}, which a replay would not do; {advice}"
        )

    # ----- the program -----

    def program(self, outputs: Sequence[Value]) -> tuple[Program, list[Value], list[Frozen]]:
        """Return the program of some outputs, the captured Values, and the numbers frozen in the code.

        The inputs are the arguments, then the captured Values.
        """
        closed: list[Value] = []
        frozen: list[Frozen] = []
        builder = Builder([*self.inputs.values()])
        index: dict[Value, int] = {v: builder.input(k) for k, v in enumerate(self.inputs)}
        compared = [v for _, *pair, _, _ in self._comparisons for v in pair if type(v) is Value]
        for v in self._order([*outputs, *compared]):
            if v in index:
                continue
            if id(v) in self._cut:
                index[v] = builder.emit("stop", index[self._cut[id(v)][1]])
            elif id(v) in self._made:
                index[v] = builder.emit(v.op, *[index[parent] for parent in v.parents])
            elif id(v) in self._constants:
                index[v] = builder.constant(v.data)
                frozen.append(Frozen(v.data, self._constants[id(v)][1]))
            else:
                builder.inputs.append(v.label or f"c{len(closed)}")
                index[v] = builder.input(len(builder.inputs) - 1)
                closed.append(v)
        guards = self._guards(builder, index)
        return builder.program([index[v] for v in outputs], guards), closed, frozen

    def _order(self, roots: Iterable[Value]) -> list[Value]:
        """Return the nodes under the roots in the order of eager code, detached leaves after their sources."""
        roots = [*roots]
        sources = [v for leaf, source in self._cut.values() for v in (source, leaf)]
        # A detached leaf precedes its readers; the order of all other nodes stays the same.
        return topological_order(*sources, *roots) if sources else topological_order(*roots)

    def _guards(self, builder: Builder, index: dict[Value, int]) -> list[Guard]:
        """Return the comparisons whose outcome may differ in a replay: all but those of two constants."""
        guards: dict[tuple[str, int, int], Guard] = {}
        for symbol, x, y, outcome, location in self._comparisons:
            number = y.data if type(y) is Value else _as_float(y)
            is_exact = type(y) is Value or number == y or y != y
            was_nan = (
                symbol == "==" and x.data != x.data
            )  # data that was read, equal to itself here
            if not is_exact or not (was_nan or COMPARISONS[symbol](x.data, number) is outcome):
                raise JitError(
                    f"{self.name} compares with {y!r:.60} at {location}, which is not a float exactly; use a float"
                )
            other = index[y] if type(y) is Value else builder.constant(number)
            if index[x] in builder.numbers and other in builder.numbers:
                continue
            key = symbol, index[x], other
            guards.setdefault(key, Guard(*key, outcome, location))
        return list(guards.values())
