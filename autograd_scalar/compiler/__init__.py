"""The just-in-time compiler: a pipeline from one call of a Python function to machine code.

    f(x, y)
       |
    capture/     the call is traced: a program, its guards, and the readings of what else the function reads
       |
    ir/          the program is differentiated, lowered to primitives, and simplified
       |
    vectorize/   straight-line code becomes one sample's program over rows, and loops
       |
    backends/    a program or loops become LLVM IR, C or Python
       |
    runtime/     kernels are compiled once and kept; a call goes to the trace whose guards hold
       |
    jit.py       the decorator, which users know as autograd_scalar.jit

A stage imports only from those above it, and all of them from ir/. Other packages use the names exported here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_scalar.compiler.errors import JitError as JitError
    from autograd_scalar.compiler.options import CHECK as CHECK
    from autograd_scalar.compiler.runtime.audit import check_sum as check_sum
    from autograd_scalar.compiler.runtime.kernels import describe_target as describe_target
    from autograd_scalar.compiler.runtime.kernels import is_available as is_available
    from autograd_scalar.compiler.runtime.row_function import RowFunction as RowFunction
    from autograd_scalar.compiler.runtime.row_function import RowResults as RowResults
    from autograd_scalar.compiler.runtime.row_kernel import Rows as Rows
    from autograd_scalar.compiler.runtime.update_rule import UpdateRule as UpdateRule

#: Modules of the exported names, imported when first used. `jit` is not among them: the module of that name hides it.
_EXPORTS = {
    "CHECK": "options",
    "JitError": "errors",
    "RowFunction": "runtime.row_function",
    "RowResults": "runtime.row_function",
    "Rows": "runtime.row_kernel",
    "UpdateRule": "runtime.update_rule",
    "check_sum": "runtime.audit",
    "describe_target": "runtime.kernels",
    "is_available": "runtime.kernels",
}


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_EXPORTS[name]}"), name)
