"""Callable row kernels of any width, and an interpreter for comparison."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.backends.llvm.straight import straight
from autograd_scalar.compiler.ir import variance
from autograd_scalar.compiler.ir.program import Builder, Program, compute
from autograd_scalar.compiler.verifier import verify
from autograd_scalar.ops.table import TABLE

#: Functions that every processor rounds correctly, so that all back ends return the same bits.
EXACT = {"abs", "floor", "ceil", "round", "sqrt", "trunc", "fmod"}


def functions_of(program: Program) -> set[str]:
    """Return the library functions that a basic program calls."""
    ops = {op for op, *_ in program.code if op in TABLE}
    return {op for op in ops if TABLE[op].is_primitive or op == "pow"} - EXACT


class Kernel:
    """The straight-line kernel of a basic program, called with lists of numbers."""

    def __init__(
        self, program: Program, columns: Sequence[int], rows: Sequence[int], lanes: int
    ) -> None:
        self.program, self.lanes = program, lanes
        self.layout = variance.row_layout(program, columns, rows)
        self._made = straight(program, self.layout, lanes, fma=target.has_fma())
        verify(self._made.text)
        self._code = target.Code(self._made.text)

    def __call__(
        self, columns: Sequence[Sequence[float]], shared: Sequence[float], count: int
    ) -> tuple[list[list[float]], list[float], list[bool], int]:
        """Return the outputs by row, the sums, whether each row's guards hold, and how many rows fail."""
        room = -(-count // self.lanes) * self.lanes
        arrays = [(ctypes.c_double * len(c))(*c) for c in columns]
        outs = [(ctypes.c_double * room)(*[7.0] * room) for _ in self.layout.rows]
        sums = (ctypes.c_double * len(self.layout.sums))(*[7.0] * len(self.layout.sums))
        flags = (ctypes.c_int8 * room)(*[7] * room)
        scratch = ctypes.create_string_buffer(8 * self._made.scratch + 64)
        failed = self._code.kernel(
            count,
            (ctypes.c_void_p * len(arrays))(*map(ctypes.addressof, arrays)),
            (ctypes.c_int64 * len(arrays))(*[8] * len(arrays)),
            (ctypes.c_double * len(shared))(*shared),
            (ctypes.c_void_p * len(outs))(*map(ctypes.addressof, outs)),
            sums,
            flags if self.program.guards else None,
            -(-ctypes.addressof(scratch) // 64) * 64,
        )
        held = [flag == 1 for flag in flags[:count]] if self.program.guards else [True] * count
        return [out[:count] for out in outs], [*sums], held, failed


@cache
def function(name: str, lanes: int, *, shared: bool = False) -> Kernel:
    """Return the kernel of one function, applied to columns or to shared inputs."""
    builder = Builder("xyz"[: len(TABLE[name].operands)])
    inputs = [builder.input(k) for k in range(len(builder.inputs))]
    columns = [] if shared else range(len(inputs))
    return Kernel(builder.program([builder.emit(name, *inputs)]), columns, [0], lanes)


def run(
    program: Program, columns: Sequence[int], points: Sequence[Sequence[float]], lanes: int
) -> list[list[float]]:
    """Interpret a program; return the results of every instruction. Functions run as kernels of their own.

    Instructions that are the same for all rows are computed once, by the library's functions.
    """
    varies = variance.varying(program.code, columns)
    found: list[list[float]] = []
    for index, (op, *operands) in enumerate(program.code):
        if op == "input":
            found.append([point[operands[0]] for point in points])
        elif op == "const":
            found.append([operands[0]] * len(points))
        elif op in TABLE and (TABLE[op].is_primitive or op == "pow") and op not in EXACT:
            given = [found[operand] for operand in operands]
            made = function(op, lanes, shared=not varies[index])
            if varies[index]:
                found.append(made(given, [], len(points))[0][0])
            else:
                found.append(made([], [column[0] for column in given], len(points))[0][0])
        else:
            rows = zip(*[found[operand] for operand in operands], strict=True)
            found.append([compute(op, row) for row in rows])
    return found


def ulps(x: float, y: float) -> float:
    """Return the distance of two floats in units in the last place; infinite if only one is nan or infinite."""
    if x == y or (x != x and y != y):
        return 0.0
    if x != x or y != y or abs(x) == float("inf") or abs(y) == float("inf"):
        return float("inf")
    bits = [ctypes.c_int64.from_buffer(ctypes.c_double(v)).value for v in (x, y)]
    a, b = sorted(v if v >= 0 else -(v & 0x7FFF_FFFF_FFFF_FFFF) for v in bits)
    return float(b - a)
