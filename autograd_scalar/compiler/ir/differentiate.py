"""Reverse mode, from program to program: gradients built from the partial derivatives in the table.

The gradient program performs the operations of Value.backward() in the same order, so results agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from autograd_scalar.compiler.ir.program import Builder, Instruction, Program, rewrite
from autograd_scalar.compiler.ir.rules import ARITHMETIC, partial_rules
from autograd_scalar.compiler.ir.variance import varying
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

_ADD, _MUL, _DIV = ARITHMETIC["+"], ARITHMETIC["*"], ARITHMETIC["/"]


def differentiate(program: Program, wrt: Sequence[int], of: Sequence[int] | None = None) -> Program:
    """Return the program with derivatives of its outputs with respect to inputs as further outputs.

    `wrt` are indices of inputs, `of` indices of outputs, all of them by default. The outputs of the program come first,
    then the derivatives of the first of `of` with respect to each input of `wrt`, those of the second, and so on.

    >>> square = Program([("input", 0), ("mul", 0, 0)], ["x"], [1])
    >>> differentiate(square, [0]).run([3.0])
    [9.0, 6.0]
    """
    builder = Builder(program.inputs)
    new, guards = rewrite(program, builder, builder.emit)
    sources = [builder.input(k) for k in wrt]
    depends = varying(builder.code, wrt)
    outputs = [new[index] for index in program.outputs]
    results = [*outputs]
    for output in outputs if of is None else [outputs[k] for k in of]:
        results += _gradient(builder, output, sources, depends)
    return builder.program(results, guards)


def _gradient(
    builder: Builder, output: int, sources: Sequence[int], depends: Sequence[bool]
) -> list[int]:
    """Emit the derivatives of an output with respect to the sources; return their indices."""
    adjoints = {output: builder.constant(1.0)}
    for index in reversed(_topological_order(builder.code, output, depends)):
        if index not in adjoints:  # only compared, by a select
            continue
        op, *operands = builder.code[index]
        for operand, term in _terms(builder, op, operands, index, adjoints[index], depends):
            known = adjoints.get(operand)
            adjoints[operand] = term if known is None else builder.emit(_ADD, known, term)
    zero = builder.constant(0.0)
    # Eager sums of gradients start from 0.0, so they never yield -0.0.
    return [builder.emit(_ADD, adjoints[x], zero) if x in adjoints else zero for x in sources]


def _topological_order(
    code: Sequence[Instruction], output: int, depends: Sequence[bool]
) -> list[int]:
    """Return the operations between the sources and an output, in the order of the engine's topological_order().

    That order is the output's own: the code has the order of several outputs, in which terms would add up differently.
    """
    order: list[int] = []
    seen: set[int] = set()
    stack: list[int | None] = [output]
    while stack:
        index = stack.pop()
        if index is None:  # all operands of the operation below this mark are in the order
            order.append(stack.pop())  # type: ignore[arg-type]
        elif depends[index] and index not in seen:
            seen.add(index)
            op, *operands = code[index]
            if op != "input":
                stack += (index, None, *reversed(operands))
    return order


def _terms(
    builder: Builder,
    op: str,
    operands: Sequence[int],
    z: int,
    adjoint: int,
    depends: Sequence[bool],
) -> Iterator[tuple[int, int]]:
    """Yield each operand that depends on a source, with its share of the adjoint of z, in order."""
    if op.startswith("if"):
        # The side not taken gets 0, even if its partial derivative is infinite.
        a, b, x, y = operands
        zero = builder.constant(0.0)
        if depends[x]:
            yield x, builder.emit(op, a, b, adjoint, zero)
        if depends[y]:
            yield y, builder.emit(op, a, b, zero, adjoint)
        return
    for operand, partial in _partials(builder, TABLE[op], operands, z, depends):
        yield operand, _product(builder, partial, adjoint)


def _product(builder: Builder, partial: int, adjoint: int) -> int:
    """Emit partial * adjoint, unless one of them is 1."""
    if builder.numbers.get(partial) == 1.0:
        return adjoint
    if builder.numbers.get(adjoint) == 1.0:
        return partial
    return builder.emit(_MUL, partial, adjoint)


def _partials(
    builder: Builder, row: Op, operands: Sequence[int], z: int, depends: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """Yield each operand that depends on a source, with the partial derivative of z with respect to it."""
    emit, constant, split = builder.emit, builder.constant, row.split(operands)
    for operand, rule in zip(split, partial_rules(row), strict=True):
        if not isinstance(operand, list):
            if depends[operand]:
                yield operand, rule(emit, constant, z, *split)
        elif any(depends[element] for element in operand):
            partials = [rule(emit, constant, z, *step) for step in row.steps(split)]
            if row.shares:
                partials = _shares(builder, partials)
            for element, partial in zip(operand, partials, strict=True):
                if depends[element]:
                    yield element, partial


def _shares(builder: Builder, parts: list[int]) -> list[int]:
    """Emit parts divided by their sum, where that is positive and finite, as evaluate.shares does."""
    total = builder.constant(0.0)
    zero, one, infinite = total, builder.constant(1.0), builder.constant(inf)
    for part in parts:
        total = builder.emit(_ADD, total, part)
    total = builder.emit("if<", zero, total, total, one)
    total = builder.emit("if<", total, infinite, total, one)
    return [builder.emit(_DIV, part, total) for part in parts]
