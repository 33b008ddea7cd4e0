"""Derivatives checked against differences: check_grad for a function, nudge for a loss and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.node.modes import no_grad
from autograd_scalar.transforms.api import grad, gradient, hessian, push_forward
from autograd_scalar.value import Value, number

_EPSILON = 2.0**-52


class Check(NamedTuple):
    """One derivative: by what it is taken, what the engine says, what differences say, and the verdict."""

    where: str
    derivative: float
    difference: float
    error: float
    #: "ok", "WRONG", "kink" where the differences do not settle on one slope, or "edge" where there are none.
    verdict: str


class GradientReport:
    """What check_grad found: true when no derivative is wrong. `checks` lists them all."""

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
    """Return a report that compares f's derivatives at the arguments xs with central differences.

    Arguments are numbers or nests of numbers, and f gives one number. Order 1 checks the gradient;
    order 2 also every second derivative, as differences of the gradient, so that a rule which is
    right once and wrong twice is found. A derivative may be off by rtol of its size, by atol, and by the rounding
    error of the differences. Where these do not settle on one slope, at a corner or a jump, the verdict is "kink", not
    "WRONG"; at the rim of f's domain it is "edge". The report is true when nothing is wrong; it prints as a table.
    Raises ValueError for another order, TypeError for arguments that are no numbers.

    >>> check_grad(lambda x, y: x * y**2, 3.0, 5.0, order=1)  # doctest: +ELLIPSIS
    by    derivative  differences    error
    x[0]          25           25  ...  ok
    x[1]          30           30  ...  ok
    >>> bool(check_grad(lambda x: x.sqrt(), 2.0))
    True
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, got {order!r}")
    at = [x.data if type(x) is Value else number(x) for x in pytree.leaves(xs)]
    if not at:
        raise TypeError("check_grad needs the arguments to check f at, got none")
    names = pytree.paths(xs, "x")
    gradient_of_f = grad(f, range(len(xs)))

    def flat(function: Callable[..., Any]) -> Callable[[list[float]], list[float]]:
        """Return the function from the list of all numbers to the list of all results."""
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
    """Slopes of one output by one number: from steps h and h/2, and one-sided; and the rounding error in them."""

    wide: float
    near: float
    left: float
    right: float
    noise: float

    @property
    def unrest(self) -> float:
        """How far the two steps are from one slope, beside that slope; inf where one of them is no number."""
        apart = abs(self.near - self.wide)
        return apart / max(abs(self.near), abs(self.wide), 1e-300) if isfinite(apart) else inf


def _differences(f: Callable[[list[float]], list[float]], at: list[float], i: int) -> list[_Slopes]:
    """Return the slopes of each output of f by number i.

    The slopes from two steps are later extrapolated (Richardson), which leaves an error of order h**4 beside the
    rounding error over h: their sum is least for h about the fifth root of the rounding error. Where the two do not
    agree, the step may be too wide (the logarithm near 0, the edge of a domain), and smaller ones are tried.
    """
    h = _EPSILON**0.2 * max(1.0, abs(at[i]))
    found = _slopes(f, at, i, h)
    for _ in range(6):
        if all(slopes.unrest < 1e-3 for slopes in found):
            break
        h /= 8.0
        found = [
            min(pair, key=lambda s: s.unrest)
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
        verdict = "edge"  # a step away the function is not defined
    elif high - low > apart and low - apart <= derivative <= high + apart:
        verdict = "kink"  # the slope depends on the side
    elif abs(slopes.near - slopes.wide) > apart:
        verdict = "kink"  # a jump: the smaller the step, the steeper
    else:
        verdict = "WRONG"
    return Check(where, derivative, difference, error, verdict)


class Nudge(NamedTuple):
    """A predicted change of a loss beside the actual one; see nudge()."""

    what: str
    predicted: float
    curved: float
    actual: float


class NudgeReport:
    """What nudge() found: the parameters' gradients and changes, and the two experiments. Prints as a table."""

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
    """Return the change of a loss that its gradient predicts beside the change that happens.

    Two experiments, each from the present parameters: every parameter is increased by `step`, and
    one step of gradient descent is taken with `step` for learning rate. To first order the loss
    changes by the sum of gradient times change, g . d; what that misses is d . H d / 2 and smaller,
    so the table also shows the prediction with curvature. The parameters are as before when nudge
    returns, and their grads untouched.

    `loss` is a Value (its graph is recomputed) or a function that computes one from the parameters;
    `params` are the Values to move, in a list or nest. Raises TypeError for anything else.

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
    values = pytree.leaves(params)
    for v in values:
        if not isinstance(v, Value) or v.parents:
            raise TypeError(f"nudge moves parameters, which are leaves, got {v!r}")
    if len({*values}) < len(values):
        raise ValueError("nudge got the same parameter twice")
    if isinstance(loss, Value):
        loss.recompute()  # its data may have been set since it was recorded
    y = loss if isinstance(loss, Value) else loss()
    if not isinstance(y, Value):
        raise TypeError(
            f"nudge needs a loss that is a Value or a function that returns one, got {type(y).__name__}"
        )

    def again() -> float:
        if isinstance(loss, Value):
            loss.recompute()
            return loss.data
        return loss().data

    slopes = gradient(y, values)
    recorded = gradient(y, values, create_graph=True)
    start, before = [v.data for v in values], y.data
    nudges = []
    for what, changes in (
        (f"every one + {step:g}", [step] * len(values)),
        (f"descent by {step:g}", [-step * g for g in slopes]),
    ):
        predicted = _inner(slopes, changes)
        bend = push_forward(recorded, dict(zip(values, changes, strict=True)))
        try:
            for v, x, change in zip(values, start, changes, strict=True):
                v.data = x + change
            actual = again() - before
        finally:
            for v, x in zip(values, start, strict=True):
                v.data = x
            if isinstance(loss, Value):
                loss.recompute()
        nudges.append(Nudge(what, predicted, predicted + 0.5 * _inner(bend, changes), actual))
    names = [
        v.label or path for v, path in zip(values, pytree.paths(params, "params"), strict=True)
    ]
    return NudgeReport(
        [(name, g, step) for name, g in zip(names, slopes, strict=True)], before, nudges
    )


def _inner(xs: Sequence[float], ys: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
