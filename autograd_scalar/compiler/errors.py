"""The errors of the compiler."""

from __future__ import annotations


class JitError(RuntimeError):
    """A function that cannot be compiled, or arguments that do not fit it; the message says what to do."""


class NothingToCompile(JitError):
    """A function that gave no Value."""


class TooManyTraces(JitError):
    """More paths than are kept."""


class EnvironmentChanged(JitError):
    """What the function reads has changed since its record was looked for."""
