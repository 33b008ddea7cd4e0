"""The contestants of workloads that only need a class of scalars: micrograd and both engines."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.harness import Contestant, Run

NATIVE = "autograd_scalar.native.core"  # exists if the package was built with a C compiler
PLAIN = {"AUTOGRAD_SCALAR_PURE": "1"}


def every_package(make: Callable[[str], Run]) -> tuple[Contestant, ...]:
    """Return a contestant for each package; `make` gets the name of its module."""
    return (
        Contestant("micrograd", make, ("micrograd.engine",)),
        Contestant("autograd_scalar, plain Python", make, ("autograd_scalar",), PLAIN),
        Contestant("autograd_scalar, native engine", make, (NATIVE,)),
    )


def value_class(module: str) -> Any:
    """Return the Value of a module."""
    return import_module(module).Value
