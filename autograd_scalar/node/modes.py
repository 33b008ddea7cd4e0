"""What may surround recording: `no_grad`, and `detect_anomaly` with the error it raises.

Both are context managers and decorators, hold for the thread (or task) that entered them, and nest.
Every eager method looks at `open_blocks` alone, which is 0 nearly always; only inside a block does
anybody ask for more.
"""

from __future__ import annotations

import linecache
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

#: How many no_grad and detect_anomaly blocks are open, in all threads together.
open_blocks = 0
#: Told that number whenever it changes; the compiled core keeps its own copy of it.
observers: list[Callable[[int], object]] = []
_counting = threading.Lock()
_open: set[object] = set()

#: Whether operations are recorded here.
recording: ContextVar[bool] = ContextVar("recording", default=True)
#: Where each node was made, by id, while anomalies are looked for here; None while they are not. An
#: id is used again once its node is gone, and then written over, so this grows with the largest
#: graph alone and keeps no node alive.
watching: ContextVar[dict[int, str] | None] = ContextVar("watching", default=None)


class Tracer(Protocol):
    """Is told of all that a function does with Values while it is recorded for compilation."""

    def made(self, v: Any) -> None:
        """Take note of a new node."""

    def constant(self, v: Any) -> None:
        """Take note of a new leaf, which a number became as an operand."""

    def leaf(self, v: Any) -> None:
        """Take note of a new leaf that was asked for, as Value(2.0)."""

    def copied(self, v: Any) -> float:
        """Return the number of a Value that stands for a float; the leaf that comes next has it."""

    def cut(self, v: Any, source: Any) -> None:
        """Take note of a new leaf that has its number from another Value, and is not differentiated."""

    def compared(self, symbol: str, x: Any, y: Any, outcome: bool) -> None:
        """Take note of a comparison, which may decide what the function does next."""

    def read(self, v: Any) -> None:
        """Take note that a number was taken out of a Value."""

    def used_by_identity(self, v: Any) -> None:
        """Note that a Value is a key, or is compared with itself; a float would be compared by size."""

    def differentiates_by(self, v: Any) -> None:
        """Take note that derivatives by a Value are asked for."""

    def is_number(self, v: Any) -> bool:
        """Return whether a Value stands for what is a float outside of the recording."""

    def number(self, v: Any) -> Any:
        """Return what stands for a float with the Value's number, which is not differentiated."""

    def refuse(self, what: str, advice: str = "do that outside") -> None:
        """Raise the error for what a replay could not do."""


#: The tracer that is told, while a function is recorded here.
tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


class AnomalyError(ArithmeticError):
    """The first nan or inf inside a `detect_anomaly` block: the operation, its operands, and the line that made it."""


def _count() -> None:
    global open_blocks
    with _counting:
        open_blocks = len(_open)
        for tell in observers:
            tell(open_blocks)


@contextmanager
def _block(*settings: tuple[ContextVar[Any], Any]) -> Iterator[None]:
    """Return a context in which variables have other values.

    However Ctrl-C interrupts it, they are as before afterwards, and the number of open blocks is never too low. (Too
    high, it would only make operations slower, until the next block.)
    """
    before = [(variable, variable.get()) for variable, _ in settings]
    block = object()
    try:
        _open.add(block)
        _count()
        for variable, value in settings:
            variable.set(value)
        yield
    finally:
        try:
            for variable, value in before:
                variable.set(value)
        finally:
            _open.discard(block)
            _count()


@contextmanager
def no_grad() -> Iterator[None]:
    """Return a context (or decorator) in which operations give plain leaves: no parents, nothing to differentiate.

    >>> from autograd_scalar import Value, no_grad
    >>> w = Value(2.0)
    >>> with no_grad():
    ...     y = w * 3.0
    >>> y.parents
    ()
    """
    with _block((recording, False)):
        yield


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Return a context (or decorator) in which the first nan or inf raises AnomalyError, forwards and backwards.

    The error names the operation, its operands' names and data, and the source line that recorded
    it.

    >>> from autograd_scalar import Value, detect_anomaly
    >>> with detect_anomaly():
    ...     Value(-1.0, label="p").log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd_scalar.node.modes.AnomalyError: log(p = -1.0) gave nan, at ...
    """
    outer = watching.get()
    with _block((watching, {} if outer is None else outer)):
        yield


@contextmanager
def tracing(by: Tracer) -> Iterator[None]:
    """Return a context in which a tracer is told of everything, and derivatives are recorded."""
    with _block((tracer, by), (recording, True)):
        yield


_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def caller() -> str:
    """Return where the code outside this package stands, as `file:line: source`."""
    frame = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((_PACKAGE, "<autograd_scalar")):
            source = linecache.getline(filename, frame.f_lineno, frame.f_globals).strip()
            return f"{filename}:{frame.f_lineno}" + (f": {source}" if source else "")
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown line"
