"""Results of a training run, in cases that are hard to reach from the command line."""

from __future__ import annotations

import pytest

from autograd_scalar import Value
from autograd_scalar.cli.results import active_output, summary
from autograd_scalar.data import Schema
from autograd_scalar.nn import Neuron
from autograd_scalar.train import History

SCHEMA = Schema(("x1",), target_scale=10.0)


def _history(stopped: str, *losses: float) -> History:
    history = History()
    history.stopped = stopped
    for epoch, loss in enumerate(losses, start=1):
        history.append({"epoch": epoch, "loss": loss, "error": loss, "seconds": 0.25})
    return history


def test_a_run_interrupted_in_its_first_epoch_has_one_line() -> None:
    lines = summary(_history("interrupted"), SCHEMA, early_stopping=False)
    assert lines == ["stopped     interrupted in the first epoch"]


@pytest.mark.parametrize(
    ("stopped", "early_stopping", "ended", "loss"),
    [
        ("finished", False, "finished after 3 epochs, 0.8 s", 0.3),
        (
            "early stopping",
            True,
            "early stopping after 3 epochs, 0.8 s; the model is that of epoch 2, the best",
            0.1,
        ),
        (
            "interrupted",
            False,
            "interrupted after 3 epochs, 0.8 s; the same command with --resume continues",
            0.3,
        ),
    ],
)
def test_the_numbers_are_those_of_the_epoch_of_the_model(
    stopped: str, early_stopping: bool, ended: str, loss: float
) -> None:
    history = _history(stopped, 0.5, 0.1, 0.3)
    lines = summary(history, SCHEMA, early_stopping=early_stopping)
    assert lines == [
        f"stopped     {ended}",
        f"training    loss {loss}, mean error {10 * loss:g}",
    ]


def test_a_compiled_run_is_labelled() -> None:
    history = _history("finished", 0.5)
    history.compiled = True
    (line, *_) = summary(history, SCHEMA, early_stopping=False)
    assert line == "stopped     finished after 1 epochs, 0.2 s in machine code"


def test_the_graph_is_that_of_a_row_with_a_gradient() -> None:
    neuron = Neuron(1, activation="relu")
    neuron.w[0].data, neuron.b.data = 2.0, 0.0
    y = active_output(neuron, [[-1.0], [3.0], [5.0]], ["size"])
    assert (y.data, y.label, neuron.w[0].label, neuron.w[0].grad) == (6.0, "y", "w1", 3.0)
    off = active_output(neuron, [[-1.0], [-2.0]], ["size"])
    assert (off.data, neuron.b.grad) == (0.0, 0.0)
    assert isinstance(off, Value)
