"""fit(jit=True) equals fit(jit=False) to nine digits after a hundred epochs."""

from __future__ import annotations

import math
import os
import random
import re
import signal

import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, data, nn, optim
from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.optim import schedules
from autograd_scalar.train import History, TrainingError, fit

pytest.importorskip("numpy")

MOONS = data.moons(24, noise=0.1, seed=0)
LINE = ([[float(x)] for x in range(-4, 5)], [3.0 * x - 1.0 for x in range(-4, 5)])


def quiet(*args, **settings):
    return fit(*args, progress=False, **settings)


def perceptron(outputs=1):
    return nn.MLP(2, [5, outputs], seed=0)


def numbers(history, model):
    """Return the rows of a history without their times."""
    columns = {name: column for name, column in history.columns.items() if name != "seconds"}
    found = {name: [*column] for name, column in columns.items()}
    found["parameters"] = [p.data for p in model.parameters()]
    return found


def check_agreement(make=perceptron, training=MOONS, loss="auto", *, tolerance=1e-9, **settings):
    """Train twice; return the compiled run's model and history."""
    pairs: list[tuple[nn.Module, History]] = []
    grads: list[list[float]] = []
    for jit in (True, False):
        model = make()
        chosen = {**settings}
        if callable(settings.get("optimizer")):
            chosen["optimizer"] = settings["optimizer"](model.parameters())
        history = quiet(model, training, loss, jit=jit, **chosen)
        assert history.compiled is jit
        pairs.append((model, history))
        grads.append([p.grad for p in model.parameters()])
    (model, history), (other, eager) = pairs
    compiled, wanted = numbers(history, model), numbers(eager, other)
    assert compiled.keys() == wanted.keys()
    for name, column in wanted.items():
        assert compiled[name] == pytest.approx(column, rel=tolerance, abs=tolerance), name
    if not callable(settings.get("optimizer")):  # which may leave out some
        assert grads[0] == pytest.approx(grads[1], rel=tolerance, abs=tolerance)
    assert (history.stopped, history.settings) == (eager.stopped, eager.settings)
    return model, history


# ----- the same numbers -----


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", optim.OPTIMIZERS)
def test_each_optimizer_trains_alike(optimizer):
    check_agreement(optimizer=optimizer, lr=0.05, epochs=100)


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda params: optim.SGD(params, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda params: optim.RMSProp(params, 0.01, momentum=0.5, weight_decay=0.01),
        lambda params: optim.Adam(params, 0.05, betas=(0.8, 0.9), weight_decay=0.01),
        lambda params: optim.AdamW(params, 0.05, weight_decay=0.1),
        lambda params: optim.Adam(params[:3], 0.05),  # the others stay as they are
    ],
)
def test_settings_of_optimizers_train_alike(optimizer):
    check_agreement(optimizer=optimizer, epochs=30)


@pytest.mark.slow
@pytest.mark.parametrize("loss", nn.LOSSES)
def test_each_loss_trains_alike(loss):
    outputs = 2 if loss == "cross_entropy" else 1
    training = MOONS.signed() if loss == "hinge" else MOONS
    check_agreement(lambda: perceptron(outputs), training, loss, epochs=100, lr=0.05)


def test_regressions_to_one_and_to_several_numbers_train_alike():
    check_agreement(lambda: nn.MLP(1, [4, 1], activation="tanh", seed=0), LINE, epochs=100)
    several = (LINE[0], [[t, -t] for t in LINE[1]])
    check_agreement(lambda: nn.Linear(1, 2, seed=0), several, epochs=50)


def test_classifiers_train_alike():
    arms = data.spiral(8, arms=3, seed=0)
    check_agreement(lambda: nn.MLP(2, [6, 3], activation="tanh", seed=0), arms, epochs=50)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [
    {"batch_size": 7},
    {"batch_size": 1, "epochs": 5},
    {"batch_size": 1000},
    {"batch_size": 5, "shuffle": False},
    {"batch_size": 6, "seed": 3, "validation": 0.25},
    {"validation": data.moons(9, noise=0.2, seed=1), "l2": 0.01},
    {"l2": 0.1, "batch_size": 4},
    {"schedule": schedules.linear(), "optimizer": "sgd"},
    {"early_stopping": 2, "validation": 0.3, "optimizer": "sgd", "lr": 1.0, "epochs": 60},
    {"record": 3, "batch_size": 9},
], ids="-".join)  # fmt: skip
def test_settings_of_fit_train_alike(settings):
    _, history = check_agreement(**{"epochs": 20, "lr": 0.05, **settings})
    if "early_stopping" in settings:
        assert history.stopped == "early stopping"
        assert len(history) < 60
    if "record" in settings:
        assert [frame.epoch for frame in history.frames] == [0, 3, 6, 9, 12, 15, 18]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "elu", "softplus"])
def test_each_activation_trains_alike(activation):
    make = lambda: nn.MLP(2, [4, 1], activation=activation, seed=0)  # noqa: E731
    check_agreement(make, epochs=20, batch_size=10)


class Branching(nn.Module):
    """Takes another path for other rows, and as training proceeds."""

    def __init__(self):
        self.a, self.b = Value(0.5), Value(-0.3)

    def __call__(self, x):
        score = self.a * x[0] + self.b * x[1]
        if score > 0.0:
            return score * 2.0
        return abs(score) * self.b if x[1] > 0.2 else min(score, self.a)


def test_models_that_branch_train_alike():
    check_agreement(Branching, epochs=40, batch_size=5, lr=0.1)


def test_an_output_may_be_a_constant_for_some_rows():
    class Relu(nn.Module):
        def __init__(self):
            self.a = Value(0.5)

        def __call__(self, x):
            score = self.a * x[0]
            return score if score > 0.0 else 0.0 * self.a

    check_agreement(Relu, LINE, epochs=20)


def test_training_without_llvm_runs_generated_python(monkeypatch):
    """It must be asked for: "auto" would not choose it."""
    monkeypatch.setattr(target, "is_there", lambda: False)
    check_agreement(epochs=5, batch_size=7)
    assert not quiet(
        perceptron(), MOONS, epochs=2000, jit="auto", callbacks=[lambda h: True]
    ).compiled


# ----- the choice of fit -----


@pytest.mark.slow
def test_fit_compiles_long_runs_only():
    if not target.is_there():
        pytest.skip("llvmlite is not installed")
    stop = [lambda history: True]
    assert not quiet(perceptron(), MOONS, epochs=1).compiled  # too short to be worth it
    assert quiet(perceptron(), MOONS, epochs=100_000, callbacks=stop).compiled
    assert not quiet(perceptron(), MOONS, epochs=100_000, callbacks=stop, jit=False).compiled
    with pytest.raises(ValueError, match="jit must be True, False or \"auto\", got 'yes'"):
        quiet(perceptron(), MOONS, jit="yes")


class Dropout(nn.Module):
    def __init__(self, source=random):
        self.layer, self.source = nn.Linear(2, 1, seed=0), source

    def __call__(self, x):
        return self.layer([v if self.source.random() > 0.5 else 0.0 for v in x])[0]


class Noise(nn.Module):
    """Draws from its own generator."""

    def __init__(self):
        self.layer, self.source = nn.Linear(2, 1, seed=0), random.Random(0)

    def __call__(self, x):
        return self.layer(x)[0] + self.source.gauss(0.0, 1.0)


class CountingDeepDown(nn.Module):
    def __init__(self):
        self.w, self.calls = Value(1.0), [[0]]

    def __call__(self, x):
        self.calls[0][0] += 1
        return self.w * x[0] / self.calls[0][0]


class Counting(nn.Module):
    def __init__(self):
        self.w, self.calls = Value(1.0), 0

    def __call__(self, x):
        self.calls += 1
        return self.w * x[0] / self.calls


@pytest.mark.parametrize(
    ("make", "loss", "message"),
    [
        (Dropout, "mse", "draws random numbers"),
        (Noise, "mse", "draws random numbers with .*gauss"),
        (CountingDeepDown, "mse", "while it is recorded"),
        (Counting, "mse", "changes model.calls while it is recorded"),
        (perceptron, lambda p, t: nn.mse(p, t), "may be any function of all predictions"),
    ],
)
def test_models_that_cannot_be_compiled_are_refused_and_train_eagerly(make, loss, message):
    with pytest.raises(JitError, match=message):
        quiet(make(), MOONS, loss, epochs=2, jit=True)
    random.seed(0)
    model = make()
    history = quiet(model, MOONS, loss, epochs=3)
    assert not history.compiled
    random.seed(0)
    other = make()
    wanted = quiet(other, MOONS, loss, epochs=3, jit=False)
    assert history["loss"] == wanted["loss"], "looking whether it can be compiled changed something"


def test_errors_are_those_of_eager_training():
    class Broken(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            raise LookupError("no such key")

    for jit in (True, False, "auto"):
        with pytest.raises(LookupError, match="no such key"):
            quiet(Broken(), LINE, jit=jit)


@pytest.mark.parametrize("jit", [True, False, "auto"])
def test_a_loss_checks_every_target(jit):
    X, y = [[float(i)] for i in range(100)], [1] * 99 + [0]
    with pytest.raises(ValueError, match="hinge takes targets -1 and 1, got 0"):
        quiet(nn.MLP(1, [1], seed=0), (X, y), "hinge", epochs=2_000, batch_size=1, jit=jit)


@pytest.mark.parametrize("jit", [True, False])
def test_a_loss_checks_the_targets_of_the_validation_data(jit):
    X, y = [[float(i)] for i in range(4)], [1, -1, 1, -1]
    with pytest.raises(ValueError, match="hinge takes targets -1 and 1, got 0"):
        quiet(
            nn.MLP(1, [1], seed=0), (X, y), "hinge", epochs=2, validation=(X, [1, 0, 1, 0]), jit=jit
        )


# ----- the model beside the arrays -----


def test_the_models_values_stay_the_same_objects():
    model = perceptron()
    given = model.parameters()
    quiet(model, MOONS, epochs=3, jit=True)
    assert all(a is b for a, b in zip(model.parameters(), given, strict=True))
    assert all(p.op == "" for p in given)
    eager = quiet(model, MOONS, epochs=3, jit=False)
    assert len(eager) == 3


def test_callbacks_see_the_parameters_and_may_change_them():
    def run(jit):
        model = perceptron()
        states = []

        def callback(history):
            states.append([p.data for p in model.parameters()])
            if len(history) == 3:
                model.parameters()[0].data = 1.5
            return len(history) == 8

        history = quiet(model, MOONS, epochs=20, lr=0.05, callbacks=[callback], jit=jit)
        assert history.compiled is jit
        assert history.stopped == "callback"
        return states

    compiled, eager = run(True), run(False)
    assert len(compiled) == len(eager) == 8
    for found, wanted in zip(compiled, eager, strict=True):
        assert found == pytest.approx(wanted, rel=1e-9)


def test_a_callback_may_change_how_the_model_computes():
    class Scaled(nn.Module):
        def __init__(self):
            self.w, self.scale = Value(0.5), 1.0

        def __call__(self, x):
            return self.w * x[0] * self.scale

    def run(jit):
        model = Scaled()

        def callback(history):
            model.scale = 1.0 + len(history)

        return quiet(model, LINE, epochs=6, optimizer="sgd", callbacks=[callback], jit=jit)["loss"]

    assert run(True) == pytest.approx(run(False), rel=1e-12)


def test_an_optimizer_continues_from_its_state():
    """Running numbers and steps carry over between eager and compiled runs."""

    def run(*jits):
        model = perceptron()
        adam = optim.Adam(model.parameters(), lr=0.05)
        for jit in jits:
            quiet(model, MOONS, optimizer=adam, epochs=3, jit=jit)
        return [p.data for p in model.parameters()], adam.state_dict()

    compiled, state = run(True, False, True)
    eager, wanted = run(False, False, False)
    assert compiled == pytest.approx(eager, rel=1e-9)
    assert state["steps"] == wanted["steps"] == 9
    for name, column in wanted["slots"].items():
        assert state["slots"][name] == pytest.approx(column, rel=1e-9)


# ----- checkpoints and interrupts -----


@pytest.mark.parametrize("jits", [(True, True), (True, False), (False, True)])
def test_an_interrupted_run_resumes(jits, tmp_path):
    settings = {"batch_size": 7, "lr": 0.05, "validation": 0.2, "l2": 0.001, "early_stopping": 50}
    whole = perceptron()
    history = quiet(whole, MOONS, epochs=12, jit=jits[0], **settings)
    file = tmp_path / "moons.json"
    model = perceptron()
    quiet(model, MOONS, epochs=5, checkpoint=file, jit=jits[0], **settings)
    again = perceptron()
    resumed = quiet(again, MOONS, epochs=12, checkpoint=file, resume=True, jit=jits[1], **settings)
    assert resumed.compiled is jits[1]
    wanted, found = numbers(history, whole), numbers(resumed, again)
    exact = jits == (True, True)
    for name, column in wanted.items():
        assert found[name] == (column if exact else pytest.approx(column, rel=1e-9, abs=1e-12)), (
            name
        )


def test_an_interrupt_in_an_epoch_keeps_the_batches_done():
    """Parameters are those after the interrupted batch, and a checkpoint resumes from there."""

    def schedule(epoch):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.05

    histories, models = [], []
    for jit in (True, False):
        model = perceptron()
        history = quiet(model, MOONS, epochs=10, batch_size=7, schedule=schedule, jit=jit)
        assert history.stopped == "interrupted"
        histories.append(history["loss"])
        models.append([p.data for p in model.parameters()])
    assert len(histories[0]) == len(histories[1]) == 2
    assert models[0] == pytest.approx(models[1], rel=1e-12)


# ----- nan -----


def explode(jit, lr=1e6):
    model = perceptron()
    with pytest.raises(TrainingError) as caught:
        quiet(model, MOONS, "mse", optimizer="sgd", lr=lr, epochs=50, jit=jit)
    return str(caught.value), model, caught.value.history


def test_a_loss_that_becomes_nan_restores_the_parameters():
    message, model, history = explode(True)
    wanted, other, eager = explode(False)
    head = r"epoch \d+, batch 1: the loss became (inf|nan): \w+\(layers"
    assert re.match(head, message)
    assert re.match(head, wanted)
    assert message.split("=")[0] == wanted.split("=")[0]
    assert message.endswith("a smaller learning rate may help")
    assert len(history) == len(eager)
    assert history.stopped == eager.stopped == "not finite"
    assert history["loss"] == pytest.approx(eager["loss"], rel=1e-6)
    found, expected = ([p.data for p in m.parameters()] for m in (model, other))
    assert all(map(math.isfinite, found))
    assert found == pytest.approx(expected, rel=1e-6)
    assert all(p.grad == 0.0 for p in model.parameters())


def test_a_step_to_infinite_parameters_is_undone():
    """Parameters become infinite after a finite loss."""

    class Steep(nn.Module):
        def __init__(self):
            self.w = Value(1e150)

        def __call__(self, x):
            return self.w * x[0]

    for jit in (True, False):
        model = Steep()
        with pytest.raises(
            TrainingError,
            match="a step produced parameters that are not finite: every derivative was",
        ):
            quiet(model, ([[1e3]], [0.0]), "mse", optimizer="sgd", lr=1e200, epochs=2, jit=jit)
        assert model.w.data == 1e150


def test_a_single_row_that_becomes_nan_is_found():
    """The row has a path of its own."""

    class Root(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return ag.sqrt(self.w * x[0]) if x[0] < 3.5 else self.w * x[0]

    rows = ([[1.0], [2.0], [-1.0], [4.0]], [1.0, 2.0, 3.0, 4.0])
    for jit in (True, False):
        with pytest.raises(
            TrainingError, match=r"epoch 1, batch 1: the loss became nan: sqrt\(.*-1.0\) gave nan"
        ):
            quiet(Root(), rows, "mse", epochs=2, jit=jit)


class Plain(optim.Optimizer):
    """Gradient descent over the Values themselves."""

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


def test_a_users_optimizer_trains_eagerly():
    losses = []
    for jit in (False, "auto"):
        model = perceptron()
        history = quiet(
            model, MOONS, optimizer=Plain(model.parameters(), lr=0.1), jit=jit, epochs=5
        )
        assert not history.compiled
        losses.append(history["loss"])
    assert losses[0] == losses[1]
    with pytest.raises(JitError, match=r"Plain overrides step\(\)"):
        quiet(model, MOONS, optimizer=Plain(model.parameters(), lr=0.1), jit=True, epochs=5)


# ----- models that branch on their numbers -----


class Chooses(nn.Module):
    """Takes another parameter for some inputs, chosen by the function that it was made with."""

    def __init__(self, chooses):
        self.chooses, self.a, self.b = chooses, Value(0.1), Value(0.2)

    def __call__(self, x):
        return (self.a if self.chooses(x[0]) else self.b) * x[1]


CHOICES = {
    "a set": lambda x: x in {0.0, 2.0},
    "a text": lambda x: f"{x:.0f}" in "02",
    "a type": lambda x: isinstance(x, float),
    "itself": lambda x: x == x,
    "a comparison": lambda x: x < 1.5,
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*recorded paths")
@pytest.mark.parametrize("choice", CHOICES)
def test_models_that_branch_on_a_number_train_alike(choice):
    X = [[float(i % 4), 1.0 + i % 3] for i in range(60)]
    y = [1.0 if x[0] in (0.0, 2.0) else -1.0 for x in X]
    found = []
    for jit in (False, "auto"):
        model = Chooses(CHOICES[choice])
        history = quiet(model, (X, y), "mse", jit=jit, epochs=1000, optimizer="sgd", lr=0.01)
        found.append([history["loss"][-1], model.a.data, model.b.data])
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_a_model_that_looks_at_types_is_refused():
    with pytest.raises(JitError, match=r"from floats, and .* from Values, .* look at their type"):
        quiet(Chooses(CHOICES["a type"]), ([[1.0, 2.0]], [3.0]), "mse", jit=True, epochs=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*recorded paths")
def test_a_model_with_too_many_paths_continues_eagerly():
    """The model reads data, so it is recorded for each number."""

    class Reads(nn.Module):
        def __init__(self):
            self.w = Value(0.1)

        def __call__(self, x):
            return self.w * x[0].data if isinstance(x[0], Value) else self.w * x[0]

    X = [[i / 100.0] for i in range(100)]
    y = [3.0 * x for (x,) in X]
    found = []
    for jit in (False, True):
        model = Reads()
        history = quiet(model, (X, y), "mse", jit=jit, epochs=5, optimizer="sgd", lr=0.1)
        assert history.compiled is False
        found.append([*history["loss"], model.w.data])
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_callback_may_change_the_data():
    found = []
    for jit in (False, True):
        X, y = [[1.0], [2.0]], [1.0, 3.0]

        def change(history, X=X):
            for row in X:
                row[0] *= 1.1

        model = nn.Linear(1, 1, seed=0)
        history = quiet(
            model, (X, y), "mse", jit=jit, epochs=5, optimizer="sgd", lr=0.01, callbacks=[change]
        )
        found.append(history["loss"])
    assert [*found[0]] == pytest.approx([*found[1]], rel=1e-12)


def test_training_follows_changes_of_what_the_model_reads():
    class Scaled(nn.Module):
        def __init__(self):
            self.layer, self.scale = nn.Linear(2, 1, seed=0), 1.0

        def __call__(self, x):
            return self.layer(x)[0] * self.scale

    def losses(jit):
        model = Scaled()

        def rescale(history):
            model.scale += 0.25

        return quiet(model, MOONS, "mse", epochs=4, jit=jit, callbacks=[rescale])["loss"]

    assert losses(True) == pytest.approx(losses(False), rel=1e-12)
