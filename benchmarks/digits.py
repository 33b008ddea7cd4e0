"""An epoch of batch gradients on data of the size of the handwritten digits, against PyTorch.

The data is random, with the shape and range of scikit-learn's digits: 1,797 rows of 64 pixels from 0 to 16, and ten
classes. The time of a step does not depend on the values, and nothing has to be downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from benchmarks.compiled import Step, jit, read_tensors
from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.timing import stopwatch

SAMPLES, SIZES = 1_797, (64, 32, 10)
BATCH = 32


def data() -> tuple[Any, Any]:
    """Return the pixels, one sample per row, and the classes from 0 to 9."""
    import numpy as np

    rng = np.random.default_rng(1797)
    pixels = rng.integers(0, 17, (SAMPLES, SIZES[0])).astype(float)
    return pixels, rng.integers(0, SIZES[-1], SAMPLES)


def matrices() -> list[Any]:
    """Return a matrix for each layer, biases in its last column, scaled such that logits stay small."""
    import numpy as np

    rng = np.random.default_rng(42)
    scales = [1.0 / (16.0 * SIZES[0] ** 0.5), *(inputs**-0.5 for inputs in SIZES[1:-1])]
    return [
        rng.normal(0.0, scale, (neurons, inputs + 1))
        for (inputs, neurons), scale in zip(pairwise(SIZES), scales, strict=True)
    ]


def batches(size: int) -> list[slice]:
    """Return the rows of each batch; the last batch may be shorter."""
    return [slice(start, start + size) for start in range(0, SAMPLES, size)]


def with_torch(size: int, threads: int, dtype: str = "float64") -> Step:
    """Return an epoch over eager tensors, with PyTorch's own cross entropy."""
    import torch
    from torch.nn.functional import cross_entropy, linear, relu

    torch.set_num_threads(threads)
    pixels, classes = data()
    kind = getattr(torch, dtype)
    x, y = torch.tensor(pixels, dtype=kind), torch.tensor(classes)
    parameters = [
        torch.tensor(part, dtype=kind, requires_grad=True)
        for rows in matrices()
        for part in (rows[:, :-1], rows[:, -1])
    ]
    w1, b1, w2, b2 = parameters
    parts = batches(size)

    def epoch() -> Any:
        for part in parts:
            loss = cross_entropy(linear(relu(linear(x[part], w1, b1)), w2, b2), y[part])
            for parameter in parameters:
                parameter.grad = None
            loss.backward()
        return loss

    return Step(epoch, partial(read_tensors, parameters))


def loss_of_a_sample() -> tuple[list[Any], Callable[[Any, Any], Any]]:
    """Return the parameters and the loss of one sample, whose class is given one-hot."""
    from autograd_scalar import Value, dot, logsumexp

    layers = [[[Value(weight) for weight in row] for row in rows] for rows in matrices()]
    parameters = [parameter for rows in layers for row in rows for parameter in row]

    def loss(x: Any, target: Any) -> Any:
        hidden, last = layers
        h = [dot(w[:-1], x, w[-1]).relu() for w in hidden]
        logits = [dot(w[:-1], h, w[-1]) for w in last]
        return logsumexp(logits) - dot(target, logits)

    return parameters, loss


def targets(classes: Any) -> Any:
    """Return the classes in one-hot rows."""
    import numpy as np

    return np.eye(SIZES[-1])[classes]


def ours(size: int) -> Step:
    """Return an epoch of kernels, each bound to the arrays of a batch."""
    pixels, classes = data()
    parameters, loss = loss_of_a_sample()
    y, compiled = targets(classes), jit(loss, rows=(0, 1), reduce="mean")
    kernels = [compiled.kernel(pixels[part], y[part]) for part in batches(size)]

    def epoch() -> Any:
        return [kernel() for kernel in kernels][-1]

    def read(loss: float) -> tuple[float, list[float]]:
        last = kernels[-1]
        gradient = dict(zip(last.inputs, last.gradient, strict=True))
        return loss, [gradient[parameter] for parameter in parameters]

    return Step(epoch, read)


def ours_as_called(size: int) -> Step:
    """Return an epoch of calls with the arrays of a batch, zero_grad() and backward()."""
    from autograd_scalar import optim

    pixels, classes = data()
    parameters, loss = loss_of_a_sample()
    y, compiled = targets(classes), jit(loss, rows=(0, 1), reduce="mean")
    optimizer = optim.SGD(parameters, lr=0.0)
    parts = batches(size)

    def epoch() -> Any:
        for part in parts:
            optimizer.zero_grad()
            loss = compiled(pixels[part], y[part])
            loss.backward()
        return loss

    return Step(epoch, lambda loss: (loss.data, [parameter.grad for parameter in parameters]))


def epochs(make: Callable[..., Step], *args: Any) -> Run:
    """Return a run that measures the milliseconds of an epoch in small batches and in a single one."""
    small, whole = stopwatch(make(BATCH, *args).call), stopwatch(make(SAMPLES, *args).call)
    return lambda: {"small": small() * 1e3, "whole": whole() * 1e3}


WORKLOAD = Workload(
    title="An epoch of gradients: 1,797 samples of 64 pixels, MLP 64-32-10, relu, softmax cross entropy",
    notes="Double precision except for float32; wall time. The weights stay fixed. The pixels are random numbers with "
    "the shape and range of the digits.",
    contestants=(
        Contestant("PyTorch, 1 thread", epochs, (with_torch, 1)),
        Contestant("PyTorch, 2 threads", epochs, (with_torch, 2)),
        Contestant("PyTorch, 1 thread, float32", epochs, (with_torch, 1, "float32")),
        Contestant("ours", epochs, (ours,)),
        Contestant("ours, as called", epochs, (ours_as_called,)),
    ),
    columns=(
        Column("small", f"ms in batches of {BATCH}", ratio=True),
        Column("whole", "ms in one batch", ratio=True),
    ),
)
