"""Evaluate rows on floats."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, Protocol

from autograd_scalar.ops import ieee
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import row_of


def compiled(source: str, namespace: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return the function that a source defines, by name, with `namespace` as its globals.

    The source is put into linecache too, so that tracebacks, debuggers and inspect.getsource show it.
    """
    filename = f"<autograd_scalar {len(linecache.cache)}: {source.partition('(')[0]}>"
    made: dict[str, Callable[..., Any]] = {}
    exec(compile(source, filename, "exec"), namespace, made)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return made


def shares(parts: list[float]) -> list[float]:
    """Return numbers divided by their sum, which removes an error of rounding that they have in common.

    The weights exp(x - logsumexp) of two equal logits near 1e12 come out as 1.00003 each; as shares they are 0.5. A sum
    that is not positive and finite (there are infinities among the logits) leaves them unchanged.
    """
    total = 0.0
    for part in parts:
        total = total + part
    return [part / total for part in parts] if 0.0 < total < inf else parts


#: The globals of generated code: functions of `math`, which are fast but may raise; and functions that never do.
FAST: dict[str, Any] = {**ieee.FAST, "shares": shares}
_exact: dict[str, Any] = {**ieee.EXACT, "shares": shares}
#: Compiled functions by the `op` of their nodes, each kept while anything else refers to it.
CALLS: weakref.WeakValueDictionary[str, CompiledCall] = weakref.WeakValueDictionary()
_evaluators: dict[str, Callable[..., tuple[float, tuple[float, ...]]]] = {}


class CompiledCall(Protocol):
    """A compiled function; the parents of its node are the function's inputs."""

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        """Return the value and the partial derivatives at the operands."""

    def replay(self, *operands: Any) -> Any:
        """Return the value as a graph of the recorded operations over the operands, which are Values.

        Raises RuntimeError if the operands do not determine it, as for a function that was mapped over rows.
        """


def provide(rows: Iterable[Op]) -> None:
    """Make the Python functions of opaque operations known to generated code."""
    for row in rows:
        if row.function is not None:
            FAST[row.name] = _exact[row.name] = row.function


def forget(names: Iterable[str]) -> None:
    """Drop the functions compiled from rows that have changed."""
    for name in names:
        _evaluators.pop(name, None)


def evaluate(name: str, *operands: Any) -> tuple[float, tuple[float, ...]]:
    """Return the value of a row, and a tuple of its partial derivatives: one for each operand or list element.

    Operands are floats, or lists of floats for a row's list operands. Results at poles, overflows and outside the
    domain follow IEEE 754: no float raises.

    >>> evaluate("log", 0.0)
    (-inf, (inf,))
    >>> evaluate("dot", [2.0, 3.0], [5.0, 7.0], 1.0)
    (32.0, (5.0, 7.0, 2.0, 3.0, 1.0))
    """
    if name in CALLS:
        return CALLS[name].evaluate(*operands)
    if name not in _evaluators:
        from autograd_scalar.ops.codegen import (
            evaluator,
        )  # with the parser, not needed to import the package

        _evaluators.update(compiled(evaluator(row_of(name)), _exact))
    return _evaluators[name](*operands)
