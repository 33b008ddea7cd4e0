"""What a function reads besides its arguments, and whether that has changed since it was looked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.closure import Closure
from autograd_scalar.compiler.capture.closure import inside as inside_of
from autograd_scalar.compiler.capture.signature import identity_key
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.ops import table


class Environment:
    """The things around a function, and whether they have changed."""

    def __init__(
        self, f: Callable[..., Any], name: str, objects: dict[str, Any] | None = None
    ) -> None:
        self.name = name
        self._f = f
        #: Objects among the arguments, by what they are called; held on to, since they are found by their ids.
        self._objects = objects or {}
        self._seen: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return what tells the things from others, as they are now; the same object as long as nothing has changed."""
        seen = self._seen
        if seen is None or not seen.still_valid():
            seen = self._seen = take_snapshot(self.closure())
        return seen

    def closure(self) -> Closure:
        """Return the things, as they are now."""
        return Closure(self._f, self._objects)

    def check(self, before: Closure) -> None:
        """Raise JitError where a thing is another one, or has other contents, than before."""
        now = self.closure()
        for name in {**before.named, **now.named}:
            one, other = before.contents.get(name), now.contents.get(name)
            if (
                one is None
                or other is None
                or len(one) != len(other)
                or not all(map(is_, one, other))
            ):
                raise JitError(
                    f"{self.name} changes {name} while it is recorded, which a replay would not do; "
                    "return it instead, and change it outside"
                )


class Snapshot(NamedTuple):
    """What was found around a function."""

    #: How each thing is looked up again, by what, and the thing.
    lookups: list[tuple[Callable[[Any], Any], Any, Any]]
    #: The lists and dicts among them, as they are at any time, and how long they were.
    views: list[Collection[Any]]
    lengths: list[int]
    #: Those that are not long, and what was in all of these.
    short: list[Collection[Any]]
    inside: list[Any]
    #: What tells it from others: part of what a record is right for.
    key: tuple[Any, ...]

    def still_valid(self) -> bool:
        """Return whether nothing has changed: this is asked at every call, so it takes no detours."""
        for get, name, thing in self.lookups:
            if get(name) is not thing:
                return False
        if not self.views:
            return True
        return [*map(len, self.views)] == self.lengths and all(
            map(is_, chain.from_iterable(self.short), self.inside)
        )


def take_snapshot(things: Closure) -> Snapshot:
    """Return what tells things from others."""
    found, views, short, inside = [], [], [], []
    for name, thing in things.named.items():
        told = [identity_key(thing)]
        for view, now in inside_of(thing):
            views.append(view)
            if now:
                short.append(view)
                inside += now
            told += [len(view), *[(type(part), identity_key(part)) for part in now]]
        found.append((name, type(thing), *told))
    lengths = [*map(len, views)]
    return Snapshot(things.lookups, views, lengths, short, inside, (table.definitions, *found))
