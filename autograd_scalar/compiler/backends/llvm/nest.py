"""One loop of a rolled program as LLVM IR: nested loops over its members, its vectors, and a fold's terms.

A fold keeps its vectors in registers and does several of them side by side, so that no addition waits for the one
before. Operands are loaded in the outermost loop in which their address is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograd_scalar.compiler.backends.llvm.abi import BINARY, PREDICATE, number
from autograd_scalar.compiler.backends.llvm.builder import Writer
from autograd_scalar.compiler.ir.rules import NEGATION
from autograd_scalar.compiler.vectorize.access import Slot
from autograd_scalar.compiler.vectorize.fusion import Loop, Read, Step
from autograd_scalar.compiler.vectorize.packs import FAILED, OUT, SAME, SUM, TOTAL

#: Folds of so few terms are written out.
FEW_TERMS = 4
#: What is longer than this keeps too much in registers to be done side by side with itself so often.
SHORT = 6


@dataclass
class Context:
    """What all loops of a kernel share."""

    w: Writer
    lanes: int
    width: int
    #: Fast-math flags.
    flags: str
    numbers: Sequence[float]
    #: Of each space its address, and how many numbers an index counts for.
    spaces: dict[str, tuple[str, int]]
    #: The functions that are called, for each width.
    functions: dict[int, set[str]] = field(default_factory=dict)


class _Address:
    """The address of a slot, which moves with the loops it is in. It is written down when it is asked for."""

    def __init__(self, w: Writer, slot: Slot, origin: str, unit: int, by_block: int) -> None:
        self.slot, self._w, self._unit = slot, w, unit
        self._strides = [*(stride * unit for stride in slot.strides), by_block]
        self._table_strides = [*slot.table_strides, 0] if slot.table else [0] * len(self._strides)
        self._pointer = origin
        self._table = w.table("i32", [*map(str, slot.table)]) if slot.table else ""
        #: Moves that are not written down yet: an index, how far it moves the pointer, and how far the table's.
        self._moves: list[tuple[str | int, int, int]] = [(slot.base, unit, 0)]
        moving = zip(self._strides, self._table_strides, strict=True)
        #: In how many of the nested loops it moves, from the outermost to the last that moves it.
        self.depth = max((d + 1 for d, strides in enumerate(moving) if any(strides)), default=0)
        self.by_term = bool(slot.step or slot.table_step)

    def enter(self, d: int, i: str) -> None:
        """Move to the i-th round of the d-th loop."""
        self._moves.append((i, self._strides[d], self._table_strides[d]))

    def settle(self) -> None:
        """Write down where it has moved."""
        for i, stride, table_stride in self._moves:
            self._pointer = self._w.at(self._pointer, i, stride)
            self._table = self._w.at(self._table, i, table_stride, "i32")
        self._moves.clear()

    def of(self, k: str | int = 0) -> str:
        """Return the address, of the k-th term."""
        self.settle()
        w = self._w
        pointer = w.at(self._pointer, k, self.slot.step * self._unit)
        if not self._table:
            return pointer
        entry = w.let(f"load i32, ptr {w.at(self._table, k, self.slot.table_step, 'i32')}")
        return w.at(pointer, w.let(f"sext i32 {entry} to i64"), self._unit)


class Nest:
    """Writes one loop; `row` is the first row of the block, and `live` how many of its lanes are rows, if not all."""

    def __init__(self, context: Context, loop: Loop, row: str = "0", live: str = "") -> None:
        self.context, self.w, self.loop, self.row, self.live = context, context.w, loop, row, live
        self.width = context.width if loop.varies else 1
        self.kind = f"<{self.width} x double>"
        vectors = context.lanes // context.width if loop.varies else 1
        self.is_short = len(loop.body) <= SHORT
        #: How many vectors are done side by side.
        self.abreast = max(n for n in range(1, _abreast(loop) + 1) if vectors % n == 0)
        self.counts = [*loop.nest, vectors // self.abreast]
        #: The first lane of those that are being done.
        self.lane = "0"
        self.values: dict[Step | Read, list[str]] = {}
        self.addresses: dict[Step | Read, _Address] = {}

    def write(self) -> None:
        """Write the loop."""
        for read in self.loop.reads:
            if not self._is_constant(read.slot):
                self.addresses[read] = self._address(read.slot)
        for step in self.loop.steps:
            if step.to is not None:
                self.addresses[step] = self._address(step.to)
        if self.is_short:
            self._nested(0)
        else:  # as a block by itself: LLVM's time grows with the square of a block's length
            self.w.choose("%some", lambda: self._nested(0))

    def _address(self, slot: Slot) -> _Address:
        origin, unit = self.context.spaces[slot.space]
        goes_on = slot.space == "row" and self.counts[-1] > 1
        return _Address(self.w, slot, origin, unit, self.abreast * self.width if goes_on else 0)

    def _is_constant(self, slot: Slot) -> bool:
        return slot.space == "number" and not (any(slot.strides) or slot.step or slot.table)

    def _nested(self, d: int) -> None:
        """Write the loops from the d-th on."""
        if self.is_short:  # else it would all have to be kept somewhere
            for reader, address in self.addresses.items():
                address.settle()
                if isinstance(reader, Read) and address.depth == d and not address.by_term:
                    self.values[reader] = self._loaded(address)
        if d == len(self.counts):
            for step in self.loop.steps:
                self._do(step)
        elif self.counts[d] == 1:
            self._nested(d + 1)
        else:
            self.w.each(self.counts[d], lambda i: self._round(d, i))

    def _round(self, d: int, i: str) -> None:
        if d == len(self.loop.nest):
            self.lane = self.w.let(f"mul i64 {i}, {self.abreast * self.width}")
        for address in self.addresses.values():
            address.enter(d, i)
        self._nested(d + 1)

    # ----- operands -----

    def _operand(self, operand: Step | Read, k: str | int = 0) -> list[str]:
        """Return the vectors of an operand, of the k-th term."""
        if operand in self.values:
            return self.values[operand]
        assert isinstance(operand, Read)  # steps come after those that they read
        if self._is_constant(operand.slot):
            lane = f"double {number(self.context.numbers[operand.slot.base])}"
            return [f"<{', '.join([lane] * self.width)}>"] * self.abreast
        return self._loaded(self.addresses[operand], k)

    def _loaded(self, address: _Address, k: str | int = 0) -> list[str]:
        w, pointer = self.w, address.of(k)
        if address.slot.space == SUM:
            return [pointer]
        if address.slot.space == "row":
            return [
                w.let(f"load {self.kind}, ptr {at}, align {8 * self.width}")
                for at in self._vectors(pointer)
            ]
        return [w.splat(w.let(f"load double, ptr {pointer}"), self.width)] * self.abreast

    def _vectors(self, pointer: str) -> list[str]:
        """Return the addresses of the vectors that are done side by side."""
        return [self.w.at(pointer, p * self.width) for p in range(self.abreast)]

    # ----- steps -----

    def _do(self, step: Step) -> None:
        hand_out = _HAND_OUT.get(step.op)
        if hand_out is not None:
            hand_out(self, self._operand(step.operands[0]), self.addresses[step].of())
            return
        values = self._folded(step) if step.is_fold else self._computed(step)
        self.values[step] = values
        if step.to is not None:
            for value, at in zip(values, self._vectors(self.addresses[step].of()), strict=True):
                self.w.do(f"store {self.kind} {value}, ptr {at}, align {8 * self.width}")

    def _computed(self, step: Step, k: str | int = 0) -> list[str]:
        operands = [self._operand(operand, k) for operand in step.operands]
        return [self._instruction(step.op, names) for names in zip(*operands, strict=True)]

    def _folded(self, step: Step) -> list[str]:
        start, term = step.operands

        def following(k: str | int, z: Sequence[str]) -> list[str]:
            for inner in self.loop.terms:
                self.values[inner] = self._computed(inner, k)
            terms = self._operand(term, k)
            return [self._instruction(step.op, names) for names in zip(z, terms, strict=True)]

        z = self._operand(start)
        if self.loop.length > FEW_TERMS:
            return self.w.loop(self.loop.length, following, self.kind, z)
        for k in range(self.loop.length):
            z = following(k, z)
        return z

    def _instruction(self, op: str, names: Sequence[str]) -> str:
        w, kind = self.w, self.kind
        if op in BINARY:
            return w.let(f"{BINARY[op]}{self.context.flags} {kind} {names[0]}, {names[1]}")
        if op == NEGATION:
            return w.let(f"fneg {kind} {names[0]}")
        if op.startswith("if"):
            a, b, x, y = names
            test = w.let(f"fcmp {PREDICATE[op[2:]]} {kind} {a}, {b}")
            return w.let(f"select <{self.width} x i1> {test}, {kind} {x}, {kind} {y}")
        self.context.functions.setdefault(self.width, set()).add(op)
        given = ", ".join(f"{kind} {name}" for name in names)
        return w.let(f"call {kind} @{op}.v{self.width}({given})")

    # ----- what hands numbers out -----

    def _sum(self, values: list[str], to: str) -> None:
        """Add what the vectors come to, two and two, to the sum's."""
        w, kind, align = self.w, self.kind, f"align {8 * self.width}"
        fadd = f"fadd{self.context.flags} {kind}"
        if self.live:
            values = [
                w.let(f"select <{self.width} x i1> {self._is_live(p)}, {kind} {x}, {kind} zeroinitializer")
                for p, x in enumerate(values)
            ]  # fmt: skip
        while len(values) > 1:
            odd = values[len(values) // 2 * 2 :]
            pairs = zip(values[::2], values[1::2], strict=False)
            values = [w.let(f"{fadd} {a}, {b}") for a, b in pairs] + odd
        before = w.let(f"load {kind}, ptr {to}, {align}")
        after = w.let(f"{fadd} {before}, {values[0]}")
        w.do(f"store {kind} {after}, ptr {to}, {align}")

    def _is_live(self, p: int) -> str:
        """Return which lanes of the p-th vector are rows."""
        first = self.w.let(f"add i64 {self.lane}, {p * self.width}")
        left = self.w.splat(self.w.let(f"sub i64 {self.live}, {first}"), self.width, "i64")
        lanes = ", ".join(f"i64 {lane}" for lane in range(self.width))
        return self.w.let(f"icmp slt <{self.width} x i64> <{lanes}>, {left}")

    def _out(self, values: list[str], to: str) -> None:
        w = self.w
        rows = w.at(w.at(w.let(f"load ptr, ptr {to}"), self.row), self.lane)
        for value, at in zip(values, self._vectors(rows), strict=True):
            w.do(f"store {self.kind} {value}, ptr {at}, align 8")

    def _failed(self, values: list[str], to: str) -> None:
        """Write the flags, given how many guards fail, and count the rows where one does."""
        w, width = self.w, self.width
        flags = w.at(w.at(to, self.row, kind="i8"), self.lane, kind="i8")
        for p, value in enumerate(values):
            fails = w.let(f"fcmp one {self.kind} {value}, zeroinitializer")
            holds = w.let(f"fcmp oeq {self.kind} {value}, zeroinitializer")
            flag = w.let(f"zext <{width} x i1> {holds} to <{width} x i8>")
            at = w.at(flags, p * width, kind="i8")
            w.do(f"store <{width} x i8> {flag}, ptr {at}, align 1")
            if self.live:
                fails = w.let(f"and <{width} x i1> {fails}, {self._is_live(p)}")
            ones = w.let(f"zext <{width} x i1> {fails} to <{width} x i64>")
            count = w.let(f"call i64 @llvm.vector.reduce.add.v{width}i64(<{width} x i64> {ones})")
            before = w.let("load i64, ptr %failures")
            after = w.let(f"add i64 {before}, {count}")
            w.do(f"store i64 {after}, ptr %failures")

    def _total(self, values: list[str], to: str) -> None:
        """Write what a sum's vector comes to."""
        total = number(0.0)
        for lane in range(self.context.width):
            x = self.w.let(f"load double, ptr {self.w.at(values[0], lane)}")
            total = self.w.let(f"fadd double {total}, {x}")
        self.w.do(f"store double {total}, ptr {to}")

    def _same(self, values: list[str], to: str) -> None:
        """Add to a sum what is the same for all rows, as often as there are rows."""
        w = self.w
        count = w.let("sitofp i64 %rows to double")
        x = w.let(f"extractelement <1 x double> {values[0]}, i32 0")
        all_rows = w.let(f"fmul double {x}, {count}")
        before = w.let(f"load double, ptr {to}")
        after = w.let(f"fadd double {before}, {all_rows}")
        w.do(f"store double {after}, ptr {to}")


_HAND_OUT = {
    SUM: Nest._sum, OUT: Nest._out, FAILED: Nest._failed, TOTAL: Nest._total, SAME: Nest._same,
}  # fmt: skip


def _abreast(loop: Loop) -> int:
    """Return how many vectors to do side by side at most, so that the registers, mostly 16, hold what is alive."""
    if loop.length or any(step.op == SUM for step in loop.steps):
        return 8 if len(loop.body) <= SHORT else 4
    return 2  # so that long chains of operations, as a logarithm of a sum, do not wait for each one's result
