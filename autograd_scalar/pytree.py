"""Flatten and rebuild nests: lists, tuples and dicts of numbers, to any depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a nest of lists, tuples and dicts, left to right; anything else is a leaf.

    >>> leaves({"w": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    found: list[Any] = []
    _walk(tree, lambda leaf: found.append(leaf))
    return found


def build(like: Any, new_leaves: Iterator[Any]) -> Any:
    """Return a nest of the same shape as `like` with its leaves taken from an iterator, left to right.

    >>> build({"w": [1.0, 2.0], "b": (3.0,)}, iter("xyz"))
    {'w': ['x', 'y'], 'b': ('z',)}
    """
    return _walk(like, lambda leaf: next(new_leaves))


def paths(tree: Any, name: str = "") -> list[str]:
    """Return the path of each leaf as a subscript expression.

    >>> paths({"w": [1.0, 2.0]}, "x")
    ["x['w'][0]", "x['w'][1]"]
    """
    if isinstance(tree, dict):
        return [path for key, branch in tree.items() for path in paths(branch, f"{name}[{key!r}]")]
    if isinstance(tree, list | tuple):
        return [path for i, branch in enumerate(tree) for path in paths(branch, f"{name}[{i}]")]
    return [name]


def _walk(tree: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _walk(branch, visit) for key, branch in tree.items()}
    if isinstance(tree, list):
        return [_walk(branch, visit) for branch in tree]
    if isinstance(tree, tuple):
        branches = [_walk(branch, visit) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)
    return visit(tree)
