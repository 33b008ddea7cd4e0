"""No memory leaks: training steps, and operations that fail half-way, leave memory flat."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import subprocess
import sys

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, functions, nn, optim
from autograd_scalar.value import RECORD, UPDATE, pull_back, restore


def resident() -> int:
    """Return the resident memory of this process in bytes, or 0 if the system does not report it."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * 4096
    except FileNotFoundError:
        return 0


def growth(step, steps: int) -> tuple[int, int]:
    """Return the growth of memory over some steps after a warm-up, in Python's blocks and in bytes."""
    for _ in range(200):  # until every cache and free list is full
        step()
    gc.collect()
    blocks, size = sys.getallocatedblocks(), resident()
    for _ in range(steps):
        step()
    gc.collect()
    return sys.getallocatedblocks() - blocks, resident() - size


@pytest.mark.slow
def test_a_thousand_training_steps():
    model = nn.MLP(2, [4, 1])
    optimiser = optim.Adam(model.parameters())
    rows = [([0.1, 0.9], 1.0), ([0.7, -0.2], -1.0)]

    def step():
        loss = functions.sum([(model(x) - y) ** 2 for x, y in rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    blocks, size = growth(step, 1000)
    assert blocks < 250 and size < 2**20


def all_that_a_graph_can_do():
    x, y = Value(2.0, label="x"), Value(3.0)
    z = functions.dot([x, y, x], [y, y, 2.0], x) + functions.logsumexp([x, y, x * y])
    z.backward()
    z.recompute()
    ag.gradient(ag.gradient(z, x, create_graph=True), y)
    pickle.loads(pickle.dumps([z, x]))
    copy.deepcopy(z).zero_grad()
    with ag.no_grad():
        z.exp()
    with ag.detect_anomaly():
        z.exp().backward()
    z.__init__(1.0, label="z" * 100)


class Wrong:
    """An iterable that raises at its second element."""

    def __iter__(self):
        yield Value(1.0)
        raise KeyError("no more")


FAILURES = {
    "a fold over what raises": lambda x: RECORD["sum"](Wrong()),
    "a fold over what is no number": lambda x: RECORD["dot"]([x] * 9, [x] * 8 + ["1"]),
    "lists of two lengths": lambda x: RECORD["dot"]([x] * 9, [x] * 8),
    "an operand that is no number": lambda x: RECORD["clip"](x, x, None),
    "parents that are no Values": lambda x: restore(
        None, 1.0, 0.0, None, "sum", (x,) * 9 + (None,), (1.0,) * 10
    ),
    "too few partials": lambda x: restore(None, 1.0, 0.0, None, "sum", (x,) * 9, (1.0,) * 8),
    "partials that are no numbers": lambda x: restore(
        None, 1.0, 0.0, None, "sum", (x,) * 9, (1.0,) * 8 + ("one",)
    ),
    "a grad that is no number": lambda x: restore(
        None, 1.0, "0", None, "sum", (x,) * 9, (1.0,) * 9
    ),
    "seeds for what is no Value": lambda x: pull_back({x * x: 1.0, None: 1.0}, [x]),
    "an order of what is no Value": lambda x: ag.topological_order(x * x, None),
    "data of another kind": lambda x: (x * x).__init__("1"),
    "a running number of another kind": lambda x: UPDATE["sgd"]([x], [None], 1.0, 1.0, 1.0, 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILURES)
def test_failures_leak_no_memory(name):
    x = Value(1.0)

    def step():
        with contextlib.suppress(TypeError, ValueError, KeyError, AttributeError):
            FAILURES[name](x)

    references = sys.getrefcount(x)
    blocks, size = growth(step, 1000)
    assert blocks < 250 and size < 2**20
    assert sys.getrefcount(x) == references


@pytest.mark.slow
def test_no_operation_on_a_graph_leaks_memory():
    blocks, size = growth(all_that_a_graph_can_do, 500)
    assert blocks < 250 and size < 2**20


AT_THE_END = """
import sys
import autograd_scalar as ag
x = y = ag.Value(1.0, label="x")
for _ in range(300_000):
    y = y * x
class Late:
    def __del__(self):
        self.y.backward()
        z = self.y + 1.0
        sys.stdout.write("late\\n")
late = Late()
late.y, late.me = ag.Value(2.0) * 3.0, late
sys.late = y
"""


def test_the_interpreter_exits_with_graphs_alive():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", AT_THE_END], capture_output=True, text=True, env=environment
    )
    assert (ran.returncode, ran.stdout) == (0, "late\n")
