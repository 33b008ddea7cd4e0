"""The moons step against the C++ tape of xad, which also records while Python runs."""

from __future__ import annotations

from benchmarks import moons
from benchmarks.harness import Column, Contestant, Run, Sample, Workload, clock
from benchmarks.packages import NATIVE, PLAIN
from benchmarks.step import STEPS, same_code


def xad_tape() -> Run:
    """Return a run that measures the milliseconds of a step on a tape that is reused.

    It is the fastest form measured: coordinates are floats, which are not recorded, and relu is a Python conditional,
    since xad's own max takes five times as long.
    """
    from xad.adj_1st import Real, Tape

    Real.relu = lambda v: v if v.getValue() > 0.0 else 0.0
    tape = Tape()
    tape.activate()
    parameters = [Real(weight) for weight in moons.weights()]
    tape.registerInputs(parameters)
    model = moons.network(parameters)

    def run() -> Sample:
        total = backward = 0.0
        for _ in range(STEPS):
            start = clock()
            tape.newRecording()
            root = moons.forward(float, model, parameters)
            middle = clock()
            tape.registerOutput(root)
            root.derivative = 1.0
            tape.computeAdjoints()
            stop = clock()
            total, backward = total + stop - start, backward + stop - middle
        return {"step": total / STEPS * 1e3, "backward": backward / STEPS * 1e3}

    return run


WORKLOAD = Workload(
    title="The moons step against a tape in C++",
    notes="xad is licensed under the AGPL and only measured here. All contestants run the same code.",
    contestants=(
        Contestant("xad", xad_tape),
        Contestant("autograd_scalar, plain Python", same_code, ("autograd_scalar",), PLAIN),
        Contestant("autograd_scalar, native engine", same_code, (NATIVE,)),
    ),
    columns=(
        Column("step", "ms per step", ratio=True),
        Column("backward", "ms backward", ratio=True),
    ),
)
