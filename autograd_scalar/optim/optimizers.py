"""Optimizers with the update rules of PyTorch.

The rules are in `autograd_scalar.ops.optimizer_rules`, from which both engines make their code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite, sqrt
from numbers import Real
from typing import Any

from autograd_scalar.node import modes, registry
from autograd_scalar.node.hooks import forbid_while_tracing
from autograd_scalar.node.shared import shown, stored_number
from autograd_scalar.value import UPDATE, Value, zero_grads


class Optimizer(registry.HasCard):
    """Base class of the optimizers. `lr` may be set between steps.

    Raises ValueError if there are no parameters, repeated or computed ones, or a setting out of range,
    TypeError for a parameter that is not a Value.
    """

    #: The names of the running numbers, such as momenta, that the rule keeps for each parameter.
    slots: tuple[str, ...] = ()

    def __init__(self, params: Iterable[Value], lr: float, **settings: float) -> None:
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__} takes a list of Values, such as model.parameters(), "
                f"got one {type(params).__name__}"
            )
        self.params = list(params)
        if not self.params:
            raise ValueError(f"{type(self).__name__} got no parameters to optimize")
        for i, p in enumerate(self.params):
            if not isinstance(p, Value):
                raise TypeError(
                    f"{type(self).__name__} takes a list of Values, such as model.parameters(); "
                    f"item {i} is {p!r}"
                )
            if p.parents:
                raise ValueError(
                    f"{type(self).__name__} optimizes leaves; item {i} is computed by {p.op!r} from others"
                )
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{type(self).__name__} got the same parameter twice; list each once")
        for name, number in {"lr": lr, **settings}.items():
            check_setting(name, number)
        self.lr = lr
        self.steps = 0
        self.state = {name: [0.0] * len(self.params) for name in self.slots}

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        zero_grads(self.params)

    def step(self) -> None:
        """Update the data of every parameter from its grad."""
        self.update(*self.next_update())

    def next_update(self) -> tuple[Any, ...]:
        """Count a step, and return its rule and settings for `update`.

        Compiled training applies them to arrays instead.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step or next_update")

    def begin_step(self) -> None:
        """Count a step; raise JitError in a function that is being compiled, ValueError for an lr out of range."""
        if modes.open_blocks:
            forbid_while_tracing("steps an optimizer")
        check_setting("lr", self.lr)  # which a schedule may have set
        self.steps += 1

    def update(self, rule: str, *settings: float) -> None:
        """Apply a rule of `optimizer_rules` to every parameter and its running numbers."""
        UPDATE[rule](self.params, *(self.state[name] for name in self.slots), *settings)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as a JSON-serializable dictionary: lr, steps and running numbers."""
        return {
            "name": type(self).__name__,
            "lr": self.lr,
            "steps": self.steps,
            "slots": {name: list(numbers) for name, numbers in self.state.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the `state_dict` of an optimizer of the same class and size.

        Raises ValueError for any other state, and leaves the optimizer unchanged.
        """
        if not isinstance(state, dict):
            raise ValueError(f"the state of an optimizer must be a dictionary, got {state!r:.60}")
        if state.get("name") != type(self).__name__:
            raise ValueError(
                f"expected the state of {type(self).__name__}, got that of {state.get('name')}"
            )
        if missing := [key for key in ("lr", "steps", "slots") if key not in state]:
            raise ValueError(f"the state of an optimizer has no {missing[0]!r}")
        slots = self._stored_slots(state["slots"])
        lr, steps = state["lr"], state["steps"]
        check_setting("lr", lr)
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
            raise ValueError(f"steps must be an integer that is not negative, got {shown(steps)}")
        stored_number("steps", steps)  # which rules use as a float
        self.lr, self.steps, self.state = lr, steps, slots

    def _stored_slots(self, slots: Any) -> dict[str, list[float]]:
        """Return the running numbers of a state; ValueError unless they are those of this optimizer."""
        if not isinstance(slots, dict):
            raise ValueError(f"slots must be lists of numbers by name, got {slots!r:.60}")
        if slots.keys() != self.state.keys():
            raise ValueError(f"the state has {sorted(slots)}, expected {sorted(self.state)}")
        for name, numbers in slots.items():
            if not isinstance(numbers, list):
                raise ValueError(f"{name} must be a list of numbers, got {numbers!r:.60}")
            if len(numbers) != len(self.params):
                raise ValueError(
                    f"the state is for {len(numbers)} parameters ({name}), this optimizer has "
                    f"{len(self.params)}"
                )
        return {
            name: [stored_number(f"{name}[{i}]", x) for i, x in enumerate(numbers)]
            for name, numbers in slots.items()
        }

    def __repr__(self) -> str:
        count = len(self.params)
        return f"{type(self).__name__}({count} parameter{'s' * (count != 1)}, lr={self.lr:g})"

    def _card_rows(self) -> list[tuple[str, ...]]:
        """Return the settings, the steps taken, and the ranges of the running numbers."""
        count = len(self.params)
        settings = {
            name: setting
            for name, setting in vars(self).items()
            if name not in ("params", "state", "steps") and not name.startswith("_")
        }
        return [
            (type(self).__name__, f"{count:,} parameter{'s' * (count != 1)}"),
            *((name, str(setting)) for name, setting in settings.items()),
            ("steps", f"{self.steps:,}"),
            *(
                (name, f"{min(numbers):.4g} … {max(numbers):.4g}")
                for name, numbers in self.state.items()
                if any(numbers)
            ),
        ]


def check_setting(name: str, number: float) -> None:
    """Raise ValueError unless a setting is finite and not negative."""
    try:
        is_good = isinstance(number, Real) and isfinite(number) and number >= 0.0
    except OverflowError:  # an int beyond all floats
        is_good = False
    if not is_good:
        raise ValueError(f"{name} must be finite and not negative, got {shown(number)}")


class SGD(Optimizer):
    """Stochastic gradient descent: v ← momentum v + g, p ← p - lr v, with g the grad of p.

    With `nesterov` the step is p ← p - lr (g + momentum v). `weight_decay` adds weight_decay p
    to g.

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
            raise ValueError(f"nesterov needs a momentum above 0, got {momentum!r}")
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def next_update(self) -> tuple[Any, ...]:
        self.begin_step()
        return "sgd", self.lr, self.momentum, float(self.nesterov), self.weight_decay


class RMSProp(Optimizer):
    """RMSProp: s ← alpha s + (1 - alpha) g², p ← p - lr g / (√s + eps), with g the grad of p.

    With `momentum` the step is v ← momentum v + g / (√s + eps), p ← p - lr v. `weight_decay` adds
    weight_decay p to g.

    >>> p = Value(1.0)
    >>> (p * p).backward()
    >>> RMSProp([p], lr=0.1, alpha=0.75).step()
    >>> round(p.data, 6)
    0.8
    """

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
        if alpha > 1.0:
            raise ValueError(f"alpha must be at most 1, got {alpha!r}")
        self.alpha, self.eps = alpha, eps
        self.weight_decay, self.momentum = weight_decay, momentum

    def next_update(self) -> tuple[Any, ...]:
        self.begin_step()
        return "rmsprop", self.lr, self.alpha, self.eps, self.momentum, self.weight_decay


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): p ← p - lr m̂ / (√v̂ + eps), with g the grad of p.

    m ← beta1 m + (1 - beta1) g and v ← beta2 v + (1 - beta2) g² are running means, corrected for
    their start at 0 after t steps: m̂ = m / (1 - beta1^t), v̂ = v / (1 - beta2^t). `weight_decay`
    adds weight_decay p to g; AdamW shrinks p instead.

    >>> p = Value(1.0)
    >>> (p * p).backward()
    >>> Adam([p], lr=0.1).step()
    >>> round(p.data, 6)
    0.9
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
        if not hasattr(betas, "__len__") or len(betas) != 2:
            raise ValueError(f"betas must be two numbers below 1, got {betas!r}")
        super().__init__(
            params, lr, beta1=betas[0], beta2=betas[1], eps=eps, weight_decay=weight_decay
        )
        if max(betas) >= 1.0:
            raise ValueError(f"betas must be below 1, got {betas}")
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    #: True if weight decay shrinks the parameter instead of adding to its grad.
    decoupled = False

    def next_update(self) -> tuple[Any, ...]:
        self.begin_step()
        beta1, beta2 = self.betas
        rate, root = self.lr / (1.0 - beta1**self.steps), sqrt(1.0 - beta2**self.steps)
        decay, shrink = self.weight_decay, 1.0
        if self.decoupled:
            decay, shrink = 0.0, 1.0 - self.lr * decay
        return "adam", rate, root, beta1, beta2, self.eps, decay, shrink


class AdamW(Adam):
    """Adam with decoupled weight decay: p ← p (1 - lr weight_decay) before each step.

    Loshchilov and Hutter, 2019.

    >>> p = Value(1.0)
    >>> AdamW([p], lr=0.1, weight_decay=0.5).step()
    >>> p.data
    0.95
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
    """Return the optimizer with this name ("sgd", "rmsprop", "adam", "adamw") over the parameters.

    >>> optimizer("adam", [Value(1.0)], lr=0.01)
    Adam(1 parameter, lr=0.01)

    Raises ValueError for an unknown name.
    """
    if not isinstance(name, str) or name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; choose from {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name](params, **settings)
