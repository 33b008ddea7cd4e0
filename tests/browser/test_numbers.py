"""The page computes the numbers of Python: for every row, at edge cases, and for random graphs."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from hypothesis import find, settings
from oracles import expected
from strategies import ROWS, domains, flat_operands, programs

import autograd_scalar as ag
from autograd_scalar import Value, functions, nn, topological_order
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explorer.explore import explore

EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    3.0,
    1e-300,
    1e300,
    -1e300,
    40.0,
    -800.0,
    math.inf,
    -math.inf,
    math.nan,
]


def close(found: float, wanted: float, tolerance: float = 1e-12) -> bool:
    if wanted != wanted or math.isinf(wanted):
        return found == wanted or (found != found and wanted != wanted)
    return (
        math.isclose(found, wanted, rel_tol=tolerance, abs_tol=1e-300)
        or abs(found - wanted) <= tolerance
    )


def data_of(y: Value) -> dict[str, Any]:
    """Return the data of a graph in its page."""
    html = explore(y).html
    _, _, data = html.partition('id="graph-data">')
    found: dict[str, Any] = json.loads(data.partition("</script>")[0])
    return found


def labelled(y: Value) -> Value:
    for place, v in enumerate(topological_order(y)):
        if not v.op:
            v.label = v.label or f"x{place}"
    return y


@pytest.fixture
def page(show: Callable[..., Any]) -> Any:
    """A page with every row of the table."""
    x = Value(0.5)
    ends = [
        getattr(functions, name)(*TABLE[name].split([x] * len(flat_operands(name))))
        for name in ROWS
    ]
    return show(explore(functions.sum(ends)).html).page


def test_every_row_and_its_derivatives_agree_at_edge_cases(page: Any) -> None:
    randoms = random.Random(0)
    cases: list[tuple[str, list[float]]] = []
    for name in ROWS:
        intervals = domains(name, 2)
        for _ in range(40):
            cases.append((name, [randoms.uniform(*interval) for interval in intervals]))
        for _ in range(60):
            cases.append((name, [randoms.choice(EDGES) for _ in intervals]))
    encoded = [
        [
            name,
            [
                list(map(repr, o)) if isinstance(o, list) else repr(o)
                for o in TABLE[name].split(flat)
            ],
        ]
        for name, flat in cases
    ]
    answers = page.evaluate(
        """(encoded) => encoded.map(([name, operands]) => {
          const number = (text) => Number(text.replace("inf", "Infinity").replace("nan", "NaN"));
          const read = operands.map((o) => (Array.isArray(o) ? o.map(number) : number(o)));
          const value = explorer.rows[name][0](...read);
          return [value, ...explorer.rows[name][1](value, ...read)].map((x) => (Object.is(x, -0) ? "-0" : String(x)));
        })""",
        encoded,
    )
    for (name, flat), answer in zip(cases, answers, strict=True):
        value, partials = evaluate(name, *TABLE[name].split(flat))
        found = [float(x.replace("Infinity", "inf")) for x in answer]
        for a, b in zip(found, [value, *partials], strict=True):
            assert close(a, b), (name, flat, found, value, partials)


def test_functions_that_javascript_lacks_agree_with_mpmath(page: Any) -> None:
    xs = [i / 32 for i in range(-200, 900)] + [1e-300, 1e-9, 0.4999999, 27.2]
    found = page.evaluate(
        "(xs) => xs.map((x) => [explorer.math.erf(x), explorer.math.erfc(x)])", xs
    )
    for x, pair in zip(xs, found, strict=True):
        for name, y in zip(("erf", "erfc"), pair, strict=True):
            wanted = expected(name, x)
            assert abs(y - wanted) <= 2e-15 * abs(wanted) + 1e-320, (name, x)
    assert mpmath.mp.dps >= 30
    halves = [-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 0.49999999999999994, 2.0**52 + 1.0]
    assert page.evaluate("(xs) => xs.map(explorer.math.round)", halves) == [
        float(round(x)) for x in halves
    ]


def test_random_graphs_agree_before_and_after_their_leaves_change(page: Any) -> None:
    drawn: list[Any] = []
    quick = settings(max_examples=150, database=None, derandomize=True)
    find(
        programs(most=10), lambda program: drawn.append(program) or len(drawn) > 120, settings=quick
    )
    graphs, answers = [], []
    randoms = random.Random(1)
    for program in drawn:
        inputs, y = program.values()
        graph = data_of(y)
        order = topological_order(y)
        moved = [
            v.data if v.op else v.data + (randoms.uniform(-0.3, 0.3) if v in inputs else 0.0)
            for v in order
        ]
        for data in (None, moved):
            if data is not None:
                for v, number in zip(order, data, strict=True):
                    v.data = number
                y.recompute()
            y.zero_grad()
            y.backward()
            answers.append([v.data for v in order] + [v.grad for v in order])
        graphs.append([graph, moved])
    assert len(graphs) > 100
    both = "(all) => all.map(([graph, data]) => [explorer.numbers(graph), explorer.numbers(graph, data)])"
    found = page.evaluate(both, graphs)
    results = [values + grads for pair in found for values, grads in pair]
    for result, answer in zip(results, answers, strict=True):
        for a, b in zip(
            map(float, (x.replace("Infinity", "inf") for x in result)), answer, strict=True
        ):
            # A sum of terms that cancel is exact only relative to its largest term.
            assert close(a, b, 1e-12 * max(1.0, *(abs(x) for x in answer if math.isfinite(x))))


def test_sliders_and_inputs_change_a_network_as_in_python(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [3, 1], seed=1, activation="tanh")
    x = [Value(0.5, "x1"), Value(-1.5, "x2")]
    y = (model(x) - 1.0) ** 2
    opened = show(explore(y, names=model).html)

    def same() -> None:
        y.recompute()
        y.zero_grad()
        y.backward()
        order = topological_order(y)
        for found, wanted in zip(
            opened.numbers(), ([v.data for v in order], [v.grad for v in order]), strict=True
        ):
            assert all(map(close, found, wanted))

    same()
    opened.page.get_by_label("slider for x1").focus()
    for key, data in (("ArrowRight", 0.51), ("ArrowLeft", 0.5), ("End", 1.0), ("Home", -1.0)):
        opened.press(key)
        x[0].data = float(opened.page.get_by_label("value of x1").input_value())
        assert x[0].data == pytest.approx(data)
        same()
    box = opened.page.get_by_label("value of x2")
    for text, data in (("2.25", 2.25), ("-1e-3", -0.001), ("12", 12.0)):
        box.fill(text)
        box.press("Enter")
        x[1].data = data
        same()
    box.fill("two")
    box.press("Tab")
    assert box.get_attribute("aria-invalid") == "true"
    same()


def test_a_user_defined_row_agrees(show: Callable[..., Any]) -> None:
    # A keyword of JavaScript, and the name of a built-in property.
    for name in ("delete", "constructor"):
        partials = "where(step(x), 2.0 * x * y, 0.0), where(step(x), x * x, cos(y))"
        ag.define_op(name, "x * x * y if x > 0.0 else sin(y)", partials)
        a, b = Value(1.5, "a"), Value(-2.0, "b")
        y = getattr(functions, name)(a, b) * 3.0
        y.backward()
        values, grads = show(explore(y).html).numbers()
        assert values[-1] == y.data
        assert grads[:2] == [a.grad, b.grad]
