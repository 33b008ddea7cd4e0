"""The training page in a browser: its numbers beside Python's, and what a beginner does in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from autograd_scalar import data, nn, optim
from autograd_scalar.data import Dataset
from autograd_scalar.show.play.code import ACTIVATIONS, SIGNED
from autograd_scalar.show.play.play import training_page

SETS = {
    "moons": data.moons(100, noise=0.1, seed=0),
    "circles": data.circles(100, noise=0.05, seed=0, factor=0.5),
    "xor": data.xor(60, noise=0.15, seed=0),
}


@pytest.fixture(scope="module")
def html() -> str:
    return training_page(SETS)


Open = Callable[..., Any]


@pytest.fixture
def page(show: Open, html: str) -> Any:
    return show(html, viewport={"width": 1360, "height": 820}).page


def frame(page: Any) -> None:
    """Wait until the page has drawn what has changed."""
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
    )


def train(page: Any, steps: int) -> None:
    page.evaluate("(n) => { for (let k = 0; k < n; k++) playground.app.advance(); }", steps)
    page.evaluate("playground.app.changed()")
    frame(page)


# ----- numbers -----

OPTIMIZERS = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.05),
    "momentum": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9),
    "rmsprop": lambda ps: optim.RMSProp(ps, lr=0.01),
    "adam": lambda ps: optim.Adam(ps, lr=0.03),
}
RATES = {"sgd": 0.05, "momentum": 0.02, "rmsprop": 0.01, "adam": 0.03}


def losses_in_python(model: nn.MLP, samples: Dataset, loss: str, optimizer: str) -> list[float]:
    mover = OPTIMIZERS[optimizer](model.parameters())
    objective = nn.losses.loss_function(loss)
    targets = [2 * y - 1 if SIGNED[loss] else y for y in samples.y]
    found = []
    for _ in range(50):
        total = objective([model(row) for row in samples.X], targets)
        found.append(total.data)
        mover.zero_grad()
        total.backward()
        mover.step()
    return found


CASES = [
    *[(a, "binary_cross_entropy", "adam") for a in ACTIVATIONS],
    *itertools.product(["tanh"], SIGNED, OPTIMIZERS),
]


@pytest.mark.slow
@pytest.mark.parametrize("activation, loss, optimizer", CASES)
def test_fifty_steps_have_the_losses_of_python(
    page: Any, activation: str, loss: str, optimizer: str
) -> None:
    samples = data.moons(21, noise=0.1, seed=3)
    model = nn.MLP(2, [5, 3, 1], activation=activation, seed=2)
    found = page.evaluate(
        """([widths, activation, parameters, samples, settings]) => {
          const network = new playground.Network(widths, activation);
          network.parameters.set(parameters);
          const trainer = new playground.Trainer(network, samples, settings, Math.random);
          return Array.from({ length: 50 }, () => trainer.step());
        }""",
        [
            [2, 5, 3, 1],
            activation,
            [p.data for p in model.parameters()],
            {"points": samples.X, "labels": samples.y},
            {"loss": loss, "optimizer": optimizer, "rate": RATES[optimizer], "batch": 0},
        ],
    )
    wanted = losses_in_python(model, samples, loss, optimizer)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_a_batch_is_a_part_of_the_samples_and_all_come_in_turn(page: Any) -> None:
    seen = page.evaluate(
        """() => {
          const { app, Trainer } = playground;
          const settings = { ...app.settings, batch: 30 };
          const trainer = new Trainer(app.network, app.samples, settings, Math.random);
          const seen = [];
          for (let k = 0; k < 3; k++) {
            trainer.step();
            for (let row = 0; row < 30; row++) seen.push(trainer.pass.inputs[2 * row]);
          }
          return seen;
        }"""
    )
    assert len(set(seen)) == 90 and set(seen) <= {row[0] for row in SETS["moons"].X}


def test_a_sample_has_the_values_and_gradients_of_python(page: Any) -> None:
    parameters = page.evaluate("[...playground.app.network.parameters]")
    model = nn.MLP(2, [8, 8, 1])
    for p, number in zip(model.parameters(), parameters, strict=True):
        p.data = number
    page.evaluate("playground.app.openSample(4)")
    found = page.evaluate(
        "(({ loss, gradient }) => ({ loss, gradient: [...gradient] }))(playground.app.sample)"
    )
    moons = SETS["moons"]
    loss = nn.binary_cross_entropy(model(moons.X[4]), moons.y[4])
    loss.backward()
    assert found["loss"] == pytest.approx(loss.data, rel=1e-12)
    wanted = [p.grad for p in model.parameters()]
    assert found["gradient"] == pytest.approx(wanted, rel=1e-9, abs=1e-15)


def test_the_page_begins_with_a_model(show: Open) -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=5)
    page = show(training_page({"moons": SETS["moons"]}, model=model)).page
    assert page.evaluate("[...playground.app.network.parameters]") == [
        p.data for p in model.parameters()
    ]
    assert page.locator(".cell").count() == 6
    page.click("#reset")
    assert page.evaluate("playground.app.network.parameters[0]") != model.parameters()[0].data


# ----- what a beginner does -----


def test_moons_are_learned_and_a_rate_of_ten_breaks_it(page: Any) -> None:
    assert page.inner_text("#message") == "Press ▶ to train the network."
    train(page, 1500)
    assert page.inner_text("#right") == "100 %"
    assert "All points are classified correctly." in page.inner_text("#message")
    page.select_option("#rate", "10")
    page.click("#reset")
    train(page, 300)
    assert page.inner_text("#right") != "100 %"
    assert "at a rate of 10 the steps are too long" in page.inner_text("#message")


def test_a_dead_relu_is_marked_and_explained(page: Any) -> None:
    page.evaluate(
        """() => {
          const { network } = playground.app;
          network.parameters.fill(0, 0, 2);
          network.parameters[2] = -0.5;
          playground.app.changed();
        }"""
    )
    frame(page)
    dead = page.locator(".cell.dead").first
    assert dead.get_attribute("aria-label") == "h1·1, dead"
    assert "dead: click" in page.inner_text("#message")
    dead.click()
    frame(page)
    text = page.inner_text("#panel")
    assert "its sum w·x + b is at most −0.5 for all 100 points, and relu is flat below 0" in text
    assert "each gradient here is upstream × 0 = 0: training cannot bring it back" in text
    gradients = page.locator("#panel tbody tr td:nth-child(3)").all_inner_texts()
    assert gradients == ["0", "0", "0"]


def test_a_weight_shows_the_optimizer_line_by_line(page: Any) -> None:
    train(page, 3)
    page.locator(".cell[aria-label='h1·2']").click()
    frame(page)
    page.locator("#panel td button").first.click()
    frame(page)
    assert page.inner_text("#panel h2").startswith("Weight x1 → h1·2")
    first = page.locator("#panel table").first.locator("td:first-child").all_inner_texts()
    assert first == ["p", "g", "mean", "square", "update"]
    assert "mean = beta1 * mean + (1.0 - beta1) * g" in page.inner_text("#panel pre")


def test_a_point_is_followed_forward_and_back(page: Any) -> None:
    page.keyboard.press("n")
    frame(page)
    titles = []
    for _ in range(35):
        page.keyboard.press("ArrowRight")
        frame(page)
        titles.append(page.inner_text("#panel h2").partition("\n")[0].rstrip(" ×"))
    assert titles[0] == "Forward: h1·1" and titles[16] == "Forward: score"
    assert titles[17] == "The loss L" and titles[18] == "Backward: score"
    assert titles[34] == "Backward: h1·1"
    assert page.locator(".cell .number[data-phase=backward]").count() == 17
    page.keyboard.press("Escape")
    frame(page)
    assert page.inner_text("#panel h2") == "Look inside"


def test_points_are_set_and_erased_by_a_click(page: Any) -> None:
    box = page.locator("#plane").bounding_box()
    page.click("[data-name='class 1']")
    page.mouse.click(box["x"] + 20, box["y"] + 30)
    assert page.evaluate("playground.app.samples.points.length") == 101
    assert page.evaluate("playground.app.samples.labels.at(-1)") == 1
    page.click("[data-name=erase]")
    page.mouse.click(box["x"] + 20, box["y"] + 30)
    assert page.evaluate("playground.app.samples.points.length") == 100
    page.evaluate(
        """() => {
          const { app } = playground;
          app.samples.points.length = app.samples.labels.length = 0;
          app.renew();
        }"""
    )
    frame(page)
    assert page.inner_text("#message").startswith("There are no points")
    page.click("#play")
    page.click("#step")
    page.click("[data-name=circles]")
    frame(page)
    assert page.inner_text("#message") == "Press ▶ to train the network."


def test_layers_and_settings_change_and_the_address_keeps_them(
    page: Any, show: Open, html: str
) -> None:
    page.get_by_label("fewer neurons in layer 2").click()
    page.get_by_label("add a layer", exact=True).click()
    page.select_option("#activation", "tanh")
    page.select_option("#objective", "hinge")
    page.select_option("#optimizer", "momentum")
    page.select_option("#rate", "0.1")
    page.select_option("#batch", "10")
    page.click("[data-name=xor]")
    assert page.locator(".cell").count() == 2 + 8 + 7 + 7 + 1
    kept = page.evaluate("playground.app.settings")
    other = show(html, hash=page.evaluate("location.hash")).page
    assert other.evaluate("playground.app.settings") == kept
    numbers = "[...playground.app.network.parameters]"
    assert other.evaluate(numbers) == page.evaluate(numbers)
    strange = show(html, hash="#rate=x&layers=0,99&data=</script>&batch=-1&activation=eval").page
    assert strange.evaluate("playground.app.settings.layers") == [8, 8]


def test_classes_of_a_file_keep_their_names(show: Open) -> None:
    samples = Dataset([[0.0], [1.0]], [0, 1], features=["size"], classes=["<b>", "oak"])
    page = show(training_page({"trees": samples})).page
    names = page.locator("#brushes .choice").all_inner_texts()
    assert [name.strip() for name in names] == ["look", "<b>", "oak", "erase"]
    assert page.inner_text("#axes") == "→ size"
    page.keyboard.press("p")
    frame(page)
    assert page.inner_text("#panel h2").startswith("A point of oak")


def test_training_goes_on_by_keys_alone(page: Any) -> None:
    page.keyboard.press("s")
    frame(page)
    assert page.inner_text("#steps") == "1"
    page.keyboard.press(" ")
    page.wait_for_function("playground.app.trainer.steps > 20")
    page.keyboard.press(" ")
    assert not page.evaluate("playground.app.playing")
    page.keyboard.press("r")
    frame(page)
    assert page.inner_text("#steps") == "0"


def test_weights_that_overflow_stop_the_training(page: Any) -> None:
    page.evaluate("playground.app.network.parameters.fill(1e200)")
    page.click("#play")
    page.wait_for_function("!playground.app.playing")
    frame(page)
    assert "no longer a number" in page.inner_text("#message")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, height", [(1360, 820), (1280, 720), (738, 600), (390, 844)])
def test_everything_is_in_the_width_of_the_window(
    show: Open, html: str, width: int, height: int, scheme: str
) -> None:
    size = {"width": width, "height": height}
    page = show(html, viewport=size, color_scheme=scheme, has_touch=width < 400).page
    train(page, 10)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cells = page.eval_on_selector_all(
        ".cell", "all => all.map((cell) => [cell.offsetLeft, cell.offsetTop, cell.offsetWidth])"
    )
    net = page.locator("#net").bounding_box()
    for left, top, side in cells:
        assert left >= 0 and left + side <= net["width"] + 1
        assert top >= -1 and top + side <= net["height"] + 1
    if width > 1000:
        assert page.evaluate("document.documentElement.scrollHeight") == height
    for selector in ("#play", "#plane"):
        assert page.locator(selector).bounding_box()["y"] < height - 100


def test_data_that_the_page_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="the page trains on two classes, the target has 3"):
        training_page({"blobs": data.blobs(30, seed=0)})
    with pytest.raises(ValueError, match="at most 1,000 rows, got 1,001"):
        training_page({"moons": data.moons(1001)})
    with pytest.raises(ValueError, match="one or two features, got 3"):
        training_page({"d": Dataset([[1.0, 2.0, 3.0]] * 2, [0, 1], classes=["a", "b"])})
    with pytest.raises(ValueError, match="up to 5 hidden layers of up to 16 neurons"):
        training_page({"moons": SETS["moons"]}, model=nn.MLP(2, [17, 1]))


@pytest.mark.parametrize("width", [1360, 390])
def test_long_names_are_cut_off(show: Open, width: int) -> None:
    names = Dataset(
        [[0.0, 1.0], [1.0, 0.0]],
        [0.0, 1.0],
        features=["a" * 300, "b" * 300],
        classes=["c" * 300, "d" * 300],
    )
    page = show(training_page({"e" * 300: names}), viewport={"width": width, "height": 820}).page
    sizes = page.eval_on_selector_all(
        ".choice, .cell .name, #axes",
        "all => all.map((part) => part.getBoundingClientRect().width)",
    )
    assert max(sizes) < width
    assert max(sizes[:-1]) <= 110
