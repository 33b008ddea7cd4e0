"""Code for every processor that LLVM knows; in children, because LLVM ends the process where it cannot lower code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")


def child(*arguments: str) -> subprocess.CompletedProcess[str]:
    worker = Path(__file__).with_name("processors.py")
    return subprocess.run([sys.executable, str(worker), *arguments], capture_output=True, text=True)


@pytest.mark.slow
def test_no_processor_makes_llvm_abort():
    listed = re.findall(r"^  (\S+) +- Select the", child().stderr, re.MULTILINE)
    names = [name for name in listed if name.replace("_", "-") == name]  # the others are aliases
    assert len(names) > 10
    waiting = [f"{turn}:{name}" for turn, name in enumerate(names)]
    aborted = []
    while waiting:
        ran = child(*waiting)
        waiting = waiting[len(ran.stdout.split()) :]
        if ran.returncode:
            aborted.append((waiting.pop(0), ran.stderr.splitlines()[-1]))
    assert not aborted
