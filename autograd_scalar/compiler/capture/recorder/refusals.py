"""Refusals: the errors for what a replay would not do again, or cannot be compared."""

from __future__ import annotations

import sys
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any, NoReturn

from autograd_scalar.compiler.capture.probes.instrumented import is_instrumented, unreadable
from autograd_scalar.compiler.capture.recorder import trust
from autograd_scalar.compiler.errors import JitError


class Refusals:
    """The errors of one recording: each is raised, and the first is kept, since the function may catch it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.first: JitError | None = None

    def refuse(self, what: str) -> NoReturn:
        """Raise JitError for what the function does."""
        error = JitError(f"{self.name} {what} ({_line()})")
        self.first = self.first or error
        raise error

    def refuse_call(self, name: str, qualified: str) -> NoReturn:
        """Refuse a call of a function, given its name in the program and its own."""
        does = "draws random numbers with" if "random" in qualified else "calls"
        full = name if name in qualified else f"{name} ({qualified})"
        self.refuse(
            f"{does} {full}, which a replay would not do again; do that outside and pass its result, or promise that "
            f"it stays the same: jit(frozen=[{name}])"
        )

    def refuse_hidden(self, obj: Any, name: str) -> NoReturn:
        """Refuse the use of an object or a function."""
        if obj is attrgetter or type(obj) is attrgetter:
            self.refuse(
                f"uses {name}, an attrgetter, which reads attributes unobserved; write lambda obj: obj.name"
            )
        if callable(obj):
            self.refuse_call(name, trust.qualified_name(obj))
        self.refuse(
            f"uses {name}, a {type(obj).__name__}, whose state cannot be compared; pass what is read from it as an "
            f"argument, or promise that it stays the same: jit(frozen=[{name}])"
        )

    def refuse_accessor(self, accessor: Any) -> NoReturn:
        """Refuse to pass on a function that reads what its arguments name, or tells them apart."""
        name = getattr(accessor, "__name__", type(accessor).__name__)
        self.refuse(
            f"passes {name} to code written in C, where its arguments are not observed; call it in a lambda: "
            f"lambda *arguments: {name}(*arguments)"
        )

    def refuse_code(self, code: CodeType, module: str | None) -> NoReturn:
        """Refuse Python code that is not observed."""
        name = code.co_qualname if module in (None, "__main__") else f"{module}.{code.co_qualname}"
        if trust.is_library(code.co_filename):
            self.refuse_call(name, name)
        if id(code) in unreadable:
            self.refuse(
                f"runs {name}, whose bytecode cannot be read: it has a comprehension in a class body; put it into a "
                "function, or the class outside"
            )
        self.refuse(
            f"runs {name} inside code written in C, where it cannot be observed; call it directly, or promise that "
            f"it depends on its arguments alone: jit(frozen=[{code.co_name}])"
        )


def _line() -> str:
    """Return the line of the function, or of code that it calls, that is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_instrumented(frame.f_code):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "before the call"
