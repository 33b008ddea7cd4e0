"""A process that keeps Values of one core, does what it is told with them, and tells to the last bit what came of it.

Commands and answers are pickles on its standard input and output. Values are named by their place in a list; a place
beyond its end counts from the start again, so that any number names one.
"""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import struct
import subprocess
import sys
from typing import Any

import autograd_scalar as ag
from autograd_scalar import Value, functions, topological_order
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD, UPDATE

MODES = {"": contextlib.nullcontext, "no_grad": ag.no_grad, "detect_anomaly": ag.detect_anomaly}


class Worker:
    """The other end: starts a worker with the core "native" or "python", and asks it."""

    def __init__(self, core: str) -> None:
        environment = {
            **os.environ,
            "AUTOGRAD_SCALAR_PURE": str(int(core == "python")),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        command = [sys.executable, "-X", "faulthandler", "-m", "cores.worker"]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.ask("core") == core

    def ask(self, command: str, *arguments: object) -> Any:
        """Return what a command came to: its result, or the type and the text of what it raised."""
        pickle.dump((command, arguments), self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)

    def close(self) -> None:
        """End the worker; an AssertionError tells of one that crashed on its way out."""
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


def bits(x: float) -> str:
    """Return a double to the last bit; every nan is the same."""
    return "nan" if x != x else struct.pack(">d", x).hex()


def picture(roots: list[Value]) -> list[object]:
    """Return everything there is to see of some graphs."""
    order = topological_order(*roots)
    place = {v: i for i, v in enumerate(order)}
    return [place[root] for root in roots] + [
        (
            v.op,
            bits(v.data),
            bits(v.grad),
            v.label,
            [place[parent] for parent in v.parents],
            [*map(bits, v.partials)],
        )
        for v in order
    ]


class Commands:
    """What a worker can be told, with the Values it keeps."""

    def __init__(self) -> None:
        self.values: list[Value] = []

    def at(self, place: object) -> Any:
        """Return the Value at a place; a float is itself, and a list is one of either."""
        if isinstance(place, list):
            return [self.at(one) for one in place]
        return place if isinstance(place, float) else self.values[place % len(self.values)]

    def keep(self, v: Any) -> None:
        if type(v) is Value:
            self.values.append(v)

    def core(self) -> str:
        return ag.core()

    def clear(self) -> None:
        self.values.clear()

    def see(self) -> list[object]:
        return picture(self.values)

    def leaf(self, data: object, label: object) -> None:
        self.keep(Value(data, label))

    def apply(self, mode: str, row: str, operands: list[Any]) -> None:
        with MODES[mode]():
            self.keep(getattr(functions, row)(*map(self.at, operands)))

    def operate(self, mode: str, operator: str, x: Any, y: Any) -> None:
        with MODES[mode]():
            self.keep(eval(f"x {operator} y", {"x": self.at(x), "y": self.at(y)}))

    def softmax(self, xs: list[Any]) -> None:
        for v in functions.softmax(self.at(xs)):
            self.keep(v)

    def backward(self, mode: str, y: int) -> None:
        with MODES[mode]():
            self.at(y).backward()

    def recompute(self, mode: str, y: int) -> None:
        with MODES[mode]():
            self.at(y).recompute()

    def zero_grad(self, y: int) -> None:
        self.at(y).zero_grad()

    def gradient(self, y: int, xs: list[int], create_graph: bool) -> list[str]:
        slopes = ag.gradient(self.at(y), self.at(xs), create_graph=create_graph)
        for slope in slopes:
            self.keep(slope)
        return [bits(getattr(slope, "data", slope)) for slope in slopes]

    def write(self, place: int, attribute: str, to: object) -> None:
        setattr(self.at(place), attribute, to)

    def start_again(self, place: int, data: object, label: object) -> None:
        self.at(place).__init__(data, label)

    def detach(self, place: int) -> None:
        self.keep(self.at(place).detach())

    def deepcopy(self, places: list[int]) -> None:
        for v in copy.deepcopy(self.at(places)):
            self.keep(v)

    def dumps(self, places: list[int], protocol: int) -> bytes:
        return pickle.dumps(self.at(places), protocol)

    def loads(self, pickled: bytes) -> None:
        for v in pickle.loads(pickled):
            self.keep(v)

    def drop(self, place: int) -> None:
        del self.values[place % len(self.values)]

    def define(self, name: str, value: str, partials: str) -> None:
        ag.define_op(name, value, partials)

    def order(self, roots: list[int]) -> list[str]:
        return [v.op for v in topological_order(*self.at(roots))]

    def text(self, place: int) -> str:
        return f"{self.at(place)!r} {self.at(place):.3e} {bool(self.at(place))}"

    def compare(self, place: int, other: Any) -> list[bool]:
        x, y = self.at(place), self.at(other)
        return [x < y, x <= y, x > y, x >= y, x == y, y < x, y <= x]

    def rows(self, row: str, points: list[list[float]]) -> list[object]:
        """Return a row's value and partial derivatives, recorded, at many points."""
        found = []
        for point in points:
            v = RECORD[row](*TABLE[row].split([*map(Value, point)]))
            first = [bits(v.data), *map(bits, v.partials)]
            v.recompute()
            again = [bits(v.data), *map(bits, v.partials)]
            found.append(first if again == first else (first, again))
        return found

    def updates(self, name: str, points: list[list[float]], settings: list[float]) -> list[object]:
        """Return what an optimiser's rule makes of data, grad and its running numbers, a list for each of them."""
        data, grads, *running = points
        params = [*map(Value, data)]
        for v, grad in zip(params, grads, strict=True):
            v.grad = grad
        UPDATE[name](params, *running, *settings)
        return [[*map(bits, xs)] for xs in ([v.data for v in params], *running)]


def main() -> None:
    """Answer commands until there are no more."""
    commands = Commands()
    answers = sys.stdout.buffer
    with contextlib.suppress(EOFError):
        while True:
            command, arguments = pickle.load(sys.stdin.buffer)
            try:
                answer = getattr(commands, command)(*arguments)
            except Exception as problem:
                # Python says where an extension type is from, but not so of a class.
                answer = (
                    type(problem).__name__,
                    str(problem).replace("autograd_scalar.Value", "Value"),
                )
            pickle.dump(answer, answers)
            answers.flush()


if __name__ == "__main__":
    main()
