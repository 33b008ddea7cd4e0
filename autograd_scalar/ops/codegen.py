"""Generate Python source from a row: the function that records it as a node, and those that only compute it.

The row's texts are pasted into a template, so that an eager operation costs what it would if it were written by hand:
no lookup, no dispatch, no second frame. Building the node in place instead of calling Value() saves a fifth of the time
(290 ns against 360 for a product).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from textwrap import indent

from autograd_scalar.ops import ieee
from autograd_scalar.ops.grammar import inlined, shared, spell
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.optimizer_rules import Update
from autograd_scalar.ops.table import definition

#: Python's operators, by the row each of them records.
OPERATORS = {
    "add": "__add__", "sub": "__sub__", "mul": "__mul__", "truediv": "__truediv__",
    "neg": "__neg__", "pos": "__pos__", "abs": "__abs__",
    "mod": "__mod__", "floordiv": "__floordiv__",
    "pow": "_pow", "pow_const": "_pow_const",  # __pow__ picks one of these by the exponent
}  # fmt: skip

#: The methods with a number as the left operand, by the method that they call on it.
REFLECTED = {
    "__add__": "__radd__", "__sub__": "__rsub__", "__mul__": "__rmul__", "__truediv__": "__rtruediv__",
    "__mod__": "__rmod__", "__floordiv__": "__rfloordiv__",
    "_pow": "__rpow__",
}  # fmt: skip

#: Rows that NumPy knows by another name. Its loops over arrays of objects call a method of that name on each element.
NUMPY_METHODS = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "conjugate": "pos", "fabs": "abs", "rint": "round", "radians": "deg2rad", "degrees": "rad2deg",
}  # fmt: skip

#: Python's comparisons: methods that record nothing.
COMPARISONS = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "==": "__eq__"}

#: Names that the sources below use themselves; a user's row cannot have them.
RESERVED = frozenset(
    {
        *ieee.EXACT,
        *("Value", "comparable", "constant", "evaluate", "exact", "modes", "new", "number"),
        *("on_comparison", "on_new_node", "record", "same_length", "shares", "v", "x", "y", "z"),
    }
)

_RECORD = """\
def {name}({signature}):
{lift}
    v = new(Value)
    v._x, v._y = {parents}
{unpack}
    try:
{body}
    except (ArithmeticError, ValueError):  # Python raises where IEEE 754 has an answer
        z, {slots} = exact({name!r}, {arguments})
    v._data = z
    v._grad = 0.0
    v._row = {name!r}
    v._label = None
    return on_new_node(v) if modes.open_blocks else v
"""

_COMPARISON = """\
def {name}(self, other):
    if (y := comparable(other)) is None:
        return NotImplemented
    outcome = bool(self._data {symbol} y)  # NumPy's numbers give NumPy's bools
    return on_comparison({symbol!r}, self, other, outcome) if modes.open_blocks else outcome
"""


def length_check(row: Op) -> list[str]:
    """Return the lines that check that the lists of a fold have equal lengths."""
    lengths = [f"len({operand}s)" for operand in row.lists]
    if len(lengths) < 2:
        return []
    return [f"if {' != '.join(lengths)}:", f"    same_length({row.name!r}, {', '.join(lengths)})"]


def recorder(row: Op, *, operator: bool = False) -> str:
    """Return the source of the function that computes a row on Values and records it.

    Numbers among the operands become leaves, but the first operand (unless it is a list) must be a Value. Any other
    operand raises TypeError; an `operator` returns NotImplemented instead, so that Python tries the other operand.
    """
    lift, unpack, parents = [], [], []
    for operand, argument in zip(row.operands, row.arguments, strict=True):
        if operand in row.lists:
            lift.append(
                f"{argument} = [v if type(v) is Value else constant(v) for v in {argument}]"
            )
            unpack.append(f"{argument} = [v._data for v in {argument}]")
            parents.append(f"*{argument}")
            continue
        if operand != row.operands[0]:
            lift.append(f"if type({operand}) is not Value:")
            if operator:
                lift.append("    try:")
                lift.append(f"        {operand} = constant({operand})")
                lift.append("    except TypeError:")
                lift.append("        return NotImplemented")
            else:
                lift.append(f"    {operand} = constant({operand})")
        unpack.append(f"{operand} = {operand}._data")
        parents.append(operand)
    lift += length_check(row)
    # engine.Value's slots say how a node holds its parents and partials.
    if len(row.operands) == 1 and not row.lists:
        link, slots = f"{parents[0]}, None", "(v._dx,)"
    elif len(row.operands) == 2 and not row.lists:
        link, slots = ", ".join(parents), "(v._dx, v._dy)"
    else:
        link, slots = f"{_listed(parents)}, None", "v._dx"
    return _RECORD.format(
        name=row.name,
        signature=row.signature,
        lift=indent("\n".join(lift), "    "),
        parents=link,
        unpack=indent("\n".join(unpack), "    "),
        body=indent(_body(row, slots, exact=False), "        "),
        slots=slots,
        arguments=", ".join(row.arguments),
    ).replace("\n\n", "\n")


def comparison(symbol: str) -> str:
    """Return the source of the method that compares a Value's data, such as __lt__ for "<"."""
    return _COMPARISON.format(name=COMPARISONS[symbol], symbol=symbol)


def evaluator(row: Op) -> str:
    """Return the source of the function that computes a row and its partial derivatives on floats without raising."""
    body = indent(_body(row, "partials", exact=True), "    ")
    return f"def {row.name}({row.signature}):\n{body}\n    return z, partials\n"


def updater(update: Update) -> str:
    """Return the source of the function that applies an optimizer's rule to a list of Values."""
    lists = "".join(f"{name}s, " for name in update.running)
    lines = [
        f"def {update.name}(params, {lists}{', '.join(update.settings)}):",
        "    for i, v in enumerate(params):",
    ]
    lines += ["        p, g = v._data, v._grad"]
    lines += [f"        {name} = {name}s[i]" for name in update.running]
    lines += [
        f"        {target} = {spell(text.tree, exact=True)}" for target, text in update.assignments
    ]
    lines += [f"        {name}s[i] = {name}" for name in update.running]
    return "\n".join([*lines, "        v._data = p", ""])


def _body(row: Op, partials: str, *, exact: bool) -> str:
    """Return the lines that compute `z`, and the tuple of `partials`, from floats and lists of floats."""

    if row.start_tree is None:
        assignments, trees = shared(row.value_tree, row.partial_trees, definition)
        lines = [f"{name} = {spell(part, exact=exact)}" for name, part in assignments]
        lines.append(f"{partials} = {_listed(spell(tree, exact=exact) for tree in trees)}")
        return "\n".join(lines)

    def write(tree: ast.expr) -> str:
        return spell(inlined(tree, definition), exact=exact)

    lists = [operand + "s" for operand in row.lists]
    walk = f"for {row.lists[0]} in {lists[0]}"
    if len(lists) > 1:
        walk = f"for {', '.join(row.lists)} in zip({', '.join(lists)})"
    parts = []
    for operand, tree in zip(row.operands, row.partial_trees, strict=True):
        match tree:
            case _ if operand not in row.lists:
                parts.append(write(tree))
            case ast.Name(name) if name in row.lists:
                parts.append(f"*{name}s")
            case ast.Constant():
                parts.append(f"*[{write(tree)}] * len({operand}s)")
            case _ if row.shares:
                parts.append(f"*shares([{write(tree)} {walk}])")
            case _:
                parts.append(f"*[{write(tree)} {walk}]")
    fold = f"z = {write(row.start_tree)}\n{walk}:\n    z = {write(row.value_tree)}"
    return f"{fold}\n{partials} = {_listed(parts)}"


def _listed(parts: Iterable[str]) -> str:
    """Return the source of a tuple."""
    listed = [*parts]
    return f"({', '.join(listed)})" if len(listed) > 1 else f"({listed[0]},)"
