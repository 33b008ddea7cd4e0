"""Lower rows to primitives: arithmetic, select, and the functions of C's math.h."""

from __future__ import annotations

from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.compiler.ir.rules import Emit, is_primitive, start_rule, value_rule
from autograd_scalar.compiler.ir.simplify import apply_rules
from autograd_scalar.ops.table import TABLE


def lower(program: Program) -> Program:
    """Return the program in primitives, each row replaced by its expression and each fold by its steps."""
    return apply_rules(program, (lower_instruction,))


def lower_instruction(
    builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]
) -> int | None:
    """Emit the value of a row; of a fold, the start and a step for each element. See simplify.Rewriter."""
    if op == "stop":
        return operands[0]
    if is_primitive(op):
        return None
    row, constant = TABLE[op], builder.constant
    step = value_rule(row)
    if not row.lists:
        return step(emit, constant, *operands)
    split = row.split(operands)
    z = start_rule(row)(emit, constant, *split)
    for elements in row.steps(split):
        z = step(emit, constant, z, *elements)
    return z
