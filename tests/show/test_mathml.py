"""MathML: well-formed for every row, the same symbols as the LaTeX, and typeset by a browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from strategies import ROWS, domains

from autograd_scalar import Value, functions
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explain.explain import explain
from autograd_scalar.show.formula.formula import infix, latex
from autograd_scalar.show.formula.mathml import mathml


def value_of(name: str) -> Value:
    numbers = [low + 0.37 * (high - low) for low, high in domains(name)]
    operands = [Value(number, f"p{i}") for i, number in enumerate(numbers)]
    return getattr(functions, name)(*TABLE[name].split(operands))


def text_of(markup: str) -> str:
    return "".join(ET.fromstring(markup).itertext())


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_well_formed(name: str) -> None:
    v = value_of(name)
    markup = mathml(latex(v), text=infix(v))
    root = ET.fromstring(markup)
    assert root.tag == "math" and root.get("aria-label") == infix(v)
    for element in root.iter():
        needed = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mroot": 2}.get(element.tag)
        assert needed is None or len(element) == needed, markup
    for number in re.findall(r"(?<=p_\{)\d+", latex(v)):
        assert number in text_of(markup)
    assert not re.search(r"[\\{}]", text_of(markup).removeprefix("{"))


x, y = Value(2.0, "x"), Value(3.0, "w1")


@pytest.mark.parametrize(
    ("v", "markup"),
    [
        (x * y, "<mi>x</mi><mspace width=\"0.17em\"></mspace><msub><mi>w</mi><mn>1</mn></msub>"),
        (x / y, "<mfrac><mi>x</mi><msub><mi>w</mi><mn>1</mn></msub></mfrac>"),
        (x**2, "<msup><mi>x</mi><mn>2</mn></msup>"),
        (y**2, "<msubsup><mi>w</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (-x, "<mo>−</mo><mi>x</mi>"),
        (x.sqrt(), "<msqrt><mi>x</mi></msqrt>"),
        (x.cbrt(), "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (
            x.tanh(),
            '<mi>tanh</mi><mrow><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>',
        ),
        (
            (x / y).relu(),
            '<mi mathvariant="normal">relu</mi><mrow><mo stretchy="true">(</mo><mfrac><mi>x</mi>'
            '<msub><mi>w</mi><mn>1</mn></msub></mfrac><mo stretchy="true">)</mo></mrow>',
        ),
        (Value(0.5, "alpha"), "<mi>α</mi>"),
        (Value(0.5, "loss"), '<mi mathvariant="normal">loss</mi>'),
        (Value(1e-7), "<mn>1</mn><mo>×</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>7</mn></mrow></msup>"),
    ],
    ids=str,
)  # fmt: skip
def test_formulas_are_written_in_mathml(v: Value, markup: str) -> None:
    assert mathml(latex(v)) == f"<math>{markup}</math>"


def test_labels_are_text() -> None:
    hostile = Value(1.0, '<img src=x onerror="alert(1)">&{}_^\\ $')
    markup = mathml(latex(hostile * x), text=infix(hostile * x))
    assert [element.tag for element in ET.fromstring(markup).iter() if element.tag == "img"] == []
    assert '<img src=x\u00a0onerror="alert(1)">'.replace(" ", "\u00a0") in text_of(markup)


def test_derivations_are_tables() -> None:
    markup = mathml(explain((x * y).relu() + y).latex(), block=True)
    root = ET.fromstring(markup)
    assert root.get("display") == "block"
    assert len(list(root.iter("mtable"))) == 3
    assert "∂" in text_of(markup) and "ex]" not in text_of(markup)


@pytest.mark.parametrize(
    "broken",
    ["{", "}", r"\frac", r"\left(", "x^", r"\sqrt[", r"\begin{aligned}", "_", "&", r"\nonsense x"],
)
def test_broken_latex_is_still_well_formed(broken: str) -> None:
    ET.fromstring(mathml(broken))
