"""Instrumented code: it reports every name, attribute, item and argument just before it is used.

Instrumented code computes what the original computes. The added instructions only evaluate `probe >> x`, which returns
x and reports it to the thread's observer if there is one. Unlike a function, an operator is called in the same way in
every version of CPython.
"""

from __future__ import annotations

import sys
import weakref
from types import CodeType
from typing import Any

from bytecode import BinaryOp, Bytecode, Instr
from bytecode.instr import InstrLocation

from autograd_scalar.compiler.capture.probes.probes import (
    CALL,
    CLASS,
    ELEMENTS,
    IDENTITY,
    MATCH,
    STAR_CALL,
    USED,
    ImportProbe,
    NameProbe,
    Probe,
    SuperProbe,
    attribute_probe,
)

#: From 3.13 on, what is called lies below an entry that may be empty, and before above one.
_EMPTY_ABOVE = sys.version_info >= (3, 13)

#: Maximum number of objects that probes keep on the stack beside those of the code.
_MAX_ADDED = 8

_NAMES = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "IMPORT_FROM"}
#: Instructions that use the object on top of the stack, and those that put an object there.
_USES_TOP = {
    *("GET_ITER", "GET_AITER", "GET_YIELD_FROM_ITER", "GET_AWAITABLE", "GET_LEN", "CONTAINS_OP"),
    *("BEFORE_WITH", "BEFORE_ASYNC_WITH", "UNPACK_EX"),
    *("LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"),
}
_MAKES_TOP = {"LOAD_DEREF", "LOAD_CLASSDEREF", "BINARY_SUBSCR", "FOR_ITER"}


def instrumented(code: CodeType) -> CodeType:
    """Return a code object, and those nested in it, with probes; the same one each time."""
    if is_instrumented(code):
        return code
    known = _originals.get(id(code))
    if known is not None:
        return known[1]
    try:
        old = Bytecode.from_code(code)
    except IndexError:  # some class bodies with comprehensions, on 3.13
        _note(code, unreadable)
        return code  # refused when it runs
    calls = _arguments_of_calls(old)
    new: list[Any] = []
    for i, instruction in enumerate(old):
        if not isinstance(instruction, Instr):
            new.append(instruction)
            continue
        instruction.location = location = _short(instruction.location)
        arg = instruction.arg
        if isinstance(arg, CodeType):
            instruction = Instr(instruction.name, instrumented(arg), location=location)
        count = calls.get(i)
        added = [*_before(instruction), *(_report_call(count) if count is not None else ())]
        new += [Instr(name, *parts, location=location) for name, *parts in added]
        new.append(instruction)
        if instruction.name in _MAKES_TOP:
            new += [Instr(name, *parts, location=location) for name, *parts in _report_top(USED)]
        elif instruction.name in ("IMPORT_NAME", "LOAD_BUILD_CLASS"):
            probe = CLASS if instruction.name == "LOAD_BUILD_CLASS" else ImportProbe(str(arg))
            new += [Instr(name, *parts, location=location) for name, *parts in _report_top(probe)]
    old[:] = new
    # The stack depth of handlers is lost in the conversion, and takes most of its time to find again.
    made = (
        old.to_code()
        if code.co_exceptiontable
        else old.to_code(
            stacksize=code.co_stacksize + _MAX_ADDED, compute_exception_stack_depths=False
        )
    )
    key = id(code)
    _originals[key] = weakref.ref(code, lambda _: _originals.pop(key, None)), made
    _note(made, probed)
    return made


def _note(code: CodeType, into: dict[int, weakref.ref[CodeType]]) -> None:
    """Enter a code object by id, for as long as it lives: equal ones may come from different files."""
    key = id(code)
    into[key] = weakref.ref(code, lambda _: into.pop(key, None))


def _short(location: InstrLocation | None) -> InstrLocation | None:
    """Return a location without columns that take more than 7 bits.

    `bytecode` writes these into the short entries of the line table too, where the high bit starts another entry.
    Python then takes the table for longer than the code, and writes beyond an array when it looks up lines.
    """
    if location is None or (location.end_col_offset or 0) < 128:
        return location
    return InstrLocation(location.lineno, location.lineno, None, None)


#: Instrumented code by the id of the original.
_originals: dict[int, tuple[weakref.ref[CodeType], CodeType]] = {}
#: Code that has probes, and code that cannot have them, by id.
probed: dict[int, weakref.ref[CodeType]] = {}
unreadable: dict[int, weakref.ref[CodeType]] = {}


def is_instrumented(code: CodeType) -> bool:
    """Return whether a code object has probes."""
    return id(code) in probed


def _report_top(probe: Probe) -> list[tuple[Any, ...]]:
    return [("LOAD_CONST", probe), ("SWAP", 2), ("BINARY_OP", BinaryOp.RSHIFT)]


def _report_operands(count: int, probe: Probe) -> list[tuple[Any, ...]]:
    """Return instructions that report the topmost objects of the stack as a tuple; the probe returns it reversed."""
    return [("BUILD_TUPLE", count), *_report_top(probe), ("UNPACK_SEQUENCE", count)]


def _report_call(count: int) -> list[tuple[Any, ...]]:
    """Return instructions that report a call with a number of arguments."""
    return [
        ("BUILD_TUPLE", count),
        ("COPY", 2 + _EMPTY_ABOVE),
        ("BUILD_TUPLE", 2),
        *_report_top(CALL),
        ("UNPACK_SEQUENCE", count),
    ]


def _report_star_call(has_keywords: bool) -> list[tuple[Any, ...]]:
    """Return instructions that report a call whose arguments are an iterable, made a list, and perhaps a dict."""
    count = 2 + has_keywords
    swap = [("SWAP", 2)] * has_keywords
    return [
        *swap,
        *(("BUILD_LIST", 0), ("SWAP", 2), ("LIST_EXTEND", 1)),
        *swap,
        ("COPY", count + _EMPTY_ABOVE),
        *[("COPY", count)] * (count - 1),
        ("BUILD_TUPLE", count),
        *_report_top(STAR_CALL),
        ("POP_TOP",),
    ]


def _before(instruction: Instr) -> list[tuple[Any, ...]]:
    """Return instructions that report the name or the topmost object of the stack that an instruction uses."""
    name: str = instruction.name
    arg: Any = instruction.arg
    if name == "LOAD_SUPER_ATTR":
        return _report_operands(3, SuperProbe(arg[-1]))
    if name == "MATCH_CLASS":
        return _report_operands(3, MATCH)
    if name in _NAMES:
        probe = NameProbe(arg if isinstance(arg, str) else arg[-1])
        return [
            ("LOAD_CONST", probe),
            ("LOAD_CONST", None),
            ("BINARY_OP", BinaryOp.RSHIFT),
            ("POP_TOP",),
        ]
    if name in _ATTRIBUTES:
        return _report_top(attribute_probe(arg if isinstance(arg, str) else arg[-1]))
    if name == "IS_OP":
        return _report_operands(2, IDENTITY)
    if name in _USES_TOP:
        return _report_top(USED)
    if name == "UNPACK_SEQUENCE":
        return _report_top(ELEMENTS)
    if name == "CALL_FUNCTION_EX":
        return _report_star_call(bool(arg & 1))
    return []


def _arguments_of_calls(code: Bytecode) -> dict[int, int]:
    """Return for each call the index of the instruction that its arguments precede, and their number."""
    found: dict[int, int] = {}
    start: int | None = None
    for i, instruction in enumerate(code):
        name = getattr(instruction, "name", "")
        if name in ("KW_NAMES", "PRECALL"):
            start = i if start is None else start
        elif name in ("CALL", "CALL_KW"):
            found[i if start is None else start] = instruction.arg + (name == "CALL_KW")  # type: ignore[union-attr, operator]
            start = None
    return found
