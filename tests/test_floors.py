"""Imports only go down: a file knows the floors below it, and its own package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_scalar

PACKAGE = Path(autograd_scalar.__file__).parent
NAME = "autograd_scalar"

#: Which floor a module or a folder is on. A new file has to be entered here.
FLOORS = {
    "ieee": 0, "expression": 0, "modes": 0, "seeds": 0, "tree": 0,
    "ops": 1, "updates": 1,
    "methods": 2,
    "floats": 3,
    "nodes": 4, "program": 4,
    "python_core": 5, "_native": 5,
    "value": 6,
    "functions": 7, "calls": 7,
    "transforms": 8, "parser": 8,
    "nn": 9, "optim": 9, "data": 9, "naming": 9, "compiler": 9,
    "show": 10, "testing": 10,
    "train": 11,
    "": 12,
    "cli": 13,
    "__main__": 14,
}  # fmt: skip


def module_name(path: Path) -> str:
    """Return a file's name within the package: "nn.layers", or "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(source: str, module: str) -> set[str]:
    """Return which modules of the package a source imports, at the top or within functions, but not for typing."""
    found: set[str] = set()

    def walk(node: ast.AST) -> None:
        match node:
            case ast.If(ast.Name("TYPE_CHECKING") | ast.Attribute(_, "TYPE_CHECKING"), _, orelse):
                for child in orelse:
                    walk(child)
                return
            case ast.Import(names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(origin, names, level):
                base = f"{NAME}.{module}".split(".")[: -level or None] if level else []
                whole = ".".join([*base, origin] if origin else base)
                found.update(f"{whole}.{alias.name}" for alias in names)
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(ast.parse(source))
    inside = {name.removeprefix(NAME).lstrip(".") for name in found if name.split(".")[0] == NAME}
    return {resolved(name) for name in inside}


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def resolved(name: str) -> str:
    """Return the module that a dotted name is, or is in."""
    while name not in MODULES and name:
        name = name.rpartition(".")[0]
    return name


def floor(module: str) -> int:
    first = module.split(".")[0]
    return FLOORS[module] if module in FLOORS else FLOORS[first]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    assert module in FLOORS or module.split(".")[0] in FLOORS, (
        f"{module} has no floor: enter it in FLOORS"
    )
    for imported in imports(MODULES[module].read_text(encoding="utf-8"), module):
        same_folder = "." in module and imported.split(".")[0] == module.split(".")[0]
        within = same_folder or module == imported or imported.startswith(f"{module}.")
        assert within or floor(imported) < floor(module), (
            f"{module} imports {imported}, which is not below it"
        )


@pytest.mark.parametrize("entry", FLOORS)
def test_every_floor_has_its_file(entry):
    assert entry in MODULES or any(module.startswith(f"{entry}.") for module in MODULES)


def test_the_reader_of_imports_sees_what_it_should():
    source = (
        "from autograd_scalar.value import Value\n"
        "import autograd_scalar.nn.layers, os\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from autograd_scalar.show import svg\n"
        "else:\n    from autograd_scalar import tree\n"
        "def lazy():\n    from . import losses\n    from ..ops import TABLE\n"
    )
    assert imports(source, "nn.module") == {"value", "nn.layers", "tree", "nn.losses", "ops"}


def test_modules_of_one_floor_make_no_circle():
    below = {
        module: imports(path.read_text(encoding="utf-8"), module) - {module}
        for module, path in MODULES.items()
    }
    order: list[str] = []
    while len(order) < len(below):
        free = [m for m in below if m not in order and below[m] - {"", m.split(".")[0]} <= {*order}]
        assert free, f"a circle among {sorted(below.keys() - {*order})}"
        order += free


HEAVY = ["numpy", "matplotlib", "graphviz", "tqdm", "IPython", "torch", "mpmath"]


@pytest.mark.parametrize(
    "use",
    [
        "import autograd_scalar",
        "import autograd_scalar as ag; v = ag.Value(2.0); (v * ag.exp(v)).backward(); ag.hessian(ag.sin)(1.0); repr(v)",
    ],
)
def test_the_engine_imports_nothing_heavy(use):
    code = f"import sys\n{use}\nprint([m for m in {HEAVY} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_import_changes_nothing_for_others():
    code = (
        "import gc, random, sys, warnings\n"
        "before = gc.isenabled(), gc.get_threshold(), random.getstate(), sys.getrecursionlimit(), warnings.filters[:]\n"
        "import autograd_scalar\n"
        "after = gc.isenabled(), gc.get_threshold(), random.getstate(), sys.getrecursionlimit(), warnings.filters[:]\n"
        "assert before == after"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
