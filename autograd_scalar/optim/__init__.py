"""Optimizers over lists of Values, and `schedules` for their learning rates."""

from autograd_scalar.optim import schedules
from autograd_scalar.optim.optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSProp,
    optimizer,
)
from autograd_scalar.optim.schedules import Schedule

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "optimizer",
    "schedules",
]
