"""Stages of a compile, handed to sinks: printed, collected for `f.stages()`, or verified.

    program      what capture or differentiation gives       ir.program.Program
    simplified   the same, lowered to primitives             ir.program.Program
    loops        the same, rolled into loops                 vectorize.loop_ir.LoopProgram
    llvm         the text that LLVM compiles                 str
    machine      LLVM's code, for the time it took           an empty str

AUTOGRAD_SCALAR_DUMP=program,simplified,loops,llvm prints those stages of every compile to stderr.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

NAMES = ("program", "simplified", "loops", "llvm", "machine")


class Stage(NamedTuple):
    """A stage of a compile: what one pass made, and how long it took.

    `str(stage)` is its heading and text.
    """

    name: str
    #: The module that made it, within autograd_scalar.compiler.
    made_by: str
    #: Number of operations of a program, of steps in loops, or of lines of LLVM IR.
    instructions: int
    #: Time since the stage before, in seconds; 0 for what was recorded.
    seconds: float
    text: str

    @property
    def heading(self) -> str:
        """One line: name, pass, instructions and time."""
        return (
            f"{self.name:<12}{self.made_by:<20}{self.instructions:>8} instructions"
            f"{self.seconds * 1e3:>10.2f} ms"
        )

    def __str__(self) -> str:
        return f"--- {self.heading}\n{self.text}"


class Stages(list[Stage]):
    """The stages of a compile, in order; printed as a table, a line each."""

    def __str__(self) -> str:
        return "\n".join(stage.heading for stage in self)


#: Called with (stage, made_by, form) after each pass, where form is a program, loops, or LLVM text.
Sink = Callable[[str, str, Any], None]
sinks: list[Sink] = []


def emit(name: str, made_by: str, form: Any) -> None:
    """Hand what a pass made to all sinks. Without any this is one test of an empty list."""
    if sinks:
        for sink in [*sinks]:
            sink(name, made_by, form)


def _timed(keep: Callable[[Stage], None]) -> Sink:
    """Return a sink that passes each stage on, with the time since the stage before."""
    last = time.perf_counter()

    def sink(name: str, made_by: str, form: Any) -> None:
        nonlocal last
        seconds = 0.0 if made_by == "capture.tracer" else time.perf_counter() - last
        keep(Stage(name, made_by, _count(form), seconds, str(form).strip("\n")))
        last = time.perf_counter()

    return sink


@contextmanager
def collected() -> Iterator[Stages]:
    """Return a context that collects the stages of all compiles inside it."""
    found = Stages()
    sinks.append(sink := _timed(found.append))
    try:
        yield found
    finally:
        sinks.remove(sink)


def _count(form: Any) -> int:
    """Return the number of instructions of a program, of loops, or of LLVM text."""
    if isinstance(form, str):
        return sum(line.startswith("  ") for line in form.splitlines())
    if hasattr(form, "loops"):
        return sum(len(loop.body) for loop in form.loops)
    return sum(op not in ("input", "const") for op, *_ in form.code)


def _printer(names: str) -> Sink:
    """Return a sink that prints the stages of some names to stderr."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in NAMES:
            raise ValueError(f"AUTOGRAD_SCALAR_DUMP is a list of {', '.join(NAMES)}; got {name!r}")

    def show(stage: Stage) -> None:
        if stage.name in wanted:
            print(stage, file=sys.stderr)

    return _timed(show)


if os.environ.get("AUTOGRAD_SCALAR_DUMP"):
    sinks.append(_printer(os.environ["AUTOGRAD_SCALAR_DUMP"]))
