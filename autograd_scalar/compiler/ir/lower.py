"""Rows written out in what back ends know by themselves: arithmetic, `if`, and math's functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.compiler.ir.rules import Emit, is_primitive, start_rule, value_rule
from autograd_scalar.compiler.ir.simplify import apply_rules
from autograd_scalar.ops.table import TABLE


def lower(program: Program) -> Program:
    """Return the program with every row's text in place of the row; folds become their steps."""
    return apply_rules(program, (lower_instruction,))


def lower_instruction(
    builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]
) -> int | None:
    """Write a row's text in place of the row; a rule, see simplify."""
    if op == "stop":
        return operands[0]
    return None if is_primitive(op) else expand(op, operands, builder, emit)


def expand(op: str, places: Sequence[int], builder: Builder, emit: Emit) -> int:
    """Return the place of a row's value, written out."""
    row = TABLE[op]
    step, constant = value_rule(row), builder.constant
    if not row.lists:
        return step(emit, constant, *places)
    operands = row.split(places)
    z = start_rule(row)(emit, constant, *operands)
    lists = [
        o if name in row.lists else repeat(o)
        for name, o in zip(row.operands, operands, strict=True)
    ]
    for elements in zip(*lists, strict=False):
        z = step(emit, constant, z, *elements)
    return z
