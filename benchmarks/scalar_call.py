"""One call of a compiled scalar function from Python, and the parts of its cost."""

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

#: Source of a statement, and the values of the names in it.
Statement = tuple[str, dict[str, Any]]


def pointer_call() -> Statement:
    """Return a ctypes call of a C function of two pointers that does nothing."""
    nothing = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    address = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    assert address is not None
    here = ctypes.c_void_p(0)
    return "call(p, p)", {"call": nothing(address), "p": here}


def three_floats_stored() -> Statement:
    """Return the storing of three arguments in the array that a compiled function reads."""
    return "store[0] = a; store[1] = b; store[2] = c", {
        "store": memoryview(bytearray(24)).cast("d"),
        **{"a": X, "b": W, "c": B},
    }


def three_leaves_read() -> Statement:
    """Return the reading of the data of three Values."""
    Value = value_class(NATIVE)
    return "a.data; b.data; c.data", dict(zip("abc", map(Value, (X, W, B)), strict=True))


def node_built() -> Statement:
    """Return the creation of a Value with two parents and its partials by the eager engine."""
    Value = value_class(NATIVE)
    return "a * b", {"a": Value(X), "b": Value(W)}


def in_floats() -> Statement:
    """Return the expression over Python's floats."""
    return "tanh(w * x + b)", {"tanh": tanh, "x": X, "w": W, "b": B}


def eager() -> Statement:
    """Return the expression over Values, which makes three nodes."""
    Value = value_class(NATIVE)
    w, b = Value(W), Value(B)
    return "(w * x + b).tanh()", {"x": X, "w": w, "b": b}


def eager_backward() -> Statement:
    """Return the expression over Values and its backward pass."""
    statement, names = eager()
    return f"{statement}.backward()", names


def expression(x: Any, w: Any, b: Any) -> Any:
    """Return tanh(w x + b), the function to compile."""
    import autograd_scalar as ag

    return ag.tanh(w * x + b)


def compiled_floats() -> Statement:
    """Return a compiled call from floats to a float."""
    return "f(x, w, b)", {"f": jit(expression), "x": X, "w": W, "b": B}


def compiled_values() -> Statement:
    """Return a compiled call from Values to a Value: one node, with its partials."""
    Value = value_class(NATIVE)
    return "f(x, w, b)", {"f": jit(expression), "x": X, "w": Value(W), "b": Value(B)}


def compiled_backward() -> Statement:
    """Return a compiled call of Values and its backward pass."""
    statement, names = compiled_values()
    return f"{statement}.backward()", names


def timed(make: Callable[[], Statement]) -> Run:
    """Return a run that measures the nanoseconds of a statement, less those of an empty loop."""
    statement, names = make()

    def nanoseconds(statement: str) -> float:
        # timeit disables garbage collection, which users' programs do not. Operands are local names.
        setup = "import gc; gc.enable(); " + "; ".join(f"{name} = {name}_" for name in names)
        given = {f"{name}_": value for name, value in names.items()}
        return min(repeat(statement, setup, clock, 3, LOOPS, given)) / LOOPS * 1e9

    return lambda: {"time": nanoseconds(statement) - nanoseconds("pass")}


WORKLOAD = Workload(
    title="One call of tanh(w x + b)",
    notes="Nanoseconds, without the cost of the loop. The last four rows are parts of a compiled call, measured alone.",
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
