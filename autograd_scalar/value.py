"""Value, and the passes over its graph, from the core in use.

`_native.core` where it was compiled, else `engine`; AUTOGRAD_SCALAR_PURE=1 in the environment asks for the latter.
Both are made from the same rows and agree to the last bit.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from autograd_scalar.node import nodes
from autograd_scalar.node.nodes import adjoints as adjoints
from autograd_scalar.node.nodes import number as number
from autograd_scalar.node.nodes import restore as restore
from autograd_scalar.ops import table
from autograd_scalar.ops.evaluate import forget
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

#: What the compiled core has: the engine, and what compiler.runtime.fast_call takes from it.
FROM_CORE = (
    *(
        "Value",
        "RECORD",
        "UPDATE",
        "constant",
        "install",
        "node",
        "pull_back",
        "topological_order",
        "zero_grads",
    ),
    *("Caller", "Means", "address", "copy_data", "node_of_array"),
)

if TYPE_CHECKING:
    from autograd_scalar import engine as _core
else:
    _core = None
    if os.environ.get("AUTOGRAD_SCALAR_PURE", "0") in ("", "0"):
        with contextlib.suppress(ImportError):
            from autograd_scalar.native import core as _core
    if _core is not None and (
        getattr(_core, "nodes", None)
        is not nodes  # the package was imported anew; compiled modules stay as they are
        or getattr(_core, "CHECKSUM", None) != table.checksum()
        or not all(hasattr(_core, name) for name in FROM_CORE)
    ):
        warnings.warn(
            "the compiled core is of another version: plain Python runs until it is built again (pip install -e .)",
            stacklevel=2,
        )
        _core = None
    if _core is None:
        from autograd_scalar import engine as _core

nodes.core = _core

Value = _core.Value
RECORD = cast("dict[str, Callable[..., Any]]", _core.RECORD)  # type: ignore[has-type]
constant = _core.constant
pull_back = _core.pull_back
topological_order = _core.topological_order
zero_grads = _core.zero_grads
#: The optimisers' rules as functions of a list of Values, its running numbers and the settings; see `updates`.
UPDATE = cast("dict[str, Callable[..., None]]", _core.UPDATE)  # type: ignore[has-type]


def core() -> str:
    """Return which core is in use: "native" or "python"."""
    return "python" if _core.__name__.endswith("engine") else "native"


def define_row(name: str, value: str, partials: str, latex: str | None) -> Op:
    """Put a user's row into the table and give Value its method; see functions.define_op."""
    if name not in TABLE and hasattr(Value, name):
        raise ValueError(f"row {name!r}: Value has an attribute of that name; choose another")
    row = Op(name, value, partials, latex)
    table.define(row)
    # All the user's rows are made anew: others may have pasted an earlier one by this name in.
    users = TABLE.keys() - table.BUILT_IN
    forget(users)
    for user in users:
        _core.install(user)
    return row
