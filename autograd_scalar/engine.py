"""The engine in one file: a Value, the graph that it records, and backpropagation through that graph.

Read it from top to bottom. A `Value` is a number that remembers its parents and its local derivative with respect to
each of them. `topological_order` lists a graph with parents before children. `Value.backward` walks that list in
reverse and applies the chain rule at each node: the gradient of a parent is the sum, over the nodes that use it, of
upstream gradient times local derivative.

This engine runs where the native one (native/core.pyx.in, the same in C) was not compiled. The tests compare the two:
they agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, Final, final

from autograd_scalar.node import gradient_hooks, hooks, modes
from autograd_scalar.node.packing import pack as pack
from autograd_scalar.node.packing import unpack as unpack
from autograd_scalar.node.shared import (
    NodeMethods,
    ValueType,
    label_of,
    not_a_parent,
    number,
    operands_of,
    takes_no_operands,
)
from autograd_scalar.ops.evaluate import evaluate


@final
class Value(NodeMethods, metaclass=ValueType):
    """A number in a recorded expression.

    `data` is the number and `grad` the gradient that backward() has accumulated; both are floats, and both can be set.
    `label` is a name for display, or None. `op` is the name of the operation that made the Value ("" for a leaf),
    `parents` are its operands in order, with repeats, and `partials` its derivatives with respect to each of them at
    the time it was recorded.

    Raises TypeError for data that is not a real number.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2.0
    >>> y.backward()
    >>> y.data, x.grad
    (11.0, 6.0)
    """

    # One or two parents are in _x and _y (_y is None for one), their partials in _dx and _dy. Three or more are tuples
    # in _x and _dx. A leaf has None in _x. Tuples in every node would double what the garbage collector has to walk: a
    # training step of 65,818 nodes took 2.5 to 3 times as long, and a product 216 bytes instead of 120. _hooks is unset
    # in a Value without hooks.
    __slots__ = ("_data", "_dx", "_dy", "_grad", "_hooks", "_label", "_row", "_x", "_y")

    _row: str
    _label: str | None
    _x: Any
    _y: Value | None
    _dx: Any
    _dy: float

    def __init__(
        self, data: float, label: str | None = None, _op: Any = None, *, _children: Any = None
    ) -> None:
        if _op is not None or _children is not None:  # as micrograd makes a node
            raise takes_no_operands()
        as_float, label = number(data), label_of(label)  # both may raise, so nothing is set before
        self._data: float = as_float
        self._grad: float = 0.0
        self._label = label
        self._row = ""
        self._x = None
        if modes.open_blocks:
            hooks.on_leaf(self)

    # ----- attributes -----

    @property
    def data(self) -> float:
        """The number. Setting it leaves recorded results unchanged until recompute()."""
        if modes.open_blocks:
            hooks.on_read(self)
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if modes.open_blocks:
            hooks.forbid_while_tracing("sets data")
        self._data = data if type(data) is float else number(data)

    @property
    def grad(self) -> float:
        """The gradient that backward() has accumulated; initially 0.0."""
        if modes.open_blocks:
            hooks.forbid_while_tracing("reads grad")
        return self._grad

    @grad.setter
    def grad(self, grad: float) -> None:
        if modes.open_blocks:
            hooks.forbid_while_tracing("sets grad")
        self._grad = grad if type(grad) is float else number(grad)

    @property
    def label(self) -> str | None:
        """A name for display, or None."""
        return self._label

    @label.setter
    def label(self, label: str | None) -> None:
        self._label = label_of(label)

    @property
    def op(self) -> str:
        """The name of the operation that made this Value; "" for a leaf."""
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
        """The local derivative with respect to each parent, at the time the operation was recorded."""
        if modes.open_blocks:
            hooks.forbid_while_tracing("reads partials")
        dx: Any = () if self._x is None else self._dx
        if isinstance(dx, tuple):
            return dx
        return (dx,) if self._y is None else (dx, self._dy)

    # ----- operations -----

    # Each operation is a row of the table in ops/table.py. The row of * says: value "x * y", derivatives "y, x".
    # engine_methods.py pastes these texts into one template for all rows. This is `__mul__`, exactly as it comes out:
    #
    #     def mul(x, y):
    #         if type(y) is not Value:
    #             try:
    #                 y = constant(y)
    #             except TypeError:
    #                 return NotImplemented
    #         v = new(Value)
    #         v._x, v._y = x, y
    #         x = x._data
    #         y = y._data
    #         try:
    #             z = x * y
    #             (v._dx, v._dy) = (y, x)
    #         except (ArithmeticError, ValueError):  # Python raises where IEEE 754 has an answer
    #             z, (v._dx, v._dy) = exact('mul', x, y)
    #         v._data = z
    #         v._grad = 0.0
    #         v._row = 'mul'
    #         v._label = None
    #         return on_new_node(v) if modes.open_blocks else v
    #
    # A comparison compares the data and records nothing: `x < y` and `x == y` are bools. Values with equal data are
    # equal, but are different keys of a dict: they hash by identity.

    def __pow__(self, exponent: Value | float) -> Value:
        return self._pow(exponent) if type(exponent) is Value else self._pow_const(exponent)

    def pow(self, exponent: Value | float) -> Value:
        """Return self ** exponent."""
        return self ** (exponent if type(exponent) is Value else number(exponent))

    def __bool__(self) -> bool:
        outcome = self._data != 0.0
        return hooks.on_comparison("!=", self, 0.0, outcome) if modes.open_blocks else outcome

    def __hash__(self) -> int:
        if modes.open_blocks:
            hooks.on_hash(self)
        return object.__hash__(self)

    # ----- backpropagation -----

    def backward(self, inputs: Iterable[Value] | None = None) -> None:
        """Add the derivative of this Value with respect to each leaf to the leaf's grad.

        Grads of intermediate nodes are overwritten, not accumulated. A second backward() therefore adds the same
        numbers to the leaves again, and outputs that share nodes do not interfere with each other.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward(); y.backward()
        >>> x.grad
        54.0

        If `inputs` are given, leaves or nodes, the derivatives are added to their grads, and no other grad changes.
        Raises TypeError unless they are Values.
        """
        if inputs is not None or gradient_hooks.live:
            gradient_hooks.backward(self, inputs)
            return
        order = topological_order(self)
        if modes.open_blocks:
            hooks.before_backward(self, order)
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

    def _backward(self) -> None:
        """Add grad times local derivative to the grad of each parent, as micrograd's lecture does by hand."""
        if modes.open_blocks:
            hooks.forbid_while_tracing("calls _backward()")
        for parent, partial in zip(self.parents, self.partials, strict=True):
            parent._grad += partial * self._grad

    def zero_grad(self) -> None:
        """Set the grad of this Value and of every node that it depends on to 0.0."""
        if modes.open_blocks:
            hooks.forbid_while_tracing("calls zero_grad()")
        for v in topological_order(self):
            v._grad = 0.0

    def recompute(self) -> None:
        """Evaluate the recorded graph again, in place, from the current data of its leaves.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> x.data = 5.0
        >>> y.recompute(); y.data
        25.0
        """
        if modes.open_blocks:
            hooks.forbid_while_tracing("calls recompute()")
        for v in topological_order(self):
            if parents := v.parents:
                operands = operands_of(v, [parent._data for parent in parents])
                v._data, partials = evaluate(v.op, *operands)
                _link(v, parents, partials)
                if modes.open_blocks:
                    hooks.check_finite(v)


# Pickles find it there, whichever engine is active.
type.__setattr__(Value, "__module__", "autograd_scalar")


def topological_order(*roots: Value) -> list[Value]:
    """Return the roots and all nodes that they depend on, parents before children, left operands before right ones.

    No pass recurses: a chain of a million nodes is fine.

    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> [v.label or v.op for v in topological_order(a * b + a)]
    ['a', 'b', 'mul', 'add']
    """
    for root in roots:
        if type(root) is not Value:
            raise TypeError(f"topological_order needs Values, got {root!r} ({type(root).__name__})")
    return _order(roots, {})


def unseen(root: Value, seen: Container[int]) -> list[Value]:
    """Return the topological order of a graph without the nodes whose ids are in `seen`, nor what only these use."""
    return _order([root], seen)


def _order(roots: Sequence[Value], seen: Container[int]) -> list[Value]:
    """Return the topological order of the graphs under some roots, which stops at nodes whose ids are in `seen`."""
    order: list[Value] = []
    visited: set[Value] = set()
    stack: list[Value | None] = list(reversed(roots))
    while stack:
        v = stack.pop()
        if v is None:  # all parents of the node below this mark are in the order
            order.append(stack.pop())  # type: ignore[arg-type]
        elif v not in visited:
            visited.add(v)
            if seen and id(v) in seen:
                continue
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
    """Return the derivatives of the seeded sum of outputs with respect to the inputs; change no grad."""
    cotangents = hooks.adjoints(topological_order(*seeds), seeds)
    return [cotangents.get(x, 0.0) for x in inputs]


def zero_grads(values: Iterable[Value]) -> None:
    """Set the grad of each Value to 0.0."""
    if modes.open_blocks:
        hooks.forbid_while_tracing("zeroes grads")
    for v in values:
        v._grad = 0.0


# ----- making nodes -----

new: Final = object.__new__


def constant(data: object) -> Value:
    """Return a number as a leaf; TypeError for anything else."""
    v: Value = new(Value)
    v._data = data if type(data) is float else number(data)
    v._grad = 0.0
    v._row = ""
    v._label = None
    v._x = None
    if modes.open_blocks:
        hooks.on_constant(v)
    return v


def node(data: float, op: str, parents: tuple[Value, ...], partials: tuple[float, ...]) -> Value:
    """Return a node with the given fields; a leaf if it has no parents."""
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
