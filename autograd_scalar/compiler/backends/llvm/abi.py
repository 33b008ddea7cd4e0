"""The signature of kernels over rows, and the module around a kernel's body.

    i64 @kernel(i64 rows, ptr columns, ptr strides, ptr shared, ptr outs, ptr sums, ptr flags, ptr scratch)

    columns   for each input that varies by row a pointer to its first number, with its stride in bytes in `strides`
    shared    the inputs that are the same for all rows
    outs      for each output by row a pointer to an array with an element per row, up to the end of the last block
    sums      the other outputs, summed over the rows
    flags     for each row, up to the end of the last block, whether all guards hold; unused without guards
    scratch   memory for Kernel.scratch doubles, aligned to 64 bytes

The kernel returns the number of rows in which a guard fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd_scalar.compiler.backends.llvm.builder import Builder, constant, vector
from autograd_scalar.compiler.backends.llvm.libm import functions

_SIGNATURE = (
    "define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, "
    "ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch)"
)


class Kernel(NamedTuple):
    """The module of a kernel, and what its caller needs to know."""

    text: str
    #: Rows of a block.
    lanes: int
    #: Doubles of scratch memory.
    scratch: int


class KernelBuilder(Builder):
    """The body of a kernel. `%failures` counts the rows with a failing guard, `%some` is true if there are rows.

    Raises ValueError for vectors of fewer than two lanes; see `libm.definitions`.
    """

    def __init__(self, width: int, *, fast: bool) -> None:
        if width < 2:
            raise ValueError(f"vectors have 2 lanes or more; got {width}")
        super().__init__(fast=fast)
        self.do("%some = icmp sgt i64 %rows, 0")
        self.do("%failures = alloca i64")
        self.store("0", "%failures", "i64")

    def kernel(self, lanes: int, scratch: int, *, fma: bool) -> Kernel:
        """Return the finished kernel."""
        self.do(f"ret i64 {self.load('%failures', 'i64')}")
        return Kernel(module(self, _SIGNATURE, fma=fma), lanes, scratch)

    def each_block(self, lanes: int, body: Callable[[str], None]) -> None:
        """Write a loop over blocks of rows; `body` writes an iteration, given the first row."""
        past = self.let(f"add i64 %rows, {lanes - 1}")
        blocks = self.let(f"udiv i64 {past}, {lanes}")
        self.each(blocks, lambda i: body(self.let(f"mul i64 {i}, {lanes}")))

    def column(self, i: str | int) -> tuple[str, str]:
        """Return the address of a column and its stride."""
        return self.load(self.at("%columns", i), "ptr"), self.load(self.at("%strides", i), "i64")

    def rows_read(self, first: str, last: str, width: int) -> list[str]:
        """Return the row that each lane reads: one after the other, and beyond the last row this one again."""
        rows = []
        for lane in range(width):
            row = self.let(f"add i64 {first}, {lane}")
            is_row = self.let(f"icmp slt i64 {row}, %rows")
            rows.append(self.let(f"select i1 {is_row}, i64 {row}, i64 {last}"))
        return rows

    def in_column(self, column: tuple[str, str], row: str) -> str:
        """Return the address of a row's number in a column."""
        start, stride = column
        return self.at(start, self.let(f"mul i64 {row}, {stride}"), kind="i8")

    def gather(self, addresses: Sequence[str], name: str = "") -> str:
        """Return the vector of the numbers at some addresses."""
        found = "poison"
        for lane, address in enumerate(addresses):
            insert = f"insertelement {vector(len(addresses))} {found}, double {self.load(address)}, i32 {lane}"
            found = self.let(insert, name if lane == len(addresses) - 1 else "")
        return found

    def store_flags(self, held: str, pointer: str, live: str, width: int) -> None:
        """Store a mask of the rows whose guards hold, and count the others; `live` masks the rows, if not all are."""
        mask, bytes_, integers = (vector(width, kind) for kind in ("i1", "i8", "i64"))
        flags = self.let(f"zext {mask} {held} to {bytes_}")
        self.do(f"store {bytes_} {flags}, ptr {pointer}, align 1")
        failed = self.let(f"xor {mask} {held}, {constant('true', width, 'i1')}")
        if live:
            failed = self.let(f"and {mask} {failed}, {live}")
        ones = self.let(f"zext {mask} {failed} to {integers}")
        count = self.call(f"llvm.vector.reduce.add.v{width}i64", [ones], integers, "i64")
        total = self.let(f"add i64 {self.load('%failures', 'i64')}, {count}")
        self.store(total, "%failures", "i64")

    def add_uniform(self, x: str, pointer: str) -> None:
        """Add a number that is the same for all rows to a sum, times the number of rows."""
        count = self.let("sitofp i64 %rows to double")
        product = self.let(f"fmul double {x}, {count}")
        self.store(self.let(f"fadd double {self.load(pointer)}, {product}"), pointer)


def module(w: Builder, signature: str, *, fma: bool = False) -> str:
    """Return a function, with its constants and the functions that it calls.

    Vector functions are those of libm.py; functions of single numbers are the C library's, as in eager code.
    """
    declared, defined = {*w.declarations}, list[str]()
    for width, names in sorted(w.functions.items()):
        declarations, texts = functions(sorted(names), width, fma=fma)
        declared |= declarations
        defined += texts
    return "\n".join([*sorted(declared), *defined, *w.globals, w.define(signature)])
