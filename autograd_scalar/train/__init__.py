"""Training: `fit` and its History, checkpoints, and metrics."""

from autograd_scalar.train.api import fit
from autograd_scalar.train.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from autograd_scalar.train.history import Frame, History
from autograd_scalar.train.task import accuracy, mean_absolute_error
from autograd_scalar.train.trainer import TrainingError

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Frame",
    "History",
    "TrainingError",
    "accuracy",
    "fit",
    "load_checkpoint",
    "mean_absolute_error",
    "save_checkpoint",
]
