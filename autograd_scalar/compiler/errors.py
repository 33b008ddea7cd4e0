"""JitError and its kinds."""

from __future__ import annotations


class JitError(RuntimeError):
    """Raised for a function that cannot be compiled, or arguments that do not fit it; the message says what to do."""


class NothingToCompile(JitError):
    """Raised when a function returns no Value."""


class TooManyTraces(JitError):
    """Raised when a function takes more paths than it may keep traces for."""


class EnvironmentChanged(JitError):
    """Raised when captured objects change between the snapshot and the trace."""
