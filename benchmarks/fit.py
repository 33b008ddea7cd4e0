"""`train.fit` on two moons, run operation by operation and compiled."""

from __future__ import annotations

from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.packages import NATIVE, value_class

EPOCHS = 200


def trained(module: str, jit: bool) -> Run:
    """Return a run that trains a new model, compilation and all else in fit included."""
    value_class(module)  # raises ImportError if this core was not built
    if jit:
        import llvmlite  # noqa: F401  # raises ImportError if it is missing

    from autograd_scalar import data, nn
    from autograd_scalar.train import fit

    moons = data.moons(100, noise=0.1, seed=0)

    def run() -> dict[str, float]:
        model = nn.MLP(2, [16, 16, 1], seed=0)
        history = fit(model, moons, epochs=EPOCHS, progress=False, jit=jit)
        seconds = history["seconds"]
        return {"epoch": sorted(seconds)[len(seconds) // 2] * 1e3, "whole": sum(seconds)}

    return run


WORKLOAD = Workload(
    title=f"train.fit: moons, 100 points, MLP 2-16-16-1, Adam, {EPOCHS} epochs of one batch",
    notes="The median epoch, its accuracy included, and all epochs together. Later runs reuse the first one's kernels.",
    contestants=(
        Contestant("jit=False", trained, (NATIVE, False)),
        Contestant("jit=True", trained, (NATIVE, True)),
    ),
    columns=(Column("epoch", "ms per epoch", ratio=True), Column("whole", "s in all", ratio=True)),
)
