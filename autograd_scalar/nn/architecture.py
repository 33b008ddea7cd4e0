"""A module's shape as JSON, and a module of that shape again: what checkpoints need beside data."""

from __future__ import annotations

import random
from typing import Any, TypeVar

from autograd_scalar.nn.module import Module

_M = TypeVar("_M", bound=type[Module])

#: The classes that `build` knows, by name.
BUILDABLE: dict[str, type[Module]] = {}


def buildable(cls: _M) -> _M:
    """Return the class (it decorates one), known to `build` by its name from now on."""
    BUILDABLE[cls.__name__] = cls
    return cls


def architecture(module: object) -> dict[str, Any] | None:
    """Return what `build` needs to make a module of this shape; None for a class it does not know.

    >>> from autograd_scalar.nn import MLP
    >>> architecture(MLP(2, [4, 1], activation="tanh"))
    {'class': 'MLP', 'nin': 2, 'nouts': [4, 1], 'activation': ['tanh', 'linear']}
    """
    name = type(module).__name__
    if not isinstance(module, Module) or BUILDABLE.get(name) is not type(module):
        return None
    config = module.config()
    return None if config is None else {"class": name, **config}


def build(architecture: dict[str, Any]) -> Module:
    """Return a module of this shape, to load a state into. Python's `random` is left as it was.

    >>> build({"class": "Linear", "nin": 2, "nout": 3, "bias": False})
    Linear(2, 3, bias=False)

    Raises ValueError for a class that is not known.
    """
    config = dict(architecture)
    name = config.pop("class", None)
    if name not in BUILDABLE:
        raise ValueError(f"cannot build a {name!r}; there are {', '.join(sorted(BUILDABLE))}")
    state = random.getstate()
    try:
        return BUILDABLE[name].from_config(config)
    finally:
        random.setstate(state)
