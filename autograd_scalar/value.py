"""Value: a float that remembers how it was made, and the passes over the graph that remembering leaves behind.

The methods that compute (`+`, `*`, `exp`, ...) are made from the rows of the table; see `methods`.
A node holds its parents and the derivatives by them, nothing refers forward, and no pass recurses:
a chain of a million nodes is fine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, final

from autograd_scalar import floats, methods, modes, ops
from autograd_scalar.floats import evaluate
from autograd_scalar.ops import TABLE, Op

if TYPE_CHECKING:
    from autograd_scalar._rows import RowMethods  # written by tools/stubs.py from the table
else:
    RowMethods = object

#: Set by the package: draws a Value for a notebook.
html_card: Callable[[Value], str] | None = None


@final
class Value(RowMethods):
    """A number in a recorded expression.

    `data` is the number and `grad` what backward() has left there, both floats and both settable.
    `label` is a name for displays, or None. `op` is the name of the row that made the Value ("" for
    a leaf), `parents` its operands in order, with repeats, and `partials` the derivatives by each
    of them, as they were when it was recorded.

    Raises TypeError for data that is not a real number.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2.0
    >>> y.backward()
    >>> y.data, x.grad
    (11.0, 6.0)
    """

    # One or two parents are in _x and _y (None where there is one), the partials in _dx and _dy. More of them are
    # tuples in _x and _dx; a leaf has None in _x. With tuples in every node the garbage collector has twice as much
    # to walk: a training step of 65,818 nodes took 2.5 to 3 times as long, and a product 216 bytes instead of 144.
    __slots__ = ("_data", "_dx", "_dy", "_grad", "_x", "_y", "label", "op")

    label: str | None
    op: str
    _x: Any
    _y: Value | None
    _dx: Any
    _dy: float

    def __init__(self, data: float, label: str | None = None) -> None:
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label is a str, got {label!r} ({type(label).__name__})")
        self._data: float = number(data)
        self._grad: float = 0.0
        self.label = label
        self.op = ""
        self._x = None

    # ----- what a Value shows -----

    @property
    def data(self) -> float:
        """The number itself. Setting it does not touch what was recorded: see recompute()."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self._data = data if type(data) is float else number(data)

    @property
    def grad(self) -> float:
        """The derivative that backward() has left here; 0.0 before."""
        return self._grad

    @grad.setter
    def grad(self, grad: float) -> None:
        self._grad = grad if type(grad) is float else number(grad)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The operands, in order and with repeats; () for a leaf."""
        x: Any = () if self._x is None else self._x
        if isinstance(x, tuple):
            return x
        return (x,) if self._y is None else (x, self._y)

    @property
    def partials(self) -> tuple[float, ...]:
        """The derivatives by each of the parents, as they were when the operation was recorded."""
        dx: Any = () if self._x is None else self._dx
        if isinstance(dx, tuple):
            return dx
        return (dx,) if self._y is None else (dx, self._dy)

    @property
    def _prev(self) -> tuple[Value, ...]:
        """micrograd's name for parents."""
        return self.parents

    @property
    def _op(self) -> str:
        """micrograd's name for the symbol in a drawing."""
        return TABLE[self.op].symbol if self.op in TABLE else self.op

    def __repr__(self) -> str:
        label = "" if self.label is None else f", label={self.label!r}"
        op = f", op={self.op!r}" if self.op else ""
        return f"Value(data={self._data}, grad={self._grad}{label}{op})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def _repr_html_(self) -> str | None:
        return None if html_card is None else html_card(self)

    # ----- what a Value is among numbers -----

    def __float__(self) -> float:
        raise TypeError(
            "float(Value) would lose its gradient: take .data for the number, or a function that records, "
            "such as autograd_scalar.exp instead of math.exp"
        )

    def __bool__(self) -> bool:
        return self._data != 0.0

    def __lt__(self, other: Value | float) -> bool:
        return NotImplemented if (y := _comparable(other)) is None else self._data < y

    def __le__(self, other: Value | float) -> bool:
        return NotImplemented if (y := _comparable(other)) is None else self._data <= y

    def __gt__(self, other: Value | float) -> bool:
        return NotImplemented if (y := _comparable(other)) is None else self._data > y

    def __ge__(self, other: Value | float) -> bool:
        return NotImplemented if (y := _comparable(other)) is None else self._data >= y

    def __pow__(self, exponent: Value | float) -> Value:
        return self._pow(exponent) if type(exponent) is Value else self._pow_const(exponent)

    def __rpow__(self, base: float) -> Value:
        return _reflected(base, "_pow", self)

    def __radd__(self, other: float) -> Value:
        return _reflected(other, "__add__", self)

    def __rsub__(self, other: float) -> Value:
        return _reflected(other, "__sub__", self)

    def __rmul__(self, other: float) -> Value:
        return _reflected(other, "__mul__", self)

    def __rtruediv__(self, other: float) -> Value:
        return _reflected(other, "__truediv__", self)

    # ----- passes -----

    def backward(self) -> None:
        """Add the derivative of this Value by each leaf to the leaf's grad.

        What lies between the leaves and this Value is set afresh, to this Value's derivative by it.
        So a second backward adds the same to the leaves once more, and outputs that share nodes do
        not disturb each other.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward(); y.backward()
        >>> x.grad
        54.0
        """
        order = topological_order(self)
        if modes.open_blocks:
            adjoints(order, {self: 1.0})  # raises on an anomaly before any grad is touched
        for v in order:
            if v._x is not None:
                v._grad = 0.0
        self._grad += 1.0
        for v in reversed(order):
            x = v._x
            if x is None:
                continue
            grad = v._grad
            if type(x) is tuple:
                for parent, partial in zip(x, v._dx):  # noqa: B905  strict=True costs 8 % of the pass
                    parent._grad += partial * grad
                continue
            x._grad += v._dx * grad
            y = v._y
            if y is not None:
                y._grad += v._dy * grad

    def zero_grad(self) -> None:
        """Set the grad of every node of the graph under this Value to 0.0."""
        for v in topological_order(self):
            v._grad = 0.0

    def recompute(self) -> None:
        """Run the recorded graph again, in place, from the present data of its leaves.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> x.data = 5.0
        >>> y.recompute(); y.data
        25.0
        """
        for v in topological_order(self):
            if parents := v.parents:
                operands = TABLE[v.op].split([parent._data for parent in parents])
                v._data, partials = evaluate(v.op, *operands)
                _link(v, parents, partials)

    def detach(self) -> Value:
        """Return a leaf with this Value's data and label, cut off from the graph.

        >>> (Value(3.0) * 2.0).detach()
        Value(data=6.0, grad=0.0)
        """
        return Value(self._data, self.label)

    # ----- copies -----

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for v in topological_order(self):
            if id(v) not in memo:
                parents = tuple(memo[id(parent)] for parent in v.parents)
                memo[id(v)] = restore(None, v._data, v._grad, v.label, v.op, parents, v.partials)
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Callable[..., Value], tuple[object, ...]]:
        fields = (self._data, self._grad, self.label, self.op, self.parents, self.partials)
        return restore, (
            _Ancestors(self) if self.parents and not _Ancestors.are_written() else None,
            *fields,
        )


def number(data: object) -> float:
    """Return a real number (an int, a float, a numpy scalar ...) as a float; TypeError for anything else."""
    if isinstance(data, Real):
        return float(data)
    shown = repr(data) if len(repr(data)) < 40 else repr(data)[:36] + " ..."
    hint = (
        "; it is a Value already, use +v for a node or v.detach() for a leaf"
        if isinstance(data, Value)
        else ""
    )
    raise TypeError(
        f"expected a number (int, float or a numpy scalar), got {shown} ({type(data).__name__}){hint}"
    )


def constant(data: object) -> Value:
    """Return a number as a leaf; TypeError for what is no number."""
    v: Value = new(Value)
    v._data = data if type(data) is float else number(data)
    v._grad = 0.0
    v.op = ""
    v.label = None
    v._x = None
    return v


def _comparable(other: object) -> float | None:
    if type(other) is Value:
        return other._data
    return float(other) if isinstance(other, Real) else None


def _reflected(left: object, operator: str, right: Value) -> Value:
    """Return `left operator right` for a left that is no Value; NotImplemented where it is no number either."""
    try:
        lifted = constant(left)
    except TypeError:
        return NotImplemented  # type: ignore[no-any-return]
    recorded: Value = getattr(lifted, operator)(right)
    return recorded


def topological_order(*roots: Value) -> list[Value]:
    """Return every node of the graphs under the roots, parents before children and left operands before right ones.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> [v.label or v.op for v in topological_order(a * b + a)]
    ['a', 'b', 'mul', 'add']
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = list(reversed(roots))
    while stack:
        v = stack.pop()
        if v is None:  # all the parents of the node below this mark are in the order
            order.append(stack.pop())  # type: ignore[arg-type]
        elif v not in seen:
            seen.add(v)
            x = v._x
            if x is None:
                order.append(v)
            elif type(x) is tuple:
                stack += (v, None, *x[::-1])
            elif v._y is None:
                stack += (v, None, x)
            else:
                stack += (v, None, v._y, x)
    return order


def adjoints(order: list[Value], seeds: dict[Value, float]) -> dict[Value, float]:
    """Return the derivative of the seeded sum of outputs by every node of a topological order; touches no grad.

    Inside detect_anomaly() the first contribution that is nan or inf raises AnomalyError.
    """
    made_at = modes.watching.get()
    bars = dict.fromkeys(order, 0.0) | seeds
    for v in reversed(order):
        bar = bars[v]
        for parent, partial in zip(v.parents, v.partials):  # noqa: B905
            bars[parent] += partial * bar
            if made_at is not None and not isfinite(bars[parent]):
                raise modes.AnomalyError(
                    f"the gradient of {_name(parent)} is {bars[parent]!r} after backward through {_told(v)}: there the "
                    f"local derivative is {partial!r} and the gradient that arrives {bar!r}; "
                    f"recorded at {made_at.get(id(v), 'a line outside detect_anomaly()')}"
                )
    return bars


def watched(v: Value) -> Value:
    """Return a new node as it is to be inside a no_grad or detect_anomaly block (of any thread)."""
    if not modes.recording.get():
        return constant(v._data)
    made_at = modes.watching.get()
    if made_at is not None:
        made_at[id(v)] = line = modes.caller()
        if not isfinite(v._data):
            raise modes.AnomalyError(f"{_told(v)} gave {v._data!r}, at {line}")
    return v


def _told(v: Value) -> str:
    """Return a node's operation with its operands' names and data, for an error."""
    told = [f"{_name(parent)} = {parent._data!r}" for parent in v.parents[:4]]
    return f"{v.op}({', '.join(told)}{', ...' if len(v.parents) > 4 else ''})"


def _name(v: Value) -> str:
    return v.label or v.op or "constant"


def restore(
    _: object,
    data: float,
    grad: float,
    label: str | None,
    op: str,
    parents: tuple[Value, ...],
    partials: tuple[float, ...],
) -> Value:
    """Return a node made of its fields."""
    v: Value = new(Value)
    v._data, v._grad, v.label, v.op = data, grad, label, op
    _link(v, parents, partials)
    return v


def _link(v: Value, parents: tuple[Value, ...], partials: tuple[float, ...]) -> None:
    """Give a node its parents and partials."""
    v._y = None
    if len(parents) == 2:
        (v._x, v._y), (v._dx, v._dy) = parents, partials
    elif len(parents) == 1:
        (v._x,), (v._dx,) = parents, partials
    else:
        v._x, v._dx = parents or None, partials


class _Ancestors:
    """Pickles a node's ancestors before the node itself, parents first, so that the pickler never recurses.

    A pickler asks for the items while it writes; while it does, the Values among them leave their
    own ancestors out, since all of those are written already.
    """

    _writing = threading.local()

    def __init__(self, v: Value) -> None:
        self.v = v

    def __reduce__(self) -> tuple[object, ...]:
        return list, (), None, self._items()

    @classmethod
    def are_written(cls) -> bool:
        """Return whether the Value being pickled is one of the items, and so needs no ancestors of its own."""
        return getattr(cls._writing, "on", False)

    def _items(self) -> Iterator[Value]:
        self._writing.on = True
        try:
            yield from topological_order(self.v)[:-1]
        finally:
            self._writing.on = False


# ----- the rows become methods -----

new: Final = object.__new__

#: Python's operators, by the row each of them records.
OPERATORS: Final = {
    "add": "__add__", "sub": "__sub__", "mul": "__mul__", "truediv": "__truediv__",
    "neg": "__neg__", "pos": "__pos__", "abs": "__abs__",
    "floor": "__floor__", "ceil": "__ceil__", "round": "__round__",
    "pow": "_pow", "pow_const": "_pow_const",  # __pow__ picks one of these by the exponent
}  # fmt: skip


def _same_length(name: str, *lengths: int) -> None:
    if len(set(lengths)) > 1:
        raise ValueError(f"{name} needs lists of one length, got {' and '.join(map(str, lengths))}")


_namespace: dict[str, Any] = {
    "Value": Value,
    "constant": constant,
    "exact": evaluate,
    "modes": modes,
    "new": new,
    "same_length": _same_length,
    "watched": watched,
}


def _recorder(name: str, *, operator: bool = False) -> Callable[..., Any]:
    row = TABLE[name]
    _namespace.update(floats.fast(row))
    return methods.compiled(methods.recorder(row, operator=operator), _namespace)[name]


class _Recorders(dict[str, Callable[..., Value]]):
    """The functions that record, by row, made when first asked for: at import they would take 30 ms."""

    def __missing__(self, name: str) -> Callable[..., Value]:
        self[name] = _recorder(name)
        return self[name]


class _Method:
    """Stands for a method of Value until it is first asked for; then the function itself takes its place."""

    def __init__(self, row: str, *, operator: bool = False) -> None:
        self.row, self.operator = row, operator

    def __set_name__(self, owner: type[Value], name: str) -> None:
        self.name = name

    def __get__(self, v: Value | None, owner: type[Value]) -> Callable[..., Any]:
        made = _recorder(self.row, operator=True) if self.operator else RECORD[self.row]
        setattr(owner, self.name, made)
        return made if v is None else made.__get__(v)


#: The functions that record, by row; the first operand must be a Value (or a list).
RECORD = _Recorders()


def _install(attribute: str, method: _Method) -> None:
    method.__set_name__(Value, attribute)
    setattr(Value, attribute, method)


def define_row(name: str, value: str, partials: str, latex: str | None) -> Op:
    """Put a user's row into the table and give Value its method; see functions.define_op."""
    if name not in TABLE and hasattr(Value, name):
        raise ValueError(f"row {name!r}: Value has an attribute of that name; choose another")
    row = Op(name, value, partials, latex)
    ops.define(row)
    # All the user's rows are made anew: others may have pasted an earlier one by this name in.
    users = TABLE.keys() - ops.BUILT_IN
    floats.forget(users)
    for user in users:
        RECORD.pop(user, None)
        _namespace.pop(user, None)
        _install(user, _Method(user))
    return row


for _row in TABLE.values():
    if not _row.lists:
        _install(_row.name, _Method(_row.name))
for _name_of_row, _dunder in OPERATORS.items():
    _install(_dunder, _Method(_name_of_row, operator=True))
setattr(Value, "pow", Value.__pow__)  # noqa: B010  picks the row by the exponent, as ** does
