"""Typed expressions: Values for valid ones, an error with the column for others."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_scalar.functions as F
from autograd_scalar import Value, define_op, topological_order
from autograd_scalar.ops.table import TABLE, public
from autograd_scalar.parser import CONSTANTS, MAX_DEPTH, MAX_LENGTH, Formula, ParseError

NAMES = ("w", "x", "b")


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    unary = [row.name for row in public() if row.operands == ("x",) and not row.lists]
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("-({})".format, inner),
        st.builds("({}) ** {}".format, inner, st.sampled_from(["2", "-1", "0.5", "(1/3)", "x"])),
        st.builds("{}({})".format, st.sampled_from(unary), inner),
        st.builds("maximum({}, {})".format, inner, inner),
        st.builds("sum([{}, {}])".format, inner, inner),
        st.builds("dot([{}, w], [x, {}], b)".format, inner, inner),
    )


expressions = st.recursive(
    st.sampled_from([*NAMES, "pi", "2", "0.5", "1e-3", "-3"]), _nested, max_leaves=12
)


@pytest.mark.slow
@given(expressions, st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3))
def test_a_formula_is_what_python_makes_of_the_text(text: str, numbers: list[float]) -> None:
    """Values and gradients are those of the text run as Python over Values."""
    ours = {name: Value(number) for name, number in zip(NAMES, numbers, strict=True)}
    theirs = {name: Value(number) for name, number in zip(NAMES, numbers, strict=True)}
    functions = {name: getattr(F, name) for name in TABLE}
    constants = {name: Value(number) for name, number in CONSTANTS.items()}
    try:
        expected = eval(text, functions | constants | theirs)
    except (
        ZeroDivisionError,
        OverflowError,
        TypeError,
    ):  # on plain numbers Python does not follow IEEE 754
        assume(False)
    assume(isinstance(expected, Value))
    formula = Formula(text)
    y = formula(**{name: ours[name] for name in formula.names if name in ours})
    y.backward()
    expected.backward()
    for name in NAMES:
        assert ours[name].grad == pytest.approx(theirs[name].grad, rel=1e-12, nan_ok=True)
    assert y.data == pytest.approx(expected.data, rel=1e-12, nan_ok=True)


def test_numbers_become_leaves_and_names_label_theirs() -> None:
    y = Formula("tanh(w*x + b)")(w=2, x=-3, b=6.88)
    leaves = {v.label: v.data for v in topological_order(y) if not v.op}
    assert leaves == {"w": 2.0, "x": -3.0, "b": 6.88}
    assert y.data == math.tanh(2 * -3 + 6.88)


def test_a_value_is_used_unchanged() -> None:
    x = Value(3.0, label="mine")
    y = Formula("x*x")(x=x)
    assert y.parents == (x, x)
    assert x.label == "mine"


def test_a_constant_exponent_is_not_recorded_as_a_variable() -> None:
    x = Value(-8.0)
    y = Formula("x ** (1/3 * 3)")(x=x)
    y.backward()
    assert (y.op, y.data, x.grad) == ("pow_const", -8.0, 1.0)
    assert Formula("2 ** x")(x=3).op == "pow"
    assert Formula("-x ** 2")(x=3).data == -9.0
    assert Formula("x % 3 + x // 3")(x=-7).data == -1.0
    assert Formula("x ** -2")(x=2).data == 0.25


def test_constants_are_known_and_can_be_replaced() -> None:
    area = Formula("pi * r ** 2")
    assert area.names == ["pi", "r"]
    assert area(r=2.0).data == math.pi * 4.0
    assert area(r=2.0, pi=3.0).data == 12.0
    assert Formula("e")().label == "e"
    assert Formula("-inf")().data == -math.inf
    assert math.isnan(Formula("nan")().data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(x, 2*x, 1)", 10.0),
        ("sum([x, 2*x, 1])", 10.0),
        ("mean(x, 1)", 2.0),
        ("max(x, 5, 1) - min([x, 5, 1])", 4.0),
        ("dot([x, 1], [2, 4])", 10.0),
        ("dot([x, 1], [2, 4], 0.5)", 10.5),
        ("logsumexp([0*x, 0])", math.log(2.0)),
        ("leaky_relu(-x)", -0.03),
        ("leaky_relu(-x, 0.5)", -1.5),
        ("where(x - 3, 1, 2)", 2.0),
        ("pow(x, 2) + abs(-x) + round(0.4)", 12.0),
        ("+x", 3.0),
        ("  x\n + 1", 4.0),
        ("1 / (x - 3)", math.inf),
        ("1e400 - x", math.inf),
        ("1" + "0" * 400, math.inf),
        ("0x10 + 1_000", 1016.0),
    ],
)
def test_values(text: str, value: float) -> None:
    formula = Formula(text)
    assert formula(**dict.fromkeys(formula.names, 3.0)).data == pytest.approx(value, abs=1e-12)


def test_user_operations_are_known() -> None:
    define_op("parser_cube", "x * x * x", "3.0 * x * x")
    assert Formula("parser_cube(x)")(x=2.0).op == "parser_cube"


def test_names_of_other_alphabets_and_their_columns() -> None:
    assert Formula("α*ö")(α=2.0, ö=3.0).data == 6.0
    with pytest.raises(ParseError, match=r"column 5: 'ö\.real'"):
        Formula("α + ö.real")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('ls')", "column 1: .*attributes are not allowed"),
        ("__import__('os')", "column 1: '__import__' is not understood: no such function; choose"),
        ("x.__class__", "column 1: .*attributes are not allowed"),
        ("().__class__.__bases__[0]", "column 1: .*subscripts are not allowed"),
        ("x + y[0]", r"column 5: 'y\[0\]' .*subscripts are not allowed"),
        ("2 * __x__", "column 5: '__x__' .*must begin with a letter"),
        ("lambda: 0", "column 1: 'lambda: 0' .*an expression consists of numbers"),
        ("(lambda: 0)()", "column 2: 'lambda: 0'"),
        ("tanh(x)(y)", r"column 1: 'tanh\(x\)'"),
        ("[v for v in x]", "column 1"),
        ("(y := 3)", "column 2: 'y := 3'"),
        ("'text'", "column 1: \"'text'\""),
        ("1 + f'{x}'", "column 5"),
        (r"'\d'", "column 1"),
        ("2j", "column 1: '2j'"),
        ("-2j", "column 2: '2j'"),
        ("True", "column 1: 'True'"),
        ("x, y", "column 1: 'x, y'"),
        ("[x, y]", "column 1: .*only be an operand of dot, sum"),
        ("not x", "column 1: 'not x'"),
        ("x and y", "column 1"),
        ("x @ 2", "column 1: 'x @ 2'"),
        ("x^2", r"column 1: 'x\^2' .*x \*\* 2"),
        ("1 + (x < y)", r"column 6: 'x < y' .*step\(x - y\)"),
        ("x if y else z", r"column 1: .*where\(c, x, y\)"),
        ("tahn(x)", "column 1: 'tahn' .*did you mean tan or tanh"),
        ("qqq(x)", "column 1: 'qqq' .*choose from .*abs, acos"),
        ("tanh()", r"column 1: .*call it as tanh\(x\)"),
        ("1 + atan2(x)", r"column 5: .*call it as atan2\(x, y\)"),
        ("leaky_relu(x, 1, 2)", r"call it as leaky_relu\(x, slope=0.01\)"),
        ("tanh(x=3)", "column 6: 'x=3' .*without names"),
        ("tanh(**x)", r"column 6: '\*\*x' .*without names"),
        ("tanh(*x)", r"column 6: '\*x'"),
        ("dot(x, y)", "column 5: 'x' .*expected a list"),
        ("dot([x], [x, y])", "column 1: .*lists of equal length"),
        ("dot([], [])", "column 1: .*at least one element"),
        ("sum()", "column 1: .*at least one operand"),
        ("mean([])", "column 1: .*at least one operand"),
        ("max(x, [y])", r"column 8: '\[y\]'"),
        ("2x", r"column 1: invalid decimal literal; write a product as 2\*x"),
        ("y = x", "column 3: invalid syntax; an expression consists of"),
        ("x**", "column 3: invalid syntax"),
        ("(x", "column 1: '\\(' was never closed"),
        ("import os", "column 1"),
        ("x; y", "column 2"),
        ("x\0y", "null bytes"),
        ("", "column 1: the expression is empty"),
        (" \n ", "column 1: the expression is empty"),
        ("9" * 5000, "Exceeds the limit"),
        ("x" * (MAX_LENGTH + 1), "column 10001: at most 10,000 characters are allowed, got 10,001"),
        ("+".join(["x"] * (MAX_DEPTH + 1)), "nested more than 500 levels deep; use sum"),
        ("-" * 9000 + "x", "column 1: the expression is nested too deeply"),
        ("(" * 300 + "x" + ")" * 300, "too many nested parentheses"),
        ("x" * 100 + ".y", r"column 1: 'x{36} \.\.\.'"),
    ],
)
def test_other_text_is_refused_with_its_column(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as refusal:
        Formula(text)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("column ")


@pytest.mark.slow
@given(st.text(max_size=60) | st.text(alphabet="xy12.()[]+-*/_'\", =:", max_size=40))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    try:
        formula = Formula(text)
    except ParseError as refusal:
        assert str(refusal).startswith("column ")
    else:
        assert isinstance(formula(**dict.fromkeys(formula.names, 1.0)), Value)


def test_names_and_values_must_match() -> None:
    formula = Formula("w*x + e")
    with pytest.raises(ValueError, match="no value is given for w, x"):
        formula()
    with pytest.raises(
        ValueError, match="given for y, but the names in the expression are w, x, e"
    ):
        formula(w=1, x=2, y=3)
    with pytest.raises(ValueError, match="given for y, but the names in the expression are none"):
        Formula("1 + 2")(y=3)
    with pytest.raises(ValueError, match=r"for tanh; tanh is a function, as in tanh\(x\)"):
        Formula("tanh * 2")()
    with pytest.raises(TypeError, match=r"got 'two' \(str\)"):
        formula(w="two", x=2)  # type: ignore[arg-type]


def test_repr_shows_the_text() -> None:
    assert repr(Formula(" w*x ")) == "Formula('w*x')"
