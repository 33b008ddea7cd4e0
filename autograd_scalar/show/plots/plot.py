"""Plots of training runs and models: ag.plot.

Each function draws on the matplotlib Axes `ax`, by default those of a new figure of pyplot, and returns
them, so that two runs compare in one picture; `label` and `color` are those of what it draws. Colours
follow the style in force, light or dark.
"""

from __future__ import annotations

from autograd_scalar.show.plots.activation import activation as activation
from autograd_scalar.show.plots.boundary import boundary_gif as boundary_gif
from autograd_scalar.show.plots.boundary import decision_boundary as decision_boundary
from autograd_scalar.show.plots.curves import loss_curve as loss_curve
from autograd_scalar.show.plots.curves import metric_curve as metric_curve
from autograd_scalar.show.plots.parameters import gradients as gradients
from autograd_scalar.show.plots.parameters import weights as weights

__all__ = [
    "activation",
    "boundary_gif",
    "decision_boundary",
    "gradients",
    "loss_curve",
    "metric_curve",
    "weights",
]
