"""Memory of a node: bytes that a graph keeps allocated."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks import moons
from benchmarks.harness import Column, Run, Sample, Workload
from benchmarks.packages import every_package, value_class

NODES = 100_000


def memory(module: str) -> Run:
    """Return a run that measures the bytes of a node with two operands, and of one in the moons graph."""
    Value = value_class(module)
    a, b = Value(2.0), Value(-3.0)
    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)
    nodes = moons.graph_size(moons.forward(Value, model, parameters))

    def run() -> Sample:
        spare = use_up(lambda: [a * b for _ in range(NODES // 10)])
        kept: list[Any] = [None] * NODES

        def fill() -> None:
            for i in range(NODES):
                kept[i] = a * b

        sample = {"product": allocated(fill) / NODES}
        sample["moons"] = allocated(lambda: moons.forward(Value, model, parameters)) / nodes
        del spare
        return sample

    return run


def use_up(make: Callable[[], list[Any]]) -> list[list[Any]]:
    """Make nodes until memory is allocated for them, and no longer reused from freed ones."""
    nodes: list[list[Any]] = []
    new_nodes = NODES // 10 * 50  # bytes; without any, a list takes 9 per item
    while allocated(lambda: nodes.append(make())) < new_nodes:
        pass
    return nodes


def allocated(build: Callable[[], Any]) -> int:
    """Return the bytes that the result of `build` keeps allocated, after garbage collection."""
    gc.collect()
    tracemalloc.start()
    kept = build()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size


WORKLOAD = Workload(
    title="Memory",
    notes="Allocated bytes (tracemalloc), data and operand tuples included.",
    contestants=every_package(memory),
    columns=(
        Column("product", "bytes for a * b", ratio=True),
        Column("moons", "bytes per node of the moons graph", ratio=True),
    ),
)
