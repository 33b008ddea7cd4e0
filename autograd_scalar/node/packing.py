"""Graphs as flat arrays, for pickles and copies, in plain Python; the native engine has the same two functions in C."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from autograd_scalar.node import registry
from autograd_scalar.node.registry import Node
from autograd_scalar.node.shared import not_a_graph


def pack(nodes: Sequence[Node]) -> tuple[Any, ...]:
    """Return the fields of nodes, parents first, as flat arrays for unpack(), and the parents that are not among them.

    A parent is the index of a node, or -1 - the index of an outside parent.
    """
    index = {id(v): i for i, v in enumerate(nodes)}
    parents = [parent for v in nodes for parent in v.parents]
    outside = {id(parent): parent for parent in parents if id(parent) not in index}
    index.update(zip(outside, range(-1, -1 - len(outside), -1), strict=True))
    numbers = {op: i for i, op in enumerate(dict.fromkeys(v.op for v in nodes))}
    return (
        tuple(numbers),
        array("i", [numbers[v.op] for v in nodes]),
        array("i", [len(v.parents) for v in nodes]),
        array("d", [v.data for v in nodes]),
        array("d", [v.grad for v in nodes]),
        array("q", [index[id(parent)] for parent in parents]),
        array("d", [partial for v in nodes for partial in v.partials]),
        {i: v.label for i, v in enumerate(nodes) if v.label is not None},
        [*outside.values()],
    )


def unpack(
    ops: Sequence[str],
    op_numbers: array[int],
    arities: array[int],
    data: array[float],
    grads: array[float],
    parents: array[int],
    partials: array[float],
    labels: dict[int, str],
    outside: Sequence[Node],
) -> list[Any]:
    """Return new nodes from what pack() returned; ValueError if it does not fit together."""
    arrays = op_numbers, arities, data, grads, parents, partials
    fits = "".join(given.typecode for given in arrays) == "iiddqd"
    fits = fits and len(op_numbers) == len(arities) == len(data) == len(grads)
    fits = fits and len(parents) == len(partials) == sum(arities)
    if not fits or min(arities, default=0) < 0 or min(op_numbers, default=0) < 0:
        raise not_a_graph()
    made: list[Any] = []
    indices, numbers, end = parents.tolist(), partials.tolist(), 0
    try:
        for op, arity, x, grad in zip(op_numbers, arities, data, grads, strict=True):
            start, end = end, end + arity
            linked = [made[i] if i >= 0 else outside[-1 - i] for i in indices[start:end]]
            v = registry.engine.node(x, ops[op], tuple(linked), tuple(numbers[start:end]))
            v.grad = grad
            made.append(v)
        for i, label in labels.items():
            made[i].label = label
    except IndexError:  # an operation, or a parent that is not made yet
        raise not_a_graph() from None
    return made
