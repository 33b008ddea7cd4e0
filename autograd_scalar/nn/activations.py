"""Activations: every operation with one operand, by name or as a module."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar.nn.architecture import buildable
from autograd_scalar.nn.module import Module
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import public
from autograd_scalar.value import Value, as_value

#: The name of an operation, "linear" for none, or a function from Value to Value.
Nonlinearity = str | Callable[[Value], Value]


def activation_names() -> list[str]:
    """Return the names of all activations: "linear", and the operations with one operand."""
    return ["linear", *(row.name for row in public() if _is_unary(row))]


def _is_unary(row: Op) -> bool:
    return len(row.operands) - len(row.defaults) == 1 and not row.lists


def plain(activation: Nonlinearity) -> Nonlinearity:
    """Return the name of an activation if it has one ("relu" for nn.ReLU and nn.ReLU()), else the activation."""
    if isinstance(activation, partial) and activation.func is Activation:
        activation = activation()
    if isinstance(activation, Activation) and not activation.constants:
        return activation.name
    return activation


def function_of(activation: Nonlinearity) -> Callable[[Value], Value] | None:
    """Return the function of an activation, None for "linear".

    For a name, the function calls the Value's method; it can be pickled and adds no Python frame.

    Raises ValueError for an unknown name.
    """
    if callable(activation):
        return activation
    if activation == "linear":
        return None
    if activation not in activation_names():
        hint = " (softmax takes a whole layer: use nn.Softmax)" if activation == "softmax" else ""
        raise ValueError(
            f"unknown activation {activation!r}{hint}; choose from {', '.join(activation_names())}"
        )
    return methodcaller(activation)


def title(activation: Nonlinearity) -> str:
    """Return the prefix of a neuron's name: ReLU in ReLUNeuron, Tanh, Linear."""
    if isinstance(activation, Activation):
        activation = activation.name
    if not isinstance(activation, str):
        return str(getattr(activation, "__name__", type(activation).__name__))
    return {"relu": "ReLU"}.get(activation, activation[:1].upper() + activation[1:])


@buildable
class Activation(Module):
    """An operation with one operand as a module, applied to a Value or to each item of a list.

    `constants` are the operation's further arguments, such as the slope of leaky_relu.

    >>> Activation("tanh")([Value(0.0), Value(100.0)])[1].data
    1.0
    >>> LeakyReLU(0.1)(Value(-2.0)).data
    -0.2

    Raises ValueError for an unknown name.
    """

    def __init__(self, name: str, *constants: float) -> None:
        self.name, self.constants = name, constants
        self._function = function_of(name)
        if constants:
            self._function = methodcaller(name, *constants)

    def __call__(self, x: Any) -> Any:
        if self._function is None:
            return x
        if hasattr(x, "__len__") and not isinstance(x, str):
            return [self(v) for v in x]
        return self._function(as_value(x))

    def config(self) -> dict[str, Any]:
        return {"name": self.name, "constants": list(self.constants)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Activation:
        return cls(config["name"], *config["constants"])

    def __repr__(self) -> str:
        return f"Activation({', '.join(map(repr, (self.name, *self.constants)))})"


@buildable
class Softmax(Module):
    """Softmax over a list: exp(x_i) / sum_j exp(x_j), without overflow for finite inputs.

    A model trained with `cross_entropy` must not end in a Softmax: that loss takes logits.

    >>> [round(p.data, 9) for p in Softmax()([Value(1000.0), Value(1000.0)])]
    [0.5, 0.5]
    """

    def __call__(self, x: Any) -> Any:
        return F.softmax(x)

    def config(self) -> dict[str, Any]:
        return {}

    def __repr__(self) -> str:
        return "Softmax()"


ReLU = partial(Activation, "relu")
Tanh = partial(Activation, "tanh")
Sigmoid = partial(Activation, "sigmoid")
Softplus = partial(Activation, "softplus")
GELU = partial(Activation, "gelu")
SiLU = partial(Activation, "silu")
#: LeakyReLU(slope=0.01) and ELU(alpha=1.0); the defaults are those of the operations.
LeakyReLU = partial(Activation, "leaky_relu")
ELU = partial(Activation, "elu")
