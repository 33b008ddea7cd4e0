"""A training step explained: ag.explain_step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isclose, isfinite
from typing import NamedTuple

from autograd_scalar.optim import Optimizer
from autograd_scalar.show.explain.explain import explain
from autograd_scalar.show.formula.symbolic import rounded, write_text
from autograd_scalar.show.graph.scopes import Named, names_of
from autograd_scalar.testing import Nudge, experiments, table
from autograd_scalar.value import Value

#: Maximum number of parameters that do not move and are explained one by one.
_MAX_STILL = 3
#: Share of a change below which a part of it is not mentioned.
_NEGLIGIBLE = 1e-3


class Move(NamedTuple):
    """A parameter in a step: its data before, its gradient, and its change."""

    name: str
    data: float
    gradient: float
    change: float
    #: The running numbers that the optimizer keeps for the parameter, after the step.
    running: Mapping[str, float]

    @property
    def predicted(self) -> float:
        """The predicted change of the loss from this change alone, to first order."""
        return self.gradient * self.change


class StepExplanation:
    """A training step, as a table and in words; prints as text.

    `moves` has a Move for each parameter, in the optimizer's order. `loss` is the loss before the step;
    `predicted` its change to first order, the sum of gradient times change; `curvature` what the
    second derivative along the step adds; `actual` the actual change.
    """

    def __init__(
        self,
        moves: Sequence[Move],
        loss: float,
        outcome: Nudge,
        optimizer: Optimizer,
        reasons: Mapping[str, str],
        notes: Sequence[str],
        limit: int,
    ) -> None:
        self.moves, self.loss, self.notes = list(moves), loss, list(notes)
        self.predicted, self.actual = outcome.predicted, outcome.actual
        self.curvature = outcome.curved - outcome.predicted
        #: The reasons why parameters stay, by name.
        self.reasons = dict(reasons)
        self._rule, self._lr, self._limit = type(optimizer).__name__, optimizer.lr, limit

    @property
    def rest(self) -> float:
        """The part of the actual change that neither the gradient nor the curvature predicts."""
        return self.actual - self.predicted - self.curvature

    def sentences(self) -> list[str]:
        """Return the explanation in words: the moves, the predicted and the actual change of the loss, and notes."""
        return [*self._about_moves(), *self._about_loss(), *self.notes]

    def __repr__(self) -> str:
        largest = sorted(self.moves, key=lambda move: -abs(move.predicted))[: self._limit]
        slots = list(self.moves[0].running)
        rows = [
            (
                m.name,
                *map(_number, (m.data, m.gradient, *m.running.values(), m.change, m.predicted)),
            )
            for m in largest
        ]
        if left_out := len(self.moves) - len(largest):
            rest = sum(m.predicted for m in self.moves) - sum(m.predicted for m in largest)
            empty = [""] * (3 + len(slots))
            rows.append((f"... {left_out:,} more", *empty, _number(rest)))
        head = ("parameter", "data", "gradient", *slots, "change", "gradient * change")
        return "\n".join([table([head, *rows]), "", *self.sentences()])

    def _about_moves(self) -> list[str]:
        still = [move for move in self.moves if move.change == 0.0]
        count = len(self.moves) - len(still)
        lines = [f"{count:,} of {len(self.moves):,} parameters move."]
        if count:
            lines.append(self._about(max(self.moves, key=lambda move: abs(move.predicted))))
        for move in still[:_MAX_STILL]:
            lines.append(f"{move.name} stays: {self.reasons[move.name]}")
        if len(still) > _MAX_STILL:
            lines.append(f"{len(still) - _MAX_STILL:,} more stay.")
        return lines

    def _about(self, move: Move) -> str:
        """Return the reason for the change of the parameter that matters most."""
        says = f"{move.name} matters most: it moves by {_number(move.change)}"
        descent = -self._lr * move.gradient
        if isclose(move.change, descent, rel_tol=1e-9):
            return f"{says}, its gradient {_number(move.gradient)} times -{self._lr:g}, the learning rate."
        running = ", ".join(f"{name} {_number(x)}" for name, x in move.running.items())
        return (
            f"{says}. Its gradient times the learning rate {self._lr:g} would be {_number(descent)}; "
            f"{self._rule} also uses its running numbers ({running})."
        )

    def _about_loss(self) -> list[str]:
        if not any(move.change for move in self.moves):
            return [f"So the loss remains {_number(self.loss)}."]
        lines = [
            f"Predicted to first order: {_number(self.predicted)}, the sum of gradient * change.",
            f"Actual change of the loss: {_number(self.actual)}, from {_number(self.loss)} to "
            f"{_number(self.loss + self.actual)}.",
        ]
        if not all(map(isfinite, (self.predicted, self.curvature, self.actual))):
            return [
                *lines,
                "Not all of these are finite: detect_anomaly() finds the first that is not.",
            ]
        lines.append(self._about_difference(self.actual - self.predicted))
        if self.predicted > 0.0:
            lines.append(
                "The step goes uphill: running numbers from earlier steps, or weight decay, outweigh the gradient."
            )
        elif self.actual > 0.0 and self.curvature > 0.0:
            best = -self.predicted / (2.0 * self.curvature)
            lines.append(
                f"The step is too long: by gradient and curvature, {best:.2g} of its length would be best."
            )
        return lines

    def _about_difference(self, missed: float) -> str:
        """Return the reason for the difference between the actual and the predicted change."""
        if abs(missed) <= _NEGLIGIBLE * abs(self.predicted):
            return "The prediction holds: along the step the loss is nearly linear."
        if abs(self.rest) <= _NEGLIGIBLE * abs(missed):
            return f"The difference, {_number(missed)}, is the curvature along the step."
        return (
            f"Of the difference of {_number(missed)}, {_number(self.curvature)} is the curvature along the "
            f"step; {_number(self.rest)} is of higher order, or from kinks that the step crosses."
        )


def explain_step(
    loss: Value | Callable[[], Value],
    optimizer: Optimizer,
    *,
    names: Mapping[str, Value] | Named | None = None,
    limit: int = 10,
) -> StepExplanation:
    """Return an explanation of the step that the optimizer takes from here, for the present gradient of a loss.

    It says which parameters move and why, which stay and why, the predicted and the actual change of
    the loss, and how much of the difference is curvature. Nothing is changed: parameters, grads and
    the optimizer's state are as before.

    Raises TypeError for a loss that is neither a Value nor a function that returns one, and for
    anything but an Optimizer.

    >>> from autograd_scalar.optim import SGD
    >>> w = Value(3.0, label="w")
    >>> explain_step(lambda: w * w, SGD([w], lr=0.1))
    parameter  data  gradient  velocity  change  gradient * change
    w             3         6         6    -0.6               -3.6
    <BLANKLINE>
    1 of 1 parameters move.
    w matters most: it moves by -0.6, its gradient 6 times -0.1, the learning rate.
    Predicted to first order: -3.6, the sum of gradient * change.
    Actual change of the loss: -3.24, from 9 to 5.76.
    The difference, 0.36, is the curvature along the step.

    Args:
        loss: a Value, whose graph is recomputed, or a function that computes one from the parameters.
        optimizer: the optimizer, with its running numbers.
        names: a module, or a mapping from names to Values; by default parameters have their labels.
        limit: maximum number of parameters in the table, those that matter most.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an Optimizer, got {type(optimizer).__name__}")
    own = names_of(names)
    params = optimizer.params
    labels = [own.get(p) or p.label or f"params[{k}]" for k, p in enumerate(params)]
    before = [(p.data, p.grad) for p in params]
    after: list[float] = []
    running: list[tuple[str, list[float]]] = []

    def changes(slopes: list[float]) -> list[tuple[str, list[float]]]:
        after[:], running[:] = _stepped(optimizer, slopes)
        return [("the step", [y - x for (x, _), y in zip(before, after, strict=True)])]

    start, slopes, (outcome,) = experiments(loss, params, changes)
    moves = [
        Move(name, x, g, y - x, {slot: numbers[k] for slot, numbers in running})
        for k, (name, (x, _), g, y) in enumerate(zip(labels, before, slopes, after, strict=True))
    ]
    still = [p for p, move in zip(params, moves, strict=True) if move.change == 0.0]
    y = loss if isinstance(loss, Value) else loss()
    reasons = {
        name: _reason(y, p, own)
        for p, name in zip(params, labels, strict=True)
        if p in still[:_MAX_STILL]
    }
    notes = [
        f"{name}.grad is {_number(grad)}, not the gradient of this loss, {_number(slope)}: call "
        "zero_grad() and backward() before step()."
        for name, (_, grad), slope in zip(labels, before, slopes, strict=True)
        if grad != 0.0 and not isclose(grad, slope, rel_tol=1e-9)
    ]
    return StepExplanation(moves, start, outcome, optimizer, reasons, notes[:1], limit)


def _stepped(
    optimizer: Optimizer, slopes: Sequence[float]
) -> tuple[list[float], list[tuple[str, list[float]]]]:
    """Return the parameters and the running numbers after a step with a gradient; all are restored."""
    state, before = optimizer.state_dict(), [(p, p.data, p.grad) for p in optimizer.params]
    try:
        for p, slope in zip(optimizer.params, slopes, strict=True):
            p.grad = slope
        optimizer.step()
        slots = optimizer.state_dict()["slots"]
        return [p.data for p in optimizer.params], list(slots.items())
    finally:
        for p, data, grad in before:
            p.data, p.grad = data, grad
        optimizer.load_state_dict(state)


def _reason(y: Value, p: Value, own: Mapping[Value, str]) -> str:
    """Return the reason why a gradient is 0: the first operation on its path that passes none on."""
    steps = explain(y, p, names={name: v for v, name in own.items()})
    if not steps[-1].terms:
        return "the loss does not depend on it."
    blocked = [term for step in steps for term in step.terms if term.partial == 0.0]
    return blocked[0].sentence.text if blocked else "its gradient is 0."


def _number(number: float) -> str:
    return write_text(rounded(number))
