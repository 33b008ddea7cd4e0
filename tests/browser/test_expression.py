"""The page of typed expressions: its grammar, values and gradients beside those of parser.py, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from browser.test_numbers import close
from hypothesis import find, settings
from test_parser import expressions

from autograd_scalar import topological_order
from autograd_scalar.ops.table import BUILT_IN, TABLE
from autograd_scalar.parser import CONSTANTS, Formula, ParseError
from autograd_scalar.show.expression.expression import EXAMPLES, expression_page
from autograd_scalar.show.expression.table import rows

#: Parses texts; returns for each its operations, value, and gradients by name, or its error.
_READ = """(texts) => texts.map(([text, numbers]) => {
  const { graphOf, evaluate, localDerivatives, propagate, ParseError, app } = expressions;
  try {
    const graph = graphOf(text, table);
    for (const [name, node] of graph.leaves) if (name in numbers) graph.data[node] = numbers[name];
    const values = evaluate(graph, graph.data);
    const { grads } = propagate(graph, localDerivatives(graph, values), graph.operations.length);
    const gradients = [...graph.leaves].map(([name, node]) => [name, String(grads[node])]);
    return { ops: graph.ops.filter(Boolean).sort(), value: String(values.at(-1)), gradients };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { error: error.message };
  }
})"""


@pytest.fixture
def page(show: Callable[..., Any]) -> Any:
    html = expression_page("tanh(w*x + b)", {"w": 2.0, "x": -3.0, "b": 6.88})
    assert len(html) < 300_000
    page = show(html, viewport={"width": 1280, "height": 720}).page
    page.evaluate(
        "window.table = JSON.parse(document.getElementById('expression-data').textContent).table"
    )
    return page


def number(text: str) -> float:
    return float(text.replace("Infinity", "inf"))


def agrees(page: Any, texts: list[str], numbers: dict[str, float]) -> None:
    """Compare the graphs, values and gradients of texts with those of Formula."""
    for text, found in zip(texts, page.evaluate(_READ, [[t, numbers] for t in texts]), strict=True):
        formula = Formula(text)
        y = formula(**{name: numbers[name] for name in formula.names if name in numbers})
        y.backward()
        order = topological_order(y)
        assert "error" not in found, (text, found)
        assert found["ops"] == sorted(v.op for v in order if v.op), text
        assert close(number(found["value"]), y.data, 1e-11), (text, found, y.data)
        grads = {v.label: v.grad for v in order if v.label}
        scale = max(1.0, *(abs(v.grad) for v in order if abs(v.grad) < 1e300))
        for name, grad in found["gradients"]:
            assert close(number(grad), grads[name], 1e-10 * scale), (text, name, grad, grads)


@pytest.mark.slow
def test_random_expressions_mean_what_they_mean_in_python(page: Any) -> None:
    texts: list[str] = []
    quick = settings(max_examples=400, database=None, derandomize=True)
    find(expressions, lambda text: texts.append(text) or len(texts) > 300, settings=quick)
    agrees(page, texts, {"w": 0.75, "x": -1.25, "b": 2.5})


def test_each_row_can_be_called_and_takes_its_defaults(page: Any) -> None:
    texts = []
    for row in rows():
        if row.name not in BUILT_IN:
            continue
        arguments = [
            "[0.3, x]" if operand in row.lists else "2" if operand == row.fixed else name
            for operand, name in zip(row.operands, ("x", "w", "b"), strict=False)
        ]
        for count in range(len(arguments) - len(row.defaults), len(arguments) + 1):
            texts.append(f"{row.name}({', '.join(arguments[:count])})")
    assert len(texts) > 60
    agrees(page, texts, {"w": 0.75, "x": 0.25, "b": 2.5})


def test_every_form_of_the_language(page: Any) -> None:
    texts = [
        *EXAMPLES,
        *("-x ** 2", "(-x) ** -2", "2 ** -x ** 2", "- - 3 + x", "-(3) * x", "+x", "x // 3 + x % 3", "x - 1 - 2"),
        *("x / 2 / 3", "2 ** 3 ** 2 * x", "x ** (1 / 3 * 3)", "x ** sqrt(4)", "x ** pi", "1e400 - x"),
        *("0x10 + 1_000 * x", "-0.0 * x"),
        *(".5 * x + 1. + 1e-3", "  x\n + 1", "sum(x, 2, 3)", "sum([x, 2])", "mean(x, 1)", "max(x)", "min([x, w, 2])"),
        *("logsumexp(x, 1)", "dot([x, 1], [2, w])", "dot([x], [w], b,)", "leaky_relu(-x)", "leaky_relu(-x, 0.5)"),
        *("pi * x ** 2", "e", "inf - x", "nan * x", "-inf", "θ * x", "where(x - 3, 1, 2)", "00 + x", "((((x))))"),
    ]  # fmt: skip
    numbers = {"w": 0.75, "x": 3.0, "b": 2.5, "θ": 1.5, "a": 1.0, "c": 2.0}
    agrees(page, texts, numbers | {"w1": 1.0, "w2": -1.0, "x1": 0.5, "x2": 2.0})


REFUSED = [
    *("", "   ", "x +", "* x", "(x", "x)", "x y", "2x", "x^2", "x.real", "x[0]", "x < 1", "1 if x else 2", "lambda: 1"),
    *("f(x)", "tanh()", "tanh(x, x, x)", "tanh(x=1)", "_x", "[x]", "x, y", "sum()", "sum([])", "dot([x], [1, 2])"),
    *("dot(x, 1)", "tanh([x])", "None", "True", "'x'", "x @ x", "~x", "not x", "x ** ", "1__0", "0x", "1e", "012"),
    *("max([x], [x])", "__import__('os')", "(" * 3000 + "x" + ")" * 3000, "x" * 10001, "x +" * 600 + "x", "λ x"),
]  # fmt: skip


def test_what_python_refuses_is_refused_with_its_column(page: Any) -> None:
    for text, found in zip(REFUSED, page.evaluate(_READ, [[t, {}] for t in REFUSED]), strict=True):
        with pytest.raises(ParseError):
            Formula(text)
        assert found.get("error", "").startswith("column "), (text[:60], found)


def test_the_page_has_the_constants_of_python(page: Any) -> None:
    (found,) = page.evaluate(_READ, [[" + ".join(n for n in CONSTANTS if n != "nan"), {}]])
    assert {name for name, _ in found["gradients"]} == CONSTANTS.keys() - {"nan"}
    assert TABLE["tanh"] in rows()


# ----- what it shows -----


def test_names_become_sliders_and_everything_follows(page: Any) -> None:
    assert page.inner_text("#result") == "= 0.70642"
    slopes = page.locator("#names td.slope").all_inner_texts()
    assert slopes == ["−1.5029", "1.0019", "0.50097"]
    slider = page.get_by_label("slider of x")
    slider.focus()
    page.keyboard.press("ArrowRight")
    y = Formula("tanh(w*x + b)")(w=2.0, x=-2.99, b=6.88)
    assert page.inner_text("#result") == f"= {y.data:.5g}"
    page.get_by_label("plot y against b").click()
    y.backward()
    assert page.inner_text("#slope h2").startswith("∂y/∂b = 0.4")
    page.get_by_label("value of b").fill("-1")
    assert "−1" in page.text_content("#picture")
    page.get_by_label("value of b").fill("much")
    assert page.get_by_label("value of b").get_attribute("aria-invalid") == "true"
    page.get_by_label("value of b").fill("3")
    assert page.get_by_label("value of b").get_attribute("aria-invalid") == "false"


def test_names_of_properties_of_javascript_objects_are_names(page: Any) -> None:
    agrees(page, ["constructor * toString"], {"constructor": 2.0, "toString": 3.0})
    page.fill("#text", "constructor * 2")
    assert page.inner_text("#result") == "= 2"
    assert page.locator("#names tbody tr").count() == 1


@pytest.mark.parametrize(
    "text, x",
    [
        ("lgamma(x)", "-3"),
        ("log(x)", "0"),
        ("x**2", "1e200"),
        ("1e308*x", "0.5"),
        ("1e300*x**3 + x", "1.5"),
        ("x", "1e308"),
        ("tanh(x)", "-1.7e308"),
    ],
)
def test_a_plot_beyond_the_range_of_numbers_is_drawn_as_far_as_it_goes(
    page: Any, text: str, x: str
) -> None:
    page.fill("#text", text)
    page.get_by_label("value of x").fill(x)
    box = page.locator("#plot").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + 50)
    assert page.input_value("[aria-label='value of x']") != "NaN"


def test_another_text_keeps_the_numbers_and_a_wrong_one_says_why(page: Any) -> None:
    page.fill("#text", "x*x +")
    assert page.inner_text("#problem") == "column 6: the end is not understood here"
    assert page.inner_text("#result") == "= 0.70642"
    page.fill("#text", "x*x + new")
    assert page.inner_text("#problem") == "" and page.inner_text("#result") == "= 10"
    assert page.locator("#names tbody tr").count() == 2
    page.fill("#text", "2 * 3")
    assert page.inner_text("#result") == "= 6"
    assert page.inner_text("#slope h2").startswith("Type a name")


def test_the_point_on_the_curve_is_dragged(page: Any) -> None:
    page.fill("#text", "x**2")
    box = page.locator("#plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60)
    page.mouse.up()
    assert page.inner_text("#names td.slope") == "5"  # at x = 2.5


def test_a_link_keeps_the_state(page: Any, show: Callable[..., Any]) -> None:
    page.fill("#text", "a**2 * e + </script>")
    page.fill("#text", "a**2 * b")
    page.get_by_label("value of a").fill("0.125")
    html = expression_page("x")
    other = show(html, hash=page.evaluate("location.hash")).page
    assert other.input_value("#text") == "a**2 * b"
    assert other.inner_text("#result") == page.inner_text("#result")
    strange = show(html, hash="#%3D=%3Cimg%20src=x%3E&x=NaN&y=").page
    assert strange.inner_text("#problem").startswith("column 1: < is not understood")


@pytest.mark.parametrize("width, height", [(1360, 820), (1280, 720), (738, 600), (390, 844)])
def test_everything_is_in_the_width_of_the_window(
    show: Callable[..., Any], width: int, height: int
) -> None:
    html = expression_page("dot([w1, w2], [x1, x2], b) + max(a, b, c)**2 / w1")
    page = show(html, viewport={"width": width, "height": height}, color_scheme="dark").page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#picture .box").count() == 14


def test_long_names_are_cut_off(show: Callable[..., Any]) -> None:
    html = expression_page(" + ".join(f"{name * 40}_" for name in "abc"))
    page = show(html, viewport={"width": 390, "height": 844}).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_values_that_are_not_finite_are_shown(show: Callable[..., Any]) -> None:
    page = show(expression_page("w*x", {"w": float("nan"), "x": float("-inf")})).page
    assert page.inner_text("#result") == "= NaN"
    assert page.input_value("[aria-label='value of x']") == "-Infinity"


def test_a_text_that_closes_the_script_does_not() -> None:
    with pytest.raises(ParseError):
        expression_page("</script>")
    data = expression_page("x").partition('id="expression-data">')[2].partition("</script>")[0]
    assert json.loads(data)["text"] == "x"
