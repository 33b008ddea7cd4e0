"""Cards: the HTML that a notebook shows for Values and modules, broken ones included."""

from __future__ import annotations

import base64
import re
from html import escape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from autograd_scalar import Value, nn
from autograd_scalar.show.card import MAX_COUNTED, module_card, value_card


class Cells(HTMLParser):
    """The texts of a page's table cells, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_a_small_graph_has_numbers_formula_and_picture():
    x = Value(0.5, "x")
    y = (x * x).tanh()
    y.label = "y"
    y.backward()
    cells = Cells(value_card(y))
    assert cells.rows == [
        ["Value", "y"],
        ["data", repr(y.data)],
        ["grad", "1.0"],
        ["formula", "tanh(xx)"],  # the product is a space
    ]
    assert '<math aria-label="tanh(x*x)"><mi>tanh</mi>' in value_card(y)
    (image,) = cells.images
    assert image["alt"] == "tanh(x*x)"
    kind, _, data = str(image["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert ElementTree.fromstring(base64.b64decode(data)).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_leaf_has_no_picture_and_grad_is_a_dash_before_backward():
    assert Cells(value_card(Value(3.0))).rows == [["Value", ""], ["data", "3.0"], ["grad", "—"]]
    assert "<img" not in value_card(Value(3.0))


def test_a_large_graph_is_counted_up_to_a_maximum():
    v = Value(0.5)
    for _ in range(100):
        v = v.sin()
    assert "101 values: 100 sin" in value_card(v)
    for _ in range(2 * MAX_COUNTED):
        v = v.cos()
    assert f"more than {MAX_COUNTED:,} values" in value_card(v)
    assert "<img" not in value_card(v)


@pytest.mark.parametrize("label", ['a<b>{c}|"x"', "</script>", "<img src=x onerror=alert(1)>"])
def test_labels_are_text(label):
    x = Value(1.0, label)
    cells = Cells(value_card(x * 2.0))
    typeset = {"math", "mi", "mo", "mn"}
    assert set(cells.tags) == {"div", "table", "tr", "td", "th", "img", *typeset}
    assert cells.tags.count("img") == 1
    assert cells.rows[-1] == ["formula", f"{label}·2".replace(" ", "\u00a0")]
    assert f'aria-label="{escape(label)}*2"' in value_card(x * 2.0)
    assert cells.images[0]["alt"] == f"{label}*2"
    assert Cells(value_card(x)).rows[0] == ["Value", label]


def test_definitions_keep_their_lines_and_long_formulas_are_truncated():
    x = Value(2.0, "x")
    s = x * x
    card = value_card(s + s.exp())
    assert 'aria-label="t1 = x*x\nt1 + exp(t1)"' in card and card.count("<mtr>") == 2
    long = Value(1.0, "y" * 5000) * 2.0
    assert len(Cells(value_card(long)).rows[-1][1]) == 1000


@pytest.mark.parametrize("data", [float("nan"), float("inf"), -0.0, 1e300])
def test_every_number_has_a_card(data):
    assert repr(data) in value_card(Value(data) * 1.0)


def test_a_module_lists_its_layers_and_parameters():
    assert Cells(module_card(nn.MLP(2, [3, 1], seed=0))).rows == [
        ["MLP", "", "parameters"],
        ["layers.0", "Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)]", "9"],
        ["layers.1", "Layer of [LinearNeuron(3)]", "4"],
        ["total", "", "13"],
    ]
    rows = Cells(module_card(nn.Neuron(3, seed=0))).rows
    assert rows[1:] == [["w", "", "3"], ["b", "", "1"], ["total", "", "4"]]


def test_modules_in_dictionaries_are_listed_and_many_layers_truncated():
    class Zoo(nn.Module):
        def __init__(self) -> None:
            self.cages = {"lion": nn.Neuron(1, seed=0)}
            self.rest = [nn.Neuron(1, seed=0) for _ in range(60)]

    rows = Cells(module_card(Zoo())).rows
    assert rows[1] == ["cages", "", "2"] or rows[1][2] == "2"
    assert len(rows) < 50
    assert rows[-1] == ["total", "", "122"]
    assert rows[-2][0] == "..."


class Broken(nn.Module):
    def named_parameters(self):
        raise RuntimeError("broken")

    def __repr__(self):
        return "<broken & bold>"


class Silent(Broken):
    def __repr__(self):
        raise RuntimeError("broken again")


def test_a_broken_object_has_a_card():
    assert module_card(Broken()) == "<pre>&lt;broken &amp; bold&gt;</pre>"
    assert module_card(Silent()) == "<pre>Silent</pre>"
    assert value_card("no value") == "<pre>&#x27;no value&#x27;</pre>"


def test_values_and_modules_display_their_cards():
    assert Value(1.0)._repr_html_() == value_card(Value(1.0))
    model = nn.MLP(1, [1], seed=0)
    assert model._repr_html_() == module_card(model)


def test_colours_are_inherited():
    page = value_card(Value(1.0, "x") * 2.0)
    table = page[: page.index("<img")]
    assert re.findall(r"color:\s*([^;\"]+)", table) == ["inherit"]
    assert "background" not in table
