"""Compare the captured objects with what they were when the function was recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.closure import Closure, Lookup
from autograd_scalar.compiler.capture.containers import walk
from autograd_scalar.compiler.capture.signature import identity_key
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.options import MAX_COMPARED_ITEMS
from autograd_scalar.ops import table


class Environment:
    """The objects that a function captures, looked up anew when one of them changes."""

    def __init__(
        self, f: Callable[..., Any], name: str, arguments: dict[str, Any] | None = None
    ) -> None:
        self.name = name
        self._f = f
        #: Objects among the arguments whose attributes f may read; kept alive, because they are compared by id.
        self._arguments = arguments or {}
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the present snapshot: the same object until a captured object changes."""
        snapshot = self._snapshot
        if snapshot is None or not snapshot.still_valid():
            snapshot = self._snapshot = take_snapshot(self.closure())
        return snapshot

    def closure(self) -> Closure:
        """Return the captured objects as they are now."""
        return Closure(self._f, self._arguments)

    def check_unchanged(self, before: Closure) -> None:
        """Raise JitError if tracing replaced a captured object or changed its members."""
        after = self.closure()
        for name in {**before.objects, **after.objects}:
            old, new = before.members.get(name), after.members.get(name)
            if old is None or new is None or len(old) != len(new) or not all(map(is_, old, new)):
                raise JitError(
                    f"{self.name} changes {name} while it is recorded, which a replay would not do; "
                    "return the new value, and assign it outside"
                )


class Captured(NamedTuple):
    """One captured object in the key of a snapshot: equal if a trace may be replayed."""

    name: str
    #: Where it was found, such as "global"; see Closure.scopes.
    scope: str
    type: type
    #: See identity_key.
    identity: Any
    #: For each view of its items: the length, then unless there are too many the type and identity of each item.
    contents: tuple[Any, ...]


class Snapshot(NamedTuple):
    """The captured objects at one time, with all that it takes to compare them with those of a later time."""

    lookups: list[Lookup]
    #: Live views of the containers among the captured objects, and their lengths at that time.
    views: list[Collection[Any]]
    lengths: list[int]
    #: The views whose items are compared too, and all of their items at that time.
    compared: list[Collection[Any]]
    items: list[Any]
    #: The table of operations, then a Captured for each object: part of the key of a specialization.
    key: tuple[Any, ...]

    def still_valid(self) -> bool:
        """Return whether every look-up still finds the same object, with the same items.

        Every call runs this; it takes about 50 ns for each captured object.
        """
        for get, name, obj in self.lookups:
            if get(name) is not obj:
                return False
        if not self.views:
            return True
        return [*map(len, self.views)] == self.lengths and all(
            map(is_, chain.from_iterable(self.compared), self.items)
        )


def take_snapshot(closure: Closure) -> Snapshot:
    """Return the snapshot of a closure's objects and of the items in their containers."""
    views: list[Collection[Any]] = []
    compared: list[Collection[Any]] = []
    items: list[Any] = []
    captured: list[Captured] = []
    for name, obj in closure.objects.items():
        contents: list[Any] = []
        for _, pairs in walk(obj, room=MAX_COMPARED_ITEMS):
            for view, listed in pairs:
                views.append(view)
                if listed:
                    compared.append(view)
                    items += listed
                contents += [len(view), *((type(item), identity_key(item)) for item in listed)]
        scope, identity = closure.scopes[name], identity_key(obj)
        captured.append(Captured(name, scope, type(obj), identity, tuple(contents)))
    key = table.definitions, *captured
    return Snapshot(closure.lookups, views, [*map(len, views)], compared, items, key)
