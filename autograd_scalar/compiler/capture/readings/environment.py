"""Environment: all that the traces of one specialization read besides their arguments."""

from __future__ import annotations

from autograd_scalar.compiler.capture.readings.comparison import guards, repeat
from autograd_scalar.compiler.capture.readings.reading import NAME, Reading
from autograd_scalar.ops import table


class Environment:
    """The readings of all traces of a specialization, which must hold for each of them to be replayed."""

    def __init__(self) -> None:
        rows = NAME, vars(table), "definitions", (table.definitions,)  # define_op may extend them
        self._set([Reading(*rows, "the operations", "table")])

    def _set(self, noted: list[Reading]) -> None:
        self.readings, self._guards = noted, guards(noted)

    def holds(self) -> bool:
        """Return whether every reading finds the same object, or an equal number, string or container."""
        if self._guards.hold():
            return True
        repeated = repeat(self.readings)
        if len(repeated) < len(self.readings):
            return False
        self._set(repeated)
        return True

    def add(self, noted: list[Reading]) -> None:
        """Add the readings of another trace."""
        known = {reading.identity for reading in self.readings}
        self._set([*self.readings, *[r for r in noted if r.identity not in known]])
