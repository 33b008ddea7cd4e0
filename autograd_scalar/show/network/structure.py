"""Structure of a network: its neurons and the weights between them, read from the graph of one call.

A neuron is an affine operation on inputs and activations whose coefficients are parameters, together with the
operations on its result alone, its activation. So it does not matter which class made it, or if it was written by hand.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from autograd_scalar.ops.table import TABLE, symbol
from autograd_scalar.show.graph.scopes import split_name
from autograd_scalar.value import Value, topological_order


class Link(NamedTuple):
    """A dependence of a neuron on an input or another neuron, numbered by cell."""

    source: int
    target: int
    #: The factor of the source; None where no parameter multiplies it, as in a softmax.
    weight: Value | None


class Cell(NamedTuple):
    """An input, a neuron, or a function of several neurons."""

    value: Value
    layer: int
    #: The affine part of a neuron; the value itself for an input or a function.
    affine: Value
    #: The names of the operations between the affine part and the value.
    activation: tuple[str, ...]
    bias: Value | None


class Network(NamedTuple):
    """The cells of a model, inputs first and layer by layer, and the links between them."""

    cells: list[Cell]
    links: list[Link]
    #: The cells of each layer; layer 0 has the inputs.
    layers: list[list[int]]
    outputs: list[int]
    #: A value that depends on all outputs: the output, or their sum.
    root: Value


class _Neuron(NamedTuple):
    """An affine operation: its inputs with their weights, and its bias."""

    terms: list[tuple[Value, Value | None]]
    bias: Value | None


def network_of(
    inputs: Sequence[Value], outputs: Sequence[Value], names: Mapping[Value, str]
) -> Network:
    """Return the network between inputs and outputs; `names` has the parameters.

    Raises ValueError if no parameter is the weight of an input or an activation.
    """
    root = outputs[0]
    for output in outputs[1:]:
        root = root + output
    reader = _Reader(inputs, outputs, names)
    if not reader.neurons:
        raise ValueError("no parameter multiplies an input")
    return reader.network(root)


class _Reader:
    """The neurons of a graph, found in one pass over it."""

    def __init__(
        self, inputs: Sequence[Value], outputs: Sequence[Value], names: Mapping[Value, str]
    ) -> None:
        self.inputs, self.outputs, self.names = dict.fromkeys(inputs), outputs, names
        self.order = topological_order(*outputs)
        self.uses = Counter(parent for v in self.order for parent in v.parents)
        self.uses.update(outputs)  # an output is not merged into a neuron that reads it
        #: For each value that depends on the inputs: the inputs and neurons that it is a function of.
        self.owners: dict[Value, frozenset[Value]] = {v: frozenset((v,)) for v in inputs}
        self.neurons: dict[Value, _Neuron] = {}
        for v in self.order:
            if v.op and any(parent in self.owners for parent in v.parents):
                self._read(v)

    def _read(self, v: Value) -> None:
        factors = self._factors(v)
        if factors is not None and self._add_neuron(v, factors):
            self.owners[v] = frozenset((v,))
        else:
            reached = (self.owners[p] for p in v.parents if p in self.owners)
            self.owners[v] = frozenset().union(*reached)

    def _add_neuron(self, v: Value, factors: Sequence[Value | None]) -> bool:
        """Enter v as a neuron if it has a weight. Products and partial sums that only v reads become parts of it."""
        terms: list[tuple[Value, Value | None]] = []
        parts, bias, weights = [], None, {*factors}
        for parent, factor in zip(v.parents, factors, strict=True):
            if parent not in self.owners:
                if parent in self.names and parent not in weights:
                    bias = parent
            elif factor is None and parent in self.neurons and self._is_part(parent, v):
                parts.append(parent)
                terms += self.neurons[parent].terms
                inner = self.neurons[parent].bias
                bias = bias if inner is None else inner
            else:
                terms.append((parent, factor))
        if all(weight is None for _, weight in terms):
            return False
        for part in parts:
            del self.neurons[part]
        self.neurons[v] = _Neuron(terms, bias)
        return True

    def _factors(self, v: Value) -> list[Value | None] | None:
        """Return the parameter that multiplies each parent, None for a parent without one.

        Return None if v is not affine: if a local derivative depends on the inputs.
        """
        row = TABLE.get(v.op)
        if row is None or row.is_value_only or row.function is not None:
            return None
        operands = dict(zip(row.operands, row.split(v.parents), strict=True))
        moving = {name for name, operand in operands.items() if self._moves(operand)} | {"z"}
        factors: list[Value | None] = []
        for (name, operand), tree in zip(operands.items(), row.textbook_trees, strict=True):
            parts = operand if isinstance(operand, list) else [operand]
            if name in moving and _names_in(tree) & moving:
                return None
            factor = (
                operands.get(tree.id) if name in moving and isinstance(tree, ast.Name) else None
            )
            found = factor if isinstance(factor, list) else [factor] * len(parts)
            factors += [w if w in self.names else None for w in found]
        return factors

    def _moves(self, operand: Value | list[Value]) -> bool:
        parts = operand if isinstance(operand, list) else [operand]
        return any(part in self.owners for part in parts)

    def _is_part(self, parent: Value, v: Value) -> bool:
        """Return True if only v reads a neuron, and all parameters among v's operands have one scope, that of v."""
        scopes = {
            split_name(self.names[w])[0]
            for part in v.parents
            if part in self.neurons
            for _, w in self.neurons[part].terms
            if w is not None
        }
        return self.uses[parent] == 1 and len(scopes) == 1

    # ----- cells -----

    def network(self, root: Value) -> Network:
        """Return the cells that neurons read or that are outputs, layer by layer."""
        read = {source for neuron in self.neurons.values() for source, _ in neuron.terms}
        shown = {*self.inputs, *self.outputs, *(v for v in read if v in self.owners)}
        operands = {v: self._operands(v, shown) for v in shown}
        shown.update(operand for found in operands.values() for operand in found)
        sources: dict[Value, list[tuple[Value, Value | None]]] = {}
        layer: dict[Value, int] = {}
        for v in dict.fromkeys([*self.inputs, *self.order]):
            if v in shown:
                owner = self._owner(v)
                if owner in self.neurons and owner is not None:
                    sources[v] = self.neurons[owner].terms
                else:
                    sources[v] = [(operand, None) for operand in operands[v]]
                layer[v] = 1 + max((layer[source] for source, _ in sources[v]), default=-1)
        order = {v: place for place, v in enumerate(layer)}
        cells = sorted(layer, key=lambda v: (layer[v], order[v]))
        at = {v: place for place, v in enumerate(cells)}
        layers: list[list[int]] = [[] for _ in range(max(layer.values()) + 1)]
        for v in cells:
            layers[layer[v]].append(at[v])
        return Network(
            [self._cell(v, layer[v]) for v in cells],
            [Link(at[source], at[v], w) for v in cells for source, w in sources[v]],
            layers,
            [at[v] for v in self.outputs],
            root,
        )

    def _operands(self, v: Value, shown: Set[Value]) -> list[Value]:
        """Return the inputs and values of neurons of which v is a function; [] if it is one of these itself."""
        if v in self.inputs or self._owner(v) in self.neurons:
            return []
        found: dict[Value, None] = {}
        stack, seen = [*reversed(v.parents)], {v}
        while stack:
            u = stack.pop()
            if u in seen or u not in self.owners:
                continue
            seen.add(u)
            if u in shown or self._owner(u) in self.neurons:
                found[u] = None
            else:
                stack += reversed(u.parents)
        return [*found]

    def _owner(self, v: Value) -> Value | None:
        """Return the neuron or input of which a value is a function; None if there are several."""
        owners = self.owners.get(v, frozenset())
        return next(iter(owners)) if len(owners) == 1 else None

    def _cell(self, v: Value, layer: int) -> Cell:
        owner = self._owner(v)
        if owner in self.neurons and owner is not None:
            return Cell(v, layer, owner, self._path(owner, v), self.neurons[owner].bias)
        return Cell(v, layer, v, ("function",) if layer else (), None)

    def _path(self, start: Value, end: Value) -> tuple[str, ...]:
        """Return the names of the operations on the way from a neuron's affine part to its value."""
        found: list[str] = []
        stack, seen = [end], {start}
        while stack:
            v = stack.pop()
            if v not in seen and self._owner(v) is start:
                seen.add(v)
                found.append(symbol(v.op))
                stack += v.parents
        return tuple(dict.fromkeys(reversed(found)))


def _names_in(tree: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
