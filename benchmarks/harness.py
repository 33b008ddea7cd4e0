"""Measure contestants in turn and format the results as a table.

The speed of a machine drifts while a benchmark runs, so only adjacent measurements can be compared:
each round runs every contestant once, ratios are taken within a round, and the table shows medians.
Each contestant runs in a separate process, so that its garbage collection and imports do not affect
the others. Garbage collection stays on, as in users' programs. Times are process times, which
exclude other work on the machine.
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

#: The measurements of one run by name; nan for what the contestant cannot do.
Sample = dict[str, float]
Run = Callable[[], Sample]

clock = process_time
#: Seconds for which a short run is repeated.
REPEAT_FOR = 0.3


class Contestant(NamedTuple):
    """A row of the table: `make(*args)` returns the run to measure, in the process of the contestant.

    If it raises ImportError, the contestant is left out. `environment` is set before any import.
    """

    name: str
    make: Callable[..., Run]
    args: tuple[Any, ...] = ()
    environment: dict[str, str] | None = None


class Column(NamedTuple):
    """A measure to show; `ratio` adds a column with the first contestant's number divided by it."""

    measure: str
    heading: str
    ratio: bool = False


class Workload(NamedTuple):
    """Contestants and the columns to show. Ratios refer to the first contestant that is not left out."""

    title: str
    notes: str
    contestants: Sequence[Contestant]
    columns: Sequence[Column]


def serve(contestant: Contestant, pipe: Connection) -> None:
    """Send a sample for each request on the pipe, after "" or the reason why the contestant cannot run."""
    os.environ.update(contestant.environment or {})
    try:
        run = contestant.make(*contestant.args)
    except ImportError as error:
        pipe.send(str(error))
        return
    run()  # warms caches and lets the interpreter specialise its instructions
    pipe.send("")
    while pipe.recv():
        gc.collect()
        pipe.send(repeated(run))


def repeated(run: Run) -> Sample:
    """Return the median of each measure over consecutive runs, because a single short run is noisy."""
    start = perf_counter()  # not `clock`, which stops while a run waits for another process
    samples = [run()]
    while perf_counter() - start < REPEAT_FOR:
        samples.append(run())
    return {measure: median_low(sample[measure] for sample in samples) for measure in samples[0]}


def interleave(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[Sample] | str]:
    """Return the samples of each contestant, one per round, or the reason why it was left out."""
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


def significant(value: float) -> str:
    """Return a float with three significant digits (0.0312, 31.2, 31,200), an int in full, nan as -."""
    if isinstance(value, int):
        return f"{value:,}"
    if math.isnan(value):
        return "-"
    places = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{round(value, places):,.{max(0, places)}f}"


def compare(workload: Workload, rounds: int) -> tuple[list[list[str]], list[str]]:
    """Return the rows of a table, heading first, and a line for each contestant left out."""
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
            rows[-1].append(significant(median_low(sample[measure] for sample in samples)))
            if ratio:
                pairs = zip(measured[first], samples, strict=True)
                rows[-1].append(spread([one[measure] / this[measure] for one, this in pairs]))
    return rows, left_out


def spread(ratios: Sequence[float]) -> str:
    """Return the median, minimum and maximum of the ratios of the rounds: `9.56 (8.29-9.69)`."""
    least, greatest = significant(min(ratios)), significant(max(ratios))
    return f"{significant(median_low(ratios))} ({least}-{greatest})"


def as_text(rows: list[list[str]]) -> str:
    """Return the table in aligned columns, names to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines)


def as_markdown(rows: list[list[str]]) -> str:
    """Return the table as Markdown."""
    heading, *body = rows
    rule = ["---"] + ["---:"] * (len(heading) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [heading, rule, *body])
