"""Nests of containers: flattened to their leaves, and rebuilt from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from autograd_scalar.pytree.containers import Branch, items, split, subscript


class Structure(NamedTuple):
    """The structure of a nest: its containers, with None in place of each leaf. That of a leaf alone is None."""

    branch: Branch
    parts: tuple[Structure | None, ...]


def flatten(tree: Any) -> tuple[list[Any], Structure | None]:
    """Return the leaves of a nest, left to right, and its structure.

    Raises TypeError for a container that could not be rebuilt, ValueError for one that contains itself.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": None})
    >>> leaves, unflatten(structure, "xy")
    ([1.0, 2.0], {'w': ['x', 'y'], 'b': None})
    """
    found: list[Any] = []
    return found, _bounded(_flatten, tree, found)


def _flatten(tree: Any, into: list[Any]) -> Structure | None:
    if (taken := split(tree)) is None:
        into.append(tree)
        return None
    branch, children = taken
    return Structure(branch, tuple([_flatten(child, into) for child in children]))


def unflatten(structure: Structure | None, leaves: Iterable[Any]) -> Any:
    """Return the nest of a structure, with the given leaves in order."""
    return _unflatten(structure, iter(leaves))


def _unflatten(structure: Structure | None, leaves: Iterator[Any]) -> Any:
    if structure is None:
        return next(leaves)
    return structure.branch.rebuild([_unflatten(part, leaves) for part in structure.parts])


def build(like: Any, new_leaves: Iterable[Any]) -> Any:
    """Return a nest of the same structure as `like` with other leaves, left to right.

    >>> build({"w": [1.0, 2.0], "b": (3.0,)}, "xyz")
    {'w': ['x', 'y'], 'b': ('z',)}
    """
    return unflatten(flatten(like)[1], new_leaves)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a nest, left to right; its containers need not be fit to be rebuilt.

    >>> leaves({"w": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    found: list[Any] = []
    _bounded(_collect, tree, found)
    return found


def _collect(tree: Any, into: list[Any]) -> None:
    if (children := items(tree)) is None:
        into.append(tree)
        return
    for _, child in children:
        _collect(child, into)


def paths(tree: Any, name: str = "") -> list[str]:
    """Return the path of each leaf as an expression.

    >>> paths({"w": [1.0, 2.0]}, "x")
    ["x['w'][0]", "x['w'][1]"]
    """
    found: list[str] = []
    _bounded(_name, tree, name, found)
    return found


def _name(tree: Any, name: str, into: list[str]) -> None:
    if (children := items(tree)) is None:
        into.append(name)
        return
    for key, child in children:
        _name(child, name + subscript(key), into)


def _bounded(walk: Callable[..., Any], tree: Any, *more: Any) -> Any:
    try:
        return walk(tree, *more)
    except RecursionError:
        raise ValueError(
            f"a {type(tree).__name__} contains itself, or is nested too deeply"
        ) from None


def any_leaf(tree: Any, test: Callable[[Any], bool]) -> bool:
    """Return True if a leaf passes a test. The nest may contain itself."""
    waiting, seen = [tree], set[int]()
    while waiting:
        part = waiting.pop()
        children = items(part)
        if children is None:
            if test(part):
                return True
        elif id(part) not in seen:
            seen.add(id(part))
            waiting += [child for _, child in children]
    return False
