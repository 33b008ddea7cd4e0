"""Recording modes: no_grad, detect_anomaly with the error that it raises, and tracing.

They are context managers and decorators, apply to the thread (or task) that entered them, and nest. Eager operations
check only `open_blocks`, which is nearly always empty; they look up the modes themselves only inside a block.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, Protocol

#: The open blocks of all modes, in all threads. A set, because a count would need a lock, and a signal handler that
#: interrupts its holder, or a child process forked meanwhile, would wait for it forever.
open_blocks: set[object] = set()
#: Called when the set changes; the native engine keeps its size.
observers: list[Callable[[], object]] = []

#: False inside no_grad.
recording: ContextVar[bool] = ContextVar("recording", default=True)
#: Inside detect_anomaly, the source line that made each node, by id; else None. The dict keeps no node alive: an id is
#: reused after its node is freed, and its entry overwritten, so there are never more entries than live nodes at once.
watching: ContextVar[dict[int, str] | None] = ContextVar("watching", default=None)


#: Attributes of a Value that tell how it was made, or what it is called.
DESCRIPTIONS = frozenset(["label", "op", "parents", "_op", "_prev"])


class Tracer(Protocol):
    """The interface of compiler.capture.tracer, which is notified of all that a traced function does with Values."""

    def made(self, v: Any) -> None:
        """Note a new node."""

    def calls_opaque(self, op: str) -> None:
        """Note that an operation that is a Python function is about to be called."""

    def constant(self, v: Any) -> None:
        """Note a new leaf, made from a number that is an operand."""

    def leaf(self, v: Any) -> None:
        """Note a new leaf made by a call such as Value(2.0)."""

    def copied(self, v: Any) -> float:
        """Return the number of a Value that stands for a float; the next leaf is a copy of it."""

    def cut(self, v: Any, source: Any) -> None:
        """Note a new leaf with the number of another Value, through which nothing is differentiated."""

    def compared(self, symbol: str, x: Any, y: Any, outcome: bool) -> None:
        """Note a comparison, on which the function may branch."""

    def read(self, v: Any) -> None:
        """Note that the data of a Value is read."""

    def used_by_identity(self, v: Any) -> None:
        """Note that a Value is a key of a dict or set, which tells equal Values apart, but not equal floats."""

    def described(self, v: Any, attribute: str) -> None:
        """Note that an attribute of a Value is read by the traced function itself."""

    def identified(self, x: Any, y: Any) -> None:
        """Note that two Values are compared with `is`."""

    def differentiates_by(self, v: Any) -> None:
        """Note that the function differentiates with respect to a Value."""

    def is_number(self, v: Any) -> bool:
        """Return True if a Value stands for a float outside the trace."""

    def number(self, v: Any) -> Any:
        """Return a stand-in for a float with the Value's number, through which nothing is differentiated."""

    def value(self, v: Any) -> Any:
        """Return a Value with the number of one that may stand for a float: the same if it does not."""

    def literal(self, number: float) -> Any:
        """Return a stand-in for a float that is the same in every replay."""

    def text(self, v: Any) -> float | None:
        """Return the float that a Value stands for, which is written as text; None for a real Value."""

    def whole(self, v: Any) -> Any:
        """Return a whole number as an int if the Value stands for a number; else the Value."""

    def used_as_array(self, what: str) -> None:
        """Note a call that differs for an array and for its elements one by one."""

    def refuse(self, what: str, advice: str = "do that outside") -> None:
        """Raise JitError for an action that a replay could not repeat."""


#: The active tracer, while a function is traced.
tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


class AnomalyError(ArithmeticError):
    """The first nan or inf inside a `detect_anomaly` block: the operation, its operands, and the line that made it."""


def _notify() -> None:
    for observer in observers:
        observer()


@contextmanager
def _block(*settings: tuple[ContextVar[Any], Any]) -> Iterator[None]:
    """Return a context in which context variables have other values.

    Wherever Ctrl-C interrupts it, the variables are restored, and no open block is missing from the set. One too many
    would only make operations slower.
    """
    before = [(variable, variable.get()) for variable, _ in settings]
    block = object()
    try:
        open_blocks.add(block)
        _notify()
        for variable, value in settings:
            variable.set(value)
        yield
    finally:
        try:
            for variable, value in before:
                variable.set(value)
        finally:
            open_blocks.discard(block)
            _notify()


@contextmanager
def no_grad() -> Iterator[None]:
    """Return a context (or decorator) in which operations return leaves: nothing is recorded.

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
    """Return a context (or decorator) in which the first nan or inf raises AnomalyError, forward and backward.

    The error names the operation, the labels and data of its operands, and the source line that recorded it.

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
    """Return a context in which all operations are recorded, and reported to a tracer."""
    with _block((tracer, by), (recording, True)):
        yield


#: Files of this package, and those that linecache has for generated code.
OWN_FILES = (os.path.dirname(os.path.dirname(__file__)) + os.sep, "<autograd_scalar")


def caller(*, source: bool = True) -> str:
    """Return the innermost line outside this package that is running, as `file:line: source` or as `file:line`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(OWN_FILES):
            location = f"{filename}:{frame.f_lineno}"
            text = source and linecache.getline(filename, frame.f_lineno, frame.f_globals).strip()
            return f"{location}: {text}" if text else location
        frame = frame.f_back
    return "an unknown line"
