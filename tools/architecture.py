"""Draw the architecture from the code's own imports: docs/pictures/house.svg and docs/pictures/compiler.svg.

    python tools/architecture.py

A box is a room (a module, or a folder of modules) with the first line of its docstring; an arrow leads from a room to
one that it imports. Arrows that follow from others are left out. A test compares the pictures with the code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "autograd_scalar"
PICTURES = ROOT / "docs" / "pictures"

#: The rooms of each picture; what is in none of them is not drawn.
HOUSE = (
    *("ops", "node", "engine", "native", "value", "functions", "transforms", "nn", "optim", "data"),
    *("compiler", "show", "train", "cli"),
)
COMPILER = (
    *("compiler.ir", "compiler.capture", "compiler.vectorize", "compiler.backends"),
    *("compiler.runtime", "compiler.jit"),
)


def modules(package: Path = ROOT / NAME) -> dict[str, Path]:
    """Return the files of the package by module name within it: "nn.layers", or "" for the package itself."""
    found = {}
    for path in sorted(
        [*package.rglob("*.py"), *package.rglob("*.pyi"), *package.rglob("*.pyx.in")]
    ):
        *folders, file = path.relative_to(package).parts
        name = file.partition(".")[0]
        found[".".join(folders if name == "__init__" else [*folders, name])] = path
    return found


def imports(source: str, module: str, known: dict[str, Path]) -> set[str]:
    """Return the modules of the package that a source imports, within functions and for typing too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(origin, names, level):
                base = f"{NAME}.{module}".split(".")[: -level or None] if level else []
                whole = ".".join([*base, origin] if origin else base)
                found.update(f"{whole}.{alias.name}" for alias in names)
    inside = {name.removeprefix(NAME).lstrip(".") for name in found if name.split(".")[0] == NAME}
    return {_module_of(name, known) for name in inside}


def imports_of(module: str, known: dict[str, Path]) -> set[str]:
    """Return the modules of the package that a module imports, itself excepted."""
    source = known[module].read_text(encoding="utf-8")
    if known[module].suffix == ".in":  # Cython: only its imports are Python
        source = "\n".join(
            re.findall(rf"^from {NAME}[^\n(]* import (?:\([^)]*\)|[^\n(]+)$", source, re.M)
        )
    return imports(source, module, known) - {module}


def _module_of(name: str, known: dict[str, Path]) -> str:
    """Return the module that a dotted name is, or is defined in."""
    while name not in known and name:
        name = name.rpartition(".")[0]
    return name


def room_of(module: str, rooms: tuple[str, ...]) -> str | None:
    """Return the room that a module is in, or None."""
    inside = [room for room in rooms if module == room or module.startswith(f"{room}.")]
    return max(inside, key=len, default=None)


def arrows(rooms: tuple[str, ...]) -> dict[str, set[str]]:
    """Return for each room the rooms that it imports."""
    known = modules()
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in known:
        room = room_of(module, rooms)
        if room is not None:
            for imported in imports_of(module, known):
                other = room_of(imported, rooms)
                if other is not None and other != room:
                    found[room].add(other)
    return found


def reduced(below: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows without those that follow from others: the transitive reduction of an acyclic graph."""

    def reach(room: str) -> set[str]:
        return below[room].union(*map(reach, below[room]))

    return {
        room: {other for other in rooms if not any(other in reach(r) for r in rooms - {other})}
        for room, rooms in below.items()
    }


def summary(room: str) -> str:
    """Return the first line of a room's docstring, without its marks."""
    doc = ast.get_docstring(ast.parse(modules()[room].read_text(encoding="utf-8"))) or ""
    return doc.splitlines()[0].replace("`", "").rstrip(".")


def picture(rooms: tuple[str, ...], title: str) -> str:
    """Return the SVG of some rooms, lower floors below."""
    from autograd_scalar.show.graph.picture import Box, Picture
    from autograd_scalar.show.render.svg import to_svg

    below = reduced(arrows(rooms))
    order: list[str] = []
    while len(order) < len(rooms):  # a room comes before those that it imports
        order.append(
            next(
                room
                for room in rooms[::-1]
                if room not in order and not any(room in below[r] for r in rooms if r not in order)
            )
        )
    boxes = [
        Box(
            "group",
            label=room.rpartition(".")[2],
            rows=tuple((line, "") for line in _folded(summary(room))),
        )
        for room in order
    ]
    edges = [
        (order.index(room), order.index(other)) for room in order for other in sorted(below[room])
    ]
    description = "; ".join(
        f"{room} imports {', '.join(sorted(below[room]))}" for room in order if below[room]
    )
    return to_svg(Picture(boxes, edges, [], title, description), rankdir="TB")


def _folded(text: str, width: int = 30) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


#: The rooms and the title of each picture.
DRAWN = {
    "house.svg": (HOUSE, "The rooms of autograd_scalar, and the imports between them"),
    "compiler.svg": (COMPILER, "The stages of the compiler, and the imports between them"),
}


def main() -> None:
    """Write the pictures."""
    for name, (rooms, title) in DRAWN.items():
        (PICTURES / name).write_text(picture(rooms, title), encoding="utf-8")


if __name__ == "__main__":
    main()
