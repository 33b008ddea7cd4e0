"""Rounding analysis: how far the last bits of library functions may move the results of a program.

Two runs of a program may use different implementations of exp, log, tanh and the like. Each differs by some ulp from
the other, and the local derivatives of the instructions that follow carry the difference to the outputs. All other
instructions have the same bits everywhere. This is the running error analysis of Higham, "Accuracy and Stability of
Numerical Algorithms", section 3.3, to first order, with errors at the library functions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, ulp

from autograd_scalar.compiler.ir.program import COMPARISONS, Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION
from autograd_scalar.ops.evaluate import evaluate

_ADD = ARITHMETIC["+"]

#: Primitives with the same result on every machine; IEEE 754 requires it of sqrt too.
EXACT = {
    *(row for symbol, row in ARITHMETIC.items() if symbol != "**"),
    *(NEGATION, "abs", "sqrt", "floor", "ceil", "round"),
}
#: Difference in ulp of two results of a library function: 2 ulp for compiled code, 1 for the C library, and one to
#: spare for the terms of higher order.
LIBRARY_ULP = 4.0
#: Relative error of an addition.
_HALF_ULP = 2.0**-53


def error_bounds(program: Program, inputs: Sequence[float], *, reordered: int = 0) -> list[float]:
    """Return for each output of a program of primitives a bound on its difference between two implementations.

    The bound is 0.0 where no library function is involved, and inf where a select may take another side or a local
    derivative is infinite. With `reordered`, sums in the program, and sums of that many such outputs, may be added in
    another order, which moves their last bits.

    >>> p = Program([("input", 0), ("exp", 0), ("const", 2.0), ("mul", 1, 2), ("mul", 0, 0)], ["x"], [3, 4])
    >>> [bound / ulp(1.0) for bound in error_bounds(p, [0.0])]
    [8.0, 0.0]
    """
    values: list[float] = []
    bounds: list[float] = []
    for op, *operands in program.code:
        bound = 0.0
        if op == "input":
            value = inputs[operands[0]]
        elif op == "const":
            value = operands[0]
        elif op.startswith("if"):
            a, b, x, y = operands
            taken = x if COMPARISONS[op[2:]](values[a], values[b]) else y
            value, bound = values[taken], bounds[taken]
            if abs(values[a] - values[b]) <= bounds[a] + bounds[b] > 0.0:
                bound = inf
        else:
            value, partials = evaluate(op, *[values[k] for k in operands])
            for k, partial in zip(operands, partials, strict=True):
                bound += abs(partial) * bounds[k] if bounds[k] else 0.0
            if op not in EXACT:
                bound += LIBRARY_ULP * _ulp(value)
            elif reordered and op == _ADD:
                bound += 2.0 * _ulp(max(abs(values[k]) for k in operands))
        values.append(value)
        bounds.append(inf if bound != bound else bound)
    return [bounds[k] + reordered * _HALF_ULP * abs(values[k]) for k in program.outputs]


def _ulp(x: float) -> float:
    return ulp(x) if isfinite(x) else 0.0
