"""Sentences of explanations: each says what an operation does to the gradient at these numbers, and why."""

from __future__ import annotations

from math import isfinite, nan

import pytest
from strategies import ROWS, domains

from autograd_scalar import Value, define_op, functions, jit
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explain.explain import explain

x, w, b = Value(2.0, "x"), Value(0.2, "w"), Value(0.5, "b")
a, c = Value(2.0, "a"), Value(2.0, "c")


def notable(y: Value) -> list[str]:
    """Return the sentences that an explanation prints below its lines."""
    _, _, words = str(explain(y)).partition("\nIn words:\n")
    return [line.strip() for line in words.splitlines()]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        # branches and kinks
        ((x * w + b).relu(), ["x*w + b is 0.9 > 0, so relu passes its gradient on unchanged."]),
        ((x - 5.0).relu(), ["x - 5 is -3 < 0, so relu passes no gradient on."]),
        ((x - 2.0).relu(), ["x - 2 is 0, at a kink, so relu passes no gradient on."]),
        (abs(-x), ["-x is -2 < 0, so abs passes its gradient on with the opposite sign."]),
        (
            (x - 5.0).leaky_relu(),
            ["x - 5 is -3 < 0, so leaky_relu passes its gradient on to x - 5 times 0.01."],
        ),
        (functions.floor(x), ["floor is flat between its jumps, so it passes no gradient on."]),
        # choices and ties
        (
            functions.maximum(a, b),
            [
                "a = 2 > 0.5 = b, so maximum passes no gradient on to b.",
                "a = 2 > 0.5 = b, so maximum passes its gradient on to a unchanged.",
            ],
        ),
        (
            functions.minimum(a, c),
            [
                "a = c = 2, a tie, so minimum passes its gradient on to c times 0.5.",
                "a = c = 2, a tie, so minimum passes its gradient on to a times 0.5.",
            ],
        ),
        (
            functions.clip(x, -1.0, 1.0),
            ["-1 < 2 = x and x is 2 > 1, so clip passes no gradient on to x."],
        ),
        (
            functions.where(x, a, 1.0),
            [
                "x is 2, not 0, so where passes its gradient on to a unchanged.",
            ],
        ),
        # saturation and steepness
        (
            (x * 5.0).tanh(),
            ["x*5 is 10, where tanh is saturated: it passes its gradient on times 8.245e-09."],
        ),
        (
            a / (b * 1e-5),
            [
                "b*1e-05 is 5e-06, where a/(b*1e-05) is steep: it passes its gradient on to b*1e-05 times -8e+10.",
                "a is 2, where a/(b*1e-05) is steep: it passes its gradient on to a times 200000.",
            ],
        ),
        # edges of domains
        ((x - 5.0).log(), ["log(-3) is not defined: its value is nan."]),
        (
            (x - 2.0).sqrt(),
            [
                "sqrt(0) is at an edge of its domain, where its local derivative with respect to x - 2 is infinite."
            ],
        ),
        # zeros
        ((x - 2.0) ** 2, ["2*v1 is 0, so (x - 2)**2 passes no gradient on to x - 2."]),
        (Value(0.0, "z") * x, ["z is 0, so z*x passes no gradient on to x."]),
        (
            functions.hypot(Value(0.0, "p"), 0.0),
            ["the derivative is taken to be 0 here, so hypot passes no gradient on to p."],
        ),
        # nothing worth saying
        ((x * w + b).tanh(), []),
        (x**3 - b, []),
        ((x * nan).relu(), []),
    ],
    ids=str,
)
def test_what_is_worth_saying_is_said(y: Value, words: list[str]) -> None:
    assert notable(y) == words


def test_every_use_has_a_sentence() -> None:
    assert explain((x * w + b) * x).in_words().splitlines() == [
        "(x*w + b)*x passes its gradient on to x*w + b times x = 2.",
        "x*w + b passes its gradient on to b unchanged.",
        "x*w + b passes its gradient on to x*w unchanged.",
        "x*w passes its gradient on to w times x = 2.",
        "(x*w + b)*x passes its gradient on to x times v2 = 0.9.",
        "x*w passes its gradient on to x times w = 0.2.",
    ]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_sentences_that_agree_with_its_derivatives(name: str) -> None:
    numbers = [low + 0.37 * (high - low) for low, high in domains(name)]
    operands = [Value(number, f"p{i}") for i, number in enumerate(numbers)]
    y = getattr(functions, name)(*TABLE[name].split(operands))
    for step in explain(y, operands)[1:]:
        for term in step.terms:
            text = term.sentence.text
            assert isfinite(term.partial) and text.endswith(".") and "\n" not in text
            assert ("no gradient" in text) == (term.partial == 0.0)
            assert ("unchanged" in text) == (term.partial == 1.0)
            assert ("opposite sign" in text) == (term.partial == -1.0)


@pytest.mark.usefixtures("wrong_rows_allowed")
def test_the_sentence_of_a_users_row_follows_from_its_text() -> None:
    ramp = define_op("ramp_in_words", "0.0 if x <= 1.0 else x - 1.0", "step(x - 1.0)")
    assert notable(ramp(b)) == ["b is 0.5 < 1, so ramp_in_words passes no gradient on."]


def test_many_sentences_are_cut() -> None:
    leaves = [Value(-1.0 - i, f"x{i}") for i in range(15)]
    words = notable(functions.sum([leaf.relu() for leaf in leaves]))
    assert len(words) == 9 and words[-1] == "7 more; in_words() has all."
    assert len(explain(functions.sum([v.relu() for v in leaves])).in_words().splitlines()) == 30


def test_sentences_are_markdown_that_shows_their_signs() -> None:
    y = (Value(-2.0, "<b>*_x_*") * w).relu()
    (line,) = [line for line in explain(y).markdown().splitlines() if line.startswith("- ")]
    assert line == r"- ‹&lt;b&gt;\*\_x\_\*›\*w is -0.4 &lt; 0, so relu passes no gradient on."


def test_a_compiled_call_over_rows_has_a_sentence() -> None:
    np = pytest.importorskip("numpy")
    y = jit(lambda x, b: x * b, rows=[0], reduce="sum")(np.array([1.0, 2.0]), b)
    assert explain(y).in_words().endswith("passes its gradient on to b times 3.")
