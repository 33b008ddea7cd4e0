"""The packages with a class of scalars, as contestants of the workloads that only need that class."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.harness import Contestant, Run

NATIVE = "autograd_scalar.native.core"  # there where a compiler was when the package was installed
PLAIN = {"AUTOGRAD_SCALAR_PURE": "1"}


def every_package(make: Callable[[str], Run]) -> tuple[Contestant, ...]:
    """Each package by the name of its module, which `make` is called with."""
    return (
        Contestant("micrograd", make, ("micrograd.engine",)),
        Contestant("autograd_scalar, plain Python", make, ("autograd_scalar",), PLAIN),
        Contestant("autograd_scalar, native core", make, (NATIVE,)),
    )


def value_class(module: str) -> Any:
    """The module's Value."""
    return import_module(module).Value
