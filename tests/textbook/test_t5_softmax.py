"""T5: softmax and cross-entropy behind two layers of ReLUs; one sample, batches, and extreme logits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textbook.compare import Array, assert_close, values

import autograd_scalar as ag
from autograd_scalar import Value, nn

SEEDS = range(8)
moderate = st.lists(st.floats(-20, 20), min_size=1, max_size=6)


def softmax(Z: Any) -> Array:
    E = np.exp(np.asarray(Z) - np.max(Z, axis=-1, keepdims=True))
    return np.asarray(E / E.sum(axis=-1, keepdims=True))


def literal(z: list[Any], y: list[float]) -> Any:
    """The loss as it is written: the logarithm of each probability."""
    return -ag.sum([y_i * ag.log(p_i) for y_i, p_i in zip(y, ag.softmax(z), strict=True)])


@pytest.mark.slow
@given(moderate)
def test_the_jacobian_of_softmax_and_its_collapse_for_each_class(z: list[float]) -> None:
    p = softmax(z)
    assert_close(ag.softmax(z), p)
    jacobian = [[p[i] * ((i == j) - p[j]) for j in range(len(z))] for i in range(len(z))]
    assert_close(ag.jacobian(ag.softmax)(z), jacobian)
    for c in range(len(z)):
        y = np.eye(len(z))[c]
        dp = -y / p
        by_p = ag.grad(
            lambda p, y=y: -ag.sum([t * ag.log(v) for t, v in zip(y.tolist(), p, strict=True)])
        )
        assert_close(by_p(p.tolist()), dp)
        assert_close(dp @ np.array(jacobian), p - y)
        assert_close(ag.grad(literal)(z, y.tolist()), p - y)
        assert_close(ag.grad(nn.cross_entropy)(z, c), p - y)
        assert_close(ag.grad(nn.cross_entropy)(z, y.tolist()), p - y)
        assert_close(nn.cross_entropy(values(np.array(z)), c).data, -np.log(p[c]))


class Case:
    """Two hidden layers of ReLUs, rows through z = a W + b, samples and classes."""

    def __init__(self, seed: int, samples: int) -> None:
        rng = np.random.default_rng(seed)
        widths = [*rng.integers(1, 6, size=3), 3]
        self.layers = [
            (rng.normal(size=(before, after)), rng.normal(size=after))
            for before, after in pairwise(widths)
        ]
        self.X, self.classes = rng.normal(size=(samples, widths[0])), rng.integers(3, size=samples)
        self.recorded = [(values(W), values(b)) for W, b in self.layers]

    def losses(self) -> list[Value]:
        found = []
        for row, c in zip(self.X.tolist(), self.classes.tolist(), strict=True):
            a: list[Any] = row
            for k, (W, b) in enumerate(self.recorded):
                z = [
                    ag.dot(column, a, bias)
                    for column, bias in zip(zip(*W, strict=True), b, strict=True)
                ]
                a = z if k == 2 else [v.relu() for v in z]
            found.append(nn.cross_entropy(a, c))
        return found

    def engine(self, loss: Value) -> list[list[Any]]:
        return [ag.gradient(loss, [W, b]) for W, b in self.recorded]

    def sample_by_hand(self, n: int) -> list[tuple[Array, Array]]:
        """Outer products, one layer after the other, for sample n."""
        a, zs = [self.X[n]], []
        for W, b in self.layers:
            zs.append(a[-1] @ W + b)
            a.append(np.maximum(zs[-1], 0))
        delta = softmax(zs[-1]) - np.eye(3)[self.classes[n]]
        found = []
        for k in (2, 1, 0):
            found.insert(0, (np.outer(a[k], delta), delta))
            da = self.layers[k][0] @ delta
            delta = da * (zs[k - 1] > 0) if k else da
        return found

    def batch_by_hand(self) -> list[tuple[Array, Array]]:
        """The same with matrices, for the sum of the losses."""
        A = [self.X]
        for W, b in self.layers[:-1]:
            A.append(np.maximum(A[-1] @ W + b, 0))
        W, b = self.layers[-1]
        Delta = softmax(A[-1] @ W + b) - np.eye(3)[self.classes]
        found = []
        for (W, _), before in zip(self.layers[::-1], A[::-1], strict=True):
            found.insert(0, (before.T @ Delta, Delta.sum(axis=0)))
            Delta = (Delta @ W.T) * (before > 0)
        return found


def assert_all_close(found: Any, expected: Any) -> None:
    for (dW, db), (expected_dW, expected_db) in zip(found, expected, strict=True):
        assert_close(dW, expected_dW)
        assert_close(db, expected_db)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_sample(seed: int) -> None:
    case = Case(seed, samples=1)
    assert_all_close(case.engine(case.losses()[0]), case.sample_by_hand(0))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("samples", [3, 7])
def test_a_batch_is_the_sum_of_its_samples(seed: int, samples: int) -> None:
    case = Case(seed, samples)
    losses = case.losses()
    batch = case.batch_by_hand()
    assert_all_close(case.engine(ag.sum(losses)), batch)
    alone = [case.sample_by_hand(n) for n in range(samples)]
    summed = [(sum(one[k][0] for one in alone), sum(one[k][1] for one in alone)) for k in range(3)]
    assert_all_close(summed, batch)
    engines = [case.engine(loss) for loss in losses]
    assert_all_close(
        [
            (sum(np.array(e[k][0]) for e in engines), sum(np.array(e[k][1]) for e in engines))
            for k in range(3)
        ],
        batch,
    )


def test_a_list_of_samples_gives_the_mean() -> None:
    rng = np.random.default_rng(0)
    Z, classes = rng.normal(size=(5, 3)), [0, 2, 1, 1, 0]
    expected = (softmax(Z) - np.eye(3)[classes]) / 5
    assert_close(ag.grad(nn.cross_entropy)(Z.tolist(), classes), expected)


@given(st.lists(st.sampled_from([1000.0, -1000.0, 0.0, 999.0]), min_size=1, max_size=5), st.data())
def test_extreme_logits(z: list[float], data: st.DataObject) -> None:
    c = data.draw(st.integers(0, len(z) - 1))
    top = max(z)
    loss, slope = ag.value_and_grad(nn.cross_entropy)(z, c)
    assert_close(ag.softmax(z), softmax(z))
    assert_close(loss, top - z[c] + np.log(sum(np.exp(v - top) for v in z)))
    assert_close(slope, softmax(z) - np.eye(len(z))[c])
    assert np.isfinite(slope).all()


def test_extreme_logits_reach_the_weights() -> None:
    W, x = np.array([[1000.0, 0.0], [0.0, 1000.0], [-1000.0, 0.0]]), np.array([1.0, -1.0])
    model = nn.Linear(2, 3)
    model.load_state_dict({**{f"w.{i}.{j}": W[i, j] for i in range(3) for j in range(2)},
                           **{f"b.{i}": 0.0 for i in range(3)}})  # fmt: skip
    for c in range(3):
        model.zero_grad()
        loss = nn.cross_entropy(model(x.tolist()), c)
        loss.backward()
        delta = np.array([1.0, 0.0, 0.0]) - np.eye(3)[c]
        assert_close(loss.data, [0.0, 2000.0, 2000.0][c])
        assert_close([[v.grad for v in row] for row in model.w], np.outer(delta, x))
        assert_close([v.grad for v in model.b], delta)
