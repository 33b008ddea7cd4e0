"""Functions whose code has probes while a recording needs them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from types import CodeType, FunctionType

from autograd_scalar.compiler.capture.probes.instrumented import instrumented, is_instrumented
from autograd_scalar.node import modes

_lock = threading.RLock()
#: Functions with instrumented code by id: the function, its own code, and the number of observers that need it.
_replaced: dict[int, tuple[FunctionType, CodeType, int]] = {}


def instrument(function: FunctionType) -> bool:
    """Give a function instrumented code until no observer needs it; return True unless it had that already."""
    # The code is made without the lock, and set before the function is entered: a signal handler that interrupts this,
    # and records the same function, finds it with probes.
    instrumented(original_code(function))
    with _lock:
        known = _replaced.get(id(function))
        if known is None and is_instrumented(function.__code__):
            return False  # made by an instrumented function
        _, original, count = known or (function, function.__code__, 0)
        if not count:
            function.__code__ = instrumented(original)
        _replaced[id(function)] = function, original, count + 1
        return True


def restore(functions: Iterable[FunctionType]) -> None:
    """Give functions their own code back where no other observer needs the instrumented one."""
    with _lock:
        for function in functions:
            _, original, count = _replaced.pop(id(function), (function, function.__code__, 1))
            if count > 1:
                _replaced[id(function)] = function, original, count - 1
            elif is_instrumented(function.__code__):  # otherwise the user has replaced it since
                function.__code__ = original


def _restore_in_child() -> None:
    """Give functions their own code back in a forked process: the other threads, which recorded, are not in it."""
    _lock.release()
    if modes.tracer.get() is None:
        for function, _, count in [*_replaced.values()]:
            restore([function] * count)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_restore_in_child
    )


def original_code(function: FunctionType) -> CodeType:
    """Return the code of a function, without probes if another thread has it instrumented right now."""
    code = function.__code__
    if not is_instrumented(code):
        return code
    with _lock:
        known = _replaced.get(id(function))
        return function.__code__ if known is None else known[1]  # None: restored meanwhile
