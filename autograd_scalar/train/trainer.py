"""Trainer: predictions, loss, gradient and optimizer step for one batch; recovery from nan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite

from autograd_scalar.data.samples import Samples
from autograd_scalar.nn import Module, l2
from autograd_scalar.node.modes import AnomalyError, detect_anomaly, no_grad
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.history import History
from autograd_scalar.train.task import Task
from autograd_scalar.value import Value


class TrainingError(AnomalyError):
    """Raised when the loss or a parameter becomes nan or infinite.

    The message names the batch and the operation; `history` is the history so far.
    """

    history: History


class Trainer:
    """A model, its task, and the optimizer that moves its parameters, a batch at a time."""

    def __init__(self, model: Module, task: Task, optimizer: Optimizer, l2: float) -> None:
        self.model, self.task, self.optimizer, self.l2 = model, task, optimizer, l2
        #: True if batches run as machine code.
        self.compiled = False
        #: The last parameters with a finite loss; None before the first step.
        self.good: list[float] | None = None

    def run(self, data: Samples, rows: Iterable[int]) -> tuple[Value, float]:
        """Return the loss and the metric (0 without one) over some rows."""
        predictions, targets = [], []
        for i in rows:
            try:
                predictions.append(self.model(data.X[i]))
            except (TypeError, ValueError) as problem:
                kind = TypeError if isinstance(problem, TypeError) else ValueError
                raise kind(f"{data.place(i)}: {problem}") from problem
            targets.append(data.y[i])
        loss = self.task.loss(predictions, targets)
        if not isinstance(loss, Value):
            raise TypeError(
                f"the loss {self.task.name} must return a Value, got {loss!r}; "
                "compute it from the predictions, not from their .data"
            )
        if self.l2:
            loss = loss + self.l2 * l2(self.optimizer.params)
        metric = self.task.metric
        return loss, 0.0 if metric is None else metric(predictions, targets)

    def step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        """Take an optimizer step on some rows; return the loss and the metric before it.

        Raises TrainingError if the loss, or a parameter after the step, is nan or infinite. The
        model then has the last parameters with a finite loss.
        """
        loss, metric = self.run(data, rows)
        if not isfinite(loss.data):
            raise self._error(f"the loss became {loss.data}", data, rows)
        parameters = self.optimizer.params
        self.good = [p.data for p in parameters]
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if not all(isfinite(p.data) for p in parameters):
            self._go_back()
            raise self._error("a step produced parameters that are not finite", data, rows)
        return loss.data, metric

    def begin(self, *, anew: bool = False) -> None:
        """Prepare for an epoch; see CompiledTrainer."""

    def mark(self) -> Callable[[], None]:
        """Return a function that returns parameters and optimizer to their present state."""
        optimizer = self.optimizer
        data, state = [p.data for p in optimizer.params], optimizer.state_dict()

        def restore() -> None:
            for p, x in zip(optimizer.params, data, strict=True):
                p.data = x
            optimizer.load_state_dict(state)

        return restore

    def settle(self) -> None:
        """Bring the model and the optimizer up to date with the last step."""

    def evaluate(self, data: Samples) -> tuple[float, float]:
        """Return the loss and the metric over all rows, without recording a graph."""
        with no_grad():
            loss, metric = self.run(data, range(len(data.X)))
        return loss.data, metric

    def _go_back(self) -> None:
        """Restore the last good parameters."""
        if self.good is not None:
            for p, data in zip(self.optimizer.params, self.good, strict=True):
                p.data = data

    def _error(self, what: str, data: Samples, rows: list[int]) -> TrainingError:
        """Return the error for a batch, which names its first anomaly; restore the parameters."""
        why = "every derivative was finite, but the step was too large"
        unnamed = [(name, p) for name, p in self.model.named_parameters() if p.label is None]
        try:
            for name, p in unnamed:  # labelled for the explanation only
                p.label = name
            with detect_anomaly():
                loss, _ = self.run(data, rows)
                loss.backward()
        except AnomalyError as anomaly:
            why = str(anomaly)
        finally:
            for _, p in unnamed:
                p.label = None
        self.optimizer.zero_grad()
        self._go_back()
        return TrainingError(
            f"{what}: {why}. The model has the last parameters with a finite loss; "
            "a smaller learning rate may help"
        )
