"""A chain of a million nodes, built, differentiated, copied, pickled and freed; and every pickler and protocol."""

from __future__ import annotations

import copy
import io
import itertools
import pickle
import sys
import threading
import traceback
from array import array

import pytest
from hypothesis import given, settings
from strategies import programs

import autograd_scalar as ag
from autograd_scalar import JitError, Value, topological_order
from autograd_scalar.node.pickling import unpacked

MILLION = 1_000_000


def chain(length: int) -> tuple[Value, Value]:
    """Return a leaf and the end of a chain of nodes over it."""
    x = Value(1.0, label="x")
    y = x
    for _ in range(length):
        y = -y
    return x, y


@pytest.fixture(scope="module")
def long_chain():
    x, y = chain(MILLION)
    y = y * x  # the leaf is shared by both ends
    yield x, y


@pytest.mark.slow
def test_backward_through_a_million_nodes(long_chain):
    x, y = long_chain
    y.zero_grad()
    y.backward()
    assert x.grad == 2.0
    y.backward()
    assert x.grad == 4.0


@pytest.mark.slow
def test_gradient_through_a_million_nodes(long_chain):
    x, y = long_chain
    assert ag.gradient(y, x) == 2.0


@pytest.mark.slow
def test_recompute_a_million_nodes(long_chain):
    x, y = long_chain
    x.data = 3.0
    y.recompute()
    assert y.data == 9.0
    x.data = 1.0
    y.recompute()
    assert y.data == 1.0


@pytest.mark.slow
def test_deepcopy_a_million_nodes(long_chain):
    x, y = long_chain
    y_twin, x_twin = copy.deepcopy((y, x))
    assert y_twin.parents[1] is x_twin is not x
    y_twin.backward()
    y_twin, x_twin = None, None


@pytest.mark.slow
def test_pickle_a_million_nodes(long_chain):
    x, y = long_chain
    y_twin, x_twin = pickle.loads(pickle.dumps((y, x)))
    assert y_twin.parents[1] is x_twin and x_twin.label == "x"
    assert sum(1 for _ in topological_order(y_twin)) == MILLION + 2


def test_free_a_million_nodes():
    x, y = chain(MILLION)
    references = sys.getrefcount(x)
    del y
    assert sys.getrefcount(x) == references - 1


@pytest.mark.slow
def test_second_derivatives_through_a_long_chain():
    x, y = chain(50_000)
    y = y * y
    first = ag.gradient(y, x, create_graph=True)
    assert (first.data, ag.gradient(first, x)) == (2.0, 2.0)


def test_jvp_through_a_long_chain():
    def f(x):
        for _ in range(50_000):
            x = -x
        return x * x

    assert ag.jvp(f, 3.0, 1.0) == (9.0, 6.0)


@pytest.mark.slow
def test_a_sum_of_a_million_is_one_node():
    xs = [Value(1.0) for _ in range(MILLION // 4)]
    y = ag.sum(xs)
    y.backward()
    assert y.data == MILLION / 4 and xs[0].grad == xs[-1].grad == 1.0
    assert len(pickle.loads(pickle.dumps(y)).parents) == len(xs)


# ----- pickling -----


def states() -> list[Value]:
    """Return the states of a recurrence, each computed from the previous one."""
    found = [Value(0.5)]
    for _ in range(20_000):
        found.append(found[-1] + 1.0)
    return found


def test_a_list_of_all_states_is_copied_in_linear_time():
    """Every node is visited once, not once for each element whose graph it is in: 20,000 * 20,000 visits take hours."""
    found = states()
    again = copy.deepcopy(found)
    assert again[-1].data == found[-1].data
    assert all(after.parents[0] is before for before, after in itertools.pairwise(again))


@pytest.mark.parametrize("order", [list, lambda found: found[::-1], lambda found: found[::2]])
def test_a_list_of_states_is_pickled_in_linear_time(order):
    found = order(states())
    dumped = pickle.dumps(found)
    assert len(dumped) < 200 * len(found)
    again = pickle.loads(dumped)
    assert [v.data for v in again] == [v.data for v in found]
    assert len(topological_order(*again)) == len(topological_order(*found))


def test_a_dump_within_a_dump_leaves_the_outer_one_intact():
    x, y = chain(100)
    middle = topological_order(y)[50]

    class Wrapped:
        """Pickles its Value in a dump of its own, within the outer one."""

        def __init__(self, v):
            self.v = v

        def __reduce__(self):
            return pickle.loads, (pickle.dumps(self.v),)

    again_y, inner, again_middle, again_x = pickle.loads(pickle.dumps([y, Wrapped(y), middle, x]))
    assert again_x in topological_order(again_y) and topological_order(again_y)[50] is again_middle
    assert len(topological_order(again_y, inner)) == 2 * len(topological_order(y))
    again_x, inner, again_y = pickle.loads(pickle.dumps([x, Wrapped(x), y]))
    assert topological_order(again_y)[0] is again_x is not inner


def test_a_pickler_that_is_kept_does_not_fix_the_numbers_of_later_dumps():
    _, y = chain(100)
    kept = pickle.Pickler(io.BytesIO())
    kept.dump(y)
    y.grad = 7.0
    end = y * 2.0
    again = pickle.loads(pickle.dumps([end, y]))
    assert again[0].parents[0] is again[1] and again[1].grad == 7.0


def test_a_memo_may_share_nodes_with_the_copy():
    _x, y = chain(100)
    middle = topological_order(y)[50]
    again = copy.deepcopy(y, {id(middle): middle})
    assert topological_order(again)[50] is middle and again is not y
    memo = {}
    pair = copy.deepcopy((y, [middle]), memo)
    assert topological_order(pair[0])[50] is pair[1][0] is not middle


def test_a_shallow_copy_shares_the_parents():
    x = Value(3.0)
    y = x * x
    y.label, y.grad = "y", 2.0
    again = copy.copy(y)
    assert again is not y and again.parents == (x, x) and again.parents[0] is x
    assert (again.data, again.label, again.grad) == (9.0, "y", 2.0)


def test_copying_and_pickling_are_refused_while_a_function_is_recorded():
    w = Value(2.0)
    with pytest.raises(JitError, match="copies a Value"):
        ag.jit(lambda x: copy.deepcopy(w * x))(1.0)
    with pytest.raises(JitError, match="pickles a Value"):
        ag.jit(lambda x: x * len(pickle.dumps(x)), frozen=[pickle.dumps])(1.0)


PACKED = {
    "op_numbers": array("i", [0, 1]),
    "arities": array("i", [0, 2]),
    "data": array("d", [3.0, 9.0]),
    "grads": array("d", [0.0, 0.0]),
    "parents": array("q", [0, 0]),
    "partials": array("d", [3.0, 3.0]),
}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("op_numbers", array("i", [0, 2])),
        ("op_numbers", array("i", [0, -1])),
        ("op_numbers", array("i", [0])),
        ("op_numbers", array("q", [0, 1])),
        ("arities", array("i", [0, 3])),
        ("arities", array("i", [3, -1])),
        ("arities", array("i", [0, 1])),
        ("data", array("d", [3.0])),
        ("grads", array("d", [3.0])),
        ("parents", array("q", [0, 1])),
        ("parents", array("q", [0, 7])),
        ("parents", array("q", [0, -1])),
        ("parents", array("q", [0])),
        ("partials", array("d", [3.0])),
        ("partials", array("f", [3.0, 3.0])),
    ],
)
def test_a_broken_pickle_of_a_graph_is_an_error(name, wrong):
    (_, y) = unpacked(("", "mul"), *PACKED.values(), {1: "y"}, [])
    assert repr(y) == "Value(data=9.0, grad=0.0, label='y', op='mul')"
    with pytest.raises(ValueError, match="packed nodes of a graph"):
        unpacked(("", "mul"), *(PACKED | {name: wrong}).values(), {}, [])


def test_an_outside_parent_must_be_a_value():
    with pytest.raises(TypeError, match="expected Values as the parents of a node"):
        unpacked(("", "mul"), *(PACKED | {"parents": array("q", [0, -1])}).values(), {}, [3.0])


@pytest.mark.slow
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dumps", [pickle.dumps, pickle._dumps], ids=["C", "Python"])
@pytest.mark.parametrize("loads", [pickle.loads, pickle._loads], ids=["C", "Python"])
def test_every_protocol_and_pickler(protocol, dumps, loads):
    x, y = chain(5_000)
    y = y * x
    y.backward()
    for order in ((y, x), (x, y), (y, y, x), {"x": x, "y": [y]}):
        again = loads(dumps(order, protocol))
        values = [*again.values()] if isinstance(again, dict) else [*again]
        found_x = next(v for v in values if type(v) is Value and v.label == "x")
        found_y = next(
            v for v in (u[0] if isinstance(u, list) else u for u in values) if v is not found_x
        )
        assert found_y.parents[1] is found_x
        assert [v.grad for v in topological_order(found_y)] == [
            v.grad for v in topological_order(y)
        ]


@pytest.mark.parametrize("protocol", range(0, pickle.HIGHEST_PROTOCOL + 1))
def test_a_leaf_and_a_small_graph_in_every_protocol(protocol):
    x = Value(0.1, label="a<b>")
    again = pickle.loads(pickle.dumps(x, protocol))
    assert (again.data, again.label, again.parents) == (0.1, "a<b>", ())
    assert repr(pickle.loads(pickle.dumps(x * x, protocol))) == repr(x * x)


@given(programs())
@settings(max_examples=20)
def test_random_graphs_survive_the_python_pickler(program):
    inputs, y = program.values()
    again, again_inputs = pickle._loads(pickle._dumps((y, inputs)))
    again.backward()
    y.backward()
    assert [v.grad for v in again_inputs] == [v.grad for v in inputs]


class Full(io.BytesIO):
    """A file on an almost full disk."""

    def write(self, data: bytes) -> int:
        if self.tell() > 20_000:
            raise OSError("no space left on device")
        return super().write(data)


@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_an_interrupted_dump_leaves_pickling_intact(pickler):
    _, y = chain(20_000)
    with pytest.raises(OSError, match="no space left") as kept:
        pickler(Full(), protocol=4).dump(y)
    assert kept.tb is not None  # the traceback keeps the pickler's frames alive, as in a REPL
    again = pickle.loads(pickle.dumps(y))
    assert (again.data, len(topological_order(again))) == (1.0, 20_001)
    traceback.clear_frames(kept.tb)  # a frame's buffer, left to the collector, is an error in 3.13


@pytest.mark.slow
@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler], ids=["C", "Python"])
def test_an_abandoned_pickler_leaves_pickling_intact(pickler):
    class Gives(pickler):
        def persistent_id(self, thing):
            if type(thing) is str and thing == "middle":
                raise RuntimeError("not this one")

    _, y = chain(20_000)
    middle = topological_order(y)[10_000]
    middle.label = "middle"
    with pytest.raises(RuntimeError, match="not this one") as kept:
        Gives(io.BytesIO()).dump(y)
    middle.label = None
    assert kept.tb is not None and len(topological_order(pickle.loads(pickle.dumps(y)))) == 20_001


@pytest.mark.slow
def test_threads_pickle_concurrently():
    failures = []

    def work():
        try:
            for _ in range(5):
                _, y = chain(5_000)
                assert len(topological_order(pickle.loads(pickle.dumps(y)))) == 5_001
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_one_pickler_for_several_dumps():
    x, y = chain(3_000)
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    for thing in (y, x, y):
        pickler.dump(thing)
    unpickler = pickle.Unpickler(io.BytesIO(file.getvalue()))
    first, leaf, again = (unpickler.load() for _ in range(3))
    assert first is again and topological_order(first)[0] is leaf


def test_a_graph_inside_an_object_that_pickles_itself():
    class_name = "Holder"
    holder = type(
        class_name, (), {"__reduce__": lambda self: (dict, ([("bytes", pickle.dumps(self.y))],))}
    )()
    _, holder.y = chain(3_000)
    outer = pickle.loads(pickle.dumps([holder, holder.y]))
    assert len(topological_order(pickle.loads(outer[0]["bytes"]))) == 3_001
