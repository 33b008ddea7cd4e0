"""Scopes: the layer and neuron of each value, read from the dotted names of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import Value

#: The names of the nested modules that a value belongs to, outermost first: ("layers.0", "neurons.3").
Scope = tuple[str, ...]


@runtime_checkable
class Named(Protocol):
    """Any object with named parameters, such as a module."""

    def named_parameters(self) -> Iterable[tuple[str, Value]]: ...


def names_of(names: Mapping[str, Value] | Named | None) -> dict[Value, str]:
    """Return the name of each Value in a module, or in a mapping from names to Values.

    Raises TypeError for anything else.
    """
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(names, Mapping):
        pairs = names.items()
    elif isinstance(names, Named):
        pairs = names.named_parameters()
    elif names is not None:
        raise TypeError(
            f"names must be a module or a mapping from names to Values, got {type(names).__name__}"
        )
    found = {}
    for name, v in pairs:
        if not isinstance(name, str) or not isinstance(v, Value):
            raise TypeError(f"names must map str to Value, got {name!r}: {type(v).__name__}")
        found[v] = name
    return found


def split_name(name: str) -> tuple[Scope, str]:
    """Return the scope in a dotted name, and the rest; indices stay with the name of their list.

    >>> split_name("layers.0.neurons.3.w.1")
    (('layers.0', 'neurons.3'), 'w.1')
    """
    words: list[str] = []
    for word in name.split("."):
        if word.isdecimal() and words:
            words[-1] += f".{word}"
        elif word.isdecimal() or word.isidentifier():
            words.append(word)
        else:
            return (), name
    return tuple(words[:-1]), words[-1]


def layer_of(name: str) -> str:
    """Return the layer in a dotted name, or the name itself if it has none.

    >>> layer_of("layers.0.neurons.3.w.1"), layer_of("w.1")
    ('layers.0', 'w')
    """
    scope, last = split_name(name)
    return ".".join(scope[:-1] or scope) or last.partition(".")[0]


def scopes_of(order: Sequence[Value], names: Mapping[Value, str]) -> list[Scope]:
    """Return the scope of each value of a topological order.

    A parameter has the scope in its name (or its label). An operation on a parameter has that
    parameter's scope. An operation whose operands all have one scope has it too, as does a function
    of one such value, such as an activation; the difference from a target does not.
    """
    scope: dict[Value, Scope] = {}
    for v in order:
        if not v.op:
            scope[v] = split_name(name)[0] if (name := names.get(v) or v.label) else ()
            continue
        parameters = {scope[p] for p in v.parents if not p.op and scope[p]}
        inner = {scope[p] for p in v.parents if p.op}
        constants = any(not p.op and not scope[p] for p in v.parents)
        if len(parameters) == 1:
            (scope[v],) = parameters
        elif not parameters and len(inner) == 1 and not (constants and _is_operator(v.op)):
            (scope[v],) = inner
        else:
            scope[v] = ()
        if scope[v]:
            scope.update(dict.fromkeys(_implied_constants(v), scope[v]))
    return [scope[v] for v in order]


def _is_operator(op: str) -> bool:
    return op in TABLE and TABLE[op].symbol != op


def _implied_constants(v: Value) -> list[Value]:
    """Return the constants that belong to an operation: exponents, and defaults of omitted operands."""
    row = TABLE.get(v.op)
    if row is None:
        return []
    operands = zip(row.operands, row.split(v.parents), strict=True)
    defaults = [part for operand, part in operands if operand in row.defaults]
    parts = [v.parents[1]] if v.op == "pow_const" else defaults
    return [p for p in parts if isinstance(p, Value) and not p.op and not p.label]
