"""The code that the training page runs, printed from the rows of the table, the losses and the optimizers' rules.

Layers come and go in the page, so there is no program of a whole network. There is a loop for each row: an activation
with its derivative, a loss with its derivative, an optimizer's rule. page/network.js puts them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_scalar.compiler.backends.javascript import Module
from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.compiler.ir.rules import partial_rules, value_rule
from autograd_scalar.compiler.jit import jit
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.runtime.update_rule import program_of
from autograd_scalar.nn.losses import LOSSES
from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import Value

#: Activations to choose from; "linear" is none.
ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "sin", "linear")  # fmt: skip
#: Losses of one score, and whether their targets are -1 and 1 instead of 0 and 1.
SIGNED = {"binary_cross_entropy": False, "hinge": True, "mse": True}


def training_code() -> str:
    """Return JavaScript with the objects `dot`, `activations`, `losses` and `rules`, whose values are functions."""
    module = Module()
    names: dict[str, dict[str, Any]] = {"dot": _add_dot(module)}
    names["activations"] = {name: _add_activation(module, name) for name in ACTIVATIONS}
    names["losses"] = {name: _add_loss(module, name) for name in SIGNED}
    names["rules"] = {name: _add_rule(module, name) for name in UPDATES}
    code = str(module).replace("export function", "function")
    objects = [f"const {name} = {_object(functions)};" for name, functions in names.items()]
    return "\n".join([code, *objects])


def rules_as_text() -> dict[str, Any]:
    """Return the running numbers, settings and assignments of each rule, for the page to show."""
    return {
        name: {
            "running": update.running,
            "settings": update.settings,
            "assignments": update.texts,
        }
        for name, update in UPDATES.items()
    }


def _object(functions: dict[str, Any]) -> str:
    """Return an object literal of names of functions."""
    items = (
        f"{name}: {_object(inner) if isinstance(inner, dict) else inner}"
        for name, inner in functions.items()
    )
    return f"{{ {', '.join(items)} }}"


def _add_dot(module: Module) -> dict[str, str]:
    """Add the step of a weighted sum and its local derivatives, as functions of the sum so far and one term."""
    row = TABLE["dot"]
    rules = dict(zip(("byWeight", "byInput", "byBias"), partial_rules(row), strict=True))
    for name, rule in {"step": value_rule(row), **rules}.items():
        builder = Builder(["z", "w", "x", "bias"])
        result = rule(builder.emit, builder.constant, *map(builder.input, range(4)))
        module.add_of_numbers(lowered(builder.program([result])), f"dot_{name}")
    return {name: f"dot_{name}" for name in ("step", *rules)}


def _add_activation(module: Module, name: str) -> dict[str, str]:
    """Add a loop that computes an activation, and one that computes its derivative as well."""
    builder = Builder(["x"])
    result = builder.input(0)
    if name != "linear":
        constants = [builder.constant(number) for number in TABLE[name].defaults.values()]
        result = builder.emit(name, result, *constants)
    program = builder.program([result])
    module.add_of_rows(lowered(program), f"{name}_value", [0], ["y"])
    module.add_of_rows(lowered(program, [0]), f"{name}_slope", [0], ["y", "slope"])
    return {"value": f"{name}_value", "slope": f"{name}_slope"}


def _add_loss(module: Module, name: str) -> str:
    """Add a loop that computes the loss of a score, and its derivative."""
    module.add_of_rows(
        lowered(_recorded(LOSSES[name]), [0]), f"{name}_loss", [0, 1], ["loss", "slope"]
    )
    return f"{name}_loss"


def _recorded(loss: Callable[..., Value]) -> Program:
    """Return the program of a loss of one score and its target."""
    compiled = jit(loss)
    compiled(Value(0.5, "score"), Value(1.0, "target"))
    return compiled.paths[0].program


def _add_rule(module: Module, name: str) -> str:
    """Add a loop over parameters that applies the update rule of an optimizer."""
    program, columns = program_of(UPDATES[name])
    module.add_of_rows(lowered(program), f"{name}_rule", columns, ["p", *UPDATES[name].running])
    return f"{name}_rule"
