"""The interpreter never crashes: with any arguments, errors half-way, and changes while an operation runs."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import numbers
import os
import pickle
import signal
import subprocess
import sys

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, functions, topological_order
from autograd_scalar.compiler.runtime import fast_call
from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD, UPDATE, constant, pull_back, restore, zero_grads


class Liar(numbers.Real):
    """A fake real number whose methods run a given function."""

    def __init__(self, act):
        self.act = act

    def __float__(self):
        return self.act()

    __complex__ = __index__ = __int__ = __trunc__ = __floor__ = __ceil__ = __float__
    __abs__ = __neg__ = __pos__ = __round__ = __hash__ = __bool__ = __repr__ = __len__ = __float__

    def _other(self, other):
        return self.act()

    __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _other
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _other
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _other


def fail():
    raise ZeroDivisionError("from within")


class Text(str):
    """A label that runs code when it is freed, and refers to other objects."""

    def __del__(self):
        self.act()


THINGS = [
    *(None, True, 1, -0.0, 1e309, 10**400, 1j, "", "1", b"", [], [None], (), {}, object, ...),
    *(Value, Value(1.0), Value.__new__(Value), functions.sin, Liar(fail), Liar(lambda: None)),
    *(Liar(lambda: "1"), Liar(lambda: 1.0), range(3), iter([1.0]), Value.data, type),
]
CALLS = {
    "Value": Value, "constant": constant, "topological_order": topological_order, "pull_back": pull_back,
    "zero_grads": zero_grads, "restore": restore, "gradient": ag.gradient,
    **{f"RECORD {name}": RECORD[name] for name, row in TABLE.items() if row.partials},
    **{f"UPDATE {name}": UPDATE[name] for name in UPDATES},
    **{name: getattr(Value, name) for name in dir(Value) if callable(getattr(Value, name))
       and name not in ("__class__", "__getattribute__", "__subclasshook__", "__dir__")},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_no_arguments_crash(name):
    v = Value(2.0) * 3.0
    for count in range(4):
        pool = THINGS if count < 2 else THINGS[::3]
        for chosen in itertools.product(pool, repeat=min(count, 2)):
            for arguments in (chosen, (v, *chosen), (*chosen, v, v)):
                try:
                    CALLS[name](*arguments)
                except Exception as problem:
                    assert not isinstance(problem, SystemError)
    topological_order(v)
    v.__init__(6.0)
    assert topological_order(v) == [v] and v.data == 6.0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", [None, "", "nothing", *TABLE])
@pytest.mark.parametrize("count", range(6))
def test_malformed_nodes_do_not_crash(row, count):
    """A forged pickle may hold any row with any number of parents."""
    x = Value(0.5)
    try:
        v = restore(None, 1.0, 0.0, None, row, (x,) * count, (1.0,) * count)
    except TypeError:
        return
    v.backward()
    assert x.grad == count
    twice = functools.partial(ag.gradient, v, x, create_graph=True)
    for act in (v.recompute, v.__repr__, v.__reduce__, twice):
        with contextlib.suppress(TypeError, ValueError, KeyError, IndexError):
            act()
    assert len(topological_order(v)) == 1 + (count > 0)


@pytest.mark.parametrize("attribute", [a for a in dir(Value) if a != "__class__"])
def test_attributes_cannot_be_removed(attribute):
    v = Value(2.0) * 3.0
    with contextlib.suppress(AttributeError, TypeError, NotImplementedError):
        delattr(v, attribute)
    with pytest.raises((TypeError, AttributeError)):
        v.__class__ = object


@pytest.mark.parametrize("attribute", ["data", "grad", "label"])
def test_settable_attributes_cannot_be_deleted(attribute):
    v = Value(2.0, label="v")
    with pytest.raises(
        AttributeError, match=f"property '{attribute}' of 'Value' object has no deleter"
    ):
        delattr(v, attribute)
    assert (v.data, v.grad, v.label) == (2.0, 0.0, "v")


def test_a_node_in_use_can_be_initialised_again():
    x = Value(2.0)
    inner = functions.sum([x, x, x])
    outer = inner * inner
    references = sys.getrefcount(x)
    inner.__init__(5.0)
    assert sys.getrefcount(x) == references - 3
    outer.recompute()
    outer.backward()
    assert (outer.data, inner.grad, x.grad) == (25.0, 10.0, 0.0)


def test_a_list_may_change_while_it_is_read():
    ws = [Value(1.0), Value(2.0), Value(3.0)]

    class Second:
        def __iter__(self):
            ws[0] = None
            return iter([Value(1.0)] * 3)

        def __len__(self):
            return 3

    try:
        y = RECORD["dot"](ws, Second())
    except TypeError as problem:
        assert "expected Values as the parents of a node, got None" in str(problem)
    else:
        assert y.data == 6.0
    growing = [1.0]
    growing.append(Liar(lambda: (growing.clear(), 1.0)[1]))
    growing += [3.0] * 1000
    assert RECORD["sum"](growing).data == 2.0


@pytest.mark.parametrize("threshold", [1, 3])
def test_a_garbage_collection_may_happen_anywhere(threshold):
    """The garbage collector, and with it any finalizer, may run wherever a tracked object is allocated."""
    x = Value(1.0)

    def chain(length):
        y = x
        for _ in range(length):
            y = functions.sum([y, x, 0.5])
        return y

    other = chain(50)
    held = []

    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            topological_order(other)
            ag.gradient(other, x)
            if held:
                held.pop().__init__(1.0)

    expected = ag.gradient(chain(20), [x])
    before = gc.get_threshold()
    try:
        for _ in range(60):
            y = chain(20)
            Cycle()
            gc.set_threshold(threshold)
            assert ag.gradient(y, [x]) == expected
            assert pull_back({y: 1.0}, [x, other]) == [*expected, 0.0]
            held.append(y)
            for v in topological_order(y):
                assert type(v.data) is float and len(v.parents) == len(v.partials)
            gc.set_threshold(0)
            held.clear()
    finally:
        gc.set_threshold(*before)


def test_labels_are_plain_strings():
    """A node keeps the text of a str subclass only, not its references or finalizer."""
    acted = []
    label = Text("a label")
    label.act = lambda: acted.append(True)
    v = Value(1.0, label=label)
    label.v = v  # a reference cycle if the node kept the label
    w = Value(2.0)
    w.label = label
    restored = restore(None, 3.0, 0.0, label, "", (), ())
    label = None
    gc.collect()
    assert acted == [True]
    assert [(type(x.label), x.label) for x in (v, w, restored)] == [(str, "a label")] * 3


WITHOUT_MEMORY = """
import _testcapi, gc
from autograd_scalar import Value
from autograd_scalar.node import registry
v = Value(1.0)
gc.disable()
for i in range(1000):
    op = f"short of memory {i}"
    try:
        _testcapi.set_nomemory(1 + i % 5, 0)
        try:
            registry.engine.node(1.0, op, (v,), (1.0,))
        finally:
            _testcapi.remove_mem_hooks()
    except MemoryError:
        pass
    assert registry.engine.node(1.0, op, (v,), (1.0,)).op == op
print("right")
"""


def test_running_out_of_memory_for_the_name_of_an_operation():
    """Runs in a separate process, because all allocations fail meanwhile, those of a coverage tool too."""
    pytest.importorskip("_testcapi")
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_MEMORY], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "right\n"


def test_uninitialised_calls_raise():
    with pytest.raises((TypeError, AttributeError)):
        fast_call.FastCall.__new__(fast_call.FastCall).try_call(())
    with pytest.raises((TypeError, AttributeError)):
        fast_call.BoundCall.__new__(fast_call.BoundCall)()


def test_numbers_may_run_code_while_they_are_read():
    x = Value(2.0)
    y = x * x
    for use in (y.__init__, y.__add__, lambda act: setattr(y, "data", act), x.clip):
        with contextlib.suppress(TypeError):
            use(Liar(lambda: (y.__init__(1.0), y.backward(), 1.5)[2]))
    assert topological_order(y)[-1] is y


def test_user_rows_that_fail_raise(monkeypatch):
    ag.define_op("users_failing_row", "x * x", "2.0 * x")
    x = Value(3.0)
    y = -x.users_failing_row()
    monkeypatch.delitem(TABLE, "users_failing_row")
    with pytest.raises(ValueError, match="'users_failing_row' is neither a row of the table"):
        y.recompute()
    y.backward()
    assert x.grad == -6.0


def test_recursion_errors_leave_results_right():
    """At the recursion limit an operation either raises RecursionError or is right."""
    x, y = Value(3.0), Value(4.0)
    wrong = []

    def deeper():
        try:
            z = x.hypot(y)
        except RecursionError:
            pass
        else:
            if abs(z.data - 5.0) > 1e-15:
                wrong.append(z.data)
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    assert wrong == []


INTERRUPTED_BLOCKS = """
import signal
import autograd_scalar as ag
from autograd_scalar.node import modes

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
for _ in range(500):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0003)
        while True:
            with ag.no_grad():
                pass
    except KeyboardInterrupt:
        pass
print(modes.recording.get(), ag.Value(2.0).exp().parents != ())
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on Windows")
def test_an_interrupted_block_is_left():
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_BLOCKS], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "True True\n"


IMPORTED_ANEW = """
import sys, warnings
import autograd_scalar as ag
first = ag.Value(2.0)
for name in [name for name in sys.modules if name.partition(".")[0] == "autograd_scalar"]:
    if "_native" not in name:
        del sys.modules[name]
warnings.simplefilter("ignore")
import autograd_scalar as ag
x = ag.Value(3.0)
with ag.no_grad():
    assert (x * x).parents == ()
cube = ag.define_op("anew", "x * x * x", "3.0 * x * x")
cube(x).backward()
print(ag.core(), x.grad)
"""


def test_the_package_can_be_imported_again():
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED_ANEW], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "python 27.0\n"


INTERRUPTED = """
import signal, sys, threading, os, time
import autograd_scalar as ag
x = y = ag.Value(1.0)
for _ in range(100_000):
    y = y * x
caught = 0
for _ in range(20):
    timer = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        while True:
            ag.topological_order(y)
            y.backward()
            y.recompute()
    except KeyboardInterrupt:
        caught += 1
    timer.join()
y.recompute()
y.zero_grad()
y.backward()
sys.stdout.write(f"{caught} {x.grad} {len(ag.topological_order(y))}")
"""


def run(script: str) -> str:
    """Return the output of a script in a new interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_interrupts_leave_a_big_graph_intact():
    assert run(INTERRUPTED) == "20 100001.0 100001"


FORKED = """
import os
import pickle
import autograd_scalar as ag
x = y = ag.Value(1.0)
for _ in range(100_000):
    y = y * x
pid = os.fork()
y.backward()
y.__init__(2.0)
if pid == 0:
    os._exit(0 if x.grad == 100_001.0 else 1)
print(os.waitpid(pid, 0)[1], x.grad)
"""


def test_a_forked_child_can_use_the_graph():
    assert run(FORKED) == "0 100001.0\n"


# The native engine cannot be imported into a second interpreter, which gets plain Python.
SECOND_INTERPRETER = """
import autograd_scalar as ag
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
x = ag.Value(3.0)
y = x * x
inner = interpreters.create()
failed = interpreters.run_string(inner, (
    "import autograd_scalar as ag; x = ag.Value(3.0); y = x * x; y.backward(); "
    "assert (ag.core(), x.grad) == ('python', 6.0)"
))
interpreters.destroy(inner)
y.backward()
print(failed, x.grad)
"""


def test_a_second_interpreter_can_import_the_package():
    assert run(SECOND_INTERPRETER) == "None 6.0\n"


@pytest.mark.slow
def test_pickled_nodes_may_reuse_addresses():
    """The addresses of nodes that a dump has asked for are soon those of others."""
    for _ in range(20):
        states = [Value(0.5)]
        for _ in range(900):
            states.append(states[-1] + 1.0)
        pickle.dumps([states[10], *states, -states[-1]])
        del states
        y = Value(1.0)
        for _ in range(900):
            y = y + 1.0
        assert pickle._loads(pickle._dumps(y)).data == 901.0
