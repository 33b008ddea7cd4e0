"""Pipeline from a Python call to machine code.

    ir/          programs, and what rewrites them: differentiate, lower, simplify
    capture/     a Python call becomes a program, with guards
    vectorize/   straight-line code becomes rows and loops
    backends/    a program or loops become LLVM IR, C or Python
    runtime/     kernels are compiled, guarded and called
    jit.py       the decorator

Each imports only from those above it. The rest of the package uses the names that this file exports.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_scalar.compiler.errors import JitError as JitError
    from autograd_scalar.compiler.jit import jit as jit
    from autograd_scalar.compiler.runtime.kernels import describe_target as describe_target
    from autograd_scalar.compiler.runtime.kernels import is_available as is_available
    from autograd_scalar.compiler.runtime.row_function import RowFunction as RowFunction
    from autograd_scalar.compiler.runtime.update_rule import UpdateRule as UpdateRule

#: Imported when first used: a name, and its module within this package.
_EXPORTS = {
    "JitError": "errors",
    "RowFunction": "runtime.row_function",
    "UpdateRule": "runtime.update_rule",
    "describe_target": "runtime.kernels",
    "is_available": "runtime.kernels",
    "jit": "jit",
}


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
