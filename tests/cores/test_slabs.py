"""Slabs of the native engine: memory stays flat whichever nodes survive, and no live node is overwritten."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import sysconfig
import weakref

import pytest

from autograd_scalar import Value

SLAB = 2**18


def run(script: str, *options: str, **environment: str) -> str:
    """Return the output of a script in a new interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    ran = subprocess.run(
        [sys.executable, *options, "-c", script], capture_output=True, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


STEPS = """
import tracemalloc
import autograd_scalar as ag
ws = [ag.Value(0.1 * i) for i in range(20)]
history = []
def step():
    loss = ag.functions.sum([(w * w + 1.0).tanh() for w in ws * 10])
    loss.backward()
    for w in ws:
        w.data, w.grad = w.data - 0.01 * w.grad, 0.0
    return loss
def traced(keep):
    for _ in range(100):
        step()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        loss = step()
        if keep:
            history.append(loss.detach())
    del loss
    return tracemalloc.get_traced_memory()[0] - before
print(traced(False), traced(True))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("allocator", "slack"), [("", 2 * SLAB), ("debug", 20_000)])
def test_survivors_of_a_thousand_steps_do_not_hold_memory(allocator, slack):
    """A step has 1,000 nodes, or 96 KB; one node leaked at each step would add up to 96 KB."""
    flat, kept = map(int, run(STEPS, "-X", "tracemalloc", PYTHONMALLOC=allocator).split())
    assert flat < slack
    assert kept < 1000 * 110 + slack


SURVIVORS = """
import tracemalloc
from autograd_scalar import Value
x = Value(1.0)
before = tracemalloc.get_traced_memory()[0]
survivors, most = [], 0
for _ in range({graphs}):
    graph = [x * 2.0 for _ in range({nodes} // 2)]
    survivors += graph[::100]
    most = max(most, tracemalloc.get_traced_memory()[0])
print(len(survivors), most - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("graphs", "nodes"), [(2000, 1000), (40, 50_000)])
def test_one_of_every_hundred_products_survives(graphs, nodes):
    count, most = map(
        int, run(SURVIVORS.format(graphs=graphs, nodes=nodes), "-X", "tracemalloc").split()
    )
    assert count == graphs * nodes // 200
    alive = 2 * count + 2 * nodes  # products and their constants, and two graphs at once
    assert most < 2 * 110 * alive + 2 * SLAB


BIG = """
import tracemalloc
from autograd_scalar import Value
before = tracemalloc.get_traced_memory()[0]
values = [Value(1.0) for _ in range(1_000_000)]
del values
after, most = tracemalloc.get_traced_memory()
print(after - before, most - before)
"""


@pytest.mark.slow
def test_the_memory_of_a_big_graph_is_returned_to_the_system():
    left, most = map(int, run(BIG, "-X", "tracemalloc").split())
    assert most > 96_000_000
    assert left < 130 * SLAB  # 128 empty slabs are kept


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_live_nodes_are_never_overwritten(seed):
    """Nodes are made and freed at random, in growing and shrinking numbers; each keeps its data."""
    draw = random.Random(seed)
    leaf = Value(-1.0)
    alive: list[tuple[int, Value]] = []
    for number in range(60_000):
        v = leaf * float(number) if number % 3 else Value(float(-number), label=str(number))
        assert (v.grad, len(v.parents)) == (0.0, 2 if number % 3 else 0)
        v.grad = number
        alive.append((number, v))
        while alive and draw.random() < (0.3, 0.55)[number // 10_000 % 2]:
            place = draw.randrange(len(alive))
            alive[place], alive[-1] = alive[-1], alive[place]
            alive.pop()
    del v
    assert len({id(v) for _, v in alive}) == len(alive) > 1000
    for number, v in alive:
        assert (v.data, v.grad) == (-number, number)
        assert v.label == (None if number % 3 else str(number))
        assert [parent.data for parent in v.parents] == ([-1.0, number] if number % 3 else [])


def test_freeing_every_other_node():
    for start in (0, 1, 2):
        values = [Value(float(i)) for i in range(20_000)]
        del values[start::2]
        others = [Value(-1.0) for _ in range(20_000)]
        del values[::3]
        others += [Value(-1.0) for _ in range(20_000)]
        assert {v.data for v in others} == {-1.0}
        kept = [float(i) for i in range(20_000)]
        del kept[start::2], kept[::3]
        assert [v.data for v in values] == kept


def test_slabs_hold_only_values():
    """All slots have one size, and no node can be resurrected: freeing it runs no code that could reach it."""
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type.__new__(type(Value), "Sub", (Value,), {})
    with pytest.raises(TypeError, match="not safe"):
        object.__new__(Value)
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Value(1.0))
    assert not hasattr(Value, "__del__")
    assert sys.getsizeof(Value(1.0)) == Value.__basicsize__ <= 112


BLOCKS = """
import sys
from autograd_scalar import Value
values = [None] * 10_000
before = sys.getallocatedblocks()
for i in range(10_000):
    values[i] = Value(1.0)
print(sys.getallocatedblocks() - before > 9_000)
"""


def test_a_debugging_allocator_sees_each_node():
    assert run(BLOCKS, PYTHONMALLOC="debug") == "True\n"
    assert run(BLOCKS, "-X", "dev", PYTHONMALLOC="") == "True\n"
    always = hasattr(sys, "gettotalrefcount") or sysconfig.get_config_var("Py_GIL_DISABLED")
    assert run(BLOCKS, PYTHONMALLOC="", PYTHONDEVMODE="") == f"{bool(always)}\n"


NO_MEMORY = """
import resource
from autograd_scalar import Value
x = Value(1.0)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {room}, -1))
y, n = x, 0
try:
    while True:
        y = -y
        n += 1
except MemoryError:
    pass
try:
    y.backward()
except MemoryError:
    pass
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
x.grad = 0.0
y.backward()
assert n > 100_000 and x.grad == (-1.0) ** n, (n, x.grad)
y.__init__(1.0)
z = (x * x).exp()
z.backward()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory as Linux does")
@pytest.mark.parametrize("room", [50_000_000, 51_000_000, 52_345_678])
def test_running_out_of_memory_raises_memory_error(room):
    run(NO_MEMORY.format(room=room))


NAMES = """
from autograd_scalar import Value
from autograd_scalar.value import restore
x = Value(1.0)
made = 0
try:
    while True:
        v = restore(None, 1.0, 0.0, None, f"name {made}", (x,), (1.0,))
        made += 1
except OverflowError as problem:
    print(problem)
assert 65_000 < made < 65_536, made
assert v.op == f"name {made - 1}"
assert restore(None, 1.0, 0.0, None, "name 7", (x,), (1.0,)).op == "name 7"
assert (x * x).op == "mul"
"""


def test_too_many_operations_raise():
    assert run(NAMES).startswith("at most 65535 different operations are supported; 'name 65")
