"""Walk through containers and those nested in them: their live views and their items."""

from __future__ import annotations

from array import array
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Collection, Iterator
from types import MappingProxyType
from typing import Any

from autograd_scalar.value import Value

_MAPPINGS = (dict, UserDict, ChainMap, MappingProxyType)
#: Containers that yield the same objects at each iteration, so that items can be compared by identity.
CONTAINERS: tuple[type, ...] = (*_MAPPINGS, list, tuple, set, frozenset, deque, UserList)
#: Collections whose items may be new objects at each iteration.
TRANSIENT: tuple[type, ...] = (array, type({}.keys()), type({}.values()), type({}.items()))
#: Types of most items; isinstance() against the classes above takes 0.5 µs for each.
_ATOMS = {float, int, bool, str, type(None), Value}


def live_views(obj: Any, kinds: tuple[type, ...] = CONTAINERS) -> tuple[Collection[Any], ...]:
    """Return the collections of a container's items, which follow its changes; none for other objects."""
    if not isinstance(obj, kinds):
        return ()
    views: tuple[Any, ...] = (obj.keys(), obj.values()) if isinstance(obj, _MAPPINGS) else (obj,)
    return views


def walk(
    obj: Any, kinds: tuple[type, ...] = CONTAINERS, *, room: float
) -> Iterator[tuple[Any, list[tuple[Collection[Any], list[Any]]]]]:
    """Yield each container in an object, outermost first, with its live views and their present items.

    The items of a view longer than the remaining `room` are neither listed nor entered; once the room is used up, the
    walk ends.
    """
    waiting = deque([obj])
    while waiting and room > 0:
        container = waiting.popleft()
        views = live_views(container, kinds)
        if not views:
            continue
        contents = [(view, [*view] if len(view) <= room else []) for view in views]
        for _, items in contents:
            waiting += [item for item in items if type(item) not in _ATOMS]
        yield container, contents
        room -= len(container)
