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
    Instruction,
    Program,
    compute,
    live_instructions,
    rewrite,
)
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION, Emit
from autograd_scalar.ops.table import TABLE

_ADD, _SUB, _MUL, _DIV, _POW = (ARITHMETIC[symbol] for symbol in ("+", "-", "*", "/", "**"))
_COMMUTATIVE = {_ADD, _MUL}

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
    if (operands and operands[0] not in numbers) or (op in TABLE and TABLE[op].lists):
        return None
    for operand in operands:
        if operand not in numbers:
            return None
    return builder.constant(compute(op, [numbers[operand] for operand in operands]))


def algebra(builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]) -> int | None:
    """Drop an operation without effect, or emit a cheaper one that agrees on every float."""
    if op == NEGATION:
        return _negated(builder, operands[0])
    by_number = _BY_NUMBER.get(op)
    if by_number is None:
        return None
    x, y = operands
    if op in _COMMUTATIVE and x in builder.numbers:
        x, y = y, x
    number = builder.numbers.get(y)
    if number is not None and (index := by_number(builder, emit, x, number)) is not None:
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


def _add(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 0.0 and copysign(1.0, number) < 0.0 else None


def _subtract(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 0.0 and copysign(1.0, number) > 0.0 else None


def _multiply(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 1.0 else emit(NEGATION, x) if number == -1.0 else None


def _divide(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    if number and isfinite(number) and abs(frexp(number)[0]) == 0.5:
        inverse = 1.0 / number if abs(number) > 1e-300 else 0.0  # exact for a power of two
        return emit(_MUL, x, builder.constant(inverse)) if inverse else None
    return None


def _power(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 1.0 else emit(_MUL, x, x) if number == 2.0 else None


_BY_NUMBER = {_ADD: _add, _SUB: _subtract, _MUL: _multiply, _DIV: _divide, _POW: _power}


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

    new, guards = rewrite(program, builder, emit, live_instructions(program))
    return builder.program([new[index] for index in program.outputs], guards)


def eliminate_common_subexpressions(program: Program) -> Program:
    """Return the program with each common subexpression computed once."""
    return apply_rules(program, (), share=True)


def remove_dead_code(program: Program) -> Program:
    """Return the program without the instructions that no output or guard depends on."""
    live = live_instructions(program)
    code: list[Instruction] = []
    new: list[int] = []
    for index, instruction in enumerate(program.code):
        new.append(len(code))
        if live[index]:
            op = instruction[0]
            if op != "const" and op != "input":
                instruction = (op, *[new[operand] for operand in instruction[1:]])
            code.append(instruction)
    guards = [guard._replace(x=new[guard.x], y=new[guard.y]) for guard in program.guards]
    return Program(code, program.inputs, [new[index] for index in program.outputs], guards)
