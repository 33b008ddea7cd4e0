"""What a function sees besides its arguments: the globals it names, what it closes over, what it is a method of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_
from types import CodeType, FunctionType
from typing import Any

from autograd_scalar.compiler.trace import JitError
from autograd_scalar.value import Value

#: What a record freezes; where one of them has changed, the function is recorded anew.
_SIMPLE = (float, int, bool, str, type(None), Value)


class Surroundings:
    """The things around a function, and whether it changes them."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.name = getattr(f, "__name__", type(f).__name__)
        function: Any = getattr(f, "__func__", f)
        self._globals: dict[str, Any] = {}
        self._free: tuple[str, ...] = ()
        self._cells: tuple[Any, ...] = ()
        self._names: list[str] = []
        #: Those of the names that are there to be looked at; most are attributes.
        self._there: list[str] = []
        #: The attributes of what the function is a method of, or of the thing that is called.
        self._attributes: dict[str, Any] = getattr(getattr(f, "__self__", f), "__dict__", {})
        if isinstance(function, FunctionType):
            self._globals = function.__globals__
            self._names = sorted({*_names(function.__code__)} - {self.name})
            self._free = function.__code__.co_freevars
            self._cells = function.__closure__ or ()
        self._before: list[Any] | None = None
        self._frozen: tuple[Any, ...] = ()

    def _things(self) -> Iterator[tuple[str, Any]]:
        self._there = [name for name in self._names if name in self._globals]
        for name in self._there:
            yield name, self._globals[name]
        for name, cell in zip(self._free, self._cells, strict=True):
            yield name, _content(cell)
        for name, thing in self._attributes.items():
            yield f"its attribute {name}", thing

    def frozen(self) -> tuple[Any, ...]:
        """Return the numbers, texts and Values among them: part of what a record is right for.

        As long as nothing has changed it is the same tuple.
        """
        if not self._are_as_before():
            things = [*self._things()]
            self._before = [thing for _, thing in things]
            self._frozen = tuple(
                (name, type(thing), thing) for name, thing in things if isinstance(thing, _SIMPLE)
            )
        return self._frozen

    def _are_as_before(self) -> bool:
        """Return whether frozen() would find the same things: this is asked at every call, so it takes no detours."""
        if self._before is None:
            return False
        before = iter(self._before)
        get = self._globals.get
        for name in self._there:
            if get(name) is not next(before, None):
                return False
        for cell in self._cells:
            if _content(cell) is not next(before, None):
                return False
        return all(thing is next(before, None) for thing in self._attributes.values())

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
                and all(map(is_, old[1], new[1]))
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


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _contents(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [part for pair in thing.items() for part in pair]
    return [*thing] if isinstance(thing, list | set) else []
