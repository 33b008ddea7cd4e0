"""Exported models: PyTorch and JAX compute the same outputs and gradients as the model."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value, nn
from autograd_scalar.nn import export

MODELS = {
    "MLP": lambda: nn.MLP(3, [5, 4, 2], seed=1),
    "MLP with tanh and softplus": lambda: nn.MLP(3, [5, 2], activation=["tanh", "softplus"], seed=2),
    "MLP with a slope for leaky_relu": lambda: nn.MLP(3, [4, 1], activation=nn.LeakyReLU(0.3), seed=3),
    "Layer": lambda: nn.Layer(3, 2, activation="sigmoid", seed=4),
    "Neuron": lambda: nn.Neuron(3, seed=5),
    "Linear without a bias": lambda: nn.Linear(3, 2, bias=False, seed=6),
    "nested Sequential": lambda: nn.Sequential(
        nn.Linear(3, 4, seed=7), "elu", nn.Sequential(nn.Linear(4, 3, seed=8), nn.Softmax())
    ),
    **{
        name: lambda name=name: nn.Sequential(nn.Linear(3, 4, seed=9), name, nn.Linear(4, 2, seed=10))
        for name in ("linear", *export.ACTIVATIONS)
    },
}  # fmt: skip


def inputs(rows: int = 8) -> list[list[float]]:
    rng = random.Random(11)
    return [[rng.gauss(0.0, 5.0) for _ in range(3)] for _ in range(rows)]


def outputs(y) -> list[Value]:
    return y if isinstance(y, list) else [y]


def expected(model, rows):
    """Return the model's outputs, and the gradient of the sum of their squares by parameter name."""
    rng = random.Random(12)
    for parameter in model.parameters():  # biases too: they start at 0
        parameter.data += rng.uniform(-0.5, 0.5)
    found = [outputs(model(row)) for row in rows]
    loss = ag.sum([y * y for ys in found for y in ys])
    names = dict(model.named_parameters())
    gradients = dict(zip(names, ag.gradient(loss, list(names.values())), strict=True))
    return [[y.data for y in ys] for ys in found], gradients


def by_layer(gradients: dict[str, float]) -> list[float]:
    """Return gradients in the order of the libraries: all weights of a layer before its biases."""
    layers: dict[str, list[list[float]]] = {}
    for name, gradient in gradients.items():
        path = [part for part in name.split(".") if part not in {"w", "b"}]
        is_bias = ".b" in f".{name}"
        digits = [part for part in path if part.isdigit()]
        inner = 1 if is_bias else 2  # a weight's own indices: neuron and input
        key = ".".join(digits[: len(digits) - inner]) if len(digits) >= inner else ""
        layers.setdefault(key, [[], []])[is_bias].append(gradient)
    return [g for weights, biases in layers.values() for g in weights + biases]


def close(found, wanted) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_torch_computes_the_same(name):
    torch = pytest.importorskip("torch")
    model, rows = MODELS[name](), inputs()
    wanted, gradients = expected(model, rows)
    theirs = export.to_torch(model)
    found = theirs(torch.tensor(rows, dtype=torch.float64))
    close(found.detach(), wanted)
    (found**2).sum().backward()
    close(torch.cat([p.grad.flatten() for p in theirs.parameters()]), by_layer(gradients))


@pytest.mark.parametrize("name", MODELS)
def test_jax_computes_the_same(name):
    jax = pytest.importorskip("jax")
    model, rows = MODELS[name](), inputs()
    wanted, gradients = expected(model, rows)
    with jax.enable_x64(True):
        parameters, function = export.to_jax(model)
        close(jax.jit(function)(parameters, np.array(rows)), wanted)
        loss = lambda parameters: (function(parameters, np.array(rows)) ** 2).sum()  # noqa: E731
        found = jax.grad(loss)(parameters)
        order = [layer[key].ravel() for layer in found for key in ("w", "b") if key in layer]
        close(np.concatenate(order), by_layer(gradients))


def test_an_embedding_is_a_table_of_rows():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    model = nn.Sequential(nn.Embedding(5, 3, seed=1), nn.Linear(3, 2, seed=2))
    wanted = [[y.data for y in model(i)] for i in (4, 0, 4)]
    theirs = export.to_torch(model)
    assert all(parameter.requires_grad for parameter in theirs.parameters())
    close(theirs(torch.tensor([4, 0, 4])).detach(), wanted)
    with jax.enable_x64(True):
        parameters, function = export.to_jax(model)
        close(function(parameters, np.array([4, 0, 4])), wanted)


def test_exported_weights_are_copies():
    torch = pytest.importorskip("torch")
    model = nn.MLP(2, [1], seed=1)
    theirs = export.to_torch(model)
    with torch.no_grad():
        theirs[0].weight.fill_(7.0)
    assert 7.0 not in [p.data for p in model.parameters()]


class Doubled(nn.MLP):
    def __call__(self, x):
        return 2.0 * super().__call__(x)


def mixed() -> nn.Layer:
    layer = nn.Layer(2, 2, seed=1)
    layer.neurons[1] = nn.Neuron(2, activation="tanh", seed=1)
    return layer


def shared() -> nn.Sequential:
    linear = nn.Linear(2, 2, seed=1)
    return nn.Sequential(linear, "tanh", linear)


@pytest.mark.parametrize("to", [export.to_torch, export.to_jax])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Sequential(nn.Linear(2, 2, seed=1), sum), "'sum' has no counterpart"),
        (lambda: nn.MLP(2, [2, 1], activation="sin", seed=1), "'sin' has no counterpart .* relu"),
        (lambda: nn.Neuron(2, activation=ag.sin, seed=1), "'sin' has no counterpart"),
        (lambda: Doubled(2, [1], seed=1), "has no counterpart"),
        (mixed, "have different activations"),
        (shared, "share parameters"),
    ],
)
def test_modules_without_a_counterpart_are_refused(to, make, message):
    with pytest.raises(ValueError, match=message) as refusal:
        to(make())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("to", "name"), [(export.to_torch, "torch"), (export.to_jax, "jax")])
def test_a_missing_library_is_named(to, name, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(export, "import_module", missing)
    with pytest.raises(ImportError, match=f"pip install {name}$"):
        to(nn.MLP(2, [1], seed=1))
