"""The specification of a compiled function: what is compiled and with which options, known to every later stage."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd_scalar.compiler.capture.signature import leaf_names, static_parts
from autograd_scalar.compiler.options import Options
from autograd_scalar.node.modes import OWN_FILES


@dataclass(eq=False)
class Spec:
    """A function, the arguments it is mapped over, and the options of `jit`."""

    f: Callable[..., Any]
    options: Options
    #: Positions of the arguments whose first axis counts rows; None where arrays broadcast instead.
    mapped: tuple[int, ...] | None = None
    #: "mean" or "sum" over the rows; None for one result a row.
    reduce: str | None = None
    #: "record" another trace where a guard fails, or raise an "error".
    flip: str = "record"
    #: Objects and functions that the caller promises not to change.
    frozen: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.name = getattr(self.f, "__name__", type(self.f).__name__).strip("<>")
        self._parameters = _positional_parameters(self.f)
        self._has_warned = False

    def leaf_names(self, structure: Any) -> list[str]:
        """Return the names of the numbers in the arguments, built from parameter names: x, w[0], w[1]."""
        return [name for part, base in self._named(structure) for name in leaf_names(part, base)]

    def statics(self, structure: Any) -> dict[str, Any]:
        """Return the arguments that are not data, by name."""
        return dict(
            pair for part, base in self._named(structure) for pair in static_parts(part, base)
        )

    def _named(self, structure: Any) -> Iterator[tuple[Any, str]]:
        """Yield the structure of each argument with its parameter name."""
        args, keywords = structure
        for i, part in enumerate(args):
            yield part, self._parameters[i] if i < len(self._parameters) else f"x{i}"
        for name, part in keywords:
            yield part, name

    def warn(
        self, what: str, advice: str = "pass numbers that change as floats, or keep them in Values"
    ) -> None:
        """Warn, once per function, that it keeps being recorded, or runs eagerly."""
        if self._has_warned:
            return
        self._has_warned = True
        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and frame.f_code.co_filename.startswith(OWN_FILES):
            frame, level = frame.f_back, level + 1
        warnings.warn(f"jit({self.name}) {what}; {advice}", RuntimeWarning, stacklevel=level)


def _positional_parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters; none where it has no signature."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
