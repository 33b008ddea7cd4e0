"""The vector functions against mpmath over their whole range, and against libm at special values."""

from __future__ import annotations

import ctypes
import itertools
import math
import random
import re
from collections.abc import Callable, Iterable
from functools import cache

import mpmath
import pytest

from autograd_scalar.compiler.backends.llvm.libm import FUNCTIONS, definitions
from autograd_scalar.ops import ieee

llvm = pytest.importorskip("llvmlite.binding")

NAMES = [name for name, value in ieee.EXACT.items() if callable(value) and name != "div"]
BINARY = {"pow", "atan2", "hypot", "fmod"}
UNARY = [name for name in NAMES if name not in BINARY]

#: Error bounds in ulp: 2 is documented; functions built on the others rely on 1.
BOUND = dict.fromkeys(NAMES, 2.0) | dict.fromkeys(("exp", "log", "sin", "cos", "pow"), 1.0)

TRUE: dict[str, Callable[..., mpmath.mpf]] = {
    **{name: getattr(mpmath, name) for name in NAMES if hasattr(mpmath, name)},
    "pow": mpmath.power,
    "exp2": lambda x: mpmath.power(2, x),
    "fmod": lambda x, y: mpmath.mpf(math.fmod(x, y)),
    "trunc": lambda x: mpmath.mpf(int(x)),
    "log2": lambda x: mpmath.log(x, 2),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "erfc": lambda x: (
        mpmath.erfc(x) if abs(x) < 30 else 1 - mpmath.sign(x)
    ),  # where mpmath overflows
    "abs": abs,
    "round": mpmath.nint,
}
TINY, LARGEST = 5e-324, math.nextafter(math.inf, 0.0)

Call = Callable[..., list[float]]


def loop(name: str, lanes: int) -> str:
    """Return the IR of `@all.{name}`, which maps the vector function over arrays."""
    vector, operands = f"<{lanes} x double>", "xy"[: 1 + (name in BINARY)]
    return "\n".join([
        f"define void @all.{name}({', '.join(f'ptr %{v}' for v in operands)}, ptr %z, i64 %count) {{",
        "entry:\n  br label %top\ntop:\n  %i = phi i64 [ 0, %entry ], [ %next, %top ]",
        *(f"  %{v}.at = getelementptr double, ptr %{v}, i64 %i" for v in operands + "z"),
        *(f"  %{v}.now = load {vector}, ptr %{v}.at, align 8" for v in operands),
        f"  %result = call {vector} @{name}.v{lanes}({', '.join(f'{vector} %{v}.now' for v in operands)})",
        f"  store {vector} %result, ptr %z.at, align 8",
        f"  %next = add i64 %i, {lanes}\n  %end = icmp uge i64 %next, %count",
        "  br i1 %end, label %out, label %top\nout:\n  ret void\n}\n",
    ])  # fmt: skip


@cache
def compiled(lanes: int, fma: bool) -> dict[str, Call]:
    """Return the functions, compiled for a width and called with lists."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    text = definitions(NAMES, lanes, fma=fma) + "\n".join(loop(name, lanes) for name in NAMES)
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=1
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()

    def call_of(name: str) -> Call:
        operands = 1 + (name in BINARY)
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (operands + 1), ctypes.c_int64)
        function = prototype(engine.get_function_address(f"all.{name}"))

        def call(*lists: list[float], engine: object = engine) -> list[float]:
            count = len(lists[0])
            room = ctypes.c_double * (count + lanes)
            result = room()
            function(*(room(*values) for values in lists), result, count)
            return list(result)[:count]

        return call

    return {name: call_of(name) for name in NAMES}


@cache
def points(count: int) -> list[float]:
    """Return numbers of all magnitudes, with more near the points where the functions switch formulas."""
    source = random.Random(1)
    near = [
        0.0,
        0.5,
        1.0,
        1.5,
        2.0**0.5,
        0.5**0.5,
        math.log(2) / 2,
        math.log(2) / 4,
        math.tan(math.pi / 8),
    ]
    near += [n * math.pi / 2 for n in (*range(1, 9), 1000, 31415, 63661)] + [1e5, 1e15, 1e22]
    near += [
        18.4,
        18.715,
        20.0,
        22.0,
        26.0,
        26.5,
        36.8,
        37.1,
        50.0,
        708.0,
        708.4,
        709.0,
        709.78,
        710.47,
        745.13,
    ]
    near += [2.0**-1022, 2.0**-500, 2.0**500, 2.0**60, TINY, LARGEST]
    found = [math.nextafter(v, to) for v in near for to in (-math.inf, v, math.inf)]
    found += [v + s * 2.0**-k for v in (0.0, 1.0) for k in range(1, 54, 2) for s in (1, -1)]
    found += [n / 16 for n in range(400)]
    for _ in range(count):
        found += [
            source.uniform(0, 1),
            source.uniform(0, 4),
            source.uniform(0, 40),
            source.uniform(0, 750),
        ]
        found += [
            source.uniform(0, 1e5),
            10.0 ** source.uniform(-323, 308),
            10.0 ** source.uniform(-6, 1),
        ]
    found = [v for v in found if math.isfinite(v)]
    return found + [-v for v in found]


@cache
def couples(name: str, count: int) -> list[tuple[float, float]]:
    """Return operands of a binary function."""
    source = random.Random(2)

    def sized(low: float, high: float) -> float:
        return source.choice((1, -1)) * 10.0 ** source.uniform(low, high)

    found = [(sized(-3, 3), sized(-3, 3)) for _ in range(count)]
    found += [(sized(-320, 308), sized(-320, 308)) for _ in range(count)]
    if name == "pow":
        found += [(abs(sized(-300, 300)), sized(-3, 0)) for _ in range(count)]
        found += [(source.uniform(0, 9), source.uniform(-320, 320)) for _ in range(count)]
        found += [(1 + sized(-12, -1), sized(0, 12)) for _ in range(count)]
        found += [(source.uniform(-9, 9), float(source.randint(-9, 9))) for _ in range(count)]
    return found


def ulps(name: str, result: float, operands: Iterable[float]) -> float:
    """Return the error of a result in ulp of the true value."""
    try:
        true = TRUE[name](*map(mpmath.mpf, operands))
    except (ValueError, ZeroDivisionError):
        return 0.0  # outside the domain, or at a pole: see the special values
    if isinstance(true, mpmath.mpc) or not mpmath.isfinite(true):
        return 0.0
    nearest = float(true)
    if math.isinf(nearest) or math.isinf(result) or result != result:
        return 0.0 if result == nearest else math.inf
    return float(abs(mpmath.mpf(result) - true)) / math.ulp(nearest)


@pytest.mark.slow
@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize("name", NAMES)
def test_within_the_bound_of_the_true_value(name, fma):
    slow = name in {"erf", "erfc", "acosh", "asinh", "atanh"}
    rows = couples(name, 150) if name in BINARY else [(x,) for x in points(12 if slow else 50)]
    results = compiled(8, fma)[name](*map(list, zip(*rows, strict=True)))
    with mpmath.workprec(140):
        worst, where = max((ulps(name, z, row), row) for z, row in zip(results, rows, strict=True))
    assert worst <= BOUND[name], f"{name}{where} is {worst:.3f} ulp off"


def test_sigmoid_is_within_2_ulp():
    xs = [x for x in points(200) if abs(x) < 745]
    exp = compiled(8, True)["exp"]
    above = [1.0 if x >= 0.0 else e for x, e in zip(xs, exp(xs), strict=True)]
    below = [1.0 + e for e in exp([-abs(x) for x in xs])]
    with mpmath.workprec(140):
        for x, a, b in zip(xs, above, below, strict=True):
            true = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
            assert abs(a / b - true) <= 2 * math.ulp(float(true)), x


def same(a: float, b: float) -> bool:
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


@pytest.mark.slow
@pytest.mark.parametrize("fma", [True, False], ids=["fma", "no fma"])
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_those_of_libm(name, fma):
    special = [
        0.0,
        1.0,
        2.0,
        3.0,
        0.5,
        1.5,
        TINY,
        2.0**-1022,
        745.0,
        1100.0,
        2.0**53 - 1,
        1e300,
        LARGEST,
        math.inf,
    ]
    special = [*special, *(-v for v in special), math.nan]
    rows = list(itertools.product(special, repeat=1 + (name in BINARY)))
    results = compiled(4, fma)[name](*map(list, zip(*rows, strict=True)))
    exact = 0
    for row, result in zip(rows, results, strict=True):
        expected = ieee.EXACT[name](*row)
        if expected == 0.0 or not math.isfinite(expected) or not math.isfinite(result):
            assert same(result, expected), f"{name}{row} is {result}, libm says {expected}"
            exact += 1
    assert exact


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "operands", "result"),
    [
        ("exp", [0.0], 1.0), ("cosh", [0.0], 1.0), ("cos", [-0.0], 1.0), ("erfc", [0.0], 1.0),
        ("tanh", [-40.0], -1.0), ("atan", [math.inf], math.pi / 2), ("acos", [-1.0], math.pi),
        ("atan2", [-0.0, -1.0], -math.pi), ("hypot", [3.0, -4.0], 5.0), ("pow", [-3.0, 5.0], -243.0),
        *(("log2", [2.0**k], float(k)) for k in range(-1074, 1024, 23)),
        *(("log10", [10.0**k], float(k)) for k in range(23)),
        *(("cbrt", [float(k**3)], float(k)) for k in range(-30, 30, 7)),
        *(("pow", [float(k), 2.0], float(k * k)) for k in range(-30, 30, 7)),
        *(("pow", [x, 1.0], x) for x in (0.1, -7.3, 1e-300, 3e300)),
    ],
)  # fmt: skip
def test_exact_results(name, operands, result):
    assert compiled(4, True)[name](*([v] for v in operands)) == [result]


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [2, 6, 16])
def test_a_lane_depends_neither_on_the_width_nor_on_its_neighbors(lanes):
    for name in NAMES:
        rows = couples(name, 30) if name in BINARY else [(x,) for x in points(2)]
        expected = compiled(8, True)[name](*map(list, zip(*rows, strict=True)))
        order = random.Random(lanes).sample(range(len(rows)), len(rows))
        results = compiled(lanes, True)[name](
            *map(list, zip(*(rows[p] for p in order), strict=True))
        )
        for index, result in zip(order, results, strict=True):
            assert same(result, expected[index]), (name, rows[index])


def test_one_lane_is_refused():
    """LLVM would abort the process on processors with AVX-512."""
    with pytest.raises(ValueError, match="2 lanes or more; got 1"):
        definitions(["log"], 1, fma=True)


def test_every_function_that_the_table_calls_is_defined():
    assert FUNCTIONS.keys() == set(NAMES)
    with pytest.raises(KeyError, match="gamma"):
        definitions(["exp", "gamma"], 4, fma=True)


@pytest.mark.parametrize("fma", [True, False])
def test_the_text_defines_each_function_once_without_fast_math(fma):
    text = definitions([*NAMES, "exp"], 64, fma=fma)
    made = re.findall(r"^(?:define|declare) .*?(@[\w.]+)\(", text, re.MULTILINE)
    assert len(made) == len(set(made))
    assert {f"@{name}.v64" for name in NAMES} <= set(made)
    assert not re.search(r"\b(fast|contract|reassoc|nnan|ninf|nsz|arcp|afn)\b", text)
    assert ("llvm.fma" in text) == fma
    llvm.parse_assembly(text).verify()
