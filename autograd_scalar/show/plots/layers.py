"""Activations of a model by layer: their distribution, saturation and dead units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import Value, as_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A unit is saturated where its activation's local derivative is below this.
SATURATED = 0.05
#: Maximum number of bins of a histogram, and approximate number of outputs in each.
_BINS, _IN_BIN = 60, 15


class LayerOutputs(NamedTuple):
    """The outputs of one layer for several rows, a list per row."""

    name: str
    rows: list[list[Value]]

    @property
    def data(self) -> list[float]:
        """All outputs as numbers."""
        return [v.data for row in self.rows for v in row]

    def summary(self) -> str:
        """Return the deviation of the outputs, the share that is saturated, and the number of dead units."""
        finite = [x for x in self.data if isfinite(x)]
        mean = sum(finite) / len(finite) if finite else 0.0
        deviation = sqrt(sum((x - mean) ** 2 for x in finite) / len(finite)) if finite else 0.0
        words = [f"{self.name}: std {deviation:.2g}"]
        units = list(
            zip(*([abs(_slope(v)) < SATURATED for v in row] for row in self.rows), strict=True)
        )
        flat = [is_flat for unit in units for is_flat in unit]
        if any(flat):
            words.append(f"{100 * sum(flat) / len(flat):.0f} % saturated")
        if dead := sum(map(all, units)):
            words.append(f"{dead} of {len(units)} dead")
        return ", ".join(words)


def activations(
    model: Any,
    X: Iterable[Any],
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: Any = None,
) -> Axes:
    """Plot the distribution of each layer's outputs over the rows X; return the matplotlib Axes.

    The legend has the standard deviation of each layer, the share of outputs that are saturated (the
    activation's local derivative is below 0.05, as for tanh beyond 2.2, and for relu below 0), and the
    units that are dead: saturated for every row, so they learn next to nothing.
    To judge an initialisation, plot the model before training and after, or two models side by side.

    Raises TypeError for a model that is not a chain of layers, ValueError without rows.

    >>> from autograd_scalar import nn
    >>> model = nn.MLP(2, [4, 1], activation="tanh", init="zeros")
    >>> ax = activations(model, [[1.0, 2.0], [3.0, 4.0]])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['layer 0 tanh: std 0', 'layer 1: std 0']

    Args:
        model: an MLP, a Sequential, or a list of layers.
        X: rows of inputs; or a Dataset.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the model's name, before those of its layers in the legend.
        color: the colour of all layers; by default the next ones of the axes.
    """
    import numpy as np

    from autograd_scalar.show.plots.figure import legend, new_axes, next_colour, style

    layers = layer_outputs(model, X)
    axes = new_axes(6.6, 3.2) if ax is None else ax
    for layer in layers:
        finite = np.array([x for x in layer.data if isfinite(x)])
        counts, edges = np.histogram(finite, bins=min(_BINS, 10 + len(finite) // _IN_BIN))
        shares = counts / max(1, len(layer.data))
        named = f"{label}, {layer.summary()}" if label else layer.summary()
        axes.stairs(shares, edges, color=color or next_colour(axes), lw=1.6, label=named)
    style(axes, xlabel="output", ylabel="share of outputs")
    legend(axes)
    return axes


def layer_outputs(model: Any, X: Iterable[Any]) -> list[LayerOutputs]:
    """Return the outputs of each layer of a chain for the rows X."""
    chain: Sequence[Callable[[Any], Any]] | None = next(
        (found for name in ("layers", "modules") if (found := getattr(model, name, None))),
        model if isinstance(model, list | tuple) else None,
    )
    if not chain:
        raise TypeError(
            f"expected an MLP, a Sequential or a list of layers, got {type(model).__name__}"
        )
    states: list[Any] = list(getattr(X, "X", X))
    if not states:
        raise ValueError("activations needs rows of inputs, got none")
    layers = []
    for k, layer in enumerate(chain):
        states = [layer(state) for state in states]
        rows = [
            [as_value(v) for v in (state if hasattr(state, "__len__") else [state])]
            for state in states
        ]
        (op, _), *_ = Counter(v.op for row in rows for v in row).most_common(1)
        layers.append(LayerOutputs(f"layer {k}{f' {op}' if _is_unary(op) else ''}", rows))
    return layers


def _is_unary(op: str) -> bool:
    """Return True for a function of one operand, such as an activation."""
    row = TABLE.get(op)
    return row is not None and not row.lists and len(row.operands) - len(row.defaults) == 1


def _slope(v: Value) -> float:
    """Return the local derivative of a function of one operand; 1 for other operations."""
    return v.partials[0] if v.partials and _is_unary(v.op) else 1.0
