"""Names in the bytecode of a function, and whose code it is: the user's, an installed package's or this one's."""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

_PACKAGE = __package__.partition(".")[0]
#: Folders of the standard library and of installed packages, whose code is assumed to read no state that changes.
_INSTALLED = tuple(
    sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


class Names(NamedTuple):
    """Names that a function's code uses, nested functions included."""

    globals: frozenset[str]
    #: Names after a dot, and strings, which may be arguments of getattr.
    attributes: frozenset[str]


@cache
def names_in_code(code: CodeType) -> Names:
    """Return the names in a code object and in those nested in it."""
    names: set[str] = set()
    attributes: set[str] = set()
    for part in _nested_codes(code):
        attributes.update(c for c in part.co_consts if isinstance(c, str) and c.isidentifier())
        for instruction in dis.get_instructions(part):
            op, argument = instruction.opname, instruction.argval
            if not isinstance(argument, str):
                continue
            if op in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
                names.add(argument)
            elif "ATTR" in op or op == "LOAD_METHOD":
                attributes.add(argument)
    return Names(frozenset(names), frozenset(attributes))


def _nested_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested_codes(constant)


def is_package_module(module: str | None) -> bool:
    """Return whether a module name belongs to this package."""
    return (module or "").partition(".")[0] == _PACKAGE


def is_user_code(obj: FunctionType | ModuleType | type) -> bool:
    """Return whether a function, module or class is the user's, not Python's, ours or of an installed package."""
    if isinstance(obj, type):
        module = sys.modules.get(obj.__module__)
        return module is None or is_user_code(module)
    if isinstance(obj, FunctionType):
        file, name = obj.__code__.co_filename, obj.__module__
    else:
        file, name = getattr(obj, "__file__", None) or "", obj.__name__
    if is_package_module(name) or (name or "").partition(".")[0] in sys.stdlib_module_names:
        return False
    return not file.startswith((*_INSTALLED, "<autograd_scalar"))
