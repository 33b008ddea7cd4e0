"""Scopes: the layer and neuron of each value, from the names of the parameters and the calls of their modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, cast

from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.graph.calls import Graph, nodes_made_by
from autograd_scalar.show.graph.calls import Named as Named
from autograd_scalar.value import Value

#: The names of the nested modules that a value belongs to, outermost first: ("layers.0", "neurons.3").
Scope = tuple[str, ...]


class Names(dict[Value, str]):
    """The names of Values, and the modules of the scopes in them."""

    modules: Mapping[Scope, Named] = MappingProxyType({})


def names_of(names: Mapping[str, Value] | Named | None) -> Names:
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
    found = Names()
    for name, v in pairs:
        if not isinstance(name, str) or not isinstance(v, Value):
            raise TypeError(f"names must map str to Value, got {name!r}: {type(v).__name__}")
        found[v] = name
    if not isinstance(names, Mapping):
        found.modules = _modules(names, found.values())
    return found


def _modules(root: Any, names: Iterable[str]) -> dict[Scope, Named]:
    """Return the callable modules of the scopes in the names of a module's parameters."""
    found: dict[Scope, Named] = {}
    for scope in dict.fromkeys(split_name(name)[0] for name in names):
        owner = root
        for word in ".".join(scope).split(".") if scope else ():
            held = isinstance(owner, dict | list | tuple)
            owner = owner[int(word) if word.isdecimal() else word] if held else getattr(owner, word)
        if scope and isinstance(owner, Named) and callable(owner):
            found[scope] = owner
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

    A parameter has the scope in its name (or its label). An operation has the scope of the module whose call
    made it; see `calls`. Where the module is unknown, as with dotted labels alone, or made nothing here, its scope
    gets the operations on its parameters, those that only combine these, and without a module a function of the
    result, such as an activation.
    """
    modules = names.modules if isinstance(names, Names) else {}
    scope: dict[Value, Scope] = {}
    for v in order:
        name = "" if v.op else names.get(v) or v.label
        scope[v] = split_name(name)[0] if name else ()
    regions = _regions(order, {v: s for v, s in scope.items() if s})
    made = _made_by_calls(order, modules)
    for v, s in made.items():
        if v.op:
            scope[v] = s
    found = set(made.values())
    for v, region in regions.items():
        if region.scope not in found and region.has_input and not scope[v]:
            scope[v] = region.scope
    for v in order:
        if v.op and not scope[v] and not _is_operator(v.op):
            operand, *others = [p for p in v.parents if p not in _implied_constants(v)]
            if not others and operand in regions and regions[operand].scope not in modules:
                scope[v] = scope[operand]
    _add_constants(order, scope, made)
    return [scope[v] for v in order]


def _made_by_calls(
    order: Sequence[Value],
    modules: Mapping[Scope, Named],
) -> dict[Value, Scope]:
    """Return the values that calls of the modules made, with the scope of the innermost module."""
    owners: dict[
        Value, list[Scope]
    ] = {}  # several where modules contain each other or share weights
    for s, module in modules.items():
        for _, parameter in module.named_parameters():
            owners.setdefault(parameter, []).append(s)
    uses: dict[Scope, list[Value]] = {}
    for v in order:
        for s in dict.fromkeys(chain.from_iterable(owners.get(p, ()) for p in v.parents)):
            uses.setdefault(s, []).append(v)
    graph = Graph(order, owners) if uses else None
    made: dict[Value, Scope] = {}
    for s in sorted(uses, key=len, reverse=True):
        own = {parameter for _, parameter in modules[s].named_parameters()}
        assert graph is not None
        for v in nodes_made_by(cast(Any, modules[s]), own, uses[s], graph):
            made.setdefault(v, s)
    return made


@dataclass(slots=True)
class _Region:
    """Part of a graph that only combines parameters of one scope, each at most once, with inputs."""

    scope: Scope
    used: frozenset[Value]
    has_input: bool  # or it leads to a part that has one; a penalty on weights does neither


def _regions(order: Sequence[Value], parameters: Mapping[Value, Scope]) -> dict[Value, _Region]:
    """Return the region that each operation on the parameters, or on such operations, completes."""
    regions: dict[Value, _Region] = {}
    for v in order:
        direct = [p for p in v.parents if p in parameters]
        inner = [regions[p] for p in dict.fromkeys(v.parents) if p in regions]
        scopes = {parameters[p] for p in direct} or {region.scope for region in inner}
        if len(scopes) != 1 or not v.op:
            continue
        (scope,) = scopes
        inner = [region for region in inner if region.scope == scope]
        implied = _implied_constants(v)
        others = tuple(
            p
            for p in v.parents
            if p not in parameters
            and p not in implied
            and not (p in regions and regions[p].scope == scope)
        )
        used = frozenset(direct).union(*(region.used for region in inner))
        disjoint = len(used) == len({*direct}) + sum(len(region.used) for region in inner)
        if not direct and (len(inner) < 2 or any(p.op or p.label for p in others) or not disjoint):
            continue
        regions[v] = _Region(scope, used, bool(others) or any(r.has_input for r in inner))
    for v in reversed(regions):
        region = regions[v]
        for p in v.parents if region.has_input else ():
            if p in regions and regions[p].scope == region.scope:
                regions[p].has_input = True
    return regions


def _is_operator(op: str) -> bool:
    return op in TABLE and TABLE[op].symbol != op


def _add_constants(
    order: Sequence[Value], scope: dict[Value, Scope], made: Mapping[Value, Scope]
) -> None:
    """Give the constants that only operations of one scope use, and that belong to these, that scope."""
    users: dict[Value, set[Scope]] = {}
    belonging: set[Value] = {v for v in made if not v.op}
    for v in order:
        belonging.update(_implied_constants(v))
        for p in v.parents:
            if not p.op and not scope[p] and not p.label:
                users.setdefault(p, set()).add(scope[v])
    for constant, scopes in users.items():
        if constant in belonging and len(scopes) == 1:
            (scope[constant],) = scopes


def _implied_constants(v: Value) -> list[Value]:
    """Return the constants that belong to an operation: exponents, and defaults of omitted operands."""
    row = TABLE.get(v.op)
    if row is None or not (row.defaults or v.op == "pow_const"):
        return []
    operands = zip(row.operands, row.split(v.parents), strict=True)
    defaults = [part for operand, part in operands if operand in row.defaults]
    parts = [v.parents[1]] if v.op == "pow_const" else defaults
    return [p for p in parts if isinstance(p, Value) and not p.op and not p.label]
