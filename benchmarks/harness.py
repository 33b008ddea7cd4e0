"""Measures contestants in turn and prints a table.

Machines drift while a benchmark runs, so only numbers that were taken side by side compare: each
round asks every contestant once, ratios are taken within a round, and the table shows medians. Each
contestant has a process of its own, so that nobody walks another's objects when garbage is
collected, and no import weighs on a neighbour. Garbage collection stays on, as users run it. The
clock is the process's own: what else the machine does in the meantime does not count.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from statistics import median_low  # one of the samples, so that a count stays a count
from time import perf_counter, process_time
from typing import Any, NamedTuple

Sample = dict[str, float]  # what one run measured, by the name of the measure; nan: cannot do it
Run = Callable[[], Sample]

clock = process_time
PATIENCE = 0.3  # seconds that a short run is repeated for


class Contestant(NamedTuple):
    """`make(*args)` sets up and returns the run to measure; both in the contestant's process.

    An ImportError from it leaves the contestant out. `environment` is set before anything is imported.
    """

    name: str
    make: Callable[..., Run]
    args: tuple[Any, ...] = ()
    environment: dict[str, str] | None = None


class Column(NamedTuple):
    """A measure to show; `ratio` adds the first contestant's number divided by this one's."""

    measure: str
    heading: str
    ratio: bool = False


class Workload(NamedTuple):
    """What to run and show. Ratios are against the first contestant that could start."""

    title: str
    notes: str
    contestants: Sequence[Contestant]
    columns: Sequence[Column]


def serve(contestant: Contestant, pipe: Connection) -> None:
    """Answer each request on the pipe with a sample, or with a text that says why not."""
    os.environ.update(contestant.environment or {})
    try:
        run = contestant.make(*contestant.args)
    except ImportError as error:
        pipe.send(str(error))
        return
    run()  # warms caches and the interpreter's specialised instructions
    pipe.send("")
    while pipe.recv():
        gc.collect()
        pipe.send(settled(run))


def settled(run: Run) -> Sample:
    """The median of each measure over runs one after the other: a short one alone says little."""
    start = (
        perf_counter()
    )  # not the clock of runs: it stands still while a run waits for another process
    samples = [run()]
    while perf_counter() - start < PATIENCE:
        samples.append(run())
    return {measure: median_low(sample[measure] for sample in samples) for measure in samples[0]}


def interleave(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[Sample] | str]:
    """Samples of each contestant, one a round; for one that could not start, the reason."""
    context = multiprocessing.get_context("spawn")
    found: dict[str, list[Sample] | str] = {}
    pipes: dict[str, Connection] = {}
    for contestant in contestants:
        pipe, far_end = context.Pipe()
        context.Process(target=serve, args=(contestant, far_end), daemon=True).start()
        far_end.close()
        refusal = pipe.recv()
        found[contestant.name] = refusal or []
        if not refusal:
            pipes[contestant.name] = pipe
    for _ in range(rounds):
        for name, pipe in pipes.items():
            pipe.send(True)
            samples = found[name]
            assert isinstance(samples, list)
            samples.append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    return found


def number(value: float) -> str:
    """Three significant digits, 0.0312 or 31.2 or 31,200; a count in full; a dash for nan."""
    if isinstance(value, int):
        return f"{value:,}"
    if math.isnan(value):
        return "-"
    places = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{round(value, places):,.{max(0, places)}f}"


def compare(workload: Workload, rounds: int) -> tuple[list[list[str]], list[str]]:
    """Rows of a table, its heading first, and a line for each contestant that could not start."""
    found = interleave(workload.contestants, rounds)
    measured = {name: samples for name, samples in found.items() if isinstance(samples, list)}
    left_out = [f"{name} is left out: {why}" for name, why in found.items() if isinstance(why, str)]
    if not measured:
        return [], left_out
    first = next(iter(measured))
    heading = [""]
    for _, name, ratio in workload.columns:
        heading += [name, f"{first} / this"] if ratio else [name]
    rows = [heading]
    for name, samples in measured.items():
        rows.append([name])
        for measure, _, ratio in workload.columns:
            rows[-1].append(number(median_low(sample[measure] for sample in samples)))
            if ratio:
                pairs = zip(measured[first], samples, strict=True)
                rows[-1].append(spread([one[measure] / this[measure] for one, this in pairs]))
    return rows, left_out


def spread(ratios: Sequence[float]) -> str:
    """The median, the least and the greatest of ratios taken round by round."""
    return f"{number(median_low(ratios))} ({number(min(ratios))}-{number(max(ratios))})"


def as_text(rows: list[list[str]]) -> str:
    """The table in aligned columns, names to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines)


def as_markdown(rows: list[list[str]]) -> str:
    """The table as Markdown."""
    heading, *body = rows
    rule = ["---"] + ["---:"] * (len(heading) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [heading, rule, *body])
