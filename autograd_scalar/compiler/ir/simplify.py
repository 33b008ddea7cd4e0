"""Passes from program to program that change no number, not even the sign of a zero.

What they know of operations is IEEE 754's: x * 1 is x, x + 0 is not (for x = -0.0), x - x is not 0 (for infinities and
nan), and nothing is reordered. One liberty is taken, as everywhere among library functions: x ** 2 becomes x * x, which
is the better rounded of the two.
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
_COMMUTE = {_ADD, _MUL}

#: Returns the place of what an instruction would give, or None where it has nothing to say. What it writes it writes
#: through the function it gets, so that all rules see that too.
Rule = Callable[[Builder, Emit, str, tuple[int, ...]], int | None]


def fold_constants(builder: Builder, emit: Emit, op: str, operands: tuple[int, ...]) -> int | None:
    """Compute what depends on numbers alone, and take the branch of an `if` that is decided."""
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
    """Leave out what does nothing, and put the cheaper of two operations that agree on every float."""
    if op == NEGATION:
        return _negated(builder, operands[0])
    rules = _BY_NUMBER.get(op)
    if rules is None:
        return None
    x, y = operands
    if op in _COMMUTE and x in builder.numbers:
        x, y = y, x
    number = builder.numbers.get(y)
    if number is not None and (place := rules(builder, emit, x, number)) is not None:
        return place
    if (minus := _negated(builder, y)) is not None:
        if op == _ADD:
            return emit(_SUB, x, minus)
        if op == _SUB:
            return emit(_ADD, x, minus)
        if op != _POW and (both := _negated(builder, x)) is not None:
            return emit(op, both, minus)
    return None


def _negated(builder: Builder, place: int) -> int | None:
    """Return the place of x where -x stands."""
    instruction = builder.code[place]
    return instruction[1] if instruction[0] == NEGATION else None


def _plus(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 0.0 and copysign(1.0, number) < 0.0 else None


def _minus(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 0.0 and copysign(1.0, number) > 0.0 else None


def _times(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 1.0 else emit(NEGATION, x) if number == -1.0 else None


def _divided(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    if number and isfinite(number) and abs(frexp(number)[0]) == 0.5:
        inverse = 1.0 / number if abs(number) > 1e-300 else 0.0  # of a power of two: exact
        return emit(_MUL, x, builder.constant(inverse)) if inverse else None
    return None


def _to_the(builder: Builder, emit: Emit, x: int, number: float) -> int | None:
    return x if number == 1.0 else emit(_MUL, x, x) if number == 2.0 else None


_BY_NUMBER = {_ADD: _plus, _SUB: _minus, _MUL: _times, _DIV: _divided, _POW: _to_the}


def apply_rules(program: Program, rules: Sequence[Rule], *, common: bool = False) -> Program:
    """Return what is live of the program, with each instruction put through rules; the first with an answer wins.

    With `common`, what has been computed already is not computed again.
    """
    builder = Builder(program.inputs)
    known: dict[tuple[object, ...], int] = {}

    def emit(op: str, *operands: int) -> int:
        key: tuple[object, ...] = ()
        if common:
            key = (op, *(operands if op not in _COMMUTE else sorted(operands)))
            if (place := known.get(key)) is not None:
                return place
        for rule in rules:
            if (place := rule(builder, emit, op, operands)) is not None:
                break
        else:
            place = builder.emit(op, *operands)
        if common:
            known[key] = place
        return place

    now, guards = rewrite(program, builder, emit, live_instructions(program))
    return builder.program([now[place] for place in program.outputs], guards)


def remove_dead_code(program: Program) -> Program:
    """Return the program without what no output or guard depends on."""
    keep = live_instructions(program)
    code: list[Instruction] = []
    now: list[int] = []
    for place, instruction in enumerate(program.code):
        now.append(len(code))
        if keep[place]:
            op = instruction[0]
            if op != "const" and op != "input":
                instruction = (op, *[now[operand] for operand in instruction[1:]])
            code.append(instruction)
    guards = [guard._replace(x=now[guard.x], y=now[guard.y]) for guard in program.guards]
    outputs = [now[place] for place in program.outputs]
    return Program(code, program.inputs, outputs, guards, check=False)


def eliminate_common_subexpressions(program: Program) -> Program:
    """Return the program with what is the same computed once."""
    return apply_rules(program, (), common=True)


def simplify(program: Program, *others: Rule) -> Program:
    """Return the program after all passes, and other rules in the same go."""
    return remove_dead_code(apply_rules(program, (fold_constants, *others, algebra), common=True))
