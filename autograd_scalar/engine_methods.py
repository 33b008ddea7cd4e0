"""Give engine.Value its operations: the rows of the table, pasted into templates of Python source.

Each method is made when it is first used. Compiling all of them at import would take 30 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Number
from typing import Any

from autograd_scalar.engine import Value, constant, new
from autograd_scalar.node import hooks, modes
from autograd_scalar.node.shared import same_length, user_recorder
from autograd_scalar.ops import codegen, ieee
from autograd_scalar.ops.evaluate import FAST, compiled, evaluate
from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.ops.table import TABLE, public


def _comparable(other: object) -> Any:
    """Return the number to compare data with, or None. Python compares even huge ints exactly, so they stay ints."""
    if type(other) is Value:
        return other._data
    return other if isinstance(other, Number) else None


#: The globals of the generated functions.
_namespace: dict[str, Any] = {
    **FAST,
    "Value": Value,
    "comparable": _comparable,
    "constant": constant,
    "exact": evaluate,
    "modes": modes,
    "new": new,
    "on_comparison": hooks.on_comparison,
    "on_new_node": hooks.on_new_node,
    "same_length": same_length,
}


def _recorder(name: str, *, operator: bool = False) -> Callable[..., Any]:
    if TABLE[name].function is not None:
        return user_recorder(TABLE[name])
    source = codegen.recorder(TABLE[name], operator=operator)
    return compiled(source, _namespace)[name]


class _Recorders(dict[str, Callable[..., Value]]):
    """Functions that record a row, by name, each made on first use."""

    def __missing__(self, name: str) -> Callable[..., Value]:
        self[name] = _recorder(name)
        return self[name]


class _Updaters(dict[str, Callable[..., None]]):
    """Optimizer rules as functions of a list of Values, their state and the settings, each made on first use."""

    def __missing__(self, name: str) -> Callable[..., None]:
        self[name] = compiled(codegen.updater(UPDATES[name]), dict(ieee.EXACT))[name]
        return self[name]


#: The functions that record a row, by name; their first operand must be a Value (or a list).
RECORD = _Recorders()
#: The optimizer rules, by name.
UPDATE = _Updaters()


class _Method:
    """A placeholder for a method of Value that replaces itself with the function on first access."""

    def __init__(self, name: str, make: Callable[[], Callable[..., Any]]) -> None:
        self.name, self.make = name, make

    def __get__(self, v: Value | None, owner: type[Value]) -> Callable[..., Any]:
        made = self.make()
        type.__setattr__(owner, self.name, made)
        return made if v is None else made.__get__(v)


def _define(name: str, make: Callable[[], Callable[..., Any]]) -> None:
    """Give Value a method, to be made on first access."""
    type.__setattr__(Value, name, _Method(name, make))


def _comparison(symbol: str) -> Callable[..., bool]:
    (made,) = compiled(codegen.comparison(symbol), _namespace).values()
    return made


def _reflected(operator: str, name: str) -> Callable[[Value, object], Value]:
    """Return a method such as __radd__, which makes a leaf of the left operand and calls its __add__."""

    def reflected(self: Value, left: object) -> Value:
        try:
            lifted = constant(left)
        except TypeError:
            return NotImplemented  # type: ignore[no-any-return]
        return getattr(lifted, operator)(self)  # type: ignore[no-any-return]

    reflected.__name__ = reflected.__qualname__ = name
    return reflected


def install(name: str) -> None:
    """Give Value the method of a new or changed row, and discard what was made from an earlier row of that name."""
    RECORD.pop(name, None)
    _define(name, partial(RECORD.__getitem__, name))


for _row in public():
    if not _row.lists and _row.name != "pow":  # Value.pow chooses between two rows
        install(_row.name)
for _numpy_name, _name in codegen.NUMPY_METHODS.items():
    _define(_numpy_name, partial(RECORD.__getitem__, _name))
for _name, _dunder in codegen.OPERATORS.items():
    _define(_dunder, partial(_recorder, _name, operator=True))
for _operator, _dunder in codegen.REFLECTED.items():
    _define(_dunder, partial(_reflected, _operator, _dunder))
for _symbol, _dunder in codegen.COMPARISONS.items():
    _define(_dunder, partial(_comparison, _symbol))
