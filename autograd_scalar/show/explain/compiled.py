"""Compiled values written out: the graph of what a compiled function computes, from its program."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_scalar.node import modes
from autograd_scalar.ops.evaluate import CALLS
from autograd_scalar.ops.table import symbol
from autograd_scalar.value import Value, restore


def written_out(order: Sequence[Value]) -> tuple[dict[Value, Value], list[str]]:
    """Return the replacement of each value of a graph when compiled values are written out, and notes.

    Values that depend on no compiled one stand for themselves. A call that was mapped over rows stays
    as it is, since its node does not keep the rows.
    """
    mapped: dict[Value, Value] = {}
    opened, closed = dict[str, None](), dict[str, None]()
    for v in order:
        parents = tuple(mapped.get(parent, parent) for parent in v.parents)
        graph = None
        if v.op in CALLS:
            graph = _graph_of(v, parents)
            (closed if graph is None else opened)[symbol(v.op)] = None
        if graph is not None:
            mapped[v] = graph
        elif any(a is not b for a, b in zip(parents, v.parents, strict=True)):
            mapped[v] = restore(None, v.data, v.grad, v.label, v.op, parents, v.partials)
    notes = []
    if opened:
        notes.append(f"Compiled functions are written out: {', '.join(opened)}.")
    if closed:
        notes.append(
            f"Not written out: {', '.join(closed)}, mapped over rows that the node does not keep; "
            "its local derivatives are those of the compiled code."
        )
    return mapped, notes


def _graph_of(v: Value, parents: Sequence[Value]) -> Value | None:
    """Return the graph of a compiled value over its parents; None if its program alone does not give it."""
    recording = modes.recording.set(True)  # also inside no_grad()
    try:
        graph: Value = CALLS[v.op].replay(*parents)
    except RuntimeError:
        return None
    finally:
        modes.recording.reset(recording)
    if v.label and graph not in parents:
        graph.label = v.label
    return graph
