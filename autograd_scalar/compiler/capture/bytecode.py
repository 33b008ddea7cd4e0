"""The names in a function's code, and whose code it is."""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

_OURS = __package__.partition(".")[0]
#: Where Python's own code is, and that of installed packages: it is taken not to change what it reads.
_INSTALLED = tuple(
    sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


class Names(NamedTuple):
    """What a function's code names, with that of the functions within."""

    globals: frozenset[str]
    #: Behind a dot, or as a text, which may be for getattr.
    attributes: frozenset[str]


@cache
def names_in_code(code: CodeType) -> Names:
    """Return the names in a function's code, and in that of the functions within."""
    found: tuple[set[str], set[str]] = set(), set()
    for part in _codes(code):
        found[1].update(c for c in part.co_consts if isinstance(c, str) and c.isidentifier())
        for instruction in dis.get_instructions(part):
            op, argument = instruction.opname, instruction.argval
            if not isinstance(argument, str):
                continue
            if op in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
                found[0].add(argument)
            elif "ATTR" in op or op == "LOAD_METHOD":
                found[1].add(argument)
    return Names(*map(frozenset, found))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def is_package_module(module: str | None) -> bool:
    """Return whether a module is part of this package, by its name."""
    return (module or "").partition(".")[0] == _OURS


def is_user_code(thing: FunctionType | ModuleType | type) -> bool:
    """Return whether something is the user's own: not of this package, Python, or what is installed."""
    if isinstance(thing, type):
        defined = sys.modules.get(thing.__module__)
        return defined is None or is_user_code(defined)
    if isinstance(thing, FunctionType):
        file, module = thing.__code__.co_filename, thing.__module__
    else:
        file, module = getattr(thing, "__file__", None) or "", thing.__name__
    if is_package_module(module) or (module or "").partition(".")[0] in sys.stdlib_module_names:
        return False
    return not file.startswith((*_INSTALLED, "<autograd_scalar"))
