"""A loop of the loop IR as LLVM IR: nested loops over its members, its vectors of rows, and the terms of a fold.

The innermost loop over vectors is unrolled by a factor chosen for the registers, so that the additions of a fold need
not wait for one another. An operand is loaded in the outermost loop in which its address is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd_scalar.compiler import options
from autograd_scalar.compiler.backends.llvm.abi import KernelBuilder
from autograd_scalar.compiler.backends.llvm.builder import Builder, constant, number, vector
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.vectorize.access import Access
from autograd_scalar.compiler.vectorize.loop_ir import Loop, Read, Step
from autograd_scalar.compiler.vectorize.packs import Effect


class Context(NamedTuple):
    """State shared by the loops of a kernel."""

    w: KernelBuilder
    #: Rows of a block, and lanes of a vector.
    lanes: int
    width: int
    constants: Sequence[float]
    #: The address of each space, and the number of doubles between its values.
    spaces: dict[str, tuple[str, int]]


class _Address:
    """The address of an access, which moves with the loops around it; instructions are written when it is used."""

    def __init__(self, w: Builder, access: Access, origin: str, unit: int, by_block: int) -> None:
        self.access, self._w, self._unit = access, w, unit
        table_strides = access.table_strides or (0,) * len(access.strides)
        moves = [(x * unit, y) for x, y in zip(access.strides, table_strides, strict=True)]
        #: The strides of the pointer and of the table's, for each of the nested loops.
        self._strides = [*moves, (by_block, 0)]
        self._pointer = origin
        self._table = w.table("i32", [*map(str, access.table)]) if access.table else ""
        #: Moves without instructions so far: an index, and the strides of the pointer and of the table's.
        self._moves: list[tuple[str | int, int, int]] = [(access.base, unit, 0)]
        #: The number of nested loops down to the last one that moves it.
        self.depth = max((d + 1 for d, moves in enumerate(self._strides) if any(moves)), default=0)
        self.by_term = bool(access.term_stride or access.table_term_stride)

    def enter(self, d: int, i: str) -> None:
        """Move to iteration i of the d-th loop."""
        self._moves.append((i, *self._strides[d]))

    def settle(self) -> None:
        """Write the instructions of the moves so far."""
        for i, stride, table_stride in self._moves:
            self._pointer = self._w.at(self._pointer, i, stride)
            self._table = self._w.at(self._table, i, table_stride, "i32")
        self._moves.clear()

    def of(self, k: str | int = 0) -> str:
        """Return the address for term k."""
        self.settle()
        w = self._w
        pointer = w.at(self._pointer, k, self.access.term_stride * self._unit)
        if not self._table:
            return pointer
        entry = w.load(w.at(self._table, k, self.access.table_term_stride, "i32"), "i32")
        return w.at(pointer, w.let(f"sext i32 {entry} to i64"), self._unit)


class Nest:
    """Writer of one loop, for the block that begins at `row`; `live` of its lanes are rows, if not all."""

    def __init__(self, context: Context, loop: Loop, row: str = "0", live: str = "") -> None:
        self.context, self.w, self.loop, self.row, self.live = context, context.w, loop, row, live
        self.width = context.width if loop.varies else 1
        self.kind = vector(self.width)
        vectors = context.lanes // context.width if loop.varies else 1
        self.is_short = len(loop.body) <= options.MAX_REGISTER_STEPS
        self.unroll = max(n for n in range(1, _unroll(loop) + 1) if vectors % n == 0)
        self.counts = [*loop.nest, vectors // self.unroll]
        #: The first lane of the vectors of this iteration.
        self.lane = "0"
        self.values: dict[Step | Read, list[str]] = {}
        self.addresses: dict[Step | Read, _Address] = {}

    def write(self) -> None:
        """Write the loop."""
        for read in self.loop.reads:
            space, base, strides, term_stride, table, *_ = read.access
            if space == "const" and not (any(strides) or term_stride or table):
                x = constant(number(self.context.constants[base]), self.width)
                self.values[read] = [x] * self.unroll
            else:
                self.addresses[read] = self._address(read.access)
        for step in self.loop.steps:
            if step.store is not None:
                self.addresses[step] = self._address(step.store)
        if self.is_short:
            self._nested(0)
        else:  # in a block of its own, since LLVM's time grows with the square of a block's length
            self.w.choose("%some", lambda: self._nested(0))

    def _address(self, access: Access) -> _Address:
        origin, unit = self.context.spaces[access.space]
        moves = access.space == "row" and self.counts[-1] > 1
        return _Address(self.w, access, origin, unit, self.unroll * self.width if moves else 0)

    def _nested(self, d: int) -> None:
        """Write the loops from the d-th on."""
        if self.is_short:  # the operands of a longer loop would not fit the registers
            for reader, address in self.addresses.items():
                address.settle()
                if isinstance(reader, Read) and address.depth == d and not address.by_term:
                    self.values[reader] = self._load(address)
        if d == len(self.counts):
            for step in self.loop.steps:
                self._write_step(step)
        elif self.counts[d] == 1:
            self._nested(d + 1)
        else:
            self.w.each(self.counts[d], lambda i: self._iteration(d, i))

    def _iteration(self, d: int, i: str) -> None:
        if d == len(self.loop.nest):
            self.lane = self.w.let(f"mul i64 {i}, {self.unroll * self.width}")
        for address in self.addresses.values():
            address.enter(d, i)
        self._nested(d + 1)

    # ----- operands: a list of vectors, one for each unrolled iteration -----

    def _operand(self, operand: Step | Read, k: str | int = 0) -> list[str]:
        """Return the vectors of an operand for term k."""
        if operand in self.values:
            return self.values[operand]
        assert isinstance(operand, Read)  # steps come after those that they read
        return self._load(self.addresses[operand], k)

    def _load(self, address: _Address, k: str | int = 0) -> list[str]:
        w, pointer = self.w, address.of(k)
        if address.access.space == Effect.SUM_ROWS:
            return [pointer]
        if address.access.space == "row":
            return [w.load(at, self.kind) for at in self._unrolled(pointer)]
        return [w.splat(w.load(pointer), self.width)] * self.unroll

    def _unrolled(self, pointer: str) -> list[str]:
        """Return the addresses of the vectors of the unrolled iterations."""
        return [self.w.at(pointer, p * self.width) for p in range(self.unroll)]

    # ----- steps -----

    def _write_step(self, step: Step) -> None:
        effect = _EFFECTS.get(step.op)
        if effect is not None:
            effect(self, self._operand(step.operands[0]), self.addresses[step].of())
            return
        values = self._folded(step) if step.is_fold else self._computed(step)
        self.values[step] = values
        if step.store is not None:
            pointers = self._unrolled(self.addresses[step].of())
            for value, at in zip(values, pointers, strict=True):
                self.w.store(value, at, self.kind)

    def _computed(self, step: Step, k: str | int = 0) -> list[str]:
        operands = [self._operand(operand, k) for operand in step.operands]
        return [self.w.compute(step.op, xs, self.width) for xs in zip(*operands, strict=True)]

    def _folded(self, step: Step) -> list[str]:
        start, term = step.operands

        def following(k: str | int, z: Sequence[str]) -> list[str]:
            for inner in self.loop.terms:
                self.values[inner] = self._computed(inner, k)
            terms = self._operand(term, k)
            return [self.w.compute(step.op, xs, self.width) for xs in zip(z, terms, strict=True)]

        z = self._operand(start)
        if self.loop.length > options.MAX_UNROLLED_TERMS:
            return self.w.loop(self.loop.length, following, self.kind, z)
        for k in range(self.loop.length):
            z = following(k, z)
        return z

    # ----- effects, given the vectors of their operand and the address of their output -----

    def _sum_rows(self, values: list[str], to: str) -> None:
        """Add vectors to the accumulator of a sum, in pairs."""
        w, kind = self.w, self.kind
        if self.live:
            mask, zero = vector(self.width, "i1"), constant(number(0.0), self.width)
            values = [
                w.let(f"select {mask} {self._live_lanes(p)}, {kind} {x}, {kind} {zero}")
                for p, x in enumerate(values)
            ]

        def add(x: str, y: str) -> str:
            return w.compute(ARITHMETIC["+"], [x, y], self.width)

        while len(values) > 1:
            odd = values[len(values) // 2 * 2 :]
            values = [*map(add, values[::2], values[1::2]), *odd]
        w.store(add(w.load(to, kind), values[0]), to, kind)

    def _live_lanes(self, p: int) -> str:
        """Return the mask of the lanes of the p-th vector that are rows."""
        first = self.w.let(f"add i64 {self.lane}, {p * self.width}")
        return self.w.first_lanes(self.w.let(f"sub i64 {self.live}, {first}"), self.width)

    def _store_row(self, values: list[str], to: str) -> None:
        """Store an output of each row."""
        w = self.w
        rows = w.at(w.at(w.load(to, "ptr"), self.row), self.lane)
        for value, at in zip(values, self._unrolled(rows), strict=True):
            w.do(f"store {self.kind} {value}, ptr {at}, align 8")

    def _store_flag(self, values: list[str], to: str) -> None:
        """Store the flag of each row, given how many of its guards fail, and count the rows in which one does."""
        w, width = self.w, self.width
        flags = w.at(w.at(to, self.row, kind="i8"), self.lane, kind="i8")
        for p, value in enumerate(values):
            holds = w.compare("==", value, constant(number(0.0), width), width)
            live = self._live_lanes(p) if self.live else ""
            w.store_flags(holds, w.at(flags, p * width, kind="i8"), live, width)

    def _store_total(self, values: list[str], to: str) -> None:
        """Store a sum: the lanes of its accumulator, added up."""
        total = number(0.0)
        for lane in range(self.context.width):
            x = self.w.load(self.w.at(values[0], lane))
            total = self.w.let(f"fadd double {total}, {x}")
        self.w.store(total, to)

    def _add_uniform(self, values: list[str], to: str) -> None:
        self.w.add_uniform(values[0], to)


_EFFECTS: dict[str, Callable[[Nest, list[str], str], None]] = {
    Effect.SUM_ROWS: Nest._sum_rows, Effect.STORE_ROW: Nest._store_row, Effect.STORE_FLAG: Nest._store_flag,
    Effect.STORE_TOTAL: Nest._store_total, Effect.ADD_UNIFORM: Nest._add_uniform,
}  # fmt: skip


def _unroll(loop: Loop) -> int:
    """Return the largest unroll factor for which the registers hold what is alive."""
    if loop.length or any(step.op == Effect.SUM_ROWS for step in loop.steps):
        return (
            options.UNROLL_SHORT_FOLD
            if len(loop.body) <= options.MAX_REGISTER_STEPS
            else options.UNROLL_LONG_FOLD
        )
    return options.UNROLL_MAP
