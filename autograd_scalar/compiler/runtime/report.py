"""What is known of a compiled function, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Any

from autograd_scalar.compiler.capture.environment import Captured
from autograd_scalar.compiler.capture.signature import Identity
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Entry
from autograd_scalar.compiler.runtime.trace import Path

if TYPE_CHECKING:
    from autograd_scalar.compiler.ir.program import Guard

#: Programs up to this long are shown whole.
SHOWN = 60
#: So many names are listed.
MOST_NAMES = 8


#: The specializations of a function, by the structure of the arguments and what was captured.
Entries = Mapping[Any, Entry]


def report(spec: Spec, entries: Entries) -> str:
    """Return the structures, and for each the paths: guards, frozen numbers, the program and its cost."""
    if not any(entry.paths for entry in entries.values()):
        return f"{spec.name}: nothing is recorded yet; it is when it is called"
    backend = {"llvm": "machine code (LLVM)", "python": "Python"}[spec.options.backend]
    lines = [f"{spec.name}, as {backend}"]
    particulars = _particulars(spec, entries)
    for n, entry in enumerate(entries.values(), 1):
        kinds = Counter(
            leaf.kind + (str(list(leaf.inner)) if leaf.inner else "") for leaf in entry.leaves
        )
        given = ", ".join(f"{kind} x {k}" if k > 1 else kind for kind, k in kinds.items())
        also = "".join(f", {name}{what}" for name, what in particulars[n - 1].items())
        lines.append(f"arguments {n}: {given or 'none that is data'}{also}")
        for m, path in enumerate(entry.paths, 1):
            lines.append(indent(f"path {m} of {len(entry.paths)}\n{_path(path)}", "  "))
    return "\n".join(lines)


def differences(spec: Spec, entries: Entries) -> list[str]:
    """Return the names of what is not the same in all recordings, besides data."""
    particulars = _particulars(spec, entries)
    names = dict.fromkeys(name for one in particulars for name in one)
    return [name for name in names if len({one.get(name) for one in particulars}) > 1]


def _particulars(spec: Spec, entries: Entries) -> list[dict[str, str]]:
    """Return for each structure its arguments that are no data, and what is around the function, where that differs."""
    around: list[dict[str, Captured]] = [
        {captured.name: captured for captured in frozen[1:]} for _, frozen in entries
    ]
    found = []
    for (structure, _), things in zip(entries, around, strict=True):
        statics = spec.statics(structure)
        one = {name: f" = {thing!r:.40}" for name, thing in statics.items()}
        for name, told in things.items():
            if any(other.get(name) != told for other in around):
                one[name] = _told(told.type, told.identity, *told.contents)
        found.append(one)
    return found


def _told(kind: type, told: Any, *inside: Any) -> str:
    """Return what a thing around a function was."""
    if not isinstance(told, Identity):
        return f" = {_simple(kind, told)}"
    parts = [
        _simple(*part) for part in inside if type(part) is tuple and type(part[1]) is not Identity
    ]
    return f" with {', '.join(parts):.40}" if parts else f", a {kind.__name__}"


def _simple(kind: type, told: Any) -> str:
    return told if kind is float else f"{told!r:.40}"


def _path(path: Path) -> str:
    program = path.program
    lines = []
    if path.closed:
        names = [v.label or program.inputs[path.given + k] for k, v in enumerate(path.closed)]
        lines.append(f"reads {_counted(len(names), 'Value')} from around it: {_listed(names)}")
    lines += [
        f"holds where {_guard(program, g)}, as at {_short(g.location)}" for g in program.guards
    ]
    frozen = Counter((number.number, _short(number.location)) for number in path.frozen)
    for (number, place), count in list(frozen.items())[:20]:
        lines.append(f"froze {number!r}{f', {count} times,' if count > 1 else ''} from {place}")
    if len(frozen) > 20:
        lines.append(f"froze {len(frozen) - 20} other numbers")
    value, gradient = (
        kernels.basic(program, None),
        kernels.basic(program, range(len(program.inputs))),
    )
    lines.append(
        f"costs {_counted(_cost(value), 'operation')}, {_cost(gradient)} with the gradient by "
        f"{_counted(len(program.inputs), 'input')}"
    )
    head, *text = str(Program(program.code, program.inputs, program.outputs)).splitlines()
    before, _, after = head.rpartition(" -> ")
    lines.append(f"{_listed(before.split(', '))} -> {_listed(after.split(', '))}")
    lines += text[:SHOWN]
    if len(text) > SHOWN:
        lines.append(f"  ... {len(text) - SHOWN} more lines")
    return indent("\n".join(lines), "  ")


def _guard(program: Program, g: Guard) -> str:
    """Return a comparison as it came out."""
    x, y = program.name(g.x), program.name(g.y)
    return f"{x} {g.symbol} {y}" if g.outcome else f"not {x} {g.symbol} {y}"


def _listed(names: Sequence[str]) -> str:
    """Return names, the first of them where they are many."""
    more = f", ... ({len(names)})" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _short(place: str) -> str:
    """Return a place in a file without the folders; a cell of a notebook is called that."""
    path, _, line = place.rpartition(":")
    folder, _, name = path.replace("\\", "/").rpartition("/")
    return f"a cell, line {line}" if "ipykernel_" in folder else f"{name}:{line}"


def _cost(program: object) -> int:
    return sum(op not in ("input", "const") for op, *_ in program.code)  # type: ignore[attr-defined]
