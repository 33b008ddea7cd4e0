"""What both cores share: the parts of a Value that are not hot, written once over its public attributes.

A core is a module with the class Value and the passes over its graph: `python_core`, or `_native.core` where it was
compiled. `value` picks one and tells this module.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from autograd_scalar.node import modes
from autograd_scalar.ops.evaluate import CALLS, evaluate
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, row_of, symbol

if TYPE_CHECKING:
    from autograd_scalar.value import Value

#: The core in use; set by `value`.
core: Any = None

#: Set by the package: draws a Value for a notebook.
html_card: Callable[[Any], str] | None = None


def number(data: object) -> float:
    """Return a real number (an int, a float, a numpy scalar ...) as a float; TypeError for anything else."""
    if type(data) is core.Value:
        tracer = modes.tracer.get()
        if tracer is not None and tracer.is_number(data):  # a float outside of the recording
            return tracer.copied(data)
    if isinstance(data, Real):
        try:
            return float(data)
        except OverflowError:
            raise OverflowError(
                f"expected a number, got one too large for a float: {_shown(data)}"
            ) from None
    hint = (
        "; it is a Value already, use +v for a node or v.detach() for a leaf"
        if type(data) is core.Value
        else ""
    )
    raise TypeError(f"expected a number (an int or a float, NumPy's too), got {_shown(data)}{hint}")


def _shown(thing: object) -> str:
    try:
        text = repr(thing)
    except ValueError:  # an int of more digits than Python cares to print
        text = "an int"
    return f"{text if len(text) < 40 else text[:36] + ' ...'} ({type(thing).__name__})"


def label_of(label: object) -> str | None:
    """Return a label; TypeError for what is neither a str nor None.

    Of a subclass the mere text, lest a label refer to Values, or run code when its node is freed.
    """
    if label is None or type(label) is str:
        return label
    if issubclass(type(label), str):
        return str.__str__(label)
    raise TypeError(f"a label is a str, got {label!r} ({type(label).__name__})")


def not_a_parent(thing: object) -> TypeError:
    """Return the error for what stands among a node's parents and is no Value."""
    return TypeError(f"the parents of a node are Values, got {_shown(thing)}")


class NodeMethods:
    """Methods of Value that both cores have from here."""

    __slots__ = ()

    # The class that has these methods has them.
    if TYPE_CHECKING:
        data: float
        grad: float
        label: str | None

        @property
        def op(self) -> str: ...
        @property
        def parents(self) -> tuple[Value, ...]: ...
        @property
        def partials(self) -> tuple[float, ...]: ...

    @property
    def _prev(self) -> tuple[Value, ...]:
        """micrograd's name for parents."""
        return self.parents

    @property
    def _op(self) -> str:
        """micrograd's name for the symbol in a drawing."""
        return symbol(self.op)

    def __repr__(self) -> str:
        data, grad = self.data, untold(self, "grad")
        label = "" if self.label is None else f", label={self.label!r}"
        op = self.op if self.op in TABLE else symbol(self.op)
        op = f", op={op!r}" if op else ""
        return f"Value(data={data}, grad={grad}{label}{op})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def _repr_html_(self) -> str | None:
        return None if html_card is None else html_card(self)

    def __float__(self) -> float:
        raise TypeError(
            "float(Value) would lose its gradient: take .data for the number, or a function that records, "
            "such as autograd_scalar.exp instead of math.exp"
        )

    def __int__(self) -> int:
        raise TypeError(
            "int(Value) would lose its gradient: take int(v.data), or v.floor(), which records"
        )

    def detach(self) -> Value:
        """Return a leaf with this Value's data and label, cut off from the graph.

        >>> from autograd_scalar import Value
        >>> (Value(3.0) * 2.0).detach()
        Value(data=6.0, grad=0.0)
        """
        leaf: Value = core.node(untold(self), "", (), ())
        leaf.label = self.label
        if (tracer := modes.tracer.get()) is not None:
            tracer.cut(leaf, self)
        return leaf

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        stack: list[Any] = [self]
        while stack:
            v = stack[-1]
            missing = (
                () if id(v) in memo else [parent for parent in v.parents if id(parent) not in memo]
            )
            if missing:
                stack += missing
                continue
            if id(v) not in memo:
                parents = tuple(memo[id(parent)] for parent in v.parents)
                memo[id(v)] = restore(None, v.data, v.grad, v.label, v.op, parents, v.partials)
            stack.pop()
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Callable[..., Value], tuple[object, ...]]:
        fields = (
            self.data,
            self.grad,
            self.label,
            self.op,
            self.parents,
            self.partials,
        )
        needs_ancestors = self.parents and not _Ancestors.have_been_written(self)
        return restore, (_Ancestors(self) if needs_ancestors else None, *fields)


def restore(
    _: object,
    data: float,
    grad: float,
    label: str | None,
    op: str,
    parents: tuple[Value, ...],
    partials: tuple[float, ...],
) -> Value:
    """Return a node made of its fields; pickles name this function, whichever core wrote them."""
    v: Value = core.node(data, op, parents, partials)
    v.grad = grad
    v.label = label
    if (made_at := modes.watching.get()) is not None:
        made_at.pop(id(v), None)  # of a node that was freed: ids are used again
    return v


class _Ancestors:
    """Pickles a node's ancestors before the node itself, parents first, so that the pickler never recurses.

    A pickler asks for them one by one (or a thousand at a time) and writes what it got. A Value that has been asked for
    needs no ancestors of its own: they are written already.

    A thread refers to its latest weakly. The pickler holds it, and all that it wrote, to the end of the dump; after
    that the ids of what was asked for may be those of other nodes, and must be forgotten.
    """

    _thread = threading.local()

    def __init__(self, v: Any) -> None:
        self.v = v
        self.asked_for: set[int] = set()

    def __reduce__(self) -> tuple[object, ...]:
        return list, (), None, self._items()

    @classmethod
    def have_been_written(cls, v: Any) -> bool:
        """Return whether all the ancestors of the Value being pickled are in the pickle."""
        latest: _Ancestors | None = getattr(cls._thread, "latest", lambda: None)()
        if latest is None or id(v) not in latest.asked_for:
            return False
        latest.asked_for.remove(id(v))
        return True

    def _items(self) -> Iterator[Value]:
        self._thread.latest = weakref.ref(self)
        ancestors = core.topological_order(self.v)[:-1]
        for v in ancestors:
            self.asked_for.add(id(v))
            yield v
        self.asked_for &= {id(v) for v in ancestors[-1000:]}  # asked for, and about to be written


def operands_of(v: Value, parts: Sequence[Any]) -> list[Any]:
    """Return a node's parents, or what goes with each of them, as its row's operands: a list for each starred one.

    Raises ValueError where the row has other operands than it had when the node was recorded.
    """
    if v.op in CALLS:
        return [*parts]
    row = row_of(v.op)
    if not row.lists and len(parts) != len(row.operands):
        raise ValueError(
            f"{v.op} has been defined again, with other operands, since this graph was recorded"
        )
    return row.split(parts)


def users_recorder(row: Op) -> Callable[..., Value]:
    """Return the function that records a row which was not in the table when the core was compiled."""
    defaults = [row.defaults[operand] for operand in row.operands if operand in row.defaults]

    def record(*operands: Any) -> Value:
        missing = len(row.operands) - len(operands)
        if not 0 <= missing <= len(defaults):
            raise TypeError(f"{row.name} takes {len(row.operands)} operands, got {len(operands)}")
        operands = (*operands, *defaults[len(defaults) - missing :])
        parents = tuple(v if type(v) is core.Value else core.constant(v) for v in operands)
        z, partials = evaluate(row.name, *map(untold, parents))
        v: Value = core.node(z, row.name, parents, partials)
        return watched(v) if modes.open_blocks else v

    record.__name__ = record.__qualname__ = row.name
    return record


def watched(v: Value) -> Value:
    """Return a new node as it is to be inside a no_grad, detect_anomaly or tracing block (of any thread)."""
    made_at = modes.watching.get()
    if made_at is not None:
        made_at[id(v)] = modes.caller()
        check(v)
    if (tracer := modes.tracer.get()) is not None:
        tracer.made(v)
        return v if modes.recording.get() else v.detach()
    return v if modes.recording.get() else restore(None, v.data, 0.0, None, "", (), ())


def untold(v: Any, attribute: str = "data") -> float:
    """Return a Value's data or grad for a purpose of our own: a tracer does not hear of it."""
    if modes.tracer.get() is None:
        return getattr(v, attribute)  # type: ignore[no-any-return]
    token = modes.tracer.set(None)
    try:
        return getattr(v, attribute)  # type: ignore[no-any-return]
    finally:
        modes.tracer.reset(token)


def new_leaf(v: Value) -> None:
    """Tell a tracer of a new leaf that stands for a number."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.constant(v)


def new_value(v: Value) -> None:
    """Tell a tracer of a Value that was made as such."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.leaf(v)


def read(v: Value) -> None:
    """Tell a tracer that the data of a Value was read."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.read(v)


def compared(symbol: str, x: Value, y: Any, outcome: bool) -> bool:
    """Tell a tracer of a comparison and return its outcome."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.compared(symbol, x, y, outcome)
    return outcome


def may_change(what: str) -> None:
    """Raise an error while a function is recorded: what it changes now, its replays would not change."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.refuse(what)


def equated(v: Value, other: Any) -> None:
    """Raise an error where a recorded function asks whether a Value equals a number, or another Value.

    For numbers that is a matter of their size, for Values of identity. A record could only freeze the latter.
    """
    tracer = modes.tracer.get()
    if tracer is not None and v is other:
        tracer.told_apart(v)
    elif tracer is not None and isinstance(other, Real | core.Value):
        tracer.refuse("compares a Value with == or in", "use < and >, or where()")


def hashed(v: Value) -> None:
    """Tell a tracer that a Value was hashed."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.told_apart(v)


def may_not_read(what: str) -> None:
    """Raise an error while a function is recorded: a replay would not read it anew."""
    if (tracer := modes.tracer.get()) is not None:
        tracer.refuse(f"reads {what}")


def check(v: Value) -> None:
    """Raise AnomalyError for a node that is nan or inf, inside a detect_anomaly block."""
    made_at = modes.watching.get()
    if made_at is not None and not isfinite(untold(v)):
        raise modes.AnomalyError(f"{_told(v)} gave {untold(v)!r}, at {_place(made_at, v)}")


def _place(made_at: dict[int, str], v: Value) -> str:
    return made_at.get(id(v), "a line outside detect_anomaly()")


def adjoints(order: list[Value], seeds: dict[Value, float]) -> dict[Value, float]:
    """Return the derivative of the seeded sum of outputs by every node of a topological order.

    No grad is touched. Inside detect_anomaly() the first gradient that is nan or inf raises AnomalyError.
    """
    made_at = modes.watching.get()
    bars = dict.fromkeys(order, 0.0) | seeds
    for v in reversed(order):
        bar = bars[v]
        for parent, partial in zip(v.parents, v.partials, strict=True):
            bars[parent] += partial * bar
            if made_at is not None and not isfinite(bars[parent]):
                raise modes.AnomalyError(
                    f"the gradient of {_name(parent)} is {bars[parent]!r} after backward through {_told(v)}: there the "
                    f"local derivative is {partial!r} and the gradient that arrives {bar!r}; "
                    f"recorded at {_place(made_at, v)}"
                )
    return bars


def _told(v: Value) -> str:
    """Return a node's operation with its operands' names and data, for an error."""
    told = [f"{_name(parent)} = {untold(parent)!r}" for parent in v.parents[:4]]
    return f"{v.op}({', '.join(told)}{', ...' if len(v.parents) > 4 else ''})"


def _name(v: Value) -> str:
    label = v.label or v.op or "constant"
    return label if label.isprintable() else repr(label)


def same_length(name: str, *lengths: int) -> None:
    """Raise ValueError unless the lists of a row have one length."""
    if len(set(lengths)) > 1:
        raise ValueError(f"{name} needs lists of one length, got {' and '.join(map(str, lengths))}")
