"""ag.explain_step: its numbers are those of the step, it changes nothing, and it says why."""

from __future__ import annotations

import pytest

from autograd_scalar import Value, data, gradient, jit, nn
from autograd_scalar.optim import SGD, Adam
from autograd_scalar.show.explain.step import explain_step

MOONS = data.moons(20, noise=0.1, seed=1)


def trained() -> tuple[nn.MLP, Adam]:
    """Return a model and its optimizer after two steps."""
    model = nn.MLP(2, [4, 1], seed=3)
    optimizer = Adam(model.parameters(), lr=0.05)
    for _ in range(2):
        model.zero_grad()
        loss_of(model).backward()
        optimizer.step()
    return model, optimizer


def loss_of(model: nn.MLP) -> Value:
    return nn.losses.binary_cross_entropy([model(x) for x in MOONS.X], MOONS.y)


def test_the_numbers_are_those_of_the_step() -> None:
    model, optimizer = trained()
    step = explain_step(lambda: loss_of(model), optimizer, names=model)
    before, start = [p.data for p in model.parameters()], loss_of(model)
    model.zero_grad()
    start.backward()
    slopes = [p.grad for p in model.parameters()]
    assert [move.gradient for move in step.moves] == slopes
    optimizer.step()
    changes = [p.data - x for p, x in zip(model.parameters(), before, strict=True)]
    assert [move.change for move in step.moves] == changes
    assert step.loss == start.data
    assert step.actual == loss_of(model).data - start.data
    assert step.predicted == pytest.approx(sum(g * d for g, d in zip(slopes, changes, strict=True)))
    assert step.predicted == pytest.approx(sum(move.predicted for move in step.moves))
    for slot, numbers in optimizer.state.items():
        assert [move.running[slot] for move in step.moves] == numbers


def test_nothing_is_changed() -> None:
    model, optimizer = trained()
    before = optimizer.state_dict(), [(p.data, p.grad) for p in model.parameters()]
    explain_step(lambda: loss_of(model), optimizer)
    assert (optimizer.state_dict(), [(p.data, p.grad) for p in model.parameters()]) == before
    with pytest.raises(ZeroDivisionError):
        explain_step(lambda: 1 / 0, optimizer)
    assert (optimizer.state_dict(), [(p.data, p.grad) for p in model.parameters()]) == before


def test_a_quadratic_loss_differs_by_its_curvature() -> None:
    w = Value(3.0, "w")
    step = explain_step(w * w * 0.5, SGD([w], lr=0.25))
    assert (step.loss, step.predicted, step.curvature, step.rest) == (4.5, -2.25, 0.28125, 0.0)
    assert step.sentences() == [
        "1 of 1 parameters move.",
        "w matters most: it moves by -0.75, its gradient 3 times -0.25, the learning rate.",
        "Predicted to first order: -2.25, the sum of gradient * change.",
        "Actual change of the loss: -1.9688, from 4.5 to 2.5312.",
        "The difference, 0.2812, is the curvature along the step.",
    ]


def test_a_step_that_is_too_long_is_recognised() -> None:
    w = Value(3.0, "w")
    words = explain_step(lambda: w * w, SGD([w], lr=1.3)).sentences()
    assert words[-1] == (
        "The step is too long: by gradient and curvature, 0.38 of its length would be best."
    )


def test_a_linear_loss_keeps_its_promise_and_higher_orders_are_named() -> None:
    w = Value(3.0, "w")
    assert "The prediction holds" in str(explain_step(lambda: w * 2.0, SGD([w], lr=0.1)))
    (line,) = [
        s for s in explain_step(lambda: w**3, SGD([w], lr=0.01)).sentences() if "order, or" in s
    ]
    assert line.startswith("Of the difference of 0.6364, 0.6561 is the curvature")


def test_momentum_can_go_uphill() -> None:
    w = Value(1.0, "w")
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    optimizer.state["velocity"][0] = -10.0
    words = str(explain_step(lambda: w * w, optimizer))
    assert "The step goes uphill" in words
    assert "SGD also uses its running numbers (velocity -7)" in words


def test_parameters_that_stay_have_a_reason() -> None:
    w, b, other = Value(2.0, "w"), Value(-5.0, "b"), Value(1.0, "other")
    step = explain_step(lambda: (w + b).relu() + w * 0.0, SGD([w, b, other], lr=0.1))
    assert step.sentences() == [
        "0 of 3 parameters move.",
        "w stays: w + b is -3 < 0, so relu passes no gradient on.",
        "b stays: w + b is -3 < 0, so relu passes no gradient on.",
        "other stays: the loss does not depend on it.",
        "So the loss remains 0.",
    ]
    many = [Value(1.0) for _ in range(9)]
    assert "6 more stay." in explain_step(lambda: w * w, SGD([w, *many], lr=0.1)).sentences()
    opposite = explain_step(lambda: w - w, SGD([w], lr=0.1))
    assert "w stays: its gradient is 0." in opposite.sentences()


def test_a_forgotten_zero_grad_is_noted() -> None:
    w = Value(3.0, "w")
    for _ in range(2):
        (w * w).backward()
    assert explain_step(lambda: w * w, SGD([w], lr=0.1)).notes == [
        "w.grad is 12, not the gradient of this loss, 6: call zero_grad() and backward() before step()."
    ]
    w.grad = 6.0
    assert explain_step(lambda: w * w, SGD([w], lr=0.1)).notes == []


def test_the_table_has_the_parameters_that_matter_most() -> None:
    model, optimizer = trained()
    text = str(explain_step(lambda: loss_of(model), optimizer, names=model, limit=3))
    head, *rows = text.split("\n\n")[0].splitlines()
    assert head.split()[:5] == ["parameter", "data", "gradient", "mean", "square"]
    assert len(rows) == 4 and rows[-1].startswith("... 14 more")
    assert all(row.startswith("layers.") for row in rows[:3])


def test_a_compiled_loss_is_explained() -> None:
    w = Value(3.0, "w")
    loss = jit(lambda w: w * w)
    assert explain_step(lambda: loss(w), SGD([w], lr=0.1)).curvature == pytest.approx(0.36)


def test_a_step_to_nan_is_described() -> None:
    w = Value(1.0, "w")
    words = explain_step(lambda: w.log(), SGD([w], lr=2.0)).sentences()
    assert words[-1].startswith("Not all of these are finite")


@pytest.mark.parametrize(
    ("loss", "optimizer", "message"),
    [
        (
            lambda: 3.0,
            SGD([Value(1.0)]),
            "expected a loss that is a Value or a function .*, got float",
        ),
        (Value(1.0), [Value(1.0)], "expected an Optimizer, got list"),
    ],
)
def test_wrong_arguments_raise_type_errors(loss, optimizer, message) -> None:
    with pytest.raises(TypeError, match=message):
        explain_step(loss, optimizer)


def test_gradients_are_those_of_the_loss_not_stale_grads() -> None:
    w = Value(3.0, "w")
    w.grad = 100.0
    assert explain_step(lambda: w * w, SGD([w], lr=0.1)).moves[0].gradient == gradient(w * w, w)
