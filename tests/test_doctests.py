"""Run the examples in the docstrings of every module."""

from __future__ import annotations

import doctest
import importlib
import operator
import pkgutil
import re

import pytest

import autograd_scalar
from autograd_scalar import engine_methods as engine_methods  # the examples in engine.py need them

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(autograd_scalar.__path__, "autograd_scalar.")
    if not module.name.endswith("__main__")
    and (autograd_scalar.core() == "native" or not module.name.endswith("native.core"))
)
#: Modules that must have an example.
WITH_EXAMPLES = [
    "ops.evaluate",
    "functions",
    "node.modes",
    "node.shared",
    "transforms.api",
    "pytree.containers",
    "pytree.nests",
    "testing",
]


@pytest.mark.parametrize("name", ["autograd_scalar", *MODULES])
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples may write files
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_the_tour_fits_a_screen_and_names_only_what_exists():
    tour = autograd_scalar.__doc__
    assert len(tour.splitlines()) <= 30 and max(map(len, tour.splitlines())) <= 100
    named = re.findall(r"\bag\.([\w.]*\w)", tour)
    assert {"explain", "draw", "explore", "grad", "jit", "train.fit"} <= set(named)
    for name in named:
        operator.attrgetter(name)(autograd_scalar)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_these_modules_have_examples(name):
    module = importlib.import_module(f"autograd_scalar.{name}")
    found = doctest.DocTestFinder().find(module)
    assert sum(len(test.examples) for test in found) > 0


def test_every_public_transform_has_an_example():
    import autograd_scalar.transforms.api as transforms

    public = {
        n
        for n, f in vars(transforms).items()
        if callable(f) and getattr(f, "__module__", "") == transforms.__name__
    }
    with_example = {
        t.name.rpartition(".")[2] for t in doctest.DocTestFinder().find(transforms) if t.examples
    }
    assert {n for n in public if not n.startswith("_") and n.islower()} - {
        "push_forward"
    } <= with_example
