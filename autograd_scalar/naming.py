"""Label Values after the variables that hold them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from autograd_scalar.value import Value


def label_all(
    names: Mapping[str, Any] | None = None, /, *, overwrite: bool = False, **named: Any
) -> list[str]:
    """Label Values after the caller's variables, and return the new labels as a list.

    Without arguments it labels the Values in the caller's local variables (at a prompt, in a notebook or in a module,
    the global ones). Values in lists, tuples and dictionaries become xs[0] or weights["b"]. Names that start with an
    underscore are skipped. An existing label is kept unless `overwrite` is set. A Value with several names gets the
    first; plain names come before elements of containers.

    Pass names to label only some: label_all(a=a, b=b), or a mapping such as vars().

    >>> def labels():
    ...     a, xs = Value(2.0), [Value(1.0), Value(5.0, label="mine")]
    ...     y = a * xs[0]
    ...     return label_all()
    >>> labels()
    ['a', 'y', 'xs[0]']

    Raises TypeError for an argument that is not a Value, a container or a mapping of names.
    """
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(
            f"label_all needs names, as in label_all(x=x), or a mapping from names to Values; "
            f"got a bare {type(names).__name__}"
        )
    for name, held in named.items():
        if not isinstance(held, Value | list | tuple | dict):
            raise TypeError(
                f"label_all labels Values, alone or in lists and dictionaries; "
                f"{name} is {held!r} ({type(held).__name__})"
            )
    if names is None and not named:
        names = sys._getframe(1).f_locals
    given: list[str] = []
    seen: set[Value] = set()
    for name, v in _places({**(names or {}), **named}):
        if v not in seen and (overwrite or v.label is None):
            v.label = name
            given.append(name)
        seen.add(v)
    return given


def _places(variables: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield each Value with the expression that refers to it, plain names first."""
    shown = [(name, held) for name, held in variables.items() if not name.startswith("_")]
    yield from ((name, held) for name, held in shown if isinstance(held, Value))
    # IPython's In and Out are also named _ih and _oh, so they are skipped too: x is a better label than Out[3].
    entered = {id(held) for name, held in variables.items() if name.startswith("_")}
    stack = shown[::-1]
    while stack:
        name, held = stack.pop()
        if isinstance(held, list | tuple):
            items: Iterator[tuple[Any, Any]] = enumerate(held)
        elif isinstance(held, dict):
            items = iter(held.items())
        else:
            continue
        if id(held) not in entered:
            entered.add(id(held))
            inner = []
            for key, item in items:
                if isinstance(item, Value):
                    yield f"{name}[{_key(key)}]", item
                elif isinstance(item, list | tuple | dict):
                    inner.append((f"{name}[{_key(key)}]", item))
            stack += reversed(inner)


def _key(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)
