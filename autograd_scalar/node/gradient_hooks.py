"""Hooks on gradients, and backward() where it is not the plain pass: with hooks, or into chosen inputs alone."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from autograd_scalar.node import hooks, registry
from autograd_scalar.node.registry import Node

#: Returns the gradient that replaces the given one, or None to leave it as it is.
Hook = Callable[[float], float | None]

#: The Hooks that Values have at present, by id. While there are none, backward() is the engine's plain pass.
live: set[int] = set()


class Hooks:
    """The hooks of one Value, in the order in which they were registered. The Value alone keeps them alive."""

    __slots__ = ("__weakref__", "functions")

    def __init__(self) -> None:
        self.functions: dict[object, Hook] = {}

    def __del__(self) -> None:
        live.discard(id(self))

    def add(self, function: Hook) -> HookHandle:
        """Add a hook and return its handle."""
        key = object()
        self.functions[key] = function
        live.add(id(self))
        return HookHandle(self, key)

    def remove(self, key: object) -> None:
        """Remove a hook, if it is still there."""
        self.functions.pop(key, None)
        if not self.functions:
            live.discard(id(self))


class HookHandle:
    """The handle of a registered hook, which can remove it."""

    def __init__(self, hooks: Hooks, key: object) -> None:
        self._hooks, self._key = weakref.ref(hooks), key

    def remove(self) -> None:
        """Remove the hook; do nothing if it has been removed."""
        if (hooks := self._hooks()) is not None:
            hooks.remove(self._key)


def has_hooks(v: Node) -> bool:
    """Return True if gradients of a Value pass through hooks."""
    held: Hooks | None = getattr(v, "_hooks", None)
    return held is not None and bool(held.functions)


def hooked(v: Node, grad: float) -> float:
    """Return a gradient after the Value's hooks."""
    held: Hooks | None = getattr(v, "_hooks", None)
    if held is not None:
        for function in [*held.functions.values()]:
            replacement = function(grad)
            if replacement is not None:
                grad = registry.engine.constant(replacement).data  # TypeError unless it is a number
    return grad


def backward(v: Any, inputs: Iterable[Any] | None) -> None:
    """Do what Value.backward() does, with the hooks of all Values; add to the grads of the inputs alone if given.

    No grad changes before all gradients are known, so an error in a hook leaves them as they were.
    """
    hooks.forbid_while_tracing("calls backward()")
    engine = registry.engine
    wanted = None if inputs is None else _distinct(inputs)
    if wanted is not None and not live:
        for x, grad in zip(wanted, engine.pull_back({v: 1.0}, wanted), strict=True):
            x.grad += grad
        return
    order = engine.topological_order(v)
    gradients = hooks.adjoints(order, {v: 1.0}, hooked)
    for x in order if wanted is None else wanted:
        kept = 0.0 if wanted is None and x.parents else x.grad
        x.grad = kept + gradients.get(x, 0.0)


def _distinct(inputs: Any) -> list[Any]:
    """Return the inputs of a backward pass, each once; TypeError unless they are Values."""
    listed = [*inputs] if isinstance(inputs, Iterable) else [inputs]
    for x in listed:
        if type(x) is not registry.engine.Value:
            raise TypeError(f"backward needs Values as inputs, got {x!r:.40} ({type(x).__name__})")
    return [*dict.fromkeys(listed)]
