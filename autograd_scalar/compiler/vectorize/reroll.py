"""Straight-line code rolled up again into loops over contiguous memory.

    1. patterns.py  instructions that do the same to operands of the same kind become one loop over its members
    2. fusion.py    loops are joined, and what passes between instructions of a loop stays in registers
    3. memory.py    all other results are kept side by side, so that an operand's place is base + i * stride + ...

What results knows nothing of LLVM; loops.py writes it down.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from autograd_scalar.compiler.ir.program import Instruction, Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.ir.variance import RowLayout, split_sum, varying
from autograd_scalar.compiler.vectorize.buffers import Memory, Rolled
from autograd_scalar.compiler.vectorize.fusion import fused
from autograd_scalar.compiler.vectorize.packs import FAILED, OUT, RESULTS, SAME, SUM, Patterns


def rolled(program: Program, which: RowLayout) -> Rolled:
    """Return the loops of a program with nothing but basic operations."""
    code, index = _with_results(program, which)
    uses = _uses(code)
    columns = {*which.columns}
    patterns = Patterns(code, [k in columns for k in range(len(program.inputs))], uses)
    return Memory(code, index, uses, which).rolled(fused(patterns, uses))


def _with_results(program: Program, which: RowLayout) -> tuple[list[Instruction], dict[int, int]]:
    """Return the code with what happens to outputs and guards, and of these instructions which output it is."""
    code: list[Instruction] = [*program.code]
    index: dict[int, int] = {}
    varies = varying(program, which.columns)

    def append(*instruction: object) -> int:
        code.append(instruction)
        return len(code) - 1

    for i, k in enumerate(which.rows):
        index[append(OUT, program.outputs[k])] = i
    for i, k in enumerate(which.sums):
        place, same = split_sum(program, varies, program.outputs[k])
        if place is not None:
            index[append(SUM, place)] = i
        for u in same:
            if code[u] not in (("const", 0.0), ("const", -0.0)):
                index[append(SAME, u)] = i
    if program.guards:
        zero, one = append("const", 0.0), append("const", 1.0)
        fails = [
            append("if" + g.symbol, g.x, g.y, *((zero, one) if g.outcome else (one, zero)))
            for g in program.guards
        ]
        counts = accumulate(fails, lambda x, y: append(ARITHMETIC["+"], x, y))
        append(FAILED, [*counts][-1])
    return code, index


def _uses(code: Sequence[Instruction]) -> list[int]:
    """Return how often each instruction is read by those that are needed; what hands out is."""
    uses = [0] * len(code)
    for place in range(len(code) - 1, -1, -1):
        op, *operands = code[place]
        if op in RESULTS:
            uses[place] = 1
        if uses[place] and op not in ("input", "const"):
            for operand in operands:
                uses[operand] += 1
    return uses
