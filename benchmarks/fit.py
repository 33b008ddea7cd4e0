"""`train.fit` on two moons, operation by operation and compiled."""

from __future__ import annotations

from benchmarks.harness import Column, Contestant, Run, Workload
from benchmarks.packages import NATIVE, value_class

EPOCHS = 200


def trained(module: str, jit: bool) -> Run:
    """Training anew, all that a call of fit does included, compiling too."""
    value_class(module)  # says no where this core was not built
    if jit:
        import llvmlite  # noqa: F401  # says no where there is none

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
    notes="The median epoch, with its accuracy, and all epochs together. The kernels of the first run serve the next.",
    contestants=(
        Contestant("jit=False", trained, (NATIVE, False)),
        Contestant("jit=True", trained, (NATIVE, True)),
    ),
    columns=(Column("epoch", "ms an epoch", ratio=True), Column("whole", "s in all", ratio=True)),
)
