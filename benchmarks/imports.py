"""Import time, measured in a new interpreter each time."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import Column, Run, Workload
from benchmarks.packages import every_package

TIMED_IMPORT = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""


def importing(module: str) -> Run:
    """Return a run that measures the milliseconds of an import; raise ImportError without the module."""
    __import__(module)
    command = [sys.executable, "-c", TIMED_IMPORT.format(module=module)]

    def seconds() -> float:
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return lambda: {"import": seconds() * 1e3}


WORKLOAD = Workload(
    title="Import",
    notes="Milliseconds in a new interpreter, with cached bytecode.",
    contestants=every_package(importing),
    columns=(Column("import", "import ms"),),
)
