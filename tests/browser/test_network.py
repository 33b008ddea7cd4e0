"""The view of a network in the explorer's page, which is the first that it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn, train
from autograd_scalar.show.network.colours import NEGATIVE, POSITIVE, diverging, ink_on, signed

CELLS = "all => all.map((cell) => cell.querySelector('text').textContent)"


def selected(page: Any) -> str:
    return str(page.eval_on_selector("#view", "view => view.selectedOptions[0].text"))


def colour(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


@pytest.mark.parametrize("width", [390, 1280])
def test_cells_have_the_values_and_then_the_gradients(show: Callable[..., Any], width: int) -> None:
    model = nn.MLP(2, [4, 3, 1], activation="tanh", seed=0)
    x = [Value(0.3, "x1"), Value(-0.4, "x2")]
    first = [neuron(x) for neuron in model.layers[0].neurons]
    second = [neuron(first) for neuron in model.layers[1].neurons]
    output = model.layers[2](second)
    loss = (output - 1.0) ** 2
    loss.backward()
    cells = [*x, *first, *second, output]

    opened = show(ag.explore(loss, names=model).html, viewport={"width": width, "height": 820})
    page = opened.page
    assert selected(page) == "network"
    assert page.eval_on_selector_all(".cell", CELLS) == [signed(v.data) for v in cells]
    largest = max(abs(v.data) for v in first)
    fills = page.eval_on_selector_all(
        ".cell",
        """all => all.map((cell) =>
            [".body", "text"].map((part) => getComputedStyle(cell.querySelector(part)).fill))""",
    )
    for v, (fill, ink) in zip(first, fills[2:6], strict=True):
        expected = diverging(v.data, largest)
        assert max(abs(a - b) for a, b in zip(colour(fill), expected, strict=True)) <= 1
        assert colour(ink) == ((0, 0, 0) if ink_on(expected) == "#000000" else (255, 255, 255))
    opened.press("End")
    page.select_option("#view", label="network, gradients")
    assert page.eval_on_selector_all(".cell", CELLS) == [signed(v.grad) for v in cells]


def test_lines_have_the_sizes_and_the_signs_of_the_weights(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    opened = show(ag.explore(model([1.0, 2.0]), names=model).html)
    lines = opened.page.eval_on_selector_all(
        ".link",
        """all => all.map((link) => [link.querySelector("title").textContent, link.className.baseVal,
            Number(link.querySelector("path").getAttribute("stroke-width")),
            getComputedStyle(link.querySelector("path")).stroke])""",
    )
    weights = {name: v.data for name, v in model.named_parameters() if ".w." in name}
    assert {title.split(":")[0] for title, *_ in lines} == {*weights}
    for layer in ("layers.0", "layers.1"):
        largest = max(abs(w) for name, w in weights.items() if name.startswith(layer))
        for title, kind, width, stroke in lines:
            name = title.split(":")[0]
            if name.startswith(layer):
                assert float(title.split(": ")[1]) == weights[name]
                assert ("positive" in kind, "negative" in kind) == (
                    weights[name] > 0,
                    weights[name] < 0,
                )
                assert colour(stroke) == (POSITIVE if weights[name] > 0 else NEGATIVE)
                assert width == pytest.approx(0.4 + 4.1 * abs(weights[name]) / largest, abs=0.01)


def test_a_cell_shows_its_derivation_and_opens(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    opened = show(ag.explore(model([Value(1.0, "x1"), Value(2.0, "x2")]), names=model).html)
    page = opened.page
    opened.press("End")
    page.locator(".cell").nth(3).click()
    assert "tanh" in opened.text("#about") and "finite difference" in opened.text("#about")
    assert "layers.1.neurons.0.w.1" in opened.text("#about")
    page.locator(".cell").nth(3).dblclick()
    assert selected(page) == "inside layers.0.neurons.1"
    opened.press("Escape")
    assert selected(page) == "network"


def test_steps_go_from_cell_to_cell(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    opened = show(ag.explore(model([1.0, 2.0]), names=model).html)
    opened.press("Home")
    unknown = "all => all.filter((cell) => cell.querySelector('text').textContent === '—').length"
    assert opened.page.eval_on_selector_all(".cell", unknown) == 4
    met = []
    while not met or met[-1]:
        opened.press("ArrowRight")
        met.append(opened.page.eval_on_selector_all(".cell", unknown))
        assert len(met) < 12
    assert sorted(met, reverse=True) == met and {3, 2, 0} <= {*met}


def test_a_training_moves_the_network(show: Callable[..., Any]) -> None:
    model, moons = nn.MLP(2, [3, 1], seed=0), data.moons(20, seed=0)
    history = train.fit(model, moons, lr=0.1, epochs=4, record=1, progress=False)
    opened = show(history.explore().html)
    page = opened.page
    assert selected(page) == "network"
    before = page.eval_on_selector_all(".cell", CELLS)
    page.fill("#frame", "4")
    after = page.eval_on_selector_all(".cell", CELLS)
    assert before[:2] == after[:2] and before[-1] != after[-1]
    assert after[-1] == signed(model(moons.X[0]).data)


@pytest.mark.parametrize(
    "model",
    [
        nn.Neuron(2, seed=0),
        nn.Sequential(nn.Linear(2, 3, seed=0), "gelu", nn.Linear(3, 3, seed=1), nn.Softmax(), sum),
        nn.MLP(2, [20, 1], seed=0),
        nn.MLP(2, [3] * 10 + [1], seed=0),
    ],
    ids=["neuron", "softmax", "wide", "deep"],
)
def test_every_network_opens_with_its_picture(show: Callable[..., Any], model: Any) -> None:
    y = model([Value(1.0, "x1"), Value(2.0, "x2")])
    opened = show(ag.explore(y, names=model).html)
    assert selected(opened.page) == "network"
    assert opened.page.eval_on_selector_all(".cell", CELLS)[:2] == ["+1.00", "+2.00"]


@pytest.mark.parametrize("kind", ["plain", "mapping", "batch"])
def test_other_graphs_have_no_view_of_a_network(show: Callable[..., Any], kind: str) -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    x = Value(2.0, "x")
    y = {
        "plain": lambda: x * x,
        "mapping": lambda: model([x, 1.0]),
        "batch": lambda: model([x, 1.0]) + model([3.0, 4.0]),
    }[kind]()
    names: Any = {"plain": None, "mapping": dict(model.named_parameters()), "batch": model}[kind]
    opened = show(ag.explore(y, names=names).html)
    assert selected(opened.page) != "network"
