"""Captured objects and static arguments: a change of any of them is noticed at the next call."""

from __future__ import annotations

import array
import collections
import copy
import functools
import gc
import random
import sys
import threading
import time
import types
import weakref

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, data, nn

SCALE = 2.0


def scaled(x):
    return SCALE * x


class Settings:
    rate = 3.0


SETTINGS = Settings()


class Slotted:
    __slots__ = ("k",)


SLOTTED = Slotted()
SLOTTED.k = 5.0
DICT, LIST, TEXT, ARRAY = {"a": 2.0}, [2.0, 3.0], "one 2.0", np.array([2.0, 3.0])


class Layer(nn.Module):
    factor = 1.0

    def __init__(self):
        self.w, self.inner = Value(2.0), Settings()
        self.fast = ag.jit(self.forward_one)

    def forward_one(self, x):
        return self.w * x * self.factor * self.inner.rate

    def __call__(self, x):
        return self.forward_one(x)


MAKERS = {
    "the function itself": lambda: lambda x: SCALE * x,
    "a helper": lambda: lambda x: scaled(x),
    "a derivative": lambda: ag.grad(lambda x: scaled(x) * x),
    "a partial": lambda: functools.partial(lambda a, x: a * scaled(x), 1.0),
    "another compiled function": lambda: ag.jit(scaled),
    "a nested compiled function": lambda: (lambda inner: lambda x: inner(x))(ag.jit(scaled)),
    "a callable": lambda: type("Callable", (), {"__call__": lambda self, x: scaled(x)})(),
    "a wrapped function": lambda: functools.wraps(scaled)(lambda x: scaled(x)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_changed_global_is_noticed(monkeypatch, name):
    f = MAKERS[name]()
    compiled = ag.jit(f)
    for scale in (2.0, 5.0, 2.0, 7.0):
        monkeypatch.setattr(sys.modules[__name__], "SCALE", scale)
        assert compiled(3.0) == f(3.0)


def test_a_changed_attribute_of_a_global_is_noticed(monkeypatch):
    f = ag.jit(lambda x: x * SETTINGS.rate)
    assert f(2.0) == 6.0
    monkeypatch.setattr(SETTINGS, "rate", 4.0, raising=False)
    assert f(2.0) == 8.0
    monkeypatch.undo()
    monkeypatch.setattr(Settings, "rate", 5.0)
    assert f(2.0) == 10.0


def test_a_parameter_is_not_taken_for_a_global_of_its_name(monkeypatch):
    f = ag.jit(lambda SCALE, n: SCALE * n)
    for scale in (2.0, 5.0, 7.0):
        monkeypatch.setattr(sys.modules[__name__], "SCALE", scale)
        assert f(scale, 3.0) == 3.0 * scale
    assert len(f.paths) == 1


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * sum(DICT.values()) * DICT.get("a"),
        lambda x: x * LIST.index(3.0),
        lambda x: x * float(TEXT.split()[1]),
        lambda x: x * ARRAY.sum(),
        lambda x: x * ARRAY.T[0] * ARRAY.shape[0],
        lambda x: x * SLOTTED.k,
    ],
)
def test_methods_and_attributes_of_captured_objects(f):
    compiled = ag.jit(f)
    assert (compiled(2.0), compiled(3.0)) == (f(2.0), f(3.0))
    assert len(compiled.paths) == 1


def test_a_changed_slot_is_noticed(monkeypatch):
    f = ag.jit(lambda x: x * SLOTTED.k)
    assert f(2.0) == 10.0
    monkeypatch.setattr(SLOTTED, "k", 6.0)
    assert f(2.0) == 12.0


def test_a_changed_module_of_the_user_is_noticed(monkeypatch):
    settings = types.ModuleType("settings")
    exec("rate = 3.0\ndef scaled(x): return rate * x", vars(settings))
    monkeypatch.setitem(globals(), "settings", settings)
    f = ag.jit(lambda x: x * settings.rate)
    g = ag.jit(lambda x: settings.scaled(x))
    assert (f(2.0), g(2.0)) == (6.0, 6.0)
    settings.rate = 4.0
    assert (f(2.0), g(2.0)) == (8.0, 8.0)
    del settings.rate
    with pytest.raises(AttributeError, match="rate"):
        f(2.0)


def test_a_changed_attribute_of_an_attribute_is_noticed():
    layer = Layer()
    assert layer.fast(1.0).data == 6.0
    layer.inner.rate = 4.0
    assert layer.fast(1.0).data == 8.0
    layer.factor = 10.0
    assert layer.fast(1.0).data == 80.0


def test_a_copied_model_has_its_own_parameters():
    layer = Layer()
    layer.fast(1.0)
    other = copy.deepcopy(layer)
    other.w.data = 7.0
    assert (layer.fast(1.0).data, other.fast(1.0).data) == (6.0, 21.0)
    compiled = ag.jit(layer)
    assert copy.deepcopy(compiled).f is not layer
    assert copy.deepcopy(ag.jit(scaled)).f is scaled


def test_changed_slots_and_sets_among_the_arguments_are_noticed():
    slotted = Slotted()
    f = ag.jit(lambda x, slotted: x * slotted.k)
    for slotted.k in (2.0, 3.0):
        assert f(1.0, slotted) == slotted.k
    g = ag.jit(lambda x, flags: x * (10.0 if "a" in flags else 1.0))
    flags = set()
    assert g(1.0, flags) == 1.0
    flags.add("a")
    assert g(1.0, flags) == 10.0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (iter([1.0]), "argument 1 is an iterator"),
        (random.Random(0), "argument 1 is a random generator"),
        (np.random.default_rng(0), "argument 1 is a random generator"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "argument 1 is a masked array"),
    ],
)
def test_arguments_that_a_replay_could_not_repeat_are_refused(argument, message):
    with pytest.raises(JitError, match=message):
        ag.jit(lambda x, y: x * 2.0)(1.0, argument)


def test_random_numbers_of_numpy_are_refused():
    with pytest.raises(JitError, match="draws random numbers"):
        ag.jit(lambda x: x * np.random.rand())(1.0)


def test_concurrent_calls_keep_their_data_apart():
    f = ag.jit(lambda x: x * x, rows=0, reduce="sum")
    arrays = [np.full(5, float(k)) for k in range(4)]
    f(arrays[0])
    failures = []

    def work(k):
        for _ in range(500):
            if f(arrays[k]) != 5.0 * k * k:
                failures.append(k)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures


def test_a_bound_kernel_reads_the_assigned_shared_array():
    w = Value(2.0)
    bound = ag.jit(lambda x: (w * x) ** 2, rows=0, reduce="sum").kernel(np.array([1.0, 3.0]))
    assert bound() == 40.0
    bound.shared = bound.shared - 1.0
    assert bound() == 10.0
    with pytest.raises(AttributeError):
        bound.gradient = 1.0


def test_a_recording_keeps_alive_what_is_behind_a_weak_reference():
    layer = Layer()
    reference = weakref.ref(layer)
    f = ag.jit(lambda x: reference().fast(x) if reference() else -x)
    found = f(2.0)
    del layer
    gc.collect()
    assert f(2.0).data == found.data and reference() is not None


def test_a_deleted_function_keeps_no_model_alive():
    layer = Layer()
    layer.fast(1.0).backward()
    reference = weakref.ref(layer)
    del layer
    gc.collect()
    assert reference() is None


@pytest.mark.slow
@pytest.mark.parametrize("row", ["softplus", "tanh", "exp"])
def test_a_guard_at_the_edge_of_rounding_takes_either_side(row):
    function = getattr(ag, row)
    for x in np.random.default_rng(0).normal(size=20).tolist():
        edge = function(x)
        f = ag.jit(lambda t, edge=edge: t if function(t) >= edge else t * 3.0)
        near = f(np.array([x, x + 1.0, x - 1.0]))
        assert near[0] in (x, 3.0 * x)  # libm and its vector versions may differ by an ulp
        assert near[1:].tolist() == [x + 1.0, 3.0 * (x - 1.0)]


def test_training_runs_eagerly_under_detect_anomaly_and_not_under_no_grad():
    moons = data.moons(20, noise=0.1, seed=0)
    with ag.detect_anomaly():
        history = ag.train.fit(nn.MLP(2, [3, 1], seed=0), moons, epochs=2, progress=False, jit=True)
    assert not history.compiled
    with ag.no_grad(), pytest.raises(ValueError, match=r"inside no_grad\(\)"):
        ag.train.fit(nn.MLP(2, [3, 1], seed=0), moons, epochs=2, progress=False)


def test_a_compiled_model_shares_the_attributes_of_the_model():
    layer = Layer()
    compiled = ag.jit(layer)
    assert compiled(1.0).data == 6.0
    compiled.factor = 5.0
    assert layer.factor == 5.0
    assert compiled(1.0).data == 30.0
    assert compiled.parameters() == [layer.w]


def test_functions_that_differ_in_a_number_have_distinct_operations():
    x = Value(1.0)
    nodes = [ag.jit(lambda x, k=k: x * k)(x) for k in (0.5928243839011145, 0.44975099711600186)]
    x.data = 2.0
    for v in nodes:
        v.recompute()
    assert [v.data for v in nodes] == [2.0 * 0.5928243839011145, 2.0 * 0.44975099711600186]


def test_a_bound_kernel_may_be_called_by_several_threads():
    w = Value(2.0)
    bound = ag.jit(lambda x: (w * x) ** 2, rows=0, reduce="sum").kernel(np.arange(50.0))
    expected, failures = bound(), []

    def work():
        failures.extend(value for _ in range(500) if (value := bound()) != expected)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_changed_items_of_lists_and_dicts_are_noticed():
    settings, weights = {"rate": 2.0, "deep": {"shift": [1.0]}}, [Value(3.0)]

    def f(x):
        return settings["rate"] * x + settings["deep"]["shift"][0] + sum(w.data for w in weights)

    def g(x):
        return ag.sum([w * x for w in weights]) * settings["rate"]

    compiled, also = ag.jit(f), ag.jit(g)

    def agree():
        assert compiled(2.0) == f(2.0)
        assert also(2.0).data == g(2.0).data

    agree()
    for change in (
        lambda: settings.update(rate=5.0),
        lambda: settings["deep"]["shift"].__setitem__(0, -0.0),
        lambda: settings["deep"].update(shift=[7.0]),
        lambda: weights.append(Value(4.0)),
        lambda: weights.__setitem__(0, Value(0.5)),
        lambda: settings.update(rate=2.0),
    ):
        change()
        agree()
    recorded = len(compiled.paths)
    settings["rate"] = 5.0
    agree()
    assert len(compiled.paths) == recorded  # both traces are kept


@pytest.mark.slow
def test_endless_recording_warns_once():
    rate, n = 0.5, 0
    f = ag.jit(lambda x, n: x * rate + n)
    with pytest.warns(RuntimeWarning) as caught:
        for n in range(70):
            rate = 1.0 / (n + 1)
            f(1.0, n)
    (warning,) = caught
    assert str(warning.message) == (
        "jit(lambda) has been recorded for 64 structures of arguments, and each new one evicts the oldest; "
        "they differ in n, rate; pass numbers that change as floats, or keep them in Values"
    )
    assert warning.filename == __file__
    g = ag.jit(lambda x: x * x.data)
    with pytest.warns(
        RuntimeWarning, match=r"jit\(lambda\) has 64 recorded paths, .* they branch at .*:\d+"
    ):
        assert [g(float(n)) for n in range(70)] == [float(n * n) for n in range(70)]


def test_explain_names_the_differences():
    settings, rate, other = {"rate": 2.0}, 0.5, 1.0
    f = ag.jit(lambda x, n: x**n * rate * settings["rate"] * other)
    f(1.0, 2)
    rate = 0.25
    f(1.0, 3)
    settings["rate"] = 7.0
    f(1.0, 3)
    heads = [line for line in f.explain().splitlines() if line.startswith("arguments")]
    assert heads == [
        "arguments 1: float, n = 2, rate = 0.5, settings with 'rate', 2.0",
        "arguments 2: float, n = 3, rate = 0.25, settings with 'rate', 2.0",
        "arguments 3: float, n = 3, rate = 0.25, settings with 'rate', 7.0",
    ]


def test_a_longer_list_is_noticed_by_its_length():
    points = [float(i) for i in range(1000)]
    f = ag.jit(lambda w: ag.sum([w * x for x in points]))
    assert f(1.0) == 499_500.0
    points.append(0.5)
    assert f(1.0) == 499_500.5


def test_a_list_may_contain_itself():
    items = [2.0]
    items.append(items)
    f = ag.jit(lambda x: x * items[1][1][0])
    assert f(3.0) == 6.0
    items[0] = 4.0
    assert f(3.0) == 12.0


# ----- every path to a number -----


class Base:
    def __call__(self, x):
        return x * self.rate


class Reader(Base):
    def __init__(self):
        self.rate, self.other, self.inner, self._hidden = (
            2.0,
            0,
            types.SimpleNamespace(rate=3.0),
            5.0,
        )

    @property
    def hidden(self):
        return self._hidden * SCALE

    @staticmethod
    def helped(x):
        return x * SCALE

    def by_method(self, x):
        return self.scaled(x) + self.helped(x)

    def scaled(self, x):
        return self.inner.rate * x

    def by_alias(self, x):
        inner = self.inner
        return inner.rate * x

    def inherited(self, x):
        return super().__call__(x)


READER = Reader()
READS = {
    "a method of a global": lambda x: READER.by_method(x),
    "an alias": lambda x: READER.by_alias(x),
    "an inherited call": lambda x: READER(x),
    "super": lambda x: READER.inherited(x),
    "a property": lambda x: READER.hidden * x,
    "a bound method": READER.by_method,
    "a callable": READER,
    "a local alias of a global": lambda x: (lambda r: r.inner.rate * x)(READER),
    "a default": lambda x, r=READER: r.inner.rate * x,
}
CHANGES = {
    "an attribute": lambda patch: patch.setattr(READER, "rate", 7.0),
    "an attribute of an attribute": lambda patch: patch.setattr(READER.inner, "rate", 7.0),
    "an object": lambda patch: patch.setattr(READER, "inner", types.SimpleNamespace(rate=9.0)),
    "a private attribute": lambda patch: patch.setattr(READER, "_hidden", 7.0),
    "a global": lambda patch: patch.setattr(sys.modules[__name__], "SCALE", 7.0),
    "a method": lambda patch: patch.setattr(Reader, "scaled", lambda self, x: x * 11.0),
}


@pytest.mark.parametrize("reads", READS)
def test_every_change_is_noticed(monkeypatch, reads):
    f = READS[reads]
    compiled = ag.jit(f)
    for change in CHANGES.values():
        assert compiled(2.0) == f(2.0)
        with monkeypatch.context() as patch:
            change(patch)
            assert compiled(2.0) == f(2.0)
        assert compiled(2.0) == f(2.0)


def test_an_attribute_that_no_code_names_may_change():
    reader = Reader()
    f = ag.jit(reader.by_method)
    for reader.other in range(5):
        assert f(2.0) == reader.by_method(2.0)
    assert len(f.paths) == 1


def test_a_refused_trace_leaves_nothing_behind():
    state = {"n": 0}

    def f(x):
        if x > 5.0:
            state["n"] += 1
        return x * state["n"]

    compiled = ag.jit(f)
    assert compiled(1.0) == 0.0
    with pytest.raises(JitError, match="changes state"):
        compiled(10.0)
    assert state["n"] == 1
    assert compiled(1.0) == 1.0


def test_a_bound_kernel_refuses_a_changed_environment(monkeypatch):
    w = Value(1.0)
    f = ag.jit(lambda x: w * x * SCALE if x > 0 else w * x * SCALE * 10.0, rows=0, reduce="sum")
    x = np.array([1.0, 2.0])
    bound = f.kernel(x)
    assert bound() == 6.0
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 3.0)
    with pytest.raises(
        JitError, match="has changed since the kernel was made; make the kernel again"
    ):
        bound()
    assert f(x).data == 9.0
    x[0] = -1.0
    assert f(x).data == f.f(-1.0).data + f.f(2.0).data
    monkeypatch.undo()
    assert f(x).data == f.f(-1.0).data + f.f(2.0).data


def test_threads_may_call_while_a_global_changes(monkeypatch):
    f = ag.jit(lambda x: x * SCALE, check=False)  # eager code sees another number than the call
    stop, failures = threading.Event(), []

    def work():
        while not stop.is_set():
            before = SCALE
            try:
                found = f(1.0)
            except JitError:  # the global changed during the trace
                continue
            if before == SCALE != found:
                failures.append((before, found))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for n in range(60):
            monkeypatch.setattr(sys.modules[__name__], "SCALE", 100.0 + n)
            time.sleep(0.003)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert not failures


# ----- static arguments -----


def data_of(x):
    return x.data if type(x) is Value else x


class Tagged(list):
    factor = 1.0


class Attributes(dict):
    def __init__(self, **items):
        super().__init__(**items)
        self.__dict__ = self


class Even(tuple):
    def __new__(cls, *parts):
        return super().__new__(cls, parts)


@pytest.mark.parametrize(
    ("argument", "read", "change"),
    [
        (collections.deque([1.0]), lambda d: d[0], lambda d: d.append(d.popleft() + 2.0)),
        (array.array("d", [1.0]), lambda d: d[0], lambda d: d.__setitem__(0, 3.0)),
        (collections.UserList([1.0]), lambda d: d[0], lambda d: d.__setitem__(0, 3.0)),
        (DICT.values(), lambda d: sum(d), lambda d: DICT.update(a=7.0)),
        (types.MappingProxyType(DICT), lambda d: d["a"], lambda d: DICT.update(a=5.0)),
        (Tagged([2.0]), lambda d: d[0] * d.factor, lambda d: setattr(d, "factor", 5.0)),
        (Attributes(a=2.0), lambda d: d.a, lambda d: setattr(d, "a", 4.0)),
        (collections.defaultdict(lambda: 4.0), lambda d: d["a"], lambda d: d.update(a=2.0)),
        (Even(2.0, 3.0), lambda d: d[1], lambda d: None),
        (
            types.SimpleNamespace(o=types.SimpleNamespace(rate=2.0)),
            lambda d: d.o.rate,
            lambda d: setattr(d.o, "rate", 5.0),
        ),
        (
            types.SimpleNamespace(weights=[Value(2.0)]),
            lambda d: d.weights[0],
            lambda d: d.weights.__setitem__(0, Value(9.0)),
        ),
    ],
    ids=lambda part: type(part).__name__,
)
def test_static_arguments_that_change_in_place_are_noticed(argument, read, change):
    def f(x, static):
        return x * read(static)

    compiled = ag.jit(f)
    for _ in range(2):
        if not isinstance(argument, collections.defaultdict):
            assert data_of(compiled(2.0, argument)) == data_of(f(2.0, argument))
        change(argument)
        assert data_of(compiled(2.0, argument)) == data_of(f(2.0, argument))


def test_a_long_container_among_the_arguments_is_compared():
    f = ag.jit(lambda x, d: x * d[70])
    long = collections.UserList([1.0] * 100)
    assert f(1.0, long) == 1.0
    long[70] = 2.0
    assert f(1.0, long) == 2.0


def test_a_chain_map_among_the_arguments_is_compared():
    f = ag.jit(lambda x, maps: x * maps["k"])
    maps = collections.ChainMap({"k": 2.0})
    assert f(1.0, maps) == 2.0
    maps["k"] = 3.0
    assert f(1.0, maps) == 3.0


class Trainer:
    def __init__(self):
        self.w, self.config, self.steps = Value(2.0), types.SimpleNamespace(rate=3.0), 0

    @ag.jit
    def loss(self, x):
        return self.scaled(x) * self.config.rate

    def scaled(self, x):
        return self.w * x


def test_a_decorated_method_has_a_trace_for_each_object():
    trainer, other = Trainer(), Trainer()
    other.w.data = 10.0
    recorded = len(Trainer.loss.paths)
    for trainer.steps in range(5):
        assert (trainer.loss(1.0).data, other.loss(1.0).data) == (6.0, 30.0)
    assert len(Trainer.loss.paths) == recorded + 2
    trainer.config.rate = 5.0
    assert (trainer.loss(1.0).data, other.loss(1.0).data) == (10.0, 30.0)


def test_functions_of_the_same_name_are_distinguished(monkeypatch):
    one, other = (types.ModuleType(f"module_{k}") for k in range(2))
    for module in (one, other):
        exec("rate = 2.0\ndef scaled(x): return x * rate", vars(module))
    monkeypatch.setitem(globals(), "one", one)
    monkeypatch.setitem(globals(), "other", other)
    f = ag.jit(lambda x: one.scaled(x) + 10.0 * other.scaled(x))
    assert f(1.0) == 22.0
    other.rate = 3.0
    assert f(1.0) == 32.0
    one.rate = 5.0
    assert f(1.0) == 35.0


# ----- code of objects and classes -----


class Scaled:
    """A layer as users write one; two objects of it are distinguished."""

    factor = 2.0

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, x):
        return x * self.rate * self.factor

    @classmethod
    def by_class(cls, x):
        return x * cls.factor

    @staticmethod
    def by_static(x):
        return x * SCALE

    @ag.jit
    def compiled(self, x):
        return x * self.rate * SCALE


class Shifted(Scaled):
    def __call__(self, x):
        return super().__call__(x) + 1.0

    def __mul__(self, x):
        return x * self.rate

    def __getitem__(self, k):
        return self.rate + k


class Mapping(dict):
    __getattr__ = dict.__getitem__


class Slots(dict):
    __slots__ = ()
    __getattr__ = dict.__getitem__


LAYERS = [Scaled(2.0), Shifted(3.0), Mapping(rate=4.0), Slots(rate=4.0)]
DISPATCH = {"scaled": scaled, "method": LAYERS[0].compiled}


@functools.lru_cache
def looked_up():
    return SCALE


RUNS = {
    "two layers": lambda x: LAYERS[1](LAYERS[0](x)),
    "all layers": lambda x: [layer(x) for layer in LAYERS[:2]][-1],
    "a class": lambda x: x * Scaled.factor,
    "a classmethod": lambda x: Scaled.by_class(x),
    "a staticmethod": lambda x: Shifted.by_static(x),
    "an object made inside": lambda x: Shifted(x)(x),
    "operators": lambda x: (LAYERS[1] * x) * LAYERS[1][2],
    "a compiled method": lambda x: LAYERS[0].compiled(x),
    "a table of functions": lambda x: DISPATCH["scaled"](x) * DISPATCH["method"](x),
    "getattr": lambda x: getattr(LAYERS[0], "rate") * x,  # noqa: B009
    "a dict with attributes": lambda x: LAYERS[2].rate * x,
    "a dict without __dict__": lambda x: LAYERS[3].rate * LAYERS[2].get("rate") * x,
    "a partial's argument": functools.partial(lambda layer, x: layer(x), LAYERS[1]),
}


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_all_code_that_runs_is_searched(monkeypatch, run):
    f = RUNS[run]
    compiled = ag.jit(f)
    for change in (
        lambda patch: patch.setattr(LAYERS[0], "rate", 5.0),
        lambda patch: patch.setattr(LAYERS[1], "rate", 7.0),
        lambda patch: patch.setattr(Scaled, "factor", 11.0),
        lambda patch: patch.setattr(sys.modules[__name__], "SCALE", 13.0),
        lambda patch: patch.setitem(LAYERS[2], "rate", 17.0),
        lambda patch: patch.setitem(LAYERS[3], "rate", 19.0),
    ):
        assert compiled(2.0) == f(2.0)
        with monkeypatch.context() as patch:
            change(patch)
            assert compiled(2.0) == f(2.0)
    assert compiled(2.0) == f(2.0)


@pytest.mark.parametrize("argument", [scaled, LAYERS[0].compiled, LAYERS[1], Scaled.by_class])
def test_functions_and_objects_among_the_arguments_are_searched(monkeypatch, argument):
    f = ag.jit(lambda x, g: g(x) * 2.0)
    for name, owner, value in (
        ("SCALE", sys.modules[__name__], 9.0),
        ("factor", Scaled, 8.0),
        ("rate", LAYERS[0], 7.0),
        ("rate", LAYERS[1], 6.0),
    ):
        assert f(2.0, argument) == argument(2.0) * 2.0
        monkeypatch.setattr(owner, name, value)
        assert f(2.0, argument) == argument(2.0) * 2.0


def test_closures_of_one_factory_are_distinguished():
    def make(settings):
        return lambda x: x * settings["rate"]

    settings = [{"rate": 2.0}, {"rate": 3.0}]
    one, other = map(make, settings)
    f = ag.jit(lambda x: one(x) + 10.0 * other(x))
    assert f(1.0) == 32.0
    settings[1]["rate"] = 5.0
    assert f(1.0) == 52.0


def test_hundreds_of_attributes_are_compared():
    many = types.SimpleNamespace(**{f"a{k}": float(k) for k in range(300)})
    names = " + ".join(f"many.a{k}" for k in range(300))
    f = eval(f"lambda x: x * ({names})", {"many": many})
    compiled = ag.jit(f)
    for many.a250 in (250.0, 1.0, 2.0):
        assert compiled(1.0) == f(1.0)


def test_a_changed_item_of_a_long_dict_is_noticed():
    settings = {f"s{k}": float(k) for k in range(60)}
    f = ag.jit(lambda x: x * settings["s59"])
    assert f(1.0) == 59.0
    settings["s59"] = 1.0
    assert f(1.0) == 1.0
