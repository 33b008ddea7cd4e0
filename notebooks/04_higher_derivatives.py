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
# # 4. Slopes of slopes: Newton, and a pendulum on a spring
#
# A gradient that was recorded is a graph like any other, so it has a gradient too. That gives
# curvature, Newton's method, and the equations of motion of anything whose energy you can write
# down.

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
# ## Again, and again
#
# `ag.grad` makes a function of slopes, and can be applied to what it made.
#
# **Predict:** the sine's derivatives at 0, the first to the fifth.

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
derivative = ag.sin
for order in range(1, 6):
    derivative = ag.grad(derivative)
    print(order, derivative(0.0))

# %% [markdown]
# The same with Values, to see what happens. `create_graph=True` records the way back too; the
# result is a Value.

# %%
x = Value(2.0, label="x")
y = x**3
slope = ag.gradient(y, x, create_graph=True)
print(slope.data, ag.gradient(slope, x))

# %%
ag.plot.activation("tanh")

# %% [markdown]
# **Exercise 1.** How sharply a curve bends is its curvature $\kappa = \dfrac{f''}{(1 +
# f'^2)^{3/2}}$; $1/\kappa$ is the radius of the circle that fits into the bend. Write it for any
# `f` that is made of Values' operations.

# %%
# Exercise 1
def curvature(f, x):
    return None  # your code


# %%
check(curvature(lambda x: -ag.sqrt(4.0 - x * x), 1.2), 0.5, "the lower half of a circle of radius 2 has curvature 1/2")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# def curvature(f, x):
#     first = ag.grad(f)
#     second = ag.grad(first)
#     return second(x) / (1.0 + first(x) ** 2) ** 1.5
# ```
#
# </details>

# %% [markdown]
# ## Newton's method
#
# To find where $f(x) = 0$: follow the tangent down to the axis, and begin again there.
#
# $$x \leftarrow x - \frac{f(x)}{f'(x)}$$
#
# Newton's own example of 1669 was $x^3 - 2x - 5 = 0$.

# %%
def newton(f, x, steps):
    """Return where Newton's method is after each step from x."""
    value_and_slope = ag.value_and_grad(f)
    places = [x]
    for _ in range(steps):
        height, slope = value_and_slope(places[-1])
        places.append(places[-1] - height / slope)
    return places


def cubic(x):
    return x**3 - 2 * x - 5


for x in newton(cubic, 2.0, 5):
    print(f"x = {x:.15f}   f(x) = {cubic(x): .1e}")

# %% [markdown]
# The number of right digits doubles with each step: 1, 2, 4, 8, all. That is worth an exact slope.
#
# **Exercise 2.** A planet on an ellipse of eccentricity $e$ is found by Kepler's equation $E - e
# \sin E = M$, which no formula solves for $E$. Find $E$ for $e = 0.6$ and $M = 1$ with `newton`.

# %%
# Exercise 2
E = None

# %%
check(None if E is None else E - 0.6 * math.sin(E), 1.0, "which function of E is to be zero?")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# E = newton(lambda E: E - 0.6 * ag.sin(E) - 1.0, 1.0, 8)[-1]
# ```
#
# </details>

# %% [markdown]
# ## Down a valley
#
# A lowest point is where the *slope* is zero. So Newton for the slope: in two dimensions, with the
# gradient $g$ and the matrix $H$ of second derivatives,
#
# $$x \leftarrow x - H^{-1} g.$$
#
# Rosenbrock's valley is narrow and bent; its lowest point is at (1, 1).

# %%
def valley(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


print("gradient", ag.grad(valley)([-1.0, 1.5]))
print("hessian ", ag.hessian(valley)([-1.0, 1.5]))

# %%
def solve(H, g):
    """Return the solution d of H d = g, for two unknowns."""
    (a, b), (c, d) = H
    det = a * d - b * c
    return [(d * g[0] - b * g[1]) / det, (a * g[1] - c * g[0]) / det]


def by_newton(p, steps):
    gradient, hessian = ag.grad(valley), ag.hessian(valley)
    path = [p]
    for _ in range(steps):
        p = [x - d for x, d in zip(p, solve(hessian(p), gradient(p)), strict=True)]
        path.append(p)
    return path


def by_descent(p, steps, lr=0.001):
    gradient = ag.grad(valley)
    path = [p]
    for _ in range(steps):
        p = [x - lr * g for x, g in zip(p, gradient(p), strict=True)]
        path.append(p)
    return path


# %% [markdown]
# **Predict:** both start at (-1, 1.5). How many steps will each need to come within 0.001 of (1,
# 1)?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
def steps_needed(path):
    return next((n for n, p in enumerate(path) if math.dist(p, (1.0, 1.0)) < 0.001), None)


newtons, descents = by_newton([-1.0, 1.5], 10), by_descent([-1.0, 1.5], 18_000)
print("Newton", steps_needed(newtons), "descent", steps_needed(descents))

# %%
figure, axes = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
xs, ys = [-1.6 + 0.04 * i for i in range(80)], [-3.6 + 0.1 * i for i in range(58)]
heights = [[math.log10(valley((x, y)) + 1e-3) for x in xs] for y in ys]
axes.contourf(xs, ys, heights, levels=14, cmap="Greys", alpha=0.6)
axes.plot(*zip(*descents, strict=True), color="#d55e00", lw=2, label="descent, 18,000 steps")
axes.plot(*zip(*newtons, strict=True), "o-", color="#0072b2", ms=4, lw=1, label="Newton, 10 steps")
axes.plot(1.0, 1.0, "*", color="#222222", ms=12, label="lowest point")
axes.set(xlabel="x", ylabel="y", xlim=(-1.6, 1.56), ylim=(-3.6, 2.1))
axes.legend(loc="lower left", fontsize=8)
plt.show()

# %% [markdown]
# Newton leaps across the slopes and lands on the floor of the valley; descent crawls along it. Why
# does nobody train networks with Newton, then? With $n$ parameters $H$ has $n^2$ entries.
#
# ## Find the bug
#
# This function has the slope $\cos(2) \cdot 2 + \sin(2) \approx 0.0770$ at 2. The engine says
# otherwise:

# %%
def wave(x):
    height = math.sin(x.data) if isinstance(x, Value) else math.sin(x)
    return x * height


print(f"{ag.grad(wave)(2.0):.4f}")
ag.check_grad(wave, 2.0, order=1)

# %% [markdown]
# **Exercise 3.** `check_grad` sees that something is wrong. What is it? Mend the function.

# %%
# Exercise 3
def wave_mended(x):
    height = math.sin(x.data) if isinstance(x, Value) else math.sin(x)
    return x * height


# %%
slope = ag.grad(wave_mended)(2.0)
print("right" if math.isclose(slope, 2 * math.cos(2) + math.sin(2)) else f"not yet: the slope came out as {slope:.4f}")

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# def wave_mended(x):
#     return x * ag.sin(x)
# ```
#
# `.data` takes the number out of the Value, and what is computed from it is a constant to the
# engine: half of the product rule was lost. `ag.sin` takes numbers and Values both.
# </details>

# %% [markdown]
# ## A pendulum on a spring
#
# A weight hangs on a spring and swings. It is at distance $r$ and angle $\theta$, and moves with
# $\dot r$ and $\dot\theta$. Lagrange found that one formula is enough, kinetic minus potential
# energy:

# %%
GRAVITY, STIFFNESS, LENGTH = 9.81, 40.0, 1.0


def kinetic(r, v_r, v_theta):
    return 0.5 * (v_r**2 + (r * v_theta) ** 2)


def potential(r, theta):
    return 0.5 * STIFFNESS * (r - LENGTH) ** 2 - GRAVITY * r * ag.cos(theta)


def lagrangian(state):
    r, theta, v_r, v_theta = state
    return kinetic(r, v_r, v_theta) - potential(r, theta)


# %% [markdown]
# With $q = (r, \theta)$ and $v = (\dot r, \dot\theta)$ the motion follows from its first and second
# derivatives, for whatever $\mathcal L$:
#
# $$
# \frac{\partial^2 \mathcal L}{\partial v^2}\, \dot v = \frac{\partial \mathcal L}{\partial q} -
# \frac{\partial^2 \mathcal L}{\partial v\, \partial q}\, v.
# $$
#
# They are a gradient and a Hessian. No pencil needed:

# %%
def motion(lagrangian):
    """Return the function from a state [q, v] of two coordinates to the accelerations."""
    gradient, hessian = ag.grad(lagrangian), ag.hessian(lagrangian)

    def accelerations(state):
        g, H = gradient(state), hessian(state)
        v = state[2:]
        force = [g[i] - H[2 + i][0] * v[0] - H[2 + i][1] * v[1] for i in (0, 1)]
        return solve([row[2:] for row in H[2:]], force)

    return accelerations


accelerations = motion(lagrangian)
accelerations([1.1, 0.5, 0.2, 0.3])

# %% [markdown]
# With a pencil: $\ddot r = r \dot\theta^2 + g \cos\theta - k (r - l)$ and $\ddot\theta = -(g
# \sin\theta + 2 \dot r \dot\theta) / r$. The same numbers:

# %%
r, theta, v_r, v_theta = 1.1, 0.5, 0.2, 0.3
print(r * v_theta**2 + GRAVITY * math.cos(theta) - STIFFNESS * (r - LENGTH))
print(-(GRAVITY * math.sin(theta) + 2 * v_r * v_theta) / r)

# %% [markdown]
# Now let it go. Runge and Kutta's method takes a step of time from four looks at the accelerations.

# %%
def swing(accelerations, state, steps, dt=0.01):
    """Return the states of the motion, one each dt."""

    def rates(state):
        return [*state[2:], *accelerations(state)]

    def ahead(state, rate, time):
        return [x + time * d for x, d in zip(state, rate, strict=True)]

    states = [state]
    for _ in range(steps):
        s = states[-1]
        k1 = rates(s)
        k2 = rates(ahead(s, k1, dt / 2))
        k3 = rates(ahead(s, k2, dt / 2))
        k4 = rates(ahead(s, k3, dt))
        mean = [(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True)]
        states.append(ahead(s, mean, dt))
    return states


def energy(state):
    r, theta, v_r, v_theta = state
    return kinetic(r, v_r, v_theta) + potential(r, theta)


start = [1.4, 1.0, 0.0, 0.0]
states = swing(accelerations, start, 800)

figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4), layout="constrained")
across = [r * math.sin(theta) for r, theta, *_ in states]
down = [-r * math.cos(theta) for r, theta, *_ in states]
left.plot(across, down, color="#0072b2", lw=1)
left.plot([0.0, across[-1]], [0.0, down[-1]], color="#999999", lw=1)
left.plot(0.0, 0.0, "s", across[-1], down[-1], "o", color="#222222")
left.set(title="8 seconds of its path", aspect="equal")
right.plot([0.01 * i for i in range(801)], [energy(s) - energy(start) for s in states], color="#d55e00")
right.set(title="energy gained or lost", xlabel="seconds")
right.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
plt.show()

# %% [markdown]
# Energy must stay what it is, and it does, to a few millionths of a joule.
#
# ## Why exact slopes?
#
# The same motion with nudges in place of derivatives: a second derivative is then a difference of
# differences.
#
# **Predict:** which size of nudge is good, and what happens with 1e-7?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
def nudged(f, x, i, h):
    return [y + h * (n == i) for n, y in enumerate(x)]


def motion_by_nudges(f, h):
    def gradient(x):
        return [(f(nudged(f, x, i, h)) - f(nudged(f, x, i, -h))) / (2 * h) for i in range(4)]

    def accelerations(state):
        g = gradient(state)
        rows = [(gradient(nudged(f, state, i, h)), gradient(nudged(f, state, i, -h))) for i in (2, 3)]
        H = [[(a - b) / (2 * h) for a, b in zip(up, low, strict=True)] for up, low in rows]
        v = state[2:]
        force = [g[i] - H[i][0] * v[0] - H[i][1] * v[1] for i in (0, 1)]
        return solve([row[2:] for row in H], force)

    return accelerations


print(f"exact      energy is off by {abs(energy(swing(accelerations, start, 200)[-1]) - energy(start)):.0e}")
for h in (1e-1, 1e-3, 1e-5, 1e-7):
    end = swing(motion_by_nudges(lagrangian, h), start, 200)[-1]
    print(f"h = {h:.0e}  energy is off by {abs(energy(end) - energy(start)):.0e}")

# %% [markdown]
# With luck in choosing `h` nudges do well enough. The exact slopes have nothing to choose.
#
# **Exercise 4.** A bead on a rotating hoop, a top, two pendulums on a rod: only the Lagrangian
# changes. Try a plain one: a ball thrown in the air, with coordinates $x$ and $y$ (up) and
# $\mathcal L = \frac12 (\dot x^2 + \dot y^2) - g\,y$.

# %%
# Exercise 4
def thrown(state):
    x, y, v_x, v_y = state
    return None  # your formula


# %%
if thrown([0.0, 0.0, 3.0, 4.0]) is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    sideways, upwards = motion(thrown)([0.0, 0.0, 3.0, 4.0])
    check(sideways, 0.0, "nothing pulls it sideways")
    check(upwards, -GRAVITY, "the earth pulls it down")

# %% [markdown]
# <details><summary>Solution 4</summary>
#
# ```python
# def thrown(state):
#     x, y, v_x, v_y = state
#     return 0.5 * (v_x**2 + v_y**2) - GRAVITY * y + 0.0 * x
# ```
#
# (The `0.0 * x` may be left out: what the formula does not depend on has slope 0.)
# </details>

# %% [markdown]
# ## What to take away
#
# - A recorded gradient is a graph; differentiate it again for curvature.
# - Newton's method doubles the digits with each step, because its slopes are exact.
# - `.data` in the middle of a formula cuts the graph; `check_grad` finds it.
#
# Next: [a real data set](05_penguins.ipynb).
