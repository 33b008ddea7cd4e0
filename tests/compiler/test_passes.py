"""Passes: what each rewrites, what each must leave, and that no bit of a result changes."""

from __future__ import annotations

from math import inf, nan

import pytest
from compiler.programs import Case, bits, cases, edges, first_failure, of, of_row
from hypothesis import given, settings
from strategies import ROWS

from autograd_scalar.compiler.ir.algebra import algebra
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.ir.rules import is_primitive
from autograd_scalar.compiler.ir.simplify import (
    apply_rules,
    fold_constants,
    remove_dead_code,
    simplify,
)
from autograd_scalar.ops import ieee
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE

X, Y = 0, 1


def program(*code: tuple, outputs: tuple[int, ...] = ()) -> Program:
    """Return a program of x and y, instructions 0 and 1; the code follows, and its last result is the output."""
    whole = [("input", 0), ("input", 1), *code]
    return Program(whole, ["x", "y"], outputs or [len(whole) - 1])


def lines(program: Program) -> list[str]:
    return [line.strip() for line in str(program).splitlines()]


# ----- dead code -----


def test_dead_code_is_removed():
    p = program(("exp", X), ("mul", X, Y), ("log", 2), ("neg", 3))
    assert lines(p) == ["x, y -> t5", "t2 = exp(x)", "t3 = x * y", "t4 = log(t2)", "t5 = -t3"]
    assert lines(remove_dead_code(p)) == ["x, y -> t3", "t2 = x * y", "t3 = -t2"]


def test_operands_of_guards_and_unused_inputs_are_kept():
    p = Program([("input", 1), ("exp", 0), ("neg", 0)], ["x", "y"], [2], [Guard("<", 1, 0, True)])
    assert lines(remove_dead_code(p)) == [
        "x, y -> t2",
        "t1 = exp(y)",
        "t2 = -y",
        "guard t1 < y is True",
    ]


# ----- constant folding -----


def test_operations_on_numbers_are_folded():
    p = program(("const", 0.0), ("exp", 2), ("add", 3, 3), ("mul", 4, X))
    assert lines(p) == ["x, y -> t5", "t3 = exp(0.0)", "t4 = t3 + t3", "t5 = t4 * x"]
    assert lines(remove_dead_code(apply_rules(p, [fold_constants]))) == [
        "x, y -> t2",
        "t2 = 2.0 * x",
    ]


@pytest.mark.parametrize("number", [0.0, -0.0, inf, nan])
def test_folding_follows_ieee_754(number):
    p = remove_dead_code(
        apply_rules(
            program(("const", number), ("const", -0.0), ("truediv", 2, 3)), [fold_constants]
        )
    )
    assert len(p) == 1
    assert bits(p.run([1.0, 1.0])) == bits([ieee.div(number, -0.0)])


def test_a_select_between_numbers_is_resolved():
    one, two = ("const", 1.0), ("const", 2.0)
    p = program(
        one, two, ("if<", 2, 3, X, Y), ("if>=", 2, 3, X, Y), ("if<", X, Y, 4, 4), outputs=(4, 5, 6)
    )
    assert lines(p)[1:] == [
        "t4 = x if 1.0 < 2.0 else y",
        "t5 = x if 1.0 >= 2.0 else y",
        "t6 = t4 if x < y else t4",
    ]
    assert lines(apply_rules(p, [fold_constants, algebra])) == ["x, y -> x, y, x"]


def test_a_select_that_depends_on_an_input_is_kept():
    p = program(
        ("const", 1.0), ("if<", X, 2, X, 2), ("if==", X, X, X, Y), ("sum", 2, 2), outputs=(3, 4, 5)
    )
    assert lines(apply_rules(p, [fold_constants])) == lines(p)


# ----- common subexpressions -----


def test_an_operation_on_the_same_operands_is_computed_once():
    p = of("(x * y + exp(x)) * (y * x + exp(x))")
    assert lines(p)[1:] == [
        "t2 = x * y",
        "t3 = exp(x)",
        "t4 = t2 + t3",
        "t5 = y * x",
        "t6 = exp(x)",
        "t7 = t5 + t6",
        "t8 = t4 * t7",
    ]
    assert lines(apply_rules(p, [], share=True))[1:] == [
        "t2 = x * y",
        "t3 = exp(x)",
        "t4 = t2 + t3",
        "t5 = t4 * t4",
    ]


def test_operations_that_do_not_commute_are_not_shared():
    p = of(
        "(x - y) * (y - x) + x / y * (y / x) + pow(x, y) * pow(y, x) + maximum(x, y) * maximum(y, x)"
    )
    assert len(apply_rules(p, [], share=True)) == len(p)


def test_selects_are_shared_only_where_all_operands_are():
    p = program(("if<", X, Y, X, Y), ("if<", X, Y, X, Y), ("if<", X, Y, Y, X), ("if>", X, Y, X, Y))
    p = Program(p.code, p.inputs, [2, 3, 4, 5])
    assert lines(apply_rules(p, [], share=True))[0] == "x, y -> t2, t2, t3, t4"


def test_simplifying_one_program_leaves_no_trace_in_the_next():
    p = of("exp(x)")
    assert str(simplify(p)) == str(simplify(p)) == str(p)


# ----- lowering -----


@pytest.mark.parametrize(
    "op, operands, expected",
    [
        ("pos", 1, ["x0 -> x0"]),
        ("relu", 1, ["x0 -> t2", "t2 = 0.0 if x0 <= 0.0 else x0"]),
        ("pow_const", 2, ["x0, x1 -> t2", "t2 = x0 ** x1"]),
        ("exp", 1, ["x0 -> t1", "t1 = exp(x0)"]),
        ("mod", 2, [
            "x0, x1 -> t11", "t2 = fmod(x0, x1)", "t4 = t2 + x1", "t5 = t2 + 0.0", "t6 = t4 if t2 < 0.0 else t5",
            "t7 = t2 + x1", "t8 = 0.0 - t2", "t9 = -t8", "t10 = t7 if t2 > 0.0 else t9",
            "t11 = t6 if x1 > 0.0 else t10",
        ]),
        ("dot", 5, [
            "x0, x1, x2, x3, x4 -> t8", "t5 = x0 * x2", "t6 = x4 + t5", "t7 = x1 * x3", "t8 = t6 + t7",
        ]),
        ("sum", 0, ["-> 0.0"]),
        ("sum", 2, ["x0, x1 -> t4", "t3 = 0.0 + x0", "t4 = t3 + x1"]),
    ],
)  # fmt: skip
def test_a_row_is_lowered_to_primitives(op, operands, expected):
    builder = Builder([f"x{k}" for k in range(operands)])
    p = builder.program([builder.emit(op, *map(builder.input, range(operands)))])
    assert lines(lower(p)) == expected


@settings(max_examples=50)
@given(case=cases())
def test_lowered_programs_hold_primitives_alone(case: Case):
    ops = {op for op, *_ in lower(case.program).code} - {"input", "const"}
    assert all(map(is_primitive, ops))
    assert not any(TABLE[op].lists for op in ops if op in TABLE)


# ----- bits -----


@pytest.mark.slow
@settings(max_examples=150)
@given(case=cases())
def test_every_pass_keeps_every_bit(case: Case):
    program, points = case
    program = differentiate(program, range(len(program.inputs)))
    lowered = lower(program)
    results = [
        lowered,
        remove_dead_code(program),
        simplify(program),
        simplify(lowered),
        simplify(simplify(lowered)),
    ]
    results += [
        apply_rules(lowered, [fold_constants]),
        apply_rules(lowered, [algebra]),
        apply_rules(lowered, [], share=True),
    ]
    for point in points:
        expected, failed = bits(program.run(point)), first_failure(program, point)
        for result in results:
            assert bits(result.run(point)) == expected
            assert first_failure(result, point) == failed


@pytest.mark.parametrize("name", ROWS)
def test_every_row_keeps_its_bits_at_the_edges(name):
    row, program = TABLE[name], of_row(name)
    for point in edges(program):
        operands = row.split([*point, 2.5] if row.fixed else point)
        z, partials = evaluate(name, *operands)
        gradient = [partial + 0.0 for partial in partials[: len(point)]]
        assert bits(program.run(point)) == bits([z, *gradient])


@settings(max_examples=50)
@given(case=cases())
def test_simplifying_twice_is_simplifying_once(case: Case):
    once = simplify(lower(case.program))
    assert str(simplify(once)) == str(once)
