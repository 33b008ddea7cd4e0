"""Float functions that return what IEEE 754 specifies where Python's raise.

math.log(0.0), 1.0 / 0.0 and math.exp(1000.0) raise; C and compiled graphs give -inf, inf and inf. With these functions
eager code agrees with compiled code. The eager methods try the plain `math` functions first and use these only if one
raises.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from math import copysign, inf, nan


def div(x: float, y: float) -> float:
    """Return x / y; division by zero gives an infinity with the product of the signs, 0/0 gives nan."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0.0 or x != x:
            return nan
        return copysign(inf, x) * copysign(1.0, y)


def pow(x: float, y: float) -> float:
    """Return x ** y as C's pow does: (-8) ** (1/3) is nan, not complex; 0 ** -1 is inf; 0 ** 0 is 1."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:  # a pole at zero, or a negative base with a fractional exponent
        if x != 0.0:
            return nan
        return copysign(inf, x) if y % 2.0 == 1.0 else inf


def hypot(x: float, y: float) -> float:
    """Return the distance of (x, y) from the origin by the C library's hypot, which math.hypot is not."""
    try:
        return abs(complex(x, y))
    except OverflowError:  # CPython raises it for nan too, after an overflow in the C library
        return nan if x != x or y != y else inf


def fmod(x: float, y: float) -> float:
    """Return the remainder of x / y with the sign of x; nan for an infinite x, and for a zero y."""
    try:
        return math.fmod(x, y)
    except ValueError:
        return nan


def floor(x: float) -> float:
    """Return the largest whole number not above x, as a float that keeps the sign of zero."""
    return copysign(float(math.floor(x)), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """Return the smallest whole number not below x, as a float that keeps the sign of zero."""
    return copysign(float(math.ceil(x)), x) if math.isfinite(x) else x


def trunc(x: float) -> float:
    """Return x without its fraction, as a float that keeps the sign of zero."""
    return copysign(float(math.trunc(x)), x) if math.isfinite(x) else x


def round(x: float) -> float:
    """Return the whole number nearest to x, halves to even, as a float that keeps the sign of zero."""
    return copysign(float(builtins.round(x)), x) if math.isfinite(x) else x


# At a pole math raises ValueError, as it does outside the domain, where the result is nan.
_POLES: dict[str, dict[float, float]] = {
    "log": {0.0: -inf},
    "log2": {0.0: -inf},
    "log10": {0.0: -inf},
    "log1p": {-1.0: -inf},
    "atanh": {1.0: inf, -1.0: -inf},
}
_UNARY = (
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
    *("sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc"),
)


def _total(name: str) -> Callable[[float], float]:
    """Return the function of `math` of that name, defined for every float."""
    function = getattr(math, name)
    poles = _POLES.get(name, {})

    def total(x: float) -> float:
        try:
            result: float = function(x)
        except OverflowError:  # exp, exp2, expm1 and cosh overflow to inf, sinh to the sign of x
            return inf if x > 0.0 or name == "cosh" else -inf
        except ValueError:
            return poles.get(x, nan)
        return result

    total.__name__ = total.__qualname__ = name
    return total


_SHARED: dict[str, object] = {
    "abs": abs,
    "atan2": math.atan2,
    "hypot": hypot,
    "floor": floor,
    "ceil": ceil,
    "trunc": trunc,
    "round": round,
    "inf": inf,
    "nan": nan,
}

#: The names that a row's text may use, as functions that raise for no float.
EXACT: dict[str, object] = {
    **_SHARED,
    **{name: _total(name) for name in _UNARY},
    "div": div,
    "fmod": fmod,
    "pow": pow,
}

#: The same names as Python's own functions: faster, but some raise. Code that uses them falls back to EXACT.
FAST: dict[str, object] = {
    **_SHARED,
    **{name: getattr(math, name) for name in _UNARY},
    "fmod": math.fmod,
    "pow": math.pow,
}
