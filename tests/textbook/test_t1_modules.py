"""T1: three methods for each module, chained by hand; one point, a batch, and the two descents."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from textbook.compare import Array, assert_close, sigmoid

import autograd_scalar as ag
from autograd_scalar import nn

SEEDS = range(6)


def weights_of(layer: nn.Linear) -> Array:
    """W as the formulas have it: from input i to output j."""
    return np.array([[w.data for w in row] for row in layer.w]).T


def random_case(seed: int) -> tuple[np.random.Generator, int, int]:
    rng = np.random.default_rng(seed)
    return rng, int(rng.integers(1, 6)), int(rng.integers(1, 6))


# ----- each module against its closed form -----


@pytest.mark.parametrize("seed", SEEDS)
def test_linear(seed: int) -> None:
    rng, nin, nout = random_case(seed)
    layer = nn.Linear(nin, nout, seed=seed)
    layer.load_state_dict({name: rng.normal() for name in layer.state_dict()})
    x, delta = rng.normal(size=nin), rng.normal(size=nout)
    W, b = weights_of(layer), np.array([v.data for v in layer.b])
    y = layer.forward(x.tolist())
    assert_close(y, W.T @ x + b)
    assert_close(layer.backward(x.tolist(), y, delta.tolist()), W @ delta)
    found = layer.weight_gradient(x.tolist(), delta.tolist())
    expected = {f"w.{j}.{i}": x[i] * delta[j] for j in range(nout) for i in range(nin)}
    expected |= {f"b.{j}": delta[j] for j in range(nout)}
    assert list(found) == list(expected) == list(layer.state_dict())
    assert_close(list(found.values()), list(expected.values()))


def phi(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def Phi(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


def s(z: float) -> float:
    return 1 / (1 + math.exp(-z))


#: A module, its function and the derivative of that.
COMPONENTWISE: list[tuple[nn.Module, Callable[[float], float], Callable[[float], float]]] = [
    (nn.Tanh(), math.tanh, lambda z: 1 - math.tanh(z) ** 2),
    (nn.Sigmoid(), s, lambda z: s(z) * (1 - s(z))),
    (nn.ReLU(), lambda z: max(z, 0.0), lambda z: float(z > 0)),
    (nn.LeakyReLU(0.2), lambda z: z if z > 0 else 0.2 * z, lambda z: 1.0 if z > 0 else 0.2),
    (nn.ELU(1.5), lambda z: z if z > 0 else 1.5 * math.expm1(z),
     lambda z: 1.0 if z > 0 else 1.5 * math.exp(z)),
    (nn.Softplus(), lambda z: math.log(1 + math.exp(z)), s),
    (nn.SiLU(), lambda z: z * s(z), lambda z: s(z) + z * s(z) * (1 - s(z))),
    (nn.GELU(), lambda z: z * Phi(z), lambda z: Phi(z) + z * phi(z)),
    (nn.Activation("linear"), lambda z: z, lambda z: 1.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "f", "slope"), COMPONENTWISE, ids=lambda v: getattr(v, "__name__", str(v)[:24])
)
def test_componentwise(
    module: nn.Module, f: Callable[[float], float], slope: Callable[[float], float]
) -> None:
    rng = np.random.default_rng(0)
    x, delta = rng.normal(size=7).tolist(), rng.normal(size=7).tolist()
    y = module.forward(x)
    assert_close(y, [f(z) for z in x])
    assert_close(
        module.backward(x, y, delta), [d * slope(z) for z, d in zip(x, delta, strict=True)]
    )
    assert module.weight_gradient(x, delta) == {}
    jacobian = np.array(ag.jacobian(module)(x))
    assert_close(jacobian, np.diag([slope(z) for z in x]))


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax(seed: int) -> None:
    rng, n, _ = random_case(seed)
    x, delta = rng.normal(size=n), rng.normal(size=n)
    p = np.exp(x) / np.exp(x).sum()
    y = nn.Softmax().forward(x.tolist())
    assert_close(y, p)
    assert_close(nn.Softmax().backward(x.tolist(), y, delta.tolist()), p * (delta - p @ delta))
    assert nn.Softmax().weight_gradient(x.tolist(), delta.tolist()) == {}


def test_embedding_gives_what_arrives_to_the_rows_that_were_asked_for() -> None:
    table = nn.Embedding(4, 2, seed=0)
    assert table.forward(2) == [v.data for v in table.rows[2]]
    found = table.weight_gradient([2, 0, 2], [[1.0, 2.0], [10.0, 20.0], [0.5, 0.25]])
    assert list(found.values()) == [10.0, 20.0, 0.0, 0.0, 1.5, 2.25, 0.0, 0.0]
    assert table.backward(2, table.forward(2), [1.0, 2.0]) == 0.0  # an index is flat


ACTIVATED: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0) * 1.0),
    "linear": (lambda z: z, np.ones_like),
}


def perceptron_by_hand(
    layers: list[tuple[Array, Array, str]], x: Array, delta: Array
) -> tuple[Array, Array, list[float]]:
    """The output, dL/dx, and the gradient of weights and biases, neuron by neuron, layer by layer."""
    a = [x]
    for W, b, name in layers:
        a.append(ACTIVATED[name][0](W.T @ a[-1] + b))
    gradients: list[float] = []
    for (W, _, name), before, after in zip(layers[::-1], a[-2::-1], a[::-1], strict=False):
        delta = ACTIVATED[name][1](after) * delta
        gradients = [*np.column_stack([np.outer(before, delta).T, delta]).ravel(), *gradients]
        delta = W @ delta
    return a[-1], delta, gradients


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["neuron", "layer", "mlp"])
def test_neurons_layers_and_perceptrons(kind: str, seed: int) -> None:
    rng, nin, nout = random_case(seed)
    names = [str(name) for name in rng.choice(list(ACTIVATED), size=3)]
    widths = {"neuron": [nin, 1], "layer": [nin, nout], "mlp": [nin, nout, 3, 2]}[kind]
    names = names[: len(widths) - 1]
    model: nn.Module = {
        "neuron": lambda: nn.Neuron(nin, activation=names[0], seed=seed),
        "layer": lambda: nn.Layer(nin, nout, activation=names[0], seed=seed),
        "mlp": lambda: nn.MLP(nin, widths[1:], activation=names, seed=seed),
    }[kind]()
    model.load_state_dict({name: rng.normal() for name in model.state_dict()})
    numbers = iter(model.state_dict().values())
    layers = []
    for name, (before, after) in zip(names, pairwise(widths), strict=True):
        rows = np.array([[next(numbers) for _ in range(before + 1)] for _ in range(after)])
        layers.append((rows[:, :-1].T, rows[:, -1], name))
    x, delta = rng.normal(size=nin), rng.normal(size=widths[-1])
    y, dx, dW = perceptron_by_hand(layers, x, delta)

    def bare(numbers: Array) -> Any:
        """Neurons, and layers of one, give a number and no list."""
        return numbers.tolist() if len(numbers) > 1 else float(numbers[0])

    assert_close(model.forward(x.tolist()), bare(y))
    assert_close(model.backward(x.tolist(), bare(y), bare(delta)), dx)
    assert_close(list(model.weight_gradient(x.tolist(), bare(delta)).values()), dW)


def test_a_module_of_ones_own_has_the_methods_and_they_touch_no_grad() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            self.factor, self.unused = ag.Value(3.0), ag.Value(1.0)

        def __call__(self, x: Any) -> Any:
            return {"out": [self.factor * v for v in x["in"]]}

    scale = Scale()
    assert scale.forward({"in": [1.0, 2.0]}) == {"out": [3.0, 6.0]}
    assert scale.backward({"in": [1.0, 2.0]}, None, {"out": [1.0, 10.0]}) == {"in": [3.0, 30.0]}
    found = scale.weight_gradient({"in": [1.0, 2.0]}, {"out": [1.0, 10.0]})
    assert found == {"factor": 21.0, "unused": 0.0}
    assert [p.grad for p in scale.parameters()] == [0.0, 0.0]


def test_what_arrives_has_to_fit_the_output() -> None:
    layer = nn.Linear(2, 2, seed=0)
    with pytest.raises(ValueError, match="must have the shape of the output"):
        layer.backward([1.0, 2.0], [0.0, 0.0], [1.0])
    with pytest.raises(ValueError, match="lists of equal length, got 2 and 1"):
        layer.weight_gradient([1.0, 2.0], [1.0])
    with pytest.raises(nn.WidthError, match="Linear takes 2 inputs, got 1"):
        layer.forward([1.0])


# ----- modules chained by hand -----


def random_net(seed: int) -> list[nn.Module]:
    """Linear maps and activations by turns, from 2 inputs to 2 outputs, one to four layers deep."""
    rng = np.random.default_rng(seed)
    widths = [2, *rng.integers(1, 5, size=rng.integers(0, 4)), 2]
    net: list[nn.Module] = []
    for i in range(len(widths) - 1):
        net.append(nn.Linear(int(widths[i]), int(widths[i + 1]), init="normal", seed=seed + i))
        net.append(nn.Activation(str(rng.choice(["tanh", "sigmoid", "relu", "softplus"]))))
    return net


def chained(net: list[nn.Module], x: list[float], target: list[float]) -> list[float]:
    """The gradient of |a - t|²/2 by all weights, from the three methods alone."""
    xs = [x]
    for module in net:
        xs.append(module.forward(xs[-1]))
    dy = [a - t for a, t in zip(xs[-1], target, strict=True)]
    gradients: list[float] = []
    for i in reversed(range(len(net))):
        gradients = [*net[i].weight_gradient(xs[i], dy).values(), *gradients]
        dy = net[i].backward(xs[i], xs[i + 1], dy)
    return gradients


def squared(outputs: Any, target: list[float]) -> ag.Value:
    loss: ag.Value = ag.sum([(a - t) ** 2 for a, t in zip(outputs, target, strict=True)]) / 2
    return loss


@pytest.mark.parametrize("seed", range(10))
def test_the_chain_is_backward_and_the_batch_is_the_sum_over_its_points(seed: int) -> None:
    net = random_net(seed)
    model = nn.Sequential(*net)
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(4, 2)).tolist(), rng.normal(size=(4, 2)).tolist()
    total = np.zeros(len(model.parameters()))
    for x, t in zip(X, T, strict=True):
        model.zero_grad()
        squared(model(x), t).backward()
        assert_close(chained(net, x, t), [p.grad for p in model.parameters()])
        total += chained(net, x, t)
    model.zero_grad()
    ag.sum([squared(model(x), t) for x, t in zip(X, T, strict=True)]).backward()
    assert_close([p.grad for p in model.parameters()], total)
    outputs = model.forward(X[0])
    dy = [a - t for a, t in zip(outputs, T[0], strict=True)]
    assert_close(list(model.weight_gradient(X[0], dy).values()), chained(net, X[0], T[0]))


@pytest.mark.parametrize("seed", range(10))
def test_from_layer_to_layer(seed: int) -> None:
    """dL/dz_l = (dA_l/dZ_l) W_{l+1} dL/dz_{l+1}, and dL/dW_l = a_{l-1} (dL/dz_l)'."""
    net = random_net(seed)
    rng = np.random.default_rng(seed)
    xs = [rng.normal(size=2).tolist()]
    for module in net:
        xs.append(module.forward(xs[-1]))
    arrives, dz_above = rng.normal(size=2).tolist(), np.array([])
    for i in reversed(range(0, len(net), 2)):
        linear, activation = net[i], net[i + 1]
        assert isinstance(linear, nn.Linear)
        dz = activation.backward(xs[i + 1], xs[i + 2], arrives)
        if i + 2 < len(net):
            above = net[i + 2]
            assert isinstance(above, nn.Linear)
            diagonal = np.array(ag.jacobian(activation)(xs[i + 1]))
            assert_close(diagonal, np.diag(np.diag(diagonal)))
            assert_close(dz, diagonal @ weights_of(above) @ dz_above)
        found = list(linear.weight_gradient(xs[i], dz).values())
        assert_close(found, [*np.outer(xs[i], dz).T.ravel(), *dz])
        arrives, dz_above = linear.backward(xs[i], xs[i + 1], dz), np.array(dz)


# ----- the two descents, on the same data -----


def descended(X: Array, T: Array, state: list[Array], size: int, rate: float) -> list[Array]:
    """W, b, V, c of a tanh-sigmoid net with squared loss after three epochs, in numpy."""
    W, b, V, c = (array.copy() for array in state)
    for _ in range(3):
        for start in range(0, len(X), size):
            dW, db, dV, dc = (np.zeros_like(array) for array in (W, b, V, c))
            for x, t in zip(X[start : start + size], T[start : start + size], strict=True):
                h = np.tanh(W.T @ x + b)
                y = sigmoid(V.T @ h + c)
                dz2 = (y - t) * y * (1 - y)
                dz1 = (1 - h * h) * (V @ dz2)
                dW, db = dW + np.outer(x, dz1), db + dz1
                dV, dc = dV + np.outer(h, dz2), dc + dz2
            W, b, V, c = W - rate * dW, b - rate * db, V - rate * dV, c - rate * dc
    return [W, b, V, c]


@pytest.mark.parametrize("size", [1, 6])
def test_stochastic_and_batch_descent(size: int) -> None:
    rng = np.random.default_rng(1)
    X, T = rng.normal(size=(6, 2)), rng.uniform(size=(6, 1))
    hidden, out = nn.Linear(2, 3, seed=0), nn.Linear(3, 1, seed=1)
    net = [hidden, nn.Tanh(), out, nn.Sigmoid()]
    model = nn.Sequential(*net)
    start = [weights_of(hidden), np.zeros(3), weights_of(out), np.zeros(1)]
    for _ in range(3):
        for first in range(0, len(X), size):
            points = zip(X[first : first + size], T[first : first + size], strict=True)
            total = sum(np.array(chained(net, x.tolist(), t.tolist())) for x, t in points)
            for p, g in zip(model.parameters(), total, strict=True):
                p.data -= 0.5 * g
    W, b, V, c = descended(X, T, start, size, 0.5)
    assert_close(weights_of(hidden), W)
    assert_close([v.data for v in hidden.b], b)
    assert_close(weights_of(out), V)
    assert_close([v.data for v in out.b], c)
