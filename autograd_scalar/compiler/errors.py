"""JitError and its kinds, and JitCheckError."""

from __future__ import annotations


class JitError(RuntimeError):
    """Raised for a function that cannot be compiled, or arguments that do not fit it; the message says what to do."""


class JitCheckError(AssertionError):
    """Raised by `jit(check=True)` where a compiled call differs from eager code; the message lists the differences.

    It is no JitError: code that falls back to eager code on a refusal must not hide a fault.
    """


class NothingToCompile(JitError):
    """Raised when a function returns no Value."""


class TooManyTraces(JitError):
    """Raised when a function takes more paths than it may keep traces for."""


class OpaqueOperation(JitError):
    """Raised when a function calls an operation that is a Python function, for which there is no machine code."""


class EnvironmentChanged(JitError):
    """Raised when what a function reads besides its arguments has changed since a kernel was made."""


class NeedsArrays(JitError):
    """Raised while a function runs on the elements of arrays, where only an array will do; it then gets them whole."""
