"""The command: `python -m benchmarks [workload ...] [--rounds N] [--markdown]`."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import import_module
from pathlib import Path

from benchmarks.harness import Workload, as_markdown, as_text, compare

WORKLOADS = (
    *("step", "gpt", "tape", "operation", "chain", "memory", "imports"),
    *("compiled", "fit", "digits", "elementwise", "scalar_call", "compile_time"),
)
ON_REQUEST = ("chain10m",)  # takes a minute and a gigabyte


def processor() -> str:
    """The model of this machine's processor, or its architecture where no model is told."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def main() -> None:
    """Run the workloads named, or all of them, and print a table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "workloads",
        nargs="*",
        metavar="workload",
        help=f"{', '.join(WORKLOADS)} (these by default); {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--rounds", type=int, default=5, help="samples of each (default: 5)")
    parser.add_argument("--markdown", action="store_true", help="tables for a page")
    options = parser.parse_args()
    if unknown := set(options.workloads) - {*WORKLOADS, *ON_REQUEST}:
        there_are = ", ".join(WORKLOADS + ON_REQUEST)
        parser.error(f"no workload {', '.join(unknown)}; there are {there_are}")
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {options.rounds}")

    import autograd_scalar as ag  # here: each contestant's process reads this file again

    print(
        f"{processor()}, {os.cpu_count()} cores, {platform.python_implementation()} "
        f"{platform.python_version()}, autograd_scalar core: {ag.core()}\n"
        f"Medians of {options.rounds} rounds. 'A / this' is A's number divided by this row's, taken "
        "within each round: median (least-greatest)."
    )
    for name in options.workloads or WORKLOADS:
        workload: Workload = import_module(f"benchmarks.{name}").WORKLOAD
        rows, left_out = compare(workload, options.rounds)
        title = f"### {workload.title}\n" if options.markdown else workload.title
        table = f"\n{as_markdown(rows) if options.markdown else as_text(rows)}" if rows else ""
        print("", title, workload.notes, *left_out, *table.splitlines(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
