"""Where weights start: functions (rng, nin, nout) -> float, one call a weight."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt

Initialiser = Callable[[random.Random, int, int], float]
Init = str | Initialiser


def uniform(rng: random.Random, nin: int, nout: int) -> float:
    """Return a number drawn evenly from -1 to 1, as micrograd does."""
    return rng.uniform(-1.0, 1.0)


def normal(rng: random.Random, nin: int, nout: int) -> float:
    """Return a number from the standard normal distribution."""
    return rng.gauss(0.0, 1.0)


def xavier(rng: random.Random, nin: int, nout: int) -> float:
    """Return a number drawn evenly from ±sqrt(6 / (nin + nout)); suits tanh and sigmoid.

    Glorot and Bengio, 2010: signals keep their variance forwards and backwards.
    """
    bound = sqrt(6.0 / (nin + nout))
    return rng.uniform(-bound, bound)


def he(rng: random.Random, nin: int, nout: int) -> float:
    """Return a number from a normal distribution of variance 2 / nin; suits relu.

    He, Zhang, Ren and Sun, 2015: relu drops half of the variance, the 2 makes up for it.
    """
    return rng.gauss(0.0, sqrt(2.0 / nin))


def zeros(rng: random.Random, nin: int, nout: int) -> float:
    """Return 0; neurons of one layer that all start there stay alike."""
    return 0.0


INITIALISERS: dict[str, Initialiser] = {
    "uniform": uniform,
    "normal": normal,
    "xavier": xavier,
    "he": he,
    "zeros": zeros,
}


def initialiser(init: Init) -> Initialiser:
    """Return the initialiser of that name, or the function itself."""
    if callable(init):
        return init
    if init not in INITIALISERS:
        raise ValueError(f"unknown initialiser {init!r}; there are {', '.join(INITIALISERS)}")
    return INITIALISERS[init]
