"""The table of operations: one row each, which every other part of the package reads.

A row gives the value in terms of the operands, and the local derivatives in terms of the operands and the value `z`.
The eager methods, backward(), higher derivatives, recompute(), formulas, drawings and the tests all come from these
texts, whose language is in `grammar`. To add an operation, add a row here or call define_op().

Operands are named x, then y, unless the row names them. A starred operand is a list. A row with one is a fold: its
value is the step that takes the running `z` and one element of each list, from `start` on. A default makes an operand
optional. A row whose name begins with an underscore is called by other rows only, and _round_to by round(v, n).

The derivatives of a row are as accurate as its value, so a partial that is not plain arithmetic is often a private row,
whose own partials give an accurate second derivative. The file is long because it is a list.

Kinks are settled here and nowhere else: relu'(0) = 0, abs'(0) = 0, step(0) = 0, half to each operand of a tie in
maximum and minimum, hypot'(0, 0) = 0, and d(0 ** y)/dy = 0 for y >= 0. A nan operand never becomes a number.
"""

from __future__ import annotations

import zlib
from copy import copy
from typing import TYPE_CHECKING

from autograd_scalar.ops.op import Op

if TYPE_CHECKING:
    import ast

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


def define(row: Op, *private: Op) -> None:
    """Add a user's row to the table, or replace an earlier one of that name; ValueError if it is malformed.

    The `private` rows are those that it alone calls.
    """
    if row.name in BUILT_IN:
        raise ValueError(
            f"row {row.name!r}: the name is taken by a built-in operation; choose another"
        )
    if row.is_private:
        raise ValueError(f"row {row.name!r}: expected a name without a leading underscore")
    added = {made.name: made for made in (*private, row)}
    known = {**TABLE, **added}
    for name in [name for name in known if name not in BUILT_IN]:
        known[name].check(known)  # also those that call an earlier row of this name
    for name in TABLE.keys() - BUILT_IN:
        TABLE[name] = copy(TABLE[name])  # its text may have the earlier row inlined
    TABLE.update(added)
    global definitions
    definitions += 1


def restore(before: dict[str, Op]) -> None:
    """Undo definitions, given a copy of the table from before."""
    TABLE.update(before)
    for name in TABLE.keys() - before.keys():
        del TABLE[name]


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
    Op("pow",      "x ** y",         "_pow_slope(x, y), _pow_by_y(x, y)", "{x}^{{{y}}}",
       domain=(_POSITIVE, (-2.0, 2.0)), textbook="y * x ** (y - 1.0), z * log(x)"),
    # x ** 3: the exponent is a constant, so the logarithm of a negative x is never needed.
    Op("pow_const", "x ** y",        "_pow_const_slope(x, y), 0.0", "{x}^{{{y}}}", fixed="y",
       domain=(_POSITIVE, (-2.0, 2.0)), textbook="y * x ** (y - 1.0), 0.0"),

    # ----- remainders: fmod has the sign of x, as in C; mod that of y, as Python's % -----
    Op("fmod",     "fmod(x, y)",     "1.0, -_quotient(x, y)", r"\operatorname{{fmod}}\left({x}, {y}\right)",
       domain=((-5.0, 5.0), (0.5, 3.0)), textbook="1.0, -trunc(x / y)"),
    Op("mod",      "_with_sign(fmod(x, y), y)", "1.0, -floordiv(x, y)", r"{x} \;\mathrm{{mod}}\; {y}",
       domain=((-5.0, 5.0), (0.5, 3.0))),
    # As Python's //: the quotient of x - fmod(x, y), which is whole up to rounding.
    Op("floordiv", "x / y if y == 0.0 else _whole((x - fmod(x, y)) / y - step(-fmod(x, y) * sign(y)), x / y)",
       "0.0, 0.0", r"\left\lfloor \frac{{{x}}}{{{y}}} \right\rfloor", domain=((-5.0, 5.0), (0.5, 3.0))),
    # The quotient of which fmod is the remainder.
    Op("_quotient", "round((x - fmod(x, y)) / y)", "0.0, 0.0", r"\operatorname{{trunc}} \frac{{{x}}}{{{y}}}"),
    # The remainder x of a division by y, moved to the side of y.
    Op("_with_sign", "(x + y if x < 0.0 else x + 0.0) if y > 0.0 else x + y if x > 0.0 else -(0.0 - x)"),
    # x as a whole number; a zero has the sign of y.
    Op("_whole",   "0.0 * y if x == 0.0 else floor(x) + (1.0 if x - floor(x) > 0.5 else 0.0)"),

    # ----- exponentials and logarithms -----
    Op("exp",      "exp(x)",         "z",                    "e^{{{x}}}"),
    Op("expm1",    "expm1(x)",       "exp(x)",               "e^{{{x}}} - 1", textbook="z + 1.0"),
    Op("exp2",     "exp2(x)",        "0.6931471805599453 * z", "2^{{{x}}}"),
    Op("log",      "log(x)",         "1.0 / x",              r"\ln {x}", domain=_POSITIVE),
    Op("log1p",    "log1p(x)",       "1.0 / (1.0 + x)",      r"\ln\left(1 + {x}\right)", domain=(-0.9, 4.0)),
    Op("log2",     "log2(x)",        "1.4426950408889634 / x", r"\log_2 {x}", domain=_POSITIVE),
    Op("log10",    "log10(x)",       "0.4342944819032518 / x", r"\log_{{10}} {x}", domain=_POSITIVE),
    Op("sqrt",     "sqrt(x)",        "0.5 * _rsqrt(x)",      r"\sqrt{{{x}}}", domain=_POSITIVE, textbook="0.5 / z"),
    Op("cbrt",     "cbrt(x)",        "_cbrt_slope(x)",        r"\sqrt[3]{{{x}}}", domain=_POSITIVE,
       textbook="1.0 / (3.0 * z * z)"),
    Op("logaddexp", "x + 0.6931471805599453 if x == y else _logaddexp(maximum(x, y), minimum(x, y))",
                                     "_share(x, y), _share(y, x)", r"\ln\left(e^{{{x}}} + e^{{{y}}}\right)",
       textbook="sigmoid(x - y), sigmoid(y - x)"),

    # For x > y, with the rounding error of y - x.
    Op("_logaddexp", "x + log1p(exp(y - x) * (1.0 + _lost(y, x)))"),
    # 0 where x is 0, also at the pole of the logarithm.
    Op("xlogy",    "(0.0 if y == y else y) if x == 0.0 else x * log(y)", "log(y), _ratio(x, y)", r"{x} \ln {y}",
       domain=((-2.0, 2.0), _POSITIVE), textbook="log(y), x / y"),
    Op("xlog1py",  "(0.0 if y == y else y) if x == 0.0 else x * log1p(y)", "log1p(y), _ratio(x, 1.0 + y)",
       r"{x} \ln\left(1 + {y}\right)", domain=((-2.0, 2.0), (-0.9, 4.0)), textbook="log1p(y), x / (1.0 + y)"),

    # ----- circular and hyperbolic -----
    # As in NumPy and PyTorch, of pi x.
    Op("sinc",     "1.0 if x == 0.0 else _sin_pi(x) / (3.141592653589793 * x)", "_sinc_slope(x)",
       r"\operatorname{{sinc}} {x}", textbook="(cos(3.141592653589793 * x) - z) / x"),
    Op("sin",      "sin(x)",         "cos(x)",               r"\sin {x}"),
    Op("cos",      "cos(x)",         "-sin(x)",              r"\cos {x}"),
    Op("tan",      "tan(x)",         "1.0 + z * z",          r"\tan {x}", domain=(-1.2, 1.2)),
    Op("asin",     "asin(x)",        "_asin_slope(x)",        r"\arcsin {x}", domain=(-0.9, 0.9),
       textbook="1.0 / sqrt((1.0 - x) * (1.0 + x))"),
    Op("acos",     "acos(x)",        "-_asin_slope(x)",       r"\arccos {x}", domain=(-0.9, 0.9),
       textbook="-1.0 / sqrt((1.0 - x) * (1.0 + x))"),
    Op("atan",     "atan(x)",        "_atan_slope(x)",        r"\arctan {x}", textbook="1.0 / (1.0 + x * x)"),
    Op("deg2rad",  "0.017453292519943295 * x",  "0.017453292519943295", r"\frac{{\pi}}{{180}} \, {x}"),
    Op("rad2deg",  "57.29577951308232 * x",     "57.29577951308232",    r"\frac{{180}}{{\pi}} \, {x}"),
    Op("atan2",    "atan2(x, y)",    "_turn(y, x), -_turn(x, y)",
       r"\operatorname{{atan2}}\left({x}, {y}\right)", domain=((-2.0, 2.0), (0.2, 3.0)),
       textbook="y / (x * x + y * y), -x / (x * x + y * y)"),
    Op("hypot",    "hypot(x, y)",    "_cosine(x, y), _cosine(y, x)", r"\sqrt{{{x}^2 + {y}^2}}",
       textbook="x / z, y / z"),
    Op("sinh",     "sinh(x)",        "cosh(x)",              r"\sinh {x}"),
    Op("cosh",     "cosh(x)",        "sinh(x)",              r"\cosh {x}"),
    Op("tanh",     "tanh(x)",        "_sech2(x)",             r"\tanh {x}", textbook="1.0 - z * z"),
    Op("asinh",    "asinh(x)",       "_asinh_slope(x)",       r"\operatorname{{arsinh}} {x}",
       textbook="1.0 / sqrt(1.0 + x * x)"),
    Op("acosh",    "acosh(x)",       "_acosh_slope(x)",       r"\operatorname{{arcosh}} {x}",
       domain=(1.2, 4.0), textbook="1.0 / sqrt(x * x - 1.0)"),
    Op("atanh",    "atanh(x)",       "_atanh_slope(x)",       r"\operatorname{{artanh}} {x}",
       domain=(-0.9, 0.9), textbook="1.0 / ((1.0 - x) * (1.0 + x))"),
    Op("erf",      "erf(x)",         "1.1283791670955126 * _gaussian(x)",      r"\operatorname{{erf}} {x}",
       textbook="1.1283791670955126 * exp(-x * x)"),
    Op("erfc",     "erfc(x)",        "-1.1283791670955126 * _gaussian(x)",     r"\operatorname{{erfc}} {x}",
       textbook="-1.1283791670955126 * exp(-x * x)"),

    # ----- the logarithm of the gamma function, and its derivative -----
    # For x <= 0, by reflection; its terms cancel near the maximum at -2.61, where a Taylor series takes over.
    Op("lgamma",   "_lgamma_right(x) - log(x if x < 1.0 else 1.0) if x > 0.0 else inf if floor(x) == x else "
       "_lgamma_dip(x + 2.6107) if abs(x + 2.6107) < 0.025 else "
       "-_lgamma_right(-x) - log(_sine(-x) * (-x if x < -1.0 else 1.0))",
       "digamma(x)", r"\ln \left|\Gamma\left({x}\right)\right|", domain=_POSITIVE),
    Op("digamma",  "_digamma_right(x) if x > -0.5 else "
       "nan if floor(x) == x else _digamma_right(-x) - 1.0 / x + 3.141592653589793 * (_cos_pi(x) / _sin_pi(-x))",
       "_zeta(x, 2.0)", r"\psi\left({x}\right)", domain=_POSITIVE),

    # ----- activations; finite for every finite x -----
    Op("sigmoid",  "(1.0 if x >= 0.0 else exp(-abs(x))) / (1.0 + exp(-abs(x)))", "_sigmoid_slope(x)",
       r"\sigma\left({x}\right)", textbook="z * (1.0 - z)"),
    Op("softplus", "(x if x > 0.0 else 0.0) + log1p(exp(-abs(x)))", "sigmoid(x)", r"\ln\left(1 + e^{{{x}}}\right)"),
    Op("log_sigmoid", "-softplus(-x)",                      "sigmoid(-x)", r"\ln \sigma\left({x}\right)"),
    Op("relu",     "0.0 if x <= 0.0 else x",                "step(x)",     r"\operatorname{{relu}}\left({x}\right)"),
    Op("leaky_relu", "x if x > 0.0 else slope * x",         "where(step(x), 1.0, slope), -relu(-x)",
       r"\operatorname{{leaky}}_{{{slope}}}\left({x}\right)", operands="x, slope=0.01"),
    Op("elu",      "x if x > 0.0 else alpha * expm1(x)",    "_elu_slope(x, alpha), expm1(-relu(-x))",
       r"\operatorname{{elu}}_{{{alpha}}}\left({x}\right)", operands="x, alpha=1.0",
       textbook="where(step(x), 1.0, z + alpha), expm1(-relu(-x))"),
    Op("gelu",     "x * _normal(x)",                        "_gelu_slope(x)", r"\operatorname{{gelu}}\left({x}\right)",
       textbook="0.5 * erfc(-0.7071067811865476 * x) + 0.3989422804014327 * x * exp(-0.5 * x * x)"),
    Op("silu",     "_silu(x, _decay(abs(x)))",               "_silu_slope(x)", r"\operatorname{{silu}}\left({x}\right)",
       textbook="sigmoid(x) * (1.0 + x * sigmoid(-x))"),

    # ----- choices; a nan operand gives nan -----
    Op("maximum",  "x if x >= y else y if y > x else x + y", "0.5 + 0.5 * compare(x, y), 0.5 - 0.5 * compare(x, y)",
       r"\max\left({x}, {y}\right)",
       textbook="where(compare(x, y), step(x - y), 0.5), where(compare(x, y), step(y - x), 0.5)"),
    Op("minimum",  "x if x <= y else y if y < x else x + y", "0.5 - 0.5 * compare(x, y), 0.5 + 0.5 * compare(x, y)",
       r"\min\left({x}, {y}\right)",
       textbook="where(compare(x, y), step(y - x), 0.5), where(compare(x, y), step(x - y), 0.5)"),
    Op("where",    "y if c == 0.0 else x if c == c else c", "0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0)",
       r"\begin{{cases}} {x} & {c} \neq 0 \\ {y} & \text{{otherwise}} \end{{cases}}", operands="c, x, y"),
    Op("clip",     "minimum(maximum(x, lo), hi)",
       "(1.0 - step(compare(lo, x))) * (1.0 - step(compare(x, hi))), "
       "step(compare(lo, x)) * (1.0 - step(compare(lo, hi))), step(compare(maximum(x, lo), hi))",
       r"\operatorname{{clip}}\left({x}, {lo}, {hi}\right)", operands="x, lo, hi",
       domain=((-2.0, 2.0), (-1.0, -0.1), (0.1, 1.0)),
       textbook="(1.0 - step(lo - x)) * (1.0 - step(x - hi)), step(lo - x) * (1.0 - step(lo - hi)), "
                "step(maximum(x, lo) - hi)"),

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

    # ----- derivatives of the rows above -----
    # Each is accurate where the value saturates, where its square overflows, and for subnormal operands; and so is the
    # derivative that it gives.

    # y x^(y - 1). Unless y >= 1/2, y - 1 is rounded, which x ** y magnifies. The derivative of x ** 0 is 0 even at 0.
    Op("_pow_slope", "y * x ** (y - 1.0) if y >= 0.5 else "
       "(x ** y * y / x if abs(x) < inf else y * x ** (y - 1.0)) if x != 0.0 else "
       "y * x ** (y - 1.0 if y != 0.0 else y)",
       "_pow_bend(x, y), _pow_cross(x, y)", r"{y} \, {x}^{{{y} - 1}}", domain=(_POSITIVE, (-2.0, 2.0))),
    # y (y - 1) x^(y - 2)
    Op("_pow_bend", "y * (y - 1.0) * x ** (y - 2.0 if y != 1.0 else 0.0) if y >= 1.0 else "
       "(_pow_slope(x, y) * (y - 1.0) / x if abs(x) < inf else y * (y - 1.0) * x ** (y - 2.0)) if y != 0.0 else "
       "0.0 if x == x else x",
       "y * (y - 1.0) * _pow_slope(x, where(y * (y - 1.0), y - 2.0, 1.0)), "
       "(2.0 * y - 1.0) * x ** (y - 2.0) + z * log(where(x, x, 1.0))",
       r"{y} \left({y} - 1\right) {x}^{{{y} - 2}}", domain=(_POSITIVE, (-2.0, 2.0))),
    # x^y ln(x); ln(0) is replaced by ln(1) where 0 ** y is flat in y.
    Op("_pow_by_y", "x ** y * log(where(x, x, 1.0 - step(-y)))",
       "_pow_cross(x, y), z * log(where(x, x, 1.0 - step(-y)))",
       r"{x}^{{{y}}} \ln {x}", domain=(_POSITIVE, (-2.0, 2.0))),
    # x^(y - 1) (1 + y ln(x))
    Op("_pow_cross", "(x ** y / x if y < 0.5 else x ** (y - 1.0)) * (1.0 + y * log(where(x, x, 1.0)))",
       "((y - 1.0) * z + y * x ** (y - 1.0)) / x, log(where(x, x, 1.0)) * (z + x ** (y - 1.0))",
       r"{x}^{{{y} - 1}} \left(1 + {y} \ln {x}\right)", domain=(_POSITIVE, (-2.0, 2.0))),
    Op("_pow_const_slope", "_pow_slope(x, y)", "_pow_const_bend(x, y), 0.0", r"{y} \, {x}^{{{y} - 1}}", fixed="y",
       domain=(_POSITIVE, (-2.0, 2.0))),
    Op("_pow_const_bend", "_pow_bend(x, y)",
       "y * (y - 1.0) * _pow_const_slope(x, where(y * (y - 1.0), y - 2.0, 1.0)), 0.0",
       r"{y} \left({y} - 1\right) {x}^{{{y} - 2}}", fixed="y", domain=(_POSITIVE, (-2.0, 2.0))),

    Op("_ratio",   "x / where(x, y, 1.0)", "1.0 / y, -z / y", r"\frac{{{x}}}{{{y}}}", domain=((-2.0, 2.0), (0.5, 3.0))),
    # sin(pi x) and cos(pi x): the distance from the nearest whole number is exact.
    Op("_sin_pi",  "sin(3.141592653589793 * (x - round(x))) * _parity(round(x))"),
    Op("_cos_pi",  "_sin_pi(0.5 - abs(x - round(x))) * _parity(round(x))"),
    Op("_parity",  "1.0 - 2.0 * abs(x - 2.0 * round(0.5 * x))"),
    # Up to 1/2, where the terms of the derivatives cancel, their Taylor series.
    Op("_sinc_slope", "x * _sinc_slope_series(x * x) if abs(x) < 0.5 else (_cos_pi(x) - sinc(x)) / x", "_sinc_bend(x)",
       r"\operatorname{{sinc}}' {x}"),
    Op("_sinc_slope_series",
       "-3.289868133696453 + x * (3.2469697011334144 + x * (-1.1445109447325053 + x * (0.2091827825412384 + x * "
       "(-0.023460810354558236 + x * (0.001781145516372852 + x * (-9.766223126318933e-05 + x * "
       "(4.049947846619244e-06 + x * (-1.3148481279991994e-07 + x * (3.4330769499642866e-09 + x * "
       "(-7.365893777096947e-11 + x * (1.3217901389162318e-12)))))))))))"),
    Op("_sinc_bend", "_sinc_bend_series(x * x) if abs(x) < 0.5 else "
       "-9.869604401089358 * sinc(x) - 2.0 * _sinc_slope(x) / x",
       "-9.869604401089358 * _sinc_slope(x) - 2.0 * (z - _sinc_slope(x) / where(x, x, 1.0)) / where(x, x, 1.0)",
       r"\operatorname{{sinc}}'' {x}"),
    Op("_sinc_bend_series",
       "-3.289868133696453 + x * (9.740909103400243 + x * (-5.722554723662526 + x * (1.4642794777886687 + x * "
       "(-0.21114729319102413 + x * (0.019592600680101373 + x * (-0.0012696090064214613 + x * "
       "(6.074921769928866e-05 + x * (-2.235241817598639e-06 + x * (6.522846204932145e-08 + x * "
       "(-1.5468376931903588e-09 + x * (3.040117319507333e-11 + x * (-5.03300377020222e-13))))))))))))"),
    Op("_rsqrt",   "1.0 / sqrt(x)",  "-0.5 * z / x",         r"\frac{{1}}{{\sqrt{{{x}}}}}", domain=_POSITIVE),
    # The first factor corrects the cube root y, which errs by 3 ulp in the C library.
    Op("_cbrt_slope", "inf if x == 0.0 else _cbrt_slope_of(x / cbrt(x), cbrt(x)) if abs(x) < inf else "
       "1.0 / abs(x)", "-(z / 1.5) / x", r"\frac{{1}}{{3 \sqrt[3]{{{x}}}^2}}", domain=_POSITIVE),
    Op("_cbrt_slope_of", "(1.0 + (x - y * y) / x / 3.0) / x / 3.0"),
    Op("_complement", "1.0 - x * x if abs(x) < 0.5 else (1.0 - x) * (1.0 + x)"),
    Op("_asin_slope", "1.0 / sqrt(_complement(x))", "x * z / ((1.0 - x) * (1.0 + x))",
       r"\frac{{1}}{{\sqrt{{1 - {x}^2}}}}", domain=(-0.9, 0.9)),
    Op("_atan_slope", "1.0 / (1.0 + x * x) if abs(x) < 1.0 else 1.0 / x / (x + 1.0 / x)", "_atan_bend(x)",
       r"\frac{{1}}{{1 + {x}^2}}"),
    Op("_atan_bend", "-2.0 * x / (1.0 + x * x) / (1.0 + x * x) if abs(x) < 1.0 else "
       "-2.0 / x / (x + 1.0 / x) / (x + 1.0 / x)",
       "_atan_slope(x) * _atan_slope(x) * (8.0 * (x * _atan_slope(x)) * x - 2.0)",
       r"\frac{{-2 \, {x}}}{{\left(1 + {x}^2\right)^2}}"),
    Op("_asinh_slope", "1.0 / hypot(x, 1.0)", "-(x * z) * _atan_slope(x)", r"\frac{{1}}{{\sqrt{{1 + {x}^2}}}}"),
    Op("_acosh_slope", "1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))", "-(x * z) / (x - 1.0) / (x + 1.0)",
       r"\frac{{1}}{{\sqrt{{{x}^2 - 1}}}}", domain=(1.2, 4.0)),
    Op("_atanh_slope", "1.0 / _complement(x)", "2.0 * x * z * z", r"\frac{{1}}{{1 - {x}^2}}", domain=(-0.9, 0.9)),

    # x / r and x / r^2 for r = hypot(x, y), scaled so that the squares neither overflow nor underflow.
    Op("_cosine",  "_cosine_of(x * _lift(x, y), y * _lift(x, y))", "_cosine(y, x) * _turn(y, x), -z * _turn(y, x)",
       r"\frac{{{x}}}{{\sqrt{{{x}^2 + {y}^2}}}}", domain=((-2.0, 2.0), (0.2, 3.0))),
    Op("_cosine_of", "x / where(hypot(x, y), hypot(x, y), 1.0)"),
    Op("_turn",    "_turn_of(x * _scale(x, y), y * _scale(x, y)) * _scale(x, y)",
       "_turn_bend(x, y), -2.0 * z * _turn(y, x)", r"\frac{{{x}}}{{{x}^2 + {y}^2}}", domain=((-2.0, 2.0), (0.2, 3.0))),
    Op("_turn_of", "x / (x * x + y * y)"),
    Op("_turn_bend", "-_turn_bend_far(x, y / x) if abs(x) > 2.0 * abs(y) else _turn_bend_far(y, x / y) if "
       "abs(y) > 2.0 * abs(x) else _turn_bend_of(x * _scale(x, y), y * _scale(x, y)) * _scale(x, y) * _scale(x, y)",
       "2.0 * _turn(x, y) * (_turn(x, y) * _turn(x, y) - 3.0 * _turn(y, x) * _turn(y, x)), "
       "2.0 * _turn(y, x) * (3.0 * _turn(x, y) * _turn(x, y) - _turn(y, x) * _turn(y, x))",
       r"\frac{{{y}^2 - {x}^2}}{{\left({x}^2 + {y}^2\right)^2}}", domain=((-2.0, 2.0), (0.2, 3.0))),
    Op("_turn_bend_of", "(y - x) * (y + x) / (x * x + y * y) / (x * x + y * y)"),
    Op("_turn_bend_far", "_complement(y) / (1.0 + y * y * (2.0 + y * y)) / x / x"),
    # For a ratio, whose smaller operand must not become subnormal.
    Op("_lift",    "0.25 if abs(x) + abs(y) > 1.0715086071862673e+301 else "
       "4.149515568880993e+180 if abs(x) + abs(y) < 3.054936363499605e-151 else 1.0"),
    Op("_scale",   "2.409919865102884e-181 if abs(x) + abs(y) > 3.273390607896142e+150 else "
       "4.149515568880993e+180 if abs(x) + abs(y) < 3.054936363499605e-151 else 1.0"),

    # e^-x = _decay(x) * _level(x) for x >= 0, of which neither factor is subnormal where the product is just not.
    # 64 - x is exact, and 1 + _decay(x) is 1 to the last bit where _level is not 1.
    Op("_decay",   "exp((64.0 if x > 128.0 else 0.0) - x)"),
    Op("_level",   "1.603810890548638e-28 if x > 128.0 else 1.0"),
    Op("_logistic", "x / (1.0 + x * (2.0 + x))"),
    Op("_sech2",   "4.0 * _logistic(_decay(2.0 * abs(x))) * _level(2.0 * abs(x))", "-2.0 * z * tanh(x)",
       r"\frac{{1}}{{\cosh^2 {x}}}"),
    Op("_sigmoid_slope", "_logistic(exp(-abs(x)))", "-z * tanh(0.5 * x)",
       r"\sigma\left({x}\right) \sigma\left(-{x}\right)"),

    # e^x / (e^x + e^y), with the rounding error of x - y.
    Op("_share",   "sigmoid(x - y) * (1.0 + sigmoid(y - x) * _lost(x, y))", "z * _share(y, x), -z * _share(y, x)",
       r"\frac{{e^{{{x}}}}}{{e^{{{x}}} + e^{{{y}}}}}"),
    Op("_lost",    "x - (x - y - (x - y - x)) - (y + (x - y - x)) if abs(x - y) < inf else 0.0"),

    # e^-x^2 and e^-x^2/2: the square of y, the leading 26 bits of x, is exact.
    Op("_gaussian", "_gaussian_of(minimum(abs(x), 30.0))", "-2.0 * (x * z)", "e^{{-{x}^2}}"),
    Op("_gaussian_of", "_gaussian_by(x, round(x * 1048576.0) / 1048576.0)"),
    Op("_gaussian_by", "exp(-y * y) * exp((y - x) * (y + x))"),
    Op("_density", "0.3989422804014327 * _density_of(minimum(abs(x), 40.0))", "-x * z",
       r"\frac{{e^{{-{x}^2 / 2}}}}{{\sqrt{{2 \pi}}}}"),
    Op("_density_of", "_density_by(x, round(x * 1048576.0) / 1048576.0)"),
    Op("_density_by", "exp(-0.5 * y * y) * exp(0.5 * (y - x) * (y + x))"),
    # The normal distribution: erfc at -x / sqrt(2), and to first order the rounding error of that.
    Op("_normal",  "_normal_of(maximum(minimum(x, 40.0), -40.0))", "_density(x)", r"\Phi\left({x}\right)"),
    Op("_normal_of", "_normal_by(x, round(x * 1048576.0) / 1048576.0)"),
    Op("_normal_by", "0.5 * erfc(-0.7071067811865476 * x) + 0.5641895835477563 * exp(-0.5 * x * x) * "
       "(0.7071067839860916 * y - 0.7071067811865476 * x + 0.7071067839860916 * (x - y) - 2.799544089368687e-09 * x)"),
    Op("_gelu_slope", "_normal(x) + x * _density(x)", "_gelu_bend(x)",
       r"\Phi\left({x}\right) + {x} \Phi'\left({x}\right)"),
    Op("_gelu_bend", "_density(x) * (1.4142135623730951 - x - 9.667293313452913e-17) * (1.4142135623730951 + x)",
       "-x * (z + 2.0 * _density(x))", r"\left(2 - {x}^2\right) \Phi'\left({x}\right)"),

    # lgamma(x) for x >= 1, lgamma(1 + x) below; tools/gamma.py fits its parts, and those of digamma.
    Op("_lgamma_right", "_lgamma_near(x if x < 1.0 else x - 1.0) if x < 4.0 else "
       "(x - 0.5) * (log(x) - 1.0) + (0.41893853320467275 + _lgamma_tail(1.0 / (x * x)) / x)"),
    Op("_lgamma_near", "0.0 - x * (1.0 - x) * (0.4375 + _lgamma_core(x))"),
    Op("_lgamma_core",
       "(0.13971566490153287 + x * (0.27847463434371045 + x * (0.03782313443172575 + x * (-0.2922711967311104 + x * "
       "(-0.28599947796389136 + x * (-0.1161336381384093 + x * (-0.022959507244985914 + x * "
       "(-0.0021464470663623003 + x * (-8.178089541822021e-05 + x * -8.577993029156307e-07))))))))) / (1.0 + x * "
       "(3.748513119379957 + x * (5.738202953731988 + x * (4.6346276830093025 + x * (2.1337997969050173 + x * "
       "(0.5661283333714182 + x * (0.08367193812940361 + x * (0.006335723831552411 + x * "
       "(0.00020761819740754223 + x * 1.979616037398412e-06)))))))))"),
    Op("_lgamma_tail",
       "0.08333333333333331 + x * (-0.0027777777777176055 + x * (0.0007936507676291844 + x * "
       "(-0.0005952337085904952 + x * (0.0008413741438325448 + x * (-0.0018988790761145635 + x * "
       "(0.0058428301946621825 + x * (-0.01852984212076282 + x * 0.03686739028826235)))))))"),
    # lgamma(x - 2.6107)
    Op("_lgamma_dip",
       "-0.11862998865830256 + x * (0.00022638218252594156 + x * (5.423897927884054 + x * (-4.255839825558086 + x * "
       "(12.8022473358352 + x * (-20.034324049318467 + x * (51.12576859594648 + x * (-100.91724697954957 + x * "
       "(243.4107901727952 + x * (-531.6011419291962 + x * (1264.5713544287837 + x * (-2900.017603752997 + x * "
       "(6908.0768125912455 + x * (-16259.644867003011 + x * 38965.858012258264)))))))))))))"),
    # |sin(pi x)| / pi
    Op("_sine",    "x if x < 1e-9 else 0.3183098861837907 * abs(_sin_pi(x))"),
    # digamma(x) for x > -1/2
    Op("_digamma_right", "_digamma_near(x if x < 1.0 else x - 1.0) - (1.0 / x if x < 1.0 else 0.0) if x < 4.0 else "
       "log(x) - (0.5 + _digamma_tail(1.0 / (x * x)) / x) / x"),
    Op("_digamma_near", "(x - 0.46163214496836236 + 1.5522348162858677e-17) * _digamma_core(x)"),
    Op("_digamma_core",
       "(1.2503801375034054 + x * (2.1539339148400045 + x * (1.4024136771331266 + x * (0.44466647212316923 + x * "
       "(0.07301363454975729 + x * (0.006038440511398616 + x * (0.00022249512842264707 + x * "
       "(2.6379924478700407e-06 + x * 1.8102090356397655e-09)))))))) / (1.0 + x * (2.406170079963861 + x * "
       "(2.1645281426742726 + x * (0.9586271705466206 + x * (0.22757090201999014 + x * (0.029150709995298143 + x * "
       "(0.001902933889123082 + x * (5.44841062482068e-05 + x * 4.660321644539611e-07))))))))"),
    Op("_digamma_tail",
       "0.08333333333333295 + x * (-0.008333333332362195 + x * (0.003968253547733438 + x * (-0.004166595597241979 + "
       "x * (0.007569628805617108 + x * (-0.02078730058478226 + x * (0.07392821534952192 + x * "
       "(-0.25668495709253364 + x * 0.5365319816587455)))))))"),
    # The sum of (x + k)^-s over k = 0, 1, 2, ... for whole s > 1: all derivatives of digamma are multiples of it.
    Op("_zeta",    "_zeta_right(x, s) if x > -0.5 else _zeta_left(x, s, x + round(-x))", "-s * _zeta(x, s + 1.0), 0.0",
       r"\zeta\left({s}, {x}\right)", operands="x, s", fixed="s", domain=(_POSITIVE, (2.0, 2.0))),
    # d is the distance of x from the nearest pole; terms on both sides of it.
    Op("_zeta_left", "d ** -s + _zeta_right(1.0 + d, s) + _parity(s) * (_zeta_right(1.0 - d, s) - "
       "_zeta_right(1.0 - x, s))", operands="x, s, d"),
    Op("_zeta_right", "(x + 7.0) ** -s + (x + 6.0) ** -s + (x + 5.0) ** -s + (x + 4.0) ** -s + "
       "(x + 3.0) ** -s + (x + 2.0) ** -s + (x + 1.0) ** -s + _zeta_tail(x + 8.0, s) + x ** -s", operands="x, s"),
    # The formula of Euler and Maclaurin.
    Op("_zeta_tail", "x ** (1.0 - s) * (1.0 / (s - 1.0) + (0.5 + s / x * _zeta_series(1.0 / (x * x), s)) / x)",
       operands="x, s"),
    Op("_zeta_series",
       "0.08333333333333333 + (s + 1.0) * (s + 2.0) * x * (-0.001388888888888889 + (s + 3.0) * (s + 4.0) * x * "
       "(3.306878306878307e-05 + (s + 5.0) * (s + 6.0) * x * (-8.267195767195768e-07 + (s + 7.0) * (s + 8.0) * x * "
       "(2.08767569878681e-08 + (s + 9.0) * (s + 10.0) * x * (-5.284190138687493e-10 + (s + 11.0) * (s + 12.0) * x * "
       "(1.3382536530684679e-11 + (s + 13.0) * (s + 14.0) * x * (-3.3896802963225827e-13)))))))",
       operands="x, s"),

    Op("_elu_slope", "1.0 if x > 0.0 else y * exp(0.5 * x) * exp(0.5 * x)",
       "where(step(x), 0.0, z), where(step(x), 0.0, exp(-relu(-x)))", r"{y} \, e^{{{x}}}"),
    # In these y is _decay(abs(x)).
    Op("_silu",    "x / (1.0 + y) if x >= 0.0 else x * y / (1.0 + y) * _level(-x)"),
    Op("_silu_slope", "_silu_slope_of(x, _decay(abs(x)))", "_silu_bend(x)",
       r"\sigma\left({x}\right) \left(1 + {x} \, \sigma\left(-{x}\right)\right)"),
    Op("_silu_slope_of", "(1.0 + x * y / (1.0 + y)) / (1.0 + y) if x >= 0.0 else "
       "y * (1.0 + x / (1.0 + y)) / (1.0 + y) * _level(-x)"),
    Op("_silu_bend", "_silu_bend_of(abs(x), _decay(abs(x)))",
       "-tanh(0.5 * x) * z - _sigmoid_slope(x) * (tanh(0.5 * x) + 2.0 * x * _sigmoid_slope(x))",
       r"\sigma'\left({x}\right) \left(2 - {x} \tanh \frac{{{x}}}{{2}}\right)"),
    Op("_silu_bend_of", "y * (2.0 - x + y * (2.0 + x)) / (1.0 + y * (3.0 + y * (3.0 + y))) * _level(x)"),
):
    TABLE[_row.name] = _row
# fmt: on

BUILT_IN = frozenset(TABLE)
