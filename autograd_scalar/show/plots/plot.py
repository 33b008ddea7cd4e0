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
from autograd_scalar.show.plots.layers import activations as activations
from autograd_scalar.show.plots.parameters import gradient_flow as gradient_flow
from autograd_scalar.show.plots.parameters import gradients as gradients
from autograd_scalar.show.plots.parameters import weights as weights
from autograd_scalar.show.plots.steps import update_ratios as update_ratios
from autograd_scalar.show.plots.surface import loss_surface as loss_surface

__all__ = [
    "activation",
    "activations",
    "boundary_gif",
    "decision_boundary",
    "gradient_flow",
    "gradients",
    "loss_curve",
    "loss_surface",
    "metric_curve",
    "update_ratios",
    "weights",
]
