"""Names of the values in a derivation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula.symbolic import CLOSING, OPENING
from autograd_scalar.value import Value

#: A label that is written without quotes.
_WORD = re.compile(r"[^\W\d][\w.']*(\[[\w.'\"]+\])*")
#: Maximum number of characters in a name.
_MAX_NAME = 60


def names_in(
    order: Sequence[Value], requested: Sequence[Value], own: Mapping[Value, str]
) -> dict[Value, str]:
    """Return unique names for the values of a topological order, except constants, and for the requested ones.

    Names come from `own`, from labels, or are v1, v2, ... for operations and x1, x2, ... for leaves.
    A leaf without a label is a constant, unless no leaf has a label.
    """
    y = order[-1]
    labels = {v: _word(label) for v in (*order, *requested) if (label := own.get(v) or v.label)}
    variables = {*requested, y}
    if not any(v in labels for v in order if not v.op):
        variables.update(_free_leaves(order))
    taken, numbers = set(labels.values()), Counter[str]()
    names: dict[Value, str] = {}

    def numbered(stem: str) -> str:
        name = ""
        while not name or name in taken:
            numbers[stem] += 1
            name = f"{stem}{numbers[stem]}"
        return name

    bearers = Counter[str]()
    for v in dict.fromkeys((*order, *requested)):
        if v in labels:
            bearers[labels[v]] += 1
            names[v] = labels[v] + (f"#{n}" if (n := bearers[labels[v]]) > 1 else "")
        elif v is y and "y" not in taken:
            names[v] = "y"
        elif v.op or v in variables:
            names[v] = numbered("v" if v.op else "x")
    return names


def _word(label: str) -> str:
    """Return a label that reads as one word: quoted if it has operators or spaces, and shortened."""
    label = label if len(label) <= _MAX_NAME else label[: _MAX_NAME - 1] + "…"
    signs = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in label)
    return label if _WORD.fullmatch(label) else f"{OPENING}{''.join(signs)}{CLOSING}"


def _free_leaves(order: Iterable[Value]) -> set[Value]:
    """Return the leaves except those that are only settings of an operation, such as exponents."""
    free: set[Value] = set()
    for v in order:
        row = TABLE.get(v.op)
        settings = {row.fixed, *row.defaults} if row is not None else set()
        if row is None or row.lists or not settings - {None}:
            free.update(p for p in v.parents if not p.op)
        else:
            pairs = zip(row.operands, v.parents, strict=True)
            free.update(p for operand, p in pairs if not p.op and operand not in settings)
    return free
