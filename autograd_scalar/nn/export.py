"""Export of a network with its weights: to a PyTorch module, or to a function over JAX arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.nn.activations import Activation, Nonlinearity, Softmax
from autograd_scalar.nn.layers import Embedding, Linear, Sequential
from autograd_scalar.nn.module import Module
from autograd_scalar.nn.perceptron import MLP, Layer, Neuron

#: The activations that both libraries define.
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")


class _Part(NamedTuple):
    """One step of a network: its name, and its arrays ("linear", "embedding") or constants."""

    name: str
    arrays: dict[str, Any] = {}  # noqa: RUF012 (never written to)
    constants: tuple[float, ...] = ()


def to_torch(model: Module) -> Any:
    """Return the model as a `torch.nn.Sequential` in double precision.

    It maps tensors of shape (..., nin) to (..., nout); a model that returns a bare Value has
    nout = 1. Weights are copied. Call `.float()` on the result for single precision.

    Supported are MLP, Layer, Neuron, Linear, Sequential, Embedding, Softmax and the activations
    relu, leaky_relu, elu, gelu, silu, tanh, sigmoid and softplus.

    Raises ValueError for any other module and for parameters shared by two layers, ImportError if
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
                # Above its threshold, 20 by default, PyTorch returns x itself, 2e-9 too little.
                return torch.nn.Softplus(threshold=40.0)
        names = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "silu": "SiLU"}
        names |= {"elu": "ELU", "gelu": "GELU"}
        return getattr(torch.nn, names.get(part.name, part.name.title()))(*part.constants)

    return torch.nn.Sequential(*map(counterpart, parts))


def to_jax(model: Module) -> tuple[list[dict[str, Any]], Callable[[Any, Any], Any]]:
    """Return (parameters, function), such that `function(parameters, x)` is the model's output.

    `parameters` is a list with one dict of JAX arrays for each layer that has any: "w" of shape
    (nout, nin) and "b" of shape (nout,), or "rows" of shape (num, dim) for an embedding. `function`
    maps arrays of shape (..., nin) to (..., nout). It is pure, so `jax.jit`, `jax.grad` and
    `jax.vmap` apply to it. Arrays are in single precision unless
    `jax.config.update("jax_enable_x64", True)` was called first. The supported modules are those of
    `to_torch`.

    Raises ValueError for any other module and for parameters shared by two layers, ImportError if
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
        raise ImportError(f"{title} is not installed: pip install {name}") from missing


# ----- a model as a list of parts -----


def _parts_of(model: Module) -> list[_Part]:
    """Return the parts of a model; raise ValueError where two of them share parameters."""
    parts = list(_parts(model))
    if len(pytree.leaves([part.arrays for part in parts])) != len(model.parameters()):
        raise ValueError(
            f"layers of this {type(model).__name__} share parameters, which cannot be exported; "
            "give each layer its own"
        )
    return parts


def _parts(module: Any) -> Iterator[_Part]:
    # Compared by identity: a subclass may compute something else.
    kind = type(module)
    if kind is MLP or kind is Sequential:
        for child in module.layers if kind is MLP else module.modules:
            yield from _parts(child)
    elif kind is Layer or kind is Neuron:
        neurons = module.neurons if kind is Layer else [module]
        yield _Part("linear", _data({"w": [n.w for n in neurons], "b": [n.b for n in neurons]}))
        activations = {n.activation for n in neurons}
        if len(activations) > 1:
            raise ValueError(
                f"the neurons of {module} have different activations, which cannot be exported; "
                "use one activation per layer"
            )
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
            f"{shown!r} has no counterpart to export to; supported are MLP, Layer, Neuron, Linear, "
            f"Sequential, Embedding, Softmax, and the activations linear, {', '.join(ACTIVATIONS)}"
        )


def _data(values: Any) -> Any:
    """Return a nest of Values with each Value replaced by its data."""
    return pytree.build(values, (v.data for v in pytree.leaves(values)))
