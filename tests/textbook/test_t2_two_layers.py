"""T2: two sigmoid layers and half the squared error in five steps; what reuse saves; one descent step; any depth."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textbook.compare import Array, assert_close, sigmoid, values

import autograd_scalar as ag
from autograd_scalar import Value

numbers = st.floats(-3, 3).map(lambda x: round(x, 6))


def arrays(draw: st.DrawFn, *shape: int) -> Array:
    flat = draw(st.lists(numbers, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    return np.array(flat).reshape(shape)


@st.composite
def networks(
    draw: st.DrawFn, depth: int | None = None
) -> tuple[list[tuple[Array, Array]], Array, Array]:
    """Layers (W, b), an input and a target; of so many layers, or of one to five."""
    count = depth or draw(st.integers(1, 5))
    widths = draw(st.lists(st.integers(1, 4), min_size=count + 1, max_size=count + 1))
    layers = [
        (arrays(draw, after, before), arrays(draw, after)) for before, after in pairwise(widths)
    ]
    return layers, arrays(draw, widths[0]), arrays(draw, widths[-1])


class Recorded:
    """The network as the engine records it: every z and a as Values, and the loss."""

    def __init__(self, layers: list[tuple[Array, Array]], x: Array, y: Array) -> None:
        self.layers = [(values(W), values(b)) for W, b in layers]
        self.z: list[list[Value]] = []
        self.a: list[list[Value]] = [values(x)]
        for W, b in self.layers:
            self.z.append([ag.dot(row, self.a[-1], bias) for row, bias in zip(W, b, strict=True)])
            self.a.append([ag.sigmoid(z) for z in self.z[-1]])
        self.loss = ag.sum([(a - t) ** 2 for a, t in zip(self.a[-1], y.tolist(), strict=True)]) / 2


@given(networks(depth=2))
@settings(max_examples=60)
def test_the_five_steps(network: tuple[list[tuple[Array, Array]], Array, Array]) -> None:
    ((W1, b1), (W2, b2)), x, y = network
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    da2 = a2 - y
    dz2 = da2 * a2 * (1 - a2)
    dW2, db2 = np.outer(dz2, a1), dz2
    da1 = W2.T @ dz2
    dz1 = da1 * a1 * (1 - a1)
    dW1, db1 = np.outer(dz1, x), dz1

    net = Recorded(*network)
    assert_close(net.loss.data, ((a2 - y) ** 2).sum() / 2)
    net.loss.backward()
    (V1, c1), (V2, c2) = net.layers
    for recorded, expected in (
        (net.a[2], da2), (net.z[1], dz2), (V2, dW2), (c2, db2),
        (net.a[1], da1), (net.z[0], dz1), (V1, dW1), (c1, db1),
        (net.a[0], W1.T @ dz1),
    ):  # fmt: skip
        assert_close(ag.gradient(net.loss, recorded), expected)
        assert_close([v.grad for v in np.ravel(recorded)], np.ravel(expected))


@pytest.mark.slow
@given(networks(), st.sampled_from([0.01, 0.5, 2.0]))
@settings(max_examples=60)
def test_the_same_moves_at_any_depth_and_a_descent_step(
    network: tuple[list[tuple[Array, Array]], Array, Array], rate: float
) -> None:
    layers, x, y = network
    a = [x]
    for W, b in layers:
        a.append(sigmoid(W @ a[-1] + b))
    gradients = []
    da = a[-1] - y
    for (W, _), before, after in zip(layers[::-1], a[-2::-1], a[::-1], strict=False):
        dz = da * after * (1 - after)
        gradients.insert(0, (np.outer(dz, before), dz))
        da = W.T @ dz

    net = Recorded(*network)
    for (V, c), (dW, db) in zip(net.layers, gradients, strict=True):
        assert_close(ag.gradient(net.loss, V), dW)
        assert_close(ag.gradient(net.loss, c), db)

    stepped = [
        (W - rate * dW, b - rate * db) for (W, b), (dW, db) in zip(layers, gradients, strict=True)
    ]
    parameters = [v for V, c in net.layers for v in [*np.ravel(V), *c]]
    net.loss.backward()
    ag.optim.SGD(parameters, lr=rate).step()
    net.loss.recompute()
    for (V, c), (W, b) in zip(net.layers, stepped, strict=True):
        assert_close([[v.data for v in row] for row in V], W)
        assert_close([v.data for v in c], b)
    a_new = x
    for W, b in stepped:
        a_new = sigmoid(W @ a_new + b)
    assert_close(net.loss.data, ((a_new - y) ** 2).sum() / 2)


# ----- what reuse saves -----


class Counted(float):
    """A float that counts how often two are multiplied."""

    count = 0

    def __mul__(self, other: float) -> Counted:
        Counted.count += 1
        return Counted(float(self) * float(other))


def reverse_pass(y: Value) -> dict[Value, float]:
    """Every derivative, each worked out once and handed on to the parents."""
    order = ag.topological_order(y)
    bars = dict.fromkeys(order, Counted(0.0)) | {y: Counted(1.0)}
    for v in reversed(order):
        for parent, partial in zip(v.parents, v.partials, strict=True):
            bars[parent] = Counted(bars[parent] + bars[v] * Counted(partial))
    return {v: float(bar) for v, bar in bars.items()}


def paths(y: Value, leaf: Value) -> list[list[float]]:
    """The local derivatives along each path from y down to a leaf."""
    if y is leaf:
        return [[]]
    return [
        [partial, *rest]
        for parent, partial in zip(y.parents, y.partials, strict=True)
        for rest in paths(parent, leaf)
    ]


def written_out(y: Value, leaf: Value) -> float:
    """One derivative as the sum over its paths of the products along them, each from the beginning."""
    total = 0.0
    for path in paths(y, leaf):
        bar = Counted(1.0)
        for partial in path:
            bar = bar * Counted(partial)
        total += bar
    return total


def multiplications(y: Value) -> tuple[int, int]:
    """With and without reuse: how many edges there are, and how many on all paths to the leaves."""
    order = ag.topological_order(y)
    count, length = Counter({y: 1}), Counter[Value]()
    for v in reversed(order):
        for parent in v.parents:
            count[parent] += count[v]
            length[parent] += length[v] + count[v]
    return sum(len(v.parents) for v in order), sum(length[v] for v in order if not v.op)


@given(networks().filter(lambda network: len(network[0]) < 4))
@settings(max_examples=20)
def test_the_counts_are_what_either_way_really_multiplies(
    network: tuple[list[tuple[Array, Array]], Array, Array],
) -> None:
    y = Recorded(*network).loss
    leaves = [v for v in ag.topological_order(y) if not v.op]
    reused, alone = multiplications(y)

    Counted.count = 0
    bars = reverse_pass(y)
    assert Counted.count == reused
    Counted.count = 0
    derivatives = [written_out(y, leaf) for leaf in leaves]
    assert Counted.count == alone
    assert_close(derivatives, [bars[leaf] for leaf in leaves])
    assert_close(derivatives, ag.gradient(y, leaves))
    assert reused <= alone


def test_with_reuse_the_cost_grows_with_depth_and_without_it_exponentially() -> None:
    width = 3
    square, line = np.full((width, width), 0.5), np.zeros(width)
    counts = [
        multiplications(Recorded([(square, line)] * depth, line, line).loss)
        for depth in range(1, 8)
    ]
    with_reuse, without = np.array(counts).T
    assert set(np.diff(with_reuse)) == {width * (2 * width + 1 + 1)}
    ratios = without[1:] / without[:-1]
    assert ratios.min() > width  # each layer multiplies the number of paths by its width
