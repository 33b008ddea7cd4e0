"""Optimizers: agreement with PyTorch step for step, states; learning rate schedules."""

from __future__ import annotations

import json
import math

import pytest

from autograd_scalar import Value, optim
from autograd_scalar.optim import schedules

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("RMSProp", {}),
    ("RMSProp", {"lr": 0.02, "alpha": 0.9, "eps": 1e-6, "momentum": 0.5, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3}),
]


def descend(optimizer, params, steps):
    """Minimize (ab - 1)² + (a - c²)² / 2; return the parameters after each step."""
    path = []
    for _ in range(steps):
        a, b, c = params
        loss = (a * b - 1.0) ** 2 + (a - c**2) ** 2 / 2.0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        path.append([float(getattr(p, "data", p)) for p in params])
    return path


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_every_step_equals_that_of_pytorch(name, settings):
    torch = pytest.importorskip("torch")
    start = [2.0, -0.5, 1.5]
    ours = [Value(x) for x in start]
    path = descend(getattr(optim, name)(ours, **settings), ours, 25)
    theirs = [torch.tensor(x, dtype=torch.double, requires_grad=True) for x in start]
    torch_name = {"RMSProp": "RMSprop"}.get(name, name)
    settings = {"lr": 0.01} | settings if name in ("SGD", "RMSProp") else settings
    expected = descend(getattr(torch.optim, torch_name)(theirs, **settings), theirs, 25)
    for got, wanted in zip(path, expected, strict=True):
        assert got == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_a_state_survives_json_and_continues_exactly(name, settings):
    make = getattr(optim, name)
    whole = [Value(x) for x in (2.0, -0.5, 1.5)]
    unbroken = descend(make(whole, **settings), whole, 10)
    params = [Value(x) for x in (2.0, -0.5, 1.5)]
    first = make(params, **settings)
    descend(first, params, 4)
    second = make(params, **settings | {"lr": 5.0})
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert descend(second, params, 6) == unbroken[4:]


ADAM = optim.Adam([Value(1.0), Value(2.0)]).state_dict()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (optim.SGD([Value(1.0)]).state_dict(), "expected the state of Adam, got that of SGD"),
        (optim.Adam([Value(1.0)]).state_dict(), r"for 1 parameters \(mean\), this optimizer has 2"),
        (ADAM | {"slots": {"mean": []}}, r"has \['mean'\], expected \['mean', 'square'\]"),
        ({}, "got that of None"),
        ([], "state of an optimizer must be a dictionary, got"),
        (ADAM | {"slots": "x"}, "slots must be lists of numbers by name, got 'x'"),
        (ADAM | {"slots": {"mean": "xy", "square": [0.0, 0.0]}}, "mean must be a list of numbers"),
        (ADAM | {"lr": "x"}, "lr must be finite and not negative, got 'x'"),
        (ADAM | {"steps": None}, "steps must be an integer that is not negative, got None"),
        (ADAM | {"steps": -1}, "steps must be an integer that is not negative, got -1"),
        ({"name": "Adam", "lr": 0.1, "steps": 1}, "the state of an optimizer has no 'slots'"),
        (ADAM | {"lr": 10**400}, "lr must be finite and not negative, got 1000"),
        (ADAM | {"lr": 10**5000}, r"lr must be finite and not negative, got an int \(int\)"),
        (ADAM | {"steps": 10**400}, "steps must be a number in the range of floats, got 1000"),
        (
            ADAM | {"lr": 0.5, "slots": {"mean": [0.0, 0.0], "square": [1.0, 10**400]}},
            r"square\[1\] must be a number in the range of floats, got 1000",
        ),
        (ADAM | {"slots": {"mean": [0.0, 0.0], "square": [1.0, True]}}, r"square\[1\] must be"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, message):
    params = [Value(1.0), Value(2.0)]
    adam = optim.Adam(params)
    params[0].grad = 1.0
    adam.step()
    before = adam.state_dict()
    with pytest.raises(ValueError, match=message):
        adam.load_state_dict(state)
    assert adam.state_dict() == before


def test_lr_may_be_set_between_steps():
    p = Value(1.0)
    sgd = optim.SGD([p], lr=0.1)
    sgd.lr = 0.5
    p.grad = 1.0
    sgd.step()
    assert p.data == 0.5
    assert repr(sgd) == "SGD(1 parameter, lr=0.5)"


V = Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: optim.SGD([V * 2.0]), ValueError, "optimizes leaves; item 0 is computed by 'mul'"),
        (
            lambda: optim.Adam([V], betas=0.9),
            ValueError,
            "betas must be two numbers below 1, got 0.9",
        ),
        (lambda: optim.RMSProp([V], alpha=2.0), ValueError, "alpha must be at most 1, got 2.0"),
        (lambda: optim.optimizer([], [V]), ValueError, r"unknown optimizer \[\]; choose from sgd"),
        (lambda: optim.SGD([]), ValueError, "SGD got no parameters to optimize"),
        (lambda: optim.Adam([V, 1.0]), TypeError, r"a list of Values, .* item 1 is 1.0"),
        (lambda: optim.SGD(V), TypeError, r"such as model.parameters\(\), got one Value"),
        (lambda: optim.SGD([V], lr="x"), ValueError, "lr must be finite and not negative, got 'x'"),
        (lambda: optim.Adam([V, V]), ValueError, "the same parameter twice"),
        (
            lambda: optim.SGD([V], lr=-1.0),
            ValueError,
            "lr must be finite and not negative, got -1.0",
        ),
        (lambda: optim.SGD([V], lr=math.nan), ValueError, "lr must be finite"),
        (
            lambda: optim.SGD([V], lr=10**400),
            ValueError,
            "lr must be finite and not negative, got 1",
        ),
        (lambda: optim.SGD([V], nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: optim.Adam([V], betas=(0.9, 1.0)), ValueError, "betas must be below 1"),
        (lambda: optim.optimizer("adm", [V]), ValueError, "choose from sgd, rmsprop, adam, adamw"),
        (lambda: optim.Optimizer([V], 0.1).step(), NotImplementedError, "does not define step"),
        (
            lambda: schedules.linear(epochs=0),
            ValueError,
            "needs a positive integer number of epochs, got 0",
        ),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_optimizers_are_found_by_name():
    for name, kind in optim.OPTIMIZERS.items():
        assert type(optim.optimizer(name, [Value(1.0)], lr=0.3)) is kind


def test_schedules_follow_their_formulas():
    assert [schedules.linear()(k) for k in range(100)] == [1.0 - 0.9 * k / 100 for k in range(100)]
    assert schedules.linear()(1000) == schedules.linear()(100) == pytest.approx(0.1)
    assert schedules.linear(0.1, 0.0, 3)(3) == 0.0  # not below, where rounding would lead
    assert schedules.constant(0.3)(99) == 0.3
    assert schedules.step(1.0, every=10)(25) == pytest.approx(0.01)
    assert schedules.exponential(2.0, 0.9)(2) == pytest.approx(1.62)
    cosine = schedules.cosine(1.0, 10, stop=0.2)
    assert [cosine(0), cosine(10), cosine(99)] == pytest.approx([1.0, 0.2, 0.2])
    assert cosine(5) == pytest.approx(0.6)
    climb = schedules.warmup(2, then=schedules.exponential(1.0, 0.5))
    assert [climb(k) for k in range(5)] == [0.5, 1.0, 1.0, 0.5, 0.25]
