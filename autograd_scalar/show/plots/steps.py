"""Plots over the steps of a training run, from the parameters at each of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import nan, sqrt
from typing import TYPE_CHECKING, Any

from autograd_scalar.show.graph.scopes import Named, layer_of
from autograd_scalar.show.plots.parameters import by_layer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Approximate ratio of updates to parameters at a good learning rate.
_RULE_OF_THUMB = 1e-3


def update_ratios(
    model: Named,
    frames: Any,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: Any = None,
) -> Axes:
    """Plot how much of its size each layer changes per step, on a logarithmic scale; return the matplotlib Axes.

    A line is the norm of a layer's update over the norm of its parameters. By a rule of thumb it should
    be around 1e-3, the dotted line: far above, the learning rate is too high, far below, too low.

    Raises TypeError for an object without named parameters, ValueError for fewer than two frames, or
    frames of another number of parameters.

    >>> from autograd_scalar import nn
    >>> model = nn.MLP(1, [1], seed=0)
    >>> update_ratios(model, [[1.0, 1.0], [1.1, 1.0], [1.2, 1.0]]).get_ylabel()
    'update / parameters'

    Args:
        frames: the parameters after each step, in the order of `model.parameters()`: a list of lists
            that a training loop keeps, or the History of a run of `fit` with `record=`, whose steps
            are the recorded epochs.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the run's name, before those of its layers in the legend.
        color: the colour of all layers; by default the next ones of the axes.
    """
    from autograd_scalar.show.plots.figure import ink, legend, new_axes, style

    layers = by_layer(model)
    unit, places, states = snapshots(frames, sum(map(len, layers.values())))
    axes = new_axes(6.0, 3.2) if ax is None else ax
    names = [layer_of(name) for name, _ in model.named_parameters()]
    for layer in layers:
        own = [k for k, name in enumerate(names) if name == layer]
        ratios = [_ratio([a[k] for k in own], [b[k] for k in own]) for a, b in pairwise(states)]
        named = f"{label}, {layer}" if label else layer
        axes.plot(places[1:], ratios, color=color, lw=1.4, label=named)
    axes.axhline(_RULE_OF_THUMB, color=ink(axes), lw=1.0, ls=":")
    axes.set_yscale("log")
    style(axes, xlabel=unit, ylabel="update / parameters")
    legend(axes)
    return axes


def _ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the norm of an update over that of the parameters; nan if either is 0."""
    update = sqrt(sum((b - a) ** 2 for a, b in zip(before, after, strict=True)))
    size = sqrt(sum(a * a for a in before))
    return update / size if update and size else nan


def snapshots(frames: Any, parameters: int) -> tuple[str, list[float], list[list[float]]]:
    """Return the unit of time, the times and the parameters of the frames of a run.

    Raises ValueError for fewer than two frames, or frames of another number of parameters.
    """
    recorded = getattr(frames, "frames", None)
    states = [
        list(map(float, f.parameters if recorded is not None else f))
        for f in recorded or frames or ()
    ]
    if len(states) < 2:
        raise ValueError(
            f"expected two or more frames, got {len(states)}: fit(..., record=1) records one per epoch"
        )
    if wrong := [len(state) for state in states if len(state) != parameters]:
        raise ValueError(f"the model has {parameters} parameters, a frame has {wrong[0]}")
    if recorded is not None:
        return "epoch", [float(frame.epoch) for frame in recorded], states
    return "step", [float(k) for k in range(len(states))], states
