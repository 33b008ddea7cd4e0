"""Kernels read and write within their arrays; protected pages around these end the process otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")
if not sys.platform.startswith("linux"):
    pytest.skip("guard pages need mmap and mprotect as Linux has them", allow_module_level=True)


def guarded(*names: str) -> subprocess.CompletedProcess[str]:
    worker = Path(__file__).with_name("guarded.py")
    return subprocess.run(
        [sys.executable, str(worker), *names], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["no_guard", "before_the_beginning"])
def test_a_stray_access_ends_the_process(name):
    assert guarded(name).returncode == -signal.SIGSEGV


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kernels", "kernels_of_a_net", "elements", "samples", "singles"])
def test_kernels_stay_within_their_arrays(name):
    ran = guarded(name)
    assert (ran.returncode, ran.stdout) == (0, "done\n"), ran.stderr
