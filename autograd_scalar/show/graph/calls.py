"""Find the nodes of a graph that calls of a module made.

A graph does not record which module made a node, so that recording costs nothing. Here a module is called again on the
operands that meet its parameters, and the nodes of this call are compared with the graph: a node with the same
operation on the same operands is the module's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from itertools import chain, islice
from typing import Any, Protocol, runtime_checkable

from autograd_scalar import pytree
from autograd_scalar.node import modes
from autograd_scalar.value import Value

#: Maximum number of inputs of a call, of operations from the use of a parameter to where all inputs have met, and of
#: inputs that are tried one by one.
MAX_INPUTS, MAX_CLIMB, MAX_ALONE = 64, 130, 4


@runtime_checkable
class Named(Protocol):
    """Any object with named parameters, such as a module."""

    def named_parameters(self) -> Iterable[tuple[str, Value]]: ...


class Graph:
    """The users of each node of a graph, and its nodes by their shape.

    Nodes with one operation on operands of one shape have one shape. Unlabelled leaves of the same number have one
    shape too, since each call makes its constants anew.
    """

    def __init__(self, order: Sequence[Value], distinct: Iterable[Value]) -> None:
        self.order, self.distinct = order, set(distinct)
        self.users: dict[Value, list[Value]] = {}
        self.number_of: dict[Any, int] = {}
        self.nodes: list[list[Value]] = []
        self.shape: dict[Value, int] = {}
        for v in order:
            for p in v.parents:
                self.users.setdefault(p, []).append(v)
            shape = self.number_of.setdefault(self._key(v, self.shape), len(self.number_of))
            self.shape[v] = shape
            if shape == len(self.nodes):
                self.nodes.append([])
            self.nodes[shape].append(v)

    def found(self, output: Value) -> list[Value]:
        """Return the nodes of the graph that have the shapes of new ones, from this output down to the graph.

        The list is empty if no node of the graph has the shape of the output.
        """
        shape: dict[Value, int] = {}
        found: list[Value] = []
        stack = [output] if output not in self.shape else []
        while stack:
            v = stack[-1]
            waiting = []
            for p in v.parents:
                if p in self.shape:
                    shape[p] = self.shape[p]
                elif p not in shape:
                    waiting.append(p)
            stack += waiting
            if not waiting:
                stack.pop()
                if v not in shape:
                    shape[v] = self.number_of.get(self._key(v, shape), -1)
                    found += self.nodes[shape[v]] if shape[v] >= 0 else ()
        return found if shape.get(output, -1) >= 0 else []

    def inputs_beside(self, parameters: set[Value]) -> dict[Value, tuple[Value, ...]]:
        """Return the other inputs of each node that depends on parameters, up to MAX_INPUTS Values each."""
        inputs: dict[Value, tuple[Value, ...]] = {}
        for v in self.order:
            if any(p in parameters or p in inputs for p in v.parents):
                others = chain.from_iterable(
                    inputs.get(p, () if p in parameters else (p,)) for p in v.parents
                )
                inputs[v] = (*islice(dict.fromkeys(others), MAX_INPUTS),)
        return inputs

    def is_used_with(self, v: Value, parameters: set[Value]) -> bool:
        """Return True if an operation has a value and a parameter as operands."""
        return any(not parameters.isdisjoint(user.parents) for user in self.users[v])

    def _key(self, v: Value, shape: Mapping[Value, int]) -> Any:
        if v.op:
            return v.op, *(shape[p] for p in v.parents)
        return v if v in self.distinct or v.label else repr(v.data)


def nodes_made_by(
    module: Callable[[Any], Any],
    parameters: set[Value],
    uses: Iterable[Value],
    graph: Graph,
) -> dict[Value, None]:
    """Return the nodes of a graph that calls of a module made; `uses` are the operations on its parameters.

    The inputs of a call are those that meet the parameters at one of these operations, as in a Neuron; or, where a
    module combines several operations, those that have met them further up.
    """
    made: dict[Value, None] = {}
    uses = list(uses)
    for use in uses:
        if use not in made:
            inputs = tuple(p for p in use.parents if p not in parameters)
            made.update(dict.fromkeys(_made_by_call(module, [inputs], graph)))
    if made:
        return made
    beside = graph.inputs_beside(parameters)
    tried: set[tuple[Value, ...]] = set()
    for use in uses:
        node: Value | None = use
        for _ in range(MAX_CLIMB):
            if node is None or use in made or len(inputs := beside[node]) == MAX_INPUTS:
                break
            if inputs not in tried:
                tried.add(inputs)
                direct = tuple(v for v in inputs if graph.is_used_with(v, parameters))
                given = tuple(v for v in inputs if v.op or v.label)
                found = _made_by_call(module, [inputs, direct, given], graph)
                made.update(dict.fromkeys(found))
            node = next(iter(graph.users.get(node, ())), None)
    return made


def _made_by_call(
    module: Callable[[Any], Any], choices: Sequence[tuple[Value, ...]], graph: Graph
) -> list[Value]:
    """Return the nodes of the graph that a call of the module makes on one of these choices of inputs."""
    singles = dict.fromkeys([(v,) for v in choices[0][:MAX_ALONE]])
    choices = [choice for choice in dict.fromkeys([*choices, *singles]) if choice]
    arguments = [list(choice) for choice in choices]
    for argument in (*arguments, *(choice[0] for choice in choices if len(choice) == 1)):
        try:
            outputs = copy_context().run(_recorded, module, argument)
        except Exception:  # a module may raise anything for inputs that are not its own
            continue
        if found := [v for output in outputs for v in graph.found(output)]:
            return found
    return []


def _recorded(module: Callable[[Any], Any], argument: Any) -> list[Value]:
    """Return the Values that a call returns, recorded also inside no_grad() and the like."""
    modes.recording.set(True)
    modes.watching.set(None)
    state = random.getstate()
    try:
        return [v for v in pytree.leaves(module(argument)) if isinstance(v, Value)]
    finally:
        random.setstate(state)  # a picture must not change the random numbers of a training run
