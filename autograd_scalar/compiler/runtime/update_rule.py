"""An optimizer's update rule as a kernel over arrays, with a row for each parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.compiler.ir.rules import emit_expression
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.ops.optimizer_rules import UPDATES, Update


def program_of(update: Update) -> tuple[Program, tuple[int, ...]]:
    """Return the program of a rule for one parameter, and which of its inputs differ by parameter.

    The inputs are p, g, the running numbers and the settings; the outputs p and the running numbers.
    """
    names = ["p", "g", *update.running, *update.settings]
    builder = Builder(names)
    now = {name: builder.input(k) for k, name in enumerate(names)}
    for name, text in update.assignments:
        now[name] = emit_expression(text.tree, now, builder)
    program = builder.program([now[name] for name in ("p", *update.running)])
    return program, tuple(range(2 + len(update.running)))


class UpdateRule:
    """A rule of ops.optimizer_rules, compiled."""

    def __init__(self, name: str) -> None:
        program, columns = program_of(UPDATES[name])
        outputs = tuple(range(len(program.outputs)))
        self._kernel = kernels.rows(program, columns, False, outputs, kernels.default_options())

    def __call__(self, arrays: Sequence[Any], settings: Sequence[float]) -> Any:
        """Return new parameters and running numbers, given parameters, their gradient, and running numbers."""
        import numpy as np

        rows = Rows([array[:, None] for array in arrays])
        outs, _, _ = self._kernel(rows, np.array(settings, dtype=float))
        return outs
