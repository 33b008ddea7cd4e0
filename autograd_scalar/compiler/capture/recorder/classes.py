"""Classes: those that a function uses, with the definitions that were looked up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from autograd_scalar.compiler.capture.readings import reading
from autograd_scalar.compiler.capture.readings.reading import Reading
from autograd_scalar.compiler.capture.recorder import trust


class Classes:
    """The classes that one call uses."""

    def __init__(self) -> None:
        #: What each class and its bases define under the names that were looked up, and as special methods.
        self._looked_up: dict[type, dict[str, Any]] = {}
        self._special: dict[type, tuple[Any, ...]] = {}
        #: Classes that were made during the call.
        self.made: set[type] = set()

    def enter(self, kind: type) -> Iterator[tuple[Any, str]]:
        """Note a class; yield its special methods, which Python calls without naming them, with their names."""
        if (
            kind in self._looked_up
            or kind in self.made
            or trust.is_core_module(sys.modules.get(kind.__module__))
        ):
            return
        self._looked_up[kind], self._special[kind] = {}, reading.special_methods(kind)
        for base in filter(reading.is_python_class, kind.__mro__):
            for name, member in [*vars(base).items()]:
                if name[:2] == name[-2:] == "__" and isinstance(
                    member, FunctionType | staticmethod | classmethod | property
                ):
                    yield member, f"{base.__name__}.{name}"

    def look_up(self, kind: type, name: str) -> None:
        """Note what a class or its bases define under a name."""
        if kind in self._looked_up:
            self._looked_up[kind].setdefault(name, reading.definition(kind, name))

    def readings(self) -> Iterator[Reading]:
        """Yield the readings of the classes."""
        for kind, names in self._looked_up.items():
            if any(map(reading.is_python_class, kind.__mro__)):
                key = reading.Definitions(tuple(names))
                found = *self._special[kind], *names.values()
                yield Reading(reading.CLASS, kind, key, found, kind.__name__, "class")
