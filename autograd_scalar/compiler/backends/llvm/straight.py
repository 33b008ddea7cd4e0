"""Straight-line kernels: each instruction of a short program once, its result in a register.

`single` computes one set of numbers, `straight` rows in blocks, each number of the program a vector of rows. The result
of instruction 7, t7 in a program's text, is `%t7`. A block at
the end may have fewer rows than lanes: its idle lanes read the last row again, and the block has accumulators of its
own, of layout only the lanes with rows are added to the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograd_scalar.compiler.backends.llvm.abi import Kernel, begin_kernel, end_kernel, module
from autograd_scalar.compiler.backends.llvm.builder import (
    Builder,
    constant,
    constants,
    number,
    vector,
)
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import RowLayout, split_sum, varying


def single(program: Program, *, fast: bool = False) -> str:
    """Return the module of `i64 @single(ptr inputs, ptr outputs)`, layout computes a basic program once.

    The function returns the index of the first guard that fails, or -1.
    """
    w = Builder(fast=fast)
    positions = {k: k for k in range(len(program.inputs))}
    values = _numbers(w, program, range(len(program)), "%inputs", positions)
    for i, output in enumerate(program.outputs):
        w.do(f"store double {values[output]}, ptr {w.at('%outputs', i)}")
    failed = "-1"
    for i, g in reversed([*enumerate(program.guards)]):
        test = w.compare(g.symbol, values[g.x], values[g.y], 1)
        held, not_held = (failed, str(i)) if g.outcome else (str(i), failed)
        failed = w.let(f"select i1 {test}, i64 {held}, i64 {not_held}")
    w.do(f"ret i64 {failed}")
    return module(w, "define i64 @single(ptr noalias %inputs, ptr noalias %outputs) {")


def straight(
    program: Program, layout: RowLayout, lanes: int, *, fma: bool, fast: bool = False
) -> Kernel:
    """Return the kernel of a basic program as straight-line code for blocks of that many rows.

    Raises ValueError for fewer than two lanes; see `libm.definitions`.
    """
    if lanes < 2:
        raise ValueError(f"a block has 2 lanes or more; got {lanes}")
    return _Straight(program, layout, lanes, fast).kernel(fma=fma)


def _numbers(
    w: Builder, program: Program, indices: Iterable[int], memory: str, at: Mapping[int, int]
) -> dict[int, str]:
    """Write instructions over single numbers and return their values; inputs are read from an array, at `at`."""
    values: dict[int, str] = {}
    for index in indices:
        op, *operands = program.code[index]
        if op == "const":
            values[index] = number(operands[0])
        elif op == "input":
            values[index] = w.load(w.at(memory, at[operands[0]]), name=f"%t{index}")
        else:
            values[index] = w.compute(op, [values[o] for o in operands], 1, f"%t{index}")
    return values


class _Straight:
    """One kernel. Scratch memory holds, for each sum, the accumulators of full blocks, then those of the last one."""

    def __init__(self, program: Program, layout: RowLayout, lanes: int, fast: bool) -> None:
        self.program, self.layout, self.lanes = program, layout, lanes
        self.w = begin_kernel(fast=fast)
        self.varies = varying(program, layout.columns)
        #: For each sum, the instruction that is summed row by row, and those that are the same for all rows.
        self.terms = [split_sum(program, self.varies, program.outputs[k]) for k in layout.sums]
        summed = [term for term, _ in self.terms if term is not None]
        self.summed, self.accumulators = summed, lanes * len(summed)
        #: The results so far: vectors, and numbers where they are the same for all rows.
        self.vectors: dict[int, str] = {}
        self.numbers: dict[int, str] = {}

    def kernel(self, *, fma: bool) -> Kernel:
        w, layout = self.w, self.layout
        w.clear("%scratch", 2 * self.accumulators)
        same = [index for index, varies in enumerate(self.varies) if not varies]
        at = {k: i for i, k in enumerate(layout.shared)}
        self.numbers = _numbers(w, self.program, same, "%shared", at)
        w.choose("%some", self._rows)
        self._write_sums()
        return end_kernel(w, self.lanes, 2 * self.accumulators, fma=fma)

    def _rows(self) -> None:
        w, layout = self.w, self.layout
        columns = range(len(layout.columns))
        self.columns = {
            k: (w.load(w.at("%columns", i), "ptr"), w.load(w.at("%strides", i), "i64"))
            for i, k in zip(columns, layout.columns, strict=True)
        }
        self.outs = [w.load(w.at("%outs", i), "ptr") for i in range(len(layout.rows))]
        self.last = w.let("sub i64 %rows, 1")
        past = w.let(f"add i64 %rows, {self.lanes - 1}")
        w.each(w.let(f"udiv i64 {past}, {self.lanes}"), self._block)
        if self.summed:
            self._add_lanes()

    # ----- a block of rows -----

    def _block(self, i: str) -> None:
        w, program = self.w, self.program
        row = w.let(f"mul i64 {i}, {self.lanes}")
        left = w.let(f"sub i64 %rows, {row}")
        self.vectors = {}
        read = self._rows_read(row)
        for index, (op, *operands) in enumerate(program.code):
            if not self.varies[index]:
                continue
            if op == "input":
                self.vectors[index] = self._gather(index, *self.columns[operands[0]], read)
            else:
                names = [self._vector(operand) for operand in operands]
                self.vectors[index] = w.compute(op, names, self.lanes, f"%t{index}")
        for out, k in zip(self.outs, self.layout.rows, strict=True):
            self._store(self._vector(program.outputs[k]), w.at(out, row))
        self._accumulate(left)
        if program.guards:
            self._check_guards(row, left)

    def _rows_read(self, row: str) -> list[str]:
        """Return the row that each lane reads."""
        w, read = self.w, []
        for lane in range(self.lanes):
            index = w.let(f"add i64 {row}, {lane}")
            is_row = w.let(f"icmp slt i64 {index}, %rows")
            read.append(w.let(f"select i1 {is_row}, i64 {index}, i64 {self.last}"))
        return read

    def _gather(self, index: int, column: str, stride: str, rows: Sequence[str]) -> str:
        """Return an instruction's vector, the numbers of a column in some rows."""
        w, found = self.w, "poison"
        for lane, row in enumerate(rows):
            offset = w.let(f"mul i64 {row}, {stride}")
            x = w.load(w.at(column, offset, kind="i8"))
            name = f"%t{index}" if lane == self.lanes - 1 else ""
            insert = f"insertelement {vector(self.lanes)} {found}, double {x}, i32 {lane}"
            found = w.let(insert, name)
        return found

    def _vector(self, index: int) -> str:
        """Return an instruction's result as a vector."""
        if index not in self.vectors:
            op, *operands = self.program.code[index]
            self.vectors[index] = (
                constant(operands[0], self.lanes)
                if op == "const"
                else self.w.splat(self.numbers[index], self.lanes)
            )
        return self.vectors[index]

    def _store(self, value: str, pointer: str) -> None:
        # the alignment is given, since that of a vector's type may be larger
        self.w.do(f"store {vector(self.lanes)} {value}, ptr {pointer}, align 8")

    def _accumulate(self, left: str) -> None:
        """Add the block to the sums."""
        w, kind = self.w, vector(self.lanes)
        part = w.let(f"icmp slt i64 {left}, {self.lanes}")
        of_part = w.at("%scratch", self.accumulators)
        to = w.let(f"select i1 {part}, ptr {of_part}, ptr %scratch")
        for i, term in enumerate(self.summed):
            pointer = w.at(to, self.lanes * i)
            before = w.let(f"load {kind}, ptr {pointer}, align 8")
            self._store(w.let(f"fadd {kind} {before}, {self._vector(term)}"), pointer)

    def _check_guards(self, row: str, left: str) -> None:
        """Store the flags of the rows, and count the rows in layout a guard fails."""
        w, lanes = self.w, self.lanes
        mask, ones = vector(lanes, "i1"), constants("true", lanes, "i1")
        held = ones
        for g in self.program.guards:
            test = w.compare(g.symbol, self._vector(g.x), self._vector(g.y), lanes)
            if not g.outcome:
                test = w.let(f"xor {mask} {test}, {ones}")
            held = w.let(f"and {mask} {held}, {test}")
        flags = w.let(f"zext {mask} {held} to {vector(lanes, 'i8')}")
        w.do(f"store {vector(lanes, 'i8')} {flags}, ptr {w.at('%flags', row, kind='i8')}, align 1")
        failed = w.let(f"xor {mask} {held}, {ones}")
        failed = w.let(f"and {mask} {failed}, {w.first_lanes(left, lanes)}")
        w.add_to("%failures", w.count(failed, lanes))

    # ----- sums -----

    def _add_lanes(self) -> None:
        """Add up the lanes of each sum's accumulators, and store the totals side by side where these began."""
        w = self.w

        def add(first: str, count: int | str, start: str) -> str:
            def term(lane: str, total: list[str]) -> list[str]:
                return [w.let(f"fadd double {total[0]}, {w.load(w.at(first, lane))}")]

            return w.loop(count, term, "double", [start])[0]

        def full(k: str) -> None:
            total = add(w.at("%scratch", k, self.lanes), self.lanes, number(0.0))
            w.do(f"store double {total}, ptr {w.at('%scratch', k)}")

        def part(k: str) -> None:
            to = w.at("%scratch", k)
            first = w.at(w.at("%scratch", self.accumulators), k, self.lanes)
            w.do(f"store double {add(first, left, w.load(to))}, ptr {to}")

        w.each(len(self.summed), full)
        left = w.let(f"urem i64 %rows, {self.lanes}")
        some = w.let(f"icmp ne i64 {left}, 0")
        w.choose(some, lambda: w.each(len(self.summed), part))

    def _write_sums(self) -> None:
        """Store the sums: the totals over the rows, and what is the same for all rows times their number."""
        w, totals = self.w, 0
        rows = w.let("sitofp i64 %rows to double")
        for i, (term, same) in enumerate(self.terms):
            total = number(0.0)
            if term is not None:
                total = w.load(w.at("%scratch", totals))
                totals += 1
            for index in same:
                product = w.let(f"fmul double {self.numbers[index]}, {rows}")
                total = w.let(f"fadd double {total}, {product}")
            w.do(f"store double {total}, ptr {w.at('%sums', i)}")
