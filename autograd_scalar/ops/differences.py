"""Compare derivatives with finite differences; and the partial derivatives of a row with those of its value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, isfinite
from typing import NamedTuple

from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.op import Interval, Op

_EPSILON = 2.0**-52

#: Tolerance of a partial derivative at its definition, relative to its size. A table or a solver may be rough.
_ROUGHLY = 1e-4
#: Number of points at which a new row is tried.
_POINTS = 7


class Check(NamedTuple):
    """One derivative: its variable, the results of the engine and of differences, the error, and the verdict."""

    where: str
    derivative: float
    difference: float
    error: float
    #: "ok" or "WRONG"; "kink" if the differences do not converge, "edge" if f is not defined around the point.
    verdict: str


class Slopes(NamedTuple):
    """Difference quotients of one output: with steps h and h/2, and one-sided; with their rounding error."""

    wide: float
    near: float
    left: float
    right: float
    noise: float

    @property
    def best(self) -> float:
        """The quotient without its error of second order, by Richardson extrapolation."""
        return (4.0 * self.near - self.wide) / 3.0

    @property
    def spread(self) -> float:
        """Relative distance between the quotients with the two steps; inf if one of them is not finite."""
        apart = abs(self.near - self.wide)
        return apart / max(abs(self.near), abs(self.wide), 1e-300) if isfinite(apart) else inf


def _step(x: float) -> float:
    return float(_EPSILON**0.2 * max(1.0, abs(x)))


def differences(f: Callable[[list[float]], list[float]], at: list[float], i: int) -> list[Slopes]:
    """Return the difference quotients of each output of f with respect to number i.

    Richardson extrapolation from two steps leaves an error of order h**4, besides the rounding error over h; their sum
    is least for h near the fifth root of the rounding error. If the quotients disagree, the step may be too wide (for
    the logarithm near 0, or at the edge of a domain), and smaller steps are tried.
    """
    h = _step(at[i])
    found = _slopes(f, at, i, h)
    for _ in range(6):
        if all(slopes.spread < 1e-3 for slopes in found):
            break
        h /= 8.0
        found = [
            min(pair, key=lambda s: s.spread)
            for pair in zip(found, _slopes(f, at, i, h), strict=True)
        ]
    return found


def _slopes(
    f: Callable[[list[float]], list[float]], at: list[float], i: int, h: float
) -> list[Slopes]:
    def moved(step: float) -> list[float]:
        return f([*at[:i], at[i] + step, *at[i + 1 :]])

    outputs = zip(moved(-h), moved(-h / 2), f(at), moved(h / 2), moved(h), strict=True)
    return [
        Slopes(
            (e - a) / (2.0 * h),
            (d - b) / h,
            (c - b) * 2.0 / h,
            (d - c) * 2.0 / h,
            8.0 * _EPSILON * max(map(abs, ys)) / h,
        )
        for ys in outputs
        for a, b, c, d, e in [ys]
    ]


def compared(where: str, derivative: float, slopes: Slopes, rtol: float, atol: float) -> Check:
    """Return the verdict on a derivative, given the difference quotients; see testing.check_grad for the tolerances."""
    difference = slopes.best
    error = 0.0 if derivative == difference else abs(derivative - difference)
    scale = max(abs(derivative), abs(difference))
    low, high = sorted((slopes.left, slopes.right))
    apart = 0.05 * max(abs(low), abs(high), abs(derivative))
    if error <= atol + rtol * scale + slopes.noise:
        verdict = "ok"
    elif not isfinite(difference):
        verdict = "edge"  # f is not defined a step away
    elif high - low > apart and low - apart <= derivative <= high + apart:
        verdict = "kink"  # the two sides differ
    elif abs(slopes.near - slopes.wide) > apart:
        verdict = "kink"  # a jump: smaller steps give larger quotients
    else:
        verdict = "WRONG"
    return Check(where, derivative, difference, error, verdict)


def check_partials(row: Op) -> None:
    """Raise ValueError if a partial derivative of a row in the table is not that of its value, or cannot be checked.

    It is compared with finite differences at points of the row's domain. Points at which the value is not defined, and
    kinks, are left out. Where the differences are uncertain, as for a solver that stops early, so is the comparison.
    """
    is_checked = False
    for at in _points(row.domain):
        try:
            found = _partials_at(row, at)
        except (ArithmeticError, ValueError):  # a Python function outside of its domain
            continue
        is_checked |= any(check.verdict in ("ok", "WRONG") for check in found)
        if wrong := next((check for check in found if check.verdict == "WRONG"), None):
            place = ", ".join(f"{o} = {x:g}" for o, x in zip(row.operands, at, strict=True))
            raise ValueError(
                f"row {row.name!r}: its partial derivative with respect to {wrong.where} is {wrong.derivative:g} at "
                f"{place}, but finite differences of its value give {wrong.difference:g}"
            )
    if not is_checked:
        low, high = row.domain[0]
        raise ValueError(
            f"row {row.name!r}: it has no value and derivative to check between {low:g} and {high:g}; "
            "give the interval where it has, as domain=(low, high)"
        )


def _partials_at(row: Op, at: list[float]) -> list[Check]:
    """Return the comparison of each partial derivative at a point with differences, which may be rough."""

    def value(operands: list[float]) -> list[float]:
        return [evaluate(row.name, *operands)[0]]

    z, partials = evaluate(row.name, *at)
    found = []
    for k, (operand, partial) in enumerate(zip(row.operands, partials, strict=True)):
        (slopes,) = differences(value, at, k)
        (finer,) = _slopes(value, at, k, _step(at[k]) / 4.0)
        # Noise, as of a solver that stops early, changes with the step.
        uncertainty = abs(slopes.near - slopes.wide) + 10.0 * abs(slopes.best - finer.best)
        if isfinite(z) and isfinite(uncertainty):
            found.append(compared(operand, partial, slopes, _ROUGHLY, 1e-9 + uncertainty))
    return found


def _points(domain: tuple[Interval, ...]) -> Iterator[list[float]]:
    """Yield points that are spread over a domain, each with its own fraction of every interval."""
    for i in range(1, _POINTS + 1):
        fractions = [(i * 0.6180339887 ** (k + 1)) % 1.0 for k in range(len(domain))]
        yield [low + (high - low) * f for (low, high), f in zip(domain, fractions, strict=True)]
