"""What is known of a compiled function, in words."""

from __future__ import annotations

from collections import Counter
from textwrap import indent
from typing import TYPE_CHECKING

from autograd_scalar.compiler import kernel

if TYPE_CHECKING:
    from autograd_scalar.compiler.jit import Jitted
    from autograd_scalar.compiler.paths import Path

#: Programs up to this long are shown whole.
SHOWN = 60


def report(jitted: Jitted) -> str:
    """Return the structures, and for each the paths: guards, frozen numbers, the program and its cost."""
    if not jitted.paths:
        return f"{jitted.name}: nothing is recorded yet; it is when it is called"
    backend = {"llvm": "machine code (LLVM)", "python": "Python"}[jitted.options.backend]
    lines = [f"{jitted.name}, as {backend}"]
    for n, entry in enumerate(jitted.entries.values(), 1):
        leaves = ", ".join(
            leaf.kind + (str(list(leaf.inner)) if leaf.inner else "") for leaf in entry.leaves
        )
        lines.append(f"arguments {n}: {leaves or 'none'}")
        for m, path in enumerate(entry.paths, 1):
            lines.append(indent(f"path {m} of {len(entry.paths)}\n{_path(path)}", "  "))
    return "\n".join(lines)


def _path(path: Path) -> str:
    program = path.program
    lines = []
    if path.closed:
        names = ", ".join(v.label or "a Value" for v in path.closed[:4])
        lines.append(
            f"reads {len(path.closed)} Values from around it: {names}{', ...' if len(path.closed) > 4 else ''}"
        )
    lines += [
        f"holds where {program.name(g.x)} {g.symbol} {program.name(g.y)} is {g.outcome}, as at {g.place}"
        for g in program.guards
    ]
    frozen = Counter((number.number, number.place) for number in path.frozen)
    for (number, place), count in list(frozen.items())[:20]:
        lines.append(f"froze {number!r}{f', {count} times,' if count > 1 else ''} from {place}")
    if len(frozen) > 20:
        lines.append(f"froze {len(frozen) - 20} other numbers")
    value = kernel.basic(program, None)
    gradient = kernel.basic(program, range(len(program.inputs)))
    lines.append(
        f"costs {_cost(value)} operations, {_cost(gradient)} with the gradient by {len(program.inputs)} inputs"
    )
    text = str(program).splitlines()
    lines += text[:SHOWN]
    if len(text) > SHOWN:
        lines.append(f"  ... {len(text) - SHOWN} more lines")
    return indent("\n".join(lines), "  ")


def _cost(program: object) -> int:
    return sum(op not in ("input", "const") for op, *_ in program.code)  # type: ignore[attr-defined]
