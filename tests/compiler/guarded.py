"""Run compiled functions on arrays that end, or begin, at a page that must not be accessed.

A stray access ends the process. `test_bounds.py` runs this file; every argument is the name of a function in it.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import mmap
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd_scalar as ag
from autograd_scalar import nn, pytree
from autograd_scalar.compiler.backends.llvm import abi, target
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.backends.llvm.straight import straight
from autograd_scalar.compiler.ir import variance
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.runtime.kernels import SingleKernel
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.vectorize.reroll import reroll

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def memory(size: int, *, at_end: bool, align: int = 8) -> int:
    """Return the address of `size` bytes between two inaccessible pages, flush against one of them."""
    pages = max(1, -(-size // PAGE))
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    whole = libc.mmap(None, (pages + 2) * PAGE, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
    for guard in (whole, whole + (pages + 1) * PAGE):
        if libc.mprotect(guard, PAGE, 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    first, end = whole + PAGE, whole + (pages + 1) * PAGE
    return (end - size) // align * align if at_end else first


def array(numbers: object, *, at_end: bool = True, dtype: str = "f8") -> np.ndarray:
    """Return an array of numbers between guard pages."""
    given = np.asarray(numbers, dtype=dtype)
    address = memory(given.nbytes, at_end=at_end)
    raw = (ctypes.c_char * given.nbytes).from_address(address)
    placed = np.frombuffer(raw, dtype=given.dtype).reshape(given.shape)
    placed[...] = given
    return placed


def sides() -> Iterator[bool]:
    yield from (True, False)


# ----- the runs -----


def no_guard() -> None:
    """Read beyond the end, to show that the guard page catches it."""
    ctypes.string_at(memory(8, at_end=True), 9)


def before_the_beginning() -> None:
    ctypes.string_at(memory(8, at_end=False) - 1, 1)


def small() -> Program:
    """Return a program with two columns, two shared inputs and a guard."""
    builder = Builder("xywu")
    x, y, w, _ = (builder.input(k) for k in range(4))
    product = builder.emit("mul", x, w)
    total = builder.emit("add", builder.emit("exp", product), y)
    return builder.program([total, product, x], [Guard("<", x, y, True)])


def large() -> Program:
    """Return the loss and gradient of a perceptron for one sample, whose two numbers are the columns."""
    model = nn.MLP(2, [9, 5, 1], seed=0)
    loss = ag.jit(lambda x, y: (model([x, y]) - y) ** 2.0)
    loss(0.5, 0.25)
    (path,) = loss.paths
    return lowered(path.program, range(2, len(path.program.inputs)))


def check_kernel(
    made: abi.Kernel, code: target.Code, layout: variance.RowLayout, count: int, *, at_end: bool
) -> None:
    """Run a kernel on arrays that are exactly as large as its contract requires."""
    room = -(-count // made.lanes) * made.lanes
    columns = [array(np.linspace(-1, 1, count), at_end=at_end) for _ in layout.columns]
    outs = [array(np.zeros(room), at_end=at_end) for _ in layout.rows]
    scratch = memory(8 * made.scratch, at_end=at_end, align=64)
    inputs, results = (
        array([a.ctypes.data for a in some], at_end=at_end, dtype="u8") for some in (columns, outs)
    )
    sums = array(np.full(len(layout.sums), math.nan), at_end=at_end)
    flags = array(np.zeros(room), at_end=at_end, dtype="i1")
    strides = array([8] * len(columns), at_end=at_end, dtype="i8")
    shared = array([0.5] * len(layout.shared), at_end=at_end)
    everything = [inputs, strides, shared, results, sums, flags]
    code.kernel(count, *(a.ctypes.data for a in everything), scratch)
    assert not np.isnan(sums).any()
    assert not any(np.isnan(out).any() for out in outs)


def kernels() -> None:
    """Run straight-line code and loops at many widths."""
    program = small()
    layout = variance.row_layout(program, [0, 1], [0, 2])
    fma, width = target.has_fma(), target.width()
    made = [(straight(program, layout, n, fma=fma), 1) for n in (2, 4, 8, 12, 24)]
    for n in (1, 3, 5, 8):
        made.append((looped(reroll(program, layout), n * width, width=width, fma=fma), 0))
    for kernel_, passes in made:
        code = target.Code(kernel_.text, passes=passes)
        counts = (0, 1, kernel_.lanes - 1, kernel_.lanes, kernel_.lanes + 1, 600)
        for count, at_end in itertools.product(counts, sides()):
            check_kernel(kernel_, code, layout, count, at_end=at_end)


def kernels_of_a_net() -> None:
    program = large()
    for rows in ([], [0], [*range(len(program.outputs))]):
        layout = variance.row_layout(program, [0, 1], rows)
        width = target.width()
        for n in (1, 3, 8):
            made = looped(reroll(program, layout), n * width, width=width, fma=target.has_fma())
            code = target.Code(made.text, passes=0)
            for count, at_end in itertools.product((1, made.lanes + 1), sides()):
                check_kernel(made, code, layout, count, at_end=at_end)


def elements() -> None:
    """Call a jitted function with arrays of all shapes and strides."""
    f = ag.jit(lambda x, y: (ag.exp(x) * y, x - y if x > y else x))
    for n, at_end in itertools.product((1, 2, 3, 4, 5, 7, 8, 9, 63, 3000), sides()):
        wide = array(np.linspace(0, 1, 2 * n).reshape(n, 2), at_end=at_end)
        for x, y in (
            (wide[:, 0], wide[:, 1]), (wide[::-1, 1], wide[::-1, 0]), (wide.T[0][::2], wide.T[1][::2]),
            (wide, wide[:1]), (wide, wide[:, :1]), (wide[-1:, -1:], wide), (wide.T, wide.T[:, ::-1]),
        ):  # fmt: skip
            products, differences = f(x, y)
            assert np.allclose(products, np.exp(x) * y)
            assert np.array_equal(differences, np.where(x > y, x - y, x))


def samples() -> None:
    """Compute a perceptron's loss and gradient over rows."""
    model = nn.MLP(3, [5, 4, 1], seed=0)
    step = ag.jit(lambda x, y: (model(x) - y) ** 2, rows=(0, 1), reduce="sum")
    for n, at_end in itertools.product((1, 2, 3, 4, 5, 8, 9, 100, 100_000), sides()):
        X = array(np.linspace(-1, 1, 3 * n).reshape(n, 3), at_end=at_end)
        y = array(np.linspace(-1, 1, n), at_end=at_end)
        loss = step(X, y)
        backwards = step(X[::-1], y[::-1])
        assert math.isclose(loss.data, backwards.data, rel_tol=1e-9)
        loss.backward()
        assert all(math.isfinite(p.grad) for p in model.parameters())


def singles() -> None:
    """Compute value and gradient of single calls, an unrolled loop over a batch among them."""
    model = nn.MLP(2, [4, 4, 1], seed=0)
    X = [[math.sin(i), math.cos(3 * i)] for i in range(12)]
    functions: list[tuple[Any, list[Any]]] = [
        (lambda X: ag.sum((model(x) - 0.5) ** 2 for x in X), [X]),
        (lambda x, y: ag.tanh(x * y), [0.5, 2.0]),
        (lambda x: x if x > 0.0 else -x, [-2.0]),
        (lambda: model.parameters()[0] * 2.0, []),
    ]
    for f, args in functions:
        jitted = ag.jit(f)
        jitted(*args)
        (path,) = jitted.paths
        leaves = [*pytree.leaves(args)]
        numbers = path.inputs(leaves)
        wanted, failed = path.run(leaves, gradient=True)
        assert failed == -1
        program = lowered(path.program, range(len(path.program.inputs)))
        single = SingleKernel(program, fast=False)
        for at_end in sides():
            given, found = array(numbers, at_end=at_end), array([0.0] * len(wanted), at_end=at_end)
            assert single.call(given.ctypes.data, found.ctypes.data) == -1
            assert np.allclose(found, wanted, rtol=1e-12)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        made: Callable[[], None] = globals()[name]
        made()
    print("done")
