"""Running code: check the code without probes that a call runs, and refuse what must be observed."""

from __future__ import annotations

import gc
import signal
from abc import ABC
from inspect import CO_GENERATOR
from itertools import chain
from types import CodeType, FrameType
from typing import Any

from autograd_scalar.compiler.capture.probes.instrumented import is_instrumented
from autograd_scalar.compiler.capture.probes.probes import Watch, identity_of
from autograd_scalar.compiler.capture.readings import reading
from autograd_scalar.compiler.capture.recorder import trust
from autograd_scalar.compiler.capture.recorder.frozen import Frozen
from autograd_scalar.compiler.capture.recorder.objects import Objects, is_accessor
from autograd_scalar.compiler.capture.recorder.refusals import Refusals

#: Methods written in C that read attributes of their object or arguments.
_READING = ("format", "format_map", "__reduce__", "__reduce_ex__", "__getstate__", "__dir__")
#: Modules whose C functions do not read attributes of their arguments, except through special methods.
_NOT_READING = (
    *("builtins", "itertools", "functools", "math", "operator", "collections", "heapq", "bisect"),
)


class Running:
    """The code that one call runs. The watch passes over what has been checked."""

    def __init__(self, watch: Watch, objects: Objects, frozen: Frozen, refusals: Refusals) -> None:
        self._watch, self._objects, self._frozen, self._refusals = watch, objects, frozen, refusals

    def entered(self, frame: FrameType) -> None:
        """Check Python code that has not been checked, or that instrumented code calls."""
        code, module = frame.f_code, frame.f_globals.get("__name__")
        if is_instrumented(code):
            self._watch.passed_over[id(code)] = code
            return
        if id(code) not in self._watch.known_code:
            if self._is_unobserved(frame, module):
                self._watch.pause(frame, False)
                return
            if not (trust.is_trusted(code, module) or trust.is_of_dataclass(code)):
                if _may_run_at_any_time(code):
                    self._watch.pause(frame, False)
                    return
                self._refuse(frame, module)
            self._watch.known_code[id(code)] = code
            if trust.is_of_engine(module):
                self._watch.passed_over[id(code)] = code
        if module == "abc":
            self._objects.note(reading.OTHER, ABC, reading.registrations, "ABC.register", "class")
        elif module == "typing" and code.co_name == "__instancecheck__":
            self._objects.note_classes(type(obj) for obj in frame.f_locals.values())
        if frame.f_back is not None and is_instrumented(frame.f_back.f_code):
            if trust.sets_state(code, module):
                self._refusals.refuse_call(code.co_name, f"{module}.{code.co_name}")
            if code.co_filename != "<string>":  # a method of a dataclass or a namedtuple
                self._objects.note_all(filter(trust.reads(module), frame.f_locals.values()))

    def _is_unobserved(self, frame: FrameType, module: str | None) -> bool:
        """Return whether code is frozen, or runs for others than the function."""
        code = frame.f_code
        return (
            self._frozen.has_code(code, module)
            or code.co_name in ("<module>", "__del__")
            or _is_resumed(frame)
            or _is_import_system(frame.f_back)  # with hooks of installed packages
            or (trust.is_core(frame.f_back) and _is_called_by_core(code, module))
            or (bool(code.co_argcount) and _first_argument(frame) in self._frozen)
        )

    def _refuse(self, frame: FrameType, module: str | None) -> None:
        """Refuse code that is not observed: of a library by the object whose method it is."""
        if trust.is_library(frame.f_code.co_filename) and frame.f_code.co_argcount:
            owner = _first_argument(frame)
            if id(owner) in self._watch.reached:
                self._refusals.refuse_hidden(owner, self._watch.reached[id(owner)][1])
        self._refusals.refuse_code(frame.f_code, module)

    def called(self, frame: FrameType, function: Any) -> None:
        """Check a function written in C, which instrumented code calls."""
        watch = self._watch
        if function in self._frozen or getattr(function, "__self__", None) in self._frozen:
            watch.pause(frame, True)
            return
        arguments = watch.arguments if frame is watch.caller else ()
        if not trust.is_pure_c_function(function) and not is_accessor(function):
            self._refusals.refuse_hidden(function, getattr(function, "__qualname__", "a function"))
        elif function is vars and not arguments:
            self._refusals.refuse_hidden(vars, "vars")
        elif _reads_attributes(function):
            self._objects.note_all((getattr(function, "__self__", None), *arguments))
        elif function is not vars and not is_accessor(function):
            watch.harmless.add(identity_of(function))


def _reads_attributes(function: Any) -> bool:
    """Return whether a function written in C may read attributes of its arguments."""
    module = (getattr(function, "__module__", None) or "builtins").lstrip("_")
    is_reading = module not in _NOT_READING and not trust.is_of_engine(module)
    return is_reading or function.__name__ in _READING


def _first_argument(frame: FrameType) -> Any:
    return frame.f_locals.get(frame.f_code.co_varnames[0])


def _is_called_by_core(code: CodeType, module: str | None) -> bool:
    """Return whether this package itself may have called the code: the standard library, or LLVM being loaded."""
    return trust.is_library(code.co_filename) or (module or "").startswith("llvmlite.")


def _is_import_system(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_globals.get("__name__") == "importlib._bootstrap"


def _is_resumed(frame: FrameType) -> bool:
    """Return whether a frame is that of a generator that has run before; only finalizers resume one unrefused."""
    first = 16  # RESUME is among the first instructions
    return bool(frame.f_code.co_flags & CO_GENERATOR) and frame.f_lasti > first


def _may_run_at_any_time(code: CodeType) -> bool:
    """Return whether code is that of a signal handler or a callback of the garbage collector."""
    handlers = chain(map(signal.getsignal, signal.valid_signals()), gc.callbacks)
    return any(getattr(handler, "__code__", None) is code for handler in handlers)
