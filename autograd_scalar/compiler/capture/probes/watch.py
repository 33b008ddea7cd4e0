"""Watch: the state of one recording, which probes and the profile function consult to report only what is new.

A recording runs this code tens of thousands of times and notes a few objects. The native engine replaces these classes
by those in native/watch.pxi; change both together.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Container
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Protocol

from autograd_scalar.value import Value


class Observer(Protocol):
    """The interface of recorder.reports, to which probes report what is about to be used."""

    def name_read(self, frame: FrameType, name: str) -> None:
        """Note that a global or builtin is about to be read, set or deleted."""

    def identified(self, x: Any, y: Any) -> None:
        """Note that two objects are compared with `is`."""

    def attribute_read(self, owner: Any, name: str) -> None:
        """Note that an attribute is about to be read, set or deleted."""

    def used(self, obj: Any) -> None:
        """Refuse an object whose state cannot be compared, which is about to be used."""

    def passed(self, callee: Any) -> None:
        """Note what is called next, or the object whose method is called; the arguments are in the watch."""

    def made(self, kind: Any) -> None:
        """Note that a class statement has made a class."""

    def imported(self, name: str, module: Any) -> None:
        """Note that a module has been imported."""


class CodeObserver(Protocol):
    """The interface of recorder.running, to which the profile function reports which code runs."""

    def entered(self, frame: FrameType) -> None:
        """Check Python code that has not been checked, or that instrumented code calls."""

    def called(self, frame: FrameType, function: Any) -> None:
        """Check a function written in C, which instrumented code calls."""


class _ThreadState(threading.local):
    watch: Watch | None = None


_thread = _ThreadState()


def active() -> Watch | None:
    """Return the watch of the recording that observes this thread now, or None."""
    return _thread.watch


def activate(watch: Watch | None) -> None:
    """Let a recording observe this thread, or none."""
    _thread.watch = watch


class Watch:
    """The state of one recording: objects, names and code that are known, and need not be reported again."""

    def __init__(self, instrumented: Container[int]) -> None:
        #: Ids of the code objects that have probes.
        self._instrumented = instrumented
        self.observer: Observer | None = None
        self.code_observer: CodeObserver | None = None
        #: Objects that were there before the call, by id, with their names.
        self.reached: dict[int, tuple[Any, str]] = {}
        #: Those whose state cannot be compared: their use is refused.
        self.hidden: dict[int, tuple[Any, str]] = {}
        #: Names and attributes that have been noted, by the id of the object, or by type for those made in the call.
        self.seen: set[tuple[Any, str]] = set()
        #: Code that has been checked, by id, and code that need not be checked again, from wherever it is called.
        self.known_code: dict[int, CodeType] = {}
        self.passed_over: dict[int, CodeType] = {}
        #: Functions written in C that need not be checked again, by identity_of().
        self.harmless: set[Any] = set()
        #: The object whose __getattribute__ or the like was read last.
        self.accessed: Any = None
        #: The frame that called last, and the arguments.
        self.caller: FrameType | None = None
        self.arguments: tuple[Any, ...] = ()
        self._awaited: FrameType | None = None
        self._ends: tuple[str, ...] = ()

    def enable(self) -> None:
        """Set the profile function."""
        sys.setprofile(self._profile)

    def close(self) -> None:
        """Release the observers and the frames, which refer back to the watch."""
        self.observer = self.code_observer = self.caller = self._awaited = None

    def pause(self, frame: FrameType, is_in_c: bool) -> None:
        """Observe nothing until a frame returns, or the function written in C that it calls."""
        self._awaited, self._ends = frame, ("c_return", "c_exception") if is_in_c else ("return",)
        activate(None)

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        """Report which code runs. No watch is active while an observer works, or code runs unobserved."""
        if event == "call":
            code = id(frame.f_code)
            if _thread.watch is not self or code in self.passed_over or self.code_observer is None:
                return
            caller = frame.f_back
            is_direct = caller is not None and id(caller.f_code) in self._instrumented
            if is_direct or code not in self.known_code:
                self.code_observer.entered(frame)
        elif event == "c_call":
            if (
                _thread.watch is self
                and id(frame.f_code) in self._instrumented
                and self.code_observer is not None
                and identity_of(arg) not in self.harmless
            ):
                self.code_observer.called(frame, arg)
        elif frame is self._awaited and event in self._ends:
            self._awaited = None
            activate(self)


def identity_of(function: Any) -> Any:
    """Return a key of a function written in C; of a method, for all objects of the type."""
    owner = function.__self__
    if owner is None or isinstance(owner, type | ModuleType):
        return function
    return type(owner), function.__name__


class Probe:
    """An operand that reports: `probe >> x` is x. This one reports objects that are about to be used."""

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name

    def __rshift__(self, operand: Any) -> Any:
        watch = _thread.watch
        if watch is not None and id(operand) in watch.hidden:
            self.tell(sys._getframe(1), operand)
        return operand

    def tell(self, frame: FrameType, operand: Any) -> None:
        """Report to the observer, whose own code is not observed."""
        watch = _thread.watch
        if watch is None or watch.observer is None:
            return
        _thread.watch = None
        try:
            self.report(watch.observer, frame, operand)
        finally:
            _thread.watch = watch

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.used(operand)


class NameProbe(Probe):
    """Reports a global or builtin. Its operand is None."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        watch, frame = _thread.watch, sys._getframe(1)
        if watch is not None and (id(frame.f_globals), self.name) not in watch.seen:
            self.tell(frame, operand)

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.name_read(frame, self.name)


class AttributeProbe(Probe):
    """Reports an attribute: each time, or once for each object; of Values only where `of_values`."""

    __slots__ = ("each_time", "of_values")

    def __init__(self, name: str, each_time: bool, of_values: bool) -> None:
        self.name, self.each_time, self.of_values = name, each_time, of_values

    def __rshift__(self, operand: Any) -> Any:
        watch, kind = _thread.watch, type(operand)
        if watch is None or (kind is Value and not self.of_values):
            return operand
        owner = id(operand) if id(operand) in watch.reached else kind
        if self.each_time or (owner, self.name) not in watch.seen:
            self.tell(sys._getframe(1), operand)
        return operand

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.attribute_read(operand, self.name)


class ElementsProbe(Probe):
    """Reports a sequence, of which the elements are about to be unpacked, and these."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        watch = _thread.watch
        if watch is not None and watch.hidden:
            self.tell(sys._getframe(1), operand)
        return operand

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.used(operand)
        if type(operand) in (tuple, list):
            for element in operand:
                observer.used(element)


class CallProbe(Probe):
    """Takes a tuple of arguments and what is called; returns the arguments reversed, for UNPACK_SEQUENCE.

    A call is reported if one of the objects is among some functions, or of some kinds of functions.
    """

    __slots__ = ("functions", "kinds")

    def __init__(self, kinds: tuple[type, ...], functions: tuple[Any, ...]) -> None:
        self.name, self.kinds = "", kinds
        self.functions = {id(function): function for function in functions}

    def __rshift__(self, operand: Any) -> Any:
        arguments: tuple[Any, ...] = operand[0]
        if (watch := _thread.watch) is not None:
            watch.caller = frame = sys._getframe(1)
            watch.arguments = arguments
            if watch.hidden or watch.accessed is not None or self._is_reported(operand[1]):
                self.tell(frame, operand)
            else:
                for argument in arguments:
                    if self._is_reported(argument):
                        self.tell(frame, operand)
                        break
        return arguments[::-1]

    def _is_reported(self, obj: Any) -> bool:
        kind = type(obj)
        if kind is BuiltinFunctionType or kind is FunctionType:
            return id(obj) in self.functions
        return kind in self.kinds

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        """Report to the observer what a frame is about to use."""
        observer.passed(operand[1])
