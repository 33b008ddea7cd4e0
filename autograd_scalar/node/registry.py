"""Slots that higher modules fill: the active engine, the card of a notebook, and NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, TypeVar


class Node(Protocol):
    """The public attributes of a Value, in both engines."""

    data: float
    grad: float
    label: str | None

    @property
    def op(self) -> str: ...
    @property
    def parents(self) -> tuple[Any, ...]: ...
    @property
    def partials(self) -> tuple[float, ...]: ...


N = TypeVar("N", bound=Node)


class Engine(Protocol):
    """A module with the class Value and the passes over its graph: `engine`, or `native.core` where it was compiled."""

    @property
    def Value(self) -> type: ...

    def constant(self, data: object, /) -> Any:
        """Return a leaf for a number."""

    def node(
        self, data: float, op: str, parents: tuple[Any, ...], partials: tuple[float, ...], /
    ) -> Any:
        """Return a node made of its fields; a leaf if it has no parents."""

    def topological_order(self, *roots: Any) -> list[Any]:
        """Return every node of the graphs under the roots, parents first."""

    def unseen(self, root: Any, seen: Any, /) -> list[Any]:
        """Return the topological order of a graph without the nodes whose ids are in `seen`."""

    def pack(self, nodes: Any, /) -> tuple[Any, ...]:
        """Return the fields of nodes as flat arrays."""

    def unpack(self, *packed: Any) -> list[Any]:
        """Return new nodes from the result of pack()."""

    def pull_back(self, seeds: dict[Any, float], inputs: Any, /) -> list[float]:
        """Return the derivatives of the seeded sum of outputs with respect to the inputs."""


#: The active engine, which `value` sets.
engine: Engine

#: Returns the HTML that a notebook shows for an object of the package; the package sets it.
html_card: Callable[[Any], str] | None = None


class HasCard:
    """Base of the classes whose objects a notebook shows as a card, which is made on a higher floor.

    A subclass that is neither a Value nor a module returns its cells from `_card_rows`, headings first.
    """

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        return None if html_card is None else html_card(self)


#: Returns the module `arrays`, which computes NumPy's functions of Values; the package sets it.
arrays: Callable[[], ModuleType]
