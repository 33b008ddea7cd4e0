"""The picture of a network: its structure, its numbers, its colours, and its layout."""

from __future__ import annotations

import base64
import math
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn
from autograd_scalar.show.card import module_card
from autograd_scalar.show.layout.text import columns
from autograd_scalar.show.network.colours import (
    MISSING,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    diverging,
    image,
    ink_on,
    luminance,
    signed,
)
from autograd_scalar.show.network.layout import ADVANCE, LINE, arrange
from autograd_scalar.show.network.maps import zero_line
from autograd_scalar.show.network.picture import NetworkPicture, network_picture
from autograd_scalar.show.palette import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


def by_hand() -> nn.MLP:
    """Return a network whose numbers are easy: h = relu(x1 - 2 x2 + 0.5), relu(-x1), y = 3 h1 - h2 + 1."""
    model = nn.MLP(2, [2, 1], seed=0)
    first, second = model.layers[0].neurons
    (out,) = model.layers[1].neurons
    for neuron, (*w, b) in (
        (first, (1.0, -2.0, 0.5)),
        (second, (-1.0, 0.0, 0.0)),
        (out, (3.0, -1.0, 1.0)),
    ):
        neuron.b.data = b
        for v, number in zip(neuron.w, w, strict=True):
            v.data = number
    return model


def numbers(picture: NetworkPicture) -> list[float]:
    return [picture.shown_of_cell(place) for place in range(len(picture.network.cells))]


def sizes(model: Any, **options: Any) -> list[int]:
    return [*map(len, network_picture(model, **options).network.layers)]


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


# ----- structure -----


class Hand(nn.Module):
    """Neurons written by hand, as sums of products."""

    nin = 2

    def __init__(self) -> None:
        self.neurons = [[Value(0.1 * i), Value(0.2), Value(0.3)] for i in range(3)]
        self.out = nn.Linear(3, 1, seed=0)

    def __call__(self, x: Any) -> Any:
        h = [(a * x[0] + b * x[1] + c).tanh() for a, b, c in self.neurons]
        return self.out(h)[0]


class Residual(nn.Module):
    """A block whose input is added to its output."""

    nin = 2

    def __init__(self) -> None:
        self.a, self.b, self.c = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1)

    def __call__(self, x: Any) -> Any:
        h = [v.relu() for v in self.a(x)]
        return self.c([u + v for u, v in zip(h, self.b(h), strict=True)])


class Difference(nn.Module):
    """The difference of two neurons, which is a function of both."""

    nin = 2

    def __init__(self) -> None:
        self.a, self.b = nn.Neuron(2, nonlin=False), nn.Neuron(2, nonlin=False)

    def __call__(self, x: Any) -> Any:
        return self.a(x) - self.b(x)


@pytest.mark.parametrize(
    ("model", "cells", "weights", "activations"),
    [
        (nn.Neuron(3), [3, 1], 3, ["relu"]),
        (nn.Neuron(1, nonlin=False), [1, 1], 1, ["linear"]),
        (nn.Layer(3, 2, activation="tanh"), [3, 2], 6, ["tanh"]),
        (nn.Linear(3, 2, bias=False), [3, 2], 6, ["linear"]),
        (nn.MLP(2, [16, 16, 1]), [2, 16, 16, 1], 304, ["relu", "relu", "linear"]),
        (nn.MLP(2, [1, 1, 1], activation="linear"), [2, 1, 1, 1], 4, ["linear"] * 3),
        (nn.Sequential(nn.Linear(2, 3), "gelu", nn.Linear(3, 1)), [2, 3, 1], 9, ["gelu", "linear"]),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax()), [2, 3, 3], 6, ["linear", "function"]),
        (
            nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.1), sum),
            [2, 3, 1],
            6,
            ["leaky_relu", "function"],
        ),
        (
            nn.MLP(2, [3, 1], activation=[lambda z: z * z.sigmoid(), "tanh"]),
            [2, 3, 1],
            9,
            ["sigmoid *", "tanh"],
        ),
        (Hand(), [2, 3, 1], 9, ["tanh", "linear"]),
        (Residual(), [2, 2, 2, 1], 10, ["relu", "linear", "linear"]),
        (Difference(), [2, 2, 1], 4, ["linear", "function"]),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, nn.Module) else None,
)
def test_neurons_are_found_in_any_module(
    model: Any, cells: list[int], weights: int, activations: list[str]
) -> None:
    picture = network_picture(model)
    network = picture.network
    assert [*map(len, network.layers)] == cells
    assert sum(link.weight is not None for link in network.links) == weights
    kinds = ("input", *activations) if cells[0] == 1 else ("inputs", *activations)
    assert picture.title.split(": ")[1] == ", ".join(
        f"{count} {kind}" for count, kind in zip(cells, kinds, strict=True)
    )
    found = {id(v) for link in network.links if (v := link.weight) is not None}
    assert found <= {id(v) for v in model.parameters()} and len(found) == weights


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (
            nn.Tanh(),
            TypeError,
            r"inputs of this Activation is unknown: pass a sample, .* x=\[1.0, 2.0\]",
        ),
        (nn.Embedding(3, 2), TypeError, "inputs of this Embedding is unknown"),
    ],
)
def test_a_model_of_unknown_width_needs_a_sample(
    model: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ag.draw(model)


def test_a_model_that_is_no_network_is_refused_in_one_line() -> None:
    with pytest.raises(
        ValueError, match=r"^this Activation has no neurons .* draw\(model\(x\), names=model\)$"
    ):
        ag.draw(nn.Tanh(), x=[1.0])

    class Floats(nn.Linear):
        def __call__(self, x: Any) -> Any:
            return [1.0]

    with pytest.raises(TypeError, match=r"this Floats returned float$"):
        ag.draw(Floats(2, 1))


def test_options_of_the_other_kind_of_drawing_are_refused() -> None:
    with pytest.raises(TypeError, match=r"draw\(model\(x\), names=model, partials=True\)"):
        ag.draw(nn.Neuron(2), partials=True)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="x, data and gradients are for a model"):
        ag.draw(Value(1.0), x=[1.0])  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="draw takes the sample of a model as x=, got list"):
        ag.draw(nn.Neuron(2), [1.0, 2.0])  # type: ignore[call-overload]


# ----- numbers -----


def test_cells_have_the_activations_of_the_sample() -> None:
    picture = network_picture(by_hand(), x=[2.0, -1.0])
    # h = (relu(2 + 2 + 0.5), relu(-2)), y = 3 · 4.5 + 1
    assert numbers(picture) == [2.0, -1.0, 4.5, 0.0, 14.5]
    weights = [picture.shown_of_link(i) for i in range(6)]
    assert sorted(weights) == [-2.0, -1.0, -1.0, 0.0, 1.0, 3.0]
    svg = ag.draw(by_hand(), x=[2.0, -1.0]).svg
    assert {"+2.00", "−1.00", "+4.50", "0", "+14.5", "b +0.50", "b +1.00"} <= {*texts(svg)}


def test_gradients_take_the_place_of_values() -> None:
    picture = network_picture(by_hand(), x=[2.0, -1.0], gradients=True)
    # dy/dh = (3, -1); the second relu is off, so its weights have none; dy/dx = 3 · (1, -2).
    assert numbers(picture) == [3.0, -6.0, 3.0, -1.0, 1.0]
    by_name = {
        picture.names[link.weight]: picture.shown_of_link(i)
        for i, link in enumerate(picture.network.links)
        if link.weight is not None
    }
    assert by_name == {
        "layers.0.neurons.0.w.0": 6.0,
        "layers.0.neurons.0.w.1": -3.0,
        "layers.0.neurons.1.w.0": 0.0,
        "layers.0.neurons.1.w.1": 0.0,
        "layers.1.neurons.0.w.0": 4.5,
        "layers.1.neurons.0.w.1": 0.0,
    }
    # Of a loss: (14.5 - 14)² has the derivative 1 with respect to y, half as 0.5 · that.
    loss = network_picture(by_hand(), x=[2.0, -1.0], gradients=lambda y: 0.5 * (y - 14.0) ** 2)
    assert numbers(loss) == [1.5, -3.0, 1.5, -0.5, 0.5]


def test_a_drawing_leaves_data_and_gradients_unchanged() -> None:
    model = by_hand()
    y = model([1.0, 1.0])
    y.backward()
    before = [(v.data, v.grad) for v in model.parameters()]
    ag.draw(model, gradients=True)
    ag.draw(model)
    assert [(v.data, v.grad) for v in model.parameters()] == before


def test_links_tell_size_and_sign_by_width_colour_and_dashes() -> None:
    root = ET.fromstring(ag.draw(by_hand(), x=[2.0, -1.0]).svg)
    links = {}
    for path in root.iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        if title is not None:
            links[title.text] = path.attrib
    assert links["layers.1.neurons.0.w.0: 3"]["stroke"] == "#d55e00"
    assert links["layers.1.neurons.0.w.1: -1"]["stroke"] == "#0072b2"
    assert "stroke-dasharray" in links["layers.1.neurons.0.w.1: -1"]
    assert "stroke-dasharray" not in links["layers.1.neurons.0.w.0: 3"]
    widths = {
        name.split(": ")[1]: float(link["stroke-width"]) for name, link in links.items() if name
    }
    assert widths["3"] == widths["-2"] == 4.5  # the largest of their layers
    assert widths["1"] == pytest.approx(0.4 + 4.1 / 2, abs=0.01)
    assert widths["0"] == 0.4 and links["layers.0.neurons.1.w.1: 0"]["stroke"] == "#767676"


def test_the_sample_is_the_first_row_of_the_data_and_ones_without() -> None:
    rows = data.Dataset([[3.0, 4.0], [5.0, 6.0]], [0, 1])
    assert numbers(network_picture(by_hand(), data=rows))[:2] == [3.0, 4.0]
    assert numbers(network_picture(by_hand(), data=(rows.X, rows.y)))[:2] == [3.0, 4.0]
    assert numbers(network_picture(by_hand(), data=rows, x=rows.X[1]))[:2] == [5.0, 6.0]
    assert numbers(network_picture(by_hand()))[:2] == [1.0, 1.0]


def test_standardised_data_is_shown_in_its_own_units() -> None:
    rows = data.Dataset(
        [[150.0, 50.0], [170.0, 70.0]], [0, 1], features=["height", "weight"], classes=["no", "yes"]
    ).standardise()
    picture = network_picture(nn.MLP(2, [2, 2], seed=0), data=rows)
    assert picture.labels == {0: "height 150", 1: "weight 50", 4: "no", 5: "yes"}
    assert numbers(picture)[:2] == [-1.0, -1.0]
    # The range of the data and 12 % on either side.
    (note,) = picture.notes
    assert "height from 147.6 to 172.4; up, weight from 47.6 to 72.4" in note


# ----- maps -----


def test_maps_have_the_values_of_the_model_over_the_plane() -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    maps = network_picture(model, x=[0.5, 0.5]).maps
    assert maps is not None and maps.ranges == ((-1.5, 1.5), (-1.5, 1.5))
    last, side = maps.values[-1], maps.side
    for place, x in ((0, [-1.5, 1.5]), (side - 1, [1.5, 1.5]), (side * side - 1, [1.5, -1.5])):
        assert last[place] == model(x).data
    neuron = model.layers[0].neurons[0]
    assert maps.values[2][0] == neuron([-1.5, 1.5]).data
    assert maps.affine[2][0] == pytest.approx(math.atanh(neuron([-1.5, 1.5]).data))


def test_the_line_of_a_neuron_is_where_its_weighted_sum_is_zero() -> None:
    maps = network_picture(by_hand(), x=[2.0, -1.0]).maps  # over ±3
    assert maps is not None
    segments = zero_line(maps.affine[2], maps.side)
    for x, y in [(a, b) for a, b, *_ in segments] + [(c, d) for *_, c, d in segments]:
        assert (6 * x - 3) - 2 * (3 - 6 * y) + 0.5 == pytest.approx(0.0, abs=1e-9)
    length = sum(math.dist((a, b), (c, d)) for a, b, c, d in segments)
    assert length == pytest.approx(math.hypot(1.0, 0.5))
    assert zero_line([1.0, math.nan, math.inf, 2.0], 2) == []


def test_a_model_that_branches_on_its_inputs_has_no_maps() -> None:
    class Folded(nn.Neuron):
        def __call__(self, x: Any) -> Value:
            v = super().__call__(x)
            return v if x[0] > 0.0 else -v

    picture = network_picture(Folded(2, activation="tanh", seed=0))
    assert picture.maps is None and "takes other branches" in picture.notes[0]


@pytest.mark.parametrize("x", [[math.inf, 0.0], [math.nan, 1.0], [1e300, -1e300]])
def test_numbers_that_are_not_finite_are_drawn(x: list[float]) -> None:
    ET.fromstring(ag.draw(nn.MLP(2, [3, 1], seed=0), x=x).svg)


def test_an_image_has_the_colours_of_its_numbers() -> None:
    uri = image([-2.0, 0.0, math.nan, 2.0], 2, 2.0)
    png = base64.b64decode(uri.partition(",")[2])
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (2, 2)
    (length,) = struct.unpack(">I", png[33:37])
    rows = zlib.decompress(png[41 : 41 + length])
    assert rows == bytes([0, *NEGATIVE, *NEUTRAL, 0, *MISSING, *POSITIVE])


# ----- colours -----


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def test_style_sheets_have_the_colours_of_the_palette() -> None:
    negative, positive, *_ = COLOURS
    explorer, play = (
        (files(f"autograd_scalar.show.{name}") / "page" / "page.css").read_text(encoding="utf-8")
        for name in ("explorer", "play")
    )
    assert f"--negative: light-dark({negative}," in explorer
    assert f"--positive: light-dark({positive}," in explorer
    assert f"--low-light: {negative};" in play
    assert f"--high-light: {positive};" in play


def test_colours_have_the_contrast_that_graphics_and_text_need() -> None:
    for colour in (NEGATIVE, POSITIVE):
        assert contrast(luminance(colour), 0.0) > 3.0 and contrast(luminance(colour), 1.0) > 3.0
    for i in range(-100, 101):
        fill = diverging(float(i), 100.0)
        ink = 0.0 if ink_on(fill) == "#000000" else 1.0
        assert contrast(luminance(fill), ink) >= 4.5


def test_the_scale_is_diverging_and_its_ends_are_told_apart_without_hue() -> None:
    assert diverging(0.0, 1.0) == NEUTRAL and diverging(1.0, 0.0) == NEUTRAL
    assert diverging(-9.0, 1.0) == NEGATIVE and diverging(math.inf, 1.0) == POSITIVE
    assert diverging(math.nan, 1.0) == MISSING
    steps = [luminance(diverging(i / 10, 1.0)) for i in range(11)]
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize("exponent", range(-12, 13))
def test_numbers_take_six_columns_with_their_sign(exponent: int) -> None:
    for digits in (1.0, 9.9949, 9.995, 9.9999):
        for sign in (1.0, -1.0):
            text = signed(sign * digits * 10.0**exponent)
            assert len(text) <= 6 and text[0] == ("+" if sign > 0 else "−")


# ----- layout -----

HOSTILE = [
    "</text><script>alert(1)</script>",
    "a\x00\x1b[31m\n\nb",
    "身長の名前がとても長い",
    "&amp;" * 9,
]

Boxes = list[tuple[str, float, float, float, float]]


def boxes_of(picture: NetworkPicture) -> Boxes:
    """Return the rectangles that cells and their lines of text take."""
    found: Boxes = []
    for column in arrange(picture).columns:
        for place in column.places:
            left, top = place.x - place.width / 2, place.y - place.height / 2
            found.append((f"cell {place.cell}", left, top, place.width, place.height))
            for i, line in enumerate(place.lines):
                width = columns(line) * ADVANCE
                found.append(
                    (line, place.x - width / 2, top + place.height + LINE * i, width, LINE)
                )
    return found


SHAPES: list[Callable[[], nn.Module]] = [
    lambda: nn.Neuron(1),
    lambda: nn.Neuron(2),
    lambda: nn.Neuron(40),
    lambda: nn.MLP(3, [3, 3, 3]),
    lambda: nn.MLP(2, [16, 16, 1]),
    lambda: nn.MLP(2, [17, 1]),
    lambda: nn.MLP(4, [5, 5, 5, 5, 4]),
    lambda: nn.MLP(2, [4] * 12 + [2], activation="tanh"),
    lambda: nn.MLP(100, [300, 10]),
    lambda: Residual(),
]


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_cells_and_labels_do_not_overlap_and_fit_a_phone(shape: int) -> None:
    model: Any = SHAPES[shape]()
    names = [HOSTILE[i % 4] + str(i) for i in range(model.nin)]
    rows = data.Dataset(
        [[1.0] * model.nin, [3.0] * model.nin], [0, 1], features=names
    ).standardise()
    picture = network_picture(model, data=rows)
    layout = arrange(picture)
    assert layout.width <= 390
    for (one, x, y, w, h), (other, a, b, c, d) in combinations(boxes_of(picture), 2):
        apart = x + w <= a + 0.01 or a + c <= x + 0.01 or y + h <= b + 0.01 or b + d <= y + 0.01
        assert apart, f"{one} overlaps {other}"
    for _, x, y, w, h in boxes_of(picture):
        assert x >= 0 and y >= 0 and x + w <= layout.width and y + h <= layout.height


def test_hostile_labels_stay_text() -> None:
    rows = data.Dataset(
        [[1.0, 2.0, 3.0, 4.0], [3.0, 1.0, 1.0, 0.0]], [0, 1], features=HOSTILE, classes=HOSTILE[:2]
    )
    drawing = ag.draw(nn.MLP(4, [2, 2], seed=0), data=rows)
    root = ET.fromstring(drawing.svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "g", "path", "rect", "text", "image", "circle")
    }
    assert "<script" not in drawing.svg and "<script" not in drawing._repr_html_()


def test_large_layers_and_deep_networks_are_folded_with_a_count() -> None:
    wide = texts(ag.draw(nn.MLP(100, [50, 3], seed=0)).svg)
    assert {"100", "86 more", "50", "36 more"} <= {*wide}
    deep = texts(ag.draw(nn.MLP(2, [3] * 12 + [1], seed=0)).svg)
    assert {"9 more", "layers"} <= {*deep}
    assert "more" not in " ".join(texts(ag.draw(nn.MLP(16, [16, 1], seed=0)).svg))


def test_the_picture_has_a_text_for_screen_readers() -> None:
    root = ET.fromstring(ag.draw(by_hand(), x=[2.0, -1.0]).svg)
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "Network MLP: 2 inputs, 2 relu, 1 linear"
    assert root.findtext(f"{SVG}desc") == "Values at x1 = 2, x2 = -1: output 14.5."


# ----- files and cards -----


def test_a_drawing_is_written_and_displayed(tmp_path: Path) -> None:
    drawing = ag.draw(by_hand(), tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text("utf-8") == drawing.svg
    shown = drawing._repr_html_()
    encoded = re.search(r"base64,([^\"]+)", shown)
    assert encoded and base64.b64decode(encoded[1]).decode() == drawing.svg
    assert 'alt="Network MLP: 2 inputs, 2 relu, 1 linear. Values at' in shown
    with pytest.raises(ValueError, match=r"written as \.svg, got net\.jpg"):
        ag.draw(by_hand(), "net.jpg")


def test_the_card_of_a_model_has_its_picture() -> None:
    assert ag.draw(by_hand())._repr_html_() in module_card(by_hand())
    assert "<img" not in module_card(nn.MLP(100, [100, 1]))  # a card takes milliseconds
    assert "<img" not in module_card(nn.Sequential("tanh"))
    with ag.no_grad():  # nothing is recorded that could be drawn
        assert "<img" not in module_card(by_hand())
