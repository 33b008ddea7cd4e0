"""fit: learning, the choice of the task, metrics, stopping, errors."""

from __future__ import annotations

import builtins
import math
import random
import signal
import threading

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn, optim
from autograd_scalar.compiler import is_available
from autograd_scalar.optim import schedules
from autograd_scalar.train import TrainingError, accuracy, fit, mean_absolute_error

LINE = ([[float(x)] for x in range(-4, 5)], [3.0 * x - 1.0 for x in range(-4, 5)])


def quiet(*args, **settings):
    return fit(*args, progress=False, **settings)


# ----- learning -----


@pytest.mark.parametrize("optimizer", optim.OPTIMIZERS)
def test_every_optimizer_fits_a_line(optimizer):
    model = nn.Linear(1, 1, seed=0)
    lr = 0.05 if optimizer == "sgd" else 0.1
    history = quiet(model, LINE, optimizer=optimizer, lr=lr, epochs=150)
    assert [p.data for p in model.parameters()] == pytest.approx([3.0, -1.0], abs=0.1)
    assert history.settings["loss"] == "mse"
    assert history["error"][-1] < 0.2


def test_mini_batches_learn_a_spiral_of_three_arms():
    arms = data.spiral(60, arms=3, turns=0.4, seed=0)
    model = nn.MLP(2, [12, 3], activation="tanh", seed=0)
    history = quiet(model, arms, lr=0.05, batch_size=10, epochs=40)
    assert history.settings["loss"] == "cross_entropy"
    assert history["accuracy"][-1] > 0.9
    scores = [model(row) for row in arms.X]
    assert accuracy(scores, arms.y) > 0.9


def test_fit_equals_the_loop_of_micrograds_demo():
    X, y = data.moons(30, noise=0.1, seed=0).signed()
    by_hand, fitted = (nn.MLP(2, [6, 1], seed=1) for _ in range(2))
    losses = []
    for k in range(5):
        scores = [by_hand(row) for row in X]
        total = nn.hinge(scores, y) + 1e-4 * nn.l2(by_hand.parameters())
        by_hand.zero_grad()
        total.backward()
        for p in by_hand.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
    history = quiet(fitted, (X, y), optimizer="sgd", schedule=schedules.linear(), l2=1e-4, epochs=5)
    assert history["loss"] == pytest.approx(losses, rel=1e-15)
    assert history["lr"] == [1.0 - 0.9 * k / 100 for k in range(5)]
    assert history.settings["loss"] == "hinge"


def test_mini_batches_equal_a_loop_by_hand():
    X, y = LINE
    model, other = nn.Linear(1, 1, seed=0), nn.Linear(1, 1, seed=0)
    history = quiet(model, LINE, optimizer="sgd", lr=0.01, batch_size=4, epochs=2, seed=9)
    sgd, rng, means = optim.SGD(other.parameters(), lr=0.01), random.Random(9), []
    for _ in range(2):
        order = list(range(9))
        rng.shuffle(order)
        total = 0.0
        for rows in (order[:4], order[4:8], order[8:]):
            loss = nn.mse([other(X[i]) for i in rows], [y[i] for i in rows])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            total += loss.data * len(rows)
        means.append(total / 9)
    assert history["loss"] == means
    assert model.state_dict() == other.state_dict()


def test_without_shuffling_rows_keep_their_order():
    seen = []

    def loss(predictions, targets):
        seen.append(targets)
        return nn.mse(predictions, targets)

    quiet(nn.Linear(1, 1), LINE, loss, batch_size=4, shuffle=False, epochs=1)
    assert seen == [LINE[1][:4], LINE[1][4:8], LINE[1][8:]]


def test_fit_draws_nothing_from_the_global_random():
    model = nn.Linear(1, 1, seed=0)
    before = random.getstate()
    quiet(model, LINE, epochs=1, batch_size=2, validation=0.3)
    assert random.getstate() == before


def test_a_refused_compilation_restores_the_random_generator():
    class Dropout(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1, seed=0)

        def __call__(self, x):
            return self.layer(x)[0] * float(random.random() > 0.5)

    def losses(jit):
        random.seed(0)
        return quiet(Dropout(), LINE, epochs=3, jit=jit)["loss"]

    done = threading.Event()
    thread = threading.Thread(target=done.wait)  # which might draw random numbers, too
    thread.start()
    try:
        assert losses("auto") == losses(False)
    finally:
        done.set()
        thread.join()


# ----- the task -----


class Word(nn.Module):
    """A model over sequences: gives a list of rows of logits."""

    def __init__(self):
        self.table = nn.Embedding(3, 3, seed=0)

    def __call__(self, x):
        return self.table(x)


@pytest.mark.parametrize(
    ("outputs", "targets", "loss", "chosen", "metric"),
    [
        (1, [0, 1, 1], "auto", "binary_cross_entropy", "accuracy"),
        (1, [-1, 1, 1], "auto", "hinge", "accuracy"),
        (1, [0.5, 1, 1], "auto", "mse", "error"),
        (2, [0, 1, 1], "auto", "cross_entropy", "accuracy"),
        (2, [[0.0, 1.0], [3.0, 1.0], [0.2, 1.0]], "auto", "mse", "error"),
        (2, [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]], "cross_entropy", "cross_entropy", "accuracy"),
        (1, [0, 1, 1], "mse", "mse", "accuracy"),
        (1, [[0], [1], [1]], nn.mse, "mse", None),
        (2, [0.5, 1.5, 0.2], lambda p, t: nn.mse([v[0] for v in p], t), "<lambda>", None),
    ],
)
def test_loss_and_metric_follow_outputs_and_targets(outputs, targets, loss, chosen, metric):
    history = quiet(nn.Linear(2, outputs, seed=0), ([[1.0, 2.0]] * 3, targets), loss, epochs=1)
    assert history.settings["loss"] == chosen
    assert list(history.columns) == [
        "epoch",
        "loss",
        *([metric] if metric else []),
        "lr",
        "seconds",
    ]


def test_nested_outputs_have_no_metric():
    def loss(predictions, targets):
        flat = [z for row in predictions for z in row]
        return nn.cross_entropy(flat, [t for row in targets for t in row])

    words = ([[0, 1], [2]], [[1, 2], [0]])
    history = quiet(Word(), words, loss, validation=words, lr=0.1, epochs=5)
    assert list(history.columns) == ["epoch", "loss", "val_loss", "lr", "seconds"]
    assert history["loss"][-1] < history["loss"][0]


def test_the_threshold_is_a_half_for_probabilities_and_zero_for_logits():
    class Constant(nn.Module):
        def __init__(self):
            self.p = Value(0.3)

        def __call__(self, x):
            return self.p * 1.0

    sample = ([[0.0]], [1])
    for loss, right in (("mse", 0.0), ("binary_cross_entropy", 1.0)):
        assert quiet(Constant(), sample, loss, lr=1e-9, epochs=1)["accuracy"] == [right]


def test_no_number_depends_on_how_a_version_of_python_adds(monkeypatch):
    def only_ints(numbers, start=0):
        numbers = list(numbers)
        assert not any(isinstance(x, float) for x in numbers), "sum() of floats"
        return add(numbers, start)

    add = builtins.sum  # of floats it is more exact from Python 3.12 on
    monkeypatch.setattr(builtins, "sum", only_ints)
    model = nn.MLP(1, [3, 1], seed=0)
    fit(model, LINE, jit=False, epochs=2, l2=0.1, progress=False, validation=0.5, batch_size=2)
    w = [Value(x) for x in (1.0, 2.0, 3.0)]
    loss = ag.sum([a * a for a in w] * 3)
    loss.backward()
    assert "more use" in str(ag.explain(loss, wrt=w[0], uses=1))
    ag.nudge(loss, w, 0.1)
    ag.draw(loss).pipe("svg")


def test_metrics_take_values_numbers_and_lists():
    assert accuracy([Value(0.4), 0.6], [-1, 1]) == 0.5
    assert accuracy([Value(0.4), 0.6], [0, 1], threshold=0.5) == 1.0
    assert accuracy([[0.0, 1.0], [0.0, 1.0]], [[0.2, 0.8], [0.9, 0.1]]) == 0.5
    assert mean_absolute_error([[1.0, Value(2.0)]], [[0.0, 4.0]]) == 1.5
    assert accuracy([[math.nan, 1.0], [0.0, 1.0]], [1, 1]) == 0.5  # nan predicts no class
    assert accuracy(np.array([[math.nan, 1.0], [0.0, 1.0]]), np.array([1, 1])) == 0.5
    assert accuracy([math.nan, 1.0], [0, 1]) == 0.5
    assert accuracy(np.array([math.nan, 1.0]), np.array([0, 1])) == 0.5
    with pytest.raises(ValueError, match="sample 0 has 2 outputs and 1 targets"):
        mean_absolute_error([[1.0, 2.0], [3.0]], [[1.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match="expected as many predictions as targets, got 1 and 2"):
        accuracy([1.0], [1, 0])
    with pytest.raises(TypeError, match="expected a number, got the text 'a'"):
        mean_absolute_error([1.0], ["a"])


# ----- validation and stopping -----


def test_a_fraction_of_the_rows_is_held_out():
    seen = set()

    def loss(predictions, targets):
        seen.add(len(targets))
        return nn.mse(predictions, targets)

    history = quiet(nn.Linear(1, 1, seed=0), LINE, loss, validation=1 / 3, epochs=3)
    assert seen == {6, 3}
    assert list(history.columns)[:6] == ["epoch", "loss", "error", "val_loss", "val_error", "lr"]


def test_a_validation_set_is_not_trained_on():
    held_out = data.Dataset([[10.0], [20.0]], [1.0, 2.0])
    with_it, without = nn.Linear(1, 1, seed=0), nn.Linear(1, 1, seed=0)
    history = quiet(with_it, LINE, validation=held_out, epochs=3)
    quiet(without, LINE, epochs=3)
    assert with_it.state_dict() == without.state_dict()
    predictions = [with_it(row) for row in held_out.X]
    assert history["val_loss"][-1] == nn.mse(predictions, held_out.y).data


def test_early_stopping_restores_the_best_epoch():
    model = nn.Linear(1, 1, seed=0)
    states = []
    opposite = (LINE[0], [-t for t in LINE[1]])
    history = quiet(
        model,
        LINE,
        optimizer="sgd",
        lr=0.005,
        validation=opposite,
        early_stopping=3,
        callbacks=[lambda h: states.append(model.state_dict())],
    )
    assert history.stopped == "early stopping"
    assert len(history) == history.best_epoch + 3
    assert history["val_loss"][history.best_epoch - 1] == min(history["val_loss"])
    assert model.state_dict() == states[history.best_epoch - 1]


def test_a_callback_sees_each_epoch_and_may_stop():
    seen = []
    history = quiet(
        nn.Linear(1, 1),
        LINE,
        epochs=10,
        callbacks=[lambda h: len(h) == 4, lambda h: seen.append(h["loss"][-1])],
    )
    assert (history.stopped, len(history)) == ("callback", 4)
    assert seen == history["loss"]


def test_frames_replay_the_parameters():
    model = nn.Linear(1, 1, seed=0)
    start = [p.data for p in model.parameters()]
    history = quiet(model, LINE, epochs=7, record=3, lr=0.1)
    end = [p.data for p in model.parameters()]
    assert [frame.epoch for frame in history.frames] == [0, 3, 6]
    assert history.frames[0].parameters == start
    for frame in history.replay(model):
        assert [p.data for p in model.parameters()] == frame.parameters
        break
    assert [p.data for p in model.parameters()] == end
    assert len(list(history.replay(model))) == 3


def test_an_interrupt_takes_effect_after_the_batch():
    def loss(predictions, targets):
        if len(targets) == 1:  # the third batch
            signal.raise_signal(signal.SIGINT)
        return nn.mse(predictions, targets)

    model, other = nn.Linear(1, 1, seed=0), nn.Linear(1, 1, seed=0)
    history = quiet(model, LINE, loss, batch_size=4, epochs=5)
    assert (history.stopped, len(history)) == ("interrupted", 0)
    quiet(other, LINE, batch_size=4, epochs=1)
    assert model.state_dict() == other.state_dict()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert repr(history) == "History(no epoch, interrupted)"


def test_a_second_interrupt_takes_effect_at_once():
    def loss(predictions, targets):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second interrupt was deferred")

    model = nn.Linear(1, 1, seed=0)
    before = model.state_dict()
    assert quiet(model, LINE, loss).stopped == "interrupted"
    assert model.state_dict() == before


def test_an_interrupt_in_a_callback_stops_the_run():
    def interrupt(history):
        if len(history) == 2:
            raise KeyboardInterrupt

    history = quiet(nn.Linear(1, 1), LINE, epochs=9, callbacks=[interrupt])
    assert (history.stopped, len(history)) == ("interrupted", 2)


def test_other_threads_and_handlers_are_not_touched():
    histories = []
    thread = threading.Thread(
        target=lambda: histories.append(quiet(nn.Linear(1, 1), LINE, epochs=2))
    )
    thread.start()
    thread.join()
    assert histories[0].stopped == "finished"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        quiet(
            nn.Linear(1, 1),
            LINE,
            epochs=1,
            callbacks=[lambda h: histories.append(signal.getsignal(signal.SIGINT))],
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert histories[1] is signal.SIG_IGN


# ----- nan -----


def test_a_nan_in_the_data_is_explained():
    X = [[1.0], [math.nan]]
    # without a width, so that rows are not checked beforehand
    model = nn.Sequential(lambda x: x, nn.Linear(1, 1, seed=0))
    before = model.state_dict()
    message = (
        r"^epoch 1, batch 1: the loss became nan: dot\(modules.1.w.0.0 = .*, constant = nan, "
        r"modules.1.b.0 = 0.0\) "
    )
    with pytest.raises(TrainingError, match=message) as caught:
        quiet(model, (X, [1.0, 2.0]), epochs=3)
    assert str(caught.value).endswith("a smaller learning rate may help")
    assert model.state_dict() == before
    assert [p.label for p in model.parameters()] == [None, None]
    assert caught.value.history.stopped == "not finite"
    assert isinstance(caught.value, ag.AnomalyError)


def test_too_large_a_rate_keeps_the_last_good_parameters():
    model = nn.Linear(1, 1, seed=0)
    losses = []

    def watched(predictions, targets):
        loss = nn.mse(predictions, targets)
        losses.append((loss.data, model.state_dict()))
        return loss

    with pytest.raises(
        TrainingError, match=r"the loss became inf: pow_const\(.*\) gave inf"
    ) as caught:
        quiet(model, LINE, watched, optimizer="sgd", lr=1e9)
    finite = [state for loss, state in losses if math.isfinite(loss)]
    assert model.state_dict() == finite[-1]
    assert len(caught.value.history) == len(finite)
    assert not any(p.grad for p in model.parameters())


def test_a_derivative_that_is_not_finite_is_explained():
    def root(predictions, targets):
        return ag.sum(predictions).sqrt()

    model = nn.Linear(1, 1, init="zeros")
    with pytest.raises(TrainingError, match=r"parameters that are not finite: .*gradient.* sqrt"):
        quiet(nn.Sequential(model, lambda v: v[0]), ([[1.0]], [0.0]), root, optimizer="sgd")
    assert [p.data for p in model.parameters()] == [0.0, 0.0]


def test_too_long_a_step_is_explained():
    model = nn.Linear(1, 1, init="zeros")
    with pytest.raises(
        TrainingError, match="every derivative was finite, but the step was too large"
    ):
        quiet(model, ([[1e160]], [1.0]), optimizer="sgd", lr=1e300)
    assert [p.data for p in model.parameters()] == [0.0, 0.0]


# ----- bad input -----


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"loss": "mae"}, ValueError, "unknown loss 'mae'; choose from mse, hinge, binary_cross"),
        ({"optimizer": "adm"}, ValueError, "unknown optimizer 'adm'; choose from sgd, rmsprop"),
        ({"epochs": 0}, ValueError, "epochs must be a positive integer, got 0"),
        ({"epochs": 1.5}, ValueError, "epochs must be a positive integer, got 1.5"),
        ({"epochs": "a"}, ValueError, "epochs must be a positive integer, got 'a'"),
        (
            {"early_stopping": 0},
            ValueError,
            "early_stopping must be a positive integer, got 0",
        ),
        ({"record": -1}, ValueError, "record must be a positive integer, got -1"),
        ({"batch_size": 2.5}, ValueError, "batch_size must be a positive integer, got 2.5"),
        ({"checkpoint_every": None}, ValueError, "checkpoint_every must be a positive integer"),
        ({"seed": "a"}, TypeError, "expected an integer as seed, got 'a'"),
        ({"l2": -0.1}, ValueError, "l2 must be finite and not negative, got -0.1"),
        ({"lr": -0.1}, ValueError, "lr must be finite and not negative, got -0.1"),
        ({"schedule": lambda epoch: -0.1}, ValueError, "lr must be finite and not negative"),
        ({"optimizer": optim.Adam}, TypeError, "must be a name or an Optimizer, got <class"),
        ({"validation": 0.01}, ValueError, "of 9 rows leaves nothing to validate on"),
        ({"validation": 1.0}, ValueError, "leaves nothing to train on"),
        ({"validation": 3}, TypeError, "takes a Dataset or .X, y., got int"),
        (
            {"validation": ([[1.0, 2.0]], [1])},
            ValueError,
            "row 0 of the validation data has 2 values, .* 1$",
        ),
        ({"resume": True}, ValueError, "needs checkpoint=, the file to continue from"),
        ({"loss": lambda p, t: 1.0}, TypeError, "the loss <lambda> must return a Value, got 1.0"),
        (
            {"optimizer": optim.SGD([Value(1.0)])},
            ValueError,
            "has parameters of another model",
        ),
    ],
)
def test_bad_settings_are_refused(settings, error, message):
    model = nn.Linear(1, 1, seed=0)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        quiet(model, LINE, **settings)
    assert model.state_dict() == before


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (([[1.0, 2.0], [1.0]], [1, 2]), ValueError, "row 1 of the data has 1 values, .* takes 2"),
        (([[1.0, 2.0]], [1, 2]), ValueError, "X has 1 rows and y has 2 targets"),
        (([], []), ValueError, "X has 0 rows"),
        (5, TypeError, r"takes a Dataset or \(X, y\), got int"),
        (([[1.0, 2.0]], ["cat"]), TypeError, "the text 'cat'; number the classes from 0"),
        (([[1.0, 2.0], [1.0, "b"]], [1, 0]), TypeError, "row 1 of the data, value 1: 'b' is not a"),
        (
            ([[1.0, 2.0], [1.0, math.nan]], [1, 0]),
            ValueError,
            "row 1 .*, value 1: nan .* is not finite",
        ),
        (
            data.Dataset([[1.0, math.inf]], [1], features=["a", "b"]),
            ValueError,
            r"row 0 of the data, value 1 \(b\): inf .* is not finite",
        ),
        (([[1.0, 2.0], [1.0, None]], [1, 0]), TypeError, "value 1: None is not a number"),
        (([[1.0, 2.0]], [[1.0, 2.0]]), ValueError, "has 1 outputs, but the targets are lists"),
        (([[1.0, 2.0]], [[[1.0]]]), ValueError, "pass a function of predictions and targets"),
        (
            data.spiral(9, arms=3),
            ValueError,
            "3 classes need a model with 3 outputs, but the model has 1",
        ),
    ],
)
def test_bad_data_is_refused(given, error, message):
    model = nn.MLP(2, [2, 1], seed=0)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        quiet(model, given)
    assert model.state_dict() == before


@pytest.mark.parametrize("jit", [False, "auto", True])
@pytest.mark.parametrize("bad", ["train", "validation"])
@pytest.mark.parametrize(
    ("loss", "outputs", "good", "target", "message"),
    [
        ("hinge", 1, -1, 0, "hinge takes targets -1 and 1, got 0"),
        ("hinge", 1, 1, 0.5, "hinge takes targets -1 and 1, got 0.5"),
        ("binary_cross_entropy", 1, 1, -1, "takes targets from 0 to 1, got -1; convert"),
        ("binary_cross_entropy", 1, 0.5, 1.5, "takes targets from 0 to 1, got 1.5"),
        ("cross_entropy", 3, 0, 3, "expected a class from 0 to 2, one per logit, got 3"),
        ("cross_entropy", 3, 0, -1, "expected a class from 0 to 2, one per logit, got -1"),
        ("cross_entropy", 3, 2, 1.0, "a target must be a class index or a list of prob"),
        ("cross_entropy", 2, [0.5, 0.5], [0.5, 0.6], "must sum to 1"),
        ("cross_entropy", 2, [0.5, 0.5], [1.5, -0.5], "must not be negative"),
        ("mse", 1, 1.0, math.nan, "the target nan .* is not finite"),
        ("mse", 1, 1.0, -math.inf, "the target -inf .* is not finite"),
        ("mse", 1, 1.0, 10**400, "too large|not finite"),
        ("mse", 2, [1.0, 2.0], [1.0, math.nan], "is not finite"),
        ("mse", 2, [1.0, 2.0], [1.0], "got 2 predictions and 1 target"),
    ],
)
def test_a_target_that_the_loss_refuses_is_named_before_training(
    jit, bad, loss, outputs, good, target, message
):
    if jit is True and not is_available():
        pytest.skip("llvmlite is not installed")
    model, calls = nn.Linear(1, outputs, seed=0), []
    before = model.state_dict()
    fine, wrong = ([[1.0]] * 5, [good] * 5), ([[1.0]] * 5, [good] * 3 + [target, good])
    train, validation = (wrong, fine) if bad == "train" else (fine, wrong)
    place = "row 3 of the data: " if bad == "train" else "row 3 of the validation data: "
    with pytest.raises((ValueError, TypeError), match=f"(?:{place}).*(?:{message})") as caught:
        quiet(model, train, loss, validation=validation, jit=jit, callbacks=[calls.append])
    assert "\n" not in str(caught.value)
    assert model.state_dict() == before and not calls


def test_outputs_of_different_lengths_may_have_targets_of_theirs():
    class Own(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return [self.w * v for v in x]

    history = quiet(Own(), ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]]), "mse", epochs=1)
    assert history["loss"] == [0.0]


def test_validation_data_must_have_the_columns_and_classes_of_the_data():
    X, y = [[1.0, 2.0], [2.0, 1.0]], [0, 1]
    train = data.Dataset(X, y, features=["a", "b"], classes=["no", "yes"])
    for other, message in [
        (
            data.Dataset(X, y, features=["b", "a"], classes=["no", "yes"]),
            "features b, a, expected a, b",
        ),
        (
            data.Dataset(X, y, features=["a", "b"], classes=["yes", "no"]),
            "classes yes, no, expected classes no, yes",
        ),
        (data.Dataset(X, y, features=["a", "b"]), "no classes, expected classes no, yes"),
    ]:
        with pytest.raises(ValueError, match=f"the validation data has {message}"):
            quiet(nn.Linear(2, 1), train, validation=other)
        with pytest.raises(ValueError, match=f"this data set has {message}"):
            other.standardise(by=train.standardise())
    with pytest.raises(ValueError, match="validation data is not scaled like the training"):
        quiet(nn.Linear(2, 1), train.standardise(), validation=train.take([0]).standardise())


def test_models_and_data_must_fit_each_other():
    with pytest.raises(ValueError, match="from 0 to 2, but the model has 2 outputs, for classes 0"):
        quiet(nn.Linear(2, 2), data.spiral(9, arms=3))
    with pytest.raises(ValueError, match="has 2 outputs, but the targets are single numbers"):
        quiet(nn.Linear(1, 2), LINE)
    with pytest.raises(TypeError, match=r"fit trains an nn.Module, got <built-in function abs>"):
        quiet(abs, LINE)
    scaled = data.moons(10).standardise()
    with pytest.raises(
        ValueError, match=r"validation data is not scaled .*: use standardise\(by=\)"
    ):
        quiet(nn.Linear(2, 1), scaled, validation=data.moons(10))


def test_a_row_that_the_model_refuses_is_named():
    class Own(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 1)

        def __call__(self, x):
            return self.layer(x)[0]

    with pytest.raises(ValueError, match="row 1 of the data: Linear takes 2 inputs, got 3"):
        quiet(Own(), ([[1.0, 2.0], [1.0, 2.0, 3.0]], [1, 0]))
    rows = [[1.0, 2.0]] * 9 + [[1.0]] + [[1.0, 2.0]] * 10
    with pytest.raises(ValueError, match="row 9 of the data: Linear takes 2 inputs, got 1"):
        quiet(Own(), (rows, [1, 0] * 10), validation=0.5)
    with pytest.raises(TypeError, match=r"row 1 of the data: .*'b'"):
        quiet(Own(), ([[1.0, 2.0], [1.0, "b"]], [1, 0]))


def test_every_exception_during_training_has_the_history():
    def broken(history):
        if len(history) == 2:
            raise LookupError("no such key")

    with pytest.raises(LookupError) as caught:
        quiet(nn.Linear(1, 1, seed=0), LINE, callbacks=[broken])
    assert len(caught.value.history) == 2


def test_arrays_are_taken_as_lists():
    X, y = LINE
    models = [nn.Linear(1, 1, seed=0) for _ in range(2)]
    quiet(models[0], LINE, epochs=3)
    quiet(models[1], (np.array(X), np.array(y)), epochs=3)
    assert models[0].state_dict() == models[1].state_dict()


def test_an_optimizer_may_be_passed():
    model = nn.Linear(1, 1, seed=0)
    adam = optim.Adam(model.parameters(), lr=0.5)
    assert quiet(model, LINE, optimizer=adam, epochs=1)["lr"] == [0.5]
    assert quiet(model, LINE, optimizer=adam, lr=0.25, epochs=1)["lr"] == [0.25]
    assert adam.steps == 2
