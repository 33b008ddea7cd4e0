"""An activation function and its derivatives as curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

from autograd_scalar.nn.activations import function_of, plain
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula.formula import latex
from autograd_scalar.transforms.api import gradient
from autograd_scalar.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Line styles of a function, its first and its second derivative.
STYLES = ("-", "--", ":")
#: The domain of a row of the table that defines none.
_DEFAULT_DOMAIN = (-2.0, 2.0)


def activation(
    function: str | Callable[[Value], Value],
    *,
    low: float | None = None,
    high: float | None = None,
    ax: Axes | None = None,
    label: str | None = None,
    color: Any = None,
) -> Axes:
    """Plot an activation with its first (dashed) and second (dotted) derivative; return the matplotlib Axes.

    Raises ValueError for an unknown name, or unless low < high.

    >>> print(*[line.get_label() for line in activation("tanh").get_lines()][:3])
    tanh tanh' tanh''

    Args:
        function: the name of an operation with one operand ("tanh"), or a function of a Value.
        low: the left end of the plot; by default -5, or that of the operation's domain.
        high: the right end; by default 5, or that of the operation's domain.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the name in the legend; by default the function's.
        color: the colour of the three curves; by default the next one of the axes.
    """
    from autograd_scalar.show.plots.figure import legend, new_axes, style, zero_line

    function = plain(function)
    call = function_of(function) or (lambda x: x)
    name = function if isinstance(function, str) else getattr(function, "__name__", "f")
    name = name if name.isidentifier() else "f"  # a lambda
    domain = TABLE[name].domain[0] if name in TABLE else _DEFAULT_DOMAIN
    default = (-5.0, 5.0) if domain == _DEFAULT_DOMAIN else domain
    low, high = default[0] if low is None else low, default[1] if high is None else high
    if not low < high:
        raise ValueError(f"low must be below high, got low={low} and high={high}")
    axes = new_axes(5.6, 3.4) if ax is None else ax
    xs = [low + (high - low) * step / 400 for step in range(401)]
    derivatives = [_derivatives(call, x) for x in xs]
    for order, (curve, line) in enumerate(zip(zip(*derivatives, strict=True), STYLES, strict=True)):
        named = (name if label is None else label) + "'" * order
        drawn = axes.plot(xs, _broken(curve), line, color=color, lw=2, label=named)
        color = drawn[0].get_color()
    # The second derivative does not count: near a pole it would flatten the other curves.
    shown = [y for orders in derivatives for y in orders[:2] if isfinite(y)]
    if shown and ax is None:
        room = 0.6 * (max(shown) - min(shown) or 1.0)
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, min(shown) - room), min(top, max(shown) + room))
    style(axes, xlabel="x")
    if ax is None:
        axes.set_title(_formula(call, xs[200]) or name)
    for horizontal in (True, False):
        zero_line(axes, horizontal=horizontal)
    legend(axes)
    return axes


def _derivatives(function: Callable[[Value], Value], at: float) -> tuple[float, float, float]:
    """Return a function's value, first and second derivative at a point."""
    x = Value(at)
    y = function(x)
    (dy,) = gradient(y, [x], create_graph=True)
    return y.data, dy.data, gradient(dy, [x])[0]


def _broken(curve: Sequence[float]) -> list[float]:
    """Return a curve with a gap at each jump, a step of more than a fifth of its height."""
    finite = [y for y in curve if isfinite(y)]
    jump = (max(finite) - min(finite)) / 5 if finite else inf
    jumps = [abs(b - a) > jump > 0.0 for a, b in pairwise(curve)]
    return [nan if jumped else y for y, jumped in zip(curve, [*jumps, False], strict=True)]


def _formula(function: Callable[[Value], Value], at: float) -> str:
    """Return the formula of a function for matplotlib's mathtext, or "" if it cannot typeset it."""
    from matplotlib.mathtext import MathTextParser

    formula = f"${latex(function(Value(at, label='x')))}$"
    try:
        MathTextParser("path").parse(formula)
    except ValueError:  # mathtext lacks cases and aligned lines
        return ""
    return formula
