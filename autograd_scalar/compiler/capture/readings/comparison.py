"""Comparison of readings: do they still find the same objects, or equal ones that may take their place?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import is_
from types import MethodType
from typing import Any

from autograd_scalar.compiler.capture.readings import containers
from autograd_scalar.compiler.capture.readings.reading import (
    ATOMS,
    MISSING,
    PAIRS,
    Reading,
    buffer,
    form,
    identity,
    read,
)
from autograd_scalar.node import registry


def unchanged(readings: Iterable[Reading]) -> bool:
    """Return whether all readings find the very same objects as before."""
    for kind, owner, key, found, _, _ in readings:
        if key is buffer:
            if not _has_bytes(owner, *found):
                return False
            continue
        now = read(kind, owner, key)
        if len(now) != len(found) or not all(map(is_, now, found)):
            return False
    return True


def filled(readings: Iterable[Reading]) -> bool:
    """Return whether readings find the same objects as before, or one where there was none, as in a filled cache."""
    for reading in readings:
        if unchanged((reading,)):
            continue
        now, before = read(reading.kind, reading.owner, reading.key), reading.found
        is_mapping = reading.key is containers.listed and containers.is_mapping(reading.owner)
        if (reading.kind == PAIRS or is_mapping) and len(now) > len(before):  # keys, then values
            count, entries = len(before) // 2, len(now) // 2
            now = *now[:count], *now[entries : entries + count]
        if len(now) != len(before) or not all(
            new is old or old is None or old is MISSING
            for old, new in zip(before, now, strict=True)
        ):
            return False
    return True


def _has_bytes(owner: Any, described: Any, shape: Any, data: bytes) -> bool:
    """Return whether an array has these elements, without a copy where its bytes are contiguous."""
    if containers.is_array(owner):
        if owner.shape != shape or form(owner) != described:
            return False
        if not owner.flags.c_contiguous or not owner.nbytes or owner.dtype.kind in "mM":
            return bool(owner.tobytes() == data)
    view = memoryview(owner)
    is_whole = view.c_contiguous and view.nbytes
    return bool((view.cast("B") if is_whole else view.tobytes()) == data)


class Guards:
    """Readings to repeat at each call. The native engine has a class of the same name in its place."""

    def __init__(
        self, readings: list[Reading], missing: Any, unchanged: Callable[[Any], bool]
    ) -> None:
        self._readings, self._unchanged = readings, unchanged

    def hold(self) -> bool:
        """Return whether all readings find the very same objects as before."""
        return self._unchanged(self._readings)


def guards(readings: list[Reading]) -> Guards:
    """Return the guards that repeat readings, of the engine in use."""
    kind: type[Guards] = getattr(registry.engine, "Guards", Guards)
    return kind(readings, MISSING, unchanged)


def repeat(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings with what each finds now, up to the first that finds an object not the same or equal.

    Where an equal container has taken the place of another one, it is read from then on. Two names of one container
    have to be two names of one again, since code can tell: by `is`, and by what it changes in a copy.
    """
    replaced = _Replaced()
    while True:
        count = len(replaced)
        repeated = _repeated(readings, replaced)
        if len(repeated) < len(readings) or len(replaced) == count:
            return repeated
        # A reading of a container may come before the one that finds it replaced: read all again.


def _repeated(readings: Sequence[Reading], replaced: _Replaced) -> list[Reading]:
    repeated: list[Reading] = []
    for reading in readings:
        owner = replaced.now(reading.owner)
        if reading.key is identity and owner is not reading.owner:
            break
        now = read(reading.kind, owner, reading.key)
        if len(now) != len(reading.found) or not all(
            _may_replace(old, new, replaced) for old, new in zip(reading.found, now, strict=True)
        ):
            break
        repeated.append(reading._replace(owner=owner, found=now))
    return repeated


class _Replaced:
    """The containers that took the place of others, one for one; a container may have kept its place."""

    def __init__(self) -> None:
        self._new: dict[int, Any] = {}
        self._old: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return the number of containers with a counterpart."""
        return len(self._new)

    def now(self, old: Any) -> Any:
        """Return the container in the place of another one."""
        return self._new.get(id(old), old)

    def pair(self, old: Any, new: Any) -> bool:
        """Note that a container takes the place of another one; return False if either has another counterpart."""
        return (
            self._new.setdefault(id(old), new) is new and self._old.setdefault(id(new), old) is old
        )


def _may_replace(old: Any, new: Any, replaced: _Replaced) -> bool:
    """Return whether an object may take the place of another one; note if it is a container to read instead."""
    kind = type(old)
    if kind is type(new) and containers.is_exchangeable(old):
        return replaced.pair(old, new)
    if old is new:
        return True
    if kind is not type(new):
        return False
    if kind is MethodType:
        return old.__func__ is new.__func__ and old.__self__ is new.__self__
    if issubclass(kind, tuple) and (kind is tuple or hasattr(kind, "_fields")):
        return len(old) == len(new) and all(
            _may_replace(a, b, replaced) for a, b in zip(old, new, strict=True)
        )
    if issubclass(kind, ATOMS):  # nan is in a list that holds it, and another nan is not
        return bool(old == new) and repr(old) == repr(new)
    return False
