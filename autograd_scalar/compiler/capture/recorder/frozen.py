"""Frozen: what the caller of jit promises not to change."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from types import CodeType, FunctionType, GeneratorType, ModuleType
from typing import Any

from autograd_scalar.compiler.capture.probes.functions import original_code


class Frozen:
    """The objects, functions and modules that are neither observed nor compared."""

    def __init__(self, objects: Iterable[Any]) -> None:
        objects = [*objects]
        modules = [obj for obj in objects if isinstance(obj, ModuleType)]
        members = chain.from_iterable(vars(module).values() for module in modules)
        self._objects = {id(obj): obj for obj in chain(objects, members)}
        inner = (getattr(obj, "__wrapped__", getattr(obj, "__func__", obj)) for obj in objects)
        self._code = {id(original_code(f)) for f in inner if isinstance(f, FunctionType)}
        self._code |= {id(obj.gi_code) for obj in objects if isinstance(obj, GeneratorType)}
        self._modules = {module.__name__ for module in modules}

    def __contains__(self, obj: Any) -> bool:
        return id(obj) in self._objects

    def has_code(self, code: CodeType, module: str | None) -> bool:
        """Return whether code is that of a frozen function, or of a function in a frozen module."""
        return id(code) in self._code or module in self._modules
