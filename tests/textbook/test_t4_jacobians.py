"""T4: sigmoids, half the mean square: by components, by Jacobians with their shapes, and by Algorithm 6.4."""

from __future__ import annotations

from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
import pytest
from textbook.compare import Array, assert_close, sigmoid, values

import autograd_scalar as ag
from autograd_scalar import Value

SEEDS = range(8)


def slope(a: Array) -> Array:
    return np.asarray(sigmoid(a) * (1 - sigmoid(a)))


def output(W1: Any, b1: Any, w2: Any, b2: Any, x: list[float]) -> Any:
    h = [ag.sigmoid(ag.dot(row, x, b)) for row, b in zip(W1, b1, strict=True)]
    return ag.sigmoid(ag.dot(w2, h, b2))


class Case:
    """A net of some width with one output, N examples, and every a and h: 2-3-1 for the first seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.nin, self.hidden, self.N = (
            (2, 3, 4) if seed == 0 else map(int, rng.integers(1, 6, size=3))
        )
        self.W1, self.b1 = rng.normal(size=(self.hidden, self.nin)), rng.normal(size=self.hidden)
        self.w2, self.b2 = rng.normal(size=self.hidden), float(rng.normal())
        self.X, self.T = rng.normal(size=(self.N, self.nin)), rng.uniform(size=self.N)
        self.A1 = self.X @ self.W1.T + self.b1
        self.H1 = sigmoid(self.A1)
        self.A2 = self.H1 @ self.w2 + self.b2
        self.Z = sigmoid(self.A2)


@pytest.mark.parametrize("seed", SEEDS)
def test_by_components(seed: int) -> None:
    c = Case(seed)

    def cost(W1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        outputs = [output(W1, b1, w2, b2, x) for x in c.X.tolist()]
        return ag.sum([(t - z) ** 2 for t, z in zip(c.T.tolist(), outputs, strict=True)]) / (
            2 * c.N
        )

    weights = c.W1.tolist(), c.b1.tolist(), c.w2.tolist(), c.b2
    J, (dW1, db1, dw2, db2) = ag.value_and_grad(cost, argnums=(0, 1, 2, 3))(*weights)
    assert_close(J, sum((c.T - c.Z) ** 2) / (2 * c.N))
    common = -(c.T - c.Z) * slope(c.A2) / c.N
    assert_close(db2, sum(common[p] for p in range(c.N)))
    for i in range(c.hidden):
        assert_close(dw2[i], sum(common[p] * c.H1[p, i] for p in range(c.N)))
        through = [common[p] * c.w2[i] * slope(c.A1[p, i]) for p in range(c.N)]
        assert_close(db1[i], sum(through))
        for j in range(c.nin):
            assert_close(dW1[i][j], sum(through[p] * c.X[p, j] for p in range(c.N)))


@pytest.mark.parametrize("seed", SEEDS)
def test_by_jacobians(seed: int) -> None:
    c = Case(seed)
    n, m = c.hidden, c.nin
    x, t, a1, h1 = c.X[0].tolist(), float(c.T[0]), c.A1[0].tolist(), c.H1[0].tolist()
    W1, b1, w2 = c.W1.tolist(), c.b1.tolist(), c.w2.tolist()
    dJ_dz = ag.jacobian(lambda z: (t - z) ** 2 / 2)(float(c.Z[0]))
    dz_da2 = ag.jacobian(ag.sigmoid)(float(c.A2[0]))
    da2_dh = np.array(ag.jacobian(lambda h: [ag.dot(w2, h, c.b2)])(h1))
    dh_da1 = np.array(ag.jacobian(lambda a: [ag.sigmoid(v) for v in a])(a1))
    tensor = np.array(
        ag.jacobian(lambda W: [ag.dot(row, x, b) for row, b in zip(W, b1, strict=True)])(W1)
    )
    assert isinstance(dJ_dz, float)
    assert isinstance(dz_da2, float)
    assert_close(dJ_dz, c.Z[0] - t)
    assert_close(dz_da2, slope(c.A2)[0])
    assert_close(da2_dh, c.w2.reshape(1, n))
    assert_close(dh_da1, np.diag(slope(c.A1[0])))
    expected = np.zeros((n, n, m))
    for i in range(n):
        expected[i, i] = x
    assert_close(tensor, expected)

    row = dJ_dz * dz_da2 * da2_dh @ dh_da1
    assert row.shape == (1, n)
    collated = sum(row[0, i] * tensor[i] for i in range(n))
    flattened = (row @ tensor.reshape(n, n * m)).reshape(n, m)
    outer = np.outer((c.Z[0] - t) * slope(c.A2)[0] * c.w2 * slope(c.A1[0]), x)
    direct = ag.grad(lambda W: (t - output(W, b1, w2, c.b2, x)) ** 2 / 2)(W1)
    for found in (collated, flattened, outer):
        assert_close(found, direct)


# ----- Algorithm 6.4 over plain lists -----

Matrix = list[list[float]]


def forward(layers: list[tuple[Matrix, list[float]]], x: list[float]) -> tuple[Matrix, Matrix]:
    """h_0 to h_l, and a_1 to a_l."""
    h, a = [x], []
    for W, b in layers:
        a.append(
            [
                sum(w * v for w, v in zip(row, h[-1], strict=True)) + c
                for row, c in zip(W, b, strict=True)
            ]
        )
        h.append([1 / (1 + exp(-v)) for v in a[-1]])
    return h, a


def iterations(
    layers: list[tuple[Matrix, list[float]]], h: Matrix, a: Matrix, g: list[float]
) -> list[tuple[int, list[float], list[float], Matrix, list[float]]]:
    """k, g at a_k, dJ/db_k, dJ/dW_k, g at h_{k-1}, for k = l to 1."""
    found = []
    for k in range(len(layers), 0, -1):
        W = layers[k - 1][0]
        slopes = [exp(-v) / (1 + exp(-v)) ** 2 for v in a[k - 1]]
        g = [v * s for v, s in zip(g, slopes, strict=True)]
        at_a, db, dW = g, g, [[v * w for w in h[k - 1]] for v in g]
        g = [sum(W[i][j] * g[i] for i in range(len(g))) for j in range(len(h[k - 1]))]
        found.append((k, at_a, db, dW, g))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_algorithm_agrees_with_backward_in_each_iteration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths = [2, 3, 1] if seed == 0 else rng.integers(1, 5, size=rng.integers(2, 7)).tolist()
    layers = [
        (rng.normal(size=(after, before)).tolist(), rng.normal(size=after).tolist())
        for before, after in pairwise(widths)
    ]
    x, y = rng.normal(size=widths[0]).tolist(), rng.normal(size=widths[-1]).tolist()
    h, a = forward(layers, x)

    parameters = [(values(W), values(b)) for W, b in layers]
    recorded_h: list[list[Value]] = [values(x)]
    recorded_a: list[list[Value]] = []
    for W, b in parameters:
        recorded_a.append([ag.dot(row, recorded_h[-1], c) for row, c in zip(W, b, strict=True)])
        recorded_h.append([ag.sigmoid(v) for v in recorded_a[-1]])
    J = ag.sum([(v - t) ** 2 for v, t in zip(recorded_h[-1], y, strict=True)]) / 2
    J.backward()

    def grads(nest: Any) -> Any:
        return [grads(v) for v in nest] if isinstance(nest, list) else nest.grad

    done = iterations(layers, h, a, [v - t for v, t in zip(h[-1], y, strict=True)])
    assert [k for k, *_ in done] == list(range(len(layers), 0, -1))
    for k, at_a, db, dW, at_h in done:
        assert_close(at_a, grads(recorded_a[k - 1]))
        assert_close(db, grads(parameters[k - 1][1]))
        assert_close(dW, grads(parameters[k - 1][0]))
        assert_close(at_h, grads(recorded_h[k - 1]))
