"""Curves of a training run by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Ratio of the largest to the smallest number above which a scale is logarithmic.
LOG_RATIO = 50.0
#: The columns of a history that measure predictions.
_METRICS = ("accuracy", "error")


def loss_curve(
    history: Any, *, ax: Axes | None = None, label: str | None = None, color: Any = None
) -> Axes:
    """Plot the loss by epoch, dashed for the validation loss if there is one; return the matplotlib Axes.

    A diamond marks the best epoch. The scale is logarithmic where the loss spans a factor of 50.

    Raises TypeError for other kinds of history, ValueError if it has no loss.

    >>> ax = loss_curve([0.7, 0.4, 0.3], label="sgd")
    >>> ax = loss_curve([0.6, 0.2, 0.1], ax=ax, label="adam")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['sgd', 'sgd, best 0.3', 'adam', 'adam, best 0.1']

    Args:
        history: a History, a mapping from names to columns, or a list of losses.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the name of the run in the legend.
        color: the colour of the run; by default the next one of the axes.
    """
    columns = _columns(history)
    axes, colour = _curve(columns, "loss", ax, label, color)
    watched = columns.get("val_loss", columns["loss"])
    least = min((loss if isfinite(loss) else inf for loss in watched), default=inf)
    if isfinite(least):
        best = columns["epoch"][watched.index(least)]
        named = f"{label}, best" if label else "best"
        axes.plot(best, least, "D", color=colour, ms=5, label=f"{named} {least:.4g}")
    curves: Any = (line.get_ydata() for line in axes.get_lines())
    drawn = [y for curve in curves for y in curve if isfinite(y)]
    if drawn and 0.0 < min(drawn) * LOG_RATIO < max(drawn):
        axes.set_yscale("log")
    return _finished(axes)


def metric_curve(
    history: Any, *, ax: Axes | None = None, label: str | None = None, color: Any = None
) -> Axes:
    """Plot the accuracy or the error by epoch, dashed for validation; return the matplotlib Axes.

    Raises TypeError for other kinds of history, ValueError if it has neither column.

    >>> metric_curve({"loss": [0.7, 0.4], "accuracy": [0.5, 0.9]}).get_ylabel()
    'accuracy'

    Args:
        history: a History, or a mapping from names to columns.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the name of the run in the legend.
        color: the colour of the run; by default the next one of the axes.
    """
    columns = _columns(history)
    name = metric_of(columns)
    if name is None:
        listed = ", ".join(columns)
        raise ValueError(f"no accuracy or error to plot; the columns are {listed}")
    return _finished(_curve(columns, name, ax, label, color)[0])


def metric_of(columns: Mapping[str, Any]) -> str | None:
    """Return the column of a history that measures predictions; None if it has none."""
    return next((name for name in _METRICS if name in columns), None)


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


def _curve(
    columns: dict[str, list[float]], name: str, ax: Axes | None, label: str | None, color: Any
) -> tuple[Axes, Any]:
    """Plot a column, and its counterpart on the validation set; return the axes and the run's colour."""
    from autograd_scalar.show.plots.figure import new_axes

    axes = new_axes(5.6, 3.2) if ax is None else ax
    epochs, held_out = columns["epoch"], columns.get(f"val_{name}")
    mark = "o" if len(epochs) < 3 else ""
    (line,) = axes.plot(epochs, columns[name], color=color, marker=mark, label=label or "training")
    colour = line.get_color()
    if held_out is not None:
        named = f"{label}, validation" if label else "validation"
        axes.plot(epochs, held_out, color=colour, marker=mark, ls="--", label=named)
    axes.set_ylabel(name)
    return axes, colour


def _finished(axes: Axes) -> Axes:
    from matplotlib.ticker import MaxNLocator

    from autograd_scalar.show.plots.figure import legend, style

    style(axes, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes)
    return axes
