"""Print a program as Python source: to read, and to run without LLVM."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from textwrap import indent

from autograd_scalar.compiler.backends.source import Language, Lines, identifiers, printable
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.options import MAX_EXPRESSION_LENGTH
from autograd_scalar.ops import ieee
from autograd_scalar.ops.evaluate import compiled as _compiled

_PYTHON = Language(
    number=repr,
    assignment="{name} = {text}",
    choice="{x} if {a} {symbol} {b} else {y}",
    fails=(
        "if {test}:{comment}\n    return [], {index}",
        "if not {test}:{comment}\n    return [], {index}",
    ),
    comment=lambda text: f"  # {printable(text)}",
    calls={ARITHMETIC["/"]: "div", ARITHMETIC["**"]: "pow"},
    reserved={*keyword.kwlist, *ieee.EXACT},
)


def source(program: Program, name: str = "f") -> str:
    """Return the source of a function that computes a program of primitives (see `lower`).

    The function takes the inputs and returns a list of the outputs and -1, or, if a guard fails, an empty list and the
    index of the first one that does. It calls the total functions of `ieee`, and so never raises.

    >>> from autograd_scalar.compiler.ir.program import Guard
    >>> code = [("input", 0), ("mul", 0, 0), ("const", 1.0), ("add", 1, 2), ("truediv", 3, 0)]
    >>> print(source(Program(code, ["x"], [4], [Guard("<", 0, 2, True, "model.py:7")]), "ratio"))
    def ratio(x):
        if not x < 1.0:  # model.py:7
            return [], 0
        return [div(x * x + 1.0, x)], -1
    <BLANKLINE>
    """
    name, *names = identifiers([name, *program.inputs], _PYTHON.reserved)
    body = Lines(program, names, _PYTHON)
    listed = ", ".join(body.outputs)
    if len(listed) > MAX_EXPRESSION_LENGTH:
        listed = "\n" + "".join(f"    {output},\n" for output in body.outputs)
    lines = "\n".join([*body.lines, f"return [{listed}], -1"])
    return f"def {name}({', '.join(names)}):\n{indent(lines, '    ')}\n"


def compiled(program: Program, name: str = "f") -> Callable[..., tuple[list[float], int]]:
    """Compile the source of a program and return the function.

    Compiling 70,000 instructions takes a second.

    >>> compiled(Program([("input", 0), ("mul", 0, 0)], ["x"], [1]))(3.0)
    ([9.0], -1)
    """
    (function,) = _compiled(source(program, name), {**ieee.EXACT}).values()
    return function
