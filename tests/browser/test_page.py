"""The page in a browser: steps, terms of the chain rule, keys, the address, predictions, gradient steps, saved SVG."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn, train
from autograd_scalar.show.explorer.explore import Explorer, explore

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    'a<b>{c}|"x"&amp;\'',
    "]]>--><!--<script>",
    "\u2028{{DATA}}\\u003c",
]


@pytest.fixture(scope="module")
def shared() -> Explorer:
    """The page of y = c*c + c with c = a*b at a = 2, b = -3; c is used three times."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    c = a * b
    c.label = "c"
    return explore(c * c + c)


@pytest.fixture(scope="module")
def network() -> Explorer:
    model = nn.MLP(2, [3, 3, 1], seed=0)
    return explore(model([Value(1.0, "x1"), Value(2.0, "x2")]), names=model)


def boxes(opened: Any) -> dict[str, str]:
    """Return the label for screen readers of each box, by the name in it."""
    labels = opened.page.eval_on_selector_all(
        ".box", "all => all.map((box) => box.getAttribute('aria-label'))"
    )
    return {re.split("[,:]", text)[0]: text for text in labels}


def test_forward_and_backward_one_node_at_a_time(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(shared.html)
    opened.press("Home")
    assert boxes(opened)["c"] == "c, mul: value not yet computed, gradient not yet computed"
    shown = []
    for _ in range(7):
        opened.press("ArrowRight")
        shown.append(opened.text("#status"))
    assert shown == [
        "Forward 1 of 3: c = a*b = 2*(-3) = -6",
        "Forward 2 of 3: v1 = c*c = (-6)*(-6) = 36",
        "Forward 3 of 3: y = v1 + c = 36 + (-6) = 30. The forward pass is complete; press → to start backpropagation",
        "Backward 0 of 3: ∂y/∂y = 1, the start of backpropagation",
        "Backward 1 of 3: y propagates its gradient to v1: 1 · 1 = 1; to c: 1 · 1 = 1",
        "Backward 2 of 3: v1 propagates its gradient to c: 1 · c = -6; to c: 1 · c = -6",
        "Backward 3 of 3: c propagates its gradient to a: -11 · b = 33; to b: -11 · a = -22. "
        "Done: all gradients are complete",
    ]
    assert boxes(opened)["a"] == "a: value 2, gradient 33"
    opened.press("ArrowLeft", "ArrowLeft")
    assert boxes(opened)["c"] == "c, mul: value -6, gradient 1 so far"
    assert boxes(opened)["a"] == "a: value 2, gradient not yet computed"


def test_the_panel_shows_terms_that_are_pending(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    opened.press("ArrowRight", "ArrowRight")
    opened.page.hover(".box[aria-label^='c,']")
    terms = opened.page.eval_on_selector_all(
        ".terms li", "all => all.map((li) => [li.className, li.innerText])"
    )
    assert [kind for kind, _ in terms] == ["added", "pending", "pending"]
    assert "∂y/∂y · 1" in terms[0][1] and "1 · 1 = 1" in terms[0][1]
    assert "∂y/∂v1 · c" in terms[1][1] and "pending" in terms[1][1]
    assert "1 so far: 1 of 3 uses added" in opened.text(".total")
    opened.press("End")
    assert opened.text(".total").endswith("-11")
    assert "finite difference -11 ✓" in opened.text(".check")
    opened.page.click("summary")
    assert "z = x * y" in opened.text("details")
    assert "∂z/∂y = x" in opened.text("details")


def test_edges_show_local_derivatives_and_propagated_gradients(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(shared.html)
    texts = opened.page.eval_on_selector_all(
        ".local.known text", "all => all.map((text) => text.textContent)"
    )
    assert sorted(texts) == sorted(["×-3", "×2", "×-6", "×-6", "×1", "×1"])
    assert opened.page.locator(".edge.sent").count() == 0
    opened.press("End")
    assert opened.page.locator(".edge.sent").count() == 6
    widths = opened.page.eval_on_selector_all(
        ".edge .flow", "all => all.map((edge) => Number(edge.getAttribute('stroke-width')))"
    )
    tips = opened.page.eval_on_selector_all(
        ".edge title", "all => all.map((edge) => edge.textContent)"
    )
    propagated = [abs(float(tip.split("propagates ")[1].split()[0])) for tip in tips]
    assert sorted(widths) == [width for _, width in sorted(zip(propagated, widths, strict=True))]


def test_local_derivatives_follow_the_branch_of_a_where(show: Callable[..., Any]) -> None:
    x = Value(1.0, "x")
    opened = show(explore(ag.leaky_relu(x, 0.1) * 2.0).html)
    opened.press("End")
    opened.page.hover(".box[aria-label^='x:']")
    assert "∂y/∂v1 · 1" in opened.text(".terms")
    box = opened.page.get_by_label("value of x")
    box.fill("-3")
    box.press("Enter")
    opened.page.hover(".box[aria-label^='x:']")
    assert "∂y/∂v1 · where(step(x), 1.0, 0.1)" in opened.text(".terms")
    assert opened.text(".total").endswith("0.2")


def test_a_kink_is_marked(show: Callable[..., Any]) -> None:
    x = Value(0.0, "x")
    opened = show(explore(x.relu() + x.sin() * 2.0).html)
    opened.press("End")
    assert "kink" in opened.text("#rows")


def test_the_page_is_usable_by_keyboard_alone(show: Callable[..., Any], network: Explorer) -> None:
    opened = show(network.html)
    page = opened.page
    opened.press("ArrowDown")
    assert page.evaluate("document.activeElement.classList.contains('box')")
    for _ in range(20):
        opened.press("ArrowDown")
        if "layers.0.neurons.1" in page.evaluate(
            "document.activeElement.getAttribute('aria-label')"
        ):
            break
    opened.press("Enter")
    assert (
        page.eval_on_selector("#view", "view => view.selectedOptions[0].text")
        == "inside layers.0.neurons.1"
    )
    opened.press("End", "Escape")
    assert page.eval_on_selector("#view", "view => view.selectedOptions[0].text") == "network"
    opened.press("/")
    page.keyboard.type("x2")
    assert "x2: value 2" in opened.text("#status")
    opened.press("Escape", "Escape", "n")
    assert "Predicted change" in opened.text("#outcome")
    opened.press(" ")
    assert page.get_attribute("#play", "aria-label") == "pause"
    opened.press(" ")
    assert page.get_attribute("#play", "aria-label") == "play"
    before = page.get_attribute("#scene", "transform")
    opened.press("+", "Shift+ArrowLeft")
    assert page.get_attribute("#scene", "transform") != before
    opened.press("0", "?")
    assert page.is_visible("#keys")
    opened.press("Escape")
    assert not page.is_visible("#keys")


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_tab_reaches_every_control_and_cycles(
    show: Callable[..., Any], shared: Explorer, key: str
) -> None:
    opened = show(shared.html)
    opened.press("p", "ArrowRight", "ArrowRight", "=")  # with a question open
    page = opened.page
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(60):
        opened.press(key)
        reached.append(
            page.evaluate(
                "(({ id, ariaLabel, tagName }) => id || ariaLabel || tagName)(document.activeElement)"
            )
        )
    first = reached[0]
    assert first in reached[1:]  # a full cycle
    wanted = {
        "search",
        "theme",
        "svg",
        "help",
        "rate",
        "nudge",
        "reset",
        "time",
        "predict",
        "speed",
        "next",
        "answer",
    }
    assert wanted | {"slider for a", "value of b", "nudge a"} <= set(reached)
    named = """all => all.filter((control) => control.checkVisibility())
        .map((control) => control.ariaLabel || control.innerText || control.labels.length)"""
    assert all(page.eval_on_selector_all("button, input, select", named))


def test_the_address_restores_the_state(show: Callable[..., Any], network: Explorer) -> None:
    opened = show(network.html)
    page = opened.page
    page.get_by_label("nudge x2").check()
    box = page.get_by_label("value of x1")
    box.fill("-0.75")
    box.press("Enter")
    page.fill("#rate", "0.25")
    page.focus("#graph")
    opened.press("n", "Home", "ArrowRight", "ArrowRight", "ArrowDown")
    page.click("#theme")
    page.check("#predict")
    page.select_option("#view", label="inside layers.1")
    page.click("#in")
    page.wait_for_timeout(350)
    hash = page.evaluate("location.hash")
    state = """() => [document.getElementById("time").value, document.getElementById("view").value,
        document.getElementById("rate").value, document.getElementById("predict").checked,
        document.documentElement.dataset.theme, document.getElementById("scene").getAttribute("transform"),
        document.querySelector(".box.chosen")?.ariaLabel, document.querySelector("[aria-label='nudge x2']")?.checked,
        explorer.numbers()]"""
    again = show(network.html, hash=hash)
    assert again.page.evaluate(state) == page.evaluate(state)
    again.page.select_option("#view", label="neurons")
    assert again.page.get_by_label("nudge x2").is_checked()
    assert not again.page.get_by_label("nudge x1").is_checked()
    for invalid in (
        "#t=-5&view=nowhere&at=99999&x0=abc&camera=a b c",
        "#t=1.5&at=&rate=",
        "#%",
        "#move=...",
    ):
        assert len(boxes(show(network.html, hash=invalid))) > 3


def test_a_pasted_address_changes_the_state(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    opened.page.evaluate("location.hash = '#t=7&x0=5'")
    deadline = time.monotonic() + 10
    while opened.page.input_value("#time") != "7":
        assert time.monotonic() < deadline
    assert opened.numbers()[0][:2] == [5.0, -3.0]


def test_a_single_leaf_can_be_explored(show: Callable[..., Any]) -> None:
    opened = show(explore(Value(2.5, "x")).html)
    opened.press(
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
        "ArrowLeft",
        "End",
        "n",
        "p",
        "Home",
        "ArrowRight",
        " ",
    )
    assert opened.numbers()[1] == [1.0]


def test_predictions_are_asked_before_the_result_is_shown(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(shared.html)
    page = opened.page
    opened.press("Home", "p", "ArrowRight")
    assert opened.text("#asked") == "c = a*b = ?"
    assert "-6" not in opened.text("#about")
    assert opened.text("#status") == "Is it negative, zero or positive?"
    opened.press("-")
    assert opened.text("#status").startswith("Right, negative. The number, or an expression")
    page.keyboard.type("-6")
    opened.press("Enter")
    assert opened.text("#status") == "Right. c = a*b = -6"
    opened.press("ArrowRight")
    choices = page.locator("#choices button").all_inner_texts()
    assert choices == ["− negative", "0 zero", "+ positive"]
    opened.press("Enter")  # the first choice
    assert opened.text("#status").startswith("No, positive.")
    page.keyboard.type("35.9")
    opened.press("Enter")
    assert opened.text("#status").startswith("Right.")  # within a hundredth
    opened.press("ArrowRight", "+")
    page.keyboard.type("nonsense")
    opened.press("Enter")
    assert opened.text("#status") == "nonsense: nonsense is no name in this graph"
    page.fill("#answer", "7")
    opened.press("Enter")
    assert opened.text("#status") == "Not 7. It is 36 + (-6). Try once more."
    page.fill("#answer", "v1 - c")
    opened.press("Enter")
    assert opened.text("#status") == "Not 42. y = v1 + c = 30"
    assert opened.text("#score") == "4 of 6 right"
    assert page.locator("#ideas li").all_inner_texts() == [
        "signs\n2 of 3",
        "values\n2 of 3",
    ]
    opened.press("ArrowRight", "ArrowRight")
    assert opened.text("#asked") == "y propagates its gradient: ∂y/∂v1 = ?"
    assert opened.text("#status").startswith("Compared with the upstream gradient, ∂y/∂y = 1:")
    opened.press("=", "Enter")  # an empty answer shows the result
    assert opened.text("#status") == "y propagates its gradient: ∂y/∂v1 = 1"
    opened.press("ArrowRight")
    page.click("#reveal")
    opened.press("ArrowRight", "Escape")
    assert not page.is_visible("#question")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("0.5*2", "Right. "),
        ("-3/-3", "Right. "),
        ("2 ** -0.5 * sqrt(2)", "Right. "),
        ("-(c/6)", "Right. "),
        ("exp(0)·y.grad", "Right. "),
        ("1/3", "Not 0.333333. "),
        ("2*", "2*: a number is missing after *"),
        ("(1 + 2", "(1 + 2: a ) is missing at the end"),
        ("1 2", "1 2: expected + - * / before 2"),
        ("3 @ 4", "3 @ 4: expected + - * / before @ 4"),
        ("ab", "ab: ab is no name in this graph"),
        ("a.grad", "a.grad: a.grad has no number yet"),
        ("*", "*: * is not expected"),
    ],
)
def test_answers_are_expressions(
    show: Callable[..., Any], shared: Explorer, text: str, verdict: str
) -> None:
    opened = show(shared.html)
    opened.press("p", "ArrowRight", "ArrowRight", "=")
    opened.page.fill("#answer", text)
    opened.press("Enter")
    assert opened.text("#status").startswith(verdict)


def test_inputs_and_the_rate_are_expressions(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    box = opened.page.get_by_label("value of a")
    box.fill("-b/2")
    box.press("Enter")
    assert opened.numbers()[0][0] == 1.5
    box.fill("one")
    box.press("Enter")
    assert opened.numbers()[0][0] == 1.5
    assert box.get_attribute("title") == "one is no name in this graph"


def test_wrong_answers_are_diagnosed(show: Callable[..., Any]) -> None:
    # y = (c*c + c) * k with c = a*b: at the step of c*c, c has k = 5 from the sum, and two uses that send -30 each.
    a, b, k = Value(2.0, "a"), Value(-3.0, "b"), Value(5.0, "k")
    c = a * b
    c.label = "c"
    square = c * c
    square.label = "square"
    opened = show(explore((square + c) * k).html)
    page = opened.page
    opened.press("End", "p", "ArrowLeft", "ArrowLeft")  # square propagates to c
    asked = opened.text("#status")
    assert "Backward 2 of 4" in asked

    def answered(text: str) -> str:
        opened.press("Escape", "ArrowRight", "-")
        page.fill("#answer", text)
        opened.press("Enter")
        return str(opened.text("#status"))

    assert (
        "the local derivative alone. Multiply it by the upstream gradient, ∂y/∂square = 5"
        in answered("5 - 12")
    )
    assert "= in place of +=. Add it to the 5 from" in answered("-60")
    assert "c is used 2 times here" in answered("5 - 30")
    assert "what the other uses have sent" in answered("5")
    assert "the sign is not" in answered("55")
    page.fill("#answer", "5*square.grad - 80")
    opened.press("Enter")
    assert opened.text("#status").startswith("Right. ")
    assert "one path forgotten (2 times)" in opened.text("#mistakes")
    assert "sums over paths" in opened.text("#ideas")


def test_a_slope_taken_at_the_output_is_recognised(show: Callable[..., Any]) -> None:
    x = Value(0.5, "x")
    opened = show(explore(x.exp() * 2.0).html)
    opened.press("End", "p", "ArrowLeft", "ArrowRight", ">")
    output = 0.5**0 * 2.718281828459045**0.5
    opened.page.fill("#answer", str(2.0 * 2.718281828459045**output))
    opened.press("Enter")
    assert "local derivative at the output, 1.649. Take it at the input, x = 0.5" in opened.text(
        "#status"
    )


def test_nudges_descend_and_are_plotted(show: Callable[..., Any]) -> None:
    w, x = Value(3.0, "w"), Value(2.0, "x")
    opened = show(explore((w * x - 1.0) ** 2).html)
    page = opened.page
    page.get_by_label("nudge x").uncheck()
    page.fill("#rate", "0.01")
    for _ in range(3):
        page.click("#nudge")
    data = 3.0
    for _ in range(3):
        data -= 0.01 * 2.0 * (data * 2.0 - 1.0) * 2.0
    values, _ = opened.numbers()
    assert values[-1] == pytest.approx((2.0 * data - 1.0) ** 2, rel=1e-12)
    assert "4 numbers, from 25 to" in str(page.get_attribute("#trace svg", "aria-label"))
    page.fill("#rate", "fast")
    page.click("#nudge")
    assert (
        opened.text("#outcome")
        == "the learning rate is not a number: fast is no name in this graph"
    )
    page.click("#reset")
    assert opened.numbers()[0][-1] == 25.0
    assert page.locator("#trace svg").count() == 0


SIZES = [(1360, 820), (1280, 720), (738, 600), (390, 844)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_graph_opens_whole_with_its_controls_in_view(
    show: Callable[..., Any], network: Explorer, width: int, height: int
) -> None:
    w, x, b = Value(2.0, "w"), Value(-0.3, "x"), Value(0.5, "b")
    neuron = explore((ag.tanh(w * x + b) - 1.0) ** 2)
    touch = {"has_touch": True, "is_mobile": True} if width == 390 else {}
    size = {"width": width, "height": height}
    for page, leaf, view in ((neuron, "w", ""), (network, "x1", ""), (network, "x1", "neurons")):
        opened = show(page.html, hash=view and f"#view={view}", viewport=size, **touch)
        inside = """all => {
          const { left, right, top, bottom } = document.getElementById("graph").getBoundingClientRect();
          return all.map((box) => box.getBoundingClientRect()).every((box) =>
            box.left >= left && box.right <= right && box.top >= top && box.bottom <= Math.min(bottom, innerHeight));
        }"""
        assert opened.page.eval_on_selector_all(".box .body", inside)
        # A box has a slider, a cell of a network has none; the first row of the table is above the footer.
        has_cells = page is network and not view
        assert (opened.page.locator(".box.movable .thumb").count() >= 3) != has_cells
        footer = opened.page.locator("footer").bounding_box()["y"]
        slider = opened.page.get_by_label(f"slider for {leaf}").bounding_box()
        assert slider["y"] + slider["height"] <= footer
        assert slider["width"] > 200
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_narrow_windows_show_a_graph_from_top_to_bottom(show: Callable[..., Any]) -> None:
    x = Value(0.5, "x")
    page = explore(x.tanh().exp().sin() * 2.0)
    centres = """all => all.map((box) => box.getBoundingClientRect()).map(({ x, y, width }) => [x + width / 2, y])"""
    wide = show(page.html, viewport={"width": 1360, "height": 820}).page
    narrow = show(page.html, viewport={"width": 390, "height": 844}).page
    across = wide.eval_on_selector_all(".box", centres)
    down = narrow.eval_on_selector_all(".box", centres)
    assert across[-1][0] - across[0][0] > 400 > abs(across[-1][1] - across[0][1])
    assert down[-1][1] - down[0][1] > 200 > abs(down[-1][0] - down[0][0])
    narrow.set_viewport_size({"width": 1360, "height": 820})
    narrow.wait_for_function(
        """() => {
          const [first, last] = [".box", ".box:last-of-type"].map(
            (one) => document.querySelector(one).getBoundingClientRect());
          return first.x + 400 < last.x;
        }"""
    )


def _drag(page: Any, name: str, dx: float) -> None:
    box = page.locator(f".box[aria-label^='{name}:'], .box[aria-label^='{name},']").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + 1)
    page.mouse.move(x + dx, y + 1)
    page.mouse.up()


def test_a_leaf_is_dragged_in_its_box(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    _drag(opened.page, "a", 30.0)
    a = opened.numbers()[0][0]
    assert 2.0 < a <= 5.0
    assert opened.page.get_by_label("value of a").input_value() == f"{a:g}"
    assert opened.text("#against") == "y against a"
    _drag(opened.page, "a", -2000.0)
    assert opened.numbers()[0][0] == -5.0  # the end of its range
    before = opened.numbers()
    _drag(opened.page, "c", 30.0)  # an inner value: the picture moves
    assert opened.numbers() == before


def test_a_dragged_result_moves_the_ticked_leaves_along_the_gradient(
    show: Callable[..., Any],
) -> None:
    w, x, b = Value(1.0, "w"), Value(0.5, "x"), Value(0.1, "b")
    opened = show(explore((w * x + b).tanh(), parameters=[w, b]).html)
    values, _ = opened.numbers()
    opened.page.focus(".box[aria-label^='y,']")
    opened.press("]")
    after, _ = opened.numbers()
    assert after[-1] == pytest.approx(values[-1] + 0.04, abs=2e-3)
    assert after[1] == values[1] == 0.5
    order = [v.label for v in ag.topological_order((w * x + b).tanh())]
    moved = [after[order.index(name)] - values[order.index(name)] for name in ("w", "b")]
    assert moved[0] / moved[1] == pytest.approx(0.5, rel=1e-6)  # as the gradients, x and 1
    assert "w, b moved along the gradient" in opened.text("#status")
    _drag(opened.page, "y", -15.0)
    assert opened.numbers()[0][-1] < after[-1]
    for name in ("w", "b"):
        opened.page.get_by_label(f"nudge {name}").uncheck()
    opened.page.focus(".box[aria-label^='y,']")
    opened.press("[")
    assert opened.text("#status") == "no leaf is ticked, so nothing can move y"


def test_a_result_without_a_gradient_stays(show: Callable[..., Any]) -> None:
    opened = show(explore(Value(-1.0, "x").relu() * 3.0).html)
    opened.page.focus(".box[aria-label^='y,']")
    opened.press("]")
    assert opened.text("#status").startswith("y cannot move: the gradients of x are 0")


def test_the_slope_view_predicts_and_measures_a_nudge(show: Callable[..., Any]) -> None:
    w, x = Value(3.0, "w"), Value(2.0, "x")
    opened = show(explore((w * x - 1.0) ** 2, parameters=[w]).html)
    page = opened.page
    page.fill("#rate", "0.01")
    # The slope is 2 (3*2 - 1) 2 = 20; the step to 2.8 is predicted to give -0.01*20², and 5² becomes 4.6².
    told = "slope ∂y/∂w = 20; a nudge to w = 2.8: predicted □ −4, actual ◆ −3.84"
    assert opened.text("#told") == told
    assert page.get_attribute("#plane", "aria-label") == f"y against w: {told}"
    for part in ("graph", "tangent", "point", "predicted", "actual"):
        assert page.locator(f"#plane .{part}").count() == 1
    page.click(".box[aria-label^='x:']")
    assert opened.text("#against") == "y against x"
    page.locator("#plane").scroll_into_view_if_needed()
    box = page.locator("#plane").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    assert opened.numbers()[0][1] == pytest.approx(0.0, abs=0.05)
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    assert opened.numbers()[0][1] == pytest.approx(0.0, abs=0.05)  # the pointer is up


def test_a_wrong_derivative_is_caught_by_the_finite_differences(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(shared.html)
    opened.page.evaluate("explorer.rows.mul[1] = (z, x, y) => [y + 1, x]")
    opened.press("End")
    assert opened.page.locator("#rows .wrong").count() == 2
    assert "≠" in opened.text("#rows")


def test_keys_move_the_selected_leaf(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    opened.page.focus(".box[aria-label^='b:']")
    opened.press("]", "]", "}", "[")
    assert opened.numbers()[0][:2] == [2.0, pytest.approx(-3.0 + 10.0 * 0.22)]


def test_fingers_scroll_the_page_zoom_the_graph_and_move_a_leaf(
    show: Callable[..., Any], shared: Explorer
) -> None:
    settings = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    opened = show(shared.html, **settings)
    page = opened.page
    touch = page.context.new_cdp_session(page)

    def fingers(*paths: list[tuple[float, float]]) -> None:
        for place in range(len(paths[0])):
            points = [{"x": path[place][0], "y": path[place][1]} for path in paths]
            kind = "touchMove" if place else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(20)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(50)

    scene = "document.getElementById('scene').getAttribute('transform')"
    before = page.evaluate(scene)
    box = page.locator("#graph").bounding_box()
    x, y = box["x"] + 30, box["y"] + box["height"] - 20
    fingers(
        [(x - 5 * i, y + 5 * i) for i in range(6)], [(x + 40 + 5 * i, y - 5 * i) for i in range(6)]
    )
    zoom = [float(re.search(r"scale\((.*)\)", text)[1]) for text in (before, page.evaluate(scene))]  # type: ignore[index]
    assert zoom[1] > 1.2 * zoom[0]
    assert page.evaluate("visualViewport.scale") == 1
    page.click("#fit")
    fingers([(x, y - 30 * i) for i in range(6)])
    assert page.evaluate("scrollY") > 50
    page.evaluate("scrollTo(0, 0)")
    leaf = page.locator(".box[aria-label^='a:']").bounding_box()
    x, y = leaf["x"] + leaf["width"] / 2, leaf["y"] + leaf["height"] / 2
    fingers([(x + 6 * i, y) for i in range(6)])
    assert opened.numbers()[0][0] > 2.0


def test_a_nudge_moves_the_parameters_and_no_input_or_target(show: Callable[..., Any]) -> None:
    model, target = nn.Neuron(2, seed=0, activation="tanh"), Value(1.0, "target")
    x = [Value(1.0, "x1"), Value(-2.0, "x2")]
    loss = (model(x) - target) ** 2

    def moved(page: Explorer) -> set[str]:
        opened = show(page.html)
        before = opened.numbers()[0]
        opened.press("n")
        changed = zip(ag.topological_order(loss), before, opened.numbers()[0], strict=True)
        return {names.get(v, v.label) for v, a, b in changed if not v.op and a != b}

    names = {v: name for name, v in model.named_parameters()}
    assert moved(explore(loss, names=model)) == {"w.0", "w.1", "b"}
    assert moved(explore(loss, names=model, parameters=x)) == {"x1", "x2"}
    assert moved(explore(loss)) == {"x1", "x2", "target"}  # without a module, all named leaves


def test_graphics_have_a_contrast_of_three(show: Callable[..., Any], shared: Explorer) -> None:
    def luminance(colour: str) -> float:
        parts = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for scheme in ("light", "dark"):
        opened = show(shared.html, color_scheme=scheme)
        opened.press("ArrowRight", "ArrowRight")
        ground = luminance(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        strokes = opened.page.eval_on_selector_all(
            ".edge path, .box .body, #search, #theme",
            """all => all.map(getComputedStyle)
            .filter(({ visibility, opacity }) => visibility === "visible" && opacity !== "0")
            .flatMap(({ stroke, fill, borderColor, opacity }) =>
              [stroke !== "none" ? stroke : fill !== "rgb(0, 0, 0)" ? fill : borderColor, opacity])""",
        )
        assert len(strokes) > 20 and set(strokes[1::2]) == {"1"}
        for colour in strokes[::2]:
            light, dark = sorted((luminance(colour), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3.0, (scheme, colour)


def test_labels_are_shown_as_text(show: Callable[..., Any]) -> None:
    leaves = [Value(float(i + 1), label) for i, label in enumerate(HOSTILE)]
    y = ag.functions.sum(leaves)
    y.label = HOSTILE[0]
    opened = show(explore(y, title=HOSTILE[0]).html)
    opened.press("End", "ArrowDown", "p", "Home", "ArrowRight", "Enter")
    assert opened.page.title() == HOSTILE[0]
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("script").count() == 2
    names = opened.page.eval_on_selector_all(
        "#rows th", "all => all.map((cell) => cell.textContent)"
    )
    assert names[:2] == [f"‹{label}›" for label in HOSTILE[:2]]
    assert opened.numbers()[0][-1] == 10.0


def test_formulas_are_typeset_with_their_text_as_accessible_name(show: Callable[..., Any]) -> None:
    w1, x, label = Value(-3.0, "w1"), Value(2.0, "x"), "<img src=x>"
    y = ag.where(x, (w1 * x + Value(-0.5)) / x, 1.0) ** 2
    y.parents[0].label = label
    opened = show(explore(y).html)
    page, said = opened.page, {}
    opened.press("End")
    for _ in range(len(ag.topological_order(y))):
        opened.press("ArrowDown")
        if (math := page.locator("#about math")).count():
            said[math.get_attribute("aria-label")] = math.evaluate("m => m.textContent")
    assert said["v1 = w1*x"] == "v1=w1x"
    assert said["v2 = v1 + (-0.5)"] == "v2=v1+(−0.5)"
    assert said["v3 = v2/x"] == "v3=v2x"
    assert said[f"y = ‹{label}›**2"] == f"y=‹{label}›2"
    assert page.locator("#about img").count() == 0


def test_the_policy_forbids_other_scripts_styles_and_images(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(shared.html)
    title = opened.page.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'changed'";
          document.body.append(script);
          document.body.setAttribute("onclick", "document.title = 'changed'");
          document.body.click();
          document.body.setAttribute("style", "display: none");
          const image = document.createElement("img");
          image.src = "https://example.com/image.png";
          document.body.append(image);
          await new Promise((done) => setTimeout(done, 100));
          return document.title;
        }"""
    )
    assert title != "changed"
    assert opened.page.is_visible("#graph")
    assert sum("Content Security Policy" in text for text in opened.messages) == 4
    opened.messages.clear()


def test_the_picture_is_saved_as_svg(
    show: Callable[..., Any], network: Explorer, tmp_path: Path
) -> None:
    opened = show(network.html, hash="#view=neurons")
    opened.press("End")
    with opened.page.expect_download() as download:
        opened.page.click("#svg")
    saved = tmp_path / "saved.svg"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "graph.svg"
    root = ET.parse(saved).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"x1", "layers.0.neurons.0", "grad"} <= texts
    fills = {element.get("fill") for element in root.iter("{http://www.w3.org/2000/svg}rect")}
    assert all(fill and (fill.startswith("rgb") or fill.startswith("#")) for fill in fills)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_the_window(
    show: Callable[..., Any], network: Explorer, width: int, scheme: str
) -> None:
    opened = show(
        network.html,
        hash="#view=neurons",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    opened.press("End")
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.eval_on_selector(".edge.active .flow", "edge => getComputedStyle(edge).animationName")
        == "none"
    )
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 245, 241)"
    assert light == (scheme == "light")
    clipped = page.eval_on_selector_all(
        ".box",
        """all => all.filter((box) => {
          const body = box.querySelector(".body").getBBox();
          return [...box.querySelectorAll("text")].some((text) => {
            const { x, width } = text.getBBox();
            return x < body.x || x + width > body.x + body.width;
          });
        }).map((box) => box.ariaLabel)""",
    )
    assert clipped == []


def test_views_collapse_by_neuron_and_layer(show: Callable[..., Any], network: Explorer) -> None:
    opened = show(network.html)
    counts = {}
    for name in opened.page.eval_on_selector_all(
        "#view option", "all => all.map((option) => option.text)"
    ):
        opened.page.select_option("#view", label=name)
        counts[name] = len(boxes(opened))
    assert counts["values"] == 40 and counts["neurons"] == 9 and counts["layers"] == 5
    assert counts["inside layers.0"] == 3 + 2 + 1
    assert counts["inside layers.0.neurons.2"] == 5 + 2 + 3
    opened.page.select_option("#view", label="layers")
    opened.page.dblclick(".box.group >> nth=0")
    assert (
        opened.page.eval_on_selector("#view", "view => view.selectedOptions[0].text")
        == "inside layers.0"
    )


def test_a_step_in_a_collapsed_view_reaches_the_next_group(
    show: Callable[..., Any], network: Explorer
) -> None:
    opened = show(network.html)
    opened.page.select_option("#view", label="layers")
    opened.press("Home")
    met = []
    for _ in range(40):
        opened.press("ArrowRight")
        met.append(
            opened.page.eval_on_selector(".box.active", "box => box.ariaLabel.split(':')[0]")
        )
        if opened.page.get_attribute("#next", "aria-disabled") == "true":
            break
    assert len(met) < 30
    assert met[0] == "layers.0, group" and met[-1] == "layers.0, group"


def test_a_step_over_many_hidden_values_is_shown_once(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [16, 16, 16, 1], seed=0)
    opened = show(explore(model([Value(1.0, "x1"), Value(2.0, "x2")]), names=model).html)
    page = opened.page
    page.select_option("#view", label="layers")
    page.focus("#graph")
    page.evaluate(
        """() => {
          globalThis.shown = 0;
          new MutationObserver(() => { shown += 1; }).observe(document.getElementById("status"), { childList: true });
        }"""
    )
    for key in ("Home", "ArrowRight", "ArrowRight"):
        opened.press(key)
    assert int(page.input_value("#time")) > 20
    assert page.evaluate("shown") == 3


def test_a_step_writes_only_what_changes(show: Callable[..., Any], shared: Explorer) -> None:
    opened = show(shared.html)
    opened.press("Home", "ArrowRight")
    opened.page.evaluate(
        """() => {
          globalThis.written = 0;
          new MutationObserver((all) => { written += all.length; })
            .observe(document.getElementById("scene"), { subtree: true, childList: true, attributes: true });
        }"""
    )
    opened.press("ArrowRight")
    opened.page.evaluate("new Promise((done) => setTimeout(done))")
    assert 0 < opened.page.evaluate("written") < 40


def test_a_training_is_replayed(show: Callable[..., Any]) -> None:
    model = nn.MLP(2, [3, 1], seed=0)
    moons = data.moons(30, noise=0.1, seed=0)
    history = train.fit(model, moons, lr=0.05, epochs=6, record=2, progress=False)
    opened = show(explore(history, model=model, data=moons).html)
    page = opened.page
    x = [Value(float(number)) for number in moons.X[0]]
    losses = []
    for place, frame in enumerate(history.replay(model)):
        page.focus("#frame")
        opened.press("Home", *["ArrowRight"] * place)
        losses.append(nn.binary_cross_entropy([model(x)], [moons.y[0]]).data)
        assert opened.numbers()[0][-1] == pytest.approx(losses[-1], rel=1e-12)
        assert opened.text("#epoch").startswith(f"epoch {frame.epoch}")
    assert len(set(losses)) == 4
    assert f"training loss {history['loss'][5]:.4g}" in opened.text("#epoch")
    opened.press("Home")
    with ag.no_grad():
        for _ in history.replay(model):
            start = nn.binary_cross_entropy([model(row) for row in moons.X], moons.y).data
            break
    assert opened.text("#epoch") == f"epoch 0, before training: training loss {start:.4g}"
    opened.press("End")
    painted = "() => document.getElementById('boundary').toDataURL()"
    last = page.evaluate(painted)
    page.click("#boundary", position={"x": 30, "y": 30})
    assert page.evaluate(painted) != last
    page.wait_for_timeout(350)
    again = show(
        explore(history, model=model, data=moons).html, hash=page.evaluate("location.hash")
    )
    assert again.numbers() == opened.numbers()
    again.page.focus("#replay")
    again.press(" ")
    deadline = time.monotonic() + 10
    while again.page.input_value("#frame") != "3":
        assert time.monotonic() < deadline


def test_the_page_runs_inside_a_notebooks_sandboxed_frame(
    show: Callable[..., Any], shared: Explorer
) -> None:
    opened = show(f"<!doctype html><title>notebook</title>{shared._repr_html_()}")
    frame = opened.page.frames[1]
    frame.wait_for_selector(".box")
    frame.click("#last")
    assert frame.inner_text("#status").endswith("all gradients are complete")
    opened.page.wait_for_timeout(
        350
    )  # time for the address to be saved, which a frame without one cannot do
