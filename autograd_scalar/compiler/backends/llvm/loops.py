"""Kernels of long programs as loops, printed from the loop IR.

Rows are computed in blocks of a few vectors each. Scratch memory holds a vector for each sum; then the row values of a
block, `lanes` doubles each, of which the columns are the first; then the uniform values. A sum adds up the vectors of a
block before it goes to memory. In a last block that is not full, lanes beyond the end read the last row again, and a
second copy of the loops with sums leaves these lanes out.
"""

from __future__ import annotations

from functools import cache

from autograd_scalar.compiler.backends.llvm.abi import Kernel, KernelBuilder
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
    """Return the number of rows in a block, given the number in all: few idle lanes, but no short blocks.

    >>> lanes(100, 4), lanes(1797, 4), lanes(1, 4)
    (20, 32, 4)
    """
    vectors = max(-(-rows // width), 1)

    def cost(size: int) -> float:  # a block costs half a vector more than its vectors
        return -(-vectors // size) * (size + 0.5)

    return width * min(range(MAX_BLOCK_VECTORS, 0, -1), key=cost)


def looped(loops: LoopProgram, lanes: int, *, width: int, fma: bool, fast: bool = False) -> Kernel:
    """Return the kernel of a loop program, for blocks of `lanes` rows in vectors of `width`.

    LLVM's passes do not speed up such code: without them, as Code(text, passes=0), it compiles in a third of the
    time. Raises ValueError for vectors of fewer than two lanes; see `libm.definitions`.
    """
    if width < 2:
        raise ValueError(f"vectors have 2 lanes or more; got {width}")
    return _Kernel(loops, lanes, width, fast).kernel(fma=fma)


class _Kernel:
    def __init__(self, program: LoopProgram, lanes: int, width: int, fast: bool) -> None:
        self.program, self.lanes, self.width = program, lanes, width
        self.w = w = KernelBuilder(fast=fast)
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
        return self.w.kernel(self.lanes, self.scratch, fma=fma)

    def _rows(self) -> None:
        self.w.each_block(self.lanes, self._block)
        for loop in self.program.after:
            Nest(self.context, loop).write()

    def _block(self, row: str) -> None:
        w = self.w
        live = w.let(f"sub i64 %rows, {row}")
        full = w.let(f"icmp sge i64 {live}, {self.lanes}")
        if self.program.columns:
            self._gather(row, full)
        for loop in self.program.by_row:
            partial = Nest(self.context, loop, row, live)
            if any(step.op == SUM_ROWS for step in loop.steps):
                w.choose(full, Nest(self.context, loop, row).write, partial.write)
            else:
                partial.write()

    def _gather(self, row: str, full: str) -> None:
        """Copy a block of the columns to the row values."""
        w, width, columns = self.w, self.width, self.program.columns
        numbers = w.table("i64", [*map(str, columns)])
        last = w.let("sub i64 %rows, 1")

        def copy(i: str) -> None:
            column = w.column(w.load(w.at(numbers, i), "i64"))
            to = w.at(self.row_values, i, self.lanes)

            def copy_vector(v: str) -> None:
                first = w.let(f"mul i64 {v}, {width}")
                addresses = [w.in_column(column, w.let(f"add i64 {row}, {first}"))]
                while len(addresses) < width:
                    addresses.append(w.at(addresses[-1], column[1], kind="i8"))
                w.store(w.gather(addresses), w.at(to, first), vector(width))

            def copy_lane(lane: str) -> None:
                (read,) = w.rows_read(w.let(f"add i64 {row}, {lane}"), last, 1)
                w.store(w.load(w.in_column(column, read)), w.at(to, lane))

            w.choose(
                full,
                lambda: w.each(self.lanes // width, copy_vector),
                lambda: w.each(self.lanes, copy_lane),
            )

        w.each(len(columns), copy)
