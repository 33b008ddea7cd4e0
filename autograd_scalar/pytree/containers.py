"""Containers of a pytree: the rule of each class, which splits a container into children and rebuilds it from others.

There are rules for the built-in containers and their subclasses, dataclasses, NumPy arrays, and registered classes.
"""

from __future__ import annotations

import functools
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from autograd_scalar.value import Value

#: Types of most leaves.
_LEAVES = {float, Value, int, bool, str}
#: Immutable types without data: their instances are returned as they are.
_CONSTANTS = {type(None), bool, int, str, bytes}


class Attribute(str):
    """The key of a child that is an attribute of its container."""

    __slots__ = ()


class _Index(tuple[int, ...]):
    """The key of an element of an array."""

    __slots__ = ()

    def __repr__(self) -> str:
        return ", ".join(map(repr, self)) or "()"

    __str__ = __repr__


class Branch(NamedTuple):
    """A container without its children: all else that it takes to rebuild it."""

    kind: type
    #: The number of children.
    size: int
    #: What the rule of the class keeps, such as the keys of a dict.
    aux: Any = None
    #: Attributes that instances of a subclass have, by name; all are constants.
    attributes: tuple[tuple[str, Any], ...] = ()

    def keys(self) -> Iterable[Any]:
        """Return the key of each child: an index, the key of a dict, or an Attribute."""
        return _rule(self.kind).keys(self)

    def rebuild(self, children: Sequence[Any]) -> Any:
        """Return a container of this class with other children; TypeError if the class does not allow it."""
        rule = _rule(self.kind)
        if self.kind in _RULES:
            return rule.join(self, children)
        try:
            new = rule.join(self, children)
            for name, value in self.attributes:
                object.__setattr__(new, name, value)
        except (TypeError, AttributeError) as error:
            raise TypeError(
                f"a {self.kind.__name__} cannot be rebuilt with other items ({error}); "
                "give its class to register_pytree"
            ) from None
        return new


def subscript(key: Any) -> str:
    """Return the expression that leads from a container to its child: .x for an attribute, else [key]."""
    return f".{key}" if type(key) is Attribute else f"[{key!r}]"


def split(tree: Any) -> tuple[Branch, list[Any]] | None:
    """Return what rebuilds a container, and its children; None for a leaf."""
    kind = type(tree)
    if kind in _LEAVES or (rule := _rule_of(kind)) is None:
        return None
    aux, children = rule.split(tree)
    attributes = () if kind in _RULES else _attributes(tree)
    return Branch(kind, len(children), aux, attributes), children


def is_container(tree: Any) -> bool:
    """Return True for a container, False for a leaf."""
    kind = type(tree)
    return kind not in _LEAVES and _rule_of(kind) is not None


def items(tree: Any) -> list[tuple[Any, Any]] | None:
    """Return the keys and children of a container, which need not be fit to be rebuilt; None for a leaf."""
    kind = type(tree)
    if kind in _LEAVES or (rule := _rule_of(kind)) is None:
        return None
    aux, children = rule.split(tree)
    return [*zip(Branch(kind, len(children), aux).keys(), children, strict=True)]


def is_constant(leaf: Any) -> bool:
    """Return True for immutable objects that are no data: None, ints, strings, bytes and members of an Enum."""
    return type(leaf) in _CONSTANTS or isinstance(leaf, Enum)


def register_pytree(
    cls: type,
    flatten: Callable[[Any], tuple[Iterable[Any], Any]],
    unflatten: Callable[[Any, Sequence[Any]], Any],
) -> None:
    """Make the instances of a class containers, for transforms, compiled functions and modules.

    `flatten(obj)` returns the children of an instance, and its auxiliary data: all else that it takes to rebuild it.
    `unflatten(aux, children)` returns an instance with other children, which are numbers, Values or containers of
    them. Auxiliary data of compiled functions' arguments have to be hashable. A subclass is registered separately.

    Raises TypeError if `cls` is not a class, ValueError if its instances are containers already.

    >>> import autograd_scalar as ag
    >>> class Circle:
    ...     def __init__(self, radius, color):
    ...         self.radius, self.color = radius, color
    >>> register_pytree(Circle, lambda c: ([c.radius], c.color), lambda color, children: Circle(*children, color))
    >>> slope = ag.grad(lambda c: 3.0 * c.radius**2)(Circle(2.0, "red"))
    >>> slope.radius, slope.color
    (12.0, 'red')
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_pytree needs a class, got {cls!r:.60} ({type(cls).__name__})")
    if cls in _RULES or cls in _LEAVES:
        is_what = "is a number or text" if cls in _LEAVES else "has been registered already"
        raise ValueError(f"{cls.__name__} {is_what}; register a class of your own, once")

    def split_registered(obj: Any) -> tuple[Any, list[Any]]:
        taken = flatten(obj)
        try:
            children, aux = taken
            return aux, [*children]
        except (TypeError, ValueError):
            raise TypeError(
                f"the flatten function of {cls.__name__} must return the children and the auxiliary data, "
                f"got {taken!r:.60}"
            ) from None

    def join(branch: Branch, children: Sequence[Any]) -> Any:
        new = unflatten(branch.aux, children)
        if type(new) is not cls:
            raise TypeError(
                f"the unflatten function of {cls.__name__} must return one, got {new!r:.60} ({type(new).__name__})"
            )
        return new

    _RULES[cls] = _Rule(split_registered, join)
    registered_functions.extend((flatten, unflatten))


#: The functions given to register_pytree. A recording observes them.
registered_functions: list[Callable[..., Any]] = []


# ----- rules -----


class _Rule(NamedTuple):
    """The functions that split containers of a class and rebuild them."""

    #: From a container to auxiliary data and children.
    split: Callable[[Any], tuple[Any, list[Any]]]
    #: From a Branch and children to a container.
    join: Callable[[Branch, Sequence[Any]], Any]
    keys: Callable[[Branch], Iterable[Any]] = lambda branch: range(branch.size)


def _rule_of(kind: type) -> _Rule | None:
    """Return the rule for a class; None if its instances are leaves."""
    if (rule := _RULES.get(kind)) is not None:
        return rule
    for base in kind.__mro__:
        if base in _INHERITED:
            return _RULES[base]
    if hasattr(kind, "__dataclass_fields__"):
        return _DATACLASS
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(kind, numpy.ndarray):
        return None
    from autograd_scalar.arrays import ValueArray

    return _ARRAY if kind in (numpy.ndarray, ValueArray) else None


def _rule(kind: type) -> _Rule:
    """Return the rule for a class of containers."""
    rule = _rule_of(kind)
    assert rule is not None
    return rule


def _attributes(tree: Any) -> tuple[tuple[str, Any], ...]:
    """Return the attributes that a container has besides its items or fields, without cached properties.

    Raises TypeError unless they are constants: data in them might depend on the items.
    """
    kind, state = type(tree), object.__getstate__(tree)
    parts = state if isinstance(state, tuple) else (state,)
    fields = getattr(kind, "__dataclass_fields__", {}) if _rule_of(kind) is _DATACLASS else {}
    attributes = [
        (name, value)
        for part in parts
        for name, value in (part or {}).items()
        if name not in fields
        and not isinstance(getattr(kind, name, None), functools.cached_property)
    ]
    for name, value in attributes:
        if not is_constant(value):
            raise TypeError(
                f"a {kind.__name__} has the attribute {name} = {value!r:.40} besides its "
                f"{'fields' if fields else 'items'}, which may depend on these; give its class to register_pytree"
            )
    return tuple(attributes)


# Items are read and set by the methods of the built-in class, so that those of a subclass may do more, or check them.


def _list(branch: Branch, children: Sequence[Any]) -> Any:
    new: Any = list.__new__(branch.kind)
    list.extend(new, children)
    return new


def _deque(branch: Branch, children: Sequence[Any]) -> Any:
    new: Any = deque.__new__(branch.kind)
    deque.__init__(new, children, branch.aux)
    return new


def _dict(branch: Branch, children: Sequence[Any]) -> Any:
    new: Any = dict.__new__(branch.kind)
    dict.update(new, zip(branch.aux, children, strict=True))
    return new


def _ordered_dict(branch: Branch, children: Sequence[Any]) -> Any:
    new: Any = OrderedDict.__new__(branch.kind)
    for key, child in zip(branch.aux, children, strict=True):
        OrderedDict.__setitem__(new, key, child)
    return new


def _defaultdict(branch: Branch, children: Sequence[Any]) -> Any:
    factory, keys = branch.aux
    new: Any = defaultdict.__new__(branch.kind)
    defaultdict.__init__(new, factory)
    dict.update(new, zip(keys, children, strict=True))
    return new


def _split_dataclass(tree: Any) -> tuple[Any, list[Any]]:
    data, static = _fields(type(tree))
    return tuple(getattr(tree, name) for name in static), [getattr(tree, name) for name in data]


def _dataclass(branch: Branch, children: Sequence[Any]) -> Any:
    # Without __init__: fields that are no parameters, and checks in __post_init__, need no rule of their own.
    data, static = _fields(branch.kind)
    new: Any = object.__new__(branch.kind)
    for name, value in zip((*data, *static), (*children, *branch.aux), strict=True):
        object.__setattr__(new, name, value)
    return new


def _fields(kind: Any) -> tuple[list[Attribute], list[Attribute]]:
    """Return the names of a dataclass's fields: those that are children, and those whose metadata says "static"."""
    import dataclasses

    fields = dataclasses.fields(kind)
    return (
        [Attribute(f.name) for f in fields if not f.metadata.get("static")],
        [Attribute(f.name) for f in fields if f.metadata.get("static")],
    )


def _split_array(array: Any) -> tuple[Any, list[Any]]:
    return array.shape, array.ravel().tolist()


def _array(branch: Branch, children: Sequence[Any]) -> Any:
    """Return an array of numbers, or of Values; of arrays of one shape, an array with their axes last."""
    import numpy as np

    from autograd_scalar import arrays

    shape = branch.aux
    if all(isinstance(child, float | int) for child in children):
        return np.array(children, dtype=None if children else float).reshape(shape)
    shapes = {getattr(child, "shape", None) for child in children}
    if len(shapes) == 1 and None not in shapes:
        return np.stack(children).reshape(shape + shapes.pop())
    return arrays.of([*children], shape)


def _array_keys(branch: Branch) -> Iterable[Any]:
    import numpy as np

    return map(_Index, np.ndindex(branch.aux))


#: Rules by class: the built-in ones, and those of register_pytree.
_RULES: dict[type, _Rule] = {
    list: _Rule(lambda tree: (None, [*list.__iter__(tree)]), _list),
    tuple: _Rule(
        lambda tree: (None, [*tuple.__iter__(tree)]),
        lambda branch, children: tuple.__new__(branch.kind, children),
    ),
    deque: _Rule(lambda tree: (tree.maxlen, [*deque.__iter__(tree)]), _deque),
    dict: _Rule(
        lambda tree: (tuple(dict.keys(tree)), [*dict.values(tree)]),
        _dict,
        lambda branch: branch.aux,
    ),
    OrderedDict: _Rule(
        lambda tree: (tuple(OrderedDict.keys(tree)), [*OrderedDict.values(tree)]),
        _ordered_dict,
        lambda branch: branch.aux,
    ),
    defaultdict: _Rule(
        lambda tree: ((tree.default_factory, tuple(dict.keys(tree))), [*dict.values(tree)]),
        _defaultdict,
        lambda branch: branch.aux[1],
    ),
    type(None): _Rule(lambda tree: (None, []), lambda branch, children: None),
}
#: Classes whose subclasses follow the same rule.
_INHERITED = {list, tuple, deque, dict, OrderedDict, defaultdict}
_DATACLASS = _Rule(_split_dataclass, _dataclass, lambda branch: _fields(branch.kind)[0])
_ARRAY = _Rule(_split_array, _array, _array_keys)
