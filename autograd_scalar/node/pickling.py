"""Pickles and deep copies of graphs of any size, without recursion: the engine packs a graph into flat arrays."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from functools import cached_property
from typing import Any

from autograd_scalar.node import modes, registry
from autograd_scalar.node.registry import Node

#: Maximum number of nodes that are written one by one, within each other: a packed graph of few takes more room.
FEW = 8


#: Key in the memo of a deep copy: the nodes of the latest graph, and their copies. They are entered one by one when
#: another Value is copied, since this takes longer than the copying.
_LATEST: Any = object()


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
    _forget_lines([v])
    return v


def unpacked(*packed: Any) -> list[Any]:
    """Return new nodes from the arrays of engine.pack(). Pickles of both engines name this function."""
    nodes = registry.engine.unpack(*packed)
    _forget_lines(nodes)
    return nodes


def _forget_lines(nodes: list[Any]) -> None:
    """Remove entries of freed nodes, whose ids are used again, from the lines that detect_anomaly() knows."""
    if (made_at := modes.watching.get()) is not None:
        for v in nodes:
            made_at.pop(id(v), None)


def _forbid_while_tracing(what: str) -> None:
    if (tracer := modes.tracer.get()) is not None:
        tracer.refuse(what)


def shallow_copy(v: Node) -> Any:
    """Return a node with the same fields, so with the same parents."""
    return restore(None, v.data, v.grad, v.label, v.op, v.parents, v.partials)


def deep_copy(root: Node, memo: dict[int, Any]) -> Any:
    """Return a copy of the graph under a root; see copy.deepcopy for the memo."""
    _forbid_while_tracing("copies a Value")
    nodes, copies = memo.pop(_LATEST, ((), ()))
    memo.update(zip(map(id, nodes), copies, strict=True))
    if id(root) in memo:
        return memo[id(root)]
    nodes = registry.engine.unseen(root, memo)
    *packed, outside = registry.engine.pack(nodes)
    copies = unpacked(*packed, [memo[id(v)] for v in outside])
    memo[_LATEST] = nodes, copies
    return copies[-1]


def reduced(v: Node) -> tuple[Callable[..., Any], tuple[object, ...]]:
    """Return what object.__reduce__ does: a function and its arguments.

    A node is an element of a packed graph, which holds all of its ancestors that the same dump has not written before.
    If these are few, each is written as its fields.
    """
    _forbid_while_tracing("pickles a Value")
    dump = _Dump.current()
    graph = dump.graph_of(v)
    if graph is not None:
        return element, (dump, graph, graph.index[id(v)])
    nodes = registry.engine.unseen(v, dump.written)
    if len(nodes) <= FEW:
        dump.note_single(v)
        return restore, (dump, v.data, v.grad, v.label, v.op, v.parents, v.partials)
    return element, (dump, _Graph(nodes), len(nodes) - 1)


def element(_: object, graph: list[Any], index: int) -> Any:
    """Return a node of an unpacked graph. Pickles of both engines name this function."""
    return graph[index]


class _Graph:
    """Nodes that a pickler writes at once, parents first. As it is one object, the pickler writes it once."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes

    @cached_property
    def index(self) -> dict[int, int]:
        """The index of each node, by its id."""
        return {id(v): i for i, v in enumerate(self.nodes)}

    def __reduce__(self) -> tuple[object, ...]:
        _Dump.current().note_graph(self)
        return unpacked, registry.engine.pack(self.nodes)


class _Dump:
    """The Values that one dump has written: one in several graphs is written once, and is one Value when loaded.

    A pickler does not say which dump it is working for. So every Value is written together with a _Dump, which the
    pickler keeps until its dump ends, and which nothing else keeps; the latest one that is alive is that of the running
    dump. A pickler writes an object once. If one writes a _Dump that has been written before, another dump has begun,
    perhaps within the first one, and gets its own. Whatever it looks up until then, or should a pickler be kept after
    its dump, is still right, and only larger than need be: a graph is written with all that it refers to.
    """

    _thread = threading.local()

    def __init__(self) -> None:
        self._is_written = False
        self._graphs: dict[int, _Graph | None] = {}
        self._new: list[_Graph] = []
        #: Values that are written on their own. They are kept: an id may be used again in a dump that stays alive.
        self._singles: list[Node] = []

    @classmethod
    def current(cls) -> _Dump:
        """Return the _Dump of the dump that is running in this thread, or a new one."""
        open_dumps = cls._open()
        while open_dumps:
            if (dump := open_dumps[-1]()) is not None:
                return dump
            open_dumps.pop()
        return cls._begun()

    @classmethod
    def _begun(cls) -> _Dump:
        dump = cls()
        cls._open().append(weakref.ref(dump))
        return dump

    @classmethod
    def _open(cls) -> list[weakref.ref[_Dump]]:
        """Return the thread's dumps, the outermost first; those that have ended may be among them."""
        found: list[weakref.ref[_Dump]] = cls._thread.__dict__.setdefault("open", [])
        return found

    @property
    def written(self) -> dict[int, _Graph | None]:
        """The graphs of the Values written so far, by the ids of the Values; None for one on its own."""
        while self._new:
            graph = self._new.pop()
            self._graphs.update(dict.fromkeys(map(id, graph.nodes), graph))
        return self._graphs

    def graph_of(self, v: Node) -> _Graph | None:
        """Return the graph that a Value has been written in, or None."""
        return self.written.get(id(v))

    def note_graph(self, graph: _Graph) -> None:
        """Note that the nodes of a graph are written. They are listed only when another Value is looked up."""
        self._new.append(graph)

    def note_single(self, v: Node) -> None:
        """Note that a Value is written on its own."""
        self._graphs[id(v)] = None
        self._singles.append(v)

    def __reduce__(self) -> tuple[object, ...]:
        if not self._is_written:
            self._is_written = True
            return bool, ()
        inner = self._begun()
        if self._singles:
            inner.note_single(self._singles[-1])
        return bool, (inner,)  # the pickler keeps it
