"""Lower rows to primitives: arithmetic, select, and the functions of C's math.h."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Emit a row as primitives, see simplify.Rewriter."""
    if op == "stop":
        return operands[0]
    return None if is_primitive(op) else _lower_row(op, operands, builder, emit)


def _lower_row(op: str, indices: Sequence[int], builder: Builder, emit: Emit) -> int:
    """Emit the value of a row; of a fold, the start and a step for each element."""
    row = TABLE[op]
    step, constant = value_rule(row), builder.constant
    if not row.lists:
        return step(emit, constant, *indices)
    operands = row.split(indices)
    z = start_rule(row)(emit, constant, *operands)
    for elements in row.steps(operands):
        z = step(emit, constant, z, *elements)
    return z
