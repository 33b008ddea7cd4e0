"""Kinds of objects that a random function captures: how it reads them, and how they change between calls.

In the texts, {x} and {y} are scalar expressions, {n} and {m} numbers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Captured:
    """A kind of captured object."""

    #: Statements that make it.
    made: str
    #: Expressions that read it, all of them scalars.
    reads: tuple[str, ...]
    #: Statements outside the function that change it.
    changes: tuple[str, ...] = ()
    #: Statements within the function that change it.
    effects: tuple[str, ...] = ()


KINDS = (
    # ----- numbers, texts -----
    Captured(
        "rate = 0.5",
        ("rate", "rate * {x}"),
        ("rate = {n}", "rate = 3"),
        ("global rate; rate = rate + 1.0",),
    ),
    Captured(
        "count = 2", ("count * {x}", "{x} ** count"), ("count = 3", "count = 1", "count = 2.0")
    ),
    Captured('mode = "a"', ('({x} if mode == "a" else {y})',), ('mode = "b"', 'mode = "a"')),
    Captured(
        "flag = True",
        ("({x} if flag else {y})", "({x} if flag is None else {y})", "flag * {x}"),
        ("flag = False", "flag = None", "flag = 1"),
    ),
    # ----- containers -----
    Captured(
        "table = [1.0, -2.0, 0.75]",
        (
            *("table[0]", "table[-1]", "sum(table)", "len(table) * {x}", "max(table)"),
            *("sum(t * {x} for t in table)", "dict(enumerate(table))[0]", "[*reversed(table)][0]"),
            *("table[len(table) // 2]", "sorted(table)[0]", "(1.0 in table) * {x}"),
        ),
        (
            *("table[1] = {n}", "table.append({n})", "table = [{n}, {m}]", "table.reverse()"),
            *("table[:] = [{n}]", "table[0] = -0.0", "table[0] = 0.0"),
        ),
        ("table.append({x})", "table[0] = {n}", "table[0] += 1.0", "table.sort()"),
    ),
    Captured(
        'named = {{"a": 1.5, "b": -0.25}}',
        (
            *('named["a"]', 'named.get("z", 2.0)', "sum(named.values())", '("z" in named) * {x}'),
            *(
                "len(named) * {x}",
                'max(named, key=named.get) == "a" and {x} or {y}',
                "[*named.items()][0][1]",
            ),
        ),
        (
            'named["a"] = {n}',
            'named["z"] = {n}',
            'named = {{"a": {n}}}',
            'named["b"], named["a"] = {n}, {m}',
        ),
        ('named["a"] = {x}', 'named["y"] = 1.0', 'named.setdefault("y", 1.0)'),
    ),
    Captured(
        'nest = {{"a": [1.0, {{"b": (2.0, 3.0)}}]}}',
        ('nest["a"][1]["b"][0]', 'nest["a"][0] * {x}'),
        ('nest["a"][1]["b"] = ({n}, {m})', 'nest["a"][0] = {n}'),
        ('nest["a"][0] = {n}', 'nest["a"][1]["c"] = 1.0'),
    ),
    Captured(
        "pair = (0.5, 2.0)", ("pair[0]", "pair[1] * {x}", "sum(pair)"), ("pair = ({n}, {m})",)
    ),
    Captured(
        "seen = {{1.0, 2.0}}",
        ("({n} in seen) * {x}", "len(seen) * {x}", "sum(seen)"),
        ("seen.add({n})", "seen.discard(1.0)", "seen = {{{n}}}"),
        ("seen.add({n})",),
    ),
    Captured(
        "queue = collections.deque([1.0, 2.0], maxlen=3)",
        ("queue[0]", "sum(queue) * {x}", "queue[-1] + {x}"),
        ("queue.append({n})", "queue.rotate(1)", "queue.popleft() if len(queue) > 1 else None"),
        ("queue.append({x})", "queue.rotate(1)"),
    ),
    Captured(
        "long = [0.5] * 200",
        ("long[70]", "sum(long)", "long[-1] * {x}", "sum(t * t for t in long[60:80]) * {x}"),
        ("long[70] = {n}", "long[199] = {n}", "long.append({n})"),
        ("long[70] = {n}", "long[3] += 1.0"),
    ),
    Captured(
        "large = {{i: 0.5 for i in range(100)}}",
        ("large[70]", "sum(large.values()) * {x}", "large.get(500, 1.0)"),
        ("large[70] = {n}", "large[500] = {n}"),
        ("large[70] = {n}",),
    ),
    # ----- arrays -----
    Captured(
        "grid = np.array([0.5, -1.5, 2.0])",
        (
            "grid[0]",
            "float(grid[1]) * {x}",
            "grid.sum()",
            "len(grid) * {x}",
            "sum(g * g for g in grid) * {x}",
            "grid.tolist()[2]",
        ),
        (
            "grid[0] = {n}",
            "grid *= 2.0",
            "grid = np.array([{n}, {m}, 1.0])",
            "grid[:] = grid[::-1].copy()",
        ),
        ("grid[0] += 1.0", "grid[:] = 0.0", "np.negative(grid, out=grid)"),
    ),
    Captured(
        "wide = np.linspace(0.0, 1.0, 300)",
        ("wide[200]", "wide.mean() * {x}", "float(wide[7])", "wide[wide > 0.5].sum()"),
        ("wide[200] = {n}", "wide += 1.0", "wide[7] = {n}"),
        ("wide[200] = {n}",),
    ),
    Captured(
        "matrix = np.array([[1.0, 2.0], [3.0, 4.0]])",
        (
            "matrix[0, 1]",
            "matrix[1][0] * {x}",
            "matrix.T[0, 1]",
            "(matrix @ matrix)[0, 0]",
            "matrix.shape[0] * {x}",
        ),
        ("matrix[0, 1] = {n}", "matrix = matrix.T", "matrix = matrix + 1.0"),
        ("matrix[1][0] = {n}",),
    ),
    Captured(
        'packed = array.array("d", [1.0, 2.0])',
        ("packed[0]", "sum(packed) * {x}", "len(packed) * {x}"),
        ("packed[0] = {n}", "packed.append({n})"),
        ("packed[0] = {n}", "packed.append(1.0)"),
    ),
    # ----- objects -----
    Captured(
        "class Settings:\n"
        "    scale = 2.0\n"
        "    def __init__(self): self.shift, self.parts = 0.25, [1.0, 2.0]\n"
        "    def apply(self, x): return x * self.scale + self.shift\n"
        "    @property\n"
        "    def double(self): return 2.0 * self.shift\n"
        "    @classmethod\n"
        "    def make(cls): return cls.scale\n"
        "settings = Settings()",
        (
            *(
                "settings.scale",
                "settings.shift * {x}",
                "settings.apply({x})",
                "settings.double",
                "settings.make() + {x}",
            ),
            *(
                'getattr(settings, "maybe", 1.0)',
                '({x} if hasattr(settings, "maybe") else {y})',
                "settings.parts[1]",
            ),
            *(
                "Settings.scale * {x}",
                "vars(settings).get('other', {x})",
                "sum(settings.parts) + {x}",
            ),
        ),
        (
            *(
                "settings.scale = {n}",
                "Settings.scale = {n}",
                "settings.maybe = {n}",
                "Settings.maybe = {n}",
            ),
            *(
                "settings.shift = {n}",
                "settings.parts[1] = {n}",
                "settings = Settings()",
                "settings.other = {n}",
            ),
            *("settings.apply = lambda x: x + {n}", "Settings.apply = lambda self, x: x - {n}"),
            *("vars(settings).pop('scale', None)", "Settings.double = {n}"),
        ),
        (
            "settings.shift = {x}",
            "settings.fresh = 1.0",
            "settings.parts.append({n})",
            "Settings.scale = {n}",
        ),
    ),
    Captured(
        "class Slots:\n    __slots__ = ('k', 'maybe')\nslots = Slots()\nslots.k = 1.5",
        ("slots.k", "slots.k * {x}", "getattr(slots, 'maybe', 2.0)"),
        ("slots.k = {n}", "slots.maybe = {n}"),
        ("slots.k = {n}",),
    ),
    Captured(
        "space = types.SimpleNamespace(a=1.0, inner=types.SimpleNamespace(b=2.0))",
        ("space.a", "space.inner.b * {x}", "getattr(space, 'c', {x})"),
        (
            "space.a = {n}",
            "space.inner.b = {n}",
            "space.inner = types.SimpleNamespace(b={n})",
            "space.c = {n}",
        ),
        ("space.a = {x}", "space.inner.b += 1.0"),
    ),
    Captured(
        'module = types.ModuleType("module")\nmodule.rate = 0.25',
        ("module.rate", "module.rate * {x}", "getattr(module, 'extra', 1.0)"),
        ("module.rate = {n}", "module.extra = {n}"),
        ("module.rate = {n}",),
    ),
    Captured(
        "class Getter:\n    def __getattr__(self, name): return len(name) * 0.5\ngetter = Getter()",
        ("getter.abc", "getter.other * {x}"),
        ("getter.abc = {n}", "Getter.abc = {n}", "Getter.__getattr__ = lambda self, name: {n}"),
    ),
    Captured(
        "@dataclasses.dataclass\nclass Point:\n    a: float = 1.0\n    b: float = 2.0\npoint = Point()",
        ("point.a", "point.b * {x}", "dataclasses.astuple(point)[1]", "Point(3.0).b"),
        ("point.a = {n}", "point = Point({n}, {m})", "point = dataclasses.replace(point, b={n})"),
        ("point.a = {n}",),
    ),
    # ----- Values and what holds them -----
    Captured(
        'w = ag.Value(0.75, label="w")',
        ("w", "w * {x}", "w + w * w"),
        ("w.data = {n}", 'w = ag.Value({n}, label="w")'),
    ),
    Captured(
        "weights = [ag.Value(0.5), ag.Value(-1.0)]",
        (
            "weights[0]",
            "weights[1] * {x}",
            "sum(weights)",
            "ag.dot(weights, [{x}, {y}])",
            "weights[-1]",
        ),
        (
            "weights[0].data = {n}",
            "weights[1] = ag.Value({n})",
            "weights.append(ag.Value({n}))",
            "weights.reverse()",
        ),
    ),
    Captured(
        "class Layer:\n"
        "    def __init__(self): self.w, self.b = ag.Value(0.5), ag.Value(0.25)\n"
        "    def __call__(self, x): return ag.tanh(self.w * x + self.b)\n"
        "layer = Layer()",
        ("layer({x})", "layer.w * {x}", "layer(layer({x}))"),
        (
            "layer.w.data = {n}",
            "layer.b = ag.Value({n})",
            "layer = Layer()",
            "Layer.__call__ = lambda self, x: x * self.w",
        ),
    ),
    Captured(
        "neuron = ag.nn.Neuron(2, seed=1)",
        ("neuron([{x}, {y}])",),
        ("neuron.parameters()[0].data = {n}", "neuron = ag.nn.Neuron(2, seed=2)"),
    ),
    # ----- functions -----
    Captured(
        "def helper(a, b=0.5): return a * b + 1.0",
        ("helper({x}, {y})", "helper({x})", "helper(b={x}, a={y})"),
        (
            *(
                "def helper(a, b=0.5): return a - b",
                "helper.__defaults__ = ({n},)",
                "helper.factor = {n}",
            ),
            "helper.__code__ = (lambda a, b=0.5: a + b * 2.0).__code__",
        ),
    ),
    Captured(
        "def base(a, b): return a * b\npart = functools.partial(base, 2.0)",
        ("part({x})",),
        ("part = functools.partial(base, {n})", "def base(a, b): return a + b"),
    ),
    Captured(
        "steps = [lambda a: a * 2.0, lambda a: a + 1.0]",
        ("steps[0]({x})", "functools.reduce(lambda a, s: s(a), steps, {x})"),
        ("steps[0] = lambda a: a - {n}", "steps.reverse()", "steps.append(lambda a: a * {n})"),
    ),
    Captured(
        "inner_rate = 0.5\ninner = jit(lambda a: a * inner_rate + 1.0)",
        ("inner({x})", "inner({x}) * {y}"),
        ("inner_rate = {n}", "inner = jit(lambda a: a - 1.0)"),
    ),
    Captured(
        "@functools.cache\ndef cached(k): return k * cache_rate\ncache_rate = 0.5",
        ("cached(2) * {x}",),
        ("cache_rate = {n}", "cached.cache_clear()"),
    ),
    Captured(
        "getters = operator.attrgetter('a'), operator.itemgetter(1)\n"
        "held, items = types.SimpleNamespace(a=1.5), [1.0, 2.0]",
        ("getters[0](held) * {x}", "getters[1](items)"),
        ("held.a = {n}", "items[1] = {n}", "held = types.SimpleNamespace(a={n})"),
    ),
    Captured(
        "class Owner:\n    rate = 1.5\nowner = Owner()\nweak = weakref.ref(owner)",
        ("weak().rate * {x}",),
        ("owner.rate = {n}", "Owner.rate = {n}"),
    ),
    # ----- what a compiled function must refuse, or run eagerly -----
    Captured(
        "stream = iter([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] * 50)",
        ("next(stream) * {x}",),
    ),
    Captured("counter = itertools.count()", ("next(counter) * {x}",)),
    Captured(
        "context = contextvars.ContextVar('context', default=1.0)",
        ("context.get() * {x}",),
        ("context.set({n})",),
        ("context.set(2.0)",),
    ),
    Captured(
        "os.environ['AG_RATE'] = '0.5'",
        ("float(os.environ['AG_RATE']) * {x}", "float(os.getenv('AG_RATE', '1')) * {x}"),
        ("os.environ['AG_RATE'] = '{n}'",),
    ),
    Captured("random.seed(1)", ("random.random() * {x}",), ("random.seed(2)",)),
    Captured(
        "generator = np.random.default_rng(1)",
        ("float(generator.random()) * {x}",),
    ),
    Captured("log = []", ("({x}, log.append(1.0))[0]",), (), ("log.append({x})",)),
)
