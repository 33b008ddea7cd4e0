"""Programs: the interpreter, the text, malformed code, the builder."""

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
    check,
    live_instructions,
    rewrite,
)

X = ("input", 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=6)
@given(data=st.data())
def test_the_interpreter_agrees_with_eager_code(name, data):
    program, points = data.draw(st.one_of(wild(name, control=False), tame(name)))
    for point in points:
        _, outputs = eager(program, point)
        assert bits(program.run(point)) == bits(y.data for y in outputs)


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("x, y", [(1.0, 2.0), (2.0, 1.0), (0.0, -0.0), (nan, 1.0), (nan, nan)])
def test_a_select_compares(symbol, x, y):
    program = Program([X, ("input", 1), (f"if{symbol}", 0, 1, 1, 0)], ["x", "y"], [2])
    assert bits(program.run([x, y])) == bits([y if eval(f"x {symbol} y") else x])


def test_the_text_shows_names_and_guards():
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
            r"instruction 1, \('mul', 0, 1\): an operand must be an earlier instruction",
        ),
        (("mul", 0, -1), "an operand must be an earlier"),
        (("mul", 0), r"mul takes x, y; got 1 operands"),
        (("exp", 0, 0), "exp takes x; got 2 operands"),
        (("dot", 0, 0), r"dot takes w, x, bias; got 2 operands"),
        (("dot",), "dot takes w, x, bias; got 0 operands"),
        (("mul", 0.0, 0), "operands must be indices of instructions"),
        (("mul", True, 0), "operands must be indices of instructions"),
        (("sine", 0), "there is no operation 'sine'"),
        ((["mul"], 0, 0), r"there is no operation \['mul'\]"),
        (("if", 0, 0, 0, 0), "there is no operation 'if'"),
        (("if<", 0, 0, 0), "a select takes 4 operands"),
        (("stop", 0, 0), "stop takes 1 operand"),
        (("input", 2), "the program has 2 inputs"),
        (("input", -1), "the program has 2 inputs"),
        (("input",), "the program has 2 inputs"),
        (("const", 1), "a const takes a float"),
        (("const",), "a const takes a float"),
        ((), "an instruction must be a tuple of an operation and its operands"),
        (["mul", 0, 0], "an instruction must be a tuple of an operation and its operands"),
    ],
    ids=repr,
)
def test_malformed_instructions_are_named(instruction, problem):
    with pytest.raises(ProgramError, match=problem):
        check(Program([X, instruction], ["x", "y"], [0]))


@pytest.mark.parametrize(
    "outputs, guards, problem",
    [
        ([1], [], "output 1 must be an instruction; the code has 1"),
        ([-1], [], "output -1 must be an instruction"),
        ([0.0], [], "output 0.0 must be an instruction"),
        ([0], [Guard("<", 0, 1, True)], "operand of a guard 1 must be an instruction"),
        ([0], [Guard("<>", 0, 0, True)], "a guard compares with one of < <= > >= == !=, got '<>'"),
    ],
)
def test_malformed_outputs_and_guards_are_named(outputs, guards, problem):
    with pytest.raises(ProgramError, match=problem):
        check(Program([X], ["x"], outputs, guards))


@pytest.mark.parametrize("operands, value", [((), 0.0), ((0,), 3.0), ((0, 0, 0), 9.0)])
def test_a_fold_takes_any_number_of_operands(operands, value):
    assert Program([X, ("sum", *operands)], ["x"], [1]).run([3.0]) == [value]


def test_a_builder_appends_each_input_and_number_once():
    builder = Builder(["x"])
    indices = [
        builder.input(0),
        builder.constant(0.0),
        builder.constant(nan),
        builder.constant(-0.0),
    ]
    again = [builder.input(0), builder.constant(0.0), builder.constant(nan), builder.constant(-0.0)]
    assert indices == again == [0, 1, 2, 3]
    assert bits([builder.numbers[1], builder.numbers[3]]) == bits([0.0, -0.0])
    assert 0 not in builder.numbers


def test_outputs_and_guards_keep_code_alive():
    code = [X, ("exp", 0), ("log", 0), ("neg", 1), ("sin", 0)]
    program = Program(code, ["x"], [3], [Guard("<", 4, 0, True)])
    assert live_instructions(program) == [True, True, False, True, True]


def test_rewriting_drops_and_renumbers():
    code = [("const", 1.0), X, ("const", 1.0), ("add", 0, 1), ("exp", 1), ("mul", 3, 2)]
    program = Program(code, ["x"], [5], [Guard("<", 3, 2, True, "f.py:1")])
    builder = Builder(program.inputs)
    new, guards = rewrite(program, builder, builder.emit)
    assert new == [0, 1, 0, 2, -1, 3]
    assert builder.code == [("const", 1.0), X, ("add", 0, 1), ("mul", 2, 0)]
    assert guards == (Guard("<", 2, 0, True, "f.py:1"),)
