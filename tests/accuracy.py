"""The error of every row in ulp: its value, first and second derivatives, against mpmath.

`TRUE` has each row as a formula for SymPy, which differentiates it; mpmath evaluates the derivatives with as many
digits as it takes. A formula that depends on a branch is a function of the numbers.

A result counts where it is well-conditioned: where a change of the operands changes it by at most CONDITION times as
much. Changes are relative, those of operands beyond 1 absolute, so that the tails of exp(x) count. Close to the zero of
a derivative, where terms cancel, results do not count.

    python tests/accuracy.py 10000 > docs/accuracy.md
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, NamedTuple

import mpmath
import sympy
from strategies import CONSTANT_OPERANDS, flat_operands
from sympy.codegen.cfunctions import expm1, log1p

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD

Formula = str | Callable[..., str | None]


def _quotient(x: float, y: float, whole: Callable[[Fraction], int]) -> str:
    return f"x - y * ({whole(Fraction(x) / Fraction(y))})"


def _sided(x: float, above: str, below: str) -> str | None:
    return above if x > 0.0 else below if x < 0.0 else None


def _reflected(x: float, above: str, below: str) -> str | None:
    return above if x > 0.0 else below if x != math.floor(x) else None


#: Each row in the names of its parents: operands, and x1, x2, ... for the elements of a list.
TRUE: dict[str, Formula] = {
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "truediv": "x / y",
    "neg": "-x",
    "pos": "x",
    "abs": lambda x: _sided(x, "x", "-x"),
    "copysign": lambda x, y: _sided(x * y, "x", "-x"),
    "pow": "x ** y",
    "pow_const": "x ** y",
    "fmod": lambda x, y: _quotient(x, y, math.trunc),
    "mod": lambda x, y: _quotient(x, y, math.floor),
    "floordiv": lambda x, y: str(math.floor(Fraction(x) / Fraction(y))),
    "exp": "exp(x)",
    "exp2": "2 ** x",
    "expm1": "expm1(x)",
    "log": "log(x)",
    "log1p": "log1p(x)",
    "log2": "log(x) / log(2)",
    "log10": "log(x) / log(10)",
    "sqrt": "sqrt(x)",
    "cbrt": lambda x: _sided(x, "x ** (S(1) / 3)", "-(-x) ** (S(1) / 3)"),
    "logaddexp": lambda x, y: "x + log1p(exp(y - x))" if x > y else "y + log1p(exp(x - y))",
    "xlogy": "x * log(y)",
    "xlog1py": "x * log1p(y)",
    "deg2rad": "pi / 180 * x",
    "rad2deg": "180 / pi * x",
    "sinc": lambda x: _sided(x, "sin(pi * x) / (pi * x)", "sin(pi * x) / (pi * x)"),
    "log_sigmoid": lambda x: _sided(x, "-log1p(exp(-x))", "x - log1p(exp(x))"),
    "sin": "sin(x)",
    "cos": "cos(x)",
    "tan": "tan(x)",
    "asin": "asin(x)",
    "acos": "acos(x)",
    "atan": "atan(x)",
    "atan2": "atan2(x, y)",
    "hypot": "sqrt(x ** 2 + y ** 2)",
    "sinh": "sinh(x)",
    "cosh": "cosh(x)",
    "tanh": "tanh(x)",
    "asinh": "asinh(x)",
    "acosh": "log(x + sqrt(x ** 2 - 1))",
    "atanh": "atanh(x)",
    "erf": "erf(x)",
    "erfc": "erfc(x)",
    "lgamma": lambda x: _reflected(
        x, "loggamma(x)", "log(pi) - log(-x) - log(sin(pi * x) ** 2) / 2 - loggamma(-x)"
    ),
    "digamma": lambda x: _reflected(x, "digamma(x)", "digamma(-x) - 1 / x - pi / tan(pi * x)"),
    "sigmoid": "1 / (1 + exp(-x))",
    "softplus": lambda x: _sided(x, "x + log1p(exp(-x))", "log1p(exp(x))"),
    "relu": lambda x: _sided(x, "x", "0"),
    "leaky_relu": lambda x, slope: _sided(x, "x", "slope * x"),
    "elu": lambda x, alpha: _sided(x, "x", "alpha * expm1(x)"),
    "gelu": "x * erfc(-x / sqrt(2)) / 2",
    "silu": "x / (1 + exp(-x))",
    "maximum": lambda x, y: _sided(x - y, "x", "y"),
    "minimum": lambda x, y: _sided(x - y, "y", "x"),
    "where": lambda c, x, y: "x" if c else "y",
    "clip": lambda x, lo, hi: (
        None if x in (lo, hi) or lo == hi else "hi" if max(x, lo) > hi else "lo" if x < lo else "x"
    ),
    "compare": lambda x, y: _sided(x - y, "1", "-1"),
    "floor": lambda x: str(math.floor(x)),
    "ceil": lambda x: str(math.ceil(x)),
    "trunc": lambda x: str(math.trunc(x)),
    "round": lambda x: str(round(x)),
    "sign": lambda x: _sided(x, "1", "-1"),
    "step": lambda x: _sided(x, "1", "0"),
    "sum": "x1 + x2",
    "dot": "w1 * x1 + w2 * x2 + bias",
    "logsumexp": lambda x1, x2: "x1 + log1p(exp(x2 - x1))" if x1 > x2 else "x2 + log1p(exp(x1 - x2))",
    "pick": lambda k1, k2, x1, x2, key: " + ".join(["0", *(["x1"] * (k1 == key)), *(["x2"] * (k2 == key))]),
}  # fmt: skip

#: Elements of a list.
LENGTH = 2
#: The largest condition number of a result that counts.
CONDITION = 2.0
#: Decimal digits of the first attempt; each further one has more.
DIGITS = (30, 60, 120, 400, 800, 2000)


@cache
def parents(name: str) -> tuple[str, ...]:
    """Return the names of a row's parents, as TRUE has them."""
    count: dict[str, int] = {}
    found = []
    for operand in flat_operands(name, LENGTH):
        count[operand] = count.get(operand, 0) + 1
        found.append(f"{operand}{count[operand]}" if operand in TABLE[name].lists else operand)
    return tuple(found)


@cache
def derivative(names: tuple[str, ...], text: str, by: tuple[int, ...]) -> Callable[..., Any]:
    """Return a derivative of a formula, by the parents at some positions in turn, over mpmath."""
    symbols = [sympy.Symbol(name, real=True) for name in names]
    known = {**dict(zip(names, symbols, strict=True)), "log1p": log1p, "expm1": expm1}
    made = sympy.sympify(text, known)
    for position in by:
        made = sympy.diff(made, symbols[position])
    if made.is_number and (exact := sympy.nsimplify(made)).is_rational:
        return lambda *_: mpmath.mpf(exact.p) / exact.q
    return sympy.lambdify(symbols, made, modules="mpmath")  # type: ignore[no-any-return]


def true(name: str, point: tuple[float, ...], by: tuple[int, ...]) -> Any:
    """Return a derivative of a row at a point to 25 digits; None at a pole, or outside the domain."""
    return _true(name, point, tuple(sorted(by)))


@lru_cache(maxsize=64)  # the derivatives at one point
def _true(name: str, point: tuple[float, ...], by: tuple[int, ...]) -> Any:
    formula = TRUE[name]
    text = formula if isinstance(formula, str) else formula(*point)
    if text is None:
        return None
    function = derivative(parents(name), text, by)
    before = None
    for digits in DIGITS:
        with mpmath.workdps(digits):
            try:
                found = function(*map(mpmath.mpf, point))
            except (ZeroDivisionError, ValueError, OverflowError):
                return None
            if not isinstance(found, mpmath.mpf | int):
                return None
            found = mpmath.mpf(found)
            if not mpmath.isfinite(found):
                return None
            if (
                before is not None
                and found
                and abs(found - before) <= abs(found) * mpmath.mpf(10) ** -25
            ):
                return found
            before = found
    return before


def ulps(found: float, wanted: Any) -> float:
    """Return the error of a float, in units in the last place of the true number."""
    nearest = float(wanted)
    if found == nearest:
        nearest_error = abs(mpmath.mpf(found) - wanted) if math.isfinite(found) else 0.0
        return float(nearest_error / math.ulp(nearest)) if math.isfinite(nearest) else 0.0
    if found != found or math.isinf(found) or math.isinf(nearest):
        at_the_end = {abs(found), abs(nearest)} == {math.inf, math.nextafter(math.inf, 0.0)}
        return 1.0 if at_the_end and (found > 0.0) == (nearest > 0.0) else math.inf
    return float(abs(mpmath.mpf(found) - wanted) / mpmath.mpf(math.ulp(nearest)))


# ----- points -----

#: Numbers near which formulas change, functions end or saturate.
NEAR = (0.0, 0.5, 1.0, 2.0, math.log(2), math.pi / 2, math.pi, 20.0, 37.0, 355.0, 709.0, 745.0)


def numbers(source: random.Random, count: int) -> Iterator[float]:
    """Yield numbers of every magnitude, subnormal ones too, of both signs, with more that are small or near NEAR."""
    for i in range(count):
        sign = source.choice((1.0, -1.0))
        match i % 5:
            case 0:
                yield sign * 10.0 ** source.uniform(-323.0, 308.2)
            case 1:
                yield sign * 10.0 ** source.uniform(-17.0, 4.0)
            case 2:
                yield source.uniform(-4.0, 4.0)
            case 3:
                yield source.uniform(-750.0, 750.0)
            case _:
                near = sign * source.choice(NEAR)
                yield near + source.choice((1.0, -1.0)) * math.ldexp(
                    source.uniform(1.0, 2.0), -source.randint(1, 53)
                )


def points(name: str, count: int) -> list[tuple[float, ...]]:
    """Return points of a row, reproducibly: numbers() for each parent, and some with operands that are nearly equal."""
    source = random.Random(name)
    operands = flat_operands(name, LENGTH)
    columns = [[*numbers(source, count)] for _ in operands]
    for column in columns[1:]:
        source.shuffle(column)
        for i in range(0, count, 4):  # of the first one's size
            factor = math.ldexp(source.uniform(0.5, 2.0), source.randint(-3, 3))
            column[i] = columns[0][i] * factor * source.choice((1.0, -1.0))
        for i in range(1, count, 16):  # a few ulp from the first one
            column[i] = columns[0][i] * (1.0 + source.randint(-3, 3) * 2.0**-52)
    largest = 1e100 if TABLE[name].lists else math.inf  # whose terms do not overflow
    return [p for p in zip(*columns, strict=True) if all(abs(x) < largest for x in p)]


# ----- results -----


def positions(name: str) -> list[tuple[int, ...]]:
    """Return what is measured: () for the value, the positions of the parents for derivatives of order 1 and 2."""
    free = [
        i for i, o in enumerate(flat_operands(name, LENGTH)) if (name, o) not in CONSTANT_OPERANDS
    ]
    return [(), *((i,) for i in free), *itertools.product(free, repeat=2)]


def eager(name: str, points: Sequence[tuple[float, ...]]) -> list[list[float]]:
    """Return the results of a row at some points, one for each of `positions`, from eager code."""
    found, row = [], TABLE[name]
    for point in points:
        xs = [Value(x) for x in point]
        y = RECORD[name](*row.split(xs))
        free = [by[0] for by in positions(name) if len(by) == 1]
        results = [y.data, *(y.partials[i] for i in free)]
        slopes = ag.gradient(y, [xs[i] for i in free], create_graph=True)
        for slope in slopes:
            results += ag.gradient(slope, [xs[i] for i in free])
        found.append(results)
    return found


def program(name: str) -> Program:
    """Return the program of a row, whose inputs are the parents; its outputs are the results of `positions`."""
    builder = Builder(parents(name))
    inputs = [builder.input(k) for k in range(len(builder.inputs))]
    made = builder.program([builder.emit(name, *inputs)])
    free = [by[0] for by in positions(name) if len(by) == 1]
    first = differentiate(made, free)
    return differentiate(first, free, range(1, 1 + len(free)))


def compiled(name: str, points: Sequence[tuple[float, ...]]) -> list[list[float]]:
    """Return the same from machine code over rows."""
    import numpy as np

    from autograd_scalar.compiler.options import Options
    from autograd_scalar.compiler.runtime.kernels import compile_rows
    from autograd_scalar.compiler.runtime.row_kernel import Rows

    made = program(name)
    columns = tuple(range(len(parents(name))))
    kernel = compile_rows(
        made, columns, False, tuple(range(len(made.outputs))), Options("llvm", False)
    )
    outs, _, _ = kernel(Rows([np.array(points)]), np.zeros(0))
    return outs.T.tolist()  # type: ignore[no-any-return]


def condition(name: str, point: tuple[float, ...], by: tuple[int, ...], wanted: Any) -> float:
    """Return the condition number of a result: the sum of its changes by each operand, see above."""
    total = mpmath.mpf(0)
    for i, x in enumerate(point):
        slope = true(name, point, (*by, i))
        if slope is None or (wanted == 0 and slope != 0):
            return math.inf
        if slope != 0:
            scale = abs(x) if TABLE[name].lists else min(abs(x), 1.0)
            total += abs(slope * scale / wanted)
    return float(total)


def cases(name: str, count: int) -> Iterator[tuple[tuple[float, ...], list[Any]]]:
    """Yield points, with the true results of `positions`; None for those that do not count."""
    for point in points(name, count):
        try:
            wanted = [true(name, point, by) for by in positions(name)]
        except ZeroDivisionError:  # a quotient of fractions in TRUE
            continue
        if wanted[0] is not None:
            yield (
                point,
                [
                    w if w is not None and condition(name, point, by, w) <= CONDITION else None
                    for by, w in zip(positions(name), wanted, strict=True)
                ],
            )


class Worst(NamedTuple):
    """The largest error of the results of one order of a row, in ulp, the point that has it, and how many count."""

    error: float
    point: tuple[float, ...] | None
    counted: int


def measure(name: str, known: Sequence[Any], run: Callable[..., list[list[float]]]) -> list[Worst]:
    """Return the largest errors of a row's value, first and second derivatives at the points of `cases`."""
    worst = [Worst(0.0, None, 0)] * 3
    found = run(name, [point for point, _ in known])
    for (point, wanted), results in zip(known, found, strict=True):
        for by, w, z in zip(positions(name), wanted, results, strict=True):
            if w is not None:
                error, _, counted = worst[len(by)]
                now = ulps(z, w)
                worst[len(by)] = (
                    Worst(now, point, counted + 1)
                    if now > error
                    else worst[len(by)]._replace(counted=counted + 1)
                )
    return worst


# ----- the page -----

PAGE = """\
# Accuracy

The largest error of each row of the table in units in the last place, over {count:,} points a row: numbers of every
magnitude, subnormal ones too, of both signs, more of them near kinks and where functions saturate. True results are
those of mpmath. Eager results are the same with both engines; compiled ones are those of machine code over rows.

A result counts where it is well-conditioned: where a change of the operands, relative up to 1 and absolute beyond,
changes it by at most {condition:g} times as much. The usual condition number, which is relative throughout, admits
less: the tails of exp count. The neighborhood of a zero of a derivative does not: there terms cancel, and the rounding
of the operands alone moves the result by many ulp. Neither do steep powers below 1, such as x ** 5 or 1 / x ** 3. Sums
over lists count where their terms do not cancel.

`python tests/accuracy.py {count} > docs/accuracy.md` writes this page, and a test holds 60 points of every row to
{bar:g} ulp. Larger errors below are known: their operands are such that a number on the way is subnormal, or that terms
cancel in part.

| row | eager: value | first | second | compiled: value | first | second |
| --- | --- | --- | --- | --- | --- | --- |
"""
#: The largest error that the tests allow, in ulp.
BAR = 4.0


def page(count: int) -> str:
    """Return the page of the docs."""
    lines = [PAGE.format(count=count, condition=CONDITION, bar=BAR)]
    for name in TRUE:
        known = [*cases(name, count)]
        results = [*measure(name, known, eager), *measure(name, known, compiled)]
        cells = [f"{w.error:.2f}" if w.counted else "" for w in results]
        lines.append(f"| `{name}` | {' | '.join(cells)} |\n")
    return "".join(lines)


if __name__ == "__main__":
    print(page(int(sys.argv[1])), end="")
