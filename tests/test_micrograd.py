"""Code written for micrograd runs with only the import changed, and gives the same numbers."""

from __future__ import annotations

import importlib
import math
import random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_scalar as ag

pytest.importorskip("micrograd")
theirs = importlib.import_module("micrograd.engine").Value
their_nn = importlib.import_module("micrograd.nn")
ours = ag.Value
our_nn = importlib.import_module("autograd_scalar.nn")

# ----- the engine -----


def readme(Value: Any) -> tuple[Any, ...]:
    """The expression of micrograd's README: all its operations, with nodes used many times."""
    a, b = Value(-4.0), Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return g, a, b


def test_the_readme_gives_the_printed_numbers():
    g, a, b = readme(ours)
    assert (f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}") == (
        "24.7041",
        "138.8338",
        "645.5773",
    )


def small(Value: Any) -> tuple[Any, ...]:
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    return y, x


@pytest.mark.parametrize("expression", [readme, small])
def test_expressions_agree_with_micrograd_and_with_pytorch(expression):
    found = [(v.data, v.grad) for v in expression(ours)]
    for v, expected in zip(expression(theirs), found, strict=True):
        assert (v.data, v.grad) == pytest.approx(expected, rel=1e-14)
    torch = pytest.importorskip("torch")

    def leaf(x):
        tensor = torch.tensor([x], dtype=torch.float64, requires_grad=True)
        tensor.retain_grad()
        return tensor

    for v, (data, grad) in list(zip(expression(leaf), found, strict=True))[1:]:
        assert (v.item(), v.grad.item()) == pytest.approx((data, grad), rel=1e-14)


STEPS = st.lists(
    st.tuples(st.sampled_from("+-*r/2n"), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=3), STEPS)
@settings(max_examples=100)
def test_random_expressions_of_its_operations(data, steps):
    def run(Value):
        leaves = [Value(x) for x in data]
        nodes = list(leaves)
        for operation, i, j in steps:
            x, y = nodes[i % len(nodes)], nodes[j % len(nodes)]
            nodes.append(
                {
                    "+": lambda x=x, y=y: x + y,
                    "-": lambda x=x, y=y: x - y,
                    "*": lambda x=x, y=y: x * y * 0.25,
                    "/": lambda x=x, y=y: x / (y * y + 1.0),
                    "r": lambda x=x: x.relu(),
                    "2": lambda x=x: (x * 0.5) ** 2,
                    "n": lambda x=x: 1 - x,
                }[operation]()
            )
        root = nodes[-1] + nodes[len(nodes) // 2]
        root.backward()
        return [root.data, *(leaf.grad for leaf in leaves)]

    assert run(ours) == pytest.approx(run(theirs), rel=1e-9, abs=1e-9)


def test_the_names_that_drawing_code_reads():
    """A drawing written for micrograd walks _prev and shows _op, data and grad."""
    x = ours(2.0)
    y = (x * 3 + 1).relu() ** 2
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(y)
    assert len(nodes) == 8 and len(edges) == 7
    texts = {f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}" for n in nodes}
    assert "{ data 49.0000 | grad 0.0000 }" in texts
    assert {n._op for n in nodes} == {"", "*", "+", "relu", "**"}
    graphviz = pytest.importorskip("graphviz")
    dot = graphviz.Digraph(format="svg", graph_attr={"rankdir": "LR"})
    for n in nodes:
        dot.node(
            name=str(id(n)), label=f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}", shape="record"
        )
    assert dot.source.count("shape=record") == 8


def test_the_repr_starts_as_micrograds_does():
    assert repr(ours(2.0)) == "Value(data=2.0, grad=0.0)"
    assert repr(theirs(2.0)).split(",")[0] == repr(ours(2.0)).split(",")[0]


# ----- the networks -----


def moons(n: int) -> tuple[list[list[float]], list[int]]:
    """Return two noisy half circles with labels -1 and 1."""
    source = random.Random(7)
    points, labels = [], []
    for i in range(n):
        angle = math.pi * i / n
        upper = i % 2 == 0
        x = math.cos(angle) if upper else 1.0 - math.cos(angle)
        y = math.sin(angle) if upper else 0.5 - math.sin(angle)
        points.append([x + source.gauss(0.0, 0.1), y + source.gauss(0.0, 0.1)])
        labels.append(-1 if upper else 1)
    return points, labels


def train(Value: Any, nn: ModuleType, seed: int, steps: int) -> list[tuple[float, float]]:
    """Return loss and accuracy at every step of micrograd's demonstration: max-margin loss with L2, decaying rate."""
    random.seed(seed)
    model = nn.MLP(2, [8, 8, 1])
    points, labels = moons(16)
    history = []
    for k in range(steps):
        scores = [model([Value(x) for x in point]) for point in points]
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = sum(
            (label > 0) == (score.data > 0) for label, score in zip(labels, scores, strict=True)
        ) / len(scores)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / steps) * p.grad
        history.append((total.data, accuracy))
    return history


class Ordered(theirs):
    """micrograd's Value with its operands in order.

    micrograd keeps them in a set, so that its sums of gradients differ in the last bit from run to run.
    """

    def __init__(self, data: float, _children: tuple[Any, ...] = (), _op: str = "") -> None:
        super().__init__(data, _children, _op)
        self._prev = dict.fromkeys(_children)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 1337])
def test_training_gives_the_same_losses_to_the_last_bit(seed, monkeypatch):
    monkeypatch.setattr("micrograd.engine.Value", Ordered)
    monkeypatch.setattr("micrograd.nn.Value", Ordered)
    assert train(ours, our_nn, seed, 12) == train(Ordered, their_nn, seed, 12)


@pytest.mark.slow
def test_training_gives_the_losses_of_micrograd_as_it_is():
    for found, expected in zip(
        train(ours, our_nn, 7, 12), train(theirs, their_nn, 7, 12), strict=True
    ):
        assert found == pytest.approx(expected, rel=1e-12)


def test_the_same_weights_from_the_same_seed():
    for sizes in ((3, [4, 1]), (2, [16, 16, 1]), (1, [1])):
        weights = []
        for nn in (our_nn, their_nn):
            random.seed(42)
            weights.append([p.data for p in nn.MLP(*sizes).parameters()])
        assert weights[0] == weights[1]


def test_modules_are_shaped_and_shown_alike():
    for nn in (our_nn, their_nn):
        model = nn.MLP(3, [4, 4, 1])
        assert len(model.parameters()) == 41
        assert [len(layer.neurons) for layer in model.layers] == [4, 4, 1]
        assert len(model.layers[0].neurons[0].w) == 3 and model.layers[0].neurons[0].b.data == 0
        assert [layer.neurons[0].nonlin for layer in model.layers] == [True, True, False]
        x = [1.0, -2.0, 3.0]
        assert isinstance(model(x), (ours, theirs))
        assert len(nn.Layer(3, 2)(x)) == 2
    random.seed(0)
    ours_repr = repr(our_nn.MLP(2, [2, 1]))
    assert repr(their_nn.MLP(2, [2, 1])) in ours_repr or "MLP" in ours_repr


def test_zero_grad_of_a_module():
    model = our_nn.MLP(2, [2, 1])
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}


def test_what_micrograd_gets_wrong_is_right_here():
    with pytest.raises(ValueError, match="3"):
        our_nn.MLP(3, [2, 1])([1.0])
    model = our_nn.MLP(2, [1, 1])  # micrograd raises here: its layer of one neuron returns no list
    assert isinstance(model([1.0, 2.0]), ours)
