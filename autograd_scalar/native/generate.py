"""Generate core.pyx: core.pyx.in with the rows of the table inserted, as Cython.

A row's texts are nearly C expressions already. Each row becomes the function that computes a node's value and partials
from its parents' data (`run_mul`), the one that records it, and the method of Value. Adding a row to the table is
enough. setup.py calls this before it compiles.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from autograd_scalar.ops.codegen import (
    NUMPY_METHODS,
    OPERATORS,
    REFLECTED,
    length_check,
)
from autograd_scalar.ops.grammar import inlined, shared, spell
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.optimizer_rules import UPDATES, Update
from autograd_scalar.ops.table import TABLE, checksum, definition, public

HERE = Path(__file__).parent


def write() -> None:
    """Write core.pyx beside this file. Raises ValueError for a row that is malformed."""
    for row in TABLE.values():
        row.check(TABLE)
    rows = [row for row in TABLE.values() if not row.is_value_only]
    parts = [f"OP_NAMES += {[*TABLE]!r}\nCHECKSUM = {checksum()}\n"]
    parts += [
        *map(_run, rows),
        *map(_record, rows),
        _run_any(rows),
        *map(_update, UPDATES.values()),
    ]
    methods = [_method(row) for row in public() if not row.lists and row.name != "pow"]
    methods += [_method(TABLE[name], numpy_name) for numpy_name, name in NUMPY_METHODS.items()]
    methods += [_operator(TABLE[name], dunder) for name, dunder in OPERATORS.items()]
    text = (HERE / "core.pyx.in").read_text()
    text = text.replace("\n    # {methods}\n", "\n" + "\n".join(methods))
    text = text.replace("\n# {rows}\n", "\n" + "\n".join(parts))
    (HERE / "core.pyx").write_text(text)


def _number_of(row: Op) -> int:
    return [*TABLE].index(row.name) + 1  # a leaf has 0


def _c(tree: ast.expr) -> str:
    return spell(inlined(tree, definition))


def _run(row: Op) -> str:
    """Return the function that computes a node's data and partials from its parents' data."""
    head = f"cdef inline void run_{row.name}(Value v) noexcept:"
    if row.lists:
        return "\n".join([head, *_run_fold(row)]) + "\n"
    assignments, partials = shared(row.value_tree, row.partial_trees, definition)
    doubles = ", ".join([*row.operands, *(name for name, _ in assignments)])
    lines = [head, f"    cdef double {doubles}"]
    lines += [f"    {operand} = {_operand(row, i)}" for i, operand in enumerate(row.operands)]
    lines += [f"    {name} = {spell(part)}" for name, part in assignments]
    lines += ["    v._data = z"]
    lines += [f"    {_partial(row, i)} = {spell(tree)}" for i, tree in enumerate(partials)]
    return "\n".join(lines) + "\n"


def _operand(row: Op, i: int) -> str:
    return f"data_of(v.{'xy'[i]})" if len(row.operands) < 3 else f"data_of(v.many.parents[{i}])"


def _partial(row: Op, i: int) -> str:
    return f"v.{('dx', 'dy')[i]}" if len(row.operands) < 3 else f"v.many.partials[{i}]"


def _run_fold(row: Op) -> Iterable[str]:
    """Yield the body of a fold. Its parents are the n elements of each list, list by list, then the other operands."""
    lists, others = row.lists, [operand for operand in row.operands if operand not in row.lists]
    assert row.operands == (*lists, *others) and row.start_tree is not None
    yield f"    cdef double {', '.join([*row.operands, 'z'])}"
    yield f"    cdef Py_ssize_t i, n = (v.arity - {len(others)}) // {len(lists)}"
    for k, operand in enumerate(others):
        yield f"    {operand} = data_of(parent_of(v, {len(lists)} * n + {k}))"
    elements = [
        f"        {operand} = data_of(parent_of(v, {k} * n + i))" for k, operand in enumerate(lists)
    ]
    yield f"    z = {_c(row.start_tree)}"
    yield from ("    for i in range(n):", *elements, f"        z = {_c(row.value_tree)}")
    yield "    v._data = z"
    yield from ("    for i in range(n):", *elements)
    by_operand = dict(zip(row.operands, row.partial_trees, strict=True))
    for k, operand in enumerate(lists):
        yield f"        set_partial(v, {k} * n + i, {_c(by_operand[operand])})"
    if row.shares:
        yield "    as_shares(v, n)"
    for k, operand in enumerate(others):
        yield f"    set_partial(v, {len(lists)} * n + {k}, {_c(by_operand[operand])})"


def _record(row: Op) -> str:
    """Return the function that records a row: a C function over Values, or for a fold a Python function."""
    finish = [f"    run_{row.name}(v)", "    return on_new_node(v) if open_blocks else v", ""]
    if row.lists:
        names = row.arguments
        lines = [f"def record_{row.name}({row.signature}):"]
        for operand, name in zip(row.operands, names, strict=True):
            if operand in row.lists:
                lines.append(f"    {name} = lift_all({name})")
        lines += [f"    {line}" for line in length_check(row)]
        parents = [
            name if operand in row.lists else f"[lift({name})]"
            for operand, name in zip(row.operands, names, strict=True)
        ]
        lines.append(f"    cdef Value v = linked_list({_number_of(row)}, {' + '.join(parents)})")
        return "\n".join([*lines, *finish])
    values = ", ".join(f"Value {operand}" for operand in row.operands)
    listed = ", ".join(row.operands)
    linked = f"linked_{len(row.operands)}" if len(row.operands) < 3 else "linked_list"
    listed = listed if len(row.operands) < 3 else f"[{listed}]"
    lines = [
        f"cdef Value record_{row.name}({values}):",
        f"    cdef Value v = {linked}({_number_of(row)}, {listed})",
        *finish,
    ]
    if row.is_private:  # no method leads to it from Python
        lifted = ", ".join(f"lift({operand})" for operand in row.operands)
        lines += [f"def private{row.name}({', '.join(row.operands)}):"]
        lines += [f"    return record_{row.name}({lifted})", ""]
    return "\n".join(lines)


def _run_any(rows: Iterable[Op]) -> str:
    """Return the function that evaluates a node of any row again."""
    lines = [
        "cdef bint run(Value v) noexcept:",
        '    """Evaluate a node again; False if its row is not compiled in, or has other operands."""',
    ]
    for i, row in enumerate(rows):
        lines += [
            f"    {'elif' if i else 'if'} v.op_number == {_number_of(row)} and {_arity_fits(row)}:",
            f"        run_{row.name}(v)",
        ]
    return "\n".join([*lines, "    else:", "        return False", "    return True", ""])


def _arity_fits(row: Op) -> str:
    """Return the condition that a node has as many parents as the row takes; a pickled node may not."""
    others = len(row.operands) - len(row.lists)
    if not row.lists:
        return f"v.arity == {others}"
    return f"v.arity >= {others} and (v.arity - {others}) % {len(row.lists)} == 0"


def _update(update: Update) -> str:
    """Return the function that applies an optimizer's rule to a list of Values."""
    lists = "".join(f"list {name}s, " for name in update.running)
    settings = ", ".join(f"double {name}" for name in update.settings)
    lines = [
        "@cython.boundscheck(True)  # the state is in lists that a user may have changed",
        f"def update_{update.name}(list params, {lists}{settings}):",
        f"    cdef double {', '.join(['p', 'g', *update.running])}",
        "    cdef Py_ssize_t i",
        "    cdef Value v",
        "    for i in range(len(params)):",
        "        v = <Value?>params[i]",
        "        p, g = v._data, v._grad",
    ]
    lines += [f"        {name} = {name}s[i]" for name in update.running]
    lines += [f"        {target} = {_c(text.tree)}" for target, text in update.assignments]
    lines += [f"        {name}s[i] = {name}" for name in update.running]
    return "\n".join([*lines, "        v._data = p", ""])


def _method(row: Op, name: str | None = None) -> str:
    """Return the method of a row, under its own name or another."""
    others = row.operands[1:]
    parameters = "".join(f", {parameter}" for parameter in row.signature.split(", ")[1:])
    lifted = "".join(f", lift({operand})" for operand in others)
    return (
        f"    def {name or row.name}(self{parameters}):\n"
        f'        """{row.name}: {row.value}, with derivatives {row.textbook}."""\n'
        f"        return record_{row.name}(self{lifted})\n"
    )


def _operator(row: Op, dunder: str) -> str:
    if len(row.operands) == 1:
        return f"    def {dunder}(self):\n        return record_{row.name}(self)\n"
    text = (
        f"    def {dunder}(self, other):\n"
        f"        cdef Value y = lift_or_none(other)\n"
        f"        return NotImplemented if y is None else record_{row.name}(self, y)\n"
    )
    if dunder in REFLECTED and dunder != "_pow":  # core.pyx.in has __rpow__, which takes a modulus
        text += (
            f"\n    def {REFLECTED[dunder]}(self, other):\n"
            f"        cdef Value x = lift_or_none(other)\n"
            f"        return NotImplemented if x is None else record_{row.name}(x, self)\n"
        )
    return text


if __name__ == "__main__":
    write()
