"""Differentiate, lower and simplify a program, and emit each stage."""

from __future__ import annotations

import os
from collections.abc import Sequence

from autograd_scalar.compiler import stages, verifier
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower_instruction
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.simplify import simplify

if os.environ.get("AUTOGRAD_SCALAR_VERIFY") == "1":
    stages.sinks.append(lambda name, made_by, form: verifier.verify(form))


def lowered(
    program: Program, wrt: Sequence[int] | None = None, of: Sequence[int] | None = None
) -> Program:
    """Return the program in primitives, with gradients with respect to the inputs `wrt` if given.

    The gradients are those of the outputs `of`, or of all; they follow the outputs.
    """
    if wrt is not None:
        program = differentiate(program, wrt, of)
        stages.emit("program", "ir.differentiate", program)
    program = simplify(program, lower_instruction)
    stages.emit("simplified", "ir.simplify", program)
    return program
