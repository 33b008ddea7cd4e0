"""Kill processes at random instants while they write a checkpoint: `python tests/train/kills.py 200`.

Then let several processes and threads write one at the same time.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from autograd_scalar import nn
from autograd_scalar.train import load_checkpoint, save_checkpoint


def kill_writers(folder: str, count: int) -> tuple[int, int]:
    """Kill as many writers of one checkpoint, each at a random instant, and check the file after each.

    Return how many kills the file was replaced before, and how many left a temporary file behind.
    """
    path = os.path.join(folder, "model.json")
    rng, model, versions, abandoned = random.Random(0), nn.MLP(10, [40, 1]), set(), 0
    _write(path, model, 0)
    for kill in range(1, count + 1):
        pid = _forked(lambda number=kill: [_write(path, model, number) for _ in range(10**9)])
        time.sleep(rng.uniform(0.0, 0.04))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        saved = _read(path)
        versions.add(saved)
        abandoned += len(os.listdir(folder)) > 1
    _write(path, model, 0)
    assert os.listdir(folder) == ["model.json"], "temporary files are left"
    return len(versions) - 1, abandoned


def write_together(folder: str) -> None:
    """Let three processes and three threads write and read one checkpoint at the same time."""
    path = os.path.join(folder, "model.json")

    def write(number: int) -> None:
        model = nn.MLP(8, [8, 1])
        for _ in range(20):
            _write(path, model, number)
            _read(path)

    processes = [_forked(lambda number=k: write(number)) for k in range(3)]
    with ThreadPoolExecutor(3) as pool:
        [*pool.map(write, range(3, 6))]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in processes]
    assert codes == [0, 0, 0]
    assert os.listdir(folder) == ["model.json"], "temporary files are left"


def _forked(act: Callable[[], object]) -> int:
    """Run a function in a new process, and return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        act()
        os._exit(0)
    finally:
        os._exit(1)


def _write(path: str, model: nn.Module, number: int) -> None:
    """Write a checkpoint whose parameters all are a number."""
    model.load_state_dict(dict.fromkeys(model.state_dict(), float(number)))
    save_checkpoint(path, model, extra=number)


def _read(path: str) -> int:
    """Return the number in a checkpoint; AssertionError if parts of it are of another writer."""
    saved = load_checkpoint(path)
    assert {*saved.model.values()} == {float(saved.extra)}, "a checkpoint of two writers"
    return int(saved.extra)


if __name__ == "__main__":
    kills = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        replaced, left = kill_writers(scratch, kills)
    print(
        f"{kills} kills: the file was whole after each; {replaced} had replaced it, {left} left a temporary file, "
        "and all of these were removed"
    )
    with tempfile.TemporaryDirectory() as scratch:
        write_together(scratch)
    print("3 processes and 3 threads wrote one file, which was whole at every reading")
