"""The native engine against plain Python, in two processes that get the same commands: equal to the last bit."""

from __future__ import annotations

import random
import struct

import pytest
from cores.worker import Worker
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.ops.table import BUILT_IN, TABLE

ROWS = sorted(name for name in BUILT_IN if not TABLE[name].is_value_only)
inf, nan = float("inf"), float("nan")
EDGES = [
    *(0.0, 1.0, 0.5, 2.0, 3.0, 1 / 3, 2.5, 1e-8, 1e-300, 5e-324, 2.2250738585072014e-308),
    *(709.0, 710.0, 745.2, 1e8, 2.0**52 + 0.5, 2.0**53, 1e300, 1.7976931348623157e308, inf, nan),
]
EDGES += [-x for x in EDGES]


class Both:
    """Two workers, one for each engine, that get the same commands."""

    def __init__(self) -> None:
        self.native, self.python = Worker("native"), Worker("python")

    def ask(self, command: str, *arguments: object) -> object:
        """Return the answer of both workers; AssertionError if the answers differ."""
        answers = [worker.ask(command, *arguments) for worker in (self.native, self.python)]
        assert answers[0] == answers[1], (command, arguments)
        return answers[0]

    def close(self) -> None:
        self.native.close()
        self.python.close()


@pytest.fixture(scope="module")
def both():
    workers = Both()
    yield workers
    workers.close()


# ----- every row at any doubles -----


def any_double(draw: random.Random) -> float:
    """Return an edge case, a number of moderate size, or any 64 bits."""
    match draw.randrange(4):
        case 0:
            return draw.choice(EDGES)
        case 1:
            return struct.unpack("<d", draw.randbytes(8))[0]
        case 2:
            return draw.uniform(-4.0, 4.0)
        case _:
            return draw.choice((-1.0, 1.0)) * 2.0 ** draw.uniform(-40.0, 11.0)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_rows_agree_on_any_doubles(both, row):
    draw = random.Random(row)
    operands, lists = len(TABLE[row].operands), len(TABLE[row].lists)
    points = [[x, y, x][:operands] for x in EDGES for y in EDGES] if not lists else []
    for _ in range(1000):
        length = operands + lists * (draw.randrange(6) - 1)
        points.append([any_double(draw) for _ in range(length)])
    native, python = (worker.ask("rows", row, points) for worker in (both.native, both.python))
    assert [
        found for found in zip(points, native, python, strict=False) if found[1] != found[2]
    ] == []
    assert len(native) == len(python) == len(points)


@pytest.mark.parametrize("name", sorted(UPDATES))
def test_optimizers_agree_on_any_doubles(both, name):
    draw = random.Random(name)
    update = UPDATES[name]
    for _ in range(30):
        points = [[any_double(draw) for _ in range(30)] for _ in range(2 + len(update.running))]
        both.ask("updates", name, points, [any_double(draw) for _ in update.settings])


# ----- the same random program -----

places = st.integers(0, 1000)
doubles = st.one_of(st.floats(-4.0, 4.0), st.sampled_from(EDGES), st.floats())
operands = st.one_of(places, places, doubles)
modes = st.sampled_from(["", "", "", "no_grad", "detect_anomaly"])
labels = st.sampled_from([None, "x", "", "a<b>\n", "ü\ud800"])
oddities = st.sampled_from([None, "1", b"1", 10**400, 1j, True, 3, [], (1.0,), {}])
USERS = [
    ("user_a", "x * x * x", "3.0 * x * x"),
    ("user_a", "x / (1.0 + abs(x))", "1.0 / (1.0 + abs(x)) ** 2"),
    ("user_a", "x - y", "1.0, -1.0"),
    ("user_b", "exp(x) * user_a(x)", "z + exp(x) * user_a(x)"),
    ("user_b", "x * tanh(y)", "tanh(y), x * (1.0 - tanh(y) * tanh(y))"),
    ("user_b", "1.0 / x", "-z / x"),
]


class SameProgram(RuleBasedStateMachine):
    """Give both engines the same commands, and compare their whole state after every step."""

    both: Both

    @initialize(data=st.lists(doubles, min_size=2, max_size=4))
    def begin(self, data):
        self.both.ask("clear")
        for name, value, partials in USERS[:1] + USERS[5:]:
            self.both.ask("define", name, value, partials)
        for x in data:
            self.both.ask("leaf", x, None)

    def do(self, command, *arguments):
        self.both.ask(command, *arguments)
        self.size = len(self.both.ask("see"))

    @rule(data=st.one_of(doubles, doubles, oddities), label=st.one_of(labels, oddities))
    def leaf(self, data, label):
        self.do("leaf", data, label)

    @rule(mode=modes, row=st.sampled_from(ROWS), pool=st.lists(operands, min_size=3, max_size=8))
    def apply(self, mode, row, pool):
        names = TABLE[row].operands
        half = len(pool) // 2
        lists = [pool[:half], pool[half : 2 * half]]
        self.do("apply", mode, row, [
            lists.pop() if name in TABLE[row].lists else pool[i] for i, name in enumerate(names)
        ])  # fmt: skip

    @rule(
        mode=modes,
        operator=st.sampled_from(["+", "-", "*", "/", "**", "%"]),
        x=operands,
        y=operands,
    )
    def operate(self, mode, operator, x, y):
        self.do("operate", mode, operator, x, y)

    @rule(mode=modes, name=st.sampled_from(["user_a", "user_b"]), pool=st.lists(places, max_size=3))
    def apply_a_users_row(self, mode, name, pool):
        self.do("apply", mode, name, pool)

    @rule(row=st.sampled_from(USERS))
    def define(self, row):
        self.do("define", *row)

    @rule(xs=st.lists(operands, max_size=4))
    def softmax(self, xs):
        self.do("softmax", xs)

    @rule(mode=modes, y=places)
    def backward(self, mode, y):
        self.do("backward", mode, y)

    @rule(mode=modes, y=places)
    def recompute(self, mode, y):
        self.do("recompute", mode, y)

    @rule(y=places)
    def zero_grad(self, y):
        self.do("zero_grad", y)

    @precondition(lambda self: getattr(self, "size", 0) < 400)
    @rule(y=places, xs=st.lists(places, min_size=1, max_size=4), create_graph=st.booleans())
    def gradient(self, y, xs, create_graph):
        self.do("gradient", y, xs, create_graph)

    @rule(
        place=places,
        to=st.one_of(doubles, doubles, oddities),
        name=st.sampled_from(["data", "grad"]),
    )
    def write(self, place, name, to):
        self.do("write", place, name, to)

    @rule(place=places, label=st.one_of(labels, oddities))
    def write_label(self, place, label):
        self.do("write", place, "label", label)

    @rule(place=places, data=st.one_of(doubles, oddities), label=labels)
    def start_again(self, place, data, label):
        self.do("start_again", place, data, label)

    @rule(place=places)
    def detach(self, place):
        self.do("detach", place)

    @rule(chosen=st.lists(places, max_size=3))
    def deepcopy(self, chosen):
        self.do("deepcopy", chosen)

    @rule(chosen=st.lists(places, max_size=3), protocol=st.integers(2, 5), swap=st.booleans())
    def pickle(self, chosen, protocol, swap):
        workers = (self.both.native, self.both.python)
        pickles = [worker.ask("dumps", chosen, protocol) for worker in workers]
        assert [*map(type, pickles)] == [bytes, bytes]
        for worker, pickled in zip(workers, reversed(pickles) if swap else pickles, strict=True):
            assert worker.ask("loads", pickled) is None
        self.do("order", chosen)

    @rule(place=places)
    def drop(self, place):
        self.do("drop", place)
        self.do("leaf", 1.5, "new")  # so that there is a Value

    @rule(place=places, other=operands)
    def look(self, place, other):
        self.do("text", place)
        self.do("compare", place, other)


@pytest.mark.slow
def test_programs_agree(both):
    SameProgram.both = both
    run_state_machine_as_test(
        SameProgram, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
