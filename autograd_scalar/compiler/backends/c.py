"""Print a program as a self-contained C99 file, for use outside Python."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from math import inf
from textwrap import indent

from autograd_scalar.compiler.backends.source import Language, Lines, identifiers, printable
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.ops import ieee

#: Keywords of C and C++, and names that some compiler declares, builds in or defines as macros.
_TAKEN = """
    auto bool break case char class const continue default delete do double else enum extern false float for friend goto
    if inline int long main namespace new operator private protected public register restrict return short signed sizeof
    static struct switch template this throw true try typedef typename union unsigned virtual void volatile while
    fabs fdim fma fmax fmin fmod gamma index j0 j1 jn ldexp lgamma linux modf nearbyint remainder rint scalb significand
    tgamma trunc unix y0 y1 yn
    DOMAIN EDOM EOF ERANGE HUGE HUGE_VAL I INFINITY MAXFLOAT M_E M_PI NAN NULL OVERFLOW PLOSS SING TLOSS UNDERFLOW
    in out
"""


def number(x: float) -> str:
    """Return a literal that C reads without rounding: decimal if that is exact, otherwise hexadecimal.

    >>> [*map(number, (2.0, 0.1, -0.0, -inf))]
    ['2.0', '0x1.999999999999ap-4', '-0.0', '-INFINITY']
    """
    if x != x:
        return "NAN"
    if abs(x) == inf:
        return "INFINITY" if x > 0.0 else "-INFINITY"
    return repr(x) if Decimal(repr(x)) == Decimal(x) else x.hex()


_C = Language(
    number=number,
    assignment="const double {name} = {text};",
    choice="{a} {symbol} {b} ? {x} : {y}",
    fails=("if ({test}) return {index};{comment}", "if (!({test})) return {index};{comment}"),
    comment=lambda text: f"  /* {_comment(text)} */",
    calls={ARITHMETIC["**"]: "pow", "abs": "fabs", "round": "rint"},
    reserved={*_TAKEN.split(), *ieee.EXACT},
)

_FILE = """\
/* {title}

       int {name}(const double *in, double *out)

{arrays}

   It returns -1{otherwise}.
   in and out may be the same array.

       cc -O3 -ffp-contract=off -fno-builtin-pow -c {name}.c

   Each operation is rounded separately and in this order, as in Python. */

#include <math.h>

#ifdef __FAST_MATH__
#error "-ffast-math changes the results: infinities and nan have a meaning here"
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#else
#pragma STDC FP_CONTRACT OFF
#endif

int {name}(const double *in, double *out)
{{
{body}
}}
"""


def source(program: Program, name: str = "f", outputs: Sequence[str] = ()) -> str:
    """Return the source of a function that computes a program of primitives (see `lower`).

    The function reads the inputs from one array, writes the outputs to another and returns -1. If a guard fails, it
    writes nothing and returns the index of the first one that does. `outputs` are names of the outputs for the comment
    at the top. The code has no loops: gcc takes 0.3 s per 1,000 instructions.

    >>> code = [("input", 0), ("exp", 0), ("mul", 1, 1), ("const", 0.1), ("add", 2, 3)]
    >>> print(source(Program(code, ["x"], [4]), "square", ["x squared"]).partition("OFF")[2])
    <BLANKLINE>
    #endif
    <BLANKLINE>
    int square(const double *in, double *out)
    {
        const double x = in[0];
        const double t1 = exp(x);
        out[0] = t1 * t1 + 0x1.999999999999ap-4;
        return -1;
    }
    <BLANKLINE>
    """
    called, *names = identifiers([name, *program.inputs], _C.reserved)
    body = Lines(program, names, _C)
    read = sorted(instruction[1] for instruction in program.code if instruction[0] == "input")
    lines = [f"const double {names[k]} = in[{k}];" for k in read] or ["(void)in;"]
    lines += body.lines
    lines += [f"out[{k}] = {text};" for k, text in enumerate(body.outputs)] or ["(void)out;"]
    arrays = [f"in[{k}]  {text}" for k, text in enumerate(program.inputs)]
    arrays += [
        f"out[{k}]  {text}".rstrip()
        for k, text in enumerate(outputs or [""] * len(program.outputs))
    ]
    guarded = ", or the index of the first guard that fails, in which case it leaves out unchanged"
    return _FILE.format(
        title=_comment(name),
        name=called,
        arrays="\n".join(f"       {_comment(line)}" for line in arrays),
        otherwise=guarded if program.guards else "",
        body=indent("\n".join([*lines, "return -1;"]), "    "),
    )


def _comment(text: str) -> str:
    """Return a text in which no comment begins or ends, and without trigraphs."""
    return re.sub(r"([*/?])(?=[*/?])", r"\1 ", printable(text))
