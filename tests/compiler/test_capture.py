"""jit's contract on what a function reads: compared at each call, or refused while it is recorded."""

# ruff: noqa: E501  (a line of a table is a case)

from __future__ import annotations

import abc
import array
import collections
import contextlib
import contextvars
import copy
import dataclasses
import decimal
import enum
import functools
import gc
import importlib
import json
import operator
import os
import random
import sys
import time
import types
import weakref

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, data, nn, optim
from autograd_scalar.compiler.capture.probes import instrumented as instrument
from autograd_scalar.compiler.capture.probes.instrumented import instrumented

RATE = 2.0
ITEMS = [1.0] * 100
TABLE = {f"k{i}": float(i) for i in range(100)}
GRID = np.arange(200.0)
CODES = array.array("d", range(100))
BYTES = bytearray(b"abc")
NESTED = {"layers": [[1.0, 2.0], [3.0, 4.0]]}
VARIABLE = contextvars.ContextVar("VARIABLE", default=1.0)
TEXT = "{.rate}"
OBJECTS = np.array([2.0, "b", None], dtype=object)


class Config:
    rate = 1.0
    table = {"a": 1.0}  # noqa: RUF012

    def scaled(self, x):
        return x * self.rate

    @property
    def double(self):
        return 2.0 * self.rate

    def __float__(self):
        return float(self.rate)

    def __len__(self):
        return 3

    def __call__(self, x):
        return x * self.rate


class Empty:
    pass


class Reading:
    """A descriptor, whose own attribute is read."""

    factor = 3.0

    def __get__(self, obj, kind=None):
        return self.factor


class Described:
    factor = Reading()


class Dynamic:
    def __init__(self):
        self.numbers = {"rate": 2.0}

    def __getattr__(self, name):
        try:
            return self.numbers[name]
        except KeyError:
            raise AttributeError(name) from None


def rated(x, factor=1.0):
    return x * RATE * factor


def replaced(x):
    return x * 5.0


@functools.singledispatch
def dispatched(kind, x):
    return x * RATE


class Dispatching:
    @functools.singledispatchmethod
    def scaled(self, x):
        return x * RATE


class Object(list):
    pass


@dataclasses.dataclass
class Rated:
    rate: object = 1.0


class Slotted:
    __slots__ = ("rate",)

    def __init__(self):
        self.rate = 1.0


class Alias:
    """Attributes of another name."""

    rate = 1.0

    def __getattribute__(self, name):
        return super().__getattribute__("rate" if name == "other" else name)


class Sizes(enum.Enum):
    SMALL = [1.0, 2.0]  # noqa: RUF012


class Meta(type):
    def multiplied(cls, x):
        return x * cls.rate

    def __getitem__(cls, i):
        return cls.rate * i

    def __call__(cls):
        return super().__call__()


class Classes(Config, metaclass=Meta):
    pass


class Abstract(abc.ABC):  # noqa: B024
    pass


def matched(obj):
    match obj:
        case Rated(rate):
            return rate
        case _:
            return 5.0


def rate_of(obj):
    return obj.rate


def imported(x, o):
    import colorsys

    return x * colorsys.ONE_THIRD


def try_rate(cfg):
    try:
        return cfg.rate
    except AttributeError:
        return 1.0


def set_class(obj):
    class Other(Config):
        rate = 9.0

    obj.__class__ = Other


REPLACED: list = []


def put(target, key, value):
    """Set an item for one test; monkeypatch can do that for dicts alone."""
    REPLACED.append((target, key, target[key]))
    target[key] = value


@pytest.fixture(autouse=True)
def _put_back():
    yield
    while REPLACED:
        target, key, value = REPLACED.pop()
        target[key] = value


def fresh():
    """Return new objects for the cases below."""
    return types.SimpleNamespace(
        config=Config(),
        empty=Empty(),
        dynamic=Dynamic(),
        dataset=data.moons(10, seed=0),
        optimizer=optim.SGD([Value(1.0)], lr=0.5),
        model=nn.MLP(1, [2, 1], seed=0),
        items=[1.0, 2.0],
        table={"a": 1.0},
        deque=collections.deque([1.0, 2.0]),
        array=np.array([1.0, 2.0]),
        vectorized=np.vectorize(rated),
        module=types.ModuleType("settings"),
        default=collections.defaultdict(float),
        user=collections.UserDict(a=2.0),
        tagged=Object([1.0]),
        described=Described(),
        dispatching=Dispatching(),
        pair=(1.0, [2.0]),
        alias=Alias(),
        slotted=Slotted(),
        rated=Rated(),
        polynomial=np.polynomial.Polynomial([1.0, 2.0]),
        masked=np.ma.array([1.0, 2.0], mask=[False, False], fill_value=0.0),
        fields=np.array([(1.0, 2.0)], dtype=[("a", float), ("b", float)]),
        records=np.array([(1.0, [2.0])], dtype=[("a", float), ("b", object)]),
        every_other=memoryview(bytearray(b"abcd"))[::2],
    )


#: What a function of x and the objects reads, and a change after which it must read something else.
READS = {
    "a long list": (lambda x, o: x * ITEMS[50], lambda p, o: put(ITEMS, 50, 7.0)),
    "the sum of a long list": (lambda x, o: x * sum(ITEMS), lambda p, o: put(ITEMS, 99, 7.0)),
    "a long dict": (lambda x, o: x * TABLE["k70"], lambda p, o: p.setitem(TABLE, "k70", 7.0)),
    "a nested list": (
        lambda x, o: x * NESTED["layers"][1][0],
        lambda p, o: put(NESTED["layers"][1], 0, 7.0),
    ),
    "an array": (lambda x, o: x * GRID[150], lambda p, o: put(GRID, 150, 7.0)),
    "a slice of an array": (lambda x, o: x * GRID[::2].sum(), lambda p, o: put(GRID, 150, 7.0)),
    "an array.array": (lambda x, o: x * CODES[50], lambda p, o: put(CODES, 50, 7.0)),
    "a bytearray": (lambda x, o: x * BYTES[1], lambda p, o: put(BYTES, 1, 7)),
    "an array of objects": (lambda x, o: x * OBJECTS[0], lambda p, o: put(OBJECTS, 0, 7.0)),
    "a deque": (lambda x, o: x * o.deque[0], lambda p, o: o.deque.appendleft(5.0)),
    "a dict's view": (
        lambda x, o: x * sum(o.view),
        lambda p, o: o.table.update(b=3.0),
    ),
    "a UserDict": (lambda x, o: x * o.user["a"], lambda p, o: o.user.update(a=5.0)),
    "a defaultdict": (lambda x, o: x * len(o.default), lambda p, o: o.default.update(a=5.0)),
    "a subclass of list": (lambda x, o: x * o.tagged[0], lambda p, o: o.tagged.insert(0, 4.0)),
    "a list in a tuple": (lambda x, o: x * o.pair[1][0], lambda p, o: o.pair[1].insert(0, 4.0)),
    "the length of a list": (lambda x, o: x * len(o.items), lambda p, o: o.items.append(1.0)),
    "the truth of a list": (lambda x, o: x if o.items else -x, lambda p, o: o.items.clear()),
    "an unpacked list": (lambda x, o: (lambda a, *b: x * a)(*o.items), lambda p, o: o.items.insert(0, 4.0)),
    "a comprehension": (lambda x, o: sum([x * i for i in o.items]), lambda p, o: o.items.append(1.0)),
    "a membership": (lambda x, o: x if 4.0 in o.items else -x, lambda p, o: o.items.append(4.0)),
    "a Dataset": (lambda x, o: x * o.dataset.X[0][0], lambda p, o: put(o.dataset.X[0], 0, 9.0)),
    "an optimizer's lr": (lambda x, o: x * o.optimizer.lr, lambda p, o: setattr(o.optimizer, "lr", 0.25)),
    "a model's activation": (
        lambda x, o: o.model([x]),
        lambda p, o: setattr(o.model.layers[1].neurons[0], "_activate", ag.exp),
    ),
    "a missing attribute": (lambda x, o: x * getattr(o.empty, "rate", 1.0), lambda p, o: setattr(o.empty, "rate", 4.0)),
    "hasattr": (lambda x, o: x if hasattr(o.empty, "rate") else -x, lambda p, o: setattr(o.empty, "rate", 4.0)),
    "try": (lambda x, o: x * try_rate(o.empty), lambda p, o: setattr(o.empty, "rate", 4.0)),
    "a missing class attribute": (lambda x, o: x * try_rate(o.empty), lambda p, o: p.setattr(Empty, "rate", 4.0, raising=False)),
    "a missing item": (lambda x, o: x * o.table.get("z", 1.0), lambda p, o: o.table.update(z=4.0)),
    "a missing name of a module": (lambda x, o: x * getattr(o.module, "rate", 1.0), lambda p, o: setattr(o.module, "rate", 4.0)),
    "a builtin that a global hides": (lambda x, o: x * abs(-2.0), lambda p, o: p.setitem(globals(), "abs", lambda v: 9.0)),
    "a missing global": (lambda x, o: x * global_or(1.0), lambda p, o: p.setitem(globals(), "MISSING", 9.0)),
    "a method of the instance": (lambda x, o: o.config.scaled(x), lambda p, o: setattr(o.config, "scaled", replaced)),
    "a method of the class": (lambda x, o: o.config.scaled(x), lambda p, o: p.setattr(Config, "scaled", lambda s, x: x * 7.0)),
    "an attribute over the class's": (lambda x, o: o.config.scaled(x), lambda p, o: setattr(o.config, "rate", 7.0)),
    "a class attribute": (lambda x, o: o.config.scaled(x), lambda p, o: p.setattr(Config, "rate", 7.0)),
    "a property": (lambda x, o: x * o.config.double, lambda p, o: p.setattr(Config, "double", property(lambda s: 7.0))),
    "what a property reads": (lambda x, o: x * o.config.double, lambda p, o: setattr(o.config, "rate", 7.0)),
    "a special method": (lambda x, o: x * len(o.config), lambda p, o: p.setattr(Config, "__len__", lambda s: 8)),
    "a call": (lambda x, o: o.config(x), lambda p, o: p.setattr(Config, "__call__", lambda s, x: x * 8.0)),
    "a conversion": (lambda x, o: x * float(o.config), lambda p, o: setattr(o.config, "rate", 8.0)),
    "a mutable class attribute": (lambda x, o: x * o.config.table["a"], lambda p, o: p.setitem(Config.table, "a", 8.0)),
    "a class": (lambda x, o: o.config(x), lambda p, o: set_class(o.config)),
    "__getattr__": (lambda x, o: x * o.dynamic.rate, lambda p, o: o.dynamic.numbers.update(rate=7.0)),
    "a descriptor": (lambda x, o: x * o.described.factor, lambda p, o: p.setattr(Reading, "factor", 7.0)),
    "vars": (lambda x, o: x * len(vars(o.config)), lambda p, o: setattr(o.config, "other", 7.0)),
    "__dict__": (lambda x, o: x * len(o.config.__dict__), lambda p, o: setattr(o.config, "other", 7.0)),
    "code": (lambda x, o: rated(x), lambda p, o: p.setattr(rated, "__code__", (lambda x, factor: x * 7.0).__code__)),
    "defaults": (lambda x, o: rated(x), lambda p, o: p.setattr(rated, "__defaults__", (7.0,))),
    "a global": (lambda x, o: rated(x), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "np.vectorize": (lambda x, o: x * o.vectorized(2.0), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "singledispatch": (lambda x, o: dispatched(1, x), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "singledispatchmethod": (lambda x, o: o.dispatching.scaled(x), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "map": (lambda x, o: sum(map(rated, [x, x])), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "sorted": (lambda x, o: x * sorted(o.items, key=lambda i: i * RATE)[0], lambda p, o: p.setitem(globals(), "RATE", -7.0)),
    "reduce": (lambda x, o: functools.reduce(lambda a, b: rated(a), [x, x]), lambda p, o: p.setitem(globals(), "RATE", 7.0)),
    "a weak reference": (lambda x, o: x * o.weak().rate, lambda p, o: setattr(o.config, "rate", 7.0)),
    "an attribute through a proxy": (lambda x, o: x * o.proxy.rate, lambda p, o: setattr(o.config, "rate", 7.0)),
    "a method through a proxy": (lambda x, o: o.proxy.scaled(x), lambda p, o: setattr(o.config, "scaled", replaced)),
    "a call through a proxy": (lambda x, o: o.proxy(x), lambda p, o: p.setattr(Config, "__call__", lambda s, x: x * 8.0)),
    "a copy through a proxy": (lambda x, o: x * copy.copy(o.proxy).rate, lambda p, o: setattr(o.config, "rate", 7.0)),
    "a methodcaller": (lambda x, o: x * CALLER(o.config), lambda p, o: setattr(o.config, "scaled", replaced)),
    "what a methodcaller passes": (lambda x, o: x * len(o.appender([])), lambda p, o: o.items.append(1.0)),
    "the context of decimals": (lambda x, o: x * float(o.decimal / 7), lambda p, o: p.setattr(decimal.getcontext(), "prec", 4)),
    "the context of new decimals": (lambda x, o: x * float(decimal.Decimal(1) / 7), lambda p, o: p.setattr(decimal.getcontext(), "rounding", decimal.ROUND_UP) or p.setattr(decimal.getcontext(), "prec", 4)),
    "a generator": (lambda x, o: sum(x * i for i in o.items), lambda p, o: o.items.append(1.0)),
    "a function of map": (lambda x, o: x * sum(map(rate_of, [o.config])), lambda p, o: setattr(o.config, "rate", 7.0)),
    "object.__getattribute__": (lambda x, o: x * object.__getattribute__(o.config, "rate"), lambda p, o: setattr(o.config, "rate", 7.0)),
    "__getattribute__": (lambda x, o: x * o.config.__getattribute__("rate"), lambda p, o: setattr(o.config, "rate", 7.0)),
    "a bound __getattribute__": (lambda x, o: x * o.getter("rate"), lambda p, o: setattr(o.config, "rate", 7.0)),
    "type.__getattribute__": (lambda x, o: x * type.__getattribute__(Config, "rate"), lambda p, o: p.setattr(Config, "rate", 7.0)),
    "a __getattribute__ of its own": (lambda x, o: x * o.alias.other, lambda p, o: setattr(o.alias, "rate", 7.0)),
    "getattr with an iterator": (lambda x, o: x * getattr(*iter((o.config, "rate"))), lambda p, o: setattr(o.config, "rate", 7.0)),
    "__get__ of a slot": (lambda x, o: x * Slotted.rate.__get__(o.slotted), lambda p, o: setattr(o.slotted, "rate", 7.0)),
    "__reduce_ex__": (lambda x, o: x * o.rated.__reduce_ex__(2)[2]["rate"], lambda p, o: setattr(o.rated, "rate", 7.0)),
    "type": (lambda x, o: x if type(o.config) is Config else -x, lambda p, o: set_class(o.config)),
    "isinstance": (lambda x, o: x if isinstance(o.empty, Empty) else -x, lambda p, o: setattr(o.empty, "__class__", Config)),
    "a class in a match": (lambda x, o: x * matched(o.rated), lambda p, o: setattr(o.rated, "__class__", Empty)),
    "attributes in a match": (lambda x, o: x * matched(o.rated), lambda p, o: setattr(o.rated, "rate", 7.0)),
    "a copy of a list of objects": (lambda x, o: x * copy.deepcopy([o.rated])[0].rate, lambda p, o: setattr(o.rated, "rate", 7.0)),
    "a dataclass by keyword": (lambda x, o: x * dataclasses.asdict(**{"obj": o.rated})["rate"], lambda p, o: setattr(o.rated, "rate", 7.0)),
    "dataclasses under map": (lambda x, o: x * next(map(dataclasses.astuple, [o.rated]))[0], lambda p, o: setattr(o.rated, "rate", 7.0)),
    "a dataclass in another": (lambda x, o: x * dataclasses.asdict(Rated(o.rated))["rate"]["rate"], lambda p, o: setattr(o.rated, "rate", 7.0)),
    "format": (lambda x, o: x * float(TEXT.format(o.rated)), lambda p, o: setattr(o.rated, "rate", 7.0)),
    "format_map": (lambda x, o: x * float("{o.rate}".format_map({"o": o.rated})), lambda p, o: setattr(o.rated, "rate", 7.0)),
    "the value of an Enum's member": (lambda x, o: x * Sizes.SMALL.value[0], lambda p, o: put(Sizes.SMALL.value, 0, 7.0)),
    "a polynomial": (lambda x, o: x * o.polynomial(2.0), lambda p, o: put(o.polynomial.coef, 0, 7.0)),
    "a masked array": (lambda x, o: x * o.masked.sum(), lambda p, o: put(o.masked.mask, 0, True)),
    "the names of fields": (lambda x, o: x * o.fields["a"][0], lambda p, o: setattr(o.fields.dtype, "names", ("b", "a"))),
    "objects in fields": (lambda x, o: x * o.records["a"][0], lambda p, o: put(o.records["a"], 0, 7.0)),
    "every other byte of a buffer": (lambda x, o: x * o.every_other[1], lambda p, o: put(o.every_other, 1, 7)),
    "the factory of a defaultdict": (lambda x, o: x + o.default.default_factory(), lambda p, o: setattr(o.default, "default_factory", lambda: 7.0)),
    "a method of a metaclass": (lambda x, o: Classes.multiplied(x), lambda p, o: p.setattr(Classes, "rate", 7.0)),
    "an item of a class": (lambda x, o: x * Classes[1], lambda p, o: p.setattr(Meta, "__getitem__", lambda c, i: 7.0)),
    "an instance of a metaclass": (lambda x, o: Classes()(x), lambda p, o: p.setattr(Config, "__call__", lambda s, x: x * 7.0)),
    "a WeakSet": (lambda x, o: x * sum(c.rate for c in o.weak_set), lambda p, o: setattr(o.config, "rate", 7.0)),
    "an import": (imported, lambda p, o: p.setitem(sys.modules, "colorsys", types.SimpleNamespace(ONE_THIRD=7.0))),
    "import_module": (lambda x, o: x * importlib.import_module("colorsys").ONE_THIRD, lambda p, o: p.setitem(sys.modules, "colorsys", types.SimpleNamespace(ONE_THIRD=7.0))),
    "the classes of an abstract one": (lambda x, o: x if isinstance(o.empty, Abstract) else -x, lambda p, o: Abstract.register(Empty)),
    "vectors of Values": (lambda x, o: x * o.array.sum(), lambda p, o: o.array.fill(4.0)),
}  # fmt: skip


def global_or(default):
    try:
        return MISSING
    except NameError:
        return default


@pytest.mark.parametrize("name", READS)
def test_a_replay_gives_what_eager_code_gives_now(monkeypatch, name):
    reads, change = READS[name]
    objects = fresh()
    objects.view = objects.table.values()
    objects.weak = weakref.ref(objects.config)
    objects.weak_set = weakref.WeakSet([objects.config])
    objects.getter = objects.config.__getattribute__
    objects.proxy = weakref.proxy(objects.config)
    objects.appender = operator.methodcaller("__add__", objects.items)
    objects.decimal = decimal.Decimal(2)

    def f(x):
        return reads(x, objects)

    def numbers(result):
        return result.data if type(result) is Value else result

    compiled = ag.jit(f)
    before = numbers(f(2.0))
    assert numbers(compiled(2.0)) == before == numbers(compiled(2.0))
    assert len(compiled.paths) == 1
    change(monkeypatch, objects)
    after = numbers(f(2.0))
    assert after != before
    assert numbers(compiled(2.0)) == after == numbers(compiled(2.0))
    assert numbers(compiled(3.0)) == numbers(f(3.0))


GENERATOR = (float(i) for i in range(100))
ITERATOR = iter(ITEMS)
FILE = open(os.devnull)  # noqa: SIM115
RANDOM = random.Random(0)
GENERATORS = [np.random.default_rng(0)]
CLOCKS = {"now": time.time}
ORIGIN = functools.partial(time.perf_counter)
ATTRIBUTE = operator.attrgetter("rate")
CACHED = functools.cache(lambda: RATE)
CALLER = operator.methodcaller("scaled", 2.0)
UFUNC = np.frompyfunc(rated, 1, 1)
CONFIG = Config()
FLAT = np.arange(9.0).flat
ENUMERATED = np.ndenumerate(np.arange(9.0))
PARTIAL = functools.partial(getattr, CONFIG, "rate")
IDENTITY = functools.partial(id)


def from_a_list(x):
    cached, _ = [CACHED, 1.0]
    return x * cached()


#: Functions that read what cannot be compared, and the name that the error gives.
REFUSED = {
    "a generator": (lambda x: x * next(GENERATOR), "GENERATOR"),
    "an iterator": (lambda x: x * next(ITERATOR), "ITERATOR"),
    "a loop over an iterator": (lambda x: sum([x * i for i in ITERATOR]), "ITERATOR"),
    "a file": (lambda x: x * len(FILE.read()), "FILE"),
    "a clock": (lambda x: x * time.time(), r"time\.time"),
    "a clock in a dict": (lambda x: x * CLOCKS["now"](), "time|CLOCKS"),
    "a clock in a partial": (lambda x: x * ORIGIN(), "ORIGIN"),
    "the environment": (lambda x: x * len(os.environ["PATH"]), "environ"),
    "getenv": (lambda x: x * len(os.getenv("PATH")), r"os\.getenv"),
    "a context variable": (lambda x: x * VARIABLE.get(), "VARIABLE"),
    "random numbers": (lambda x: x * random.random(), r"draws random numbers with random\.random"),
    "random numbers of a generator": (lambda x: x * RANDOM.gauss(0.0, 1.0), "RANDOM"),
    "random numbers of NumPy": (lambda x: x * np.random.rand(), "draws random numbers"),
    "random numbers of a generator of NumPy": (lambda x: x * GENERATORS[0].normal(), "GENERATORS"),
    "attrgetter": (lambda x: x * ATTRIBUTE(CONFIG), "ATTRIBUTE"),
    "attrgetter inside": (lambda x: x * operator.attrgetter("rate")(CONFIG), "attrgetter.*lambda obj"),
    "functools.cache": (lambda x: x * CACHED(), "CACHED"),
    "an iterator of NumPy": (lambda x: x * next(FLAT), "FLAT"),
    "an iterator in an object of NumPy": (lambda x: x * next(ENUMERATED)[1], "flatiter"),
    "functools.cache from a list": (from_a_list, r"CACHED|<lambda>"),
    "getattr under map": (lambda x: x * sum(map(getattr, [CONFIG], ["rate"])), "passes getattr"),
    "id under map": (lambda x: x * len(set(map(id, [x, x]))), "passes id"),
    "is under reduce": (lambda x: x if functools.reduce(operator.is_, [x, x]) else -x, "passes is_"),
    "a partial of id": (lambda x: x * (IDENTITY(x) > 0), "IDENTITY"),
    "a methodcaller under map": (lambda x: x * sum(map(CALLER, [CONFIG])), "passes methodcaller"),
    "getattr.__call__": (lambda x: x * getattr.__call__(CONFIG, "rate"), "passes getattr"),
    "a partial of getattr": (lambda x: x * PARTIAL(), "PARTIAL"),
    "np.frompyfunc": (lambda x: UFUNC(x), "rated|UFUNC"),
    "print": (lambda x: print("x") or x, "print"),
    "open": (lambda x: x * len(open(os.devnull).read()), "open"),  # noqa: SIM115
    "globals": (lambda x: x * globals()["RATE"], "globals"),
    "vars": (lambda x: x * len(vars()), "vars"),
    "locals": (lambda x: x * len(locals()), "locals"),
    "eval": (lambda x: x * eval("RATE"), "eval"),
    "the frames": (lambda x: x * sys._getframe().f_lineno, "_getframe"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_compared_is_refused_by_name(name):
    f, message = REFUSED[name]
    for _ in range(2):
        with pytest.raises(JitError, match=message) as caught:
            ag.jit(f)(2.0)
    assert "\n" not in str(caught.value)


TARGET = np.zeros(3)
OUT: list[float] = []
PUSH = OUT.append
LONG = [0.0] * 1000
COUNTS: dict[str, float] = {}


def write(target, key, value):
    target[key] = value
    return value


def add_to_target(x):
    global RATE
    TARGET[0] += 1.0
    return x


def count_global(x):
    global RATE
    RATE += 1.0
    return x


def count_attribute(x):
    CONFIG.rate += 1.0
    return x


def count_class_attribute(x):
    Config.rate += 1.0
    return x


def delete_item(x):
    del NESTED["layers"][0][0]
    return x


EFFECTS = {
    "an item of a dict": (lambda x: COUNTS.update(a=COUNTS.get("a", 0) + 1) or x, "COUNTS"),
    "a global": (count_global, "RATE"),
    "an attribute": (count_attribute, "rate"),
    "a class attribute": (count_class_attribute, "rate|Config"),
    "setattr": (lambda x: setattr(CONFIG, "rate", CONFIG.rate + 1.0) or x, "rate"),
    "object.__setattr__": (lambda x: object.__setattr__(CONFIG, "rate", 2.0) or x, "rate"),
    "the last argument": (lambda x: COUNTS.update(a=x) or x, "COUNTS"),
    "a Value in a cache": (lambda x: x * COUNTS.setdefault("a", Value(2.0)), "COUNTS"),
    "the first call": (
        lambda x: x * (2.0 if "a" in COUNTS else COUNTS.setdefault("a", 1.0)),
        "COUNTS",
    ),
    "a call that computes nothing": (
        lambda x: 2 if "a" in COUNTS else COUNTS.setdefault("a", 1),
        "COUNTS",
    ),
    "an array": (add_to_target, "TARGET"),
    "a bound append": (lambda x: PUSH(1.0) or x, "PUSH|OUT"),
    "an item of a long list": (lambda x: write(LONG, 500, 1.0) * x, "LONG"),
    "a nested list": (delete_item, "NESTED"),
    "extend": (lambda x: OUT.extend([1.0]) or x, "OUT"),
    "a class registered": (lambda x: Abstract.register(type("Sub", (), {})) and x, "register"),
    "the context of decimals": (
        lambda x: (
            setattr(decimal.getcontext(), "prec", decimal.getcontext().prec + 1)
            or x * float(decimal.Decimal(1) / 7)
        ),
        "the decimal context",
    ),
    "np.add": (lambda x: x * np.add(TARGET, 1.0, out=TARGET)[0], "TARGET"),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_changes_are_refused(monkeypatch, name):
    f, message = EFFECTS[name]
    for kept in (OUT, COUNTS, NESTED["layers"][0]):
        kept.clear()
        if kept is NESTED["layers"][0]:
            kept += [1.0, 2.0]
    TARGET.fill(0.0)
    LONG[500] = 0.0
    monkeypatch.setitem(globals(), "RATE", 2.0)
    monkeypatch.setattr(Config, "rate", 1.0)
    monkeypatch.setattr(CONFIG, "rate", 1.0, raising=False)
    with pytest.raises(JitError, match=f"changes .*({message})"):
        ag.jit(f)(2.0)


class Lazy:
    first = None

    @functools.cached_property
    def table(self):
        return [2.0, 3.0]

    def weights(self):
        if self.first is None:
            self.first = [4.0, 5.0]
        return self.first


LAZY = Lazy()
MEMO: dict[str, object] = {}
FACTORIES = collections.defaultdict(lambda: 2.0)


def memoized(x):
    if "table" not in MEMO:
        MEMO["table"] = [float(i) for i in range(5)]
    return x * MEMO["table"][3]


def set_global(x):
    global WRITTEN
    WRITTEN = 2.0
    return x * WRITTEN


def set_attribute(x):
    LAZY.written = 2.0
    return x * LAZY.written


def set_class_attribute(x):
    Lazy.written = 2.0
    return x * LAZY.written


#: Functions that fill what is empty: missing keys, names and attributes, and None.
FILLS = {
    "a dict": memoized,
    "setdefault": lambda x: x * MEMO.setdefault("a", 2.0),
    "a defaultdict": lambda x: x * FACTORIES["a"],
    "cached_property": lambda x: x * LAZY.table[1],
    "None": lambda x: x * LAZY.weights()[0],
    "a global": set_global,
    "an attribute": set_attribute,
    "a class attribute": set_class_attribute,
    "setattr": lambda x: setattr(LAZY, "written", 2.0) or x * LAZY.written,
}


@pytest.mark.parametrize("name", FILLS)
def test_caches_are_filled_by_the_first_call(name):
    def state():
        return (
            {**MEMO},
            {**FACTORIES},
            {**vars(LAZY)},
            vars(Lazy).get("written"),
            globals().get("WRITTEN"),
        )

    def empty():
        for cache in (MEMO, FACTORIES, vars(LAZY)):
            cache.clear()
        globals().pop("WRITTEN", None)
        if "written" in vars(Lazy):
            del Lazy.written

    empty()
    before = state()
    try:
        expected, filled = FILLS[name](2.0), state()
        assert filled != before
        for _ in range(2):
            empty()
            f = ag.jit(FILLS[name], check=False)
            for _ in range(2):
                assert f(2.0) == expected
                assert state() == filled
                assert len(f.paths) == 1
            empty()  # and what the recording has read has changed
            assert f(2.0) == expected
            assert state() == filled
    finally:
        empty()


def test_objects_made_inside_may_change():
    class Accumulator:
        def __init__(self):
            self.total, self.terms = 0.0, []

        def add(self, x):
            self.total += x
            self.terms.append(x)

    @ag.jit
    def f(x):
        a, counts = Accumulator(), collections.Counter()
        for i in range(3):
            a.add(x * i)
            counts[i] += 1
        rows = np.zeros(2)
        rows[0] = len(a.terms)
        iterator = iter(a.terms)
        next(iterator)
        return a.total * rows[0] + next(iterator) * counts[0]

    assert f(2.0) == f.f(2.0) == 20.0
    assert f(3.0) == 30.0
    assert len(f.paths) == 1


def counting_class(x):
    class Counter:
        count = 0

        def __init__(self):
            Counter.count += 1

    return x * (len([Counter(), Counter()]) + Counter.count)


def own_dataclass(x):
    @dataclasses.dataclass
    class Point:
        x: object
        y: float = 2.0

    return Point(x).x * Point(x).y


def nested(kind, depth=3000):
    made = kind()
    for _ in range(depth):
        made = {"next": made} if kind is dict else kind([made])
    return made


def chained(depth=3000):
    made = None
    for _ in range(depth):
        made = types.SimpleNamespace(next=made)
    return made


HELD = {kind: nested(kind) for kind in (list, tuple, dict)}
CHAIN = chained()

#: Functions of x that are recorded without an error.
WORKS = {
    "a class that counts": counting_class,
    "a dataclass made inside": own_dataclass,
    "a deep list": lambda x: x * len(HELD[list]),
    "a deep tuple": lambda x: x * len(HELD[tuple]),
    "a deep dict": lambda x: x * len(HELD[dict]),
    "a long chain": lambda x: x if CHAIN.next else -x,
    "NumPy's errstate": lambda x: x * ignoring(),
    "a local context of decimals": lambda x: x * seventh(),
    "json": lambda x: x * json.loads("[1.5]")[0],
}


def seventh():
    with decimal.localcontext() as context:
        context.prec = 3
        return float(decimal.Decimal(1) / 7)


def ignoring():
    with np.errstate(divide="ignore"):
        return len([np.float64(1.0) / np.float64(0.0)])


@pytest.mark.parametrize("name", WORKS)
def test_programs_that_read_and_change_nothing_else_work(name):
    f = ag.jit(WORKS[name])
    assert f(2.0) == f.f(2.0) == f(2.0)
    assert len(f.paths) == 1


class Implementation(Abstract):
    rate = 1.0


@contextlib.contextmanager
def opened(obj):
    yield obj.rate


@functools.singledispatch
def rate_by_type(obj, x):
    return x * obj.rate


def with_opened(x, obj):
    with opened(obj) as rate:
        return x * rate


#: Functions of x and an object that read its rate alone, through code that is not observed.
OTHERS_MAY_CHANGE = {
    "a context manager": with_opened,
    "isinstance": lambda x, obj: x * obj.rate if isinstance(obj, Abstract) else -x,
    "singledispatch": lambda x, obj: rate_by_type(obj, x),
    "map": lambda x, obj: x * sum(map(rate_of, [obj])),
    "reduce": lambda x, obj: functools.reduce(lambda y, each: y * each.rate, [obj], x),
    "partial": lambda x, obj: x * functools.partial(rate_of, obj)(),
    "a namespace": lambda x, obj: x * types.SimpleNamespace(held=obj).held.rate,
    "grad": lambda x, obj: ag.grad(lambda z: z * z * obj.rate)(x),
}


@pytest.mark.parametrize("name", OTHERS_MAY_CHANGE)
def test_attributes_that_library_code_does_not_read_may_change(name):
    obj = Implementation()
    f = ag.jit(lambda x: OTHERS_MAY_CHANGE[name](x, obj))
    for obj.steps in (0.5, 1.5, 2.5):
        f(2.0)
    assert len(f.paths) == 1


def test_equal_containers_may_take_each_others_place(monkeypatch):
    f = ag.jit(lambda x: x * NESTED["layers"][1][0] * sum(GRID) * RATE)
    expected = f(2.0)
    for _ in range(3):
        monkeypatch.setitem(globals(), "NESTED", {"layers": [[1.0, 2.0], [3.0, 4.0]]})
        monkeypatch.setitem(globals(), "GRID", np.arange(200.0))
        monkeypatch.setitem(globals(), "RATE", float("2.0"))
        assert f(2.0) == expected
    assert len(f.paths) == 1
    NESTED["layers"][1][0] = 5.0
    assert f(2.0) == f.f(2.0)
    assert len(f.paths) == 2


@pytest.mark.parametrize(("old", "new"), [(0.0, -0.0), (1, 1.0), (1, True), (2.0, Value(2.0))])
def test_numbers_of_another_type_or_sign_are_another_reading(old, new):
    items = [old] * 80
    f = ag.jit(lambda x: x * items[7])
    f(1.0)
    items[7] = new
    f(1.0)
    assert len(f.paths) == 2


def test_frozen_is_a_promise(monkeypatch):
    settings = {"rate": 2.0}

    def scaled(x):
        return x * settings["rate"] * CLOCKS["now"]() * 0.0 + x * settings["rate"]

    f = ag.jit(scaled, frozen=[settings, time.time], check=False)
    checked = ag.jit(scaled, frozen=[settings, time.time], check=True)
    assert f(2.0) == checked(2.0) == 4.0
    settings["rate"] = 3.0
    assert f(2.0) == 4.0
    with pytest.raises(ag.JitCheckError, match=r"compiled 4.0, eager 6.0"):  # the promise is broken
        checked(2.0)
    g = ag.jit(frozen=[CACHED, print], check=False)(lambda x: print("recorded") or x * CACHED())
    assert g(2.0) == 4.0
    with open(__file__) as file:
        lines = ag.jit(
            lambda x: x * len(file.readline()) + len(next(file)), frozen=[file], check=False
        )
        assert lines(1.0) == lines(1.0) > 0.0
    h = ag.jit(lambda x: x * random.random(), frozen=[random], check=False)
    assert h(1.0) == h(1.0)


def test_an_attribute_that_is_not_read_may_change():
    config = Config()
    f = ag.jit(lambda x: config.scaled(x))
    for config.steps in range(4):
        assert f(2.0) == 2.0
    assert len(f.paths) == 1


def test_a_branch_that_is_not_taken_reads_nothing(monkeypatch):
    f = ag.jit(lambda x: x * RATE if x > 0 else x * next(GENERATOR))
    assert f(2.0) == 4.0
    with pytest.raises(JitError, match="GENERATOR"):
        f(-2.0)


def test_code_of_installed_packages_is_observed(tmp_path, monkeypatch):
    for folder, name in (("site-packages", "settings_of_a_package"), ("mine", "secrets")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(
            "rate = 2.0\ndef scaled(x): return x * rate\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path / folder))
        monkeypatch.delitem(sys.modules, name, raising=False)
        module = __import__(name)
        f = ag.jit(lambda x, module=module: module.scaled(x))
        assert f(3.0) == 6.0
        module.rate = 5.0
        assert f(3.0) == 15.0
        monkeypatch.delitem(sys.modules, name)


def test_functions_have_their_own_code_again_after_a_recording():
    code = rated.__code__
    ag.jit(lambda x: rated(x))(1.0)
    assert rated.__code__ is code
    with pytest.raises(ZeroDivisionError):
        ag.jit(lambda x: rated(x) * (1 // 0))(1.0)
    assert rated.__code__ is code
    assert sys.getprofile() is None


def test_a_refusal_that_the_function_catches_is_raised():
    def f(x):
        try:
            return x * time.time()
        except Exception:
            return x

    with pytest.raises(JitError, match=r"time\.time"):
        ag.jit(f)(1.0)


def test_the_line_table_of_long_lines_is_as_long_as_the_code():
    """Python writes beyond an array otherwise, when it looks up lines."""
    text = "def f(x):\n    y = x\n    y = " + " + ".join(["x * y"] * 40) + "\n    return y\n"
    namespace = {}
    exec(compile(text, "<long>", "exec"), namespace)
    code = instrumented(namespace["f"].__code__)
    assert sum(end - start for start, end, _ in code.co_lines()) == len(code.co_code)
    assert ag.jit(namespace["f"])(1.0) == 40.0


def test_code_whose_bytecode_cannot_be_read_is_refused(monkeypatch):
    def unreadable(x):
        return x * RATE

    def fail(code):
        raise IndexError

    monkeypatch.setattr(instrument.Bytecode, "from_code", fail)
    with pytest.raises(JitError, match=r"unreadable, whose bytecode cannot be read"):
        ag.jit(unreadable)(1.0)


def test_garbage_of_the_caller_is_collected_unobserved():
    """Generators that were not started run code of their own when they are freed, at whatever line that happens."""

    def never_started():
        yield 0.0

    def leave_garbage():
        for _ in range(10):
            holder = types.SimpleNamespace(generator=never_started())
            holder.itself = holder

    def f(x):
        for _ in range(500):
            x = x + 1.0
        return x

    before = gc.get_threshold()
    collections_before = gc.get_stats()[0]["collections"]
    try:
        for threshold in range(500, 2000, 50):
            gc.disable()
            gc.collect()
            leave_garbage()
            gc.set_threshold(threshold, 1000, 1000)
            gc.enable()
            assert ag.jit(lambda x: f(x))(1.0) == 501.0
    finally:
        gc.set_threshold(*before)
        gc.enable()
    assert gc.get_stats()[0]["collections"] > collections_before


def test_a_refusal_precedes_the_error_that_follows_from_it():
    def f(x):
        try:
            time.time()
        except JitError:
            raise ValueError("no clock") from None
        return x

    with pytest.raises(JitError, match=r"time\.time") as caught:
        ag.jit(f)(1.0)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_comprehension_in_a_class_body():
    """Some of these cannot be observed on Python 3.13."""

    def f(x):
        class Scaled:
            factors = [RATE * i for i in range(3)]  # noqa: RUF012
            products = [x * factor for factor in (1.0, 2.0)]  # noqa: RUF012

        return sum(Scaled.products) * Scaled.factors[1]

    try:
        assert ag.jit(f)(2.0) == 12.0
    except JitError as error:
        assert "comprehension in a class body" in str(error)
