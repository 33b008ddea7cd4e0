"""Draw the architecture from the code's own imports: docs/pictures/package.svg and docs/pictures/compiler.svg.

    python tools/architecture.py

A box is a component (a module, or a folder of modules) with the first line of its docstring; an arrow leads from a
component to one that it imports. Arrows that follow from others are omitted. A test keeps the pictures up to date.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "autograd_scalar"
PICTURES = ROOT / "docs" / "pictures"

#: The components of each picture; modules outside them are not drawn.
PACKAGE = (
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
    """Return the modules of the package that a source imports, including those in functions and for type checking."""
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


def component_of(module: str, components: tuple[str, ...]) -> str | None:
    """Return the component that a module is in, or None."""
    inside = [
        component
        for component in components
        if module == component or module.startswith(f"{component}.")
    ]
    return max(inside, key=len, default=None)


def arrows(components: tuple[str, ...]) -> dict[str, set[str]]:
    """Return for each component the components that it imports."""
    known = modules()
    found: dict[str, set[str]] = {component: set() for component in components}
    for module in known:
        component = component_of(module, components)
        if component is not None:
            for imported in imports_of(module, known):
                other = component_of(imported, components)
                if other is not None and other != component:
                    found[component].add(other)
    return found


def reduced(below: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows without those that follow from others: the transitive reduction of an acyclic graph."""

    def reach(component: str) -> set[str]:
        return below[component].union(*map(reach, below[component]))

    return {
        component: {
            other
            for other in components
            if not any(other in reach(c) for c in components - {other})
        }
        for component, components in below.items()
    }


def summary(component: str) -> str:
    """Return the first line of a component's docstring, without its marks."""
    doc = ast.get_docstring(ast.parse(modules()[component].read_text(encoding="utf-8"))) or ""
    return doc.splitlines()[0].replace("`", "").rstrip(".")


def picture(components: tuple[str, ...], title: str) -> str:
    """Return the SVG of some components, each above those that it imports."""
    from autograd_scalar.show.graph.picture import Box, Picture
    from autograd_scalar.show.render.svg import to_svg

    below = reduced(arrows(components))
    order: list[str] = []
    while len(order) < len(components):  # a component comes before those that it imports
        order.append(
            next(
                component
                for component in components[::-1]
                if component not in order
                and not any(component in below[r] for r in components if r not in order)
            )
        )
    boxes = [
        Box(
            "group",
            label=component.rpartition(".")[2],
            rows=tuple((line, "") for line in _folded(summary(component))),
        )
        for component in order
    ]
    edges = [
        (order.index(component), order.index(other))
        for component in order
        for other in sorted(below[component])
    ]
    description = "; ".join(
        f"{component} imports {', '.join(sorted(below[component]))}"
        for component in order
        if below[component]
    )
    return to_svg(Picture(boxes, edges, [], title, description), rankdir="TB")


def _folded(text: str, width: int = 30) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


#: The components and the title of each picture.
DRAWN = {
    "package.svg": (PACKAGE, "The components of autograd_scalar, and the imports between them"),
    "compiler.svg": (COMPILER, "The stages of the compiler, and the imports between them"),
}


def main() -> None:
    """Write the pictures."""
    for name, (components, title) in DRAWN.items():
        (PICTURES / name).write_text(picture(components, title), encoding="utf-8")


if __name__ == "__main__":
    main()
