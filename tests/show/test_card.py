"""Cards: the HTML that a notebook shows for Values and modules, broken ones included."""

from __future__ import annotations

import base64
import re
from html import escape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from autograd_scalar import Value, data, jit, nn, optim, train
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


def test_large_layers_are_told_by_their_numbers_of_neurons():
    model = nn.MLP(2, [16, 16, 1], seed=0)
    assert [row[1] for row in Cells(module_card(model)).rows[1:4]] == [
        *("Layer of 16 ReLUNeuron(2)", "Layer of 16 ReLUNeuron(16)", "Layer of [LinearNeuron(16)]"),
    ]
    assert repr(model).count("Neuron") == 3


def test_a_neuron_lists_its_weights():
    neuron = nn.Neuron(2, seed=0)
    neuron([3.0, 4.0]).backward()
    w, v = (f"{p.data:.4g}" for p in neuron.w)
    assert Cells(module_card(neuron)).rows[:4] == [
        ["ReLUNeuron(2)", "data", "grad"],
        ["w.0", w, "3"],
        ["w.1", v, "4"],
        ["b", "0", "1"],
    ]


def test_a_data_set_has_ranges_and_classes():
    points = data.Dataset([[1.0, -2.0], [3.0, 5.0], [2.0, 0.0]], [0, 1, 1])
    features = [str(name) for name in points.features]
    assert Cells(str(points._repr_html_())).rows == [
        ["Dataset", "3 rows"],
        [features[0], "1 … 3"],
        [features[1], "-2 … 5"],
        ["target", "0 … 1"],
    ]
    head, first, *_ = Cells(str(points.standardise()._repr_html_())).rows
    assert head == ["Dataset", "3 rows", "standardised from"]
    assert first[2].startswith("mean 2, scale 0.8165")
    assert Cells(str(data.moons(9, seed=0)._repr_html_())).rows[-1] == ["class", "0: 4, 1: 5"]


def test_an_optimizer_has_its_settings_and_running_numbers():
    p = Value(1.0)
    sgd = optim.SGD([p], lr=0.5, momentum=0.25)
    rows = Cells(str(sgd._repr_html_())).rows
    assert rows == [
        ["SGD", "1 parameter"],
        ["lr", "0.5"],
        ["momentum", "0.25"],
        ["nesterov", "False"],
        ["weight_decay", "0.0"],
        ["steps", "0"],
    ]
    (p * 3.0).backward()
    sgd.step()
    assert Cells(str(sgd._repr_html_())).rows[-2:] == [["steps", "1"], ["velocity", "3 … 3"]]


def test_a_schedule_shows_how_it_was_made_and_its_rates():
    made = optim.schedules.warmup(4, optim.schedules.step(1.0, every=10, factor=0.5))
    text = "warmup(4, then=step(1.0, every=10, factor=0.5))"
    assert repr(made) == text
    assert Cells(made._repr_html_()).rows[:4] == [
        ["epoch", text],
        ["0", "0.25"],
        ["1", "0.5"],
        ["2", "0.75"],
    ]
    for schedule in (
        optim.schedules.constant(0.1),
        optim.schedules.linear(),
        optim.schedules.exponential(1.0, 0.5),
        optim.schedules.cosine(0.1, epochs=9),
    ):
        again = eval(repr(schedule), vars(optim.schedules))
        assert [again(k) for k in range(12)] == [schedule(k) for k in range(12)]


def test_a_compiled_function_says_what_it_is():
    @jit
    def twice(x):
        return x + x

    twice(1.0)
    rows = dict(Cells(str(twice._repr_html_())).rows)
    assert rows["jit"] == "twice" and rows["paths"] == "1 recorded"
    assert rows["defined"].partition(":")[0].endswith("test_card.py")


def test_a_compiled_module_has_the_card_of_a_compiled_function():
    assert Cells(str(jit(nn.Neuron(1, seed=0))._repr_html_())).rows[0][0] == "jit"


def test_a_history_has_its_first_best_and_last_epoch():
    history = train.History()
    assert Cells(str(history._repr_html_())).rows == [["History", "no epoch", "training"]]
    for epoch, loss in enumerate([0.5, 0.25, 0.75], 1):
        history.append({"epoch": epoch, "loss": loss})
    history.stopped = "finished"
    assert Cells(str(history._repr_html_())).rows == [
        ["History, finished", "first epoch", "best epoch", "last epoch"],
        ["epoch", "1", "2", "3"],
        ["loss", "0.5", "0.25", "0.75"],
    ]


def test_a_module_lists_its_layers_and_parameters():
    assert Cells(module_card(nn.MLP(2, [3, 1], seed=0))).rows == [
        ["MLP", "", "parameters"],
        ["layers.0", "Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)]", "9"],
        ["layers.1", "Layer of [LinearNeuron(3)]", "4"],
        ["total", "", "13"],
    ]


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
