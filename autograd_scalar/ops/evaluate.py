"""Rows evaluated on plain floats."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from autograd_scalar.ops import ieee
from autograd_scalar.ops.codegen import compiled, evaluator, function, shares
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, row_of

_fast: dict[str, Any] = {**ieee.FAST, "shares": shares}
_exact: dict[str, Any] = {**ieee.EXACT, "shares": shares}
#: Compiled functions, under the operation that their nodes have, as long as there is somebody who can call them.
CALLS: weakref.WeakValueDictionary[str, CompiledCall] = weakref.WeakValueDictionary()
_evaluators: dict[str, Callable[..., tuple[float, tuple[float, ...]]]] = {}


class CompiledCall(Protocol):
    """A function that was recorded and compiled: a node of it has its inputs for parents."""

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        """Return the value and the partial derivatives for some inputs."""

    def replay(self, *operands: Any) -> Any:
        """Return the value as a graph of the operations that were recorded, over some Values."""


def fast(row: Op) -> dict[str, Any]:
    """Return what the pasted row may call: math's own functions, quick, which raise where `evaluate` does not."""
    _provide(row, _fast, exact=False)
    return _fast


def _provide(row: Op, namespace: dict[str, Any], *, exact: bool) -> None:
    """Put the functions that a row calls into a namespace, and those that they call."""
    for name in row.calls - namespace.keys():
        namespace.update(compiled(function(TABLE[name], exact=exact), namespace))
        _provide(TABLE[name], namespace, exact=exact)


def forget(names: Iterable[str]) -> None:
    """Drop what was compiled of some rows, which have changed."""
    for name in names:
        for made in (_fast, _exact, _evaluators):
            made.pop(name, None)


def evaluate(name: str, *operands: Any) -> tuple[float, tuple[float, ...]]:
    """Return the value of a row and its partial derivatives, one for each operand or element of a list.

    Operands are floats, or lists of floats where the row has lists. IEEE 754 at every edge: nothing
    raises.

    >>> evaluate("log", 0.0)
    (-inf, (inf,))
    >>> evaluate("dot", [2.0, 3.0], [5.0, 7.0], 1.0)
    (32.0, (5.0, 7.0, 2.0, 3.0, 1.0))
    """
    if name in CALLS:
        return CALLS[name].evaluate(*operands)
    if name not in _evaluators:
        row = row_of(name)
        _provide(row, _exact, exact=True)
        _evaluators.update(compiled(evaluator(row), _exact))
    return _evaluators[name](*operands)
