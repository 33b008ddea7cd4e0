"""Fits the polynomials of the vector functions and prints autograd_scalar/compiler/backends/llvm/coefficients.py.

    python tools/polynomials.py > autograd_scalar/compiler/backends/llvm/coefficients.py

A weighted least-squares fit at Chebyshev nodes, which comes within some tenths of a bit of the
minimax polynomial. Each coefficient is rounded to a double in turn and those after it are fitted
anew, so that they make up for the rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mpmath import (
    asin,
    atan,
    atanh,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    log,
    mp,
    mpf,
    pi,
    polyval,
    qr_solve,
    sin,
    sinh,
    sqrt,
    tanh,
)

mp.dps = 60
Function = Callable[[mpf], mpf]


class Fit(NamedTuple):
    name: str
    formula: str
    """How the polynomial is used, with p for its value."""
    target: Function
    """What p(v) should be."""
    weight: Function
    """How much an error of p counts in the relative error of the function."""
    low: mpf
    high: mpf
    degree: int
    fixed: tuple[float, ...] = ()


def odd(function: Function, first: int = 1) -> Function:
    """Return p for function(r) = first * r + r**3 p(r**2)."""
    return lambda z: (function(sqrt(z)) / sqrt(z) - first) / z


def third(function: Function) -> Function:
    """Return the weight of p in r + r**3 p(r**2)."""
    return lambda z: z * sqrt(z) / function(sqrt(z))


def scaled_erfc(v: mpf) -> mpf:
    x = 4 * (1 + v) / (1 - v)
    return exp(x * x) * erfc(x) * (1 + 2 * x) - mpf(9) / 8


HALF_LN2 = log(2) / 2 * mpf("1.001")
FITS = (
    Fit("EXP", "exp(r) = 1 + r + r**2 p(r), |r| <= ln(2) / 2", lambda r: (expm1(r) - r) / r**2,
        lambda r: r, -HALF_LN2, HALF_LN2, 10, (0.5,)),
    Fit("TANH", "tanh(r) = r + r**3 p(r**2), |r| <= ln(2) / 4", odd(tanh), third(tanh), mpf(0), (HALF_LN2 / 2)**2, 6),
    Fit("ATANH", "2 atanh(s) = 2 s + s**3 p(s**2), |s| <= 0.2006", odd(lambda s: 2 * atanh(s), 2),
        third(atanh), mpf(0), mpf("0.2006")**2, 7),
    Fit("ATANH_TAIL", "2 atanh(s) = 2 s + 2/3 s**3 + s**5 p(s**2), |s| <= (sqrt(2) - 1) / (sqrt(2) + 1)",
        lambda z: (odd(lambda s: 2 * atanh(s), 2)(z) - mpf(2) / 3) / z, lambda z: z * third(atanh)(z),
        mpf(0), mpf("0.1716")**2, 7),
    Fit("SINH", "sinh(r) = r + r**3 p(r**2), |r| <= ln(2) / 2", odd(sinh), third(sinh), mpf(0), HALF_LN2**2, 5),
    Fit("COSH", "cosh(r) = 1 + r**2 p(r**2), |r| <= ln(2) / 2", lambda z: (cosh(sqrt(z)) - 1) / z, lambda z: z,
        mpf(0), HALF_LN2**2, 5),
    Fit("SIN", "sin(r) = r + r**3 p(r**2), |r| <= pi / 4", odd(sin), third(sin),
        mpf(0), (pi / 4 * mpf("1.0001"))**2, 6),
    Fit("COS", "cos(r) = 1 - r**2 / 2 + r**4 p(r**2), |r| <= pi / 4", lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2,
        lambda z: z**2 / cos(sqrt(z)), mpf(0), (pi / 4 * mpf("1.0001"))**2, 5),
    Fit("ASIN", "asin(r) = r + r**3 p(r**2), |r| <= 1 / 2", odd(asin), third(asin), mpf(0), mpf("0.2501"), 12),
    Fit("ATAN", "atan(r) = r + r**3 p(r**2), |r| <= tan(pi / 8)", odd(atan), third(atan), mpf(0), mpf("0.4145")**2, 10),
    Fit("ERF", "erf(x) = x + x p(x**2), |x| <= 1 / 2", lambda z: erf(sqrt(z)) / sqrt(z) - 1,
        lambda z: sqrt(z) / erf(sqrt(z)), mpf(0), mpf("0.2501"), 8),
    Fit("ERFC", "erfc(x) = exp(-x**2) / (1 + 2 x) * (9 / 8 + p((x - 4) / (x + 4))), 1 / 2 <= x <= 27", scaled_erfc,
        lambda v: mpf(1), mpf("-0.7782"), mpf("0.742"), 22),
)  # fmt: skip


def fit(wanted: Fit) -> tuple[list[float], float]:
    """Return the coefficients, and log2 of the largest weighted error that is left with them."""
    coefficients = list(wanted.fixed)
    middle, radius = (wanted.high + wanted.low) / 2, (wanted.high - wanted.low) / 2
    count = 4 * (wanted.degree + 2)
    nodes = [middle - radius * cos(pi * (i + mpf(1) / 2) / count) for i in range(count)]
    values = [wanted.target(v) for v in nodes]
    weights = [wanted.weight(v) for v in nodes]
    while len(coefficients) <= wanted.degree:
        free = range(len(coefficients), wanted.degree + 1)
        rows = mp.matrix([[w * v**i for i in free] for v, w in zip(nodes, weights, strict=True)])
        rest = mp.matrix(
            [
                w * (y - polyval(coefficients[::-1] or [0], v))
                for v, w, y in zip(nodes, weights, values, strict=True)
            ]
        )
        coefficients.append(float(qr_solve(rows, rest)[0][0]))
    points = [wanted.low + (wanted.high - wanted.low) * (i + mpf("0.37")) / 997 for i in range(997)]
    worst = max(
        abs(wanted.weight(v) * (polyval(coefficients[::-1], v) - wanted.target(v))) for v in points
    )
    return coefficients, float(log(worst, 2))


def main() -> None:
    print(
        '"""The polynomials of the vector functions, lowest power first: tools/polynomials.py."""\n'
    )
    for wanted in FITS:
        coefficients, error = fit(wanted)
        print(f"#: {wanted.formula}; relative error 2**{error:.1f}.")
        print(f"{wanted.name} = (")
        for coefficient in coefficients:
            print(f"    {coefficient!r},")
        print(")")


if __name__ == "__main__":
    main()
