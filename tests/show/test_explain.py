"""ag.explain: its numbers are those of gradient(), and its symbols evaluate to them."""

from __future__ import annotations

import math
import re
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given
from strategies import ROWS, Program, domains, programs

from autograd_scalar import (
    Value,
    define_op,
    functions,
    gradient,
    jit,
    nn,
    no_grad,
    topological_order,
)
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explain.derivation import Step
from autograd_scalar.show.explain.explain import explain
from autograd_scalar.value import restore


def named(**numbers: float) -> list[Value]:
    return [Value(number, name) for name, number in numbers.items()]


def shared() -> tuple[Value, Value, Value]:
    """Return y = c*c + c with c = a*b, and a and b."""
    a, b = named(a=2.0, b=-3.0)
    c = a * b
    c.label = "c"
    return c * c + c, a, b


def neuron() -> Value:
    x1, x2, w1, w2, b = named(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.label = "o"
    return o


def step_of(y: Value, v: Value) -> Step:
    (step,) = explain(y, node=v)
    return step


def assert_is_gradient(y: Value) -> None:
    """Check every step of the whole derivation against gradient(), and each against the sum of its terms."""
    steps = explain(y, limit=None, uses=None)
    assert [step.adjoint for step in steps] == gradient(y, [step.node for step in steps])
    for step in steps[1:]:
        # Not sum(), which compensates for rounding from Python 3.12 on.
        assert step.adjoint == reduce(add, (term.product for term in step.terms), 0.0)
        uses = sum(p is step.node for v in topological_order(y) for p in v.parents)
        assert len(step.terms) == uses


# ----- derivations -----


def test_a_shared_node_is_one_line_that_sums_its_uses() -> None:
    y, _, _ = shared()
    assert str(explain(y)) == (
        "Forward: each value from its operands:\n"
        "  a = 2, b = -3\n"
        "  c  = a*b    = 2*(-3)    = -6\n"
        "  v1 = c*c    = (-6)*(-6) = 36\n"
        "  y  = v1 + c = 36 + (-6) = 30\n"
        "\n"
        "Backward: each gradient is the sum, over the uses of a value, of upstream gradient × local derivative:\n"
        "  ∂y/∂y  = 1\n"
        "  ∂y/∂v1 = ∂y/∂y · 1                           = 1 · 1                       = 1\n"
        "  ∂y/∂c  = ∂y/∂y · 1 + ∂y/∂v1 · c + ∂y/∂v1 · c = 1 · 1 + 1 · (-6) + 1 · (-6) = -11\n"
        "  ∂y/∂b  = ∂y/∂c · a                           = -11 · 2                     = -22\n"
        "  ∂y/∂a  = ∂y/∂c · b                           = -11 · (-3)                  = 33"
    )


def test_steps_of_a_neuron() -> None:
    lines = [" ".join(str(step).split()) for step in explain(neuron())]
    assert lines[:3] == [
        "∂o/∂o = 1",
        "∂o/∂v4 = ∂o/∂o · (1 - o**2) = 1 · 0.5 = 0.5",
        "∂o/∂b = ∂o/∂v4 · 1 = 0.5 · 1 = 0.5",
    ]
    assert lines[-1] == "∂o/∂x1 = ∂o/∂v1 · w1 = 0.5 · (-3) = -1.5"


def test_a_step_has_symbols_numbers_and_terms() -> None:
    y, a, b = shared()
    step = explain(y, [a, b])[-1]
    assert (step.node, step.name, step.value, step.formula) == (a, "a", 2.0, "")
    assert (step.symbols, step.numbers, step.adjoint) == ("∂y/∂c · b", "-11 · (-3)", 33.0)
    (term,) = step.terms
    assert (term.upstream, term.partial, term.product) == (-11.0, -3.0, 33.0)
    assert (term.local, term.symbols, term.numbers) == ("b", "∂y/∂c · b", "-11 · (-3)")
    assert repr(term) == "∂y/∂c · b = -11 · (-3)"
    assert explain(y)[2].formula == "a*b"
    assert [line.formula for line in explain(y).given] == ["", ""]
    assert [(line.name, line.formula, line.value) for line in explain(y).forward] == [
        ("c", "a*b", -6.0),
        ("v1", "c*c", 36.0),
        ("y", "v1 + c", 30.0),
    ]
    assert str(explain(y).forward[0]) == "c = a*b = 2*(-3) = -6"
    assert [step.name for step in explain(y)[1:3]] == ["v1", "c"]


@pytest.mark.parametrize(
    ("formula", "local"),
    [
        (lambda x, y: x**2, ["2*x"]),
        (lambda x, y: x**3, ["3*x**2"]),
        (lambda x, y: x**1, ["1"]),
        (lambda x, y: x**0, ["0"]),
        (lambda x, y: x**0.5, ["0.5*x**(-0.5)"]),
        (lambda x, y: 2.0**x, ["z*log(2)"]),
        (lambda x, y: x**x, ["x*x**(x - 1)", "z*log(x)"]),
        (lambda x, y: 3.0 * x, ["3"]),
        (lambda x, y: 3.0 / x, ["-z/x"]),
        (lambda x, y: x / 4.0, ["0.25"]),
        (lambda x, y: x / y, ["1/y"]),
        (lambda x, y: +x, ["1"]),
        (lambda x, y: x.cbrt(), ["1/(3*z**2)"]),
        (lambda x, y: x.acos(), ["-1/sqrt((1 - x)*(1 + x))"]),
        (lambda x, y: x.erfc(), ["-1.12838*exp(-x**2)"]),
        (lambda x, y: x.hypot(y), ["x/z"]),
        (lambda x, y: x.relu(), ["step(x)"]),
        (lambda x, y: x.leaky_relu(), ["1"]),
        (lambda x, y: (-x).elu(), ["z + 1"]),
        (lambda x, y: functions.logsumexp([x, y]), ["exp(x - z)"]),
        (lambda x, y: functions.dot([x, 2.0], [y, x], 1.0), ["y", "2"]),
        (lambda x, y: functions.where(x, y, x), ["0", "0"]),
    ],
)
def test_local_derivatives_are_simplified(formula, local) -> None:
    x, y = named(x=0.5, y=2.0)
    z = formula(x, y)
    operand = z.parents[0] if z.op == "elu" else x
    operand.label, z.label = "x", "z"
    assert [term.local for term in step_of(z, operand).terms] == local


@pytest.mark.parametrize("name", ROWS)
def test_every_local_derivative_evaluates_to_its_number(name: str) -> None:
    numbers = [low + 0.37 * (high - low) for low, high in domains(name)]
    operands = [Value(x, f"p{i}") for i, x in enumerate(numbers)]
    y = getattr(functions, name)(*TABLE[name].split(operands))
    y.label = "z"
    known = {v.label: v.data for v in (*operands, y)}
    rows = {row: getattr(functions, row) for row in TABLE}
    for v in operands:
        for step in explain(y, v):
            for term in step.terms:
                assert eval(term.local, rows, known) == pytest.approx(term.partial, rel=1e-5), (
                    term.local
                )


@pytest.mark.slow
@given(programs())
def test_explain_agrees_with_gradient_exactly(program: Program) -> None:
    assert_is_gradient(program.values()[1])


def test_explain_leaves_grads_alone_and_records_nothing() -> None:
    y, _, _ = shared()
    y.backward()
    before = [v.grad for v in topological_order(y)]
    with no_grad():
        text = str(explain(y))
    assert [v.grad for v in topological_order(y)] == before
    assert text == str(explain(y))


def test_derivation_of_cross_entropy_of_three_logits() -> None:
    z = named(z1=2.0, z2=1.0, z3=0.1)
    loss = nn.losses.cross_entropy(z, 1)
    assert_is_gradient(loss)
    assert step_of(loss, z[1]).symbols == "∂y/∂y · (-1) + ∂y/∂v1 · exp(z2 - v1)"
    assert explain(loss).forward[0].formula == "logsumexp([z1, z2, z3])"


def test_parameters_of_a_module_are_written_by_name() -> None:
    net = nn.MLP(2, [2, 1], seed=1)
    loss = (net(named(x1=1.0, x2=-2.0)) - 1.0) ** 2
    steps = explain(loss, names=net)
    adjoints = {step.name: step.adjoint for step in steps}
    for name, parameter in net.named_parameters():
        assert adjoints[name] == gradient(loss, parameter)
    assert max(map(len, str(steps).splitlines())) <= 104
    assert_is_gradient(loss)


# ----- arguments -----


def test_wrt_selects_the_paths_to_it() -> None:
    o = neuron()
    w1 = topological_order(o)[1]
    steps = explain(o, w1)
    assert [step.name for step in steps] == ["o", "v4", "v3", "v1", "w1"]
    assert [str(line) for line in steps.given] == ["x1 = 2", "w1 = -3", "b = 6.8814"]
    assert [str(line) for line in steps.inner] == ["v2 = 0"]


def test_node_selects_one_step_with_its_users() -> None:
    _, a, b = shared()
    c = a * b
    y = c * c + c
    assert str(explain(y, node=c)) == (
        "Forward: each value from its operands:\n"
        "  a = 2, b = -3\n"
        "  v1 = a*b     = 2*(-3)    = -6\n"
        "  v2 = v1*v1   = (-6)*(-6) = 36\n"
        "  y  = v2 + v1 = 36 + (-6) = 30\n"
        "\n"
        "Backward: each gradient is the sum, over the uses of a value, of upstream gradient × local derivative:\n"
        "  ∂y/∂v1 = ∂y/∂y · 1 + ∂y/∂v2 · v1 + ∂y/∂v2 · v1 = 1 · 1 + 1 · (-6) + 1 · (-6) = -11"
    )


def test_a_value_that_y_does_not_depend_on_has_derivative_0() -> None:
    x, other = named(x=2.0, other=1.0)
    for explanation in (explain(x * x, other), explain(x * x, node=other)):
        assert str(explanation) == "∂y/∂other = 0, since y does not depend on other"
        assert explanation[0].adjoint == 0.0
    assert [step.name for step in explain(x * x, [other, x])] == ["y", "x", "other"]
    assert r"\mathrm{~does~not~depend~on~}" in explain(x * x, other).latex()


def test_derivation_of_a_leaf() -> None:
    assert str(explain(Value(3.0))) == "∂y/∂y = 1"
    assert str(explain(Value(3.0, "x"))) == "∂x/∂x = 1"


def test_leaves_are_named_if_none_has_a_label() -> None:
    x = Value(3.0)
    y = x * x**2 + 1.0
    assert [step.name for step in explain(y)] == ["y", "x2", "v2", "v1", "x1"]
    assert explain(y, x)[-1].adjoint == 27.0
    assert [step.name for step in explain(x.leaky_relu())] == ["y", "x1"]


def test_unlabelled_leaves_beside_labelled_ones_are_constants() -> None:
    (x,) = named(x=3.0)
    y = 2.0 * x + 1.0
    assert [line.formula for line in explain(y).forward] == ["2*x", "v1 + 1"]
    assert [step.name for step in explain(y)] == ["y", "v1", "x"]
    constant = y.parents[1]
    assert [step.name for step in explain(y, constant)] == ["y", "x1"]


def test_names_are_unique() -> None:
    x, v1, y, same = *named(x=1.0, v1=2.0, y=3.0), Value(5.0, "x")
    root = (x * v1) * y + same
    names = [step.name for step in explain(root)]
    assert sorted(names) == sorted(["x", "x#2", "v1", "y", "v2", "v3", "v4"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": 3.0}, TypeError, r"explain needs Values, but y is 3.0 \(float\)"),
        ({"wrt": ["a"]}, TypeError, r"but wrt\[0\] is 'a' \(str\)"),
        ({"node": "a"}, TypeError, "but node is 'a'"),
        ({"node": Value(1.0), "wrt": Value(1.0)}, TypeError, "wrt or node, not both"),
        ({"names": 3}, TypeError, "a module or a mapping"),
        ({"limit": 0}, ValueError, "limit must be a positive integer, .*, got 0"),
        ({"uses": -1}, ValueError, "uses must be a positive integer, .*, got -1"),
    ],
)
def test_invalid_arguments_raise_errors_of_one_line(arguments, error, message) -> None:
    with pytest.raises(error, match=message) as caught:
        explain(**{"y": Value(2.0), **arguments})
    assert "\n" not in str(caught.value)


# ----- large graphs -----


def test_uses_above_the_maximum_are_summed_in_one_term() -> None:
    (x,) = named(x=1.0)
    y = functions.dot([x] * 20, [Value(float(i)) for i in range(20)])
    step = step_of(y, x)
    assert len(step.terms) == 20
    assert step.symbols.endswith(" + (14 more uses)")
    assert step.numbers.endswith(f" + {sum(range(14))}")
    assert step.adjoint == sum(range(20))
    assert explain(y, x, uses=19)[-1].symbols.endswith(" + (1 more use)")
    assert "more" not in explain(y, x, uses=None)[-1].symbols
    assert r"\mathrm{(14~more~uses)}" in step.latex()


def test_a_large_graph_shows_the_strongest_path() -> None:
    xs = [Value(float(i), f"x{i}") for i in range(100)]
    weak, strong = named(weak=1.0, strong=1.0)
    y = functions.sum([(x * weak).tanh() * 0.001 for x in xs] + [strong * 50.0])
    assert [step.name for step in explain(y, limit=3)] == ["y", "v301", "strong"]
    explanation = explain(y, weak, limit=5)
    assert len(explanation) <= 5
    assert explanation[-1].adjoint == gradient(y, weak)
    assert "of 302 steps" in str(explanation) and "limit=None" in str(explanation)
    for earlier, later in pairwise(explanation):
        assert earlier.node in {term.user for term in later.terms}
    assert len(explain(y, weak, limit=None)) == 302


def test_targets_of_equal_strength_are_explained_in_the_order_of_the_graph():
    leaves = [Value(1.0, label=f"x{i}") for i in range(20)]
    steps = explain(sum(leaves[1:], leaves[0]), limit=25)
    shown = [step.name for step in steps if step.name.startswith("x")]
    assert shown[::-1] == [f"x{i}" for i in range(len(shown))]


def test_long_lists_are_abbreviated_around_explained_values() -> None:
    xs = [Value(float(i), f"x{i}") for i in range(100)]
    y = functions.sum(xs)
    assert explain(y, xs[50]).forward[0].formula == "x0 + … + x50 + … + x99"
    z = functions.dot(xs, xs[::-1], 1.0)
    assert explain(z, Value(0.0), limit=1)[0].adjoint == 0.0
    formula = explain(z, z).forward[0].formula
    assert formula == "x0*x99 + x1*x98 + … + x99*x0 + 1"
    assert r"\cdots" in explain(z, z).latex()


def test_a_chain_of_twenty_thousand_keeps_both_ends() -> None:
    (x,) = named(x=1.0)
    y = x
    for _ in range(20_000):
        y = +y
    explanation = explain(y, x, limit=7)
    assert [step.name for step in explanation] == [
        *("y", "v19999", "v19998"),
        *("v3", "v2", "v1", "x"),
    ]
    assert str(explanation).count("⋮") == 1
    assert r"\vdots" in explanation.latex()
    assert len(explain(y, x, limit=1)) == 1


def test_terms_of_a_sum_are_one_line() -> None:
    xs = [Value(float(i), f"a{i}") for i in range(200)]
    text = str(explain(functions.sum(xs)))
    assert text.splitlines()[-1] == (
        "  ∂y/∂a0, …, ∂y/∂a199 = ∂y/∂y · 1 = 1 · 1 = 1 for each of 200"
    )
    assert "Showing" not in text
    assert len(explain(functions.sum(xs))) == 201  # a step for each value all the same
    latex = explain(functions.sum(xs)).latex()
    assert (
        r"\frac{\partial y}{\partial a_{0}}, \ldots, \frac{\partial y}{\partial a_{199}}" in latex
    )
    # Few lines are not folded, nor those that differ.
    assert "for each of" not in str(explain(functions.sum(xs[:3])))
    assert "for each of 9" in str(explain(functions.sum(xs[:10]) + xs[4]))
    assert "for each of" not in str(explain(functions.dot(xs[:10], xs[10:20])))


def test_equal_terms_are_one_term() -> None:
    (x,) = named(x=3.0)
    step = step_of(functions.sum([x] * 200), x)
    assert (step.symbols, step.numbers) == ("200 · ∂y/∂y · 1", "200 · 1 · 1")
    assert (step.adjoint, len(step.terms)) == (200.0, 200)
    mixed = step_of(functions.sum([x] * 5) + x * x, x)
    assert mixed.symbols == "∂y/∂v2 · x + ∂y/∂v2 · x + 5 · ∂y/∂v1 · 1"


@pytest.mark.parametrize("choice", [functions.maximum, functions.minimum])
def test_a_tie_gives_half_to_each_operand(choice) -> None:
    a, c = named(a=2.0, c=2.0)
    assert [term.local for step in explain(choice(a, c))[1:] for term in step.terms] == ["0.5"] * 2
    a, c = named(a=2.0, c=1.0)
    assert [step.terms[0].local for step in explain(functions.maximum(a, c), [a, c])[1:]] == [
        *("step(c - a)", "step(a - c)"),
    ]


def test_inner_values_are_not_listed_among_the_leaves() -> None:
    (x,) = named(x=1.0)
    y = x
    for _ in range(60):
        y = y * x
    explanation = explain(y, limit=5)
    assert [line.name for line in explanation.given] == ["x"]
    assert [line.name for line in explanation.inner] == ["v58"]
    assert "  x = 1\n  Not derived here: v58 = 1\n" in str(explanation)
    assert "Not derived here: $v_{58} = 1$" in explanation.markdown()
    assert r"\mathrm{Not~derived~here:}" in explanation.latex()


def test_no_line_of_latex_is_long() -> None:
    weights = [Value(0.125 * i, f"w{i}") for i in range(40)]
    inputs = [Value(1.0 + i, f"x{i}") for i in range(40)]
    y = sum((w * x for w, x in zip(weights, inputs, strict=True)), Value(0.0))
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    given = explain(y, limit=None).latex().split("\\begin{aligned}")[0]
    lines = [line for line in given.splitlines() if "w_{" in line]
    assert len(lines) > 5
    assert (
        max(
            parser.parse(f"${line.removesuffix('[1ex]').rstrip(chr(92)).strip()}$").width
            for line in lines
        )
        < 900
    )


# ----- compiled functions -----


def test_a_compiled_value_is_written_out() -> None:
    a, b = named(a=2.0, b=0.5)
    f = jit(lambda a, b: (a * b + a).tanh())
    y = f(a, b)
    y.label = "o"
    whole = y * 2.0
    explanation = explain(whole)
    assert [line.formula for line in explanation.forward] == ["a*b", "v1 + a", "tanh(v2)", "o*2"]
    assert explanation[-1].adjoint == pytest.approx(gradient(whole, a), rel=1e-14)
    assert explanation[-1].symbols == "∂y/∂v2 · 1 + ∂y/∂v1 · b"
    assert "Compiled functions are written out: jit_" in str(explanation)
    with no_grad():
        assert str(explain(whole)) == str(explanation)
    assert [step.name for step in explain(y, b)][-1] == "b"
    assert explain(whole, node=y)[0].name == "o"
    assert explain(whole, names={"result": y}).forward[-1].formula == "result*2"


def test_a_compiled_value_over_rows_is_not_circular() -> None:
    (b,) = named(b=0.5)
    f = jit(lambda x, b: (x * b).tanh(), rows=[0], reduce="sum")
    y = f(np.array([1.0, 2.0, 3.0]), b)
    text = str(explain(y))
    assert "mapped over rows that the node does not keep" in text
    assert re.search(r"· ∂jit_\w+/∂b", text)


# ----- unusual numbers and labels -----


def test_nan_and_inf_are_written() -> None:
    (x,) = named(x=0.0)
    text = str(explain(1.0 / x - 1.0 / x))
    assert "= inf - inf" in text and "= nan" in text
    latex = explain(1.0 / x - 1.0 / x).latex()
    assert r"\infty" in latex and r"\mathrm{nan}" in latex


def test_data_changed_after_recording_is_noted() -> None:
    (x,) = named(x=2.0)
    y = x * x
    assert "recompute" not in str(explain(y))
    x.data = 5.0
    assert "recompute() brings them up to date" in str(explain(y))
    y.recompute()
    assert "recompute" not in str(explain(y))
    (z,) = named(z=math.nan)
    assert "recompute" not in str(explain(z * z))


def test_labels_are_text_in_every_output() -> None:
    label = '</script><img src=x onerror="a">$ & % # { \\ x1*w1 \n *b*'
    y = Value(2.0, label) * Value(3.0, "x1*w1 + x2")
    explanation = explain(y)
    assert "‹x1*w1 + x2›" in str(explanation)
    assert str(explanation).count("\n") == str(explain(Value(2.0, "a") * Value(3.0, "b"))).count(
        "\n"
    )
    markdown = explanation.markdown()
    assert "<" not in markdown and ">" not in markdown
    assert r"\$" in markdown and r"\langle " in markdown
    assert len(str(explain(Value(1.0, "w" * 500) * 2.0)).splitlines()[1]) < 80


def test_notebooks_display_markdown_and_latex() -> None:
    explanation = explain(neuron())
    assert explanation._repr_markdown_() == explanation.markdown()
    assert explanation._repr_latex_() == rf"$\displaystyle {explanation.latex()}$"
    assert "$x_{1} = 2$, $w_{1} = -3$" in explanation.markdown()
    assert explanation.markdown().count("$$") == 4
    step = explanation[1]
    assert step.latex() == (
        r"\frac{\partial o}{\partial v_{4}} = \frac{\partial o}{\partial o} \cdot "
        r"\left(1 - o^{2}\right) = 1 \cdot 0.5 = 0.5"
    )
    assert explanation.forward[-1].latex() == (
        r"o = \tanh \left(v_{4}\right) = \tanh \left(0.8814\right) = 0.7071"
    )
    assert explain(Value(1.0)).markdown().count("$$") == 2
    assert explain(Value(1.0)).latex().count(r"\begin{aligned}") == 1


@pytest.mark.slow
def test_latex_is_valid_for_every_row() -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    for name in ROWS:
        numbers = [low + 0.37 * (high - low) for low, high in domains(name)]
        operands = [Value(x, f"p_{i}") for i, x in enumerate(numbers)]
        y = getattr(functions, name)(*TABLE[name].split(operands))
        for line in (explain(y)[-1], explain(y).forward[-1]):
            text = line.latex()
            if r"\begin{cases}" not in text:  # mathtext has no environments
                width = parser.parse(f"${text}$").width
                assert width > 0.0


# ----- user-defined operations -----


@pytest.mark.usefixtures("wrong_rows_allowed")
@pytest.mark.parametrize(
    ("partial", "local"),
    [
        ("3.0 * x * x", "3*x**2"),
        ("0.0 + x", "x"),
        ("x + 0.0", "x"),
        ("0.0 - x", "-x"),
        ("-(-x)", "x"),
        ("-x * x", "-x**2"),
        ("pos(x) * 1.0", "x"),
        ("0.0 * x", "0"),
        ("x / 1.0 * inf", "inf*x"),
        ("pow(x, 0.0) + 2.0 ** 3.0", "9"),
        ("where(x, -2.0 * x, nan)", "-2*x"),
    ],
)
def test_a_user_defined_row_is_explained(partial: str, local: str) -> None:
    op = define_op("defined_to_be_explained", "x * x * x", partial)
    (x,) = named(x=2.0)
    (term,) = step_of(op(x), x).terms
    assert term.local == local
    assert explain(op(x)).forward[0].formula == "defined_to_be_explained(x)"


def test_an_operation_outside_the_table_is_explained() -> None:
    (x,) = named(x=2.0)
    call = restore(None, 10.0, 0.0, "f", "compiled", (x,), (7.0,))
    step = step_of(call * 2.0, x)
    assert step.symbols == "∂y/∂f · ∂compiled/∂x"
    assert step.adjoint == 14.0
    assert re.search(r"f += compiled\(x\)", str(explain(call * 2.0)))
