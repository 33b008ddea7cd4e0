"""The claims of pyproject.toml: version, command, types, dependencies; and a light import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import autograd_scalar as ag

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "autograd_scalar"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]

# Imported without being declared: matplotlib depends on numpy and PIL, a notebook on IPython.
INDIRECT = {"numpy", "PIL", "IPython"}


def test_the_version_of_the_package_is_that_of_the_project() -> None:
    assert ag.__version__ == PROJECT["version"]


def test_the_console_script_names_a_function() -> None:
    module, _, function = PROJECT["scripts"]["autograd-scalar"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert {"py.typed", "*.pyi"} <= set(PYPROJECT["tool"]["setuptools"]["package-data"]["*"])


def test_dependencies_are_exactly_what_is_imported() -> None:
    extras = PROJECT["optional-dependencies"].values()
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    declared = {re.split(r"[<>=~!\[; ]", line)[0].replace("-", "_") for line in lines}
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
    own_or_standard = {"autograd_scalar", *sys.stdlib_module_names}
    assert imported - own_or_standard - INDIRECT == declared


def test_import_loads_no_heavy_packages() -> None:
    heavy = {
        "numpy",
        "matplotlib",
        "graphviz",
        "tqdm",
        "IPython",
        "llvmlite",
        "multiprocessing",
        "asyncio",
    }
    script = "import sys, autograd_scalar; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "autograd_scalar" in found.stdout.split()
    assert heavy.isdisjoint(found.stdout.split())
