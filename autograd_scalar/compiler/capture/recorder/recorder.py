"""Recorder: observes one call of a function and notes what it reads besides its arguments.

Instrumented code reports what it is about to read; a profile function sees which code runs. What is read becomes a
Reading. What cannot be read again is refused by name, and so are changes to what was there before the call. Objects
that the function makes during the call are its own, and may be read and changed at will.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd_scalar.compiler.capture.probes.functions import restore
from autograd_scalar.compiler.capture.probes.instrumented import probed
from autograd_scalar.compiler.capture.probes.probes import PROBING, Watch, activate, active
from autograd_scalar.compiler.capture.readings import comparison
from autograd_scalar.compiler.capture.readings.reading import Reading
from autograd_scalar.compiler.capture.recorder.frozen import Frozen
from autograd_scalar.compiler.capture.recorder.objects import Objects
from autograd_scalar.compiler.capture.recorder.refusals import Refusals
from autograd_scalar.compiler.capture.recorder.reports import Reports
from autograd_scalar.compiler.capture.recorder.running import Running
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.pytree.containers import registered_functions


class Recorder:
    """The observer of one call."""

    def __init__(self, name: str, frozen: Iterable[Any] = ()) -> None:
        self.name = name
        self._watch, self._refusals, promised = Watch(probed), Refusals(name), Frozen(frozen)
        self._objects = Objects(self._watch, promised, self._refusals)
        parts = self._watch, self._objects, promised, self._refusals
        self._watch.observer, self._watch.code_observer = Reports(*parts), Running(*parts)
        self._watch.passed_over.update((id(code), code) for code in (*PROBING, _COLLECTING))
        #: The error if the call filled a cache, to be raised unless the same call, made again, changes nothing.
        self.filled: JitError | None = None
        #: True while the garbage collector runs in place of what is observed.
        self._is_collecting = False

    @property
    def readings(self) -> list[Reading]:
        """The readings of the call."""
        return self._objects.readings

    @contextmanager
    def observing(self, f: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[None]:
        """Observe what runs inside, given the function and the objects among its arguments."""
        before, profile = active(), sys.getprofile()
        try:
            self._objects.reach(f, getattr(f, "__name__", "self"), "function")
            for name, obj in arguments.items():
                self._objects.reach(obj, name, "argument")
            for made in registered_functions:
                self._objects.reach(made, "a registered function", "function")
            gc.callbacks.append(self._collecting)
            activate(self._watch)
            self._watch.enable()
            yield
        except Exception as error:
            refusal = self._refusals.first
            if refusal in (None, error):
                raise
            raise refusal from error  # of which the error is a consequence
        finally:
            _set_profile(profile)
            if self._collecting in gc.callbacks:
                gc.callbacks.remove(self._collecting)
            activate(before)
            self._watch.close()
            restore(self._objects.functions)
        if self._refusals.first is not None:
            raise self._refusals.first
        self.readings.extend(self._objects.classes.readings())
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Raise JitError if the call changed what was there before; keep it if it only filled a cache."""
        if comparison.unchanged(self.readings):
            return
        kept = len(comparison.repeat(self.readings))
        if kept < len(self.readings):
            change = JitError(
                f"{self.name} changes {self.readings[kept].name} while it is recorded, which a replay would not do; "
                "return the new value, and assign it outside; fill a cache before the first call"
            )
            if not comparison.filled(self.readings):
                raise change
            self.filled = change

    def _collecting(self, phase: str, info: object) -> None:
        """Stop observing during a garbage collection: its finalizers belong to objects that were there before."""
        if phase == "start" and active() is self._watch:
            activate(None)
            self._is_collecting = True
        elif phase == "stop" and self._is_collecting:
            activate(self._watch)
            self._is_collecting = False


#: Code of the callback that stops observation during a garbage collection; running it must not be reported.
_COLLECTING = Recorder._collecting.__code__


def _set_profile(profile: Any) -> None:
    """Restore a profile function; those in C, such as cProfile's, cannot be passed to sys.setprofile."""
    sys.setprofile(None)
    if hasattr(profile, "enable"):
        profile.enable()
    elif profile is not None:
        sys.setprofile(profile)
