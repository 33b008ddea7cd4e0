"""Hypothesis strategies for programs over every row of the table, and two references for their results."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Sequence
from math import inf, nan
from typing import NamedTuple

import strategies
from hypothesis import strategies as st
from strategies import ROWS

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program, compute
from autograd_scalar.compiler.ir.rules import compile_expression
from autograd_scalar.compiler.ir.simplify import Rewriter, apply_rules, remove_dead_code, simplify
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD

EDGES = (0.0, -0.0, 5e-324, 1.0, -1.0, 0.5, 3.0, 1000.0, -1000.0, 1e300, inf, -inf, nan)

#: Constants for operands that must be constant. Exponents 2, and 3, whose derivative has exponent 2, are left out: the
#: algebra pass turns x ** 2 into x * x, which differs in the last bit once in a thousand times; test_passes covers it.
FIXED = (-1.0, 0.0, 0.5, 1.0, 2.5, 5.0)

#: Operations that are not rows, with their numbers of operands.
CONTROL = {**{f"if{symbol}": 4 for symbol in COMPARISONS}, "stop": 1}

numbers = st.one_of(strategies.numbers, strategies.numbers, st.sampled_from(EDGES))


class Case(NamedTuple):
    """A program, and the points to run it at, each a list of inputs."""

    program: Program
    points: list[list[float]]

    def __repr__(self) -> str:
        return f"{self.program}\n{self.program.code} {self.points}"


@st.composite
def wild(
    draw: st.DrawFn, must: str | None = None, rows: Sequence[str] = ROWS, control: bool = True
) -> Case:
    """Draw a case in which any result may be an operand of any row, with constants, guards and several outputs.

    The row `must` is among the outputs; without `control` there are no selects and no `stop`.
    """
    builder = Builder(["x", "y", "z"][: draw(st.integers(1, 3))])
    inputs = len(builder.inputs)
    pool = [builder.input(k) for k in range(inputs)]
    pool += [builder.constant(number) for number in draw(st.lists(numbers, max_size=2))]
    choices = [*rows, *CONTROL] if control else [*rows]
    chosen = draw(st.lists(st.sampled_from(choices), min_size=0 if must else 1, max_size=8))
    outputs = []
    if must is not None:
        chosen.insert(draw(st.integers(0, len(chosen))), must)
    for op in chosen:
        length = draw(st.integers(0, 3))
        names = ["x"] * CONTROL[op] if op in CONTROL else strategies.flat_operands(op, length)
        operands = [
            builder.constant(draw(st.sampled_from(FIXED)))
            if op in TABLE and operand == TABLE[op].fixed
            else draw(st.sampled_from(pool))
            for operand in names
        ]
        pool.append(builder.emit(op, *operands))
        if op == must:
            outputs = [pool[-1]]
    outputs += draw(st.lists(st.sampled_from(pool), max_size=1 if outputs else 2))
    guards = st.builds(
        Guard,
        st.sampled_from([*COMPARISONS]),
        st.sampled_from(pool),
        st.sampled_from(pool),
        st.booleans(),
        st.sampled_from(["", "model.py:7"]),
    )
    program = Program(
        builder.code,
        builder.inputs,
        [*outputs, pool[-1]],
        draw(st.lists(guards, max_size=2)),
    )
    points = st.lists(numbers, min_size=inputs, max_size=inputs)
    return Case(program, draw(st.lists(points, min_size=1, max_size=3)))


@st.composite
def tame(draw: st.DrawFn, must: str | None = None, rows: Sequence[str] = ROWS) -> Case:
    """Draw a case whose operands lie in the domains of their rows, with one output that depends on all code."""
    drawn = draw(strategies.programs(must=must, rows=rows))
    builder = Builder([f"x{k}" for k in range(len(drawn.inputs))])
    pool = [builder.input(k) for k in range(len(drawn.inputs))]
    pool += [builder.constant({2.0: 2.5, 3.0: 5.0}.get(c, c)) for c in drawn.constants]  # see FIXED
    for op, operands in drawn.steps:
        pool.append(builder.emit(op, *[pool[index] for index in operands]))
    return Case(Program(builder.code, builder.inputs, pool[-1:]), [list(drawn.inputs)])


def cases(must: str | None = None, rows: Sequence[str] = ROWS) -> st.SearchStrategy[Case]:
    """Return the strategy of wild and tame cases."""
    return st.one_of(wild(must, rows), tame(must, rows))


def bits(numbers: Iterable[float]) -> list[str]:
    """Return texts that differ where numbers differ in a bit; every nan is "nan"."""
    listed = [*numbers]
    assert all(type(x) is float for x in listed), listed
    return ["nan" if x != x else x.hex() for x in listed]


# ----- single rows -----


def basic(program: Program) -> Program:
    return simplify(lower(differentiate(program, range(len(program.inputs)))))


def of_row(name: str) -> Program:
    """Return the program of one row and its derivatives; lists have two elements."""
    builder = Builder()
    operands = []
    for operand in strategies.flat_operands(name, 2):
        if operand == TABLE[name].fixed:
            operands.append(builder.constant(2.5))
        else:
            builder.inputs.append(f"{operand}{len(builder.inputs)}")
            operands.append(builder.input(len(builder.inputs) - 1))
    return basic(builder.program([builder.emit(name, *operands)]))


def edges(program: Program) -> list[tuple[float, ...]]:
    """Return all points made of edge cases; with three inputs or more, of fewer of them."""
    some = {1: EDGES, 2: EDGES, 3: (0.0, -0.0, 1.0, -0.5, inf, nan)}
    return [
        *itertools.product(
            some.get(len(program.inputs), (-0.0, 1.5, -inf)), repeat=len(program.inputs)
        )
    ]


def of(expression: str, *rewriters: Rewriter) -> Program:
    """Return the program of an expression of a, b, c, x, y and z, after rewriters."""
    builder = Builder("abcxyz")
    names = {name: builder.input(k) for k, name in enumerate(builder.inputs)}
    tree = ast.parse(expression, mode="eval").body
    rule = compile_expression(tree, builder.inputs, inline=False)
    index = rule(builder.emit, builder.constant, *names.values())
    return remove_dead_code(apply_rules(builder.program([index]), rewriters))


# ----- references -----


def recorded(y: Value, xs: Sequence[Value]) -> Program:
    """Return the program of a graph, in the topological order of backward()."""
    builder = Builder([f"x{k}" for k in range(len(xs))])
    where = {x: builder.input(k) for k, x in enumerate(xs)}
    for v in ag.topological_order(y):
        if v not in where:
            where[v] = (
                builder.emit(v.op, *[where[parent] for parent in v.parents])
                if v.parents
                else builder.constant(v.data)
            )
    return builder.program([where[y]])


def eager(program: Program, inputs: Sequence[float]) -> tuple[list[Value], list[Value]]:
    """Return the inputs and the outputs of a program of rows as Values."""
    xs = [*map(Value, inputs)]
    nodes: list[Value] = []
    for op, *operands in program.code:
        if op == "input":
            nodes.append(xs[operands[0]])
        elif op == "const":
            nodes.append(Value(operands[0]))
        else:
            nodes.append(RECORD[op](*TABLE[op].split([nodes[index] for index in operands])))
    return xs, [nodes[index] for index in program.outputs]


def derivatives(program: Program, inputs: Sequence[float]) -> list[float]:
    """Return the derivatives of each output with respect to all inputs: adjoints of floats, accumulated in reverse."""
    values = Program(program.code, program.inputs, range(len(program))).run(inputs)
    found: list[float] = []
    for output in program.outputs:
        adjoints = {output: 1.0}
        by_input = [0.0] * len(inputs)
        for index in reversed(_below(program, output)):
            op, *operands = program.code[index]
            adjoint = adjoints.get(index)
            if adjoint is None or op in ("const", "stop"):
                continue
            if op == "input":
                by_input[operands[0]] += adjoint
                continue
            data = [values[operand] for operand in operands]
            if op.startswith("if"):
                taken = compute(op, [*data[:2], 1.0, 0.0]) == 1.0
                sides = (adjoint, 0.0) if taken else (0.0, adjoint)
                terms = [*zip(operands[2:], sides, strict=True)]
            else:
                partials = evaluate(op, *TABLE[op].split(data))[1]
                terms = [
                    (x, partial * adjoint) for x, partial in zip(operands, partials, strict=True)
                ]
            for operand, term in terms:
                adjoints[operand] = adjoints.get(operand, 0.0) + term
        found += by_input
    return found


def _below(program: Program, output: int) -> list[int]:
    """Return the instructions that an output depends on, operands first, the left ones before the right ones."""
    found: dict[int, None] = {}

    def visit(index: int) -> None:
        op, *operands = program.code[index]
        if index not in found and op not in ("input", "const", "stop"):
            for operand in operands:
                visit(operand)
        found.setdefault(index)

    visit(output)
    return [*found]


def first_failure(program: Program, inputs: Sequence[float]) -> int:
    """Return the index of the first guard that fails, or -1."""
    compared = Program(
        program.code, program.inputs, [index for g in program.guards for index in g[1:3]]
    )
    data = compared.run(inputs)
    for index, guard in enumerate(program.guards):
        if COMPARISONS[guard.symbol](data[2 * index], data[2 * index + 1]) is not guard.outcome:
            return index
    return -1
