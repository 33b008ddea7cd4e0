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
# # 1. Slopes, and a first Value
#
# A slope answers one question: *if I turn this knob a little, how much does the result move?*
# Training a network of a million weights is asking that question a million times. Here we ask it
# once, by hand, and then let a `Value` answer.
#
# How to use these notebooks: where it says **Predict**, write your answer down before you run the
# cell. Where it says **Exercise**, replace the `None`, run the cell, and then run the check below
# it.

# %%
import math

import matplotlib.pyplot as plt

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
# ## A function to play with

# %%
def f(x):
    return 3 * x**2 - 4 * x + 5


f(3.0)

# %% [markdown]
# Stand on the curve at $x = 3$ and step a little to the right, by $h$. How much higher are you, for
# each unit that you went? That is rise over run:
#
# $$\frac{f(x + h) - f(x)}{h}$$

# %%
h = 0.5
(f(3.0 + h) - f(3.0)) / h

# %% [markdown]
# Half a unit is not a *little*. Take smaller steps.

# %%
for h in (0.5, 0.1, 0.01, 0.001):
    print(f"h = {h:<6}  rise over run = {(f(3.0 + h) - f(3.0)) / h:.4f}")

# %% [markdown]
# The numbers settle on 14. In a picture: the lines through two points of the curve turn into the
# line that only touches it.

# %%
figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
xs = [0.05 * i for i in range(-10, 101)]
axes.plot(xs, [f(x) for x in xs], color="#0072b2", lw=2, label="f")
for h, shade in ((1.5, "#cccccc"), (0.75, "#999999")):
    rise = (f(3.0 + h) - f(3.0)) / h
    axes.plot(xs, [f(3.0) + rise * (x - 3.0) for x in xs], color=shade, label=f"h = {h}")
axes.plot(xs, [f(3.0) + 14.0 * (x - 3.0) for x in xs], color="#d55e00", ls="--", label="slope 14")
axes.plot(3.0, f(3.0), "o", color="#222222")
axes.set(xlabel="x", xlim=(-0.5, 5.0), ylim=(-15, 65))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Smaller is better, until it is not
#
# **Predict:** the answer at `h = 0.001` was off by 0.003. How far off will it be at `h = 1e-15`:
# nothing that you could see, about 0.003 again, or more than 1?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
for exponent in (1, 3, 5, 7, 9, 11, 13, 15):
    h = 10.0**-exponent
    print(f"h = 1e-{exponent:02}  off by {abs((f(3.0 + h) - f(3.0)) / h - 14.0):.1e}")

# %% [markdown]
# A float has about 16 digits. When `f(x + h)` and `f(x)` agree in the first 14, their difference
# has 2 digits left, and dividing by a tiny `h` blows the rounding up. So nudging can *check* a
# slope, but it cannot give you an exact one.
#
# **Exercise 1.** Step to both sides and take the slope between $x - h$ and $x + h$. It is off by
# about $h^2$ and not by about $h$, so that a middling `h` gives many more digits.

# %%
# Exercise 1
def slope(f, x, h=1e-5):
    return None  # your code


# %%
check(slope(math.sin, 1.0), math.cos(1.0), "the run is 2 * h now")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# def slope(f, x, h=1e-5):
#     return (f(x + h) - f(x - h)) / (2 * h)
# ```
#
# </details>

# %% [markdown]
# ## Several knobs
#
# With three inputs there are three slopes: nudge one, hold the others still.

# %%
a, b, c = 2.0, -3.0, 10.0
h = 0.0001
d = a * b + c

print("by a:", round(((a + h) * b + c - d) / h, 4))
print("by b:", round((a * (b + h) + c - d) / h, 4))
print("by c:", round((a * b + (c + h) - d) / h, 4))

# %% [markdown]
# Look at them: the slope by `a` is the value of `b`, the slope by `b` is the value of `a`, and `c`
# goes into `d` one to one. Those are rules, and rules can be automated.
#
# ## A Value remembers
#
# A `Value` is a number that remembers how it was made. Calculate with it as with any number.

# %%
x = Value(3.0, label="x")
y = f(x)
y.label = "y"
y

# %% [markdown]
# The same `f` as before, unchanged: the operators recorded each step. `y` knows the whole way back
# to `x`:

# %%
ag.draw(y)

# %% [markdown]
# Every dash is a slope that nobody has asked for yet. Ask:

# %%
y.backward()
x.grad

# %% [markdown]
# 14, with no `h` and no rounding. `backward()` went through the picture from right to left and
# filled in the slope of `y` by *every* number in it.

# %%
ag.draw(y)

# %% [markdown]
# And this is how it came about, line by line. `x` is used twice, so two contributions add up in the
# last line.

# %%
print(ag.explain(y, wrt=x))

# %% [markdown]
# The three knobs from above, all in one go:

# %%
a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
d = a * b + c
d.backward()
print(a.grad, b.grad, c.grad)

# %% [markdown]
# **Predict:** what is the slope of `u + u` by `u`? And that of `u * u`, at `u = 5`?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
u = Value(5.0, label="u")
twice = u + u
twice.backward()
print("u + u:", u.grad)

u = Value(5.0, label="u")
square = u * u
square.backward()
print("u * u:", u.grad)

# %% [markdown]
# **Exercise 2.** Work out by hand the slopes of $p\,q + q^2$ at $p = 4$, $q = 3$. Which way would
# you nudge $q$ to make it smaller?

# %%
# Exercise 2
by_p = None
by_q = None

# %%
p, q = Value(4.0), Value(3.0)
(p * q + q**2).backward()
check(by_p, p.grad, "hold q still: p is only in the first product")
check(by_q, q.grad, "q is in both terms: add p to the slope of q squared")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# by_p = 3.0            # the value of q
# by_q = 4.0 + 2 * 3.0  # p from the product, and 2 q from the square
# ```
#
# Both slopes are positive: to make the result smaller, nudge $q$ down.
# </details>

# %% [markdown]
# ## Grads add up
#
# **Predict:** we ask for the slope of `x * x` at 3, which is 6. Then we ask again. What is `x.grad`
# now?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
x = Value(3.0, label="x")
y = x * x
y.backward()
print("once: ", x.grad)
y.backward()
print("twice:", x.grad)

# %% [markdown]
# `backward()` *adds* to the grads of its leaves, so that the slopes of several results can be
# collected. Whoever wants a fresh answer sets them to zero first, with `y.zero_grad()`. Forgetting
# that is the commonest bug in this trade. Here it is.
#
# ## Find the bug: walking downhill
#
# A positive slope means that `f` falls to the left. So take a step against the slope, and again,
# and again: that is *gradient descent*. The lowest point of our `f` is at $x = 2/3$.

# %%
def descend(steps):
    """Return where we are after each step downhill on f, from x = 3."""
    x = Value(3.0)
    places = [x.data]
    for _ in range(steps):
        y = f(x)
        y.backward()
        x.data -= 0.1 * x.grad
        places.append(x.data)
    return places


print([round(place, 3) for place in descend(8)])

# %% [markdown]
# It runs through the lowest point and far out on the other side, and comes back, and never settles.
#
# **Exercise 3.** Find the line that is missing, and put it in.

# %%
# Exercise 3
def descend_mended(steps):
    """Return where we are after each step downhill on f, from x = 3."""
    x = Value(3.0)
    places = [x.data]
    for _ in range(steps):
        y = f(x)
        y.backward()
        x.data -= 0.1 * x.grad
        places.append(x.data)
    return places


# %%
last = descend_mended(30)[-1]
print("right" if math.isclose(last, 2 / 3) else f"not yet: after 30 steps x is {last:.3f}, and not 2/3")

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# def descend_mended(steps):
#     """Return where we are after each step downhill on f, from x = 3."""
#     x = Value(3.0)
#     places = [x.data]
#     for _ in range(steps):
#         y = f(x)
#         y.zero_grad()
#         y.backward()
#         x.data -= 0.1 * x.grad
#         places.append(x.data)
#     return places
# ```
#
# Without it each step goes against the *sum* of all slopes so far, like a ball that rolls without
# friction.
# </details>

# %% [markdown]
# ## Trust, but check
#
# `ag.check_grad` does what we did at the start, with care for the size of the step, and puts its
# answer beside the exact one: first derivatives, then second ones.

# %%
ag.check_grad(lambda a, b: ag.sin(a * b) + a**2, 0.5, 2.0)

# %% [markdown]
# And where you have a function and only want a number, there is `ag.grad`, which makes the function
# of slopes:

# %%
slope_of_f = ag.grad(f)
print(slope_of_f(3.0), slope_of_f(0.0))

# %% [markdown]
# ## What to take away
#
# - A slope says how much the result moves for a little nudge of an input, all others held still.
# - Nudging gives it roughly; a `Value` records the calculation and gives it exactly, for all inputs
#   in one go.
# - A number that is used twice collects two contributions. Grads add up until `zero_grad()`.
#
# Next: [how `backward()` does it](02_backpropagation.ipynb), by hand first.
