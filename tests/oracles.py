"""Oracles for every row, independent of the table: mpmath, plain Python choices, and Annex F of the C standard."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from math import inf, nan
from operator import add
from typing import Any

import mpmath
from mpmath import mp

mp.dps = 50

# ----- rows that compute: exact for finite operands, to 50 digits -----


def _erfc(x: Any) -> Any:
    return (
        mp.erfc(x) if abs(x) < 1e3 else mp.mpf(2 if x < 0 else 0)
    )  # mpmath is slow on erfc(1e300)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


COMPUTED: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "truediv": lambda x, y: x / y,
    "pow": mp.power,
    "pow_const": mp.power,
    "exp": mp.exp,
    "exp2": lambda x: mp.mpf(2) ** x,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
    "xlogy": lambda x, y: x * mp.log(y) if x else mp.mpf(0),
    "xlog1py": lambda x, y: x * mp.log1p(y) if x else mp.mpf(0),
    "sinc": mp.sincpi,
    "log_sigmoid": lambda x: min(x, 0) - mp.log1p(mp.exp(-abs(x))),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "deg2rad": lambda x: x * mp.pi / 180,
    "rad2deg": lambda x: x * 180 / mp.pi,
    "atan2": mp.atan2,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": lambda x: (
        mp.sign(x) * mp.log(abs(x) + mp.sqrt(x * x + 1)) if abs(x) > 1 else mp.asinh(x)
    ),
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "erf": lambda x: 1 - _erfc(x) if x > 1 else _erfc(-x) - 1 if x < -1 else mp.erf(x),
    "erfc": _erfc,
    "lgamma": lambda x: mp.re(mp.loggamma(x)),
    "digamma": mp.digamma,
    "sigmoid": _sigmoid,
    "softplus": lambda x: max(x, 0) + mp.log1p(mp.exp(-abs(x))),
    "gelu": lambda x: x * _erfc(-x / mp.sqrt(2)) / 2,
    "silu": lambda x: x * _sigmoid(x),
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "sum": lambda xs: mp.fsum(xs),
    "dot": lambda ws, xs, bias: mp.fsum([w * x for w, x in zip(ws, xs, strict=True)]) + bias,
    "logsumexp": lambda xs: max(xs) + mp.log(mp.fsum([mp.exp(x - max(xs)) for x in xs])),
}

# ----- rows that choose or round: exact for every float, in plain Python -----


def _whole(x: float, rule: Callable[[float], int]) -> float:
    return math.copysign(float(rule(x)), x) if math.isfinite(x) else x


def _first_nan(*xs: float) -> bool:
    return any(x != x for x in xs)


def _fmod(x: float, y: float) -> float:
    return nan if _first_nan(x, y) or abs(x) == inf or y == 0.0 else math.fmod(x, y)


def _floordiv(x: float, y: float) -> float:
    if y == 0.0:
        return nan if x == 0.0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)
    return x // y


CHOSEN: dict[str, Callable[..., float]] = {
    "fmod": _fmod,
    "mod": lambda x, y: nan if y == 0.0 else x % y,
    "floordiv": _floordiv,
    "trunc": lambda x: _whole(x, math.trunc),
    "neg": lambda x: x * -1.0,
    "pos": lambda x: x,
    "abs": lambda x: math.copysign(x, 1.0),
    "relu": lambda x: nan if x != x else max(x, 0.0) + 0.0,
    "maximum": lambda x, y: nan if _first_nan(x, y) else max(x, y),
    "minimum": lambda x, y: nan if _first_nan(x, y) else min(x, y),
    "clip": lambda x, lo, hi: nan if _first_nan(x, lo, hi) else min(max(x, lo), hi),
    "where": lambda c, x, y: nan if c != c else y if c == 0.0 else x,
    "compare": lambda x, y: nan if _first_nan(x, y) else float((x > y) - (x < y)),
    "floor": lambda x: _whole(x, math.floor),
    "ceil": lambda x: _whole(x, math.ceil),
    "round": lambda x: _whole(x, round),
    "pick": lambda ks, xs, key: (
        nan
        if _first_nan(*ks, key)
        else reduce(add, [x for k, x in zip(ks, xs, strict=True) if k == key], 0.0)
    ),
    "copysign": lambda x, y: nan if _first_nan(x, y) else math.copysign(x, y),
    "sign": lambda x: x if x != x or x == 0.0 else math.copysign(1.0, x),
    "step": lambda x: x if x != x else float(x > 0.0),
}

# ----- edges, for which mpmath has no answer: Annex F.10 of the C standard; the first rule that fits applies -----

Rule = tuple[Callable[..., bool], Callable[..., float]]


def odd(y: float) -> bool:
    return math.isfinite(y) and y % 2.0 == 1.0


def at(operand: float, result: float) -> Rule:
    """Return the rule f(operand) = result, where 0.0 and -0.0 are different operands."""
    return (
        lambda x, *_: x == operand and math.copysign(1.0, x) == math.copysign(1.0, operand)
    ), lambda *_: result


def outside(low: float, high: float) -> Rule:
    return (lambda x: not low <= x <= high), lambda x: nan


KEEPS_ZERO = [at(0.0, 0.0), at(-0.0, -0.0)]
TO_ITS_SIDE = [*KEEPS_ZERO, at(inf, inf), at(-inf, -inf)]
LOGARITHM = [at(0.0, -inf), at(-0.0, -inf), at(inf, inf), outside(0.0, inf)]
HALF, QUARTER = math.pi / 2.0, math.pi / 4.0


def negative(x: float) -> bool:
    return math.copysign(1.0, x) < 0.0


POWER: list[Rule] = [
    (lambda x, y: x == 1.0 or y == 0.0, lambda x, y: 1.0),  # even for nan
    (lambda x, y: x != x or y != y, lambda x, y: nan),
    (lambda x, y: x == 0.0 and y < 0.0, lambda x, y: math.copysign(inf, x) if odd(y) else inf),
    (lambda x, y: x == 0.0, lambda x, y: math.copysign(0.0, x) if odd(y) else 0.0),
    (lambda x, y: x == -1.0 and abs(y) == inf, lambda x, y: 1.0),
    (lambda x, y: abs(y) == inf, lambda x, y: inf if (abs(x) > 1.0) == (y > 0.0) else 0.0),
    (lambda x, y: x == -inf, lambda x, y: (-1.0 if odd(y) else 1.0) * (inf if y > 0.0 else 0.0)),
    (lambda x, y: x == inf, lambda x, y: inf if y > 0.0 else 0.0),
    (lambda x, y: x < 0.0 and not y.is_integer(), lambda x, y: nan),
]

EDGES: dict[str, list[Rule]] = {
    # sums, products and quotients as in IEEE 754
    "add": [
        (lambda x, y: abs(x) == inf and y == -x, lambda x, y: nan),
        (lambda x, y: abs(x) == inf, lambda x, y: x),
        (lambda x, y: abs(y) == inf, lambda x, y: y),
    ],
    "sub": [
        (lambda x, y: abs(x) == inf and y == x, lambda x, y: nan),
        (lambda x, y: abs(x) == inf, lambda x, y: x),
        (lambda x, y: abs(y) == inf, lambda x, y: -y),
    ],
    "mul": [
        (lambda x, y: {abs(x), abs(y)} == {0.0, inf}, lambda x, y: nan),
        (lambda x, y: inf in (abs(x), abs(y)), lambda x, y: -inf if negative(x) != negative(y) else inf),
        (lambda x, y: x == 0.0 or y == 0.0, lambda x, y: -0.0 if negative(x) != negative(y) else 0.0),
    ],
    "truediv": [
        (lambda x, y: x == 0.0 == y or abs(x) == inf == abs(y), lambda x, y: nan),
        (lambda x, y: abs(x) == inf or y == 0.0, lambda x, y: -inf if negative(x) != negative(y) else inf),
        (lambda x, y: abs(y) == inf or x == 0.0, lambda x, y: -0.0 if negative(x) != negative(y) else 0.0),
    ],
    "pow": POWER,
    "pow_const": POWER,
    "exp": [at(inf, inf), at(-inf, 0.0)],
    "exp2": [at(inf, inf), at(-inf, 0.0)],
    "expm1": [*KEEPS_ZERO, at(inf, inf), at(-inf, -1.0)],
    "log": LOGARITHM,
    "log2": LOGARITHM,
    "log10": LOGARITHM,
    "log1p": [*KEEPS_ZERO, at(-1.0, -inf), at(inf, inf), outside(-1.0, inf)],
    "sqrt": [*KEEPS_ZERO, at(inf, inf), outside(0.0, inf)],
    "cbrt": TO_ITS_SIDE,
    "xlogy": [
        (lambda x, y: x == 0.0, lambda x, y: 0.0),
        (lambda x, y: y < 0.0, lambda x, y: nan),
        (lambda x, y: y == 1.0 and abs(x) == inf, lambda x, y: nan),
        (lambda x, y: y == 0.0, lambda x, y: -math.copysign(inf, x)),
        (lambda x, y: inf in (abs(x), y), lambda x, y: math.copysign(inf, x) * (1.0 if y > 1.0 else -1.0)),
    ],
    "xlog1py": [
        (lambda x, y: x == 0.0, lambda x, y: 0.0),
        (lambda x, y: y < -1.0, lambda x, y: nan),
        (lambda x, y: y == 0.0 and abs(x) == inf, lambda x, y: nan),
        (lambda x, y: y == -1.0, lambda x, y: -math.copysign(inf, x)),
        (lambda x, y: inf in (abs(x), y), lambda x, y: math.copysign(inf, x) * (1.0 if y > 0.0 else -1.0)),
    ],
    "deg2rad": TO_ITS_SIDE,
    "rad2deg": TO_ITS_SIDE,
    "sinc": [at(0.0, 1.0), at(-0.0, 1.0), (lambda x: abs(x) == inf, lambda x: nan)],
    "log_sigmoid": [at(inf, -0.0), at(-inf, -inf)],
    "sin": [*KEEPS_ZERO, (lambda x: abs(x) == inf, lambda x: nan)],
    "cos": [(lambda x: abs(x) == inf, lambda x: nan)],
    "tan": [*KEEPS_ZERO, (lambda x: abs(x) == inf, lambda x: nan)],
    "asin": [*KEEPS_ZERO, outside(-1.0, 1.0)],
    "acos": [outside(-1.0, 1.0)],
    "atan": [*KEEPS_ZERO, at(inf, HALF), at(-inf, -HALF)],
    "atan2": [
        (lambda x, y: x == 0.0 and negative(y), lambda x, y: math.copysign(math.pi, x)),
        (lambda x, y: x == 0.0, lambda x, y: x),
        (lambda x, y: y == 0.0, lambda x, y: math.copysign(HALF, x)),
        (lambda x, y: abs(x) == inf == abs(y), lambda x, y: math.copysign(QUARTER if y > 0.0 else 3.0 * QUARTER, x)),
        (lambda x, y: abs(x) == inf, lambda x, y: math.copysign(HALF, x)),
        (lambda x, y: y == inf, lambda x, y: math.copysign(0.0, x)),
        (lambda x, y: y == -inf, lambda x, y: math.copysign(math.pi, x)),
    ],
    "hypot": [(lambda x, y: inf in (abs(x), abs(y)), lambda x, y: inf)],  # even if the other is nan
    "sinh": TO_ITS_SIDE,
    "cosh": [(lambda x: abs(x) == inf, lambda x: inf)],
    "tanh": [*KEEPS_ZERO, at(inf, 1.0), at(-inf, -1.0)],
    "asinh": TO_ITS_SIDE,
    "acosh": [at(inf, inf), outside(1.0, inf)],
    "atanh": [*KEEPS_ZERO, at(1.0, inf), at(-1.0, -inf), outside(-1.0, 1.0)],
    "erf": [*KEEPS_ZERO, at(inf, 1.0), at(-inf, -1.0)],
    "erfc": [at(inf, 0.0), at(-inf, 2.0)],
    "lgamma": [
        (lambda x: abs(x) == inf or (x <= 0.0 and x.is_integer()), lambda x: inf),
        (lambda x: x in (1.0, 2.0), lambda x: 0.0),
    ],
    "digamma": [
        *(at(0.0, -inf), at(-0.0, inf), at(inf, inf)),
        (lambda x: x < 0.0 and (x == -inf or x.is_integer()), lambda x: nan),
    ],
    # limits of composed functions; x times 0 is nan at x = -inf, as in PyTorch
    "sigmoid": [at(inf, 1.0), at(-inf, 0.0)],
    "softplus": [at(inf, inf), at(-inf, 0.0)],
    "gelu": [at(inf, inf), at(-inf, nan)],
    "silu": [at(inf, inf), at(-inf, nan)],
    "elu": [
        (lambda x, alpha: x > 0.0, lambda x, alpha: x),  # for any alpha
        (lambda x, alpha: x == 0.0, lambda x, alpha: alpha * x),
        (lambda x, alpha: inf in (abs(x), abs(alpha)) and x == x, lambda x, alpha: -alpha),
    ],
    "leaky_relu": [
        (lambda x, slope: x > 0.0, lambda x, slope: x),  # for any slope
        (lambda x, slope: inf in (abs(x), abs(slope)) or x == 0.0, lambda x, slope: slope * x),
    ],
    "logaddexp": [
        (lambda x, y: inf in (x, y), lambda x, y: inf),
        (lambda x, y: x == -inf, lambda x, y: y + 0.0),
        (lambda x, y: y == -inf, lambda x, y: x + 0.0),
    ],
    "sum": [(lambda xs: any(abs(x) == inf for x in xs), lambda xs: sum(xs))],
    "dot": [
        (lambda ws, xs, b: any(abs(x) == inf for x in [*ws, *xs, b]),
         lambda ws, xs, b: b + sum(w * x for w, x in zip(ws, xs, strict=True))),
    ],
    "logsumexp": [
        (lambda xs: inf in xs, lambda xs: inf),
        (lambda xs: all(x == -inf for x in xs), lambda xs: -inf),
    ],
}  # fmt: skip

#: Rows that may return a number for a nan; in all others a nan operand gives nan before any rule applies.
NAN_AFTER_RULES = {"pow", "pow_const", "hypot", "elu", "leaky_relu"}


def expected(name: str, *operands: Any) -> float:
    """Return the correctly rounded value of a row for any floats, or lists of floats.

    Zeros from mpmath have no sign; `at_edge` returns the sign if a rule fixes it.
    """
    if name in CHOSEN:
        return CHOSEN[name](*operands)
    ruled = at_edge(name, *operands)
    if ruled is not None:
        return ruled
    high = [[mp.mpf(x) for x in o] if isinstance(o, list) else mp.mpf(o) for o in operands]
    return float(COMPUTED[name](*high))


def at_edge(name: str, *operands: Any) -> float | None:
    """Return the result of the first rule for these operands, or None if there is none."""
    flat = [x for o in operands for x in (o if isinstance(o, list) else [o])]
    is_nan: Rule = (lambda *_: any(x != x for x in flat)), lambda *_: nan
    rules = EDGES.get(name, [])
    for fits, result in [*rules, is_nan] if name in NAN_AFTER_RULES else [is_nan, *rules]:
        if fits(*operands):
            return result(*operands)
    return None


def derivative(
    name: str, operands: list[Any], split: Callable[[list[Any]], list[Any]], *by: int
) -> float:
    """Return a derivative of a computed row to 30 digits, with respect to each of the given positions in turn."""
    orders = tuple(by.count(i) for i in range(len(operands)))
    point = tuple(mp.mpf(x) for x in operands)
    return float(mpmath.diff(lambda *xs: COMPUTED[name](*split(list(xs))), point, orders))
