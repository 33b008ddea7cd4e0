"""The moons step on arrays: compiled scalars against hand-written C, JAX, CasADi, PyTorch and micrograd.

All contestants compute in double precision with the weights of benchmarks/moons.py, which stay fixed.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import chdir
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks import moons
from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.packages import NATIVE, value_class
from benchmarks.timing import stopwatch

CC = (os.environ.get("CC", "cc"), "-O3", "-march=native", "-std=c99", "-shared", "-fPIC")


class Step(NamedTuple):
    """A step to time, and a function from its result to the loss and the gradient of the weights."""

    call: Callable[[], Any]
    read: Callable[[Any], tuple[float, Sequence[float]]]


def arrays() -> tuple[Any, Any, Any]:
    """Return points (one per row), labels and weights as arrays of doubles."""
    import numpy as np

    xs, ys = moons.data()
    return np.array(xs), np.array(ys, dtype=float), np.array(moons.weights())


def layers(weights: Any) -> list[tuple[Any, Any]]:
    """Return the matrix of weights and the vector of biases of each layer."""
    found = []
    for inputs, neurons in pairwise(moons.SIZES):
        count = neurons * (inputs + 1)
        rows, weights = weights[:count].reshape(neurons, inputs + 1), weights[count:]
        found.append((rows[:, :-1], rows[:, -1]))
    return found


def in_a_row(gradients: Sequence[tuple[Any, Any]]) -> Any:
    """Return gradients in the shape of `layers` as one vector in the order of the weights."""
    import numpy as np

    return np.concatenate([np.column_stack(pair).ravel() for pair in gradients])


def by_hand(*flags: str) -> Step:
    """Return the step of moons.c, compiled here and called with raw pointers."""
    import numpy as np

    points, labels, weights = arrays()
    columns, gradient = np.ascontiguousarray(points.T), np.empty_like(weights)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = Path(folder) / "moons.so"
        source = Path(__file__).with_name("moons.c")
        try:
            subprocess.run([*CC, *flags, source, "-o", library], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ImportError(f"it needs a C compiler: {error}") from error
        function = ctypes.CDLL(str(library)).step
    function.restype = ctypes.c_double
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (columns, labels, weights, gradient)]
    return Step(partial(function, *pointers), lambda loss: (loss, gradient))


def with_jax() -> Step:
    """Return `jit(value_and_grad(loss))` over matrices, with the weights as one vector, its fastest form."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    points, labels, weights = map(jnp.array, arrays())

    def loss(weights: Any, points: Any, labels: Any) -> Any:
        h = points
        *hidden, (last, bias) = layers(weights)
        for w, b in hidden:
            h = jax.nn.relu(h @ w.T + b)
        margins = 1.0 - labels * (h @ last.T + bias)[:, 0]
        return jax.nn.relu(margins).mean() + moons.L2 * weights @ weights

    step = jax.jit(jax.value_and_grad(loss))
    return Step(lambda: jax.block_until_ready(step(weights, points, labels)), lambda out: out)


def with_torch() -> Step:
    """Return the step over eager tensors, on one thread, which is fastest for small ones."""
    import torch
    from torch.nn.functional import linear, relu

    torch.set_num_threads(1)
    points, labels, weights = arrays()
    x, y = torch.tensor(points), torch.tensor(labels)
    parameters = [
        torch.tensor(array, requires_grad=True) for pair in layers(weights) for array in pair
    ]
    w1, b1, w2, b2, w3, b3 = parameters

    def step() -> Any:
        scores = linear(relu(linear(relu(linear(x, w1, b1)), w2, b2)), w3, b3)
        row = torch.cat([parameter.view(-1) for parameter in parameters])
        loss = relu(1.0 - y * scores[:, 0]).mean() + moons.L2 * row.dot(row)
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        return loss

    return Step(step, partial(read_tensors, parameters))


def read_tensors(parameters: Sequence[Any], loss: Any) -> tuple[float, Any]:
    """Return a loss and the gradients of tensors, weights and biases in turn, as one vector."""
    gradients = [parameter.grad for parameter in parameters]
    return loss.item(), in_a_row([*zip(gradients[::2], gradients[1::2], strict=True)])


def with_casadi(**options: Any) -> Step:
    """Return the loss and gradient of one point, mapped and summed; called on buffers, its fastest form."""
    import casadi as ca
    import numpy as np

    points, labels, weights = arrays()
    p, x, y = ca.SX.sym("p", len(weights)), ca.SX.sym("x", moons.SIZES[0]), ca.SX.sym("y")
    h, start = x, 0
    for inputs, neurons in pairwise(moons.SIZES):
        stop = start + neurons * (inputs + 1)
        columns = ca.reshape(p[start:stop], inputs + 1, neurons)
        h, start = columns[:-1, :].T @ h + columns[-1, :].T, stop
        if neurons > 1:
            h = ca.fmax(h, 0.0)
    share = ca.fmax(1.0 - y * h, 0.0) / moons.POINTS
    one = ca.Function("one", [p, x, y], [share, ca.gradient(share, p)])
    shared, summed = [0], [0, 1]
    every = one.map("every", "serial", moons.POINTS, shared, summed)

    P = ca.MX.sym("P", len(weights))
    X, Y = ca.MX.sym("X", moons.SIZES[0], moons.POINTS), ca.MX.sym("Y", 1, moons.POINTS)
    total, gradients = every(P, X, Y)
    results = [total + moons.L2 * ca.dot(P, P), gradients + 2.0 * moons.L2 * P]
    step = ca.Function("step", [P, X, Y], results, options)
    buffer, evaluate = step.buffer()
    loss, gradient = np.empty(1), np.empty_like(weights)
    for i, array in enumerate((weights, points, labels)):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate((loss, gradient)):
        buffer.set_res(i, memoryview(array))
    kept = step, buffer, weights, points, labels  # `evaluate` holds raw pointers into them

    def call(kept: Any = kept) -> tuple[Any, Any]:
        evaluate()
        return loss, gradient

    return Step(call, lambda out: (float(out[0][0]), out[1]))


def casadi_through_c() -> Step:
    """Return the same step as C, which CasADi generates and compiles with gcc."""
    if which("gcc") is None:
        raise ImportError("it needs gcc")
    compiler = {"flags": ["-O3", "-march=native"], "cleanup": False}
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder):
        return with_casadi(jit=True, jit_cleanup=False, compiler="shell", jit_options=compiler)


def with_aadc() -> Step:
    """Raise ImportError with the reason why AADC is not measured."""
    raise ImportError("its free licence forbids using it as a baseline for other libraries")


def with_scalars(module: str) -> Step:
    """Return the step of benchmarks/moons.py over a module's Value."""
    Value = value_class(module)
    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = 0.0
        loss = moons.forward(Value, model, parameters)
        loss.backward()
        return loss

    return Step(step, lambda loss: (loss.data, [parameter.grad for parameter in parameters]))


def jit(f: Callable[..., Any], **options: Any) -> Any:
    """Return the function compiled to machine code; raise ImportError without llvmlite."""
    import_module("llvmlite")
    import autograd_scalar as ag

    return ag.jit(f, **options)


def loss_of_a_point() -> tuple[list[Any], Callable[[Any, Any], Any]]:
    """Return the parameters and the loss of one point, whose mean over the points is that of the step."""
    from autograd_scalar import Value

    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)

    def loss(x: Any, y: Any) -> Any:
        penalty = moons.L2 * sum(p * p for p in parameters)
        return (1.0 + -y * model(x)).relu() + penalty

    return parameters, loss


def ours() -> Step:
    """Return the kernel of the compiled loss, bound to arrays."""
    points, labels, _ = arrays()
    parameters, loss = loss_of_a_point()
    kernel = jit(loss, rows=(0, 1), reduce="mean").kernel(points, labels)

    def read(loss: float) -> tuple[float, list[float]]:
        gradient = dict(zip(kernel.inputs, kernel.gradient, strict=True))
        return loss, [gradient[parameter] for parameter in parameters]

    return Step(kernel, read)


def ours_as_called() -> Step:
    """Return an iteration of a training loop, with the step of an optimizer whose rate is 0."""
    from autograd_scalar import optim

    points, labels, _ = arrays()
    parameters, loss = loss_of_a_point()
    compiled = jit(loss, rows=(0, 1), reduce="mean")
    optimizer = optim.SGD(parameters, lr=0.0)

    def step() -> Any:
        optimizer.zero_grad()
        loss = compiled(points, labels)
        loss.backward()
        optimizer.step()
        return loss

    return Step(step, lambda loss: (loss.data, [parameter.grad for parameter in parameters]))


def outcome(make: Callable[..., Step], *args: Any) -> tuple[float, list[float]]:
    """Return the loss and the gradient of a step as floats."""
    step = make(*args)
    loss, gradient = step.read(step.call())
    return float(loss), [float(derivative) for derivative in gradient]


def timed(make: Callable[..., Step], *args: str) -> Run:
    """Return a run that measures the microseconds of a step, and the steps per second."""
    seconds = stopwatch(make(*args).call)

    def run() -> dict[str, float]:
        step = seconds()
        return {"step": step * 1e6, "rate": 1.0 / step}

    return run


WORKLOAD = Workload(
    title="The moons step compiled: loss and gradient with respect to 337 parameters, from arrays",
    notes="Double precision and wall time for all. Ratios are of rates: above 1, this package is faster. 'as called' "
    "is zero_grad(), the call, backward() and the optimizer's step(), which no other row includes.",
    contestants=(
        Contestant("ours", timed, (ours,)),
        Contestant("ours, as called", timed, (ours_as_called,)),
        Contestant("C by hand", timed, (by_hand,)),
        Contestant("C by hand, -ffast-math", timed, (by_hand, "-ffast-math")),
        Contestant("JAX, jit", timed, (with_jax,)),
        Contestant("CasADi, map, through C", timed, (casadi_through_c,)),
        Contestant("PyTorch, eager", timed, (with_torch,)),
        Contestant("CasADi, map", timed, (with_casadi,)),
        Contestant("AADC", timed, (with_aadc,)),
        Contestant("autograd_scalar, eager", timed, (with_scalars, NATIVE)),
        Contestant("micrograd", timed, (with_scalars, "micrograd.engine")),
    ),
    columns=(
        Column("step", "µs per step"),
        Column("rate", "steps per second", ratio=True),
    ),
)
