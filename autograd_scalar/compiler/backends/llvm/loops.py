"""Kernels of long programs as loops, printed from the loop IR.

Rows are computed in blocks of a few vectors each. Scratch memory holds a vector for each sum; then the row values of a
block, `lanes` doubles each, of which the columns are the first; then the uniform values. A sum adds up the vectors of a
block before it goes to memory. In a last block that is not full, lanes beyond the end read the last row again, and a
second copy of the loops with sums leaves these lanes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from autograd_scalar.compiler.backends.llvm.abi import Kernel, KernelBuilder
from autograd_scalar.compiler.backends.llvm.builder import number, vector
from autograd_scalar.compiler.backends.llvm.nest import Context, Nest
from autograd_scalar.compiler.options import MAX_BLOCK_VECTORS
from autograd_scalar.compiler.vectorize.loop_ir import LoopProgram
from autograd_scalar.compiler.vectorize.packs import Effect


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
    time.
    """
    w = KernelBuilder(width, fast=fast)
    row, uniform, sums = loops.sizes.values()
    accumulators = sums * width
    uniforms = accumulators + row * lanes
    spaces = {
        Effect.SUM_ROWS: ("%scratch", width),
        "row": (w.at("%scratch", accumulators), lanes),
        "uniform": (w.at("%scratch", uniforms), 1),
        "shared": ("%shared", 1),
        "const": (w.table("double", [*map(number, loops.constants)]), 1),
        Effect.STORE_ROW: ("%outs", 1),
        Effect.STORE_TOTAL: ("%sums", 1),
        Effect.ADD_UNIFORM: ("%sums", 1),
        Effect.STORE_FLAG: ("%flags", 1),
    }
    context = Context(w, lanes, width, loops.constants, spaces)
    w.clear("%scratch", accumulators)
    w.clear("%sums", len(loops.layout.sums))
    for loop in loops.before:
        Nest(context, loop).write()

    def rows() -> None:
        w.each_block(lanes, lambda row: _write_block(context, loops, row))
        for loop in loops.after:
            Nest(context, loop).write()

    w.choose("%some", rows)
    return w.kernel(lanes, uniforms + uniform, fma=fma)


def _write_block(context: Context, loops: LoopProgram, row: str) -> None:
    w, lanes = context.w, context.lanes
    live = w.let(f"sub i64 %rows, {row}")
    full = w.let(f"icmp sge i64 {live}, {lanes}")
    if loops.columns:
        _gather(context, loops.columns, row, full)
    for loop in loops.by_row:
        partial = Nest(context, loop, row, live)
        if any(step.op == Effect.SUM_ROWS for step in loop.steps):
            w.choose(full, Nest(context, loop, row).write, partial.write)
        else:
            partial.write()


def _gather(context: Context, columns: Sequence[int], row: str, full: str) -> None:
    """Copy a block of the columns to the row values."""
    w, lanes, width = context.w, context.lanes, context.width
    row_values, _ = context.spaces["row"]
    numbers = w.table("i64", [*map(str, columns)])
    last = w.let("sub i64 %rows, 1")

    def copy(i: str) -> None:
        column = w.column(w.load(w.at(numbers, i), "i64"))
        to = w.at(row_values, i, lanes)

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
            full, lambda: w.each(lanes // width, copy_vector), lambda: w.each(lanes, copy_lane)
        )

    w.each(len(columns), copy)
