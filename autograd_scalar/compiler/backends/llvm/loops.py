"""Kernels of long programs as loops, printed from the loop IR.

Rows are computed in blocks of a few vectors each. Scratch memory holds a vector for each sum; then the row values of a
block, `lanes` doubles each, of which the columns are the first; then the uniform values. A sum adds up the vectors of a
block before it goes to memory. In a last block that is not full, lanes beyond the end read the last row again, and a
second copy of the loops with sums leaves these lanes out.
"""

from __future__ import annotations

from functools import cache

from autograd_scalar.compiler.backends.llvm.abi import Kernel, begin_kernel, end_kernel
from autograd_scalar.compiler.backends.llvm.builder import number, vector
from autograd_scalar.compiler.backends.llvm.nest import Context, Nest
from autograd_scalar.compiler.options import MAX_BLOCK_VECTORS
from autograd_scalar.compiler.vectorize.loop_ir import LoopProgram
from autograd_scalar.compiler.vectorize.packs import (
    ADD_UNIFORM,
    STORE_FLAG,
    STORE_ROW,
    STORE_TOTAL,
    SUM_ROWS,
)


@cache
def lanes(rows: int, width: int) -> int:
    """Return the number of rows of a block, given how many there are: few idle lanes, but no short blocks.

    >>> lanes(100, 4), lanes(1797, 4), lanes(1, 4)
    (20, 32, 4)
    """
    vectors = max(-(-rows // width), 1)

    def cost(size: int) -> float:
        return -(-vectors // size) * (
            size + 0.5
        )  # a block costs half a vector more than its vectors

    return width * min(range(MAX_BLOCK_VECTORS, 0, -1), key=cost)


def looped(loops: LoopProgram, lanes: int, *, width: int, fma: bool, fast: bool = False) -> Kernel:
    """Return the kernel of a loop program, for blocks of `lanes` rows in vectors of `width`.

    LLVM's passes gain nothing over such code: without them, as Code(text, passes=0), it is as fast and compiles in a
    third of the time. Raises ValueError for vectors of fewer than two lanes; see `libm.definitions`.
    """
    if width < 2:
        raise ValueError(f"vectors have 2 lanes or more; got {width}")
    return _Kernel(loops, lanes, width, fast).kernel(fma=fma)


class _Kernel:
    def __init__(self, program: LoopProgram, lanes: int, width: int, fast: bool) -> None:
        self.program, self.lanes, self.width = program, lanes, width
        self.w = w = begin_kernel(fast=fast)
        accumulators = program.sums * width
        uniform = accumulators + program.row_values * lanes
        self.scratch = uniform + program.uniform_values
        self.row_values = w.at("%scratch", accumulators)
        constants = w.table("double", [*map(number, program.constants)])
        w.clear("%scratch", accumulators)
        w.clear("%sums", len(program.layout.sums))
        spaces = {
            SUM_ROWS: ("%scratch", width),
            "row": (self.row_values, lanes),
            "uniform": (w.at("%scratch", uniform), 1),
            "shared": ("%shared", 1),
            "const": (constants, 1),
            STORE_ROW: ("%outs", 1),
            STORE_TOTAL: ("%sums", 1),
            ADD_UNIFORM: ("%sums", 1),
            STORE_FLAG: ("%flags", 1),
        }
        self.context = Context(w, lanes, width, program.constants, spaces)

    def kernel(self, *, fma: bool) -> Kernel:
        for loop in self.program.before:
            Nest(self.context, loop).write()
        self.w.choose("%some", self._rows)
        return end_kernel(self.w, self.lanes, self.scratch, fma=fma)

    def _rows(self) -> None:
        w = self.w
        past = w.let(f"add i64 %rows, {self.lanes - 1}")
        w.each(w.let(f"udiv i64 {past}, {self.lanes}"), self._block)
        for loop in self.program.after:
            Nest(self.context, loop).write()

    def _block(self, i: str) -> None:
        w = self.w
        row = w.let(f"mul i64 {i}, {self.lanes}")
        live = w.let(f"sub i64 %rows, {row}")
        full = w.let(f"icmp sge i64 {live}, {self.lanes}")
        if self.program.columns:
            self._gather(row, live, full)
        for loop in self.program.by_row:
            partial = Nest(self.context, loop, row, live)
            if any(step.op == SUM_ROWS for step in loop.steps):
                w.choose(full, Nest(self.context, loop, row).write, partial.write)
            else:
                partial.write()

    def _gather(self, row: str, live: str, full: str) -> None:
        """Copy a block of the columns to the row values."""
        w, width, columns = self.w, self.width, self.program.columns
        kind = vector(width)
        numbers = w.table("i64", [*map(str, columns)])
        last = w.let(f"sub i64 {live}, 1")

        def copy(i: str) -> None:
            k = w.load(w.at(numbers, i), "i64")
            column = w.load(w.at("%columns", k), "ptr")
            stride = w.load(w.at("%strides", k), "i64")
            to = w.at(self.row_values, i, self.lanes)

            def at(lane: str) -> str:
                offset = w.let(f"mul i64 {w.let(f'add i64 {row}, {lane}')}, {stride}")
                return w.at(column, offset, kind="i8")

            def one_vector(i: str) -> None:
                first = w.let(f"mul i64 {i}, {width}")
                pointer, found = at(first), "poison"
                for lane in range(width):
                    x = w.load(pointer)
                    found = w.let(f"insertelement {kind} {found}, double {x}, i32 {lane}")
                    pointer = w.at(pointer, stride, kind="i8")
                w.do(f"store {kind} {found}, ptr {w.at(to, first)}, align {8 * width}")

            def one_lane(lane: str) -> None:
                is_row = w.let(f"icmp slt i64 {lane}, {last}")
                pointer = at(w.let(f"select i1 {is_row}, i64 {lane}, i64 {last}"))
                x = w.load(pointer)
                w.do(f"store double {x}, ptr {w.at(to, lane)}")

            vectors = self.lanes // width
            w.choose(
                full, lambda: w.each(vectors, one_vector), lambda: w.each(self.lanes, one_lane)
            )

        w.each(len(columns), copy)
