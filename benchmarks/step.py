"""A training step of micrograd's demo, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import moons
from benchmarks.harness import Column, Contestant, Run, Sample, Workload, clock
from benchmarks.packages import NATIVE, PLAIN, every_package, value_class

STEPS = 3  # consecutive steps per sample: the graph of a step lives until the next one is recorded


def same_code(module: str) -> Run:
    """Return a run of the step over the module's Value, with the same operations for every package."""
    Value = value_class(module)
    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)
    return steps(parameters, lambda: moons.forward(Value, model, parameters))


def with_nn(module: str) -> Run:
    """Return a run of the step written with autograd_scalar.nn, where a weighted sum is one node."""
    value_class(module)  # raises ImportError if this core was not built
    return steps(*nn_step())


def nn_step() -> tuple[list[Any], Callable[[], Any]]:
    """Return the parameters of that network, and its loss."""
    from autograd_scalar import nn

    xs, ys = moons.data()
    model = nn.MLP(moons.SIZES[0], list(moons.SIZES[1:]))
    parameters = model.parameters()
    for parameter, weight in zip(parameters, moons.weights(), strict=True):
        parameter.data = weight

    def loss() -> Any:
        scores = [model(x) for x in xs]
        return nn.hinge(scores, ys) + moons.L2 * nn.l2(parameters)

    return parameters, loss


def steps(parameters: list[Any], loss: Callable[[], Any]) -> Run:
    """Return a run that times consecutive steps: milliseconds per step, and rates per node."""
    nodes = moons.graph_size(loss())

    def run() -> Sample:
        forward = backward = 0.0
        for _ in range(STEPS):
            start = clock()
            for parameter in parameters:
                parameter.grad = 0.0
            root = loss()
            middle = clock()
            root.backward()
            forward, backward = forward + middle - start, backward + clock() - middle
        seconds = (forward + backward) / STEPS
        return {
            "step": seconds * 1e3,
            "backward": backward / STEPS * 1e3,
            "node": backward / STEPS / nodes * 1e9,
            "nodes": nodes,
            "rate": nodes / seconds / 1e6,
        }

    return run


COLUMNS = (
    Column("step", "ms per step", ratio=True),
    Column("backward", "ms backward", ratio=True),
    Column("node", "backward ns per node"),
    Column("nodes", "nodes"),
    Column("rate", "million nodes/s"),
)

WORKLOAD = Workload(
    title="Training step: moons, 100 points, MLP 2-16-16-1, max-margin loss and L2",
    notes="The first rows run the same code, that of micrograd's demo, with another import. "
    "'nn' is the step written with autograd_scalar.nn, where a neuron's weighted sum is one node.",
    contestants=(
        *every_package(same_code),
        Contestant("nn, plain Python", with_nn, ("autograd_scalar",), PLAIN),
        Contestant("nn, native engine", with_nn, (NATIVE,)),
    ),
    columns=COLUMNS,
)
