"""A chain of ten million nodes against one of a million: time and memory grow in proportion."""

from __future__ import annotations

import resource
import sys

from benchmarks.chain import chain
from benchmarks.harness import Column, Contestant, Run, Sample, Workload
from benchmarks.packages import NATIVE

PHASES = ("build", "backward", "free")


def nodes(count: int) -> Run:
    """Return a run that measures seconds, nanoseconds per node of each phase, and peak memory."""
    seconds = chain(NATIVE, count)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes per unit of ru_maxrss

    def run() -> Sample:
        sample = seconds()
        sample |= {f"{phase} of a node": sample[phase] / count * 1e9 for phase in PHASES}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return sample | {"total": sum(sample[phase] for phase in PHASES), "peak": peak / 1e9}

    return run


WORKLOAD = Workload(
    title="A chain of 10,000,000 nodes, native engine",
    notes="Nanoseconds per node, and the peak memory of the process, Python and its modules included.",
    contestants=(
        Contestant("1,000,000 nodes", nodes, (1_000_000,)),
        Contestant("10,000,000 nodes", nodes, (10_000_000,)),
    ),
    columns=(
        Column("total", "s in all"),
        *(Column(f"{phase} of a node", f"{phase} ns") for phase in PHASES),
        Column("peak", "peak GB"),
    ),
)
