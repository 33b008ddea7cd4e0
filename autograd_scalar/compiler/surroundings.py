"""What a function sees besides its arguments: the globals it names, and what it closes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from autograd_scalar.compiler.trace import JitError
from autograd_scalar.value import Value

#: What a record freezes; where one of them has changed, the function is recorded anew.
_SIMPLE = (float, int, bool, str, type(None), Value)


class Surroundings:
    """The names that a function reads, and whether it changes them."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.name = getattr(f, "__name__", type(f).__name__)
        function: Any = getattr(f, "__func__", f)
        self._globals: dict[str, Any] = {}
        self._cells: dict[str, Any] = {}
        self._names: list[str] = []
        #: The attributes of what the function is a method of, or of the thing that is called.
        self._attributes: dict[str, Any] = getattr(getattr(f, "__self__", f), "__dict__", {})
        if isinstance(function, FunctionType):
            self._globals = function.__globals__
            self._names = sorted({*_names(function.__code__)} - {self.name})
            self._cells = dict(
                zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
            )

    def _things(self) -> Iterator[tuple[str, Any]]:
        for name in self._names:
            if name in self._globals:
                yield name, self._globals[name]
        for name, cell in self._cells.items():
            try:
                yield name, cell.cell_contents
            except ValueError:  # not set yet
                continue
        for name, thing in self._attributes.items():
            yield f"its attribute {name}", thing

    def frozen(self) -> tuple[Any, ...]:
        """Return the numbers, texts and Values among them: part of what a record is right for."""
        return tuple(
            [
                (name, type(thing), thing)
                for name, thing in self._things()
                if isinstance(thing, _SIMPLE)
            ]
        )

    def seen(self) -> dict[str, tuple[Any, Any]]:
        """Return the things themselves, and what is in those that can change."""
        return {name: (thing, _contents(thing)) for name, thing in self._things()}

    def check(self, before: dict[str, tuple[Any, Any]]) -> None:
        """Raise JitError where a thing is another one, or has other contents, than before."""
        now = self.seen()
        for name in {**before, **now}:
            old, new = before.get(name), now.get(name)
            same = (
                old is not None
                and new is not None
                and old[0] is new[0]
                and len(old[1]) == len(new[1])
                and all(a is b for a, b in zip(old[1], new[1], strict=True))
            )
            if not same:
                raise JitError(
                    f"{self.name} changes {name} while it is recorded, which a replay would not do; "
                    "return it instead, and change it outside"
                )


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals in a function's code, and in that of the functions within."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _contents(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [part for pair in thing.items() for part in pair]
    return [*thing] if isinstance(thing, list | set) else []
