"""Run workloads and print their tables: `python -m benchmarks [workload ...] [--rounds N]`."""

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
ON_REQUEST = ("chain10m",)  # takes a minute and 1 GB of memory


def processor() -> str:
    """Return the model of this machine's processor, or its architecture if the model is unknown."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def main() -> None:
    """Run the named workloads, or the default ones, and print a table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "workloads",
        nargs="*",
        metavar="workload",
        help=f"{', '.join(WORKLOADS)} (the default); {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--rounds", type=int, default=5, help="samples per row (default: 5)")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    options = parser.parse_args()
    if unknown := set(options.workloads) - {*WORKLOADS, *ON_REQUEST}:
        known = ", ".join(WORKLOADS + ON_REQUEST)
        parser.error(f"no workload {', '.join(unknown)}; the workloads are {known}")
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {options.rounds}")

    import autograd_scalar as ag  # not at the top, as every contestant's process imports this file

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
