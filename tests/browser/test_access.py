"""axe-core finds nothing serious in any page, and nothing in the explorer, in both themes and every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn, train
from autograd_scalar.show.explorer.explore import Explorer, explore
from autograd_scalar.show.expression.expression import expression_page
from autograd_scalar.show.play.play import training_page


def _neuron() -> Explorer:
    w, x, b = Value(2.0, "w"), Value(-0.3, "x"), Value(0.5, "b")
    return explore((ag.tanh(w * x + b) - 1.0) ** 2)


def _network() -> Explorer:
    model = nn.MLP(2, [3, 3, 1], seed=0)
    return explore(model([Value(1.0, "x1"), Value(2.0, "x2")]), names=model)


def _training() -> Explorer:
    model, moons = nn.MLP(2, [2, 1], seed=0), data.moons(20, noise=0.1, seed=0)
    return explore(train.fit(model, moons, epochs=3, record=1, progress=False))


def violations(page: Any) -> list[dict[str, Any]]:
    """Return the rules of axe-core that a page violates."""
    from axe_playwright_python.sync_playwright import Axe  # only where there is a browser

    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1360, 820), (390, 844)])
@pytest.mark.parametrize("page", [_neuron, _network, _training])
def test_axe_finds_nothing(
    show: Callable[..., Any], page: Callable[[], Explorer], size: tuple[int, int], scheme: str
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    opened = show(page().html, viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    states = (
        [],
        ["End", "ArrowDown", "?"],  # gradients, a selected value, the list of keys
        ["Escape", "Escape", "p", "Home", "ArrowRight"],  # a question with choices
        ["Enter"],  # the question for the number
    )
    for keys in states:
        opened.press(*keys)
        found = violations(opened.page)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_axe_finds_nothing_serious_in_the_other_pages(
    show: Callable[..., Any], width: int, scheme: str
) -> None:
    moons = data.moons(20, noise=0.1, seed=0)
    for html in (training_page({"moons": moons}), expression_page("tanh(w*x + b)")):
        opened = show(html, viewport={"width": width, "height": 820}, color_scheme=scheme)
        found = violations(opened.page)
        assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


def test_every_control_is_large_enough_for_a_finger(show: Callable[..., Any]) -> None:
    settings = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    opened = show(_network().html, **settings)
    small = """all => all.filter((control) => control.checkVisibility())
        .map((control) => [control.id || control.ariaLabel, control.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24).map(([name]) => name)"""
    assert opened.page.eval_on_selector_all("button, input, select, summary", small) == []


def test_nothing_moves_with_reduced_motion(show: Callable[..., Any]) -> None:
    opened = show(_network().html, reduced_motion="reduce")
    opened.press("End")
    assert opened.page.evaluate("document.getAnimations().length") == 0
