"""Derivatives by finite differences, which recognise points without a derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_scalar import functions
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE
from autograd_scalar.transforms.api import gradient
from autograd_scalar.value import Value

STEP = 2.0**-9


def slope(f: Callable[[float], float], x: float) -> float | None:
    """Return the derivative of f at x, extrapolated from two central differences; None at a kink or a jump.

    If f is smooth, the one-sided difference quotients approach each other as the step shrinks.
    """

    def gap(step: float) -> float:
        return abs(f(x + step) - 2.0 * f(x) + f(x - step)) / step

    def central(step: float) -> float:
        return (f(x + step) - f(x - step)) / (2.0 * step)

    if gap(STEP / 32.0) > 1e-3 and gap(STEP / 32.0) > 0.3 * gap(STEP):
        return None
    coarse, middle, fine = central(STEP), central(STEP / 2.0), central(STEP / 4.0)
    better, best = (4.0 * middle - coarse) / 3.0, (4.0 * fine - middle) / 3.0
    return (16.0 * best - better) / 15.0


def close(got: float, expected: float, tolerance: float) -> bool:
    return abs(got - expected) <= tolerance * max(1.0, abs(expected))


def row_problems(
    name: str, point: Sequence[float], constants: Sequence[int] = (), tolerance: float = 1e-6
) -> list[str]:
    """Return the errors in a row's first and second derivatives at a point, compared with finite differences.

    The first are the row's partial derivatives against its value; the second are `gradient` of `gradient` against
    the row's partial derivatives. `constants` are the positions of operands that the row treats as constants.
    """
    row = TABLE[name]
    problems = []

    def first(at: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        return evaluate(name, *row.split(at))

    def moved(j: int, to: float) -> list[float]:
        return [*point[:j], to, *point[j + 1 :]]

    xs = [Value(x) for x in point]
    y = getattr(functions, name)(*row.split(xs))
    dy = gradient(y, xs, create_graph=True)
    partials = first(point)[1]
    for i, x in enumerate(point):
        if i in constants:
            continue
        expected = slope(lambda to, i=i: first(moved(i, to))[0], x)
        if expected is not None and not close(partials[i], expected, tolerance):
            problems.append(
                f"{name}{tuple(point)}: derivative {i} is {partials[i]}, differences give {expected}"
            )
        if not close(dy[i].data, partials[i], 1e-12):
            problems.append(
                f"{name}{tuple(point)}: derivative {i} is {partials[i]} as a float, {dy[i].data} as graph"
            )
        second = gradient(dy[i], xs)
        for j, by in enumerate(point):
            if j in constants:
                continue
            expected = slope(lambda to, i=i, j=j: first(moved(j, to))[1][i], by)
            if expected is not None and not close(second[j], expected, tolerance):
                problems.append(
                    f"{name}{tuple(point)}: derivative {i},{j} is {second[j]}, differences give {expected}"
                )
    return problems
