"""Programs that change what a compiled function reads, or that have effects: as in eager code, or refused."""

from __future__ import annotations

import abc
import collections
import copy
import dataclasses
import enum
import functools
import inspect
import itertools
import math
import operator
import os
import sys
import types
import warnings
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar.ops import table

PROGRAMS = dict(
    text.split("\n", 1)
    for text in (Path(__file__).parent / "changes.txt").read_text().split("### ")[1:]
)
MODULES = (
    *(abc, collections, copy, dataclasses, enum, functools, inspect, itertools, math, operator),
    *(os, types, warnings, weakref),
)


@pytest.fixture(autouse=True)
def left_as_it_was():
    """Undo what programs import and define."""
    modules, rows, environment = {*sys.modules}, {**table.TABLE}, {**os.environ}
    yield
    for name in [name for name in sys.modules if name not in modules and "hostile" in name]:
        del sys.modules[name]
    table.restore(rows)
    os.environ.clear()
    os.environ.update(environment)


def shown(obj: Any) -> str:
    """Return the text of a result; of a Value its number, whichever operation made it."""
    if isinstance(obj, ag.Value):
        return f"a Value of {obj.data!r}"
    if isinstance(obj, list | tuple):
        return f"[{', '.join(map(shown, obj))}]"
    return repr(float(obj) if isinstance(obj, float) else obj)


def log_of(source: str, jit: Any) -> list[str]:
    """Return what a program shows, and the type of the error that ends it."""
    log: list[str] = []
    space: dict[str, Any] = {module.__name__: module for module in MODULES}
    space |= {"np": np, "ag": ag, "jit": jit, "show": lambda obj: log.append(shown(obj))}
    space["__name__"] = "program"
    try:
        exec(compile(source, "<program>", "exec"), space)
    except ag.JitError:
        log.append("refused")
    except Exception as error:
        log.append(type(error).__name__)
    return log


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_compiled_function_is_never_stale(name):
    eager, compiled = log_of(PROGRAMS[name], lambda f: f), log_of(PROGRAMS[name], ag.jit)
    if compiled[-1:] == ["refused"]:
        assert compiled[:-1] == eager[: len(compiled) - 1]
    else:
        assert compiled == eager
