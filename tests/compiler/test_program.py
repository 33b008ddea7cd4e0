"""Programs: what they compute, how they print, and what is no program."""

from __future__ import annotations

from math import nan

import pytest
from compiler.programs import bits, eager, tame, wild
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS

from autograd_scalar.compiler.ir.program import (
    COMPARISONS,
    Builder,
    Guard,
    Program,
    ProgramError,
    live_instructions,
    rewrite,
)

X = ("input", 0)


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=6)
@given(data=st.data())
def test_run_is_eager(name, data):
    program, points = data.draw(st.one_of(wild(name, control=False), tame(name)))
    for point in points:
        _, outputs = eager(program, point)
        assert bits(program.run(point)) == bits(y.data for y in outputs)


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("x, y", [(1.0, 2.0), (2.0, 1.0), (0.0, -0.0), (nan, 1.0), (nan, nan)])
def test_if(symbol, x, y):
    program = Program([X, ("input", 1), (f"if{symbol}", 0, 1, 1, 0)], ["x", "y"], [2])
    assert bits(program.run([x, y])) == bits([y if eval(f"x {symbol} y") else x])


def test_text():
    code = [
        X,
        ("const", 2.0),
        ("mul", 0, 1),
        ("neg", 2),
        ("input", 1),
        ("dot", 0, 3, 4, 4, 1),
        ("if<=", 5, 1, 0, 3),
        ("stop", 6),
        ("pow_const", 7, 1),
        ("const", -0.0),
    ]
    guards = [Guard("<", 0, 4, True, "model.py:7"), Guard("!=", 3, 1, False)]
    assert str(Program(code, ["x", "layers[0].b"], [8, 0, 9], guards)) == (
        "x, layers[0].b -> t8, x, -0.0\n"
        "  t2 = x * 2.0\n"
        "  t3 = -t2\n"
        "  t5 = dot(x, t3, layers[0].b, layers[0].b, 2.0)\n"
        "  t6 = x if t5 <= 2.0 else t3\n"
        "  t7 = stop(t6)\n"
        "  t8 = t7 ** 2.0\n"
        "  guard x < layers[0].b is True  # model.py:7\n"
        "  guard t3 != 2.0 is False"
    )


@pytest.mark.parametrize(
    "instruction, problem",
    [
        (
            ("mul", 0, 1),
            r"instruction 1, \('mul', 0, 1\): an operand stands before the instruction",
        ),
        (("mul", 0, -1), "an operand stands before"),
        (("mul", 0), r"mul takes x, y; got 1 operands"),
        (("exp", 0, 0), "exp takes x; got 2 operands"),
        (("dot", 0, 0), r"dot takes w, x, bias; got 2 operands"),
        (("dot",), "dot takes w, x, bias; got 0 operands"),
        (("mul", 0.0, 0), "operands are places in the code"),
        (("mul", True, 0), "operands are places in the code"),
        (("sine", 0), "no operation 'sine'"),
        ((["mul"], 0, 0), r"no operation \['mul'\]"),
        (("if", 0, 0, 0, 0), "no operation 'if'"),
        (("if<", 0, 0, 0), "an if takes 4 operands"),
        (("stop", 0, 0), "stop takes 1 operand"),
        (("input", 2), "there are 2 inputs"),
        (("input", -1), "there are 2 inputs"),
        (("input",), "there are 2 inputs"),
        (("const", 1), "a const has a float"),
        (("const",), "a const has a float"),
        ((), "an instruction is a tuple of an operation and its operands"),
        (["mul", 0, 0], "an instruction is a tuple of an operation and its operands"),
    ],
    ids=repr,
)
def test_what_is_no_instruction(instruction, problem):
    with pytest.raises(ProgramError, match=problem):
        Program([X, instruction], ["x", "y"], [0])


@pytest.mark.parametrize(
    "outputs, guards, problem",
    [
        ([1], [], "output 1 is not in the code, which has 1 instructions"),
        ([-1], [], "output -1 is not in the code"),
        ([0.0], [], "output 0.0 is not in the code"),
        ([0], [Guard("<", 0, 1, True)], "guard's operand 1 is not in the code"),
        ([0], [Guard("<>", 0, 0, True)], "a guard compares with <, <=, >, >=, ==, !=; got '<>'"),
    ],
)
def test_what_is_no_output_and_no_guard(outputs, guards, problem):
    with pytest.raises(ProgramError, match=problem):
        Program([X], ["x"], outputs, guards)


@pytest.mark.parametrize("operands, value", [((), 0.0), ((0,), 3.0), ((0, 0, 0), 9.0)])
def test_a_fold_has_any_number_of_operands(operands, value):
    assert Program([X, ("sum", *operands)], ["x"], [1]).run([3.0]) == [value]


def test_a_builder_has_inputs_and_numbers_once():
    builder = Builder(["x"])
    places = [
        builder.input(0),
        builder.constant(0.0),
        builder.constant(nan),
        builder.constant(-0.0),
    ]
    again = [builder.input(0), builder.constant(0.0), builder.constant(nan), builder.constant(-0.0)]
    assert places == again == [0, 1, 2, 3]
    assert bits([builder.number(1), builder.number(3)]) == bits([0.0, -0.0])
    assert builder.number(0) is None


def test_needed():
    code = [X, ("exp", 0), ("log", 0), ("neg", 1), ("sin", 0)]
    program = Program(code, ["x"], [3], [Guard("<", 4, 0, True)])
    assert live_instructions(program) == [True, True, False, True, True]


def test_rewritten():
    code = [("const", 1.0), X, ("const", 1.0), ("add", 0, 1), ("exp", 1), ("mul", 3, 2)]
    program = Program(code, ["x"], [5], [Guard("<", 3, 2, True, "f.py:1")])
    builder = Builder(program.inputs)
    now, guards = rewrite(program, builder, builder.emit, live_instructions(program))
    assert now == [0, 1, 0, 2, -1, 3]
    assert builder.code == [("const", 1.0), X, ("add", 0, 1), ("mul", 2, 0)]
    assert guards == (Guard("<", 2, 0, True, "f.py:1"),)
