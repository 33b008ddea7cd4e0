"""Architectures: a module's class and sizes as JSON, and the module rebuilt from them."""

from __future__ import annotations

import random
from typing import Any, TypeVar

from autograd_scalar.nn.module import Module

_M = TypeVar("_M", bound=type[Module])

#: The classes that `build` can make, by name.
BUILDABLE: dict[str, type[Module]] = {}


def buildable(cls: _M) -> _M:
    """Register a Module class under its name, so that `build` can make it; a class decorator."""
    BUILDABLE[cls.__name__] = cls
    return cls


def architecture(module: object) -> dict[str, Any] | None:
    """Return the dictionary from which `build` makes a module of the same architecture, or None.

    None means that the class is not registered with `buildable`, or that the module contains plain
    functions.

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
    """Return a new module with this architecture, ready for `load_state_dict`.

    >>> build({"class": "Linear", "nin": 2, "nout": 3, "bias": False})
    Linear(2, 3, bias=False)

    The state of Python's `random` does not change.

    Raises ValueError for a class that is not registered.
    """
    config = dict(architecture)
    name = config.pop("class", None)
    if name not in BUILDABLE:
        raise ValueError(
            f"cannot build a {name!r}; the registered classes are {', '.join(sorted(BUILDABLE))}"
        )
    state = random.getstate()
    try:
        return BUILDABLE[name].from_config(config)
    finally:
        random.setstate(state)
