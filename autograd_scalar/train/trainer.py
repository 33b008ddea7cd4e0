"""One batch: predictions, loss, gradient, step; and the way back where the loss is no number."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from autograd_scalar.nn import Module, l2
from autograd_scalar.node.modes import AnomalyError, detect_anomaly, no_grad
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.history import History
from autograd_scalar.train.samples import Samples
from autograd_scalar.train.task import Objective
from autograd_scalar.value import Value


class TrainingError(AnomalyError):
    """The loss or the parameters became nan or infinite; says where, and keeps the history."""

    history: History


class Learner:
    """A model, what it shall do well, and what moves its parameters."""

    def __init__(
        self, model: Module, objective: Objective, optimizer: Optimizer, l2: float
    ) -> None:
        self.model, self.objective, self.optimizer, self.l2 = model, objective, optimizer, l2
        #: Whether batches are machine code.
        self.compiled = False
        #: The parameters that gave the last finite loss; None before there was one.
        self.good: list[float] | None = None

    def run(self, data: Samples, rows: Iterable[int]) -> tuple[Value, float]:
        """Return the loss over some rows, and the metric (0 where there is none)."""
        predictions, targets = [], []
        for i in rows:
            try:
                predictions.append(self.model(data.X[i]))
            except (TypeError, ValueError) as problem:
                kind = TypeError if isinstance(problem, TypeError) else ValueError
                raise kind(f"row {data.places[i]} of the data: {problem}") from problem
            targets.append(data.y[i])
        loss = self.objective.loss(predictions, targets)
        if not isinstance(loss, Value):
            raise TypeError(
                f"the loss {self.objective.name} must return a Value, got {loss!r}; "
                "it is computed from the predictions themselves, not from their .data"
            )
        if self.l2:
            loss = loss + self.l2 * l2(self.optimizer.params)
        metric = self.objective.metric
        return loss, 0.0 if metric is None else metric(predictions, targets)

    def step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        """Move the parameters by the gradient over some rows; return loss and metric before that.

        Raises TrainingError where the loss, or a parameter after the step, is nan or infinite. The
        parameters then are the last ones that gave a finite loss.
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
            raise self._error("a step gave parameters that are not finite", data, rows)
        return loss.data, metric

    def begin(self, *, anew: bool = False) -> None:
        """Get ready for an epoch; see CompiledLearner."""

    def settle(self) -> None:
        """Leave the model and the optimiser as the last step made them."""

    def evaluate(self, data: Samples) -> tuple[float, float]:
        """Return loss and metric over all rows, recording nothing."""
        with no_grad():
            loss, metric = self.run(data, range(len(data.X)))
        return loss.data, metric

    def _go_back(self) -> None:
        if self.good is not None:
            for p, data in zip(self.optimizer.params, self.good, strict=True):
                p.data = data

    def _error(self, what: str, data: Samples, rows: list[int]) -> TrainingError:
        """Run the batch again, looking for its first anomaly, and go back to good parameters."""
        why = "every derivative was finite, the step was too long"
        unnamed = [(name, p) for name, p in self.model.named_parameters() if p.label is None]
        try:
            for name, p in unnamed:  # so that the explanation can name them
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
            f"{what}: {why}. The model has the last parameters that gave a finite loss; "
            "a smaller learning rate may help"
        )
