"""Imports only go down: a file knows the floors below it, and its own package."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.architecture import imports, imports_of, modules

#: The components of the package (modules or folders of modules), from the ground up. A file imports from lower floors
#: and from its own component; components on one floor do not import each other. Enter new files here.
FLOORS = [
    ["files", "seeds", "ops"],
    ["node"],
    ["engine", "native"],
    ["engine_methods"],
    ["value"],
    ["functions", "_row_functions"],
    ["arrays"],
    ["pytree"],
    ["transforms", "optim", "data", "naming", "parser"],
    ["nn", "compiler.errors", "compiler.options", "compiler.stages", "testing"],
    ["compiler.ir"],
    ["compiler.capture.probes"],
    ["compiler.capture.readings"],
    ["compiler.capture.recorder"],
    ["compiler.capture", "compiler.vectorize"],
    ["compiler.backends", "compiler.verifier"],
    ["compiler.runtime"],
    ["compiler.jit"],
    ["compiler"],
    ["show.formula", "show.offline", "show.palette"],
    ["show.graph"],
    ["show.layout"],
    ["show.render"],
    ["show.network"],
    ["show.explain", "show.plots"],
    ["show.explorer", "show.draw", "show.play"],
    ["show.expression"],
    ["show.card"],
    ["show"],
    ["train"],
    [""],
    ["cli"],
    ["__main__"],
]


MODULES = modules()

COMPONENTS = {
    component: floor for floor, components in enumerate(FLOORS) for component in components
}


def component_of(module: str) -> str:
    """Return the component that a module is in: the longest entry that it is or is within."""
    while module not in COMPONENTS:
        assert module, "a module without a floor: enter it in FLOORS"
        module = module.rpartition(".")[0]
    return module


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    component = component_of(module)
    assert component or not module, f"{module} has no floor: enter it in FLOORS"
    for imported in imports_of(module, MODULES):
        other = component_of(imported)
        assert other == component or COMPONENTS[other] < COMPONENTS[component], (
            f"{module} imports {imported}, which is not below it"
        )


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_has_its_file(component):
    assert component in MODULES or any(module.startswith(f"{component}.") for module in MODULES)


def test_the_reader_of_imports_sees_what_it_should():
    source = (
        "from autograd_scalar.value import Value\n"
        "import autograd_scalar.nn.layers, os\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from autograd_scalar.show.render import svg\n"
        "else:\n    from autograd_scalar import pytree\n"
        "def lazy():\n    from . import losses\n    from ..ops.table import TABLE\n"
    )
    assert imports(source, "nn.module", MODULES) == {
        *("value", "nn.layers", "show.render.svg", "pytree", "nn.losses", "ops.table"),
    }


def test_no_files_import_each_other_in_a_circle():
    below = {module: imports_of(module, MODULES) for module in MODULES}
    done: set[str] = set()
    while len(done) < len(below):
        free = {m for m in below if m not in done and below[m] <= done}
        assert free, f"a circle among {sorted(below.keys() - done)}"
        done |= free


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


def test_an_import_parses_no_row():
    code = (
        "import sys; before = {*sys.modules}; import autograd_scalar as ag\n"
        "from autograd_scalar.ops.table import TABLE\n"
        "parsed = [row.name for row in TABLE.values() if {'_value', '_partials'} & {*vars(row)}]\n"
        "parsers = {'ast', 'inspect', 'textwrap'} & ({*sys.modules} - before)\n"
        "print(parsed, parsers if ag.core() == 'native' else set())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[] set()"
