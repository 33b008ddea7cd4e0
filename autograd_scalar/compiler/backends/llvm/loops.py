"""A rolled program as the LLVM IR of a kernel; what a kernel is given tells llvm.py.

Rows are done in blocks, a few vectors each. Scratch memory holds a vector for each sum over the rows; then the results
of a block, `lanes` numbers for each, of which the columns are the first; then what is the same for all rows. A sum adds
up the vectors of a block before it goes to memory. In a last block that is not full, lanes beyond the end read the last
row again, and a second copy of the loops that have sums leaves them out.
"""

from __future__ import annotations

from functools import cache

from autograd_scalar.compiler.backends.llvm.abi import Kernel, definitions_of, number
from autograd_scalar.compiler.backends.llvm.builder import Writer
from autograd_scalar.compiler.backends.llvm.nest import Context, Nest
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import RowLayout
from autograd_scalar.compiler.vectorize.buffers import Rolled
from autograd_scalar.compiler.vectorize.packs import FAILED, OUT, SAME, SUM, TOTAL
from autograd_scalar.compiler.vectorize.reroll import rolled

#: How many vectors a block has at most: a fold over so many leaves half of the registers to its terms.
MOST_VECTORS = 8


@cache
def lanes(rows: int, width: int) -> int:
    """Return how many rows a block should have when there are so many: few idle lanes, but no short blocks.

    >>> lanes(100, 4), lanes(1797, 4), lanes(1, 4)
    (20, 32, 4)
    """
    vectors = max(-(-rows // width), 1)

    def cost(size: int) -> float:
        return -(-vectors // size) * (size + 0.5)  # half a vector for what a block costs by itself

    return width * min(range(MOST_VECTORS, 0, -1), key=cost)


def looped(
    program: Program, which: RowLayout, lanes: int, *, width: int, fma: bool, fast: bool = False
) -> Kernel:
    """Return the kernel of a program with nothing but basic operations, as loops.

    A block has so many lanes, a multiple of the vectors' width. LLVM's passes gain nothing over such code: without
    them, Code(text, passes=0), it is as fast, and made in a third of the time. Raises ValueError for vectors of fewer
    than two lanes; see `libm.definitions`.
    """
    if width < 2:
        raise ValueError(f"vectors have 2 lanes or more; got {width}")
    return _Kernel(rolled(program, which), which, lanes, width, fast).kernel(fma=fma)


class _Kernel:
    def __init__(
        self, program: Rolled, which: RowLayout, lanes: int, width: int, fast: bool
    ) -> None:
        self.program, self.which, self.lanes, self.width = program, which, lanes, width
        self.w = w = Writer()
        results = program.sums * width
        same = results + program.rows * lanes
        self.scratch = same + program.same
        self.results = w.at("%scratch", results)
        numbers = w.table("double", [*map(number, program.numbers)])
        w.do("%some = icmp sgt i64 %rows, 0")
        w.do("%failures = alloca i64")
        w.do("store i64 0, ptr %failures")
        self._clear("%scratch", results)
        self._clear("%sums", len(which.sums))
        self.context = Context(
            w,
            lanes,
            width,
            " reassoc contract nsz" if fast else "",
            program.numbers,
            {
                SUM: ("%scratch", width),
                "row": (self.results, lanes),
                "same": (w.at("%scratch", same), 1),
                "shared": ("%shared", 1),
                "number": (numbers, 1),
                OUT: ("%outs", 1),
                TOTAL: ("%sums", 1),
                SAME: ("%sums", 1),
                FAILED: ("%flags", 1),
            },
        )

    def _clear(self, pointer: str, count: int) -> None:
        self.w.do(f"call void @llvm.memset.p0.i64(ptr {pointer}, i8 0, i64 {8 * count}, i1 false)")

    def kernel(self, *, fma: bool) -> Kernel:
        w = self.w
        for loop in self.program.before:
            Nest(self.context, loop).write()
        w.choose("%some", self._rows)
        failed = w.let("load i64, ptr %failures")
        w.do(f"ret i64 {failed}")
        text = [
            definitions_of(self.context.functions, fma=fma),
            *w.globals,
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            f"declare i64 @llvm.vector.reduce.add.v{self.width}i64(<{self.width} x i64>)",
            "define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, "
            "ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {",
            "entry:",
            *w.lines,
            "}",
        ]
        return Kernel("\n".join(text), self.lanes, self.scratch)

    def _rows(self) -> None:
        w = self.w
        past = w.let(f"add i64 %rows, {self.lanes - 1}")
        w.each(w.let(f"udiv i64 {past}, {self.lanes}"), self._block)
        for loop in self.program.after:
            Nest(self.context, loop).write()

    def _block(self, i: str) -> None:
        """Write what is done for a block of rows."""
        w = self.w
        row = w.let(f"mul i64 {i}, {self.lanes}")
        live = w.let(f"sub i64 %rows, {row}")
        full = w.let(f"icmp sge i64 {live}, {self.lanes}")
        if self.program.columns:
            self._gather(row, live, full)
        for loop in self.program.by_row:
            partly = Nest(self.context, loop, row, live)
            if any(step.op == SUM for step in loop.steps):
                w.choose(full, Nest(self.context, loop, row).write, partly.write)
            else:
                partly.write()

    def _gather(self, row: str, live: str, full: str) -> None:
        """Write the copying of a block of the columns to where the results are."""
        w, width, columns = self.w, self.width, self.program.columns
        kind = f"<{width} x double>"
        which = w.table("i64", [*map(str, columns)])
        last = w.let(f"sub i64 {live}, 1")

        def copy(i: str) -> None:
            k = w.let(f"load i64, ptr {w.at(which, i)}")
            column = w.let(f"load ptr, ptr {w.at('%columns', k)}")
            stride = w.let(f"load i64, ptr {w.at('%strides', k)}")
            to = w.at(self.results, i, self.lanes)

            def at(lane: str) -> str:
                offset = w.let(f"mul i64 {w.let(f'add i64 {row}, {lane}')}, {stride}")
                return w.at(column, offset, kind="i8")

            def vector(i: str) -> None:
                first = w.let(f"mul i64 {i}, {width}")
                pointer, numbers = at(first), "poison"
                for lane in range(width):
                    x = w.let(f"load double, ptr {pointer}")
                    numbers = w.let(f"insertelement {kind} {numbers}, double {x}, i32 {lane}")
                    pointer = w.at(pointer, stride, kind="i8")
                w.do(f"store {kind} {numbers}, ptr {w.at(to, first)}, align {8 * width}")

            def one(lane: str) -> None:
                is_row = w.let(f"icmp slt i64 {lane}, {last}")
                pointer = at(w.let(f"select i1 {is_row}, i64 {lane}, i64 {last}"))
                x = w.let(f"load double, ptr {pointer}")
                w.do(f"store double {x}, ptr {w.at(to, lane)}")

            vectors = self.lanes // width
            w.choose(full, lambda: w.each(vectors, vector), lambda: w.each(self.lanes, one))

        w.each(len(columns), copy)
