"""Neural networks over Values: modules, activations, losses, initialisers, export."""

from autograd_scalar.nn.activations import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from autograd_scalar.nn.architecture import architecture, build, buildable
from autograd_scalar.nn.export import to_jax, to_torch
from autograd_scalar.nn.init import INITIALISERS
from autograd_scalar.nn.layers import Embedding, Linear, Sequential
from autograd_scalar.nn.losses import LOSSES, binary_cross_entropy, cross_entropy, hinge, l2, mse
from autograd_scalar.nn.module import Module, WidthError
from autograd_scalar.nn.perceptron import MLP, Layer, Neuron

__all__ = [
    "ELU",
    "GELU",
    "INITIALISERS",
    "LOSSES",
    "MLP",
    "Activation",
    "Embedding",
    "Layer",
    "LeakyReLU",
    "Linear",
    "Module",
    "Neuron",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "WidthError",
    "architecture",
    "binary_cross_entropy",
    "build",
    "buildable",
    "cross_entropy",
    "hinge",
    "l2",
    "mse",
    "to_jax",
    "to_torch",
]
