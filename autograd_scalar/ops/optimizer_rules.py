"""Update rules of the optimizers for one parameter, in the language of the table.

A rule is a list of assignments to the parameter `p`, its gradient `g` (a copy) and the state of each parameter, such as
a velocity. Both engines read it, as a loop in Python and as one in C. `optim` has the classes, their settings, and what
is computed once a step.

Formulas: SGD with momentum as in PyTorch, RMSProp as in Hinton's lecture 6e, Adam as in Kingma and Ba (2015).
"""

from __future__ import annotations

from autograd_scalar.ops import grammar
from autograd_scalar.ops.grammar import Expression


class Update:
    """One rule: the names of its state (`running`) and its settings, and its assignments in order.

    Raises ValueError for an assignment that uses or sets any other name.
    """

    def __init__(self, name: str, running: str, settings: str, *assignments: str) -> None:
        self.name = name
        self.running = tuple(running.split())
        self.settings = tuple(settings.split())
        self.assignments: list[tuple[str, Expression]] = []
        known = {"p", "g", *self.running, *self.settings}
        for assignment in assignments:
            target, _, text = assignment.partition(" = ")
            (value,) = grammar.parse(text, branches=True)
            if (
                target not in {"p", "g", *self.running}
                or value.variables - known
                or value.functions - {"sqrt"}
            ):
                raise ValueError(
                    f"update {name!r}: {assignment!r} may use only {', '.join(sorted(known))}"
                )
            self.assignments.append((target, value))


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
