"""Methods of Value that need no speed, shared by both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from operator import index
from typing import TYPE_CHECKING, Any

from autograd_scalar.node import hooks, modes, pickling, registry
from autograd_scalar.node.gradient_hooks import Hook, HookHandle, Hooks
from autograd_scalar.ops.evaluate import CALLS, evaluate
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, row_of, symbol

if TYPE_CHECKING:
    from typing import Self

    from autograd_scalar.node.row_methods import (
        RowMethods,  # tools/stubs.py makes it from the table
    )
else:
    RowMethods = object


def number(data: object) -> float:
    """Return a real number (an int, a float, a NumPy scalar ...) as a float.

    Raises TypeError for anything else, and OverflowError for an int that is too large.
    """
    is_value = type(data) is registry.engine.Value
    if is_value:
        tracer = modes.tracer.get()
        if tracer is not None and tracer.is_number(data):  # a float outside the trace
            return tracer.copied(data)
    if isinstance(data, Real):
        try:
            return float(data)
        except OverflowError:
            raise OverflowError(
                f"expected a number, got one too large for a float: {shown(data)}"
            ) from None
    hint = "; NumPy's functions, such as np.exp, take arrays" if hasattr(data, "shape") else ""
    if is_value:
        hint = "; it is already a Value: use +v for a node or v.detach() for a leaf"
    raise TypeError(f"expected a number (int, float or NumPy scalar), got {shown(data)}{hint}")


def stored_number(name: str, data: object) -> float:
    """Return a number of a saved state as a float; ValueError, which names it, for anything else."""
    if isinstance(data, Real) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            pass
    raise ValueError(f"{name} must be a number in the range of floats, got {shown(data)}")


def shown(value: object) -> str:
    """Return an object as text, for an error; a tracer does not hear that it is read."""
    if shape := getattr(value, "shape", None):
        return f"an array of shape {shape} ({type(value).__name__})"
    token = modes.tracer.set(None)
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python prints
        text = "an int"
    finally:
        modes.tracer.reset(token)
    return f"{text if len(text) < 40 else text[:36] + ' ...'} ({type(value).__name__})"


def _by_hand(what: str) -> TypeError:
    """Return the error for an operation that is not made from a row."""
    example = 'ag.define_op("cube", "x * x * x", "3.0 * x * x")'
    return TypeError(f"{what}; for an operation of your own, use define_op: cube = {example}")


def takes_no_operands() -> TypeError:
    """Return the error for a call such as Value(t, (a,), "tanh"), which makes a node in micrograd."""
    return _by_hand("Value(data, label) makes a leaf and takes no operands")


def label_of(label: object) -> str | None:
    """Return a label; TypeError unless it is a str or None.

    A subclass of str is reduced to its text. Otherwise a label could refer to Values, or run code when its node is
    freed.
    """
    if label is None or type(label) is str:
        return label
    if issubclass(type(label), str):
        return str.__str__(label)
    if isinstance(label, tuple | set | list) and {*map(type, label)} <= {registry.engine.Value}:
        raise takes_no_operands()
    raise TypeError(f"expected a str or None as label, got {label!r} ({type(label).__name__})")


class ValueType(type):
    """The type of the class Value. It refuses attributes and subclasses, since operations come from rows."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ValueType:
        if any(type(base) is ValueType for base in bases):
            raise _by_hand("Value cannot be subclassed, since operations return plain Values")
        return super().__new__(cls, name, bases, namespace)

    def __setattr__(cls, name: str, value: object) -> None:
        raise _by_hand(f"Value.{name} cannot be set")

    def __delattr__(cls, name: str) -> None:
        raise TypeError(f"Value.{name} cannot be deleted")


def not_a_parent(parent: object) -> TypeError:
    """Return the error for a parent that is not a Value."""
    return TypeError(f"expected Values as the parents of a node, got {shown(parent)}")


def not_a_graph() -> ValueError:
    """Return the error for a packed graph whose parts do not fit together."""
    return ValueError("expected the packed nodes of a graph, got parts that do not fit together")


class NodeMethods(RowMethods):
    """Methods of Value that both engines take from here."""

    __slots__ = ()

    if TYPE_CHECKING:  # the engine's Value defines these
        data: float
        grad: float
        label: str | None
        _hooks: Hooks

        @property
        def op(self) -> str: ...
        @property
        def parents(self) -> tuple[Self, ...]: ...
        @property
        def partials(self) -> tuple[float, ...]: ...

    @property
    def _prev(self) -> tuple[Self, ...]:
        """micrograd's name for parents."""
        return self.parents

    @property
    def _op(self) -> str:
        """micrograd's name for the symbol in a drawing."""
        return symbol(self.op)

    def __repr__(self) -> str:
        if modes.open_blocks and (number := hooks.on_text(self)) is not None:
            return repr(number)
        data, grad = hooks.read_silently(self), hooks.read_silently(self, "grad")
        label = "" if self.label is None else f", label={self.label!r}"
        op = self.op if self.op in TABLE else symbol(self.op)
        op = f", op={op!r}" if op else ""
        return f"Value(data={data}, grad={grad}{label}{op})"

    def __format__(self, spec: str) -> str:
        if spec and not hooks.is_number(self):
            return format(self.data, spec)
        number = hooks.on_text(self)
        return repr(self) if number is None else format(number, spec)

    def _repr_html_(self) -> str | None:
        if modes.open_blocks:
            hooks.forbid_while_tracing("shows a Value")
        return None if registry.html_card is None else registry.html_card(self)

    def __array_ufunc__(self, ufunc: Any, method: Any, *inputs: Any, **kwargs: Any) -> Any:
        """Return the result of a NumPy ufunc: that of its row, over the elements of arrays."""
        return registry.arrays().array_ufunc(ufunc, method, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Return the result of another NumPy function, such as np.where."""
        return registry.arrays().array_function(func, types, args, kwargs)

    @property
    def __array_struct__(self) -> None:
        """NumPy asks for it before it puts a Value into an array. There is none: the array gets the Value itself."""
        if (tracer := modes.tracer.get()) is not None:
            tracer.used_as_array("np.array")
        raise AttributeError("a Value has no __array_struct__")

    # Python's functions give ints for floats, and so they do for a Value that stands for a float.

    def __round__(self, ndigits: int | None = None) -> Self:
        """Return the nearest whole number, halves to even, as round() does for floats, but as a Value."""
        if ndigits is None:
            # Called on the class: CPython 3.13.0 crashes in a specialized self.round() where self is a class.
            return hooks.whole(type(self).round(self))  # type: ignore[no-any-return]
        if not -22 <= (n := index(ndigits)) <= 22:  # where powers of 10 are floats exactly
            raise ValueError(f"round(Value, n) takes n from -22 to 22, got {n}")
        return user_recorder(TABLE["_round_to"])(self, float(n))  # type: ignore[no-any-return]

    def __floor__(self) -> Self:
        return hooks.whole(type(self).floor(self))  # type: ignore[no-any-return]

    def __ceil__(self) -> Self:
        return hooks.whole(type(self).ceil(self))  # type: ignore[no-any-return]

    def __trunc__(self) -> Self:
        return hooks.whole(type(self).trunc(self))  # type: ignore[no-any-return]

    def __divmod__(self, other: Self | float) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: float) -> tuple[Self, Self]:
        return other // self, other % self

    def __float__(self) -> float:
        raise TypeError(
            "float(Value) would lose its gradient: take .data for the number, or use a function that records, "
            "such as autograd_scalar.exp instead of math.exp"
        )

    def __int__(self) -> int:
        whole: Any = self.__trunc__()
        if type(whole) is int:
            return whole
        raise TypeError(
            "int(Value) would lose its gradient: use int(v.data), or v.floor(), which records"
        )

    def detach(self) -> Self:
        """Return a leaf with this Value's data and label, cut off from the graph.

        >>> from autograd_scalar import Value
        >>> (Value(3.0) * 2.0).detach()
        Value(data=6.0, grad=0.0)
        """
        leaf = registry.engine.node(hooks.read_silently(self), "", (), ())
        leaf.label = self.label
        if (tracer := modes.tracer.get()) is not None:
            tracer.cut(leaf, self)
        return leaf  # type: ignore[no-any-return]

    def register_hook(self, f: Hook) -> HookHandle:
        """Call f with the gradient of this Value in each backward(), before it is passed on to the parents.

        A number that f returns replaces the gradient; None leaves it unchanged. For a leaf, the gradient is what this
        backward() adds to its grad. Hooks run in the order in which they were registered, until the handle that is
        returned removes them. Only backward() calls hooks: gradient() and the transforms return derivatives.

        >>> from autograd_scalar import Value
        >>> x = Value(3.0)
        >>> handle = x.register_hook(lambda grad: max(-1.0, min(grad, 1.0)))
        >>> (x * x).backward()
        >>> x.grad
        1.0
        >>> handle.remove()

        Raises TypeError if f is not callable. A hook that refers to the Value keeps it alive until it is removed.
        """
        hooks.forbid_while_tracing("registers a hook")
        if not callable(f):
            raise TypeError(f"expected a function of the gradient as hook, got {shown(f)}")
        held: Hooks | None = getattr(self, "_hooks", None)
        if held is None:
            held = self._hooks = Hooks()  # type: ignore[misc]  # the engine has this slot
        return held.add(f)

    def __copy__(self) -> Self:
        if hooks.is_number(self):
            return self
        return pickling.shallow_copy(self)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if hooks.is_number(self):
            return self
        return pickling.deep_copy(self, memo)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return pickling.reduced(self)


# ----- nodes and the rows of the table -----


def operands_of(v: registry.Node, parts: Sequence[Any]) -> list[Any]:
    """Return one part for each of a node's parents as its row's operands: a list for each starred operand.

    Raises ValueError if the row's operands have changed since the node was recorded.
    """
    if v.op in CALLS:
        return [*parts]
    row = row_of(v.op)
    if not row.lists and len(parts) != len(row.operands):
        raise ValueError(
            f"{v.op} was defined again, with other operands, after this graph was recorded; record it again"
        )
    return row.split(parts)


def user_recorder(row: Op) -> Callable[..., Any]:
    """Return the function that records a row which was not in the table when the native engine was compiled."""
    defaults = [row.defaults[operand] for operand in row.operands if operand in row.defaults]

    def record(*operands: Any) -> Any:
        engine = registry.engine
        missing = len(row.operands) - len(operands)
        if not 0 <= missing <= len(defaults):
            raise TypeError(f"{row.name} takes {len(row.operands)} operands, got {len(operands)}")
        operands = (*operands, *defaults[len(defaults) - missing :])
        parents = tuple(v if type(v) is engine.Value else engine.constant(v) for v in operands)
        if row.function is not None and modes.open_blocks:
            hooks.on_opaque(row.name)
        z, partials = evaluate(row.name, *map(hooks.read_silently, parents))
        v = engine.node(z, row.name, parents, partials)
        return hooks.on_new_node(v) if modes.open_blocks else v

    record.__name__ = record.__qualname__ = row.name
    return record


def same_length(name: str, *lengths: int) -> None:
    """Raise ValueError unless the lists of a row have the same length."""
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{name} needs lists of equal length, got {' and '.join(map(str, lengths))}"
        )
