"""A process that holds Values of one engine, executes commands on them, and reports the results to the last bit.

Commands and answers are pickles on standard input and output. Values are named by their index in a list, modulo its
length, so that any integer names one.
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
    """The client: starts a worker with the engine "native" or "python", and sends commands."""

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
        """Return the result of a command, or the type and text of the exception that it raised."""
        pickle.dump((command, arguments), self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)

    def close(self) -> None:
        """End the worker; AssertionError if it crashed at exit."""
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


def bits(x: float) -> str:
    """Return the bits of a double as text; all nans are equal."""
    return "nan" if x != x else struct.pack(">d", x).hex()


def picture(roots: list[Value]) -> list[object]:
    """Return the whole observable state of some graphs."""
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
    """The commands of a worker, and the Values that it holds."""

    def __init__(self) -> None:
        self.values: list[Value] = []

    def at(self, place: object) -> Any:
        """Return the Value at an index, a float unchanged, or a list of either."""
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
        """Return the value and partial derivatives that a row records at many points."""
        found = []
        for point in points:
            v = RECORD[row](*TABLE[row].split([*map(Value, point)]))
            first = [bits(v.data), *map(bits, v.partials)]
            v.recompute()
            again = [bits(v.data), *map(bits, v.partials)]
            found.append(first if again == first else (first, again))
        return found

    def updates(self, name: str, points: list[list[float]], settings: list[float]) -> list[object]:
        """Apply an optimizer's rule to lists of data, grad and state, and return the results."""
        data, grads, *running = points
        params = [*map(Value, data)]
        for v, grad in zip(params, grads, strict=True):
            v.grad = grad
        UPDATE[name](params, *running, *settings)
        return [[*map(bits, xs)] for xs in ([v.data for v in params], *running)]


def main() -> None:
    """Answer commands until the input ends."""
    commands = Commands()
    answers = sys.stdout.buffer
    with contextlib.suppress(EOFError):
        while True:
            command, arguments = pickle.load(sys.stdin.buffer)
            try:
                answer = getattr(commands, command)(*arguments)
            except Exception as problem:
                # The repr of an extension type names its module, that of a class does not.
                answer = (
                    type(problem).__name__,
                    str(problem).replace("autograd_scalar.Value", "Value"),
                )
            pickle.dump(answer, answers)
            answers.flush()


if __name__ == "__main__":
    main()
