"""Straight-line kernels: each instruction of a short program once, its result in a register.

`single` computes one set of numbers, `straight` rows in blocks, each number of the program a vector of rows. The result
of instruction 7, t7 in a program's text, is `%t7`. A block at the end may have fewer rows than lanes: its idle lanes
read the last row again, and the block has accumulators of its own, of which only the lanes with rows are added to the
sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd_scalar.compiler.backends.llvm.abi import Kernel, KernelBuilder, module
from autograd_scalar.compiler.backends.llvm.builder import Builder, constant, number, vector
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import RowLayout, split_sum, varying


def single(program: Program, *, fast: bool = False) -> str:
    """Return the module of `i64 @single(ptr inputs, ptr outputs)`, which computes a program of primitives once.

    The function returns the index of the first guard that fails, or -1.
    """
    w = Builder(fast=fast)
    positions = {k: k for k in range(len(program.inputs))}
    values = _numbers(w, program, range(len(program)), "%inputs", positions)
    for i, output in enumerate(program.outputs):
        w.store(values[output], w.at("%outputs", i))
    failed = "-1"
    for i, g in reversed([*enumerate(program.guards)]):
        test = w.compare(g.symbol, values[g.x], values[g.y], 1)
        held, not_held = (failed, str(i)) if g.outcome else (str(i), failed)
        failed = w.let(f"select i1 {test}, i64 {held}, i64 {not_held}")
    w.do(f"ret i64 {failed}")
    return module(w, "define i64 @single(ptr noalias %inputs, ptr noalias %outputs)")


def straight(
    program: Program, layout: RowLayout, lanes: int, *, fma: bool, fast: bool = False
) -> Kernel:
    """Return the kernel of a program of primitives as straight-line code for blocks of two rows or more."""
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
        self.w = KernelBuilder(lanes, fast=fast)
        self.varies = varying(program.code, layout.columns)
        #: For each sum, the instruction that is summed row by row, and those that are the same for all rows.
        self.terms = [split_sum(program, self.varies, program.outputs[k]) for k in layout.sums]
        self.accumulators = lanes * len(self.terms)
        #: The results so far: vectors, and numbers where they are the same for all rows.
        self.vectors: dict[int, str] = {}
        self.numbers: dict[int, str] = {}

    def kernel(self, *, fma: bool) -> Kernel:
        w, layout = self.w, self.layout
        w.clear("%scratch", 2 * self.accumulators)
        w.clear("%sums", len(layout.sums))
        same = [index for index, varies in enumerate(self.varies) if not varies]
        at = {k: i for i, k in enumerate(layout.shared)}
        self.numbers = _numbers(w, self.program, same, "%shared", at)
        w.choose("%some", self._rows)
        for i, (_, same) in enumerate(self.terms):
            for index in same:
                w.add_uniform(self.numbers[index], w.at("%sums", i))
        return w.kernel(self.lanes, 2 * self.accumulators, fma=fma)

    def _rows(self) -> None:
        w, layout = self.w, self.layout
        self.columns = {k: w.column(i) for i, k in enumerate(layout.columns)}
        self.outs = [w.load(w.at("%outs", i), "ptr") for i in range(len(layout.rows))]
        self.last = w.let("sub i64 %rows, 1")
        w.each_block(self.lanes, self._block)
        if self.terms:
            w.each(len(self.terms), self._add_lanes)

    def _block(self, row: str) -> None:
        w, program = self.w, self.program
        self.vectors = {}
        rows = w.rows_read(row, self.last, self.lanes)
        for index, (op, *operands) in enumerate(program.code):
            if not self.varies[index]:
                continue
            if op == "input":
                column = self.columns[operands[0]]
                self.vectors[index] = w.gather(
                    [w.in_column(column, row) for row in rows], f"%t{index}"
                )
            else:
                names = [self._vector(operand) for operand in operands]
                self.vectors[index] = w.compute(op, names, self.lanes, f"%t{index}")
        for out, k in zip(self.outs, self.layout.rows, strict=True):
            self._store(self._vector(program.outputs[k]), w.at(out, row))
        left = w.let(f"sub i64 %rows, {row}")
        self._accumulate(left)
        if program.guards:
            self._check_guards(row, left)

    def _vector(self, index: int) -> str:
        """Return an instruction's result as a vector."""
        if index not in self.vectors:
            op, *operands = self.program.code[index]
            self.vectors[index] = (
                constant(number(operands[0]), self.lanes)
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
        for i, (term, _) in enumerate(self.terms):
            if term is not None:
                pointer = w.at(to, self.lanes * i)
                before = w.let(f"load {kind}, ptr {pointer}, align 8")
                self._store(w.let(f"fadd {kind} {before}, {self._vector(term)}"), pointer)

    def _check_guards(self, row: str, left: str) -> None:
        """Store the flags of the rows, and count the rows in which a guard fails."""
        w, lanes = self.w, self.lanes
        mask, ones = vector(lanes, "i1"), constant("true", lanes, "i1")
        held = ones
        for g in self.program.guards:
            test = w.compare(g.symbol, self._vector(g.x), self._vector(g.y), lanes)
            if not g.outcome:
                test = w.let(f"xor {mask} {test}, {ones}")
            held = w.let(f"and {mask} {held}, {test}")
        w.store_flags(held, w.at("%flags", row, kind="i8"), w.first_lanes(left, lanes), lanes)

    def _add_lanes(self, k: str) -> None:
        """Store a sum: the lanes of its accumulators, added up in turn."""
        w = self.w

        def add(total: str, first: str, count: int | str) -> str:
            def term(lane: str, totals: list[str]) -> list[str]:
                return [w.let(f"fadd double {totals[0]}, {w.load(w.at(first, lane))}")]

            return w.loop(count, term, "double", [total])[0]

        full = w.at("%scratch", k, self.lanes)
        left = w.let(f"urem i64 %rows, {self.lanes}")
        total = add(number(0.0), full, self.lanes)
        total = w.replace(
            w.let(f"icmp ne i64 {left}, 0"),
            total,
            "double",
            lambda: add(total, w.at(full, self.accumulators), left),
        )
        w.store(total, w.at("%sums", k))
