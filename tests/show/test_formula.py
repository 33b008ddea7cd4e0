"""Formulas: the text evaluates to the value, the LaTeX can be typeset."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from matplotlib.mathtext import MathTextParser
from strategies import ROWS, flat_operands, programs

from autograd_scalar import Value, functions, topological_order
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula.formula import infix, latex, latex_name
from autograd_scalar.value import restore

#: Rows that may jump with a rounding error in their operand.
JUMPING = {
    "floor",
    "ceil",
    "round",
    "trunc",
    "sign",
    "step",
    "where",
    "fmod",
    "mod",
    "floordiv",
    "copysign",
}
FUNCTIONS = {name: getattr(functions, name) for name in ROWS}


def evaluated(text: str, leaves: dict[str, float]) -> float:
    *definitions, last = text.split("\n")
    names = {**FUNCTIONS, **leaves}
    for definition in definitions:
        name, expression = definition.split(" = ")
        names[name] = eval(expression, names)
    return float(eval(last, names))


def compound(name: str) -> tuple[Value, dict[str, float]]:
    """Return a node of a row whose operands are all differences, and the leaves by name."""
    leaves: dict[str, float] = {}
    flat = []
    for place, operand in enumerate(flat_operands(name)):
        low, high = dict(zip(TABLE[name].operands, TABLE[name].domain, strict=True))[operand]
        leaves[f"p{place}"] = 0.25 * low + 0.75 * high + 0.5
        flat.append(Value(leaves[f"p{place}"], f"p{place}") - 0.5)
    return FUNCTIONS[name](*TABLE[name].split(flat)), leaves


@pytest.mark.parametrize("name", ROWS)
def test_every_rows_text_evaluates_to_its_value(name):
    v, leaves = compound(name)
    assert evaluated(infix(v), leaves) == pytest.approx(v.data, rel=1e-12)


@pytest.mark.slow
@given(programs(rows=[name for name in ROWS if name not in JUMPING]))
def test_a_graphs_text_evaluates_to_its_value(program):
    _, v = program.values()
    assume(math.isfinite(v.data))
    leaves = [node for node in topological_order(v) if not node.op]
    for place, leaf in enumerate(leaves):
        leaf.label = f"leaf{place}"
    text = infix(v, limit=40)
    assert evaluated(text, {leaf.label: leaf.data for leaf in leaves}) == pytest.approx(
        v.data, rel=1e-6, abs=1e-6
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ROWS if name != "where"])
def test_every_rows_latex_can_be_typeset(name):
    v, _ = compound(name)
    MathTextParser("path").parse(f"${latex(v)}$")


def test_cases_are_balanced():
    c, x = Value(1.0, "c"), Value(2.0, "x")
    text = latex(functions.where(c, x, 3.0))
    assert text == r"\begin{cases} x & c \neq 0 \\ 3 & \text{otherwise} \end{cases}"


x, y, b = Value(2.0, "x"), Value(3.0, "y"), Value(0.5, "b")
h = -x
WRITTEN = [
    (x * y + b, "x*y + b", r"x \, y + b"),
    (x - (y - b), "x - (y - b)", r"x - \left(y - b\right)"),
    ((x - y) - b, "x - y - b", "x - y - b"),
    (x / (y / b), "x/(y/b)", r"\frac{x}{\frac{y}{b}}"),
    (-(x**2), "-x**2", "-x^{2}"),
    ((-x) ** 2, "(-x)**2", r"\left(-x\right)^{2}"),
    (x**-1, "x**(-1)", "x^{-1}"),
    (x * -y, "x*(-y)", r"x \, \left(-y\right)"),
    (-h, "-(-x)", r"-\left(-x\right)"),
    (2 * (x * 3.0), "2*(x*3)", r"2 \, x \cdot 3"),
    ((x + y).tanh() ** 2, "tanh(x + y)**2", r"\left(\tanh \left(x + y\right)\right)^{2}"),
    ((x / y) ** 2, "(x/y)**2", r"\left(\frac{x}{y}\right)^{2}"),
    (+x * y, "x*y", r"x \, y"),
    (x * 1e-7, "x*1e-07", r"x \cdot 1 \times 10^{-7}"),
    (x - -3.0 * y, "x - (-3)*y", r"x - \left(-3\right) \, y"),
    (functions.sum([x, y - b]), "x + y - b", "x + y - b"),
    (functions.sum([x, -y]), "x + (-y)", r"x + \left(-y\right)"),
    (functions.sum([x]), "x", "x"),
    (functions.dot([x], [y]), "x*y", r"x \, y"),
    (functions.dot([x, y], [y, 2.0], b), "x*y + y*2 + b", r"x \, y + y \cdot 2 + b"),
    (functions.logsumexp([x, y]), "logsumexp([x, y])", r"\ln\left(e^{x} + e^{y}\right)"),
]


@pytest.mark.parametrize("v, text, tex", WRITTEN, ids=[text for _, text, _ in WRITTEN])
def test_parentheses_are_written_where_needed(v, text, tex):
    assert infix(v) == text
    assert latex(v) == tex


def test_an_operation_outside_the_table_is_written_as_a_call():
    v = restore(None, 1.0, 0.0, None, "my_call", (x, x + y), (1.0, 1.0))
    assert infix(v) == "my_call(x, x + y)"
    assert latex(v) == r"\mathrm{my\_call}\left(x, x + y\right)"


def test_a_subexpression_used_twice_is_named_by_its_label():
    h, k = x * y, x + y
    h.label = "h"
    v = h * h + k / k
    assert infix(v) == "h = x*y\nt1 = x + y\nh*h + t1/t1"
    v.label = "out"
    assert latex(v).splitlines() == [
        r"\begin{aligned}",
        r"h &= x \, y \\",
        r"t_{1} &= x + y \\",
        r"\mathrm{out} &= h \, h + \frac{t_{1}}{t_{1}}",
        r"\end{aligned}",
    ]


def test_generated_names_avoid_labels():
    t1 = Value(1.0, "t1")
    one, two = t1 + x, t1 * x
    one.label = two.label = "same"  # a label used twice is not a name
    assert infix(one * one + two * two) == "t2 = t1 + x\nt3 = t1*x\nt2*t2 + t3*t3"


@pytest.mark.slow
def test_long_subexpressions_are_named_and_doubling_stays_linear():
    v = x
    for _ in range(60):
        v = v + v
    assert len(infix(v)) < 2000
    v = x
    for _ in range(100_000):
        v = v * y
    lines = infix(v, limit=80).splitlines()
    assert max(map(len, lines)) < 100
    assert sum(line.count("*") for line in lines) == 100_000


@pytest.mark.parametrize(
    "label, tex",
    [
        ("x", "x"),
        ("w12", "w_{12}"),
        ("w_1", "w_{1}"),
        ("beta2", r"\beta_{2}"),
        ("W1_11", "W_{1,11}"),
        ("w[0][12]", "w_{0,12}"),
        ("w_ij", r"w_{\mathrm{ij}}"),
        ("x_t", "x_{t}"),
        ("theta_1", r"\theta_{1}"),
        ("loss2", r"\mathrm{loss}_{2}"),
        ("learning_rate", r"\mathrm{learning\_rate}"),
        ("layers.0.w", r"\mathrm{layers.0.w}"),
        ("loss", r"\mathrm{loss}"),
        ("a b", r"\mathrm{a\ b}"),
        (r"50%_{\a}", r"\mathrm{50\%\_\{\backslash a\}}"),
    ],
)
def test_labels_in_latex(label, tex):
    assert latex_name(label) == tex


def test_leaves_without_a_label_are_numbers():
    assert infix(Value(-0.5)) == "-0.5"
    assert infix(Value(2.0, "")) == "2"
    assert latex(Value(math.inf)) == r"\infty"
    assert latex(Value(math.nan)) == r"\mathrm{nan}"
