"""Containers of every kind, and random nests of them, for hypothesis."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from autograd_scalar import Value, pytree, register_pytree

Pair = namedtuple("Pair", "a b")


class Point(NamedTuple):
    x: Any
    y: Any = 0.0


class Named(Point):
    """A subclass of a named tuple: its instances have a __dict__."""


class Row(list):
    """A list whose own methods must not be needed to rebuild it."""

    def __init__(self, *numbers: Any) -> None:
        super().__init__(numbers)

    def __iter__(self):
        return iter(())  # the items are elsewhere

    def extend(self, numbers: Any) -> None:
        raise AssertionError("the items are set without the methods of the subclass")


class Triple(tuple):
    __slots__ = ()

    def __new__(cls, a: Any, b: Any, c: Any) -> Triple:
        return super().__new__(cls, (a, b, c))


class Table(dict):
    def __setitem__(self, key: Any, value: Any) -> None:
        raise AssertionError("the items are set without the methods of the subclass")


class Ordered(OrderedDict):
    pass


@dataclass
class Line:
    slope: Any
    start: Any = 0.0


@dataclass(frozen=True, slots=True)
class Frozen:
    weights: Any
    bias: Any = None


@dataclass(frozen=True)
class Checked:
    low: Any
    middle: Any = field(init=False)
    name: str = field(default="checked", metadata={"static": True}, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.low, float):
            raise TypeError("only floats are accepted")
        object.__setattr__(self, "middle", self.low + 1.0)


class Circle:
    def __init__(self, radius: Any, color: str) -> None:
        self.radius, self.color = radius, color

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Circle) and vars(other) == vars(self)

    __hash__ = None


register_pytree(Circle, lambda c: ([c.radius], c.color), lambda color, r: Circle(*r, color))


def _counter(parts: list[Any]) -> Any:
    made: Any = Counter()
    for i, part in enumerate(parts):
        made[f"k{i}"] = part
    return made


def _defaultdict(parts: list[Any]) -> Any:
    return defaultdict(list, enumerate(parts))


def _table(parts: list[Any]) -> Any:
    made = Table()
    dict.update(made, {(i, "key"): part for i, part in enumerate(parts)})
    return made


def _moved(parts: list[Any]) -> Any:
    made: Any = OrderedDict((f"k{i}", part) for i, part in enumerate(parts))
    if made:
        made.move_to_end("k0")  # an order that is not that of the dict below
    return made


#: Functions that make a container of any number of parts.
ANY_SIZE: list[Callable[[list[Any]], Any]] = [
    list, tuple, deque, _counter, _defaultdict, _moved, _table,
    lambda parts: dict(zip("abcdefgh", parts, strict=False)),
    lambda parts: deque(parts, maxlen=9),
    lambda parts: Row(*parts),
    lambda parts: Ordered(enumerate(parts)),
]  # fmt: skip
#: Functions that make a container of two parts.
OF_TWO: list[Callable[[Any, Any], Any]] = [
    Pair, Point, Named, Line, Frozen,
    lambda a, b: Triple(a, b, a),
    lambda a, b: [Circle(a, "red"), Circle(b, "blue")],
]  # fmt: skip


def nests(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for nests of all kinds of containers."""

    def wider(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(parts, max_size=3)
        return st.one_of(
            st.builds(lambda make, parts: make(parts), st.sampled_from(ANY_SIZE), several),
            st.builds(lambda make, a, b: make(a, b), st.sampled_from(OF_TWO), parts, parts),
        )

    return st.recursive(st.one_of(leaves, st.none()), wider, max_leaves=8)


def arrays_of(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """Return a strategy for arrays of floats with up to two axes."""
    shapes = st.sampled_from([(), (0,), (2,), (2, 1), (1, 2)])
    return st.builds(
        lambda shape, xs: np.resize(np.array(xs), shape), shapes, st.lists(numbers, min_size=1)
    )


def form(tree: Any) -> Any:
    """Return a description of a nest in which containers of different types, keys or attributes differ.

    It is written without the pytree module, so that it can judge it. Numbers are given with their type and bits.
    """
    kind = type(tree)
    if kind is Value:
        return kind, tree.data.hex()
    if isinstance(tree, float):
        return kind, float(tree).hex()
    if isinstance(tree, np.ndarray):
        return kind, tree.dtype, tree.shape, [form(x) for x in tree.ravel().tolist()]
    if kind is Circle:
        return kind, form(tree.radius), tree.color
    if is_dataclass(tree):
        return kind, [(f.name, form(getattr(tree, f.name))) for f in fields(tree)]
    if isinstance(tree, OrderedDict):
        return kind, [(key, form(part)) for key, part in OrderedDict.items(tree)], vars(tree)
    if isinstance(tree, dict):
        factory = getattr(tree, "default_factory", None)
        return kind, factory, [(key, form(part)) for key, part in dict.items(tree)]
    if isinstance(tree, deque):
        return kind, tree.maxlen, [form(part) for part in tree]
    if isinstance(tree, list | tuple):
        base = list if isinstance(tree, list) else tuple
        own = getattr(tree, "__dict__", {})
        return kind, [form(part) for part in base.__iter__(tree)], own
    return kind, tree


def with_numbers(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Return a nest in which each float is replaced by what a function makes of it."""
    leaves, structure = pytree.flatten(tree)
    return pytree.unflatten(
        structure, [change(leaf) if isinstance(leaf, float) else leaf for leaf in leaves]
    )
