"""Value in plain Python: the core to read, the fallback, and the oracle for the compiled one.

The methods that compute (`+`, `*`, `exp`, ...) are made from the rows of the table; see `methods`. A
node holds its parents and the derivatives by them, nothing refers forward, and no pass recurses: a
chain of a million nodes is fine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, final

from autograd_scalar.node import modes
from autograd_scalar.node.nodes import (
    NodeMethods,
    adjoints,
    check,
    compared,
    equated,
    hashed,
    label_of,
    may_change,
    may_not_read,
    new_leaf,
    new_value,
    not_a_parent,
    number,
    operands_of,
    read,
    same_length,
    watched,
)
from autograd_scalar.ops import codegen, ieee
from autograd_scalar.ops.codegen import OPERATORS
from autograd_scalar.ops.evaluate import evaluate, fast
from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.ops.table import TABLE

if TYPE_CHECKING:
    from autograd_scalar._rows import RowMethods  # made by tools/stubs.py from the table
else:
    RowMethods = NodeMethods


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
    # to walk: a training step of 65,818 nodes took 2.5 to 3 times as long, and a product 216 bytes instead of 120.
    __slots__ = ("_data", "_dx", "_dy", "_grad", "_label", "_row", "_x", "_y")

    _row: str
    _label: str | None
    _x: Any
    _y: Value | None
    _dx: Any
    _dy: float

    def __init__(self, data: float, label: str | None = None) -> None:
        number_of_data, label = (
            number(data),
            label_of(label),
        )  # before anything changes: they may raise
        self._data: float = number_of_data
        self._grad: float = 0.0
        self._label = label
        self._row = ""
        self._x = None
        if modes.open_blocks:
            new_value(self)

    def __init_subclass__(cls) -> None:
        raise TypeError("Value cannot be subclassed: operations give plain Values")

    # ----- what a Value shows -----

    @property
    def data(self) -> float:
        """The number itself. Setting it does not touch what was recorded: see recompute()."""
        if modes.open_blocks:
            read(self)
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if modes.open_blocks:
            may_change("sets data")
        self._data = data if type(data) is float else number(data)

    @property
    def grad(self) -> float:
        """The derivative that backward() has left here; 0.0 before."""
        if modes.open_blocks:
            may_not_read("grad")
        return self._grad

    @grad.setter
    def grad(self, grad: float) -> None:
        if modes.open_blocks:
            may_change("sets grad")
        self._grad = grad if type(grad) is float else number(grad)

    @property
    def label(self) -> str | None:
        """A name for displays, or None."""
        return self._label

    @label.setter
    def label(self, label: str | None) -> None:
        self._label = label_of(label)

    @property
    def op(self) -> str:
        """The name of the row that made this Value; "" for a leaf."""
        return self._row

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
        if modes.open_blocks:
            may_not_read("partials")
        dx: Any = () if self._x is None else self._dx
        if isinstance(dx, tuple):
            return dx
        return (dx,) if self._y is None else (dx, self._dy)

    # ----- what a Value is among numbers -----

    def __bool__(self) -> bool:
        outcome = self._data != 0.0
        return compared("!=", self, 0.0, outcome) if modes.open_blocks else outcome

    def __eq__(self, other: object) -> bool:
        if modes.open_blocks:
            equated(self, other)
        return NotImplemented  # a Value equals itself alone

    def __hash__(self) -> int:
        if modes.open_blocks:
            hashed(self)
        return object.__hash__(self)

    def __lt__(self, other: Value | float) -> bool:
        if (y := _comparable(other)) is None:
            return NotImplemented
        outcome = bool(self._data < y)  # NumPy's numbers give bools of their own
        return compared("<", self, other, outcome) if modes.open_blocks else outcome

    def __le__(self, other: Value | float) -> bool:
        if (y := _comparable(other)) is None:
            return NotImplemented
        outcome = bool(self._data <= y)
        return compared("<=", self, other, outcome) if modes.open_blocks else outcome

    def __gt__(self, other: Value | float) -> bool:
        if (y := _comparable(other)) is None:
            return NotImplemented
        outcome = bool(self._data > y)
        return compared(">", self, other, outcome) if modes.open_blocks else outcome

    def __ge__(self, other: Value | float) -> bool:
        if (y := _comparable(other)) is None:
            return NotImplemented
        outcome = bool(self._data >= y)
        return compared(">=", self, other, outcome) if modes.open_blocks else outcome

    def __pow__(self, exponent: Value | float) -> Value:
        return self._pow(exponent) if type(exponent) is Value else self._pow_const(exponent)

    def pow(self, exponent: Value | float) -> Value:
        """Return self ** exponent."""
        return self ** (exponent if type(exponent) is Value else number(exponent))

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
            may_change("calls backward()")
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
        if modes.open_blocks:
            may_change("calls zero_grad()")
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
        if modes.open_blocks:
            may_change("calls recompute()")
        for v in topological_order(self):
            if parents := v.parents:
                operands = operands_of(v, [parent._data for parent in parents])
                v._data, partials = evaluate(v.op, *operands)
                _link(v, parents, partials)
                if modes.open_blocks:
                    check(v)


def constant(data: object) -> Value:
    """Return a number as a leaf; TypeError for what is no number."""
    v: Value = new(Value)
    v._data = data if type(data) is float else number(data)
    v._grad = 0.0
    v._row = ""
    v._label = None
    v._x = None
    if modes.open_blocks:
        new_leaf(v)
    return v


def _comparable(other: object) -> Any:
    """Return what to compare data with, or None: numbers as they are, since Python compares even huge ints exactly."""
    if type(other) is Value:
        return other._data
    return other if isinstance(other, Real) else None


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
    for root in roots:
        if type(root) is not Value:
            raise TypeError(f"topological_order needs Values, got {root!r} ({type(root).__name__})")
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


def pull_back(seeds: dict[Value, float], inputs: Sequence[Value]) -> list[float]:
    """Return the derivatives of the seeded sum of outputs by the inputs; no grad is touched."""
    bars = adjoints(topological_order(*seeds), seeds)
    return [bars.get(x, 0.0) for x in inputs]


def zero_grads(values: Iterable[Value]) -> None:
    """Set the grads of some Values to 0.0."""
    if modes.open_blocks:
        may_change("zeroes grads")
    for v in values:
        v._grad = 0.0


def node(data: float, op: str, parents: tuple[Value, ...], partials: tuple[float, ...]) -> Value:
    """Return a node made of its fields; a leaf where it has no parents."""
    for parent in parents:
        if type(parent) is not Value:
            raise not_a_parent(parent)
    v = constant(data)
    v._row = op
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


Value.__module__ = "autograd_scalar"  # where pickles find it, whichever core is in use


# ----- the rows become methods -----

new: Final = object.__new__

_namespace: dict[str, Any] = {
    "Value": Value,
    "constant": constant,
    "exact": evaluate,
    "modes": modes,
    "new": new,
    "same_length": same_length,
    "watched": watched,
}


def _recorder(name: str, *, operator: bool = False) -> Callable[..., Any]:
    row = TABLE[name]
    _namespace.update(fast(row))
    return codegen.compiled(codegen.recorder(row, operator=operator), _namespace)[name]


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


class _Updaters(dict[str, Callable[..., None]]):
    """The optimisers' rules as functions of a list of Values, its running numbers and the settings."""

    def __missing__(self, name: str) -> Callable[..., None]:
        self[name] = codegen.compiled(codegen.updater(UPDATES[name]), dict(ieee.EXACT))[name]
        return self[name]


UPDATE = _Updaters()

#: The functions that record, by row; the first operand must be a Value (or a list).
RECORD = _Recorders()


def install(name: str) -> None:
    """Give Value the method of a row, new or changed, and forget what was made of an earlier row of that name."""
    RECORD.pop(name, None)
    _namespace.pop(name, None)
    _set_method(name, _Method(name))


def _set_method(attribute: str, method: _Method) -> None:
    method.__set_name__(Value, attribute)
    setattr(Value, attribute, method)


for _row in TABLE.values():
    if not _row.lists and _row.name != "pow":  # written above: it picks one of two rows
        install(_row.name)
for _name, _dunder in OPERATORS.items():
    _set_method(_dunder, _Method(_name, operator=True))
