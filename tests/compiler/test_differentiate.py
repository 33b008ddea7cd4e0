"""Gradient programs agree with eager gradients to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, isfinite, sin

import pytest
from compiler.programs import Case, bits, cases, derivatives, eager, recorded, tame, wild
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS, call, domains, flat_operands

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD

X = ("input", 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=6)
@given(data=st.data())
def test_gradients_agree_with_backward(name, data):
    """Value and gradient have the bits that backward() gives."""
    program, points = data.draw(st.one_of(wild(name, control=False), tame(name)))
    for point in points:
        xs, outputs = eager(program, point)
        assert bits(y.data for y in outputs) == bits(program.run(point))
        for y in outputs:
            p = differentiate(recorded(y, xs), range(len(xs)))
            assert bits(p.run(point)) == bits([y.data, *ag.gradient(y, xs)])


@pytest.mark.slow
@settings(max_examples=150)
@given(case=cases())
def test_gradients_agree_with_adjoints_of_floats(case: Case):
    """The same with selects, `stop` and several outputs."""
    program, points = case
    gradients = differentiate(program, range(len(program.inputs)))
    for point in points:
        assert bits(gradients.run(point)) == bits(
            [*program.run(point), *derivatives(program, point)]
        )


def second_derivatives(name: str) -> Program:
    """Return a row with its first derivatives, and the derivatives of all of them."""
    xs = [Value(1.0) for _ in flat_operands(name, 2)]
    row = recorded(RECORD[name](*TABLE[name].split(xs)), xs)
    return differentiate(differentiate(row, range(len(xs))), range(len(xs)))


@pytest.mark.parametrize("name", ROWS)
def test_rows_differentiate_twice(name):
    program = second_derivatives(name)
    n = len(program.inputs)
    for share in (0.21, 0.58, 0.83):
        point = [low + share * (high - low) for low, high in domains(name, 2)]
        point = [x + 0.01 * k for k, x in enumerate(point)]  # away from ties
        found = program.run(point)
        assert found[n + 1 : n + 1 + n] == found[1 : n + 1]  # the gradient of the value, again
        assert bits(simplify(lower(program)).run(point)) == bits(found)
        rows = ag.hessian(lambda *xs: call(name, *TABLE[name].split([*xs])), [*range(n)])(*point)
        expected = [x for row in rows for x in row]
        assert found[2 * n + 1 :] == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


@settings(max_examples=30)
@given(case=tame())
def test_programs_differentiate_twice(case: Case):
    program, (point,) = case
    n = len(point)
    second = differentiate(differentiate(program, range(n)), range(n))
    rows = ag.hessian(lambda *xs: run(program, xs), [*range(n)])(*point)
    expected = [x for row in rows for x in row]
    scale = max([1.0, *(abs(x) for x in expected if isfinite(x))])
    found = second.run(point)[2 * n + 1 :]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale, nan_ok=True)


def run(program: Program, xs: Sequence[Value]) -> Value:
    """Return the output of a program of rows over Values."""
    nodes: list[Value] = []
    for op, *operands in program.code:
        match op:
            case "input":
                nodes.append(xs[operands[0]])
            case "const":
                nodes.append(Value(operands[0]))
            case _:
                nodes.append(call(op, *TABLE[op].split([nodes[index] for index in operands])))
    return nodes[program.outputs[0]]


def test_the_text_of_a_gradient():
    program = Program([X, ("input", 1), ("mul", 0, 1), ("tanh", 2)], ["x", "y"], [3])
    assert str(program) == "x, y -> t3\n  t2 = x * y\n  t3 = tanh(t2)"
    assert str(differentiate(program, [0, 1])) == (
        "x, y -> t3, t9, t10\n"
        "  t2 = x * y\n"
        "  t3 = tanh(t2)\n"
        "  t5 = _sech2(t2)\n"
        "  t6 = y * t5\n"
        "  t7 = x * t5\n"
        "  t9 = t6 + 0.0\n"
        "  t10 = t7 + 0.0"
    )


@pytest.mark.parametrize(
    "code, output, expected",
    [
        ([X], 0, [1.0, 0.0]),  # the output is an input
        ([X, ("const", 7.0)], 1, [0.0, 0.0]),
        ([("input", 1), ("exp", 0)], 1, [0.0, exp(3.0)]),  # the code does not read x
        ([X, ("stop", 0), ("mul", 0, 1)], 2, [2.0, 0.0]),
        ([X, ("stop", 0), ("exp", 1)], 2, [0.0, 0.0]),
        ([X, ("input", 1), ("if<", 0, 1, 1, 0)], 2, [0.0, 1.0]),
        ([X, ("input", 1), ("if>", 0, 1, 1, 0)], 2, [1.0, 0.0]),
        ([X, ("input", 1), ("if<", 0, 1, 0, 0)], 2, [1.0, 0.0]),
        ([X, ("const", 2.0), ("pow_const", 0, 1), ("sum", 2, 0, 2)], 3, [9.0, 0.0]),
        ([X, ("neg", 0), ("neg", 0)], 1, [-1.0, 0.0]),  # code after the output adds nothing
    ],
)
def test_gradients_of_small_programs(code, output, expected):
    program = Program(code, ["x", "y"], [output])
    point = [2.0, 3.0]
    assert differentiate(program, [0, 1]).run(point) == [*program.run(point), *expected]
    assert differentiate(program, [1, 0, 1]).run(point)[1:] == [expected[k] for k in (1, 0, 1)]


def test_the_side_not_taken_has_derivative_zero():
    """The derivative of sqrt at 0 is infinite, and inf * 0 would be nan."""
    code = [X, ("const", 0.0), ("if>", 0, 1, 0, 1), ("sqrt", 2)]
    assert differentiate(Program(code, ["x"], [3]), [0]).run([0.0]) == [0.0, 0.0]


def test_outputs_come_first_and_guards_are_kept():
    program = Program(
        [X, ("exp", 0), ("sin", 0)], ["x"], [1, 2], [Guard("<", 0, 1, True, "f.py:3")]
    )
    gradients = differentiate(program, [0])
    assert gradients.run([0.5]) == [exp(0.5), sin(0.5), exp(0.5), cos(0.5)]
    assert str(gradients).endswith("guard x < t1 is True  # f.py:3")


@pytest.mark.slow
def test_a_long_chain_takes_no_recursion():
    builder = Builder(["x"])
    index = builder.input(0)
    for _ in range(20_000):
        index = builder.emit("neg", index)
    gradients = simplify(lower(differentiate(builder.program([index]), [0])))
    assert gradients.run([3.0]) == [3.0, 1.0]
