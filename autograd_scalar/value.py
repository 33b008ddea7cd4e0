"""The active engine: `native.core` where it was compiled, else `engine`.

AUTOGRAD_SCALAR_PURE=1 in the environment selects plain Python. Both engines are made from the same rows and agree to
the last bit.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd_scalar.node import hooks, modes, pickling, registry
from autograd_scalar.node.hooks import adjoints as adjoints
from autograd_scalar.node.shared import number as number
from autograd_scalar.ops import table
from autograd_scalar.ops.differences import check_partials
from autograd_scalar.ops.evaluate import forget, provide
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

#: The names that this module takes from the native engine, and those that compiler.runtime.fast_call takes.
NATIVE = (
    *("RECORD", "UPDATE", "Value", "constant", "install", "node", "pull_back"),
    *("pack", "topological_order", "unpack", "unseen", "zero_grads"),
    *("FastCall", "BoundCall", "address", "copy_data", "linked", "node_of_array"),
)

if TYPE_CHECKING:
    from autograd_scalar import engine as _engine
    from autograd_scalar import engine_methods as _methods
else:
    _engine = None
    if os.environ.get("AUTOGRAD_SCALAR_PURE", "0") in ("", "0"):
        with contextlib.suppress(ImportError):
            from autograd_scalar.native import core as _engine
    if _engine is not None and (
        # A second import of the package makes new hooks, but the compiled module keeps the old
        # ones.
        getattr(_engine, "hooks", None) is not hooks
        or getattr(_engine, "CHECKSUM", None) != table.checksum()
        or not all(hasattr(_engine, name) for name in NATIVE)
    ):
        warnings.warn(
            "the compiled engine was built from different sources, so plain Python is used; "
            "rebuild it with pip install -e .",
            stacklevel=2,
        )
        _engine = None
    if _engine is None:
        from autograd_scalar import engine as _engine
        from autograd_scalar import engine_methods as _methods
    else:
        _methods = _engine

registry.engine = _engine

Value = _engine.Value
constant = _engine.constant
#: Makes a node from its fields; see node.pickling.restore.
restore: Callable[..., Value] = pickling.restore
pull_back = _engine.pull_back
topological_order = _engine.topological_order
zero_grads = _engine.zero_grads
#: The functions that record a row, by name; their first operand must be a Value (or a list).
RECORD: dict[str, Callable[..., Any]] = _methods.RECORD
#: The optimizer rules as functions of a list of Values, their state and the settings, by name; see ops.optimizer_rules.
UPDATE: dict[str, Callable[..., None]] = _methods.UPDATE


def as_value(x: Any) -> Value:
    """Return a number as a Value, and a Value unchanged.

    While a function is traced, a Value that stands for a float is a number.
    """
    if type(x) is not Value:
        return Value(x)
    tracer = modes.tracer.get() if modes.open_blocks else None
    return x if tracer is None else tracer.value(x)


def core() -> str:
    """Return the name of the active engine: "native" or "python"."""
    return "python" if _engine.__name__.endswith("engine") else "native"


def define_row(row: Op, *private: Op) -> None:
    """Add a user's row to the table, and its method to Value; see functions.define_op."""
    if row.name not in TABLE and hasattr(Value, row.name):
        raise ValueError(f"row {row.name!r}: Value has an attribute of that name; choose another")
    before = dict(TABLE)
    table.define(row, *private)
    # Make all user rows again: others may have an earlier version of this one inlined.
    users = TABLE.keys() - table.BUILT_IN
    forget(users)
    provide((*private, row))
    try:
        check_partials(row)
    except BaseException:
        table.restore(before)
        forget(users)
        provide(TABLE[user] for user in users if user in TABLE)
        raise
    for user in users:
        if not TABLE[user].is_private:
            _methods.install(user)
