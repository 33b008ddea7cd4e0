"""Run a random program twice: compiled, with each call audited, and in eager code alone; compare what they log."""

from __future__ import annotations

import functools
import os
import random
import warnings
from collections.abc import Callable
from math import isclose
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from random_programs.generator import HEADER

import autograd_scalar as ag
from autograd_scalar import Value, pytree

#: A line of the log: the path of a number or another object, and itself.
Entry = tuple[str, Any]


class Mismatch(AssertionError):
    """Raised where a compiled program differs from eager code."""


class _Ended(Exception):
    """Raised where a program ends because compiled code refuses a call, or because the two may differ from here on."""


class _Run:
    """One run of a program; `log` holds all that the other run must agree with."""

    def __init__(self, *, compiled: bool) -> None:
        self.compiled = compiled
        self.log: list[Entry] = []
        self.namespace: dict[str, Any] = {"__name__": "program"}
        #: Names that are not the program's own.
        self._known: set[str] = set()
        self.ended = False
        self.refusal: Exception | None = None

    def run(self, source: str) -> None:
        exec(HEADER, self.namespace)
        jit: Any = functools.partial(ag.jit, check=True) if self.compiled else _uncompiled
        self.namespace.update(jit=jit, call=self._call, backward=self._backward)
        self._known = {*self.namespace}
        environment, state = dict(os.environ), random.getstate()
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                exec(compile(source, "<program>", "exec"), self.namespace)
            self._log_state()
        except _Ended as end:
            self.ended = True
            self.refusal = end.__cause__ and Exception(str(end.__cause__))
        except ag.JitCheckError:
            raise
        except Exception as error:  # of a change that does not fit
            self.log.append(("the program ends", type(error).__name__))
        finally:
            os.environ.clear()
            os.environ.update(environment)
            random.setstate(state)

    def _log_state(self) -> None:
        """Log what the program's variables hold in the end."""
        for name, obj in sorted(self.namespace.items()):
            if name not in self._known and name not in ("f", "inner", "arrays", "total", "kernel"):
                self.log += _described(obj, name)

    def _call(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function of the program, and log the result or the type of the error."""
        is_mapped = _has_arrays([f, args]) or isinstance(f, ag.compiler.runtime.bound.BoundKernel)
        if is_mapped and not self.compiled:
            return None
        try:
            result = f(*args, **kwargs)
        except ag.JitError as refusal:
            raise _Ended from refusal
        except (ag.JitCheckError, _Ended):
            raise
        except Exception as error:
            if is_mapped:  # some rows may have had effects, and the other run has no such call
                raise _Ended from error
            if isinstance(error, ArithmeticError) and not self.compiled:
                raise _Ended from None  # compiled code may have inf or nan instead
            if isinstance(error, TypeError) and self.compiled:
                raise _Ended from error
            self.log.append(("error", type(error).__name__))
            return None
        if is_mapped:
            return None if self.compiled and not hasattr(result, "shared") else result
        self.log += _described(result, "result")
        return result

    def _backward(self, results: Any) -> None:
        """Differentiate all results, and log the gradients of the Values that the program has."""
        for v in pytree.leaves(results):
            if type(v) is Value:
                v.backward()
        known = {
            name: obj for name, obj in self.namespace.items() if name in ("w", "weights", "layer")
        }
        for name, obj in known.items():
            for i, v in enumerate(pytree.leaves(obj if name != "layer" else [obj.w, obj.b])):
                self.log.append((f"gradient of {name} {i}", v.grad))
                v.grad = 0.0


def _uncompiled(f: Any, **options: Any) -> Any:
    """Return a function as it is, in place of jit."""
    if options.get("rows") is not None:
        return _Mapped()
    f.__wrapped__ = f
    return f


class _Mapped:
    """Stands for a function that is mapped over rows, which eager code does not have."""

    kernel = None


def _has_arrays(arguments: Any) -> bool:
    f, args = arguments
    return isinstance(f, _Mapped) or f is None or any(isinstance(a, np.ndarray) for a in args)


def _described(obj: Any, path: str, depth: int = 5) -> list[Entry]:
    """Return entries for an object and all in it."""
    if type(obj) is Value:
        return [(f"{path} (a Value)", obj.data)]
    if isinstance(obj, float | int | str | bytes | None):
        return [(path, float(obj) if isinstance(obj, float) else obj)]
    children = pytree.items(obj)
    if children is None and type(obj) is SimpleNamespace:
        children = [*vars(obj).items()]
    if children is None or depth == 0:
        return [(path, type(obj).__name__)]
    entries: list[Entry] = [(path, type(obj).__name__)]
    for key, child in children:
        entries += _described(child, f"{path}{pytree.subscript(key)}", depth - 1)
    return entries


def _agree(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return a == b or (a != a and b != b) or isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return bool(a == b)


class Result(NamedTuple):
    """The outcome of a program, "compared" or "refused: ...", and its function f, compiled."""

    outcome: str
    f: Any


def run(source: str) -> Result:
    """Run a program compiled and eagerly; raise Mismatch where the two differ."""
    compiled, eager = _Run(compiled=True), _Run(compiled=False)
    try:
        compiled.run(source)
    except ag.JitCheckError as error:
        raise Mismatch(f"JitCheckError: {error}") from error
    eager.run(source)
    for k, (a, b) in enumerate(zip(compiled.log, eager.log, strict=False)):
        if a[0] != b[0] or not _agree(a[1], b[1]):
            raise Mismatch(f"entry {k}: compiled {a}, eager {b}")
    refusal = compiled.refusal
    if refusal is None and len(compiled.log) != len(eager.log) and not eager.ended:
        raise Mismatch(f"compiled logs {len(compiled.log)} entries, eager {len(eager.log)}")
    outcome = "compared" if refusal is None else f"refused: {refusal}"
    return Result(outcome, compiled.namespace.get("f"))
