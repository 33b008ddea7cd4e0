"""Pytrees: nests of containers of numbers, flattened and rebuilt for transforms, jit and nn alike.

The containers are lists, tuples, dicts, deques, their subclasses (named tuples, OrderedDict, defaultdict ...),
dataclasses, NumPy arrays, None, which has no leaves, and the classes given to `register_pytree`. All else is a leaf.
"""

from autograd_scalar.pytree.containers import Attribute as Attribute
from autograd_scalar.pytree.containers import Branch as Branch
from autograd_scalar.pytree.containers import is_constant as is_constant
from autograd_scalar.pytree.containers import is_container as is_container
from autograd_scalar.pytree.containers import items as items
from autograd_scalar.pytree.containers import register_pytree as register_pytree
from autograd_scalar.pytree.containers import split as split
from autograd_scalar.pytree.containers import subscript as subscript
from autograd_scalar.pytree.nests import Structure as Structure
from autograd_scalar.pytree.nests import any_leaf as any_leaf
from autograd_scalar.pytree.nests import build as build
from autograd_scalar.pytree.nests import flatten as flatten
from autograd_scalar.pytree.nests import leaves as leaves
from autograd_scalar.pytree.nests import paths as paths
from autograd_scalar.pytree.nests import unflatten as unflatten
