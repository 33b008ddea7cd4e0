"""T3: paths that meet, the gradient of a matrix product, a ReLU network, and predicted against actual changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textbook.compare import Array, assert_close, values

import autograd_scalar as ag
from autograd_scalar import Value, nn

SEEDS = range(8)

#: A function in the engine's names and its derivative in math's.
INNER: list[tuple[Callable[[Any], Any], Callable[[float], float], Callable[[float], float]]] = [
    (ag.sin, math.sin, math.cos),
    (ag.exp, math.exp, math.exp),
    (ag.tanh, math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    (lambda x: x**3, lambda x: x**3, lambda x: 3 * x**2),
]
#: A function of two numbers and its derivatives by each.
OUTER: list[tuple[Callable[[Any, Any], Any], Callable[[float, float], tuple[float, float]]]] = [
    (lambda u, v: u * v, lambda u, v: (v, u)),
    (lambda u, v: u - 2 * v, lambda u, v: (1.0, -2.0)),
    (lambda u, v: u / (v * v + 1), lambda u, v: (1 / (v * v + 1), -2 * u * v / (v * v + 1) ** 2)),
]


@given(st.floats(-2, 2), st.sampled_from(INNER), st.sampled_from(INNER), st.sampled_from(OUTER))
def test_two_paths_add_up(at: float, inner_u: Any, inner_v: Any, outer: Any) -> None:
    x = Value(at)
    u, v = inner_u[0](x), inner_v[0](x)
    z = outer[0](u, v)
    dz_du, dz_dv = outer[1](inner_u[1](at), inner_v[1](at))
    through_u, through_v = dz_du * inner_u[2](at), dz_dv * inner_v[2](at)
    assert_close(ag.gradient(z, x), through_u + through_v)
    (step,) = ag.explain(z, node=x)
    along = {u: 0.0, v: 0.0}
    for term in step.terms:
        along[term.user] += term.product
    assert_close([along[u], along[v]], [through_u, through_v])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_matrix_product(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k, m = rng.integers(1, 5, size=3)
    A, B, G = rng.normal(size=(n, k)), rng.normal(size=(k, m)), rng.normal(size=(n, m))
    a, b = values(A), values(B)
    c = [[ag.dot(row, column) for column in zip(*b, strict=True)] for row in a]
    loss = ag.sum(
        [g * v.tanh() for row, gs in zip(c, G, strict=True) for v, g in zip(row, gs, strict=True)]
    )
    dC = G * (1 - np.tanh(A @ B) ** 2)
    assert_close(ag.gradient(loss, c), dC)
    assert_close(ag.gradient(loss, a), dC @ B.T)
    assert_close(ag.gradient(loss, b), A.T @ dC)


# ----- a ReLU network with squared loss, in numpy and in Values -----


class ReLUNet:
    """W1, b1, W2, b2 of a net with one hidden layer of ReLUs, an input and a target."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        nin, hidden, nout = rng.integers(1, 5, size=3)
        self.arrays = [
            rng.normal(size=shape) for shape in ((hidden, nin), hidden, (nout, hidden), nout)
        ]
        self.arrays[1][0] = -50.0  # the first neuron is off
        self.x, self.y = rng.normal(size=nin), rng.normal(size=nout)
        self.parameters = [values(array) for array in self.arrays]
        W1, b1, W2, b2 = self.parameters
        h = [ag.dot(row, self.x.tolist(), b).relu() for row, b in zip(W1, b1, strict=True)]
        out = [ag.dot(row, h, b) for row, b in zip(W2, b2, strict=True)]
        self.loss = ag.sum([(v - t) ** 2 for v, t in zip(out, self.y.tolist(), strict=True)])

    def loss_at(self, W1: Array, b1: Array, W2: Array, b2: Array) -> float:
        out = W2 @ np.maximum(W1 @ self.x + b1, 0) + b2
        return float(((out - self.y) ** 2).sum())

    def gradients(self) -> list[Array]:
        W1, b1, W2, b2 = self.arrays
        z = W1 @ self.x + b1
        h = np.maximum(z, 0)
        dout = 2 * (W2 @ h + b2 - self.y)
        dz = (W2.T @ dout) * (z > 0)
        return [np.outer(dz, self.x), dz, np.outer(dout, h), dout]

    def change(self, changes: list[Array]) -> float:
        moved = [array + change for array, change in zip(self.arrays, changes, strict=True)]
        return self.loss_at(*moved) - self.loss_at(*self.arrays)


@pytest.mark.parametrize("seed", SEEDS)
def test_relu_forwards_and_backwards_and_the_row_of_a_neuron_that_is_off(seed: int) -> None:
    net = ReLUNet(seed)
    assert_close(net.loss.data, net.loss_at(*net.arrays))
    for recorded, expected in zip(net.parameters, net.gradients(), strict=True):
        assert_close(ag.gradient(net.loss, recorded), expected)
    W1, b1, W2, _ = net.parameters
    assert set(ag.gradient(net.loss, [*W1[0], b1[0], *(row[0] for row in W2)])) == {0.0}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("step", [0.1, 1e-3])
def test_nudge_predicts_and_reruns(seed: int, step: float) -> None:
    net = ReLUNet(seed)
    gradients = net.gradients()
    found = ag.nudge(net.loss, net.parameters, step)
    names = [name for name, _, _ in found.parameters]
    assert names[:2] == ["params[0][0][0]", "params[0][0][1]"] or len(net.x) == 1
    assert_close(
        [g for _, g, _ in found.parameters], np.concatenate([g.ravel() for g in gradients])
    )
    assert {change for _, _, change in found.parameters} == {step}

    up = [np.full_like(g, step) for g in gradients]
    down = [-step * g for g in gradients]
    for experiment, changes in ((found.increase, up), (found.descent, down)):
        inner = sum(float((g * d).sum()) for g, d in zip(gradients, changes, strict=True))
        assert_close(experiment.predicted, inner)
        assert_close(experiment.actual, net.change(changes))
    for values_, array in zip(net.parameters, net.arrays, strict=True):
        assert_close(np.vectorize(lambda v: v.data)(np.array(values_)), array)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_prediction_misses_is_of_second_order(seed: int) -> None:
    """The squared loss of a linear layer is a parabola along any direction: curvature is all that is missing."""
    rng = np.random.default_rng(seed)
    w, x, y = rng.normal(size=4), rng.normal(size=4), rng.normal()
    ws = values(w)
    loss = (ag.dot(ws, x.tolist()) - y) ** 2
    for step in (1.0, 0.1, 0.01):
        found = ag.nudge(loss, ws, step)
        for experiment, d in (
            (found.increase, np.full(4, step)),
            (found.descent, -step * 2 * (w @ x - y) * x),
        ):
            assert_close(experiment.curved - experiment.predicted, (x @ d) ** 2)
            assert_close(experiment.actual, experiment.curved)


@pytest.mark.parametrize("t", [0.4, 0.1, 0.01])
def test_the_pages_closed_form(t: float) -> None:
    W1, b1, W2, b2 = map(values, ([[0.5, 1.0], [-1.0, -0.5]], [0.0, 0.5], [1.5, -2.0], 0.5))
    h = [ag.dot(row, [2.0, 1.0], b).relu() for row, b in zip(W1, b1, strict=True)]
    loss = (ag.dot(W2, h, b2) - 3.0) ** 2
    found = ag.nudge(loss, [W1, b1, W2, b2], t).increase
    assert_close(found.predicted, 9 * t)
    assert_close(found.curved, 9 * t + 85 * t**2)
    assert_close(found.actual, 9 * t + 85 * t**2 + 72 * t**3 + 16 * t**4)


def test_nudge_prints_the_table_for_any_loss_and_any_parameters() -> None:
    model = nn.MLP(2, [3, 3], activation="tanh", seed=0)
    parameters = dict(model.named_parameters())
    found = ag.nudge(lambda: nn.cross_entropy(model([0.5, -1.0]), 2), parameters, 0.01)
    lines = str(found).splitlines()
    assert lines[0].split() == ["parameter", "gradient", "change", "gradient", "*", "change"]
    rows = {line.split()[0]: [float(word) for word in line.split()[1:]] for line in lines[1:22]}
    gradients = ag.gradient(nn.cross_entropy(model([0.5, -1.0]), 2), parameters)
    for (name, row), (expected, g) in zip(rows.items(), gradients.items(), strict=True):
        assert name == f"params['{expected}']"
        assert row == pytest.approx([g, 0.01, g * 0.01], rel=1e-5, abs=1e-9)
    increase = lines[-2].split()
    assert increase[:4] == ["every", "one", "+", "0.01"]
    assert float(increase[4]) == pytest.approx(sum(gradients.values()) * 0.01, rel=1e-5)
    descent = lines[-1].split()
    assert descent[:3] == ["descent", "by", "0.01"]
    assert float(descent[3]) == pytest.approx(
        -0.01 * sum(g * g for g in gradients.values()), rel=1e-5
    )
    assert float(descent[5]) == pytest.approx(float(descent[3]), rel=0.1)  # "roughly"
