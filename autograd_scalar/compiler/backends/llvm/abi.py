"""The signature of kernels over rows, and the module around a kernel's body.

    i64 @kernel(i64 rows, ptr columns, ptr strides, ptr shared, ptr outs, ptr sums, ptr flags, ptr scratch)

    columns   for each input that varies by row a pointer to its first number, with its stride in bytes in `strides`
    shared    the inputs that are the same for all rows
    outs      for each output wanted by row a pointer to room for the rows, rounded up to whole blocks
    sums      the other outputs, summed over the rows
    flags     for each row, rounded up too, whether all guards hold; unused in a program without guards
    scratch   room for Kernel.scratch doubles, aligned to 64 bytes

The kernel returns the number of rows in which a guard fails.
"""

from __future__ import annotations

from typing import NamedTuple

from autograd_scalar.compiler.backends.llvm.builder import Builder, libm_name
from autograd_scalar.compiler.backends.llvm.libm import definitions
from autograd_scalar.ops.table import TABLE

_SIGNATURE = (
    "define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, "
    "ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {"
)


class Kernel(NamedTuple):
    """The module of a kernel, with what its caller has to know."""

    text: str
    #: Rows of a block.
    lanes: int
    #: Doubles of scratch memory.
    scratch: int


def begin_kernel(*, fast: bool) -> Builder:
    """Return a builder that counts the rows with a failing guard in `%failures`; `%some` says that there are rows."""
    w = Builder(fast=fast)
    w.do("%some = icmp sgt i64 %rows, 0")
    w.do("%failures = alloca i64")
    w.do("store i64 0, ptr %failures")
    return w


def end_kernel(w: Builder, lanes: int, scratch: int, *, fma: bool) -> Kernel:
    """Return the kernel whose body a builder has."""
    w.do(f"ret i64 {w.load('%failures', 'i64')}")
    return Kernel(module(w, _SIGNATURE, fma=fma), lanes, scratch)


def module(w: Builder, signature: str, *, fma: bool = False) -> str:
    """Return a function, with its constants and the functions that it calls.

    Functions of vectors are our own, of single numbers libm's, as in eager code.
    """
    texts = [
        definitions(sorted(names), width, fma=fma) if width > 1 else _libm(names)
        for width, names in sorted(w.functions.items())
    ]
    lines = "\n".join(texts).splitlines()
    declared = dict.fromkeys([
        *sorted(w.declarations), *(line for line in lines if line.startswith("declare"))
    ])  # fmt: skip
    defined = [line for line in lines if not line.startswith("declare")]
    return "\n".join([*declared, *defined, *w.globals, signature, "entry:", *w.lines, "}", ""])


def _libm(names: set[str]) -> str:
    """Return declarations of libm's functions."""
    return "\n".join(
        f"declare double @{libm_name(name)}({', '.join(['double'] * len(TABLE[name].operands))})"
        for name in sorted(names)
    )
