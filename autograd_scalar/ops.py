"""The table: an operation is one row, and everything that knows operations reads it.

A row gives the value in terms of its operands, and the local derivatives in terms of the operands
and the value `z`. The eager methods, `backward`, higher derivatives, `recompute`, formulas,
drawings and the tests are all readings of these texts (see `expression` for their language). To add
an operation is to add a row here, or to call `define_op`.

Operands are called x, then y, unless the row names them. A starred operand is a list: such a row is
a fold, its value the step that takes the running `z` and one element of each list, begun at
`start`. A default makes an operand optional.

Kinks are decided here and nowhere else: relu'(0) = 0, abs'(0) = 0, step(0) = 0, half to each
operand of a tie in maximum and minimum, hypot'(0, 0) = 0, and d(0 ** y)/dy = 0 where y >= 0. A nan
operand never turns into a number.
"""

from __future__ import annotations

import ast
import keyword
import string
import zlib
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from autograd_scalar import expression, ieee

Interval = tuple[float, float]


class Op:
    """One row: what an operation computes, its local derivatives, and how it is written.

    `latex` has a field for each operand; in a fold, what stands in [brackets] is repeated for the
    elements, with + in between. `shares` tells of a fold whose partials are shares of a whole: they are divided by
    their sum, which is 1 but for rounding. `fixed` names an operand that is a constant: no derivative is taken
    by it. `domain` is where the row may be sampled, one interval for all operands or one for each;
    tests and documentation use it, the engine does not. A malformed row raises ValueError that
    names it.
    """

    def __init__(
        self,
        name: str,
        value: str,
        partials: str,
        latex: str | None = None,
        *,
        operands: str | None = None,
        start: str | None = None,
        fixed: str | None = None,
        shares: bool = False,
        domain: Interval | tuple[Interval, ...] = (-2.0, 2.0),
    ) -> None:
        self.name, self.value, self.partials = name, value, partials
        self.start, self.fixed, self.shares = start, fixed, shares
        try:
            for text in (name, value, partials, latex or ""):
                if not isinstance(text, str):
                    raise TypeError(f"row {name!r}: its texts are str, got {text!r}")
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
                raise ValueError(f"a name is an identifier, not {name!r}")
            (self._value,) = expression.parse(value, branches=True)
            self._start = None if start is None else expression.parse(start, branches=False)[0]
            self._partials = expression.parse(partials, branches=False)
            if operands is None:
                operands = (
                    "x, y"
                    if any("y" in text.variables for text in (self._value, *self._partials))
                    else "x"
                )
            fields = [field.strip().partition("=") for field in operands.split(",")]
            #: Names of the operands, in order, and those among them that are lists.
            self.operands: tuple[str, ...] = tuple(operand.lstrip("*") for operand, _, _ in fields)
            self.lists: tuple[str, ...] = tuple(
                operand[1:] for operand, _, _ in fields if operand.startswith("*")
            )
            #: What an operand is where the caller leaves it out.
            self.defaults: dict[str, float] = {
                operand: float(number) for operand, _, number in fields if number
            }
            self.latex = latex if latex is not None else self._plain_latex()
            self._check_shape()
        except (ValueError, SyntaxError) as problem:
            raise ValueError(f"row {name!r}: {problem}") from None
        #: One interval for each operand.
        self.domain = (
            tuple(domain) if isinstance(domain[0], tuple) else (domain,) * len(self.operands)
        )

    def _plain_latex(self) -> str:
        name = self.name.replace("_", r"\_")
        listed = ", ".join(f"{{{operand}}}" for operand in self.operands)
        return rf"\operatorname{{{{{name}}}}}\left({listed}\right)"

    def _check_shape(self) -> None:
        if len(self._partials) != len(self.operands):
            raise ValueError(
                f"operands {', '.join(self.operands)} need {len(self.operands)} partial derivatives, "
                f"got {len(self._partials)}: {self.partials!r}"
            )
        if bool(self.lists) != (self._start is not None):
            raise ValueError("a row over lists, and no other, has a start")
        fields = {
            field for _, field, _, _ in string.Formatter().parse(self.latex) if field is not None
        }
        if unknown := fields - {*self.operands}:
            raise ValueError(
                f"unknown operand {min(unknown)!r} in its LaTeX; there are {', '.join(self.operands)}"
            )

    def check_names(self, table: Mapping[str, Op]) -> None:
        """Raise ValueError when the row's texts name anything but operands, or call a function as it is not called.

        They may call rows of the table and the functions of ieee, but no folds; a value must not come back to itself.
        """
        operands = {*self.operands, "inf", "nan"}
        texts = [(self._value, operands | {"z"} if self.lists else operands)]
        texts += [(partial, operands | {"z"}) for partial in self._partials]
        texts += [] if self._start is None else [(self._start, operands)]
        for text, known in texts:
            for name in text.variables - known:
                raise ValueError(
                    f"row {self.name!r}: unknown name {name!r}; there are {', '.join(sorted(known))}"
                )
            for name, count in text.calls:
                called = self if name == self.name else table.get(name)
                if called is None or called.lists:
                    raise ValueError(
                        f"row {self.name!r}: {name!r} is no function that a row can call"
                    )
                if count != len(called.operands):
                    raise ValueError(
                        f"row {self.name!r}: {name} takes {len(called.operands)} operands, got {count}"
                    )
        reached, unseen = set(), {*self._value.functions}
        while unseen:
            name = unseen.pop()
            reached.add(name)
            if name == self.name and name not in ieee.EXACT:
                raise ValueError(f"row {self.name!r}: its value comes back to itself")
            unseen |= {called for called in table[name]._value.functions if name in table} - reached

    def __repr__(self) -> str:
        return f"Op({self.name!r}, {self.value!r}, {self.partials!r})"

    @property
    def value_tree(self) -> ast.expr:
        """The syntax tree of the value; in a fold, of one step."""
        return self._value.tree

    @property
    def start_tree(self) -> ast.expr | None:
        """The syntax tree of what a fold starts from; None in other rows."""
        return None if self._start is None else self._start.tree

    @property
    def partial_trees(self) -> list[ast.expr]:
        """One syntax tree for each operand; for a list, the partial derivative by one of its elements."""
        return [partial.tree for partial in self._partials]

    @property
    def calls(self) -> set[str]:
        """The functions that the row's value and partial derivatives call."""
        return self._value.functions.union(*(partial.functions for partial in self._partials))

    @property
    def is_primitive(self) -> bool:
        """Whether the row's value is a function of math's, such as exp(x), and not made of others."""
        return self.name in self._value.functions

    @cached_property
    def symbol(self) -> str:
        """How the operation is shown: "+" where the row is an operator between its operands, else its name."""
        match self.value_tree:
            case ast.BinOp(ast.Name(x), symbol, ast.Name(y)) if (x, y) == self.operands:
                return expression.SYMBOL[type(symbol)]
            case ast.UnaryOp(symbol, ast.Name()):
                return expression.SYMBOL[type(symbol)]
        return self.name

    @cached_property
    def precedence(self) -> int:
        """How tightly the written operation binds (expression.PRECEDENCE)."""
        return (
            expression.ATOM if self.symbol == self.name else expression.precedence(self.value_tree)
        )

    def split(self, flat: Sequence[Any]) -> list[Any]:
        """Return a node's flat parents (or their data) as the row's operands, a list for each starred one."""
        if not self.lists:
            return list(flat)
        length = (len(flat) - len(self.operands) + len(self.lists)) // len(self.lists)
        operands: list[Any] = []
        taken = 0
        for operand in self.operands:
            if operand in self.lists:
                operands.append(list(flat[taken : taken + length]))
                taken += length
            else:
                operands.append(flat[taken])
                taken += 1
        return operands


TABLE: dict[str, Op] = {}


def row_of(op: str) -> Op:
    """Return the row of a node's operation; ValueError where this process has none."""
    row = TABLE.get(op)
    if row is None:
        raise ValueError(
            f"{op!r} is no row of the table, nor a compiled function that this process has; call it again"
        )
    return row


def symbol(op: str) -> str:
    """Return how an operation is shown: a row's symbol, or a compiled function's name.

    >>> symbol("mul"), symbol("tanh"), symbol("jit_loss#1a2b3c4d")
    ('*', 'tanh', 'jit_loss')
    """
    return TABLE[op].symbol if op in TABLE else str(op).partition("#")[0]


def definition(name: str) -> tuple[tuple[str, ...], ast.expr] | None:
    """Return the operands and value of a row that can be written out where it is called, else None.

    Primitives cannot (exp's value is exp(x)), nor can folds.
    """
    row = TABLE.get(name)
    if row is None or row.lists or row.is_primitive:
        return None
    return row.operands, row.value_tree


def checksum() -> int:
    """Return a number that tells the texts of the built-in rows from others: what a core was compiled from."""
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


#: How many rows have been defined by the user, the second ones of a name included.
definitions = 0


def define(row: Op) -> None:
    """Put a user's row in the table, in place of an earlier one of the user's by that name; ValueError if it is bad."""
    if row.name in BUILT_IN:
        raise ValueError(
            f"row {row.name!r}: the name is taken by a built-in operation; choose another"
        )
    row.check_names({**TABLE, row.name: row})
    for other in TABLE.values():
        other.check_names({**TABLE, row.name: row})  # those that call an earlier row of this name
    for name in TABLE.keys() - BUILT_IN:
        TABLE[name] = copy(TABLE[name])  # what was made of the former may have that row in it
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
    # Where x and y are both 0 the exponent stays 0 instead of becoming -1, so that 0 ** 0 has slope
    # 0 and not 0 * inf; log(0) is replaced by log(1) where 0 ** y is flat in y.
    Op("pow",      "x ** y",
       "y * pow(x, where(abs(x) + abs(y), y - 1.0, y)), z * log(where(x, x, 1.0 - step(-y)))",
       "{x}^{{{y}}}", domain=(_POSITIVE, (-2.0, 2.0))),
    # x ** 3: the exponent is a constant, so the logarithm of a negative x is never asked for.
    Op("pow_const", "x ** y",        "y * pow_const(x, where(y, y - 1.0, y)), 0.0", "{x}^{{{y}}}",
       fixed="y", domain=(_POSITIVE, (-2.0, 2.0))),

    # ----- exponentials and logarithms -----
    Op("exp",      "exp(x)",         "z",                    "e^{{{x}}}"),
    Op("expm1",    "expm1(x)",       "z + 1.0",              "e^{{{x}}} - 1"),
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

    # ----- choices; nan wins every comparison it is in -----
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
    Op("round",    "round(x)",                              "0.0", r"\operatorname{{round}}\left({x}\right)"),
    Op("sign",     "1.0 if x > 0.0 else -1.0 if x < 0.0 else x", "0.0", r"\operatorname{{sign}}\left({x}\right)"),
    Op("step",     "1.0 if x > 0.0 else 0.0 if x <= 0.0 else x", "0.0", r"\left[{x} > 0\right]"),

    # ----- folds over lists: z is the running value, and in the partial derivatives the final one
    # -----
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
