"""The first call of a compiled function in a fresh interpreter: tracing, passes, code generation."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks import compiled, digits, moons
from benchmarks.harness import Column, Contestant, Run, Sample, Workload

TIMEOUT = 60.0  # seconds for one function
TIMED_CALLS = "from benchmarks import compile_time; compile_time.report({name!r})"


def a_point() -> Callable[[], Any]:
    """Return a call of the moons loss of one point, mapped over all points."""
    points, labels, _ = compiled.arrays()
    _, loss = compiled.loss_of_a_point()
    step = compiled.jit(loss, rows=(0, 1), reduce="mean")
    return lambda: step(points, labels)


def whole_batch() -> Callable[[], Any]:
    """Return a call of the moons step as written for micrograd: a loop over scalars of all points."""
    from autograd_scalar import Value

    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)
    step: Callable[[], Any] = compiled.jit(lambda: moons.forward(Value, model, parameters))
    return step


def a_digit() -> Callable[[], Any]:
    """Return a call of the loss of one digit, mapped over a batch."""
    pixels, classes = digits.data()
    _, loss = digits.loss_of_a_sample()
    x, y = pixels[: digits.BATCH], digits.targets(classes)[: digits.BATCH]
    step = compiled.jit(loss, rows=(0, 1), reduce="mean")
    return lambda: step(x, y)


def jax_step() -> Callable[[], Any]:
    """Return a call of the moons step over matrices, compiled by JAX."""
    return compiled.with_jax().call


def report(name: str) -> None:
    """Print the seconds of the first call and the microseconds of the third, as JSON."""
    call: Callable[[], Any] = globals()[name]()
    seconds = []
    for _ in range(3):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    print(json.dumps({"first": seconds[0], "later": seconds[-1] * 1e6}))


def fresh(name: str, package: str) -> Run:
    """Return a run that times one of these functions in a new interpreter with an empty cache."""
    import_module(package)
    command = [sys.executable, "-c", TIMED_CALLS.format(name=name)]

    def run() -> Sample:
        with TemporaryDirectory() as empty:
            environment = os.environ | {"XDG_CACHE_HOME": empty}
            folder = Path(__file__).parents[1]
            try:
                printed = subprocess.check_output(
                    command, cwd=folder, env=environment, timeout=TIMEOUT
                )
            except subprocess.TimeoutExpired:
                return {"first": math.nan, "later": math.nan}
        sample: Sample = json.loads(printed)
        return sample

    return run


WORKLOAD = Workload(
    title="Compile time: the first call in a fresh interpreter",
    notes="Seconds from the call to its result, then microseconds of a later call. Nothing is cached on disk. JAX "
    "gets matrices; 'as on micrograd' is the loop over all 100 points, in which every number is a scalar. A dash "
    f"means more than {TIMEOUT:.0f} s.",
    contestants=(
        Contestant("moons, one point mapped", fresh, ("a_point", "llvmlite")),
        Contestant("moons, as on micrograd", fresh, ("whole_batch", "llvmlite")),
        Contestant("digits, one sample mapped", fresh, ("a_digit", "llvmlite")),
        Contestant("JAX, moons", fresh, ("jax_step", "jax")),
    ),
    columns=(
        Column("first", "s for the first call"),
        Column("later", "µs for a later one"),
    ),
)
