"""The functions of math.h that JavaScript lacks, or computes differently from C, as JavaScript source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from autograd_scalar.compiler.backends.llvm import coefficients

#: Functions of Math that agree with C's functions of the same name up to 2 ulp.
OF_MATH = frozenset(
    {
        *("abs", "sqrt", "cbrt", "hypot", "floor", "ceil", "trunc"),
        *("exp", "expm1", "log", "log1p", "log2", "log10"),
        *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    }
)


def _polynomial(x: str, coefficients: Sequence[float]) -> str:
    """Return a polynomial by Horner's scheme.

    >>> _polynomial("u", (1.0, -2.0, 3.0))
    '1.0 + u * (-2.0 + u * 3.0)'
    """
    *others, text = map(repr, coefficients)
    for number in reversed(others):
        text = f"{number} + {x} * ({text})" if " " in text else f"{number} + {x} * {text}"
    return text


#: The functions by name.
FUNCTIONS = {
    # In C, 1 to any power is 1, and -1 to an infinite power is 1; Math.pow returns NaN.
    "pow": """\
function pow(x, y) {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}
""",
    "exp2": """\
function exp2(x) {
  return Math.pow(2, x);
}
""",
    "fmod": """\
function fmod(x, y) {
  return x % y;
}
""",
    "round": """\
/** The nearest whole number, halves to even; Math.round takes halves up. */
function round(x) {
  const up = Math.round(x);
  return Math.abs(x % 1) === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
""",
    "gaussian": """\
/** exp(-x * x) without the rounding error of the square: that of a number of 26 bits is exact. */
function gaussian(x) {
  const head = Math.round(x * 1048576) / 1048576;
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}
""",
    "erf": f"""\
function erf(x) {{
  const size = Math.abs(x), square = x * x;
  if (size < 0.5) {{
    return x + x * ({_polynomial("square", coefficients.ERF)});
  }}
  return x > 0 ? 1 - erfc(x) : x < 0 ? erfc(-x) - 1 : x;
}}
""",
    "erfc": f"""\
function erfc(x) {{
  if (!(x >= 0.5)) return x < -0.5 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 27.5) return 0;
  const u = (x - 4) / (x + 4);
  const series = {_polynomial("u", coefficients.ERFC)};
  return gaussian(x) * ((1.125 + series) / (1 + 2 * x));
}}
""",
}


def definitions(names: Iterable[str]) -> str:
    """Return the definitions of functions, and of those that they call, in the order of FUNCTIONS.

    >>> print(definitions(["fmod", "exp2"]))
    function exp2(x) {
      return Math.pow(2, x);
    }
    <BLANKLINE>
    function fmod(x, y) {
      return x % y;
    }
    <BLANKLINE>
    """
    needed, waiting = set[str](), [*names]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += FUNCTIONS.keys() & {*re.findall(r"(?<!\.)\b(\w+)\(", FUNCTIONS[name])}
    return "\n".join(text for name, text in FUNCTIONS.items() if name in needed)
