"""tanh(w x + b) and its first three derivatives on a million rows, against hand-written NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.compiled import jit
from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.timing import stopwatch

ROWS = 1_000_000
BLOCK = 4_096  # rows whose five arrays of doubles fit the second-level cache
W, B = 1.7, -0.3

Derivatives = Callable[[], tuple[Any, Any, Any, Any]]


def rows() -> Any:
    """Return evenly spaced points over the range in which tanh changes."""
    import numpy as np

    return np.linspace(-3.0, 3.0, ROWS)


def formulas() -> Derivatives:
    """Return the formulas in plain NumPy, which compute tanh and its square once."""
    import numpy as np

    x = rows()

    def evaluate() -> tuple[Any, Any, Any, Any]:
        t = np.tanh(W * x + B)
        s = 1.0 - t * t
        return t, W * s, (-2.0 * W**2) * t * s, (2.0 * W**3) * s * (2.0 - 3.0 * s)

    return evaluate


def in_place() -> Derivatives:
    """Return the same in blocks that fit the cache, with results computed in place."""
    import numpy as np

    x = rows()

    def evaluate() -> tuple[Any, Any, Any, Any]:
        y, first, second, third = (np.empty(ROWS) for _ in range(4))
        s = np.empty(BLOCK)
        for start in range(0, ROWS, BLOCK):
            part = slice(start, start + BLOCK)
            t, d1, d2, d3 = y[part], first[part], second[part], third[part]
            u = s[: len(t)]
            np.multiply(x[part], W, out=u)
            u += B
            np.tanh(u, out=t)
            np.multiply(t, t, out=u)
            np.subtract(1.0, u, out=u)
            np.multiply(u, W, out=d1)
            np.multiply(t, u, out=d2)
            d2 *= -2.0 * W**2
            np.multiply(u, -3.0, out=d3)
            d3 += 2.0
            d3 *= u
            d3 *= 2.0 * W**3
        return y, first, second, third

    return evaluate


def ours() -> Derivatives:
    """Return a compiled function of four results, whose derivatives come from ag.grad."""
    import autograd_scalar as ag

    x = rows()

    def f(x: Any) -> Any:
        return ag.tanh(W * x + B)

    first = ag.grad(f)
    second = ag.grad(first)
    third = ag.grad(second)
    compiled = jit(lambda x: (f(x), first(x), second(x), third(x)))
    return lambda: compiled(x)


def timed(make: Callable[[], Derivatives]) -> Run:
    """Return a run that measures the milliseconds of an evaluation."""
    seconds = stopwatch(make())
    return lambda: {"time": seconds() * 1e3}


WORKLOAD = Workload(
    title="tanh(w x + b) and its first three derivatives with respect to x on 1,000,000 rows",
    notes="Each evaluation returns four new arrays of doubles; wall time. NumPy computes on one thread.",
    contestants=(
        Contestant("NumPy, the formulas", timed, (formulas,)),
        Contestant("NumPy, in blocks and in place", timed, (in_place,)),
        Contestant("ours", timed, (ours,)),
    ),
    columns=(Column("time", "ms", ratio=True),),
)
