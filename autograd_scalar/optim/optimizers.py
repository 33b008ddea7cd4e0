"""Optimisers, step for step as PyTorch defines them.

An optimiser keeps, for each parameter, the running numbers that its rule names in `slots`. The rules themselves are in
`autograd_scalar.ops.optimizer_rules`, which both cores read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite, sqrt
from numbers import Real
from typing import Any

from autograd_scalar.node import modes
from autograd_scalar.node.hooks import forbid_while_tracing
from autograd_scalar.value import UPDATE, Value, zero_grads


class Optimizer:
    """What the optimisers share; `lr` may be set between steps.

    Raises ValueError without parameters or for a setting out of its range, TypeError for what is
    not a Value.
    """

    #: The names of the running numbers that each parameter has.
    slots: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Value], lr: float, **settings: float) -> None:
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__} takes a list of Values, such as model.parameters(), "
                f"got one {type(params).__name__}"
            )
        self.params = list(params)
        if not self.params:
            raise ValueError(f"{type(self).__name__} got no parameters to optimise")
        for i, p in enumerate(self.params):
            if not isinstance(p, Value):
                raise TypeError(
                    f"{type(self).__name__} takes a list of Values, such as model.parameters(); "
                    f"item {i} is {p!r}"
                )
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{type(self).__name__} got the same parameter twice")
        for name, number in {"lr": lr, **settings}.items():
            _check_setting(name, number)
        self.lr = lr
        self.steps = 0
        self.state = {name: [0.0] * len(self.params) for name in self.slots}

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0."""
        zero_grads(self.params)

    def step(self) -> None:
        """Move every parameter by its grad."""
        raise NotImplementedError(f"{type(self).__name__} does not define step")

    def begin_step(self) -> None:
        """Count a step."""
        if modes.open_blocks:
            forbid_while_tracing("steps an optimizer")
        self.steps += 1

    def update(self, rule: str, *settings: float) -> None:
        """Apply a rule of `updates` to every parameter and its running numbers."""
        UPDATE[rule](self.params, *(self.state[name] for name in self.slots), *settings)

    def state_dict(self) -> dict[str, Any]:
        """Return what continues this optimiser exactly: its rate, steps and running numbers."""
        return {
            "name": type(self).__name__,
            "lr": self.lr,
            "steps": self.steps,
            "slots": {name: list(numbers) for name, numbers in self.state.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a `state_dict` of the same kind of optimiser over as many parameters.

        Raises ValueError for any other; the optimiser then stays as it was.
        """
        if not isinstance(state, dict):
            raise ValueError(f"an optimizer's state is a dictionary, got {state!r}")
        if state.get("name") != type(self).__name__:
            raise ValueError(f"the state is {state.get('name')}'s, this is {type(self).__name__}")
        slots = state["slots"]
        if not isinstance(slots, dict):
            raise ValueError(f"slots are lists of numbers by name, got {slots!r}")
        if slots.keys() != self.state.keys():
            raise ValueError(f"the state has {sorted(slots)}, expected {sorted(self.state)}")
        for name, numbers in slots.items():
            if not isinstance(numbers, list) or not all(isinstance(x, Real) for x in numbers):
                raise ValueError(f"{name} must be a list of numbers, got {numbers!r}")
            if len(numbers) != len(self.params):
                raise ValueError(
                    f"the state is for {len(numbers)} parameters ({name}), here are "
                    f"{len(self.params)}"
                )
        lr, steps = state["lr"], state["steps"]
        _check_setting("lr", lr)
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
            raise ValueError(f"steps must be a whole number of 0 or more, got {steps!r}")
        self.lr, self.steps = lr, steps
        self.state = {name: [float(x) for x in numbers] for name, numbers in slots.items()}

    def __repr__(self) -> str:
        count = len(self.params)
        return f"{type(self).__name__}({count} parameter{'s' * (count != 1)}, lr={self.lr:g})"


def _check_setting(name: str, number: float) -> None:
    if not (isinstance(number, Real) and isfinite(number) and number >= 0.0):
        raise ValueError(f"{name} must be finite and 0 or more, got {number!r}")


class SGD(Optimizer):
    """Gradient descent: p <- p - lr v, with v the grad, or v <- momentum v + grad.

    Nesterov's variant steps by grad + momentum v. weight_decay adds its multiple of p to the grad.

    >>> p = Value(1.0)
    >>> (p * p).backward()
    >>> SGD([p], lr=0.1).step()
    >>> p.data
    0.8
    """

    slots = ("velocity",)

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum above 0")
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def step(self) -> None:
        self.begin_step()
        self.update("sgd", self.lr, self.momentum, float(self.nesterov), self.weight_decay)


class RMSProp(Optimizer):
    """p <- p - lr g / (sqrt(s) + eps), s <- alpha s + (1 - alpha) g²."""

    slots = ("square", "velocity")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum
        )
        self.alpha, self.eps = alpha, eps
        self.weight_decay, self.momentum = weight_decay, momentum

    def step(self) -> None:
        self.begin_step()
        self.update("rmsprop", self.lr, self.alpha, self.eps, self.momentum, self.weight_decay)


class Adam(Optimizer):
    """p <- p - lr m' / (sqrt(v') + eps): m and v running means of g and g², ' their bias corrected.

    weight_decay adds its multiple of p to the grad; see AdamW for the other way.
    Kingma and Ba, 2015.
    """

    slots = ("mean", "square")

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr, beta1=betas[0], beta2=betas[1], eps=eps, weight_decay=weight_decay
        )
        if max(betas) >= 1.0:
            raise ValueError(f"betas must be below 1, got {betas}")
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    #: Whether weight decay shrinks the parameter itself instead of entering its grad.
    decoupled = False

    def step(self) -> None:
        self.begin_step()
        beta1, beta2 = self.betas
        rate, root = self.lr / (1.0 - beta1**self.steps), sqrt(1.0 - beta2**self.steps)
        decay, shrink = self.weight_decay, 1.0
        if self.decoupled:
            decay, shrink = 0.0, 1.0 - self.lr * decay
        self.update("adam", rate, root, beta1, beta2, self.eps, decay, shrink)


class AdamW(Adam):
    """Adam with decoupled weight decay: p <- p (1 - lr weight_decay) before each step.

    Loshchilov and Hutter, 2019.
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer(name: str, params: Iterable[Value], **settings: Any) -> Optimizer:
    """Return the optimiser of that name over the parameters.

    >>> optimizer("adam", [Value(1.0)], lr=0.01)
    Adam(1 parameter, lr=0.01)
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name](params, **settings)
