"""The loop IR and the LLVM IR of a few small programs, compared with the recorded texts in golden/.

    make golden    records them anew; read the difference before you commit it

Widths and the use of fma are fixed, so that the texts do not depend on the host.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from compiler.programs import basic

from autograd_scalar.compiler.backends.llvm.libm import definitions
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.backends.llvm.straight import single, straight
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.vectorize.reroll import reroll
from autograd_scalar.compiler.verifier import verify

FOLDER = Path(__file__).parent / "golden"


def squared_error() -> Program:
    """Return (w * x + b - y) ** 2 and its derivatives."""
    b = Builder(["x", "y", "w", "b"])
    x, y, w, bias = (b.input(k) for k in range(4))
    error = b.emit("sub", b.emit("add", b.emit("mul", w, x), bias), y)
    return basic(b.program([b.emit("mul", error, error)]))


def clipped() -> Program:
    """Return sqrt(x) up to w, where x is positive: a choice, a guard, and a value that is the same for all rows."""
    b = Builder(["x", "w"])
    x, w, zero = b.input(0), b.input(1), b.constant(0.0)
    limit = b.emit("mul", w, w)
    root = b.emit("sqrt", x)
    total = b.emit("add", b.emit("if<", root, limit, root, limit), limit)
    return b.program([total, root], [Guard(">", x, zero, True, "model.py:3")])


def layer() -> Program:
    """Return three neurons of four inputs each: dot products, biases and relu."""
    b = Builder([*(f"x{i}" for i in range(4)), *(f"w{i}" for i in range(15))])
    outputs = []
    for j in range(3):
        z = b.input(4 + 5 * j)
        for i in range(4):
            z = b.emit("add", z, b.emit("mul", b.input(5 + 5 * j + i), b.input(i)))
        outputs.append(b.emit("if>", z, b.constant(0.0), z, b.constant(0.0)))
    return b.program(outputs)


#: Programs with the inputs that are columns, and the outputs wanted by row.
PROGRAMS = {
    "squared_error": (squared_error(), (0, 1), ()),
    "clipped": (clipped(), (0,), (1,)),
    "layer": (layer(), range(4), range(3)),
}


def rows(kind: str, name: str) -> str:
    """Return the text of a program's loops, or of one of its kernels over rows."""
    program, columns, by_row = PROGRAMS[name]
    layout = row_layout(program, columns, by_row)
    if kind == "straight":
        return straight(program, layout, 4, fma=False).text
    found = reroll(program, layout)
    verify(found)
    if kind == "loops":
        return f"{found}\n"
    return looped(found, 8, width=4, fma=False).text


TEXTS: dict[str, Callable[[], str]] = {
    **{f"{name}.loops.txt": lambda name=name: rows("loops", name) for name in PROGRAMS},
    "clipped.loops.ll": lambda: rows("llvm", "clipped"),
    "layer.loops.ll": lambda: rows("llvm", "layer"),
    "squared_error.straight.ll": lambda: rows("straight", "squared_error"),
    "clipped.straight.ll": lambda: rows("straight", "clipped"),
    "clipped.single.ll": lambda: single(clipped()),
    "squared_error.single.fast.ll": lambda: single(squared_error(), fast=True),
    "log.v4.ll": lambda: definitions(["log"], 4, fma=True),
}


@pytest.mark.parametrize("file", TEXTS)
def test_text_is_as_recorded(file):
    path, text = FOLDER / file, TEXTS[file]()
    if file.endswith(".ll"):
        verify(text)
    if os.environ.get("AUTOGRAD_SCALAR_GOLDEN") == "renew":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "if this is intended: make golden"


def test_no_record_is_left_over():
    assert {path.name for path in FOLDER.iterdir()} == {*TEXTS}
