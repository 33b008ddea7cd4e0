"""Simplify programs: constant folding, algebra, common subexpressions, dead code.

No pass changes a number, not even the sign of a zero. The rules are those of IEEE 754: x * 1 is x, but x + 0 is not
(x may be -0.0), x - x is not 0 (x may be infinite or nan), and no sum is reordered. One exception: x ** 2 becomes
x * x, which is correctly rounded where the library's pow may be off in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign, frexp, isfinite

from autograd_scalar.compiler.ir.program import (
    Builder,
    Program,
    compute,
    live_instructions,
    rewrite,
)
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION, Emit
from autograd_scalar.ops.table import TABLE

_ADD, _SUB, _MUL, _DIV, _POW = (ARITHMETIC[symbol] for symbol in ("+", "-", "*", "/", "**"))
_ARITHMETIC, _COMMUTATIVE = {_ADD, _SUB, _MUL, _DIV, _POW}, {_ADD, _MUL}

#: A rewrite rule: returns the index of an equal instruction, or None where the rule does not apply. It emits new
#: instructions through its argument `emit`, so that all rules apply to these too.
Rule = Callable[[Builder, Emit, str, tuple[int, ...]], int | None]


def simplify(program: Program, *rules: Rule) -> Program:
    """Return the program after all passes; further rules apply in the same walk."""
    simplified = apply_rules(program, (fold_constants, *rules, algebra), share=True)
    return remove_dead_code(simplified)


def fold_constants(builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]) -> int | None:
    """Compute an operation on numbers, and resolve a select with a known comparison."""
    numbers = builder.numbers
    if op[:2] == "if":
        a, b, x, y = operands
        if x == y:
            return x
        if a in numbers and b in numbers:
            return x if compute(op, [numbers[a], numbers[b], 1.0, 0.0]) else y
        return None
    for operand in operands:
        if operand not in numbers:
            return None
    if op in TABLE and TABLE[op].lists:
        return None
    return builder.constant(compute(op, [numbers[operand] for operand in operands]))


def algebra(builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]) -> int | None:
    """Drop an operation without effect, or emit a cheaper one that agrees on every float."""
    if op == NEGATION:
        return _negated(builder, operands[0])
    if op not in _ARITHMETIC:
        return None
    x, y = operands
    if op in _COMMUTATIVE and x in builder.numbers:
        x, y = y, x
    number = builder.numbers.get(y)
    if number is not None and (index := _with_number(builder, emit, op, x, number)) is not None:
        return index
    if (minus := _negated(builder, y)) is not None:
        if op == _ADD:
            return emit(_SUB, x, minus)
        if op == _SUB:
            return emit(_ADD, x, minus)
        if op != _POW and (both := _negated(builder, x)) is not None:
            return emit(op, both, minus)
    return None


def _negated(builder: Builder, index: int) -> int | None:
    """Return the operand of a negation; None for other instructions."""
    instruction = builder.code[index]
    return instruction[1] if instruction[0] == NEGATION else None


def _with_number(builder: Builder, emit: Emit, op: str, x: int, number: float) -> int | None:
    """Simplify an arithmetic operation whose second operand is a number."""
    if number == 0.0 and op in (_ADD, _SUB):
        return x if copysign(1.0, number) == (-1.0 if op == _ADD else 1.0) else None
    if number == 1.0 and op in (_MUL, _POW):
        return x
    if op == _MUL and number == -1.0:
        return emit(NEGATION, x)
    if op == _POW and number == 2.0:
        return emit(_MUL, x, x)
    if op == _DIV and isfinite(number) and abs(frexp(number)[0]) == 0.5 and abs(number) > 1e-300:
        return emit(_MUL, x, builder.constant(1.0 / number))  # exact for a power of two
    return None


def apply_rules(program: Program, rules: Sequence[Rule], *, share: bool = False) -> Program:
    """Return the live code of the program, each instruction rewritten by the first rule that applies.

    With `share`, common subexpressions are computed once.
    """
    builder = Builder(program.inputs)
    known: dict[tuple[object, ...], int] = {}

    def emit(op: str, *operands: int) -> int:
        key: tuple[object, ...] = ()
        if share:
            key = (op, *(operands if op not in _COMMUTATIVE else sorted(operands)))
            if (index := known.get(key)) is not None:
                return index
        for rule in rules:
            if (index := rule(builder, emit, op, operands)) is not None:
                break
        else:
            index = builder.emit(op, *operands)
        if share:
            known[key] = index
        return index

    return _rewritten(program, builder, emit)


def eliminate_common_subexpressions(program: Program) -> Program:
    """Return the program with each common subexpression computed once."""
    return apply_rules(program, (), share=True)


def remove_dead_code(program: Program) -> Program:
    """Return the program without the instructions that no output or guard depends on."""
    builder = Builder(program.inputs)
    return _rewritten(program, builder, builder.emit)


def _rewritten(program: Program, builder: Builder, emit: Emit) -> Program:
    """Return the live code of a program, every operation through `emit`."""
    new, guards = rewrite(program, builder, emit, live_instructions(program))
    return builder.program([new[index] for index in program.outputs], guards)
