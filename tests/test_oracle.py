"""Random graphs over every row, against PyTorch in double precision."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS, call, programs

import autograd_scalar as ag

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


def _hypot(x, y):
    """PyTorch's hypot, whose derivative at (0, 0) is nan, with 0 there."""
    at_zero = (x == 0) & (y == 0)
    squares = torch.where(at_zero, torch.ones_like(x), x * x + y * y)
    return torch.where(at_zero, torch.zeros_like(x), squares.sqrt())


def _cbrt(x):
    return x.sign() * x.abs() ** (1.0 / 3.0)


def _copysign(x, y):
    """PyTorch's copysign, whose second derivative at 0 is nan."""
    return x.abs() * torch.copysign(torch.ones_like(x), y.detach()) + 0.0 * y


def _sinc(x):
    """PyTorch's sinc; near 0, where its second derivative loses digits and at 0 is nan, the Taylor series."""
    is_near = x.abs() < 0.25
    w = (torch.pi * x) ** 2
    series = 1 - w / 6 * (1 - w / 20 * (1 - w / 42 * (1 - w / 72 * (1 - w / 110 * (1 - w / 156)))))
    return torch.where(is_near, series, torch.sinc(torch.where(is_near, torch.ones_like(x), x)))


TORCH = {
    "sinc": _sinc,
    "copysign": _copysign,
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "truediv": torch.div,
    "pow": torch.pow,
    "pow_const": lambda x, y: x ** y.detach(),
    "pos": lambda x: x,
    "mod": torch.remainder,
    "xlog1py": torch.special.xlog1py,
    "log_sigmoid": torch.nn.functional.logsigmoid,
    "floordiv": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "atan2": torch.atan2,
    "hypot": _hypot,
    "cbrt": _cbrt,
    "softplus": torch.nn.functional.softplus,
    "leaky_relu": lambda x, slope: torch.where(x > 0, x, slope * x),
    "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x)),
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "where": lambda c, x, y: torch.where(c != 0, x, y),
    "compare": lambda x, y: torch.sign(x - y),
    "clip": lambda x, lo, hi: torch.clamp(x, lo, hi),
    "step": lambda x: (x > 0).to(x.dtype) + 0.0 * x,
    "sum": lambda xs: torch.stack(xs).sum(),
    "dot": lambda ws, xs, bias: torch.stack(ws) @ torch.stack(xs) + bias,
    "pick": lambda ks, xs, key: torch.stack(xs)[torch.stack(ks) == key].sum() + 0.0 * key,
    "logsumexp": lambda xs: torch.stack(xs).logsumexp(0),
}  # fmt: skip


def apply(name, *operands):
    return (TORCH[name] if name in TORCH else getattr(torch, name))(*operands)


def tensor(number):
    return torch.tensor(number, dtype=torch.float64)


def near(found, tensors):
    expected = [0.0 if t is None else t.item() for t in tensors]
    scale = max(1.0, *map(abs, expected))
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


@pytest.mark.parametrize("name", ROWS)
@given(data=st.data())
@settings(max_examples=12)
def test_value_gradient_and_second_derivatives(name, data):
    program = data.draw(programs(must=name))
    xs, y = program.values()
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in program.inputs]
    out = program.run(tensors, apply, tensor)
    assert near([y.data], [out])

    first = torch.autograd.grad(out, tensors, create_graph=True, allow_unused=True)
    y.backward()
    assert near([x.grad for x in xs], first)
    y.backward()
    assert near([x.grad / 2.0 for x in xs], first)  # a second backward() adds the same
    assert near(ag.gradient(y, xs), first)
    dy = ag.gradient(y, xs, create_graph=True)
    assert near([dx.data for dx in dy], first)

    weights = [0.5 + 0.25 * i for i in range(len(xs))]
    mixed = sum(
        w * g for w, g in zip(weights, first, strict=True) if g is not None and g.requires_grad
    )
    second = [None] * len(xs)
    if isinstance(mixed, torch.Tensor) and mixed.requires_grad:
        second = torch.autograd.grad(mixed, tensors, allow_unused=True)
    assert near(ag.gradient(ag.dot(weights, dy), xs), second)


@given(programs(), st.data())
@settings(max_examples=60)
def test_outputs_that_share_nodes(program, data):
    """Differentiate any two results of a program in turn, twice each."""
    xs = [ag.Value(x) for x in program.inputs]
    tensors = [tensor(x).requires_grad_() for x in program.inputs]
    ours, theirs = [], []
    program.run(xs, lambda *step: ours.append(call(*step)) or ours[-1])
    program.run(tensors, lambda *step: theirs.append(apply(*step)) or theirs[-1], tensor)
    chosen = [data.draw(st.integers(0, len(ours) - 1)) for _ in range(2)]
    for i in (*chosen, *chosen):
        ours[i].backward()
    total = 2.0 * sum(theirs[i] for i in chosen)
    expected = (
        torch.autograd.grad(total, tensors, allow_unused=True)
        if total.requires_grad
        else [None] * len(xs)
    )
    assert near([x.grad for x in xs], expected)
