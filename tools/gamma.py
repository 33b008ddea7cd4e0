"""Fit the rational functions in the rows of lgamma and digamma and print the rows.

    python tools/gamma.py

The core of each row, on an interval where it has neither pole nor zero, is interpolated by a rational function at
Chebyshev nodes; the rest of the asymptotic series by a polynomial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mpmath import cos, euler, findroot, log, loggamma, lu_solve, mp, mpf, pi, polyval, psi, sqrt

mp.dps = 80
ZERO = findroot(lambda x: psi(0, x), 1.4616)  # of digamma
SMALL = mpf(10) ** -30
MIDDLE = mpf("0.4375")


class Fit(NamedTuple):
    name: str
    target: Callable[[mpf], mpf]
    low: mpf
    high: mpf
    degrees: tuple[int, int]
    """Degrees of the numerator and the denominator."""


def lgamma_core(x: mpf) -> mpf:
    """Return lgamma(1 + x) without its zeros at 0 and 1, less a number of few bits from its middle."""
    if abs(x) < SMALL or abs(x - 1) < SMALL:
        return abs(euler - abs(x)) - MIDDLE
    return loggamma(1 + x) / (x * (x - 1)) - MIDDLE


def lgamma_tail(w: mpf) -> mpf:
    """Return x times what Stirling's formula lacks, for w = 1 / x**2."""
    x = 1 / sqrt(w)
    return (loggamma(x) - (x - mpf(1) / 2) * log(x) + x - log(2 * pi) / 2) * x


def digamma_tail(w: mpf) -> mpf:
    """Return x**2 times what ln(x) - 1 / (2 x) - digamma(x) is, for w = 1 / x**2."""
    x = 1 / sqrt(w)
    return (log(x) - 1 / (2 * x) - psi(0, x)) / w


FITS = (
    Fit("_lgamma_core", lgamma_core, mpf(0), mpf(3), (9, 9)),
    Fit("_lgamma_tail", lgamma_tail, mpf(10) ** -9, mpf(1) / 16, (8, 0)),
    Fit("_digamma_core", lambda x: psi(0, 1 + x) / (x - (ZERO - 1)), mpf(-1) / 2, mpf(3), (8, 8)),
    Fit("_digamma_tail", digamma_tail, mpf(10) ** -9, mpf(1) / 16, (8, 0)),
)


def fit(wanted: Fit) -> tuple[list[mpf], list[mpf], float]:
    """Return the coefficients of the numerator and the denominator, and the largest error."""
    top, bottom = wanted.degrees
    middle, radius = (wanted.low + wanted.high) / 2, (wanted.high - wanted.low) / 2
    count = top + bottom + 1
    nodes = [middle + radius * cos(pi * (i + mpf(1) / 2) / count) for i in range(count)]
    rows, values = mp.matrix(count, count), mp.matrix(count, 1)
    for i, x in enumerate(nodes):
        values[i] = y = wanted.target(x)
        for j in range(top + 1):
            rows[i, j] = x**j
        for j in range(1, bottom + 1):
            rows[i, top + j] = -y * x**j
    found = [*lu_solve(rows, values)]
    above, below = found[: top + 1], [mpf(1), *found[top + 1 :]]
    points = [wanted.low + 2 * radius * (i + mpf("0.37")) / 397 for i in range(397)]
    worst = max(
        abs(polyval(above[::-1], x) / polyval(below[::-1], x) - wanted.target(x)) for x in points
    )
    return above, below, float(worst)


def horner(coefficients: list[mpf]) -> str:
    """Return a polynomial in x as text, in parentheses."""
    text = repr(float(coefficients[-1]))
    for c in coefficients[-2::-1]:
        text = f"({float(c)!r} + x * {text})"
    return text


def main() -> None:
    high = float(ZERO - 1)
    print(f"# The zero of digamma is at 1 + {high!r} + {float(ZERO - 1 - mpf(high))!r}.")
    for wanted in FITS:
        above, below, error = fit(wanted)
        quotient = f" / {horner(below)}" if len(below) > 1 else ""
        print(f"# error 2**{float(log(error, 2)):.1f}")
        print(f'Op("{wanted.name}", "{horner(above)}{quotient}"),')


if __name__ == "__main__":
    main()
