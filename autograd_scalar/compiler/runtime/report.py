"""The text of f.explain(): recordings and their guards; specialization.py and dispatcher.py decide to record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import indent

from autograd_scalar.compiler.capture.readings.guards import (
    CODE_KINDS,
    GuardInfo,
    environment_guards,
    found_by_name,
    found_text,
    identities,
    program_guards,
)
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.options import (
    MAX_REPORT_CONSTANTS,
    MAX_REPORT_GUARDS,
    MAX_REPORT_LINES,
    MAX_REPORT_NAMES,
)
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Trace


def report(spec: Spec, specializations: Sequence[Specialization]) -> str:
    """Return the report of a function: each structure of arguments, and its traces."""
    if not any(one.traces for one in specializations):
        return f"{spec.name}: nothing is recorded yet; it is when it is called"
    backend = {"llvm": "machine code (LLVM)", "python": "Python"}[spec.options.backend]
    lines = [f"{spec.name}, as {backend}"]
    described = zip(specializations, _particulars(spec, specializations), strict=True)
    for n, (one, details) in enumerate(described, 1):
        kinds = Counter(f"{leaf.kind}{[*leaf.inner] or ''}" for leaf in one.leaves)
        data = ", ".join(f"{kind} x {k}" if k > 1 else kind for kind, k in kinds.items())
        statics = "".join(f", {name}{content}" for name, content in details.items())
        lines.append(f"arguments {n}: {data or 'none that is data'}{statics}")
        lines += [f"  {line}" for line in _environment(one)]
        for m, trace in enumerate(one.traces, 1):
            lines.append(indent(f"path {m} of {len(one.traces)}\n{_trace(trace)}", "  "))
    return "\n".join(lines)


def _environment(one: Specialization) -> list[str]:
    """Return lines with the guards on what a function reads; those on code are many, and differ between engines."""
    guards = environment_guards(one.environment.readings)
    shown = [g for g in guards if g.kind not in CODE_KINDS and not g.source.startswith("builtin")]
    rest = ["guards on code, classes and builtins"] if shown and len(shown) < len(guards) else []
    return [*_guards(shown), *rest]


def differences(spec: Spec, specializations: Sequence[Specialization]) -> list[str]:
    """Return the names of static arguments and captured objects that differ between specializations."""
    particulars = _particulars(spec, specializations)
    names = dict.fromkeys(name for one in particulars for name in one)
    return [name for name in names if len({one.get(name) for one in particulars}) > 1]


def _particulars(spec: Spec, specializations: Sequence[Specialization]) -> list[dict[str, str]]:
    """Return the static arguments of each specialization, and the captured objects that differ, by name."""
    captured = [found_by_name(one.environment.readings) for one in specializations]
    particulars = []
    for one, objects in zip(specializations, captured, strict=True):
        statics = spec.statics(one.structure)
        details = {name: f" = {value!r:.40}" for name, value in statics.items()}
        for name, found in objects.items():
            if any(identities(other.get(name, ())) != identities(found) for other in captured):
                details[name] = found_text(found)
        particulars.append(details)
    return particulars


def _trace(trace: Trace) -> str:
    """Return the report of a trace, line by line."""
    program = trace.program
    inputs = _counted(len(program.inputs), "input")
    value, gradient = lowered(program), lowered(program, range(len(program.inputs)))
    names = [v.label or program.inputs[trace.given + k] for k, v in enumerate(trace.closed)]
    lines = [
        *([f"captures {_counted(len(names), 'Value')}: {_listed(names)}"] if names else []),
        *_guards(program_guards(program)),
        *_constants(trace),
        f"costs {_counted(_cost(value), 'operation')}, {_cost(gradient)} with the gradient w.r.t. {inputs}",
        *_code(program),
    ]
    return indent("\n".join(lines), "  ")


def _constants(trace: Trace) -> list[str]:
    """Return lines with the numbers that are constants of the trace, and where each was written."""
    constants = Counter((number.number, _short(number.location)) for number in trace.frozen)
    lines = [
        f"constant {number!r}{f', {count} times,' if count > 1 else ''} from {location}"
        for (number, location), count in constants.items()
    ]
    return _first(lines, MAX_REPORT_CONSTANTS, "{} more constants")


def _code(program: Program) -> list[str]:
    """Return the lines of a program without its guards, cut off where there are many."""
    code = Program(program.code, program.inputs, program.outputs)
    head, *text = str(code).splitlines()
    inputs, _, outputs = head.rpartition(" -> ")
    head = f"{_listed(inputs.split(', '))} -> {_listed(outputs.split(', '))}"
    return [head, *_first(text, MAX_REPORT_LINES, "  ... {} more lines")]


def _guards(guards: Sequence[GuardInfo]) -> list[str]:
    """Return a line for each guard: its kind and source, and the value that it expects."""
    lines = []
    for guard in guards:
        named = guard._replace(location=_short(guard.location) if guard.location else "")
        lines.append(f"guard {named}{guard.value and f' = {guard.value}'}")
    return _first(lines, MAX_REPORT_GUARDS, "{} more guards")


def _first(lines: list[str], limit: int, rest: str) -> list[str]:
    """Return the first lines; where there are more, the last line is `rest` with their number."""
    return lines[:limit] + [rest.format(len(lines) - limit)] * (len(lines) > limit)


def _listed(names: Sequence[str]) -> str:
    """Return names, the first of them if they are many."""
    more = f", ... ({len(names)})" if len(names) > MAX_REPORT_NAMES else ""
    return ", ".join(names[:MAX_REPORT_NAMES]) + more


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _short(location: str) -> str:
    """Return a line of a file without its folders, or of a notebook's cell."""
    path, _, line = location.rpartition(":")
    folder, _, name = path.replace("\\", "/").rpartition("/")
    return f"a cell, line {line}" if "ipykernel_" in folder else f"{name}:{line}"


def _cost(program: Program) -> int:
    return sum(op not in ("input", "const") for op, *_ in program.code)
