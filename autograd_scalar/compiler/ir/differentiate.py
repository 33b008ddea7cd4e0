"""The gradient of a program, which is a program: made from the table's partial derivatives.

It computes what Value.backward() computes, in the same order, so the numbers are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from math import inf

from autograd_scalar.compiler.ir.program import Builder, Instruction, Program, rewrite
from autograd_scalar.compiler.ir.rules import ARITHMETIC, partial_rules
from autograd_scalar.ops.table import TABLE

_ADD, _MUL, _DIV = ARITHMETIC["+"], ARITHMETIC["*"], ARITHMETIC["/"]


def differentiate(program: Program, wrt: Sequence[int], of: Sequence[int] | None = None) -> Program:
    """Return the program with the derivatives of its outputs by some inputs as further outputs.

    `wrt` are numbers of inputs, and `of` numbers of outputs, all of them unless told. After the outputs of the program
    come the derivatives of the first output by each of those inputs, then those of the second, and so on.

    >>> square = Program([("input", 0), ("mul", 0, 0)], ["x"], [1])
    >>> differentiate(square, [0]).run([3.0])
    [9.0, 6.0]
    """
    builder = Builder(program.inputs)
    now, guards = rewrite(program, builder, builder.emit)
    wanted = [builder.input(k) for k in wrt]
    depends = _dependents(builder.code, wanted)
    outputs = [now[place] for place in program.outputs]
    found = [*outputs]
    for output in outputs if of is None else [outputs[k] for k in of]:
        found += _pulled_back(builder, output, wanted, depends)
    return builder.program(found, guards)


def _dependents(code: Sequence[Instruction], wanted: Sequence[int]) -> list[bool]:
    """Return of each instruction whether it depends on one of the places."""
    depends = [False] * len(code)
    for place in wanted:
        depends[place] = True
    for place, (op, *operands) in enumerate(code):
        if op not in ("input", "const", "stop"):
            depends[place] = any(depends[operand] for operand in operands)
    return depends


def _pulled_back(
    builder: Builder, output: int, wanted: Sequence[int], depends: Sequence[bool]
) -> list[int]:
    """Return the derivatives of an output by some places."""
    bars = {output: builder.constant(1.0)}
    for place in range(output, -1, -1):
        op, *operands = builder.code[place]
        if op in ("input", "const") or not depends[place] or place not in bars:
            continue
        bar = bars[place]
        for operand, term in _terms(builder, op, operands, place, bar, depends):
            bars[operand] = builder.emit(_ADD, bars[operand], term) if operand in bars else term
    zero = builder.constant(0.0)
    # Eager sums begin at 0.0, so -0.0 never comes out of them.
    return [builder.emit(_ADD, bars[place], zero) if place in bars else zero for place in wanted]


def _product(builder: Builder, partial: int, bar: int) -> int:
    """Return partial * bar, which is exact by 1."""
    if builder.number(partial) == 1.0:
        return bar
    if builder.number(bar) == 1.0:
        return partial
    return builder.emit(_MUL, partial, bar)


def _terms(
    builder: Builder, op: str, operands: Sequence[int], z: int, bar: int, depends: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """Yield each operand by which a derivative is wanted, with the place of what it gets of the result's, in order."""
    if op.startswith("if"):  # the side that is not taken gets 0, even of infinity
        a, b, x, y = operands
        zero = builder.constant(0.0)
        if depends[x]:
            yield x, builder.emit(op, a, b, bar, zero)
        if depends[y]:
            yield y, builder.emit(op, a, b, zero, bar)
        return
    for operand, partial in _partials(builder, op, operands, z, depends):
        yield operand, _product(builder, partial, bar)


def _partials(
    builder: Builder, op: str, operands: Sequence[int], z: int, depends: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """Yield the operands by which a derivative is wanted, in order, with the places of the local derivatives."""
    emit, constant, row = builder.emit, builder.constant, TABLE[op]
    partials = partial_rules(row)
    if not row.lists:
        for operand, partial in zip(operands, partials, strict=True):
            if depends[operand]:
                yield operand, partial(emit, constant, z, *operands)
        return
    split = row.split(operands)
    among = [
        o if name in row.lists else repeat(o) for name, o in zip(row.operands, split, strict=True)
    ]
    for name, places, partial in zip(row.operands, split, partials, strict=True):
        if name not in row.lists:
            if depends[places]:
                yield places, partial(emit, constant, z, *split)
        elif any(depends[place] for place in places):
            found = [
                partial(emit, constant, z, *elements) for elements in zip(*among, strict=False)
            ]
            if row.shares:
                found = _shares(builder, found)
            for place, slope in zip(places, found, strict=True):
                if depends[place]:
                    yield place, slope


def _shares(builder: Builder, parts: list[int]) -> list[int]:
    """Return parts divided by their sum, where that is positive and finite; see methods.shares."""
    total = builder.constant(0.0)
    zero, one, infinite = total, builder.constant(1.0), builder.constant(inf)
    for part in parts:
        total = builder.emit(_ADD, total, part)
    total = builder.emit("if<", zero, total, total, one)
    total = builder.emit("if<", total, infinite, total, one)
    return [builder.emit(_DIV, part, total) for part in parts]
