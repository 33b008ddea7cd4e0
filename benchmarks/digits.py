"""An epoch of batch gradients over as many samples as the handwritten digits have, against PyTorch.

The numbers are random, of the digits' shape and range: 1,797 rows of 64 pixels from 0 to 16 and ten classes. What a
step costs does not depend on them, and nothing has to be fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.compiled import Step, in_a_row, jit
from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.timing import stopwatch

SAMPLES, SIZES = 1_797, (64, 32, 10)
BATCH = 32


def data() -> tuple[Any, Any]:
    """Pixels in rows, and the classes from 0 to 9."""
    import numpy as np

    rng = np.random.default_rng(1797)
    pixels = rng.integers(0, 17, (SAMPLES, SIZES[0])).astype(float)
    return pixels, rng.integers(0, SIZES[-1], SAMPLES)


def matrices() -> list[Any]:
    """For each layer its weights in rows, the last column the biases, drawn so that no logit is large."""
    import numpy as np

    rng = np.random.default_rng(42)
    scales = [1.0 / (16.0 * SIZES[0] ** 0.5), *(inputs**-0.5 for inputs in SIZES[1:-1])]
    return [
        rng.normal(0.0, scale, (neurons, inputs + 1))
        for (inputs, neurons), scale in zip(pairwise(SIZES), scales, strict=True)
    ]


def batches(size: int) -> list[slice]:
    """The rows of each batch; the last one may be shorter."""
    return [slice(start, start + size) for start in range(0, SAMPLES, size)]


def with_torch(size: int, threads: int, dtype: str = "float64") -> Step:
    """Eager tensors and torch's own cross entropy."""
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

    def read(loss: Any) -> tuple[float, Any]:
        gradients = [parameter.grad for parameter in parameters]
        return loss.item(), in_a_row([*zip(gradients[::2], gradients[1::2], strict=True)])

    return Step(epoch, read)


def loss_of_a_sample() -> tuple[list[Any], Callable[[Any, Any], Any]]:
    """The parameters, and the loss of one sample; its class is a row of ten with a 1."""
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
    """The classes as rows of ten with a 1."""
    import numpy as np

    return np.eye(SIZES[-1])[classes]


def ours(size: int) -> Step:
    """The compiled loss bound to each batch's arrays."""
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
    """Calls on each batch's rows, each with zero_grad and backward()."""
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
    """Milliseconds of an epoch in small batches, and of one that is a single batch."""
    small, whole = stopwatch(make(BATCH, *args).call), stopwatch(make(SAMPLES, *args).call)
    return lambda: {"small": small() * 1e3, "whole": whole() * 1e3}


WORKLOAD = Workload(
    title="An epoch of gradients: 1,797 samples of 64 pixels, MLP 64-32-10, relu, softmax cross entropy",
    notes="Doubles but where it says float32; time on the wall. No row moves the weights. The pixels are random "
    "numbers of the digits' shape and range.",
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
