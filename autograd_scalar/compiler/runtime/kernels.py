"""Compile programs to kernels: for one set of numbers, or over rows.

A kernel is machine code if llvmlite is installed, else generated Python. Kernels are cached by the fingerprint of their
program, so a second model of the same shape costs nothing.

No lock is held while a kernel is compiled. A signal handler or finalizer that interrupts a compile may so compile as
well, and so may a process that was forked during one. Threads that need the same kernel at once each compile it.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

from autograd_scalar.compiler import stages
from autograd_scalar.compiler.backends import python
from autograd_scalar.compiler.backends.llvm import straight, target
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.options import MAX_KERNELS, MAX_STRAIGHT_SINGLE, Options
from autograd_scalar.compiler.runtime.outlined import Run, outlined
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.runtime.row_kernel import RowKernel
from autograd_scalar.ops.table import BUILT_IN, TABLE

Args = TypeVarTuple("Args")
Kernel = TypeVar("Kernel")

_cache: dict[Any, Any] = {}
#: True while a compile has paused garbage collection.
_is_paused = False


def is_available() -> bool:
    """Return whether functions become machine code: llvmlite is installed."""
    return target.is_there()


def describe_target() -> str:
    """Return the vectors that machine code uses: "8 numbers at a time, fused multiply-add"."""
    fused = ", fused multiply-add" if target.has_fma() else ""
    return f"{target.width()} numbers at a time{fused}"


def default_options(*, fast: bool = False) -> Options:
    """Return the options for machine code if llvmlite is installed, else for Python."""
    return Options("llvm" if is_available() else "python", fast)


def fingerprint(program: Program) -> tuple[Any, ...]:
    """Return a key that is equal for programs that compute the same; 0.0 and -0.0 are distinct in it."""
    code = tuple(
        (op, operands[0].hex()) if op == "const" else (op, *operands)
        for op, *operands in program.code
    )
    users = {instruction[0] for instruction in code} & (TABLE.keys() - BUILT_IN)
    rows = tuple(TABLE[op] for op in sorted(users))  # which may be redefined
    return code, program.outputs, tuple(guard[:4] for guard in program.guards), rows


def compile_single(program: Program, given: int, gradient: bool, options: Options) -> Run:
    """Return the kernel for one set of numbers: outputs, then if asked for their gradients w.r.t. all inputs.

    It also returns the index of a guard that fails, or -1. The first `given` inputs are arguments.
    """
    native = options.backend == "llvm"
    if native and len(program) > MAX_STRAIGHT_SINGLE:
        kernel = outlined(program, given, gradient, options)
        if kernel is not None:
            return kernel
    made = lowered(program, range(len(program.inputs)) if gradient else None)
    if native and len(made) > MAX_STRAIGHT_SINGLE:
        return RowKernel(made, (), range(len(made.outputs)), options).once
    if native:
        return SingleKernel(made, fast=options.fast)
    run = python.compiled(made)
    return lambda values: run(*map(float, values))  # elements of an array are numbers of NumPy's


class SingleKernel:
    """Straight-line machine code for one set of numbers: `i64 f(inputs, outputs)` at an address."""

    def __init__(self, program: Program, *, fast: bool) -> None:
        text = straight.single(program, fast=fast)
        stages.emit("llvm", "backends.llvm", text)
        self._code = target.Code(text)  # lives as long as this
        stages.emit("machine", "backends.llvm", "")
        self.address = self._code.address("single")
        self.call = ctypes.PYFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 2)(self.address)
        self._given = ctypes.c_double * len(program.inputs)
        self._found = ctypes.c_double * len(program.outputs)

    def __call__(self, values: Sequence[float]) -> tuple[list[float], int]:
        given, found = self._given(*values), self._found()
        failed = self.call(ctypes.addressof(given), ctypes.addressof(found))
        return found[:], failed


def compile_rows(
    program: Program,
    columns: tuple[int, ...],
    gradient: bool,
    by_row: tuple[int, ...],
    options: Options,
) -> RowKernel:
    """Return the kernel over rows, whose machine code is compiled by the first call.

    Outputs `by_row` are wanted for each row. The others are summed, and if asked for the gradients of the sums follow,
    with respect to the inputs that are not columns.
    """
    shared = sorted({*range(len(program.inputs))}.difference(columns))
    summed = sorted({*range(len(program.outputs))}.difference(by_row))
    made = lowered(program, shared if gradient else None, summed)
    return RowKernel(made, columns, by_row, options)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Return a context without garbage collection, which took a third of the time of large compiles.

    These make a million tuples, none of them in a cycle.
    """
    global _is_paused
    if gc.isenabled():
        gc.disable()
        _is_paused = True
    try:
        yield
    finally:
        _resume_collection()


def _resume_collection() -> None:
    global _is_paused
    if _is_paused:
        _is_paused = False
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume_collection)  # another thread may have paused it


def _cached(compiled: Callable[[Program, *Args], Kernel]) -> Callable[[Program, *Args], Kernel]:
    """Return the function with its kernels kept by the fingerprint of the program, and the other arguments."""

    @functools.wraps(compiled)
    def kernel(program: Program, *args: *Args) -> Kernel:
        key = compiled, fingerprint(program), args
        made = _cache.get(key)
        if made is None:
            with _without_collection():
                made = compiled(program, *args)
            for oldest in [*_cache][: max(len(_cache) + 1 - MAX_KERNELS, 0)]:
                _cache.pop(oldest, None)
            made = _cache.setdefault(key, made)
        return made  # type: ignore[no-any-return]

    return kernel


single, rows = _cached(compile_single), _cached(compile_rows)
