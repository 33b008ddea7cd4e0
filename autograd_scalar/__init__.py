"""Scalar automatic differentiation that can be read, drawn and explained.

Values record the operations on them, and backward() computes the gradients:

>>> import autograd_scalar as ag
>>> x = ag.Value(2.0, label="x")
>>> y = ag.sin(x) * x
>>> y.backward()
>>> f"{y:.4f} {x.grad:.4f}"
'1.8186 0.0770'

Explanations        print(ag.explain(y))               the chain rule, line by line
                    ag.explain_step(loss, optimizer)       what a training step does, and why
                    ag.draw(y, "y.svg")                a picture of the graph; .png and .pdf too
                    ag.explore(y, "y.html")            a page with sliders, step by step
Operations          ag.tanh(x), ag.maximum(x, y)       or x.tanh(); ag.define_op adds your own
Derivatives         ag.grad(ag.grad(ag.sin))(1.0)      of functions, of any order
                    ag.hessian(f)(x)                   also gradient, jacobian, jvp, vjp, hvp
                    ag.check_grad(f, 1.0)              compared with finite differences
Networks            moons = ag.data.moons(100, seed=1)
                    model = ag.nn.MLP(2, [16, 16, 1], seed=1)
                    history = ag.train.fit(model, moons, epochs=20)
                    ag.plot.decision_boundary(model, moons).figure.savefig("moons.png")
Speed               ag.jit(f)                          the same results from machine code

help(ag.draw) documents a name; `autograd-scalar --help` is the command line.
"""

from __future__ import annotations

import builtins
import functools as _functools
import importlib
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from types import ModuleType
from typing import TYPE_CHECKING, Any

from autograd_scalar import functions as functions
from autograd_scalar.functions import define_op as define_op
from autograd_scalar.functions import max as max
from autograd_scalar.functions import mean as mean
from autograd_scalar.functions import min as min
from autograd_scalar.functions import softmax as softmax
from autograd_scalar.functions import take as take
from autograd_scalar.node import registry as _registry
from autograd_scalar.node.modes import AnomalyError as AnomalyError
from autograd_scalar.node.modes import detect_anomaly as detect_anomaly
from autograd_scalar.node.modes import no_grad as no_grad
from autograd_scalar.ops.table import TABLE, public
from autograd_scalar.pytree import register_pytree as register_pytree
from autograd_scalar.transforms.api import grad as grad
from autograd_scalar.transforms.api import gradient as gradient
from autograd_scalar.transforms.api import hessian as hessian
from autograd_scalar.transforms.api import hvp as hvp
from autograd_scalar.transforms.api import jacobian as jacobian
from autograd_scalar.transforms.api import jvp as jvp
from autograd_scalar.transforms.api import value_and_grad as value_and_grad
from autograd_scalar.transforms.api import vjp as vjp
from autograd_scalar.value import Value as Value
from autograd_scalar.value import core as core
from autograd_scalar.value import topological_order as topological_order

if TYPE_CHECKING:
    from autograd_scalar import data as data
    from autograd_scalar import nn as nn
    from autograd_scalar import optim as optim
    from autograd_scalar import train as train
    from autograd_scalar._row_functions import *  # noqa: F403
    from autograd_scalar.arrays import array as array
    from autograd_scalar.compiler.errors import JitCheckError as JitCheckError
    from autograd_scalar.compiler.errors import JitError as JitError
    from autograd_scalar.compiler.jit import jit as jit
    from autograd_scalar.naming import label_all as label_all
    from autograd_scalar.show.draw import draw as draw
    from autograd_scalar.show.explain.explain import explain as explain
    from autograd_scalar.show.explain.step import explain_step as explain_step
    from autograd_scalar.show.explorer.explore import explore as explore
    from autograd_scalar.show.plots import plot as plot
    from autograd_scalar.testing import check_grad as check_grad
    from autograd_scalar.testing import nudge as nudge

__version__ = "0.1.0"

#: Public names that are imported on first use, by module, so that `import autograd_scalar` stays fast.
_FUNCTIONS = {
    "JitCheckError": "compiler.errors",
    "JitError": "compiler.errors",
    "array": "arrays",
    "check_grad": "testing",
    "draw": "show.draw",
    "explain": "show.explain.explain",
    "explain_step": "show.explain.step",
    "explore": "show.explorer.explore",
    "jit": "compiler.jit",
    "label_all": "naming",
    "nudge": "testing",
}
_MODULES = {
    "data": "data",
    "nn": "nn",
    "optim": "optim",
    "plot": "show.plots.plot",
    "train": "train",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{_MODULES[name]}")
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in TABLE and not TABLE[name].is_private:  # a user's operation, which may be redefined
        return getattr(functions, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Made now, so that vars() has them: sympy.lambdify(modules=ag) looks there for the functions of an expression.
globals().update({row.name: getattr(functions, row.name) for row in public()})

#: The names of `from autograd_scalar import *`: all except those that would shadow Python's built-ins.
__all__ = sorted(
    {
        "AnomalyError",
        "Value",
        "core",
        "define_op",
        "detect_anomaly",
        "functions",
        "grad",
        "gradient",
        "hessian",
        "hvp",
    }
    | {
        "jacobian",
        "jvp",
        "mean",
        "no_grad",
        "register_pytree",
        "softmax",
        "take",
        "topological_order",
        "value_and_grad",
        "vjp",
    }
    | {*_FUNCTIONS, *_MODULES}
    | {row.name for row in public() if not hasattr(builtins, row.name)}
)


def __dir__() -> list[str]:
    return sorted({*__all__, "max", "min", *(row.name for row in public())})


def _card(shown: Any) -> str:
    from autograd_scalar.show.card import card

    return card(shown)


@_functools.cache
def _arrays() -> ModuleType:
    return importlib.import_module(f"{__name__}.arrays")


_registry.html_card = _card
_registry.arrays = _arrays
