"""Plots of training runs and models: ag.plot.

Each function returns a matplotlib Figure, draws on `ax` if given, and leaves pyplot alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

from autograd_scalar.nn.activations import function_of, plain
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula.formula import latex
from autograd_scalar.show.graph.scopes import Named, layer_of
from autograd_scalar.show.plots.boundary import boundary_gif as boundary_gif
from autograd_scalar.show.plots.boundary import decision_boundary as decision_boundary
from autograd_scalar.transforms.api import gradient
from autograd_scalar.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "activation",
    "boundary_gif",
    "decision_boundary",
    "gradients",
    "loss_curve",
    "weights",
]

#: Ratio of the largest to the smallest number above which a scale is logarithmic.
LOG_RATIO = 50.0
#: Line styles of a function, its first and its second derivative.
STYLES = ("-", "--", ":")
#: The domain of a row of the table that defines none.
_DEFAULT_DOMAIN = (-2.0, 2.0)


def loss_curve(history: Any, *, ax: Axes | None = None) -> Figure:
    """Return a matplotlib Figure of the loss by epoch, with the validation loss if there is one.

    Without `ax`, the accuracy or error is plotted below. The scale is logarithmic where the loss
    spans a factor of 50.

    Raises TypeError for other kinds of history, ValueError if it has no loss.

    >>> loss_curve([0.7, 0.4, 0.3]).axes[0].get_ylabel()
    'loss'

    Args:
        history: a History, a mapping from names to columns, or a list of losses.
        ax: matplotlib Axes to draw on; by default those of a new figure.
    """
    from autograd_scalar.show.plots.figure import figure_of, new_axes

    columns = _columns(history)
    measures = [name for name in ("accuracy", "error") if name in columns]
    if ax is not None or not measures:
        axes = new_axes(5.2, 3.2) if ax is None else ax
        _curves(axes, columns, "loss")
        return figure_of(axes)
    figure = figure_of(axes := new_axes(5.2, 4.6))
    axes.remove()
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _curves(above, columns, "loss")
    _curves(below, columns, measures[0])
    above.label_outer()
    return figure


def _columns(history: Any) -> dict[str, list[float]]:
    found = getattr(history, "columns", history)
    if not isinstance(found, Mapping):
        if isinstance(found, str) or not isinstance(found, Sequence):
            raise TypeError(
                f"expected a History, a mapping of columns or a list of losses, "
                f"got {type(history).__name__}"
            )
        found = {"loss": found}
    columns = {name: [float(number) for number in column] for name, column in found.items()}
    if not columns.get("loss"):
        raise ValueError(f"no loss to plot; the columns are {', '.join(columns) or 'none'}")
    columns.setdefault("epoch", [float(epoch) for epoch in range(1, len(columns["loss"]) + 1)])
    return columns


def _curves(axes: Axes, columns: dict[str, list[float]], name: str) -> None:
    """Plot a column, and its counterpart on the validation set, over the epochs."""
    from matplotlib.ticker import MaxNLocator

    from autograd_scalar.show.plots.figure import COLOURS, style

    epochs = columns["epoch"]
    held_out = columns.get(f"val_{name}")
    mark = "o" if len(epochs) < 3 else ""
    axes.plot(epochs, columns[name], color=COLOURS[0], marker=mark, label="training")
    if held_out is not None:
        axes.plot(epochs, held_out, color=COLOURS[1], marker=mark, ls="--", label="validation")
    style(axes, xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if name == "loss":
        watched = columns["loss"] if held_out is None else held_out
        least = min((loss if isfinite(loss) else inf for loss in watched), default=inf)
        if isfinite(least):
            best = watched.index(least)
            axes.plot(epochs[best], least, "D", color="#222222", ms=5, label=f"best, {least:.4g}")
        drawn = [loss for loss in (*columns["loss"], *(held_out or ())) if isfinite(loss)]
        if drawn and 0.0 < min(drawn) * LOG_RATIO < max(drawn):
            axes.set_yscale("log")
    axes.legend(fontsize=8, frameon=False)


def activation(
    function: str | Callable[[Value], Value],
    *,
    low: float | None = None,
    high: float | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a matplotlib Figure of an activation with its first and second derivative.

    Raises ValueError for an unknown name, or unless low < high.

    >>> print(*[line.get_label() for line in activation("tanh").axes[0].get_lines()][:3])
    tanh tanh' tanh''

    Args:
        function: the name of an operation with one operand ("tanh"), or a function of a Value.
        low: the left end of the plot; by default -5, or that of the operation's domain.
        high: the right end; by default 5, or that of the operation's domain.
        ax: matplotlib Axes to draw on; by default those of a new figure.
    """
    from autograd_scalar.show.plots.figure import COLOURS, figure_of, new_axes, style

    function = plain(function)
    call = function_of(function) or (lambda x: x)
    name = function if isinstance(function, str) else getattr(function, "__name__", "f")
    name = name if name.isidentifier() else "f"  # a lambda
    domain = TABLE[name].domain[0] if name in TABLE else _DEFAULT_DOMAIN
    default = (-5.0, 5.0) if domain == _DEFAULT_DOMAIN else domain
    low, high = default[0] if low is None else low, default[1] if high is None else high
    if not low < high:
        raise ValueError(f"low must be below high, got low={low} and high={high}")
    axes = new_axes(5.2, 3.4) if ax is None else ax
    xs = [low + (high - low) * step / 400 for step in range(401)]
    derivatives = [_derivatives(call, x) for x in xs]
    for order, (curve, line) in enumerate(zip(zip(*derivatives, strict=True), STYLES, strict=True)):
        label = name + "'" * order
        axes.plot(xs, _broken(curve), line, color=COLOURS[order], lw=2, label=label)
    # The second derivative does not count: near a pole it would flatten the other curves.
    shown = [y for orders in derivatives for y in orders[:2] if isfinite(y)]
    if shown and ax is None:
        room = 0.6 * (max(shown) - min(shown) or 1.0)
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, min(shown) - room), min(top, max(shown) + room))
    style(axes, xlabel="x", title=_formula(call, xs[200]) or name)
    for rule in (axes.axhline, axes.axvline):
        rule(0.0, color="#999999", linewidth=0.8, zorder=1)
    axes.legend(fontsize=9, frameon=False)
    return figure_of(axes)


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


def weights(model: Named, *, ax: Axes | None = None) -> Figure:
    """Return a matplotlib Figure of a model's parameters by layer: points, quartiles and median.

    Raises TypeError for an object without named parameters, ValueError for a model without any.

    >>> from autograd_scalar import nn
    >>> weights(nn.MLP(2, [3, 1], seed=0)).axes[0].get_xlabel()
    'parameters'
    """
    return _strips(model, "data", "parameters", ax)


def gradients(model: Named, *, ax: Axes | None = None) -> Figure:
    """Return a matplotlib Figure of a model's gradients by layer, after backward().

    The scale is logarithmic away from 0 if layers differ by a factor of 50, so that vanishing and
    exploding gradients are visible.

    Raises TypeError for an object without named parameters, ValueError for a model without any.

    >>> from autograd_scalar import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> model([1.0, 2.0]).backward()
    >>> gradients(model).axes[0].get_xlabel()
    'gradients'
    """
    return _strips(model, "grad", "gradients", ax)


def _strips(model: Named, attribute: str, title: str, ax: Axes | None) -> Figure:
    from autograd_scalar.show.plots.figure import COLOURS, figure_of, new_axes, style

    if not isinstance(model, Named):
        raise TypeError(f"expected a module with named parameters, got {type(model).__name__}")
    layers: dict[str, list[float]] = {}
    for name, parameter in model.named_parameters():
        layers.setdefault(layer_of(name), []).append(getattr(parameter, attribute))
    if not layers:
        raise ValueError(f"nothing to plot: this {type(model).__name__} has no parameters")
    axes = new_axes(5.2, 1.0 + 0.55 * len(layers)) if ax is None else ax
    for row, numbers in enumerate(layers.values()):
        # The golden ratio spreads points evenly and without randomness, neighbours far apart.
        heights = [row + 0.5 * ((place * 0.618034) % 1.0 - 0.5) for place in range(len(numbers))]
        alpha = max(0.3, min(0.8, 60.0 / len(numbers)))
        axes.scatter(numbers, heights, s=9, color=COLOURS[0], alpha=alpha, linewidths=0)
        finite = sorted(number for number in numbers if isfinite(number))
        if finite:
            low, middle, high = (finite[(len(finite) - 1) * share // 4] for share in (1, 2, 3))
            axes.plot([low, high], [row, row], color=COLOURS[1], linewidth=2.2)
            axes.plot(middle, row, "|", color=COLOURS[1], markersize=14, markeredgewidth=2.2)
    style(axes, xlabel=title)
    axes.set_yticks(range(len(layers)))
    axes.set_yticklabels([f"{name}\n{len(numbers):,}" for name, numbers in layers.items()])
    axes.set_ylim(len(layers) - 0.5, -0.5)
    axes.axvline(0.0, color="#999999", linewidth=0.8, zorder=1)
    largest = [max(map(abs, numbers)) for numbers in layers.values()]
    if attribute == "grad":
        _scale_gradients(axes, largest)
    return figure_of(axes)


def _scale_gradients(axes: Axes, largest: list[float]) -> None:
    nonzero = [size for size in largest if 0.0 < size < inf]
    if not any(largest):
        axes.set_title("no gradient yet: call backward()", fontsize=10)
    elif nonzero and max(nonzero) > LOG_RATIO * min(nonzero):
        axes.set_xscale("symlog", linthresh=min(nonzero) / 10)
