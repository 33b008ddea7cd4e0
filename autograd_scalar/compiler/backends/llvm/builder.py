"""LLVM IR as text: a builder that names values and writes instructions, blocks and loops of one function."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION

BINARY = dict(zip((ARITHMETIC[s] for s in "+-*/"), ("fadd", "fsub", "fmul", "fdiv"), strict=True))
#: Python's comparisons: with `nan` each is false, except !=.
PREDICATE = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}

#: The C names of functions that Python and the table call otherwise.
_LIBM = {"abs": "fabs", "round": "rint"}
#: Attributes of calls. LLVM would replace pow(2, x) by exp2(x) and pow(x, -1) by 1 / x, which differ in the last bit.
_ATTRIBUTES = {ARITHMETIC["**"]: " nobuiltin"}


def vector(width: int, kind: str = "double") -> str:
    """Return the type of `width` elements: a vector, or for one element the element's own type.

    LLVM aborts the process on some operations of one-element vectors, so no code contains them.

    >>> vector(4), vector(1)
    ('<4 x double>', 'double')
    """
    return f"<{width} x {kind}>" if width > 1 else kind


def number(value: float) -> str:
    """Return a double literal in hexadecimal, the only form that is exact for every double."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def constant(literal: str, width: int, kind: str = "double") -> str:
    """Return a vector literal with the same element in every lane."""
    return f"<{', '.join([f'{kind} {literal}'] * width)}>" if width > 1 else literal


class Builder:
    """The body of one function. Methods that compute a value return the value's name."""

    def __init__(self, *, fast: bool = False) -> None:
        self.lines: list[str] = []
        self.globals: list[str] = []
        #: Declarations of libm's functions and LLVM's intrinsics.
        self.declarations: set[str] = set()
        #: The vector functions that are called, by their width; see `libm`.
        self.functions: dict[int, set[str]] = {}
        #: Fast-math flags of the arithmetic.
        self.flags = " reassoc contract nsz" if fast else ""
        self._names = 0
        self._block = "entry"

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def define(self, signature: str) -> str:
        """Return the text of the function."""
        return "\n".join([f"{signature} {{", "entry:", *self.lines, "}", ""])

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def let(self, instruction: str, name: str = "") -> str:
        """Append an instruction and return the name of its result, a new one unless given."""
        name = name or self._name("%v")
        self.lines.append(f"  {name} = {instruction}")
        return name

    def compute(self, op: str, operands: Sequence[str], width: int, name: str = "") -> str:
        """Append an instruction of a program of primitives, on vectors of that width or, if it is 1, on numbers."""
        kind = vector(width)
        if op in BINARY:
            return self.let(f"{BINARY[op]}{self.flags} {kind} {operands[0]}, {operands[1]}", name)
        if op == NEGATION:
            return self.let(f"fneg {kind} {operands[0]}", name)
        if op.startswith("if"):
            a, b, x, y = operands
            test = self.compare(op[2:], a, b, width)
            return self.let(f"select {vector(width, 'i1')} {test}, {kind} {x}, {kind} {y}", name)
        if width == 1:
            return self.call(_LIBM.get(op, op), operands, kind, name=name)
        self.functions.setdefault(width, set()).add(op)
        given = ", ".join(f"{kind} {x}" for x in operands)
        return self.let(f"call {kind} @{op}.v{width}({given})", name)

    def call(
        self, function: str, operands: Sequence[str], kind: str, result: str = "", name: str = ""
    ) -> str:
        """Declare and call a function whose operands have one type, and its result too unless given."""
        types, given = ", ".join([kind] * len(operands)), ", ".join(f"{kind} {x}" for x in operands)
        self.declarations.add(f"declare {result or kind} @{function}({types})")
        attributes = _ATTRIBUTES.get(function, "")
        return self.let(f"call {result or kind} @{function}({given}){attributes}", name)

    def compare(self, symbol: str, x: str, y: str, width: int) -> str:
        """Append one of Python's comparisons and return its mask."""
        return self.let(f"fcmp {PREDICATE[symbol]} {vector(width)} {x}, {y}")

    def splat(self, x: str, width: int, kind: str = "double") -> str:
        """Return a vector with the same element in every lane."""
        if width == 1:
            return x
        type_ = vector(width, kind)
        first = self.let(f"insertelement {type_} poison, {kind} {x}, i32 0")
        lanes = f"<{width} x i32> zeroinitializer"
        return self.let(f"shufflevector {type_} {first}, {type_} poison, {lanes}")

    def first_lanes(self, count: str, width: int) -> str:
        """Return the mask of the first `count` lanes."""
        lanes = ", ".join(f"i64 {lane}" for lane in range(width))
        counts = self.splat(count, width, "i64")
        return self.let(f"icmp slt {vector(width, 'i64')} <{lanes}>, {counts}")

    # ----- memory -----

    def at(self, pointer: str, index: str | int, scale: int = 1, kind: str = "double") -> str:
        """Return the address of the element at index * scale."""
        if scale == 0 or index in (0, "0"):
            return pointer
        if isinstance(index, int):
            index, scale = index * scale, 1
        elif scale != 1:
            index = self.let(f"mul i64 {index}, {scale}")
        return self.let(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    def load(self, pointer: str, kind: str = "double", name: str = "") -> str:
        """Return the element at an address."""
        return self.let(f"load {kind}, ptr {pointer}", name)

    def store(self, x: str, pointer: str, kind: str = "double") -> None:
        """Store an element at an address."""
        self.do(f"store {kind} {x}, ptr {pointer}")

    def table(self, kind: str, entries: Sequence[str]) -> str:
        """Return the address of an array of constants."""
        name = self._name("@table")
        elements = ", ".join(f"{kind} {entry}" for entry in entries)
        self.globals.append(
            f"{name} = private unnamed_addr constant [{len(entries)} x {kind}] [{elements}]"
        )
        return name

    def clear(self, pointer: str, count: int) -> None:
        """Set `count` doubles to 0.0."""
        self.declarations.add("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        self.do(f"call void @llvm.memset.p0.i64(ptr {pointer}, i8 0, i64 {8 * count}, i1 false)")

    # ----- blocks -----

    def loop(
        self,
        count: int | str,
        body: Callable[[str, list[str]], Sequence[str]],
        kind: str = "",
        start: Sequence[str] = (),
    ) -> list[str]:
        """Write a loop of at least one iteration that carries values of one type; return their final values.

        `body` writes an iteration, given its index and the carried values, and returns the next ones.
        """
        top, end, before = self._name("loop"), self._name("end"), self._block
        self.do(f"br label %{top}")
        self._begin(top)
        i, following = self._name("%i"), self._name("%i")
        carried = [self._name("%c") for _ in start]
        heading = len(self.lines)
        left = [*body(i, carried)]
        self.lines[heading:heading] = [
            f"  {i} = phi i64 [ 0, %{before} ], [ {following}, %{self._block} ]",
            *(
                f"  {name} = phi {kind} [ {first}, %{before} ], [ {last}, %{self._block} ]"
                for name, first, last in zip(carried, start, left, strict=True)
            ),
        ]
        self.do(f"{following} = add nuw nsw i64 {i}, 1")
        more = self.let(f"icmp slt i64 {following}, {count}")
        self.do(f"br i1 {more}, label %{top}, label %{end}")
        self._begin(end)
        return left

    def each(self, count: int | str, body: Callable[[str], None]) -> None:
        """Write a loop of at least one iteration; `body` writes an iteration, given its index."""

        def iteration(i: str, carried: list[str]) -> list[str]:
            body(i)
            return carried

        self.loop(count, iteration)

    def choose(
        self, condition: str, yes: Callable[[], None], no: Callable[[], None] = lambda: None
    ) -> None:
        """Write two branches."""
        names = self._name("yes"), self._name("no"), self._name("end")
        self.do(f"br i1 {condition}, label %{names[0]}, label %{names[1]}")
        for name, branch in zip(names, (yes, no), strict=False):
            self._begin(name)
            branch()
            self.do(f"br label %{names[2]}")
        self._begin(names[2])

    def replace(self, condition: str, value: str, kind: str, other: Callable[[], str]) -> str:
        """Return a value, or the one that `other` writes if the condition holds."""
        rare, end, before = self._name("rare"), self._name("end"), self._block
        self.do(f"br i1 {condition}, label %{rare}, label %{end}")
        self._begin(rare)
        replaced, last = other(), self._block
        self.do(f"br label %{end}")
        self._begin(end)
        return self.let(f"phi {kind} [ {value}, %{before} ], [ {replaced}, %{last} ]")

    def _begin(self, block: str) -> None:
        self.lines.append(f"{block}:")
        self._block = block
