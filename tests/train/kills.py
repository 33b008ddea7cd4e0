"""Kill processes at random instants while they write a checkpoint: `python tests/train/kills.py 200`."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time

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
        pid = os.fork()
        if not pid:
            try:
                while True:
                    _write(path, model, kill)
            finally:
                os._exit(1)
        time.sleep(rng.uniform(0.0, 0.04))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        saved = load_checkpoint(path)
        assert {*saved.model.values()} == {float(saved.extra)}, "a checkpoint of two writers"
        versions.add(saved.extra)
        abandoned += len(os.listdir(folder)) > 1
    _write(path, model, 0)
    assert os.listdir(folder) == ["model.json"], "temporary files are left"
    return len(versions) - 1, abandoned


def _write(path: str, model: nn.Module, number: int) -> None:
    """Write a checkpoint whose parameters all are a number."""
    model.load_state_dict(dict.fromkeys(model.state_dict(), float(number)))
    save_checkpoint(path, model, extra=number)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        kills = int(sys.argv[1])
        replaced, left = kill_writers(scratch, kills)
        print(
            f"{kills} kills: the file was whole after each; {replaced} had replaced it, {left} left a temporary file, "
            "and all of these were removed"
        )
