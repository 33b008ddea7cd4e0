"""Hooks that an engine calls inside a no_grad, detect_anomaly or tracing block.

An engine calls these functions only while `modes.open_blocks` is not empty. Outside such a block recording costs
nothing extra.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from autograd_scalar.node import modes
from autograd_scalar.node.pickling import restore
from autograd_scalar.node.registry import N, Node

# ----- reports to the tracer -----


def on_new_node(v: Any) -> Any:
    """Report a new node, and return the result of the operation: the node, or a leaf inside no_grad."""
    made_at = modes.watching.get()
    if made_at is not None:
        made_at[id(v)] = modes.caller()
        check_finite(v)
    if (tracer := modes.tracer.get()) is not None:
        tracer.made(v)
        return v if modes.recording.get() else v.detach()
    return v if modes.recording.get() else restore(None, v.data, 0.0, None, "", (), ())


def on_opaque(op: str) -> None:
    """Report that an operation that is a Python function is about to be called."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.calls_opaque(op)


def on_constant(v: Node) -> None:
    """Report a leaf made from a number that is an operand."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.constant(v)


def on_leaf(v: Node) -> None:
    """Report a leaf made by calling Value()."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.leaf(v)


def on_read(v: Node) -> None:
    """Report that the data of a Value is read."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.read(v)


def on_text(v: Node) -> float | None:
    """Report that a Value is written as text; return the float that it stands for, or None for a real Value."""
    tracer = modes.tracer.get()
    return None if tracer is None else tracer.text(v)


def whole(v: Any) -> Any:
    """Return a Value that is a whole number as an int if it stands for a number in a traced function."""
    tracer = modes.tracer.get()
    return v if tracer is None else tracer.whole(v)


def is_number(v: Node) -> bool:
    """Return True for a Value that stands for a float in a traced function."""
    tracer = modes.tracer.get()
    return tracer is not None and tracer.is_number(v)


def on_comparison(symbol: str, x: Node, y: Any, outcome: bool) -> bool:
    """Report a comparison and return its outcome."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.compared(symbol, x, y, outcome)
    return outcome


def on_hash(v: Node) -> None:
    """Report that a Value is hashed."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.used_by_identity(v)


def forbid_while_tracing(what: str) -> None:
    """Raise JitError inside a traced function: its replays would not do `what` again."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.refuse(what)


def before_backward(v: Node, order: list[Any]) -> None:
    """Raise JitError inside a traced function; raise AnomalyError before any grad changes."""
    forbid_while_tracing("calls backward()")
    adjoints(order, {v: 1.0})


def read_silently(v: Any, attribute: str = "data") -> float:
    """Return a Value's data or grad without reporting that it is read."""
    if modes.tracer.get() is None:
        return getattr(v, attribute)  # type: ignore[no-any-return]
    token = modes.tracer.set(None)
    try:
        return getattr(v, attribute)  # type: ignore[no-any-return]
    finally:
        modes.tracer.reset(token)


# ----- anomalies -----


def check_finite(v: Node) -> None:
    """Raise AnomalyError if a node is nan or inf, inside a detect_anomaly block."""
    made_at = modes.watching.get()
    if made_at is not None and not isfinite(read_silently(v)):
        raise modes.AnomalyError(
            f"{_described(v)} gave {read_silently(v)!r}, at {_source(made_at, v)}"
        )


def adjoints(
    order: list[N], seeds: dict[N, float], replaced: Callable[[N, float], float] | None = None
) -> dict[N, float]:
    """Return the derivative of the seeded sum of outputs with respect to every node of a topological order.

    `replaced` returns the number to go on with in place of a node's derivative. No grad changes. Inside
    detect_anomaly() the first derivative that is nan or inf raises AnomalyError.
    """
    made_at = modes.watching.get()
    cotangents = dict.fromkeys(order, 0.0) | seeds
    for v in reversed(order):
        if replaced is not None:
            cotangents[v] = replaced(v, cotangents[v])
        upstream = cotangents[v]
        for parent, partial in zip(v.parents, v.partials, strict=True):
            cotangents[parent] += partial * upstream
            if made_at is not None and not isfinite(cotangents[parent]):
                raise modes.AnomalyError(
                    f"the gradient of {_name(parent)} is {cotangents[parent]!r} "
                    f"after backward through {_described(v)}: the local derivative is {partial!r} "
                    f"and the upstream gradient {upstream!r}; recorded at {_source(made_at, v)}"
                )
    return cotangents


def _source(made_at: dict[int, str], v: Node) -> str:
    return made_at.get(id(v), "a line outside detect_anomaly()")


def _described(v: Node) -> str:
    """Return a node's operation with its operands' names and data, for an error."""
    operands = [f"{_name(parent)} = {read_silently(parent)!r}" for parent in v.parents[:4]]
    return f"{v.op}({', '.join(operands)}{', ...' if len(v.parents) > 4 else ''})"


def _name(v: Node) -> str:
    label = v.label or v.op or "constant"
    return label if label.isprintable() else repr(label)
