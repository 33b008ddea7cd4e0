"""Reroll straight-line code into loops over contiguous memory; outline.py, by contrast, finds samples.

    1. packs.py    isomorphic instructions become one loop over its members
    2. fusion.py   loops are fused, and intermediate results stay in registers
    3. buffers.py  all other results are stored side by side, so that operands lie at affine offsets

The loop IR knows nothing of LLVM; backends/llvm/loops.py prints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from autograd_scalar.compiler.ir.program import Instruction, Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.ir.variance import RowLayout, split_sum, varying
from autograd_scalar.compiler.vectorize.buffers import BufferAssignment
from autograd_scalar.compiler.vectorize.fusion import fuse
from autograd_scalar.compiler.vectorize.loop_ir import LoopProgram
from autograd_scalar.compiler.vectorize.packs import EFFECTS, Effect, Packs


def reroll(program: Program, layout: RowLayout) -> LoopProgram:
    """Return a program of primitives as loops."""
    code, output = _with_effects(program, layout)
    uses = _uses(code)
    packs = Packs(code, {*layout.columns}, uses)
    return BufferAssignment(code, output, uses, layout).assign(fuse(packs, uses))


def _with_effects(program: Program, layout: RowLayout) -> tuple[list[Instruction], dict[int, int]]:
    """Return the code with instructions for outputs and guards, and the output to which each of these belongs."""
    code: list[Instruction] = [*program.code]
    output: dict[int, int] = {}
    varies = varying(program.code, layout.columns)

    def append(*instruction: object) -> int:
        code.append(instruction)
        return len(code) - 1

    for i, k in enumerate(layout.rows):
        output[append(Effect.STORE_ROW, program.outputs[k])] = i
    for i, k in enumerate(layout.sums):
        term, uniform = split_sum(program, varies, program.outputs[k])
        if term is not None:
            output[append(Effect.SUM_ROWS, term)] = i
        for u in uniform:
            if code[u] not in (("const", 0.0), ("const", -0.0)):
                output[append(Effect.ADD_UNIFORM, u)] = i
    if program.guards:
        zero, one = append("const", 0.0), append("const", 1.0)
        failures = [
            append("if" + g.symbol, g.x, g.y, *((zero, one) if g.outcome else (one, zero)))
            for g in program.guards
        ]
        counts = accumulate(failures, lambda x, y: append(ARITHMETIC["+"], x, y))
        append(Effect.STORE_FLAG, [*counts][-1])
    return code, output


def _uses(code: Sequence[Instruction]) -> list[int]:
    """Return how many times each instruction is read, directly or not for an effect; 1 for effects themselves."""
    uses = [0] * len(code)
    for index in range(len(code) - 1, -1, -1):
        op, *operands = code[index]
        if op in EFFECTS:
            uses[index] = 1
        if uses[index] and op not in ("input", "const"):
            for operand in operands:
                uses[operand] += 1
    return uses
