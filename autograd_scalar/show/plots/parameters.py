"""Parameters and gradients of a model by layer."""

from __future__ import annotations

from math import inf, isfinite, nan, sqrt
from typing import TYPE_CHECKING, Any

from autograd_scalar.show.graph.scopes import Named, layer_of
from autograd_scalar.show.plots.curves import LOG_RATIO

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weights(
    model: Named, *, ax: Axes | None = None, label: str | None = None, color: Any = None
) -> Axes:
    """Plot a model's parameters by layer: points, quartiles and median; return the matplotlib Axes.

    Raises TypeError for an object without named parameters, ValueError for a model without any.

    >>> from autograd_scalar import nn
    >>> weights(nn.MLP(2, [3, 1], seed=0)).get_xlabel()
    'parameters'

    Args:
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the model's name in the legend.
        color: the colour of the points; by default the next one of the axes.
    """
    axes, _ = _strips(model, "data", "parameters", ax, label, color)
    return axes


def gradients(
    model: Named, *, ax: Axes | None = None, label: str | None = None, color: Any = None
) -> Axes:
    """Plot a model's gradients by layer, after backward(); return the matplotlib Axes.

    The scale is logarithmic away from 0 if layers differ by a factor of 50, so that vanishing and
    exploding gradients are visible.

    Raises TypeError for an object without named parameters, ValueError for a model without any.

    >>> from autograd_scalar import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> model([1.0, 2.0]).backward()
    >>> gradients(model).get_xlabel()
    'gradients'

    Args:
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the model's name in the legend.
        color: the colour of the points; by default the next one of the axes.
    """
    axes, layers = _strips(model, "grad", "gradients", ax, label, color)
    largest = [max(map(abs, numbers)) for numbers in layers]
    nonzero = [size for size in largest if 0.0 < size < inf]
    if not any(largest):
        axes.set_title(NO_GRADIENT, fontsize=10)
    elif nonzero and max(nonzero) > LOG_RATIO * min(nonzero):
        axes.set_xscale("symlog", linthresh=min(nonzero) / 10)
    return axes


def gradient_flow(
    model: Named, *, ax: Axes | None = None, label: str | None = None, color: Any = None
) -> Axes:
    """Plot the size of the gradient by layer, after backward(), on a logarithmic scale; return the matplotlib Axes.

    A line is the root mean square of each layer's gradients, from the first layer to the last. If it falls
    to the left, the gradient vanishes on its way back; if it rises, the gradient explodes. A layer whose
    gradient is 0 is a gap.

    Raises TypeError for an object without named parameters, ValueError for a model without any.

    >>> from autograd_scalar import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> model([1.0, 2.0]).backward()
    >>> gradient_flow(model, label="relu").get_ylabel()
    'gradient, root mean square'

    Args:
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the model's name in the legend.
        color: the colour of the line; by default the next one of the axes.
    """
    from autograd_scalar.show.plots.figure import legend, new_axes, style

    layers = by_layer(model)
    sizes = [sqrt(sum(p.grad**2 for p in layer) / len(layer)) or nan for layer in layers.values()]
    axes = new_axes(5.6, 3.0) if ax is None else ax
    axes.plot(range(len(layers)), sizes, "-o", color=color, ms=5, lw=1.6, label=label)
    axes.set_yscale("log")
    axes.set_xticks(range(len(layers)), list(layers))
    style(axes, xlabel="layer", ylabel="gradient, root mean square")
    if not any(p.grad for layer in layers.values() for p in layer):
        axes.set_title(NO_GRADIENT, fontsize=10)
    legend(axes)
    return axes


#: Title of plots of gradients that are all 0.
NO_GRADIENT = "no gradient yet: call backward()"


def by_layer(model: Named) -> dict[str, list[Any]]:
    """Return the parameters of each layer of a model; raise an error if it has none."""
    if not isinstance(model, Named):
        raise TypeError(f"expected a module with named parameters, got {type(model).__name__}")
    layers: dict[str, list[Any]] = {}
    for name, parameter in model.named_parameters():
        layers.setdefault(layer_of(name), []).append(parameter)
    if not layers:
        raise ValueError(f"nothing to plot: this {type(model).__name__} has no parameters")
    return layers


def _strips(
    model: Named, attribute: str, title: str, ax: Axes | None, label: str | None, color: Any
) -> tuple[Axes, list[list[float]]]:
    """Plot an attribute of the parameters, a strip per layer; return the axes and the numbers."""
    from autograd_scalar.show.plots.figure import ink, legend, new_axes, style, zero_line

    layers = {
        name: [getattr(p, attribute) for p in parameters]
        for name, parameters in by_layer(model).items()
    }
    axes = new_axes(5.6, 1.0 + 0.55 * len(layers)) if ax is None else ax
    for row, numbers in enumerate(layers.values()):
        # The golden ratio spreads points evenly and without randomness, neighbours far apart.
        heights = [row + 0.5 * ((place * 0.618034) % 1.0 - 0.5) for place in range(len(numbers))]
        alpha = max(0.3, min(0.8, 60.0 / len(numbers)))
        (points,) = axes.plot(
            *(numbers, heights, "o"), color=color, ms=3, alpha=alpha, mew=0, label=label
        )
        color, label = points.get_color(), None  # one entry in the legend
        finite = sorted(number for number in numbers if isfinite(number))
        if finite:
            low, middle, high = (finite[(len(finite) - 1) * share // 4] for share in (1, 2, 3))
            axes.plot([low, high], [row, row], color=ink(axes), linewidth=2.2)
            axes.plot(middle, row, "|", color=ink(axes), markersize=14, markeredgewidth=2.2)
    style(axes, xlabel=title)
    axes.set_yticks(range(len(layers)))
    axes.set_yticklabels([f"{name}\n{len(numbers):,}" for name, numbers in layers.items()])
    axes.set_ylim(len(layers) - 0.5, -0.5)
    zero_line(axes, horizontal=False)
    legend(axes)
    return axes, list(layers.values())
