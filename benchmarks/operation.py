"""Single operations, as typed at a prompt: each result is dropped at once."""

from __future__ import annotations

from timeit import timeit

from benchmarks.harness import Column, Run, Sample, Workload
from benchmarks.packages import every_package, value_class

OPERATIONS = ("a * b", "a + 2.0", "a.relu()")
LOOPS = 200_000


def operations(module: str) -> Run:
    """Nanoseconds of each operation, less those of the empty loop."""
    Value = value_class(module)
    names = {"a": Value(2.0), "b": Value(-3.0)}

    def nanoseconds(statement: str) -> float:
        # timeit switches garbage collection off, and users do not.
        seconds = timeit(statement, "import gc; gc.enable()", number=LOOPS, globals=names)
        return seconds / LOOPS * 1e9

    def run() -> Sample:
        empty = nanoseconds("pass")
        return {statement: nanoseconds(statement) - empty for statement in OPERATIONS}

    return run


WORKLOAD = Workload(
    title="One operation",
    notes="Nanoseconds, the loop's own cost taken off.",
    contestants=every_package(operations),
    columns=tuple(Column(operation, f"{operation} ns", ratio=True) for operation in OPERATIONS),
)
