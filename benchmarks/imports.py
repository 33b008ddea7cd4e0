"""Import time, each in a fresh interpreter."""

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
    """Milliseconds that the import takes; ImportError if there is no such module."""
    __import__(module)
    command = [sys.executable, "-c", TIMED_IMPORT.format(module=module)]

    def seconds() -> float:
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return lambda: {"import": seconds() * 1e3}


WORKLOAD = Workload(
    title="Import",
    notes="Milliseconds in a fresh interpreter, byte code already compiled.",
    contestants=every_package(importing),
    columns=(Column("import", "import ms"),),
)
