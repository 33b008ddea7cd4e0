"""Simplify programs: constant folding, algebra, common subexpressions, dead code.

No pass changes a number, not even the sign of a zero, with the one exception that algebra.py lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_scalar.compiler.ir.algebra import COMMUTATIVE, algebra
from autograd_scalar.compiler.ir.program import Builder, Program, compute, rewrite
from autograd_scalar.compiler.ir.rules import Emit
from autograd_scalar.ops.table import TABLE

#: Returns the index of an instruction that is equal to an operation on operands, or None to leave it as it is. It emits
#: new instructions through its argument `emit`, so that all rewriters apply to these too.
Rewriter = Callable[[Builder, Emit, str, tuple[int, ...]], int | None]


def simplify(program: Program, *rewriters: Rewriter) -> Program:
    """Return the program after all passes; further rewriters apply in the same walk."""
    simplified = apply_rules(program, (fold_constants, *rewriters, algebra), share=True)
    return remove_dead_code(simplified)


def fold_constants(builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]) -> int | None:
    """Compute an operation on numbers, and resolve a select with a known comparison."""
    numbers, is_select = builder.numbers, op[:2] == "if"
    for operand in operands[:2] if is_select else operands:
        if operand not in numbers:
            return None
    if is_select:
        a, b, x, y = operands
        return x if compute(op, [numbers[a], numbers[b], 1.0, 0.0]) else y
    if op in TABLE and TABLE[op].lists:
        return None
    return builder.constant(compute(op, [numbers[operand] for operand in operands]))


def apply_rules(program: Program, rewriters: Sequence[Rewriter], *, share: bool = False) -> Program:
    """Return the live code of the program, each instruction rewritten by the first rewriter that applies.

    With `share`, common subexpressions are computed once.
    """
    builder = Builder(program.inputs)
    known: dict[tuple[object, ...], int] = {}

    def emit(op: str, *operands: int) -> int:
        key: tuple[object, ...] = ()
        if share:
            swapped = op in COMMUTATIVE and operands[0] > operands[1]
            key = (op, *(operands[::-1] if swapped else operands))
            if (index := known.get(key)) is not None:
                return index
        for rewriter in rewriters:
            if (index := rewriter(builder, emit, op, operands)) is not None:
                break
        else:
            index = builder.emit(op, *operands)
        if share:
            known[key] = index
        return index

    return _rewritten(program, builder, emit)


def remove_dead_code(program: Program) -> Program:
    """Return the program without the instructions that no output or guard depends on."""
    builder = Builder(program.inputs)
    return _rewritten(program, builder, builder.emit)


def _rewritten(program: Program, builder: Builder, emit: Emit) -> Program:
    """Return the live code of a program, every operation through `emit`."""
    new, guards = rewrite(program, builder, emit)
    return builder.program([new[index] for index in program.outputs], guards)
