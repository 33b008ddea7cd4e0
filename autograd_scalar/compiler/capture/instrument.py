"""Instrument functions: their bytecode reports every name, attribute, item and argument just before it is used.

An instrumented function computes what the original computes. The added instructions only evaluate `probe >> x`, which
returns x, and which reports x to the thread's observer if there is one. An operator is called in the same way in every
version of CPython, unlike a function.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterable
from types import CodeType, FrameType, FunctionType
from typing import Any, Protocol

from bytecode import BinaryOp, Bytecode, Instr
from bytecode.instr import InstrLocation

from autograd_scalar.node import modes


class Observer(Protocol):
    """The interface of recorder.Recorder, to which probes report."""

    def name_read(self, frame: FrameType, name: str) -> None:
        """Note that a global or builtin is about to be read, set or deleted."""

    def identified(self, x: Any, y: Any) -> None:
        """Note that two objects are compared with `is`."""

    def attribute_read(self, owner: Any, name: str) -> None:
        """Note that an attribute is about to be read, set or deleted."""

    def used(self, obj: Any) -> None:
        """Note that an object is about to be used."""

    def passed(self, frame: FrameType, callee: Any, arguments: tuple[Any, ...]) -> None:
        """Note what the frame calls next, or the object whose method that is, and the arguments."""

    def made(self, kind: Any) -> None:
        """Note that a class statement has made a class."""

    def imported(self, name: str, module: Any) -> None:
        """Note that a module has been imported."""


class _ThreadState(threading.local):
    observer: Observer | None = None
    #: True while the garbage collector runs in place of what is observed.
    collecting = False


thread = _ThreadState()


class Probe:
    """An operand that reports: `probe >> x` is x."""

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name

    def __rshift__(self, operand: Any) -> Any:
        observer = thread.observer
        if observer is not None:
            thread.observer = None  # code that the observer runs is not observed
            try:
                self.report(observer, sys._getframe(1), operand)
            finally:
                thread.observer = observer
        return self.returned(operand)

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.used(operand)

    def returned(self, operand: Any) -> Any:
        """Return what is put back on the stack."""
        return operand


class _NameProbe(Probe):
    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.name_read(frame, self.name)


class _AttributeProbe(Probe):
    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.attribute_read(operand, self.name)


class _OperandsProbe(Probe):
    """Takes a tuple of the topmost objects of the stack and returns it reversed, for UNPACK_SEQUENCE."""

    __slots__ = ()

    def returned(self, operand: Any) -> Any:
        return operand[::-1]


class _IdentityProbe(_OperandsProbe):
    """Takes the two operands of `is`."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.identified(*operand)


class _ElementsProbe(Probe):
    """Reports a sequence, of which the elements are about to be unpacked, and these."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.used(operand)
        if type(operand) in (tuple, list):
            for element in operand:
                observer.used(element)


class _ImportProbe(Probe):
    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.imported(self.name, operand)


class _CallProbe(Probe):
    """Takes a tuple of arguments and what is called; returns the arguments reversed, for UNPACK_SEQUENCE."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        arguments, callee = operand
        observer.passed(frame, callee, arguments)

    def returned(self, operand: Any) -> Any:
        return operand[0][::-1]


class _StarCallProbe(Probe):
    """Takes what is called, a list of the arguments, and perhaps a dict of those by name."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        callee, arguments, *keywords = operand
        named = keywords[0].values() if keywords else ()
        observer.passed(frame, callee, (*arguments, *named))


class _SuperProbe(_OperandsProbe):
    """Takes `super`, a class and an object, of which an attribute is about to be read."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        if operand[0] is super:
            observer.attribute_read(super(*operand[1:]), self.name)


class _ClassProbe(Probe):
    """Takes the function of a class statement, and returns one that reports the class."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        pass

    def returned(self, operand: Any) -> Any:
        observer = thread.observer

        def build_class(*arguments: Any, **keywords: Any) -> Any:
            kind = operand(*arguments, **keywords)
            if observer is not None:
                observer.made(kind)
            return kind

        return build_class


class _MatchProbe(_OperandsProbe):
    """Takes a subject, a class and the names of attributes that a `case` reads."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        subject, kind, names = operand
        observer.attribute_read(kind, "__match_args__")
        positional = getattr(kind, "__match_args__", ())
        for name in (*names, *(positional if isinstance(positional, tuple) else ())):
            observer.attribute_read(subject, name)


_USED, _ELEMENTS, _CALL, _STAR_CALL = Probe(), _ElementsProbe(), _CallProbe(), _StarCallProbe()
_CLASS, _MATCH, _IDENTITY = _ClassProbe(), _MatchProbe(), _IdentityProbe()
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
    except IndexError:
        return code  # some class bodies with comprehensions, on 3.13: refused when they run
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
            new += [Instr(name, *parts, location=location) for name, *parts in _report_top(_USED)]
        elif instruction.name in ("IMPORT_NAME", "LOAD_BUILD_CLASS"):
            probe = _CLASS if instruction.name == "LOAD_BUILD_CLASS" else _ImportProbe(str(arg))
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
    made_key = id(made)
    _instrumented[made_key] = weakref.ref(made, lambda _: _instrumented.pop(made_key, None))
    return made


def _short(location: InstrLocation | None) -> InstrLocation | None:
    """Return a location without columns that take more than 7 bits.

    `bytecode` writes these into the short entries of the line table too, where the high bit starts another entry.
    Python then takes the table for longer than the code, and writes beyond an array when it looks up lines.
    """
    if location is None or (location.end_col_offset or 0) < 128:
        return location
    return InstrLocation(location.lineno, location.lineno, None, None)


#: Instrumented code by the id of the original, and weak references to it: equal code objects may be of different files.
_originals: dict[int, tuple[weakref.ref[CodeType], CodeType]] = {}
_instrumented: dict[int, weakref.ref[CodeType]] = {}


def is_instrumented(code: CodeType) -> bool:
    """Return whether a code object has probes."""
    return id(code) in _instrumented


def _report_top(probe: Probe) -> list[tuple[Any, ...]]:
    return [("LOAD_CONST", probe), ("SWAP", 2), ("BINARY_OP", BinaryOp.RSHIFT)]


def _report_operands(count: int, probe: Probe) -> list[tuple[Any, ...]]:
    """Return what reports the topmost objects of the stack as a tuple; the probe returns it reversed."""
    return [("BUILD_TUPLE", count), *_report_top(probe), ("UNPACK_SEQUENCE", count)]


def _report_call(count: int) -> list[tuple[Any, ...]]:
    """Return what reports a call with a number of arguments."""
    return [
        ("BUILD_TUPLE", count),
        ("COPY", 2 + _EMPTY_ABOVE),
        ("BUILD_TUPLE", 2),
        *_report_top(_CALL),
        ("UNPACK_SEQUENCE", count),
    ]


def _report_star_call(has_keywords: bool) -> list[tuple[Any, ...]]:
    """Return what reports a call with the arguments in an iterable, which becomes a list, and perhaps a dict."""
    count = 2 + has_keywords
    swap = [("SWAP", 2)] * has_keywords
    return [
        *swap,
        *(("BUILD_LIST", 0), ("SWAP", 2), ("LIST_EXTEND", 1)),
        *swap,
        ("COPY", count + _EMPTY_ABOVE),
        *[("COPY", count)] * (count - 1),
        ("BUILD_TUPLE", count),
        *_report_top(_STAR_CALL),
        ("POP_TOP",),
    ]


def _before(instruction: Instr) -> list[tuple[Any, ...]]:
    """Return what reports the use that an instruction makes of a name or of the object on top of the stack."""
    name: str = instruction.name
    arg: Any = instruction.arg
    if name == "LOAD_SUPER_ATTR":
        return _report_operands(3, _SuperProbe(arg[-1]))
    if name == "MATCH_CLASS":
        return _report_operands(3, _MATCH)
    if name in _NAMES:
        probe = _NameProbe(arg if isinstance(arg, str) else arg[-1])
        return [
            ("LOAD_CONST", probe),
            ("LOAD_CONST", None),
            ("BINARY_OP", BinaryOp.RSHIFT),
            ("POP_TOP",),
        ]
    if name in _ATTRIBUTES:
        return _report_top(_AttributeProbe(arg if isinstance(arg, str) else arg[-1]))
    if name == "IS_OP":
        return _report_operands(2, _IDENTITY)
    if name in _USES_TOP:
        return _report_top(_USED)
    if name == "UNPACK_SEQUENCE":
        return _report_top(_ELEMENTS)
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


# ----- functions whose code is replaced -----

_lock = threading.RLock()
#: Functions with instrumented code by id: the function, its own code, and the number of observers that need it.
_replaced: dict[int, tuple[FunctionType, CodeType, int]] = {}


def instrument(function: FunctionType) -> bool:
    """Give a function instrumented code, for as long as an observer needs it; return whether that had to be done."""
    # The code is made without the lock, and set before the function is entered: a signal handler that interrupts this,
    # and records the same function, finds it with probes.
    instrumented(original_code(function))
    with _lock:
        known = _replaced.get(id(function))
        if known is None and is_instrumented(function.__code__):
            return False  # made by an instrumented function
        _, original, count = known or (function, function.__code__, 0)
        if not count:
            function.__code__ = instrumented(original)
        _replaced[id(function)] = function, original, count + 1
        return True


def restore(functions: Iterable[FunctionType]) -> None:
    """Give functions their own code back where no other observer needs the instrumented one."""
    with _lock:
        for function in functions:
            _, original, count = _replaced.pop(id(function), (function, function.__code__, 1))
            if count > 1:
                _replaced[id(function)] = function, original, count - 1
            elif is_instrumented(function.__code__):  # otherwise the user has replaced it since
                function.__code__ = original


def _restore_in_child() -> None:
    """Give functions their own code back in a forked process: the other threads, which recorded, are not in it."""
    _lock.release()
    if modes.tracer.get() is None:
        for function, _, count in [*_replaced.values()]:
            restore([function] * count)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_restore_in_child
    )


def original_code(function: FunctionType) -> CodeType:
    """Return the code of a function, without probes if another thread has it instrumented right now."""
    code = function.__code__
    known = _replaced.get(id(function))
    return known[1] if known is not None and is_instrumented(code) else code
