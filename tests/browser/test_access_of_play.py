"""axe-core finds nothing in the pages of `autograd-scalar play`, at every size, in both themes, in every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograd_scalar import data
from autograd_scalar.show.expression.expression import expression_page
from autograd_scalar.show.play.play import training_page

PHONE = {"width": 390, "height": 844}


def violations(page: Any) -> list[Any]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1360, "height": 820}, PHONE])
def test_axe_finds_nothing_in_the_training_page(
    show: Callable[..., Any], size: dict[str, int], scheme: str
) -> None:
    html = training_page({"moons": data.moons(40, noise=0.1, seed=0)})
    page = show(html, viewport=size, color_scheme=scheme).page
    draw = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
    for change in (
        "0",
        "app.network.parameters.fill(-1)",  # dead neurons
        "app.choose({ kind: 'neuron', layer: 0, neuron: 0 })",
        "app.choose({ kind: 'weight', layer: 1, neuron: 0, input: 1 })",
        "app.openSample(3), app.stepSample(20)",
    ):
        page.evaluate(f"(({{ app }}) => {{ {change}; app.changed(); }})(playground)")
        page.evaluate(draw)
        assert violations(page) == [], change


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1360, "height": 820}, PHONE])
def test_axe_finds_nothing_in_the_page_of_expressions(
    show: Callable[..., Any], size: dict[str, int], scheme: str
) -> None:
    html = expression_page("tanh(w*x + b) / 3")
    page = show(html, viewport=size, color_scheme=scheme).page
    assert violations(page) == []
    page.fill("#text", "1 +")
    assert violations(page) == []


PAGES = {
    "training": lambda: training_page({"xor": data.xor(20, noise=0.1, seed=0)}),
    "expression": lambda: expression_page("w*x"),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_control_is_large_enough_for_a_finger(show: Callable[..., Any], name: str) -> None:
    page = show(PAGES[name](), viewport=PHONE, has_touch=True, is_mobile=True).page
    small = """all => all.filter((control) => control.checkVisibility())
        .map((control) => [control.id || control.ariaLabel, control.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24).map(([name]) => name)"""
    assert page.eval_on_selector_all("button, input, select", small) == []
    page.locator("button").first.tap()
