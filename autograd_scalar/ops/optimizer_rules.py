"""Update rules of the optimizers for one parameter, in the language of the table.

A rule is a list of assignments to the parameter `p`, its gradient `g` (a copy) and the state of each parameter, such as
a velocity. Both engines read it, as a loop in Python and as one in C. `optim` has the classes, their settings, and what
is computed once a step.

Formulas: SGD with momentum as in PyTorch, RMSProp as in Hinton's lecture 6e, Adam as in Kingma and Ba (2015).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_scalar.ops.grammar import Expression


class Update:
    """One rule: the names of its state (`running`) and its settings, and its assignments in order."""

    def __init__(self, name: str, running: str, settings: str, *assignments: str) -> None:
        self.name = name
        self.running = tuple(running.split())
        self.settings = tuple(settings.split())
        #: The assignments as text, to show.
        self.texts = assignments

    @cached_property
    def assignments(self) -> list[tuple[str, Expression]]:
        """Each name that is set, with its expression.

        Raises ValueError for an assignment that uses or sets a name that is not the rule's.
        """
        from autograd_scalar.ops.grammar import parse  # not needed to import the package

        parsed = []
        known = {"p", "g", *self.running, *self.settings}
        for assignment in self.texts:
            target, _, text = assignment.partition(" = ")
            (value,) = parse(text, branches=True)
            if (
                target not in {"p", "g", *self.running}
                or value.variables - known
                or value.functions - {"sqrt"}
            ):
                raise ValueError(
                    f"update {self.name!r}: {assignment!r} may use only {', '.join(sorted(known))}"
                )
            parsed.append((target, value))
        return parsed


UPDATES = {
    update.name: update
    for update in (
        Update(
            "sgd", "velocity", "lr momentum nesterov decay",
            "g = g + decay * p",
            "velocity = momentum * velocity + g",
            "p = p - lr * (g + momentum * velocity if nesterov != 0.0 else velocity)",
        ),
        Update(
            "rmsprop", "square velocity", "lr alpha eps momentum decay",
            "g = g + decay * p",
            "square = alpha * square + (1.0 - alpha) * g * g",
            "velocity = momentum * velocity + g / (sqrt(square) + eps)",
            "p = p - lr * velocity",
        ),
        Update(
            "adam", "mean square", "rate root beta1 beta2 eps decay shrink",
            "p = p * shrink",
            "g = g + decay * p",
            "mean = beta1 * mean + (1.0 - beta1) * g",
            "square = beta2 * square + (1.0 - beta2) * g * g",
            "p = p - rate * (mean / (sqrt(square) / root + eps))",
        ),
    )
}  # fmt: skip
