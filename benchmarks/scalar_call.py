"""One call of a compiled scalar function from Python, and what such a call is made of."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from math import tanh
from timeit import repeat
from typing import Any

from benchmarks.compiled import jit
from benchmarks.harness import Column, Contestant, Run, Workload, clock
from benchmarks.packages import NATIVE, value_class

LOOPS = 100_000
X, W, B = 0.5, 1.7, -0.3

Statement = tuple[str, dict[str, Any]]  # and the names it uses


def pointer_call() -> Statement:
    """A C function that does nothing to two arrays: what ctypes takes by itself."""
    nothing = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    address = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    assert address is not None
    here = ctypes.c_void_p(0)
    return "call(p, p)", {"call": nothing(address), "p": here}


def three_floats_stored() -> Statement:
    """Arguments written where a compiled function reads them."""
    return "store[0] = a; store[1] = b; store[2] = c", {
        "store": memoryview(bytearray(24)).cast("d"),
        **{"a": X, "b": W, "c": B},
    }


def three_leaves_read() -> Statement:
    """The present data of Values."""
    Value = value_class(NATIVE)
    return "a.data; b.data; c.data", dict(zip("abc", map(Value, (X, W, B)), strict=True))


def node_built() -> Statement:
    """A Value of two parents with its partials, as the eager engine makes one."""
    Value = value_class(NATIVE)
    return "a * b", {"a": Value(X), "b": Value(W)}


def in_floats() -> Statement:
    """The expression in Python's floats."""
    return "tanh(w * x + b)", {"tanh": tanh, "x": X, "w": W, "b": B}


def eager() -> Statement:
    """The expression in Values: three nodes."""
    Value = value_class(NATIVE)
    w, b = Value(W), Value(B)
    return "(w * x + b).tanh()", {"x": X, "w": w, "b": b}


def eager_backward() -> Statement:
    """And back."""
    statement, names = eager()
    return f"{statement}.backward()", names


def expression(x: Any, w: Any, b: Any) -> Any:
    """What is compiled."""
    import autograd_scalar as ag

    return ag.tanh(w * x + b)


def compiled_floats() -> Statement:
    """Floats in, a float out."""
    return "f(x, w, b)", {"f": jit(expression), "x": X, "w": W, "b": B}


def compiled_values() -> Statement:
    """Values in, a Value out: one node, its partials computed with it."""
    Value = value_class(NATIVE)
    return "f(x, w, b)", {"f": jit(expression), "x": X, "w": Value(W), "b": Value(B)}


def compiled_backward() -> Statement:
    """And back."""
    statement, names = compiled_values()
    return f"{statement}.backward()", names


def timed(make: Callable[[], Statement]) -> Run:
    """Nanoseconds of the statement, less those of the empty loop."""
    statement, names = make()

    def nanoseconds(statement: str) -> float:
        # timeit switches garbage collection off, and users do not. Operands are a function's own names.
        setup = "import gc; gc.enable(); " + "; ".join(f"{name} = {name}_" for name in names)
        given = {f"{name}_": value for name, value in names.items()}
        return min(repeat(statement, setup, clock, 3, LOOPS, given)) / LOOPS * 1e9

    return lambda: {"time": nanoseconds(statement) - nanoseconds("pass")}


WORKLOAD = Workload(
    title="One call of tanh(w x + b)",
    notes="Nanoseconds, the loop's own cost taken off. The last four rows are parts of a compiled call, each alone.",
    contestants=(
        Contestant("Python's floats", timed, (in_floats,)),
        Contestant("Values", timed, (eager,)),
        Contestant("Values and backward()", timed, (eager_backward,)),
        Contestant("compiled, floats", timed, (compiled_floats,)),
        Contestant("compiled, Values", timed, (compiled_values,)),
        Contestant("compiled, Values and backward()", timed, (compiled_backward,)),
        Contestant("part: a ctypes call that does nothing", timed, (pointer_call,)),
        Contestant("part: three floats stored in an array", timed, (three_floats_stored,)),
        Contestant("part: three Values read", timed, (three_leaves_read,)),
        Contestant("part: a Value of two parents built", timed, (node_built,)),
    ),
    columns=(Column("time", "ns", ratio=True),),
)
