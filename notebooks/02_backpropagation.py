# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. Backpropagation: by hand, by the engine, in the explorer
#
# One neuron with one input, and how wrong it is:
#
# $$z = w x + b, \qquad o = \tanh z, \qquad e = o - t, \qquad L = e^2.$$
#
# $t$ is the output that we want. By how much does $L$ change for a nudge of $w$? There are four
# steps between them. The idea of backpropagation is never to look at more than one step at a time.

# %%
import math

import autograd_scalar as ag
from autograd_scalar import Value


def check(got, expected, hint):
    """Say whether an answer is right. None means that the exercise is still to be done."""
    if got is None:
        print("not yet: fill in the cell above, run it, then run this one again")
    elif math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-9):
        print("right")
    else:
        print(f"not quite, got {got!r}: {hint}")


# %% [markdown]
# ## Forward, with plain numbers

# %%
w, x, b, t = 0.5, 2.0, -0.4, 1.0

z = w * x + b
o = math.tanh(z)
e = o - t
L = e**2
print(f"z = {z:.4f}, o = {o:.4f}, e = {e:.4f}, L = {L:.4f}")

# %% [markdown]
# ## Backward, with plain numbers
#
# Begin at the end and keep one number for each variable: the slope of $L$ by it. Each line is *what
# has arrived* at the step's output, times the step's own *local* slope. That product is the chain
# rule.

# %%
dL_de = 2 * e  # the square: slope 2 e
dL_do = dL_de * 1.0  # a difference passes on what it gets
dL_dz = dL_do * (1 - o**2)  # tanh: slope 1 - tanh²
print(f"dL/de = {dL_de:.4f}, dL/do = {dL_do:.4f}, dL/dz = {dL_dz:.4f}")

# %% [markdown]
# **Exercise 1.** Go on: $z = w x + b$. What is $dL/dw$, what is $dL/db$, and what is $dL/dx$? Write
# them with `dL_dz` and the numbers above.

# %%
# Exercise 1
dL_dw = None
dL_db = None
dL_dx = None

# %%
check(dL_dw, -1.3177009332, "w is multiplied with x, so the local slope is x")
check(dL_db, -0.6588504666, "b goes into z one to one")
check(dL_dx, -0.3294252333, "x is multiplied with w, so the local slope is w")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# dL_dw = dL_dz * x
# dL_db = dL_dz
# dL_dx = dL_dz * w
# ```
#
# </details>

# %% [markdown]
# A nudge confirms it, without any chain rule:

# %%
def loss(w):
    return (math.tanh(w * x + b) - t) ** 2


h = 1e-6
print(f"{(loss(w + h) - loss(w - h)) / (2 * h):.4f}")

# %% [markdown]
# ## By the engine
#
# The same four lines, with Values. `label_all()` calls each by the name of its variable.

# %%
w, x, b, t = Value(0.5), Value(2.0), Value(-0.4), Value(1.0)
z = w * x + b
o = z.tanh()
e = o - t
L = e**2
ag.label_all()

L.backward()
print(f"dL/dw = {w.grad:.4f}, dL/db = {b.grad:.4f}, dL/dx = {x.grad:.4f}")

# %% [markdown]
# The picture. On each arrow stands the local slope; multiply along a way from `w` to `L` and you
# have $dL/dw$.

# %%
ag.draw(L, partials=True)

# %% [markdown]
# And the derivation of this very graph, symbols and numbers:

# %%
ag.explain(L, wrt=[w, b])

# %% [markdown]
# It can be taken a step at a time, in the order in which `backward()` goes:

# %%
for step in ag.explain(L, wrt=w):
    print(step)

# %% [markdown]
# ## In the explorer
#
# The same graph to play with. Press the right arrow key to go a step forward, through the values
# and then back through the slopes; go over a box to see its chain rule; move the sliders of `w`,
# `x`, `b` and `t` and watch everything follow. (GitHub does not show it; a notebook and these docs
# do. `ag.explore(L, "neuron.html")` writes it to a file that works offline.)

# %%
ag.explore(L)

# %% [markdown]
# **Predict**, then try it with the sliders: make `b` large, so that $z$ is 5 or more. The output is
# then almost 1. What happens to $dL/dw$ if the output should be $-1$, so that the neuron is as
# wrong as can be? Here are the numbers:

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
for bias in (-0.4, 2.0, 5.0, 10.0):
    weight = Value(0.5)
    wrong = (ag.tanh(weight * 2.0 + bias) - (-1.0)) ** 2
    wrong.backward()
    print(f"b = {bias:4}: L = {wrong:.4f}, dL/dw = {weight.grad:.2e}")

# %% [markdown]
# As wrong as can be, and no slope to learn from: where tanh is flat, its local slope $1 - o^2$ is
# nearly 0, and whatever arrives is multiplied by it. One says that the neuron is *saturated*.
#
# ## More than one way
#
# Along a way, multiply. Where ways meet, add. Here `s` gets to `r` by two ways.

# %%
s = Value(1.5)
p = s * s
q = ag.exp(-s)
r = p * q
ag.label_all(s=s, p=p, q=q, r=r)
r.backward()
ag.draw(r, partials=True)

# %% [markdown]
# **Exercise 2.** The slope of $r = s^2 e^{-s}$ by $s$ at 1.5: add up the ways that lead from `s` to
# `r`. Read the local slopes from the arrows.

# %%
# Exercise 2
dr_ds = None

# %%
check(dr_ds, s.grad, "two arrows lead from s to p, and one through the minus and the exp to q")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# through_p = (1.5 + 1.5) * math.exp(-1.5)      # two arrows into the product, then times q
# through_q = -1 * math.exp(-1.5) * 1.5 * 1.5   # the minus, the exp, then times p
# dr_ds = through_p + through_q
# ```
#
# </details>

# %%
print(ag.explain(r, node=s))

# %% [markdown]
# ## Small steps or large ones
#
# $\tanh z = \dfrac{e^{2z} - 1}{e^{2z} + 1}$. Written so, it is five operations in place of one.
#
# **Predict:** is the slope by `w` the same? To how many digits?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
w2 = Value(0.5)
power = ag.exp(2 * (w2 * 2.0 - 0.4))
L2 = ((power - 1) / (power + 1) - 1.0) ** 2
L2.backward()
print(f"{w2.grad:.12f} in small steps")
print(f"{w.grad:.12f} with tanh in one")

# %% [markdown]
# What counts as "one operation" is up to us. An operation needs only its value and its local slope,
# and you can add one.
#
# **Exercise 3.** The bell curve $e^{-x^2}$ as an operation of your own: fill in its local slope, as
# text. In it `x` is the input and `z` the operation's value.

# %%
# Exercise 3
local_slope = None

# %%
if local_slope is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    bell = ag.define_op("bell", "exp(-x * x)", local_slope)
    check(ag.grad(bell)(0.7), slope := -1.4 * math.exp(-0.49), f"at 0.7 it should be {slope:.4f}")

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# local_slope = "-2.0 * x * z"
# ```
#
# </details>

# %% [markdown]
# ## Find the bug: an engine in twenty lines
#
# Enough to write the thing yourself. `tape` keeps the numbers in the order in which they were made;
# going backward is going through it from the end.

# %%
tape = []


class Number:
    def __init__(self, data, uses=()):
        self.data, self.grad, self.uses = data, 0.0, uses  # uses: (operand, local slope)
        tape.append(self)

    def __add__(self, other):
        return Number(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Number(self.data * other.data, [(self, other.data), (other, self.data)])


def backward(result):
    result.grad = 1.0
    for number in reversed(tape):
        for operand, local in number.uses:
            operand.grad = number.grad * local


m, n = Number(2.0), Number(-3.0)
backward(m * n)
print(m.grad, n.grad)

# %% [markdown]
# Right. And now a number that is used more than once: $k \cdot k + k$ at 3, which has the slope $2
# k + 1 = 7$.

# %%
tape.clear()
k = Number(3.0)
backward(k * k + k)
print(k.grad)

# %% [markdown]
# **Exercise 4.** One character is missing in `backward`. Which?

# %%
# Exercise 4
def backward_mended(result):
    result.grad = 1.0
    for number in reversed(tape):
        for operand, local in number.uses:
            operand.grad = number.grad * local


# %%
tape.clear()
k = Number(3.0)
backward_mended(k * k + k)
print("right" if k.grad == 7.0 else f"not yet: the slope of k * k + k at 3 is 7, and came out as {k.grad}")

# %% [markdown]
# <details><summary>Solution 4</summary>
#
# ```python
# def backward_mended(result):
#     result.grad = 1.0
#     for number in reversed(tape):
#         for operand, local in number.uses:
#             operand.grad += number.grad * local
# ```
#
# `=` keeps only the way that was gone last; `+=` adds up all of them. With a graph in which nothing
# is used twice both give the same, which is why this bug lives long.
# </details>

# %% [markdown]
# ## What to take away
#
# - Backward, each step multiplies what arrives with its local slope, and hands it to its operands.
# - A number that is used several times adds up what comes from each use.
# - An operation is a value and its local slopes; large or small steps give the same answer.
#
# Next: [from one neuron to a network](03_networks.ipynb).
