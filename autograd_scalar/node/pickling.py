"""Pickles and deep copies of graphs of any depth, without recursion."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from autograd_scalar.node import modes, registry
from autograd_scalar.node.registry import Node


def restore(
    _: object,
    data: float,
    grad: float,
    label: str | None,
    op: str,
    parents: tuple[Any, ...],
    partials: tuple[float, ...],
) -> Any:
    """Return a node made of its fields. Pickles of both engines name this function."""
    v = registry.engine.node(data, op, parents, partials)
    v.grad = grad
    v.label = label
    if (made_at := modes.watching.get()) is not None:
        made_at.pop(id(v), None)  # the entry of a freed node: ids are used again
    return v


def deep_copy(root: Node, memo: dict[int, Any]) -> Any:
    """Return a copy of the graph under a root; see copy.deepcopy for the memo."""
    stack: list[Any] = [root]
    while stack:
        v = stack[-1]
        missing = (
            () if id(v) in memo else [parent for parent in v.parents if id(parent) not in memo]
        )
        if missing:
            stack += missing
            continue
        if id(v) not in memo:
            parents = tuple(memo[id(parent)] for parent in v.parents)
            memo[id(v)] = restore(None, v.data, v.grad, v.label, v.op, parents, v.partials)
        stack.pop()
    return memo[id(root)]


def reduced(v: Node) -> tuple[Callable[..., Any], tuple[object, ...]]:
    """Return what object.__reduce__ does: restore(), and its arguments."""
    needs_ancestors = v.parents and not _Ancestors.are_written(v)
    ancestors = _Ancestors(v) if needs_ancestors else None
    return restore, (ancestors, v.data, v.grad, v.label, v.op, v.parents, v.partials)


class _Ancestors:
    """Pickles a node's ancestors before the node, parents first, so that the pickler never recurses.

    A pickler takes them one at a time, or a thousand at a time, and writes each. A Value that it has taken needs no
    ancestors of its own: they are in the pickle already.

    Each thread keeps a weak reference to its latest instance. The pickler holds that instance, and all that it wrote,
    until the dump ends; after that the recorded ids may belong to other nodes and must be forgotten.
    """

    _thread = threading.local()

    def __init__(self, v: Any) -> None:
        self.v = v
        self.asked_for: set[int] = set()

    def __reduce__(self) -> tuple[object, ...]:
        return list, (), None, self._items()

    @classmethod
    def are_written(cls, v: Any) -> bool:
        """Return True if all ancestors of the Value being pickled are in the pickle."""
        latest: _Ancestors | None = getattr(cls._thread, "latest", lambda: None)()
        if latest is None or id(v) not in latest.asked_for:
            return False
        latest.asked_for.remove(id(v))
        return True

    def _items(self) -> Iterator[Any]:
        self._thread.latest = weakref.ref(self)
        ancestors = registry.engine.topological_order(self.v)[:-1]
        for v in ancestors:
            self.asked_for.add(id(v))
            yield v
        self.asked_for &= {
            id(v) for v in ancestors[-1000:]
        }  # the pickler has these, but may not have written them
