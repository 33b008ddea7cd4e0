"""The table of operations: one row each, which every other part of the package reads.

A row gives the value in terms of the operands, and the local derivatives in terms of the operands and the value `z`.
The eager methods, backward(), higher derivatives, recompute(), formulas, drawings and the tests all come from these
texts, whose language is in `grammar`. To add an operation, add a row here or call define_op().

Operands are named x, then y, unless the row names them. A starred operand is a list. A row with one is a fold: its
value is the step that takes the running `z` and one element of each list, from `start` on. A default makes an operand
optional. A row whose name begins with an underscore is called by other rows only, and _round_to by round(v, n).

Kinks are settled here and nowhere else: relu'(0) = 0, abs'(0) = 0, step(0) = 0, half to each operand of a tie in
maximum and minimum, hypot'(0, 0) = 0, and d(0 ** y)/dy = 0 for y >= 0. A nan operand never becomes a number.
"""

from __future__ import annotations

import ast
import zlib
from copy import copy

from autograd_scalar.ops.op import Op

TABLE: dict[str, Op] = {}


def row_of(op: str) -> Op:
    """Return the row of a node's operation; ValueError if this process has none."""
    row = TABLE.get(op)
    if row is None:
        raise ValueError(
            f"{op!r} is neither a row of the table nor a compiled function of this process; record the graph again"
        )
    return row


def symbol(op: str) -> str:
    """Return the symbol that displays an operation: the row's, or a compiled function's name.

    >>> symbol("mul"), symbol("tanh"), symbol("jit_loss#1a2b3c4d")
    ('*', 'tanh', 'jit_loss')
    """
    return TABLE[op].symbol if op in TABLE else str(op).partition("#")[0]


def definition(name: str) -> tuple[tuple[str, ...], ast.expr] | None:
    """Return the operands and value of a row that can be inlined where it is called, else None.

    Primitives (the value of exp is exp(x)) and folds cannot.
    """
    row = TABLE.get(name)
    if row is None or row.lists or row.is_primitive:
        return None
    return row.operands, row.value_tree


def public() -> list[Op]:
    """Return the rows that users call, those of users included."""
    return [row for row in TABLE.values() if not row.is_private]


def checksum() -> int:
    """Return a checksum of the built-in rows, which shows whether a native engine was compiled from them."""
    texts = [
        (
            row.name,
            row.value,
            row.partials,
            row.start,
            row.operands,
            row.lists,
            row.defaults,
            row.shares,
        )
        for row in TABLE.values()
        if row.name in BUILT_IN
    ]
    return zlib.crc32(repr(texts).encode())


#: Number of user definitions so far, redefinitions included.
definitions = 0


def define(row: Op) -> None:
    """Add a user's row to the table, or replace an earlier one of that name; ValueError if it is malformed."""
    if row.name in BUILT_IN:
        raise ValueError(
            f"row {row.name!r}: the name is taken by a built-in operation; choose another"
        )
    if row.is_private:
        raise ValueError(f"row {row.name!r}: expected a name without a leading underscore")
    row.check_names({**TABLE, row.name: row})
    for other in TABLE.values():
        other.check_names({**TABLE, row.name: row})  # those that call an earlier row of this name
    for name in TABLE.keys() - BUILT_IN:
        TABLE[name] = copy(TABLE[name])  # its text may have the earlier row inlined
    TABLE[row.name] = row
    global definitions
    definitions += 1


_POSITIVE = (0.1, 4.0)

# fmt: off
for _row in (
    # ----- arithmetic -----
    #  name         value             local derivatives       LaTeX
    Op("add",      "x + y",          "1.0, 1.0",             "{x} + {y}"),
    Op("sub",      "x - y",          "1.0, -1.0",            "{x} - {y}"),
    Op("mul",      "x * y",          "y, x",                 r"{x} \, {y}"),
    Op("truediv",  "x / y",          "1.0 / y, -z / y",      r"\frac{{{x}}}{{{y}}}", domain=((-2.0, 2.0), (0.5, 3.0))),
    Op("neg",      "-x",             "-1.0",                 "-{x}"),
    Op("pos",      "x",              "1.0",                  "{x}"),
    Op("abs",      "abs(x)",         "sign(x)",              r"\left|{x}\right|"),
    # Where x and y are both 0 the exponent stays 0 instead of becoming -1, so that the derivative of
    # 0 ** 0 is 0 and not 0 * inf; log(0) is replaced by log(1) where 0 ** y is flat in y.
    Op("pow",      "x ** y",
       "y * pow(x, where(abs(x) + abs(y), y - 1.0, y)), z * log(where(x, x, 1.0 - step(-y)))",
       "{x}^{{{y}}}", domain=(_POSITIVE, (-2.0, 2.0))),
    # x ** 3: the exponent is a constant, so the logarithm of a negative x is never needed.
    Op("pow_const", "x ** y",        "y * pow_const(x, where(y, y - 1.0, y)), 0.0", "{x}^{{{y}}}",
       fixed="y", domain=(_POSITIVE, (-2.0, 2.0))),

    # ----- remainders: fmod has the sign of x, as in C; mod that of y, as Python's % -----
    Op("fmod",     "fmod(x, y)",     "1.0, -round((x - z) / y)", r"\operatorname{{fmod}}\left({x}, {y}\right)",
       domain=((-5.0, 5.0), (0.5, 3.0))),
    Op("mod",      "_with_sign(fmod(x, y), y)", "1.0, -floordiv(x, y)", r"{x} \;\mathrm{{mod}}\; {y}",
       domain=((-5.0, 5.0), (0.5, 3.0))),
    # As Python's //: the quotient of x - fmod(x, y), which is whole up to rounding.
    Op("floordiv", "x / y if y == 0.0 else _whole((x - fmod(x, y)) / y - step(-fmod(x, y) * sign(y)), x / y)",
       "0.0, 0.0", r"\left\lfloor \frac{{{x}}}{{{y}}} \right\rfloor", domain=((-5.0, 5.0), (0.5, 3.0))),
    # The remainder x of a division by y, moved to the side of y.
    Op("_with_sign", "(x + y if x < 0.0 else x + 0.0) if y > 0.0 else x + y if x > 0.0 else -(0.0 - x)",
       "1.0, step(-x * sign(y))", r"\operatorname{{sided}}\left({x}, {y}\right)"),
    # x as a whole number; a zero has the sign of y.
    Op("_whole",   "0.0 * y if x == 0.0 else floor(x) + (1.0 if x - floor(x) > 0.5 else 0.0)", "0.0, 0.0",
       r"\operatorname{{whole}}\left({x}\right)"),

    # ----- exponentials and logarithms -----
    Op("exp",      "exp(x)",         "z",                    "e^{{{x}}}"),
    Op("expm1",    "expm1(x)",       "z + 1.0",              "e^{{{x}}} - 1"),
    Op("exp2",     "exp2(x)",        "0.6931471805599453 * z", "2^{{{x}}}"),
    Op("log",      "log(x)",         "1.0 / x",              r"\ln {x}", domain=_POSITIVE),
    Op("log1p",    "log1p(x)",       "1.0 / (1.0 + x)",      r"\ln\left(1 + {x}\right)", domain=(-0.9, 4.0)),
    Op("log2",     "log2(x)",        "1.4426950408889634 / x", r"\log_2 {x}", domain=_POSITIVE),
    Op("log10",    "log10(x)",       "0.4342944819032518 / x", r"\log_{{10}} {x}", domain=_POSITIVE),
    Op("sqrt",     "sqrt(x)",        "0.5 / z",              r"\sqrt{{{x}}}", domain=_POSITIVE),
    Op("cbrt",     "cbrt(x)",        "1.0 / (3.0 * z * z)",  r"\sqrt[3]{{{x}}}", domain=_POSITIVE),
    Op("logaddexp", "x + 0.6931471805599453 if x == y else maximum(x, y) + log1p(exp(-abs(x - y)))",
                                     "sigmoid(x - y), sigmoid(y - x)", r"\ln\left(e^{{{x}}} + e^{{{y}}}\right)"),

    # ----- circular and hyperbolic -----
    Op("sin",      "sin(x)",         "cos(x)",               r"\sin {x}"),
    Op("cos",      "cos(x)",         "-sin(x)",              r"\cos {x}"),
    Op("tan",      "tan(x)",         "1.0 + z * z",          r"\tan {x}", domain=(-1.2, 1.2)),
    Op("asin",     "asin(x)",        "1.0 / sqrt((1.0 - x) * (1.0 + x))",  r"\arcsin {x}", domain=(-0.9, 0.9)),
    Op("acos",     "acos(x)",        "-1.0 / sqrt((1.0 - x) * (1.0 + x))", r"\arccos {x}", domain=(-0.9, 0.9)),
    Op("atan",     "atan(x)",        "1.0 / (1.0 + x * x)",  r"\arctan {x}"),
    Op("atan2",    "atan2(x, y)",    "y / hypot(x, y) / hypot(x, y), -x / hypot(x, y) / hypot(x, y)",
       r"\operatorname{{atan2}}\left({x}, {y}\right)", domain=((-2.0, 2.0), (0.2, 3.0))),
    Op("hypot",    "hypot(x, y)",    "x / where(z, z, 1.0), y / where(z, z, 1.0)", r"\sqrt{{{x}^2 + {y}^2}}"),
    Op("sinh",     "sinh(x)",        "cosh(x)",              r"\sinh {x}"),
    Op("cosh",     "cosh(x)",        "sinh(x)",              r"\cosh {x}"),
    Op("tanh",     "tanh(x)",        "1.0 - z * z",          r"\tanh {x}"),
    Op("asinh",    "asinh(x)",       "1.0 / hypot(x, 1.0)",  r"\operatorname{{arsinh}} {x}"),
    Op("acosh",    "acosh(x)",       "1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))", r"\operatorname{{arcosh}} {x}",
       domain=(1.2, 4.0)),
    Op("atanh",    "atanh(x)",       "1.0 / ((1.0 - x) * (1.0 + x))",  r"\operatorname{{artanh}} {x}",
       domain=(-0.9, 0.9)),
    Op("erf",      "erf(x)",         "1.1283791670955126 * exp(-x * x)",      r"\operatorname{{erf}} {x}"),
    Op("erfc",     "erfc(x)",        "-1.1283791670955126 * exp(-x * x)",     r"\operatorname{{erfc}} {x}"),

    # ----- activations; finite for every finite x -----
    Op("sigmoid",  "(1.0 if x >= 0.0 else exp(x)) / (1.0 + exp(-abs(x)))", "z * (1.0 - z)", r"\sigma\left({x}\right)"),
    Op("softplus", "(x if x > 0.0 else 0.0) + log1p(exp(-abs(x)))", "sigmoid(x)", r"\ln\left(1 + e^{{{x}}}\right)"),
    Op("relu",     "0.0 if x <= 0.0 else x",                "step(x)",     r"\operatorname{{relu}}\left({x}\right)"),
    Op("leaky_relu", "x if x > 0.0 else slope * x",         "where(step(x), 1.0, slope), -relu(-x)",
       r"\operatorname{{leaky}}_{{{slope}}}\left({x}\right)", operands="x, slope=0.01"),
    Op("elu",      "x if x > 0.0 else alpha * expm1(x)",    "where(step(x), 1.0, z + alpha), expm1(-relu(-x))",
       r"\operatorname{{elu}}_{{{alpha}}}\left({x}\right)", operands="x, alpha=1.0"),
    Op("gelu",     "0.5 * x * erfc(-0.7071067811865476 * x)",
       "0.5 * erfc(-0.7071067811865476 * x) + 0.3989422804014327 * x * exp(-0.5 * x * x)",
       r"\operatorname{{gelu}}\left({x}\right)"),
    Op("silu",     "x * sigmoid(x)",                        "sigmoid(x) * (1.0 + x * sigmoid(-x))",
       r"\operatorname{{silu}}\left({x}\right)"),

    # ----- choices; a nan operand gives nan -----
    Op("maximum",  "x if x >= y else y if y > x else x + y", "0.5 + 0.5 * compare(x, y), 0.5 - 0.5 * compare(x, y)",
       r"\max\left({x}, {y}\right)"),
    Op("minimum",  "x if x <= y else y if y < x else x + y", "0.5 - 0.5 * compare(x, y), 0.5 + 0.5 * compare(x, y)",
       r"\min\left({x}, {y}\right)"),
    Op("where",    "y if c == 0.0 else x if c == c else c", "0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)",
       r"\begin{{cases}} {x} & {c} \neq 0 \\ {y} & \text{{otherwise}} \end{{cases}}", operands="c, x, y"),
    Op("clip",     "minimum(maximum(x, lo), hi)",
       "(1.0 - step(compare(lo, x))) * (1.0 - step(compare(x, hi))), "
       "step(compare(lo, x)) * (1.0 - step(compare(lo, hi))), step(compare(maximum(x, lo), hi))",
       r"\operatorname{{clip}}\left({x}, {lo}, {hi}\right)", operands="x, lo, hi",
       domain=((-2.0, 2.0), (-1.0, -0.1), (0.1, 1.0))),

    # ----- flat -----
    Op("compare",  "1.0 if x > y else -1.0 if x < y else 0.0 if x == y else x + y", "0.0, 0.0",
       r"\operatorname{{compare}}\left({x}, {y}\right)"),
    Op("floor",    "floor(x)",                              "0.0", r"\left\lfloor {x} \right\rfloor"),
    Op("ceil",     "ceil(x)",                               "0.0", r"\left\lceil {x} \right\rceil"),
    Op("trunc",    "trunc(x)",                              "0.0", r"\operatorname{{trunc}}\left({x}\right)"),
    Op("round",    "round(x)",                              "0.0", r"\operatorname{{round}}\left({x}\right)"),
    Op("sign",     "1.0 if x > 0.0 else -1.0 if x < 0.0 else x", "0.0", r"\operatorname{{sign}}\left({x}\right)"),
    Op("copysign", "abs(x) if y > 0.0 else -abs(x) if y < 0.0 else x + y if y != y else "
                   "abs(x) if 1.0 / y > 0.0 else -abs(x)",  "sign(x) * copysign(1.0, y), 0.0",
       r"\operatorname{{copysign}}\left({x}, {y}\right)"),
    # round(x, n), to the bit as Python's: the nearest decimal to x, and of two that are as near the even one.
    Op("_round_to", "_decimals(x, pow(10.0, n)) if n >= 0.0 else _multiple(x, pow(10.0, -n))", "0.0, 0.0",
       r"\operatorname{{round}}_{{{n}}}\left({x}\right)", operands="x, n", fixed="n"),
    # The multiple of 1 / y that is nearest to x. Above 2**53 multiples are closer together than doubles.
    Op("_decimals", "x if abs(x * y) >= 9007199254740992.0 else "
                    "copysign(_nearest(abs(x) * y, _product_error(abs(x), y)) / y, x)", "0.0, 0.0"),
    # The whole number nearest to x + e, where x is that sum rounded.
    Op("_nearest", "round(x) if x - floor(x) != 0.5 else "
                   "floor(x) + (1.0 if e > 0.0 else 0.0 if e < 0.0 else round(x) - floor(x))", "0.0, 0.0",
       operands="x, e"),
    # The exact product of x and y, less x * y: both are split into halves of 26 bits (T. J. Dekker, 1971).
    Op("_product_error", "((_high(x) * _high(y) - x * y) + _high(x) * (y - _high(y)) + (x - _high(x)) * _high(y)) + "
                         "(x - _high(x)) * (y - _high(y))", "0.0, 0.0"),
    Op("_high",    "134217729.0 * x - (134217729.0 * x - x)", "1.0"),
    # The multiple of y that is nearest to x.
    Op("_multiple", "x if x - x != 0.0 else "
                    "copysign(abs(x) + _step_to_multiple(fmod(abs(x), y), fmod(abs(x), 2.0 * y), y), x)", "0.0, 0.0"),
    Op("_step_to_multiple", "y - x if 2.0 * x > y else -x if 2.0 * x < y else y - x if even >= y else -x",
       "0.0, 0.0, 0.0", operands="x, even, y"),
    Op("step",     "1.0 if x > 0.0 else 0.0 if x <= 0.0 else x", "0.0", r"\left[{x} > 0\right]"),

    # ----- folds over lists; z is the running value, and the final one in the partial derivatives -----
    Op("sum",      "z + x",                  "1.0",         "[{x}]", operands="*x", start="0.0"),
    Op("dot",      "z + w * x",              "x, w, 1.0",   r"[{w} \, {x}] + {bias}",
       operands="*w, *x, bias=0.0", start="bias"),
    Op("logsumexp", "logaddexp(z, x)",       "exp(x - z)",  r"\ln\left([e^{{{x}}}]\right)",
       operands="*x", start="-inf", shares=True),
    Op("pick",     "z + (x if k == key else 0.0 * compare(k, key))", "0.0, 1.0 - abs(compare(k, key)), 0.0",
       r"\operatorname{{pick}}_{{{key}}}\left([{k} \mapsto {x}]\right)",
       operands="*k, *x, key", start="0.0"),
):
    TABLE[_row.name] = _row
# fmt: on

for _row in TABLE.values():
    _row.check_names(TABLE)

BUILT_IN = frozenset(TABLE)
