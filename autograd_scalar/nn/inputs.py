"""Inputs of layers: checked for their width, converted to Values, passed through a chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from autograd_scalar.nn.module import Module, WidthError
from autograd_scalar.node import modes
from autograd_scalar.value import Value, as_value

#: Types with a length that are no lists of numbers: text, and what has no order or keeps its numbers under keys.
NOT_LISTS = (str, bytes, dict, set, frozenset)


def check_count(name: str, count: Any) -> None:
    """Raise ValueError unless the count is a positive integer."""
    if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
        raise ValueError(f"{name} must be a positive integer, got {count!r}")


def as_row(x: Any, nin: int, owner: Module) -> list[Value]:
    """Return an input as a list of `nin` Values; a single number is a row of one.

    Numbers become Values here, once, so that the neurons of a layer share them in the graph.

    Raises TypeError for anything but a list or a number, WidthError for another length.
    """
    if isinstance(x, Value | Real):
        x = (x,)
    if isinstance(x, NOT_LISTS) or not hasattr(x, "__len__"):
        raise TypeError(f"{type(owner).__name__} takes a list of {nin} numbers, got {x!r}")
    if len(x) != nin:
        inputs = "input" if nin == 1 else "inputs"
        raise WidthError(f"{type(owner).__name__} takes {nin} {inputs}, got {len(x)}")
    if modes.open_blocks:
        return [*map(as_value, x)]
    return [v if type(v) is Value else Value(v) for v in x]


def chain(modules: Sequence[Callable[[Any], Any]], x: Any) -> Any:
    """Return x passed through the modules in turn. A WidthError names the module by its index."""
    for i, module in enumerate(modules):
        try:
            x = module(x)
        except WidthError as problem:
            raise WidthError(f"layer {i}: {problem}") from None
    return x
