"""Initialisers of weights: functions (rng, nin, nout) -> float, called once per weight."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt

Initialiser = Callable[[random.Random, int, int], float]
Init = str | Initialiser


def uniform(rng: random.Random, nin: int, nout: int) -> float:
    """Return a sample from the uniform distribution on [-1, 1], as in micrograd."""
    return rng.uniform(-1.0, 1.0)


def normal(rng: random.Random, nin: int, nout: int) -> float:
    """Return a sample from the standard normal distribution."""
    return rng.gauss(0.0, 1.0)


def xavier(rng: random.Random, nin: int, nout: int) -> float:
    """Return a sample from the uniform distribution on ±sqrt(6 / (nin + nout)).

    Suits tanh and sigmoid: activations and gradients keep their variance from layer to layer
    (Glorot and Bengio, 2010).
    """
    bound = sqrt(6.0 / (nin + nout))
    return rng.uniform(-bound, bound)


def he(rng: random.Random, nin: int, nout: int) -> float:
    """Return a sample from the normal distribution with mean 0 and variance 2 / nin.

    Suits relu, which halves the variance of its input; the factor 2 compensates (He, Zhang, Ren and
    Sun, 2015).
    """
    return rng.gauss(0.0, sqrt(2.0 / nin))


def zeros(rng: random.Random, nin: int, nout: int) -> float:
    """Return 0. Neurons of one layer that all start at 0 have equal gradients and stay equal."""
    return 0.0


INITIALISERS: dict[str, Initialiser] = {
    "uniform": uniform,
    "normal": normal,
    "xavier": xavier,
    "he": he,
    "zeros": zeros,
}


def initialiser(init: Init) -> Initialiser:
    """Return the initialiser with this name, or the given function itself.

    Raises ValueError for an unknown name.
    """
    if callable(init):
        return init
    if init not in INITIALISERS:
        raise ValueError(f"unknown initialiser {init!r}; choose from {', '.join(INITIALISERS)}")
    return INITIALISERS[init]
