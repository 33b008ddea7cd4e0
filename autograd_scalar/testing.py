"""Check derivatives against finite differences: check_grad for a function, nudge for a loss and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import inf, isfinite
from operator import add, mul
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.node.modes import no_grad
from autograd_scalar.transforms.api import grad, gradient, hessian, push_forward
from autograd_scalar.value import Value, number

_EPSILON = 2.0**-52


class Check(NamedTuple):
    """One derivative: its variable, the results of the engine and of differences, the error, and the verdict."""

    where: str
    derivative: float
    difference: float
    error: float
    #: "ok" or "WRONG"; "kink" if the differences do not converge, "edge" if f is not defined around the point.
    verdict: str


class GradientReport:
    """The result of check_grad: true if no derivative is wrong. `checks` lists all derivatives."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = list(checks)

    def __bool__(self) -> bool:
        return all(check.verdict != "WRONG" for check in self.checks)

    def __repr__(self) -> str:
        head = ("by", "derivative", "differences", "error", "")
        rows = [
            (c.where, f"{c.derivative:.10g}", f"{c.difference:.10g}", f"{c.error:.1e}", c.verdict)
            for c in self.checks
        ]
        return _table([head, *rows])


def check_grad(
    f: Callable[..., Any], *xs: Any, order: int = 2, rtol: float = 1e-6, atol: float = 1e-12
) -> GradientReport:
    """Return a GradientReport that compares f's derivatives at the arguments xs with central differences.

    The report is true if no derivative is wrong; it prints as a table. The arguments are numbers or nests of numbers,
    and f returns one number. Order 1 checks the gradient. Order 2 also checks every second derivative against
    differences of the gradient, which finds a rule that is right for the first derivative only.

    The tolerance is atol, plus rtol times the size of the derivative, plus the rounding error of the differences. The
    verdict on a corner or a jump, where differences do not converge, is "kink" instead of "WRONG"; on the edge of f's
    domain it is "edge".

    Raises ValueError for any other order, and TypeError for arguments that are not numbers.

    >>> check_grad(lambda x, y: x * y**2, 3.0, 5.0, order=1)  # doctest: +ELLIPSIS
    by    derivative  differences    error
    x[0]          25           25  ...  ok
    x[1]          30           30  ...  ok
    >>> bool(check_grad(lambda x: x.sqrt(), 2.0))
    True
    """
    if order not in (1, 2):
        raise ValueError(f"expected 1 or 2 as order, got {order!r}")
    at = [x.data if type(x) is Value else number(x) for x in pytree.leaves(xs)]
    if not at:
        raise TypeError("check_grad needs the arguments at which to check f, got none")
    names = pytree.paths(xs, "x")
    gradient_of_f = grad(f, range(len(xs)))

    def flat(function: Callable[..., Any]) -> Callable[[list[float]], list[float]]:
        """Return the function with its arguments and its results flattened to lists of numbers."""
        return lambda numbers: [
            y.data if type(y) is Value else float(y)
            for y in pytree.leaves(function(*pytree.build(xs, iter(numbers))))
        ]

    @no_grad()
    def value(*arguments: Any) -> Any:
        return f(*pytree.build(arguments, map(Value, pytree.leaves(arguments))))

    found = flat(gradient_of_f)(at)
    levels = [(flat(value), [found], [""])]
    if order == 2:
        second = flat(hessian(f, range(len(xs))))(at)
        rows = [second[i : i + len(at)] for i in range(0, len(second), len(at))]
        levels.append((flat(gradient_of_f), rows, [f"{name} " for name in names]))
    checks = []
    for function, rows, prefixes in levels:
        for j, name in enumerate(names):
            for row, prefix, differences in zip(
                rows, prefixes, _differences(function, at, j), strict=True
            ):
                checks.append(_check(prefix + name, row[j], differences, rtol, atol))
    return GradientReport(checks)


class _Slopes(NamedTuple):
    """Difference quotients of one output: with steps h and h/2, and one-sided; with their rounding error."""

    wide: float
    near: float
    left: float
    right: float
    noise: float

    @property
    def spread(self) -> float:
        """Relative distance between the quotients with the two steps; inf if one of them is not finite."""
        apart = abs(self.near - self.wide)
        return apart / max(abs(self.near), abs(self.wide), 1e-300) if isfinite(apart) else inf


def _differences(f: Callable[[list[float]], list[float]], at: list[float], i: int) -> list[_Slopes]:
    """Return the difference quotients of each output of f with respect to number i.

    Richardson extrapolation from two steps leaves an error of order h**4, besides the rounding error over h; their sum
    is least for h near the fifth root of the rounding error. If the quotients disagree, the step may be too wide (for
    the logarithm near 0, or at the edge of a domain), and smaller steps are tried.
    """
    h = _EPSILON**0.2 * max(1.0, abs(at[i]))
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
) -> list[_Slopes]:
    def moved(step: float) -> list[float]:
        return f([*at[:i], at[i] + step, *at[i + 1 :]])

    outputs = zip(moved(-h), moved(-h / 2), f(at), moved(h / 2), moved(h), strict=True)
    return [
        _Slopes(
            (e - a) / (2.0 * h),
            (d - b) / h,
            (c - b) * 2.0 / h,
            (d - c) * 2.0 / h,
            8.0 * _EPSILON * max(map(abs, ys)) / h,
        )
        for ys in outputs
        for a, b, c, d, e in [ys]
    ]


def _check(where: str, derivative: float, slopes: _Slopes, rtol: float, atol: float) -> Check:
    difference = (4.0 * slopes.near - slopes.wide) / 3.0
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


class Nudge(NamedTuple):
    """The predicted and the actual change of a loss; see nudge()."""

    what: str
    predicted: float
    curved: float
    actual: float


class NudgeReport:
    """The result of nudge(): the parameters' gradients and changes, and the two experiments. Prints as a table."""

    def __init__(
        self, parameters: Sequence[tuple[str, float, float]], loss: float, nudges: Sequence[Nudge]
    ) -> None:
        #: One (name, gradient, change) for each parameter.
        self.parameters = list(parameters)
        self.loss = loss
        #: Every parameter increased by the step, and one step of gradient descent.
        self.nudges = list(nudges)
        self.increase, self.descent = self.nudges

    def __repr__(self) -> str:
        shown = (
            self.parameters
            if len(self.parameters) <= 24
            else [*self.parameters[:12], *self.parameters[-12:]]
        )
        rows = [(name, f"{g:.6g}", f"{change:g}", f"{g * change:.6g}") for name, g, change in shown]
        if len(shown) < len(self.parameters):
            rows.insert(12, (f"... {len(self.parameters) - 24} more", "", "", ""))
        by_parameter = _table([("parameter", "gradient", "change", "gradient * change"), *rows])
        experiments = _table(
            [
                ("", "predicted", "with curvature", "actual", "actual - predicted"),
                *((n.what, f"{n.predicted:.6g}", f"{n.curved:.6g}", f"{n.actual:.6g}", f"{n.actual - n.predicted:.1e}")
                  for n in self.nudges),
            ]
        )  # fmt: skip
        return f"{by_parameter}\n\nloss {self.loss:.6g}\n{experiments}"


def nudge(loss: Value | Callable[[], Value], params: Any, step: float = 1e-3) -> NudgeReport:
    """Return a NudgeReport that compares the change of a loss predicted by its gradient with the actual change.

    Two experiments start from the current parameters: every parameter is increased by `step`, and one step of gradient
    descent is taken with learning rate `step`. To first order the loss changes by g . d, the sum of gradient times
    change. The error of this prediction is d . H d / 2 plus smaller terms, so the report also has the prediction with
    curvature. The parameters and their grads are restored afterwards.

    `loss` is a Value (its graph is recomputed) or a function that computes one from the parameters. `params` is a list
    or nest of the leaves to move. Raises TypeError for anything else, and ValueError for a repeated parameter.

    >>> w = Value(3.0, label="w")
    >>> nudge(lambda: w * w, [w], step=0.1)
    parameter  gradient  change  gradient * change
    w                 6     0.1                0.6
    <BLANKLINE>
    loss 9
                     predicted  with curvature  actual  actual - predicted
    every one + 0.1        0.6            0.61    0.61             1.0e-02
    descent by 0.1        -3.6           -3.24   -3.24             3.6e-01
    """
    values = _distinct_leaves(params)
    if isinstance(loss, Value):
        loss.recompute()  # the data of its leaves may have been set since it was recorded
    y = loss if isinstance(loss, Value) else loss()
    if not isinstance(y, Value):
        raise TypeError(
            f"nudge needs a loss that is a Value or a function that returns one, got {type(y).__name__}"
        )

    slopes = gradient(y, values)
    recorded = gradient(y, values, create_graph=True)
    before = y.data
    nudges = []
    for what, changes in (
        (f"every one + {step:g}", [step] * len(values)),
        (f"descent by {step:g}", [-step * g for g in slopes]),
    ):
        predicted = _inner(slopes, changes)
        bend = push_forward(recorded, dict(zip(values, changes, strict=True)))
        actual = _loss_after(loss, values, changes) - before
        nudges.append(Nudge(what, predicted, predicted + 0.5 * _inner(bend, changes), actual))
    names = [
        v.label or path for v, path in zip(values, pytree.paths(params, "params"), strict=True)
    ]
    return NudgeReport(
        [(name, g, step) for name, g in zip(names, slopes, strict=True)], before, nudges
    )


def _distinct_leaves(params: Any) -> list[Value]:
    """Return the leaves of a nest as a list; TypeError for anything but leaf Values, ValueError for repeated ones."""
    values = pytree.leaves(params)
    for v in values:
        if not isinstance(v, Value) or v.parents:
            raise TypeError(f"nudge needs parameters that are leaves, got {v!r}")
    if len({*values}) < len(values):
        raise ValueError("nudge needs distinct parameters, got one of them twice; list each once")
    return values


def _loss_after(
    loss: Value | Callable[[], Value], values: Sequence[Value], changes: Sequence[float]
) -> float:
    """Return the loss with some leaves changed; they are restored afterwards."""
    start = [v.data for v in values]
    try:
        for v, x, change in zip(values, start, changes, strict=True):
            v.data = x + change
        if isinstance(loss, Value):
            loss.recompute()
            return loss.data
        return loss().data
    finally:
        for v, x in zip(values, start, strict=True):
            v.data = x
        if isinstance(loss, Value):
            loss.recompute()


def _inner(xs: Sequence[float], ys: Sequence[float]) -> float:
    return reduce(add, map(mul, xs, ys), 0.0)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns, the first aligned left and the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
