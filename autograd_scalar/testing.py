"""Check derivatives against finite differences: check_grad for a function, nudge for a loss and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, mul
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.node.modes import no_grad
from autograd_scalar.ops.differences import Check, compared, differences
from autograd_scalar.transforms.api import grad, gradient, hessian, push_forward
from autograd_scalar.value import Value, number


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
        return table([head, *rows])


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
            for row, prefix, slopes in zip(
                rows, prefixes, differences(function, at, j), strict=True
            ):
                checks.append(compared(prefix + name, row[j], slopes, rtol, atol))
    return GradientReport(checks)


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
        by_parameter = table([("parameter", "gradient", "change", "gradient * change"), *rows])
        experiments = table(
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

    def changes(slopes: list[float]) -> list[tuple[str, list[float]]]:
        return [
            (f"every one + {step:g}", [step] * len(values)),
            (f"descent by {step:g}", [-step * g for g in slopes]),
        ]

    before, slopes, nudges = experiments(loss, values, changes)
    names = [
        v.label or path for v, path in zip(values, pytree.paths(params, "params"), strict=True)
    ]
    return NudgeReport(
        [(name, g, step) for name, g in zip(names, slopes, strict=True)], before, nudges
    )


def experiments(
    loss: Value | Callable[[], Value],
    values: Sequence[Value],
    changes: Callable[[list[float]], Sequence[tuple[str, Sequence[float]]]],
) -> tuple[float, list[float], list[Nudge]]:
    """Return the loss, its gradient, and the predicted and actual change of the loss for changes of leaves.

    `changes` returns them, with the name of each experiment, for a gradient. The leaves are restored afterwards.
    Raises TypeError unless the loss is a Value or a function that returns one.
    """
    if isinstance(loss, Value):
        loss.recompute()  # the data of its leaves may have been set since it was recorded
    y = loss if isinstance(loss, Value) else loss()
    if not isinstance(y, Value):
        raise TypeError(
            f"expected a loss that is a Value or a function that returns one, got {type(y).__name__}"
        )
    slopes = gradient(y, values)
    recorded = gradient(y, values, create_graph=True)
    before = y.data
    nudges = []
    for what, change in changes(slopes):
        predicted = _inner(slopes, change)
        bend = push_forward(recorded, dict(zip(values, change, strict=True)))
        actual = _loss_after(loss, values, change) - before
        nudges.append(Nudge(what, predicted, predicted + 0.5 * _inner(bend, change), actual))
    return before, slopes, nudges


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


def table(rows: Sequence[Sequence[str]]) -> str:
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
