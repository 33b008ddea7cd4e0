"""Single operations, as typed at a prompt: each result is freed at once."""

from __future__ import annotations

from timeit import repeat
from typing import Any

from benchmarks.harness import Column, Run, Sample, Workload, clock
from benchmarks.packages import every_package, value_class

OPERATIONS = ("a * b", "a + 2.0", "a.relu()")
LOOPS = 100_000


def operations(module: str) -> Run:
    """Return a run that measures the nanoseconds of each operation, less those of an empty loop."""
    Value = value_class(module)
    values = {"x": Value(2.0), "y": Value(-3.0)}
    floats = {"x": 2.0, "y": -3.0}

    def nanoseconds(statement: str, operands: dict[str, Any]) -> float:
        # timeit disables garbage collection, which users' programs do not. Operands are local names.
        setup = "import gc; gc.enable(); a, b = x, y"
        return min(repeat(statement, setup, clock, 3, LOOPS, operands)) / LOOPS * 1e9

    def run() -> Sample:
        empty = nanoseconds("pass", values)
        sample = {operation: nanoseconds(operation, values) - empty for operation in OPERATIONS}
        sample["floats"] = nanoseconds("a * b", floats) - empty
        return sample | {"bound": 2.0 * sample["floats"] + 20.0}

    return run


WORKLOAD = Workload(
    title="One operation",
    notes="Nanoseconds, without the cost of the loop. 'floats' is a * b of two Python floats, in the same run.",
    contestants=every_package(operations),
    columns=(
        *(Column(operation, f"{operation} ns", ratio=True) for operation in OPERATIONS),
        Column("floats", "floats ns"),
        Column("bound", "2 * floats + 20"),
    ),
)
