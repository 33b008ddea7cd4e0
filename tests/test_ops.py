"""Every row of the table against oracles; no test treats one operation specially."""

from __future__ import annotations

import ast
import itertools
import math
import random
import struct
from math import inf, isfinite, nan

import oracles
import pytest
from differences import row_problems
from strategies import CONSTANT_OPERANDS, ROWS, domains, flat_operands

import autograd_scalar as ag
from autograd_scalar import Value, functions
from autograd_scalar.ops import ieee
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD

EDGES = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1.0,
    -1.0,
    0.5,
    3.0,
    1000.0,
    -1000.0,
    1e300,
    -1e300,
    inf,
    -inf,
    nan,
]


def points(name: str, count: int) -> list[list[float]]:
    """Return random points of a row's domain, reproducibly."""
    source = random.Random(name)
    return [[source.uniform(*interval) for interval in domains(name)] for _ in range(count)]


def edges(name: str) -> list[list[float]]:
    length = 2 if len(flat_operands(name, 2)) < 4 else 1
    return [
        list(point) for point in itertools.product(EDGES, repeat=len(flat_operands(name, length)))
    ]


def constants(name: str) -> list[int]:
    return [
        i for i, operand in enumerate(flat_operands(name)) if (name, operand) in CONSTANT_OPERANDS
    ]


def bits(numbers: object) -> bytes:
    """Return floats as bytes, so that 0.0 and -0.0 differ and nan equals nan."""
    flat = [
        nan if x != x else x for x in (numbers if isinstance(numbers, tuple | list) else [numbers])
    ]
    assert all(type(x) is float for x in flat), flat
    return struct.pack(f"{len(flat)}d", *flat)


def test_every_row_has_an_oracle():
    assert {*oracles.COMPUTED, *oracles.CHOSEN} == {*ROWS}
    assert not oracles.COMPUTED.keys() & oracles.CHOSEN.keys()
    assert oracles.EDGES.keys() <= oracles.COMPUTED.keys()


# ----- values -----


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_value_over_the_domain(name):
    for point in points(name, 50):
        operands = TABLE[name].split(point)
        assert evaluate(name, *operands)[0] == pytest.approx(
            oracles.expected(name, *operands), rel=1e-14, abs=4e-16
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_value_at_the_edges(name):
    wrong = []
    for point in edges(name):
        operands = TABLE[name].split(point)
        got, want = evaluate(name, *operands)[0], oracles.expected(name, *operands)
        fits = (
            got == want
            or (got != got and want != want)
            or abs(got - want) <= max(2e-15 * abs(want), 5e-324)
        )
        sign_is_fixed = want == 0.0 and oracles.at_edge(name, *operands) is not None
        if not fits or (sign_is_fixed and bits(got) != bits(want)):
            wrong.append(f"{name}{tuple(operands)} is {want}, not {got}")
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_eager_evaluate_and_function_are_equal_to_the_last_bit(name):
    row = TABLE[name]
    for point in [*edges(name), *points(name, 20)]:
        operands = row.split(point)
        value, partials = evaluate(name, *operands)
        as_values = row.split([Value(x) for x in point])
        recorded = RECORD[name](*as_values)
        assert bits(recorded.data) == bits(value), (name, point)
        assert bits(recorded.partials) == bits(partials), (name, point)
        assert bits(getattr(functions, name)(*operands)) == bits(value), (name, point)
        through_function = getattr(functions, name)(*as_values)
        assert bits(through_function.data) == bits(value)
        assert (recorded.op, len(recorded.parents)) == (name, len(point))


@pytest.mark.parametrize("name", ROWS)
def test_parents_are_the_operands_in_order_with_repeats(name):
    row = TABLE[name]
    same = Value(0.75)
    flat = [same for _ in flat_operands(name)]
    assert RECORD[name](*row.split(flat)).parents == tuple(flat)
    different = [Value(x) for x in points(name, 1)[0]]
    assert RECORD[name](*row.split(different)).parents == tuple(different)


@pytest.mark.parametrize("name", ROWS)
def test_function_takes_numbers_and_values_mixed_and_by_keyword(name):
    row, (point,) = TABLE[name], points(name, 1)
    value, partials = evaluate(name, *row.split(point))
    for i in range(len(point)):
        mixed = [Value(x) if i == j else x for j, x in enumerate(point)]
        y = getattr(functions, name)(*row.split(mixed))
        assert (y.op, y.data) == (name, value) or name == "pow"  # pow of a constant is pow_const
        y.backward()
        assert mixed[i].grad == partials[i]
    names = [operand + "s" if operand in row.lists else operand for operand in row.operands]
    assert getattr(functions, name)(**dict(zip(names, row.split(point), strict=True))) == value


@pytest.mark.parametrize("name", ROWS)
def test_recompute_agrees_with_recording_again(name):
    row, (before, after) = TABLE[name], points(name, 2)
    xs = [Value(x) for x in before]
    y = RECORD[name](*row.split(xs))
    for target in [after, *edges(name)[:60]]:
        if len(target) != len(xs):
            continue
        for x, data in zip(xs, target, strict=True):
            x.data = data
        y.recompute()
        value, partials = evaluate(name, *row.split(target))
        assert bits(y.data) == bits(value)
        assert bits(y.partials) == bits(partials)


# ----- derivatives -----


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_first_and_second_derivatives_by_finite_differences(name):
    for point in points(name, 20):
        assert row_problems(name, point, constants(name)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ROWS if name in oracles.COMPUTED])
def test_first_and_second_derivatives_by_mpmath(name):
    row = TABLE[name]
    positions = [i for i in range(len(flat_operands(name))) if i not in constants(name)]
    for point in points(name, 3):
        xs = [Value(x) for x in point]
        y = RECORD[name](*row.split(xs))
        dy = ag.gradient(y, xs, create_graph=True)
        for i in positions:
            first = oracles.derivative(name, point, row.split, i)
            assert y.partials[i] == pytest.approx(first, rel=1e-13, abs=1e-14)
            assert dy[i].data == pytest.approx(first, rel=1e-13, abs=1e-14)
            second = ag.gradient(dy[i], xs)
            for j in positions:
                truth = oracles.derivative(name, point, row.split, i, j)
                assert second[j] == pytest.approx(truth, rel=1e-11, abs=1e-12)


#: Derivatives at kinks, ties, poles and infinities: the row, its operands, its partial derivatives.
DECREED = [
    ("relu", (0.0,), (0.0,)),
    ("relu", (-0.0,), (0.0,)),
    ("abs", (0.0,), (0.0,)),
    ("leaky_relu", (0.0, 0.01), (0.01, 0.0)),
    ("elu", (0.0, 1.0), (1.0, 0.0)),
    ("maximum", (2.0, 2.0), (0.5, 0.5)),
    ("minimum", (2.0, 2.0), (0.5, 0.5)),
    ("maximum", (inf, inf), (0.5, 0.5)),
    ("maximum", (-inf, -inf), (0.5, 0.5)),
    ("minimum", (inf, inf), (0.5, 0.5)),
    ("maximum", (inf, 1.0), (1.0, 0.0)),
    ("minimum", (inf, -inf), (0.0, 1.0)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("step", (0.0,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("copysign", (-3.0, -0.0), (1.0, 0.0)),
    ("copysign", (0.0, -2.0), (-0.0, 0.0)),
    ("floor", (2.0,), (0.0,)),
    ("round", (2.5,), (0.0,)),
    ("trunc", (-2.0,), (0.0,)),
    ("floordiv", (6.0, 3.0), (0.0, 0.0)),
    ("mod", (6.0, 3.0), (1.0, -2.0)),
    ("mod", (-7.0, 3.0), (1.0, 3.0)),
    ("fmod", (-7.0, 3.0), (1.0, 2.0)),
    ("clip", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (5.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
    ("clip", (-5.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("clip", (2.0, -inf, inf), (1.0, 0.0, 0.0)),
    ("where", (0.0, 2.0, 3.0), (0.0, 0.0, 1.0)),
    ("where", (-0.5, 2.0, 3.0), (0.0, 1.0, 0.0)),
    ("pow", (0.0, 0.0), (0.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 0.5), (inf, 0.0)),
    ("pow", (0.0, -1.0), (-inf, -inf)),
    ("pow_const", (0.0, 0.0), (0.0, 0.0)),
    ("pow_const", (0.0, 1.0), (1.0, 0.0)),
    ("pow_const", (0.0, 0.5), (inf, 0.0)),
    ("pow_const", (0.0, -1.0), (-inf, 0.0)),
    ("pow_const", (-8.0, 3.0), (192.0, 0.0)),
    ("log", (0.0,), (inf,)),
    ("sqrt", (0.0,), (inf,)),
    ("cbrt", (0.0,), (inf,)),
    ("asin", (1.0,), (inf,)),
    ("acos", (-1.0,), (-inf,)),
    ("acosh", (1.0,), (inf,)),
    ("atanh", (1.0,), (inf,)),
    ("log1p", (-1.0,), (inf,)),
    ("truediv", (1.0, 0.0), (inf, -inf)),
    ("lgamma", (0.0,), (-inf,)),
    ("digamma", (0.0,), (inf,)),
    ("digamma", (-2.0,), (inf,)),
    ("digamma", (inf,), (0.0,)),
    ("tanh", (1000.0,), (0.0,)),
    ("sigmoid", (-1000.0,), (0.0,)),
    ("softplus", (1000.0,), (1.0,)),
    ("exp", (1000.0,), (inf,)),
    ("logsumexp", ([1000.0, -1000.0],), (1.0, 0.0)),
]


@pytest.mark.parametrize(("name", "operands", "partials"), DECREED)
def test_derivatives_at_kinks(name, operands, partials):
    assert evaluate(name, *operands)[1] == partials
    row = TABLE[name]
    xs = [Value(x) for o in operands for x in (o if isinstance(o, list) else [o])]
    y = getattr(functions, name)(*row.split(xs))
    assert ag.gradient(y, xs) == list(partials)
    assert [dx.data for dx in ag.gradient(y, xs, create_graph=True)] == list(partials)


#: Rows whose derivatives do not depend on the operands.
LINEAR = {"add", "sub", "neg", "pos", "sum", "where"}


@pytest.mark.parametrize("name", [name for name in ROWS if name not in LINEAR])
def test_a_nan_operand_gives_nan_derivatives(name):
    row = TABLE[name]
    partials = evaluate(name, *row.split([nan for _ in flat_operands(name)]))[1]
    trees = dict(zip(row.operands, row.partial_trees, strict=True))
    for operand, partial in zip(flat_operands(name), partials, strict=True):
        assert partial != partial or isinstance(trees[operand], ast.Constant), operand


ACTIVATIONS = ["sigmoid", "softplus", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh"]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("x", [1000.0, -1000.0, 1e300, -1e300, 1e-300, -5e-324])
def test_activations_are_finite_for_every_finite_input(name, x):
    v = Value(x)
    y = getattr(v, name)()
    first = ag.gradient(y, v, create_graph=True)
    second = ag.gradient(first, v)
    assert isfinite(y.data) and isfinite(first.data) and isfinite(second)
    assert first.data == ag.gradient(y, v)


@pytest.mark.parametrize("x", [1e-200, 1e200, -1e200])
def test_atan2_has_a_derivative_even_if_the_squares_overflow(x):
    assert evaluate("atan2", x, x)[1] == pytest.approx((0.5 / x, -0.5 / x), rel=1e-14)


# ----- malformed rows, and user rows -----

MALFORMED = [
    (("no name", "x", "1.0"), "expected an identifier"),
    (("q", "x +", "1.0"), "invalid syntax"),
    (("q", "", "1.0"), "row 'q'"),
    (("q", "x, x", "1.0"), "row 'q'"),
    (("q", "foo(x)", "1.0"), "'foo' is not a function"),
    (("q", "w * x", "w"), "unknown name 'w'"),
    (("q", "x", "z * w"), "unknown name 'w'"),
    (("q", "x * z", "1.0"), "unknown name 'z'"),
    (("q", "x * y", "y"), "need 2 partial derivatives, got 1"),
    (("q", "x", "1.0, 2.0"), "need 1 partial derivatives, got 2"),
    (("q", "x", "1.0 if x > 0 else 0.0"), "it branches"),
    (("q", "x", "x > 0"), "it branches"),
    (("q", "x.real", "1.0"), "'x.real' is not an expression of"),
    (("q", "x[0]", "1.0"), "is not an expression of"),
    (("q", "__import__('os').system('true')", "1.0"), "is not an expression of"),
    (("q", "'a'", "1.0"), "is not an expression of"),
    (("q", "1j * x", "1.0"), "is not an expression of"),
    (("q", "lambda: x", "1.0"), "is not an expression of"),
    (("q", "x if 0 < x < 1 else 2", "1.0"), "is not an expression of"),
    (("q", "x % 2", "1.0"), "is not an expression of"),
    (("q", "exp(x=x)", "1.0"), "is not an expression of"),
    (("q", "exp(*x)", "1.0"), "row 'q'"),
    (("q", "relu(x, x)", "1.0"), "relu"),  # relu takes one operand
    (("q", "exp(x, x)", "1.0"), "exp"),
    (("q", "x", "clip(x)"), "clip"),
    (("q", "logsumexp(x)", "1.0"), "logsumexp"),  # needs a list
    (("q", "q(x)", "1.0"), "q"),  # recursive
    (("q", "x > 0", "0.0"), "row 'q'"),  # a bool is not a number
    (("q", "x + 1" + "0" * 400, "1.0"), "row 'q'"),  # too large for a float
    (("q", "x", "1.0", "{w}"), "unknown operand 'w' in its LaTeX"),
    (("q", "x", "1.0", "{x"), "row 'q'"),
    (("q", "x", "1.0", "{}"), "row 'q'"),
    (("q", 3, "1.0"), "q"),
    (("q", "x", 1.0), "q"),
    ((3, "x", "1.0"), "row 3: expected its texts as str"),
    (("exp", "x", "1.0"), "'exp': the name is taken by a built-in operation"),
    (("data", "x", "1.0"), "'data': the name is taken"),
    (("backward", "x", "1.0"), "'backward': Value has an attribute of that name"),
    (("lambda", "x", "1.0"), "lambda"),
    (("None", "x", "1.0"), "None"),
    (("_half", "0.5 * x", "0.5"), "without a leading underscore"),
    (("__len__", "x", "1.0"), "__len__"),
    (("__array__", "x", "1.0"), "__array__"),
    (("__index__", "x", "1.0"), "__index__"),
]


@pytest.mark.parametrize(("arguments", "message"), MALFORMED, ids=lambda a: repr(a)[:40])
def test_a_malformed_row_is_refused_by_name(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message) as raised:
        try:
            ag.define_op(*arguments)
        finally:  # no half-defined row is left behind; a wrongly accepted one is removed
            left_behind = arguments[0] in TABLE and arguments[0] not in ROWS
            if left_behind:
                TABLE.pop(arguments[0])
                delattr(Value, arguments[0])
    assert not left_behind
    assert "\n" not in str(raised.value)


def test_built_in_rows_are_checked_too():
    with pytest.raises(
        ValueError, match="row 'half': a row needs a start if it has a list operand"
    ):
        Op("half", "x * 0.5", "0.5", start="0.0").check(TABLE)
    with pytest.raises(
        ValueError, match="row 'total': a row needs a start if it has a list operand"
    ):
        Op("total", "z + x", "1.0", operands="*x").check(TABLE)
    with pytest.raises(ValueError, match="row 'half': 'bisect' is not a function"):
        Op("half", "bisect(x)", "0.5").check(TABLE)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_built_in_rows_are_well_formed(row):
    row.check(TABLE)


def test_private_rows_are_neither_methods_nor_functions_of_the_package():
    private = [name for name, row in TABLE.items() if row.is_private]
    assert private
    for name in private:
        assert not hasattr(ag, name) and not hasattr(Value, name)
        assert name not in {*dir(ag), *ag.__all__}


PLAIN = [
    name
    for name in ROWS
    if not TABLE[name].lists
    and TABLE[name].operands in {("x",), ("x", "y")}
    and TABLE[name].fixed is None  # whose derivative of 0 define_op would refuse
]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_a_user_row_with_the_same_texts_agrees(name):
    row = TABLE[name]
    ours = f"our_{name}"
    function = ag.define_op(ours, row.value, row.partials, row.latex)
    for point in [*points(name, 3), *edges(name)]:
        value, partials = evaluate(name, *point)
        y = function(*map(Value, point))
        assert (bits(y.data), bits(y.partials), y.op) == (bits(value), bits(partials), ours)
        assert bits(function(*point)) == bits(value)
        assert bits(getattr(Value(point[0]), ours)(*point[1:]).data) == bits(value)
    for point in points(name, 5):
        assert row_problems(ours, point, constants(name)) == []


@pytest.mark.parametrize("name", ROWS)
def test_repr_of_a_row(name):
    row = TABLE[name]
    assert repr(row) == f"Op({name!r}, {row.value!r}, {row.partials!r})"
    assert row.value in getattr(functions, name).__doc__ or name == "pow"
    shown = row.latex.format(**dict.fromkeys(row.operands, "a"))
    assert shown.count("{") == shown.count("}")


def test_symbols_of_operators():
    symbols = {TABLE[name].symbol for name in ("add", "sub", "mul", "truediv", "pow", "pow_const")}
    assert symbols == {"+", "-", "*", "/", "**"}
    assert (TABLE["neg"].symbol, TABLE["tanh"].symbol) == ("-", "tanh")
    assert (
        TABLE["add"].precedence
        < TABLE["mul"].precedence
        < TABLE["pow"].precedence
        < TABLE["exp"].precedence
    )


def test_redefining_a_user_row_reaches_the_rows_that_call_it():
    ag.define_op("inner_row", "x * x", "2.0 * x")
    outer = ag.define_op("outer_row", "inner_row(x) + 1.0", "2.0 * x")
    assert (outer(Value(3.0)).data, outer(3.0)) == (10.0, 10.0)
    ag.define_op("inner_row", "x * x * x", "3.0 * x * x")
    assert (outer(Value(3.0)).data, outer(3.0), evaluate("outer_row", 3.0)[0]) == (28.0, 28.0, 28.0)
    assert Value(3.0).inner_row().partials == (27.0,)
    assert ag.inner_row(2.0) == 8.0


def test_a_recursive_redefinition_is_refused():
    ag.define_op("circle_a", "x * x", "2.0 * x")
    circle_b = ag.define_op("circle_b", "circle_a(x)", "2.0 * x")
    with pytest.raises(ValueError, match="circle_a"):
        ag.define_op("circle_a", "circle_b(x)", "2.0 * x")
    assert circle_b(Value(3.0)).data == 9.0


@pytest.mark.parametrize(
    "value", ["1.0 if (x < y) < 0.5 else 2.0", "x > 0", "x < y < 1.0", "1.0 if x else 2.0"]
)
def test_a_comparison_is_allowed_only_as_a_condition(value):
    with pytest.raises(ValueError, match="'compares_truth'"):
        ag.define_op("compares_truth", value, "0.0, 0.0")


@pytest.mark.usefixtures("wrong_rows_allowed")
def test_an_inlined_argument_keeps_its_parentheses():
    nested = ag.define_op("nested_rows", "relu(x - y) * where(x, x - 1.0, y) - neg(-x)", "0.0, 0.0")
    assert nested(Value(5.0), 2.0).data == 3.0 * 4.0 - 5.0
    assert nested(Value(0.0), 2.0).data == 0.0


def test_a_user_row_that_raises_falls_back_to_ieee():
    inverse = ag.define_op("our_inverse", "1.0 / x", "-z / x")
    y = inverse(Value(0.0))
    assert (y.data, y.partials) == (inf, (-inf,))
    assert inverse(-0.0) == -inf


def test_a_redefined_row_keeps_recorded_graphs_consistent_or_raises():
    ag.define_op("changes_arity", "x * x", "2.0 * x")
    x = Value(3.0)
    y = x.changes_arity()
    ag.define_op("changes_arity", "x * y", "y, x")
    y.backward()
    assert x.grad == 6.0  # as recorded
    with pytest.raises((TypeError, ValueError), match="changes_arity"):
        y.recompute()


def test_hypot_of_nan_is_nan_after_an_overflow():
    """Python's abs of a complex nan raises OverflowError if the C library's last error was one."""
    for operands in ((1.0, math.nan), (math.nan, 1.0), (math.nan, math.nan)):
        with pytest.raises(OverflowError):
            math.exp(1000.0)
        assert math.isnan(ieee.hypot(*operands))
    assert ieee.hypot(math.inf, math.nan) == ieee.hypot(math.nan, -math.inf) == math.inf
    assert ieee.hypot(1e308, 1.5e308) == math.inf
