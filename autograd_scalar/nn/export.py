"""The same network elsewhere: its layers and weights as a PyTorch module, or as a function over JAX arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.nn.activations import Activation, Nonlinearity, Softmax
from autograd_scalar.nn.layers import Embedding, Linear, Sequential
from autograd_scalar.nn.module import Module
from autograd_scalar.nn.perceptron import MLP, Layer, Neuron

#: The activations that both libraries have.
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")


class _Part(NamedTuple):
    """One step of a network: "linear" and "embedding" have arrays, an activation may have constants."""

    name: str
    arrays: dict[str, Any] = {}  # noqa: RUF012 (never written to)
    constants: tuple[float, ...] = ()


def to_torch(model: Module) -> Any:
    """Return a `torch.nn.Sequential` that computes what the model computes, in double precision.

    It takes tensors of shape (..., nin) and gives (..., nout); what is a bare Value here is a last
    axis of length 1 there. Weights are copied: training one does not move the other. `.float()` on
    the result makes it single precision. MLP, Layer, Neuron, Linear, Sequential, Embedding, Softmax
    and the activations relu, leaky_relu, elu, gelu, silu, tanh, sigmoid and softplus have a
    counterpart.

    Raises ValueError for anything else, and for parameters that two layers share; ImportError where
    PyTorch is not installed.

    >>> to_torch(MLP(2, [3, 1], activation="tanh"))  # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    parts = _parts_of(model)
    torch = _library("torch", "PyTorch")

    def tensor(numbers: Any) -> Any:
        return torch.nn.Parameter(torch.tensor(numbers, dtype=torch.float64))

    def counterpart(part: _Part) -> Any:
        match part.name:
            case "linear":
                nout, nin = len(part.arrays["w"]), len(part.arrays["w"][0])
                layer = torch.nn.Linear(nin, nout, bias="b" in part.arrays, dtype=torch.float64)
                layer.weight = tensor(part.arrays["w"])
                if "b" in part.arrays:
                    layer.bias = tensor(part.arrays["b"])
                return layer
            case "embedding":
                return torch.nn.Embedding.from_pretrained(tensor(part.arrays["rows"]), freeze=False)
            case "softmax":
                return torch.nn.Softmax(dim=-1)
            case "softplus":
                # Beyond its threshold, 20 by default, PyTorch gives x alone, 2e-9 too little.
                return torch.nn.Softplus(threshold=40.0)
        names = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "silu": "SiLU"}
        names |= {"elu": "ELU", "gelu": "GELU"}
        return getattr(torch.nn, names.get(part.name, part.name.title()))(*part.constants)

    return torch.nn.Sequential(*map(counterpart, parts))


def to_jax(model: Module) -> tuple[list[dict[str, Any]], Callable[[Any, Any], Any]]:
    """Return (parameters, function): `function(parameters, x)` computes what the model computes.

    `parameters` is a list with a dict of JAX arrays for each layer that has any: "w" of shape
    (nout, nin) and "b" of (nout,), or an embedding's "rows" of (num, dim). `function` takes arrays
    of shape (..., nin) and gives (..., nout); it is pure, so `jax.jit`, `jax.grad` and `jax.vmap`
    take it. Numbers are single precision unless `jax.config.update("jax_enable_x64", True)` came
    first. What has a counterpart is what `to_torch` says.

    Raises ValueError for anything else, and for parameters that two layers share; ImportError where
    JAX is not installed.

    >>> parameters, function = to_jax(MLP(2, [3, 1]))  # doctest: +SKIP
    >>> jax.jit(function)(parameters, [[1.0, 2.0]]).shape  # doctest: +SKIP
    (1, 1)
    """
    parts = _parts_of(model)
    jax = _library("jax", "JAX")
    numpy = jax.numpy

    def function(parameters: Any, x: Any) -> Any:
        x, left = numpy.asarray(x), iter(parameters)
        for part in parts:
            match part.name:
                case "linear":
                    arrays = next(left)
                    x = x @ arrays["w"].T
                    x = x + arrays["b"] if "b" in arrays else x
                case "embedding":
                    x = next(left)["rows"][x]
                case "gelu":
                    x = jax.nn.gelu(x, approximate=False)
                case name:
                    x = getattr(jax.nn, name)(x, *part.constants)
        return x

    parameters = [
        {name: numpy.asarray(numbers) for name, numbers in part.arrays.items()}
        for part in parts
        if part.arrays
    ]
    return parameters, function


def _library(name: str, title: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise ImportError(f"this needs {title}, which is not here: pip install {name}") from missing


# ----- a model as a list of parts -----


def _parts_of(model: Module) -> list[_Part]:
    parts = list(_parts(model))
    if len(pytree.leaves([part.arrays for part in parts])) != len(model.parameters()):
        raise ValueError(
            f"layers of this {type(model).__name__} share parameters; exported, each has its own"
        )
    return parts


def _parts(module: Any) -> Iterator[_Part]:
    # By the class itself: one derived from it may compute something else.
    kind = type(module)
    if kind is MLP or kind is Sequential:
        for child in module.layers if kind is MLP else module.modules:
            yield from _parts(child)
    elif kind is Layer or kind is Neuron:
        neurons = module.neurons if kind is Layer else [module]
        yield _Part("linear", _data({"w": [n.w for n in neurons], "b": [n.b for n in neurons]}))
        activations = {n.activation for n in neurons}
        if len(activations) > 1:
            raise ValueError(f"the neurons of {module} differ in their activation: no counterpart")
        yield from _activation(activations.pop())
    elif kind is Linear:
        bias = {} if module.b is None else {"b": module.b}
        yield _Part("linear", _data({"w": module.w, **bias}))
    elif kind is Embedding:
        yield _Part("embedding", _data({"rows": module.rows}))
    elif kind is Softmax:
        yield _Part("softmax")
    else:
        yield from _activation(module)


def _activation(activation: Nonlinearity) -> Iterator[_Part]:
    name: Nonlinearity = activation
    constants: tuple[float, ...] = ()
    if type(activation) is Activation:
        name, constants = activation.name, activation.constants
    if name in ACTIVATIONS:
        yield _Part(str(name), {}, constants)
    elif name != "linear":
        shown = getattr(name, "__name__", name)
        raise ValueError(
            f"{shown!r} has no counterpart to export to; there are MLP, Layer, Neuron, Linear, "
            f"Sequential, Embedding, Softmax, and the activations linear, {', '.join(ACTIVATIONS)}"
        )


def _data(values: Any) -> Any:
    """Return the data of Values in a nest of the same shape."""
    return pytree.build(values, (v.data for v in pytree.leaves(values)))
