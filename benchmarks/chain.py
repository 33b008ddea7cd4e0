"""Build, differentiate and free a chain of a million nodes: the cost of depth, and of recursion."""

from __future__ import annotations

import gc
import math

from benchmarks.harness import Column, Run, Sample, Workload, clock
from benchmarks.packages import every_package, value_class

NODES = 1_000_000


def chain(module: str, nodes: int = NODES) -> Run:
    """Return a run that measures the seconds of each phase; nan for a backward that cannot recurse."""
    Value = value_class(module)

    def run() -> Sample:
        start = clock()
        factor = Value(1.0 + 1e-9)
        v = Value(1.0)
        for _ in range(nodes):
            v = v * factor
        built = clock()
        try:
            v.backward()
            passed = clock()
            backward = passed - built
        except RecursionError:
            passed = clock()
            backward = math.nan
        del v
        gc.collect()
        return {"build": built - start, "backward": backward, "free": clock() - passed}

    return run


WORKLOAD = Workload(
    title="A chain of 1,000,000 nodes",
    notes="Seconds. Freeing is dropping the last reference and one gc.collect(). "
    "A dash: RecursionError.",
    contestants=every_package(chain),
    columns=(
        Column("build", "build s", ratio=True),
        Column("backward", "backward s"),
        Column("free", "free s", ratio=True),
    ),
)
