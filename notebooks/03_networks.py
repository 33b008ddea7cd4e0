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
# # 3. Neurons, layers, and two moons
#
# A neuron weighs its inputs, adds a bias, and bends the result. A layer is several neurons side by
# side, a network several layers in a row. There is nothing more to it; the rest is slopes, and we
# have those.

# %%
import base64
import math
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import HTML

import autograd_scalar as ag
from autograd_scalar import nn


def check(got, expected, hint):
    """Say whether an answer is right. None means that the exercise is still to be done."""
    if got is None:
        print("not yet: fill in the cell above, run it, then run this one again")
    elif math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-9):
        print("right")
    else:
        print(f"not quite, got {got!r}: {hint}")


# %% [markdown]
# ## One neuron
#
# The weights are drawn by chance; the seed makes it the same chance for everyone.

# %%
neuron = nn.Neuron(2, activation="tanh", seed=1)
print(neuron)
for name, parameter in neuron.named_parameters():
    print(f"{name:4} {parameter.data:7.4f}")

# %%
out = neuron([1.0, -2.0])
print(f"{out:.6f}")

# %% [markdown]
# **Exercise 1.** Get the same number without calling the neuron: from its weights `neuron.w`, its
# bias `neuron.b`, and `math.tanh`. (`.data` of a Value is its number.)

# %%
# Exercise 1
by_hand = None

# %%
check(by_hand, out.data, "tanh(w[0] * 1 + w[1] * (-2) + b)")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# by_hand = math.tanh(neuron.w[0].data * 1.0 + neuron.w[1].data * -2.0 + neuron.b.data)
# ```
#
# </details>

# %%
out.backward()
ag.draw(out, names=neuron)

# %% [markdown]
# ## A layer, and layers in a row
#
# `MLP(2, [8, 8, 1])` takes 2 inputs through two layers of 8 neurons to 1 output.
#
# **Predict:** how many parameters are that? (Each neuron has a weight for each of its inputs, and a
# bias.)

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
model = nn.MLP(2, [8, 8, 1], activation="tanh", seed=1)
model

# %% [markdown]
# ## Two moons
#
# A hundred points on two half moons, and a model that has learnt nothing yet. The colour says what
# it would answer, and the line is where it changes its mind.

# %%
moons = ag.data.moons(100, noise=0.12, seed=1)
print(moons)
ag.plot.decision_boundary(model, moons)

# %% [markdown]
# ## How wrong is it?
#
# The model gives a score for each point: above 0 it means the one moon, below 0 the other.
# `binary_cross_entropy` turns the scores and the right answers into one number, 0 if every answer
# is right and certain. That number is a Value, at the end of a large graph.

# %%
def loss_of(model, data):
    return nn.binary_cross_entropy([model(x) for x in data.X], data.y)


def accuracy_of(model, data):
    return ag.train.accuracy([model(x) for x in data.X], data.y)


loss = loss_of(model, moons)
print(f"loss {loss:.4f}, accuracy {accuracy_of(model, moons):.2f}")
print(f"{len(ag.topological_order(loss)):,} values in the graph")

# %% [markdown]
# Eight points in ten, without having learnt a thing: chance has put the line well. The loss is not
# fooled, for it also asks how certain the answers are.
#
# One call gives the slope of the loss by each of the 105 parameters.

# %%
loss.backward()
ag.plot.gradients(model)

# %% [markdown]
# What do these slopes promise? A step of 0.1 downhill, as the gradient predicts it and as it really
# happens:

# %%
step = ag.nudge(lambda: loss_of(model, moons), model.parameters(), step=0.1).descent
print(f"predicted {step.predicted:.5f}, actual {step.actual:.5f}")

# %% [markdown]
# The loss falls, but by less than a straight line would have it: the slope changes on the way.
#
# ## Training is four lines in a loop
#
# Loss, zero, backward, step.

# %%
def train(model, steps, lr):
    losses = []
    for _ in range(steps):
        loss = loss_of(model, moons)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


losses = train(nn.MLP(2, [8, 8, 1], seed=1), steps=60, lr=1.0)
print(f"from {losses[0]:.3f} to {losses[-1]:.3f}")

# %% [markdown]
# ## Find the bug
#
# A friend's loop, for the same model, the same data and the same `lr`. "The loss does go down, at
# first. Then it jumps about."

# %%
def train_of_a_friend(model, steps, lr):
    losses = []
    for _ in range(steps):
        loss = loss_of(model, moons)
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


theirs = train_of_a_friend(nn.MLP(2, [8, 8, 1], seed=1), steps=60, lr=1.0)
figure, axes = plt.subplots(figsize=(5.2, 3.0), layout="constrained")
axes.plot(losses, color="#0072b2", lw=2, label="ours")
axes.plot(theirs, color="#d55e00", ls="--", label="the friend's")
axes.set(xlabel="step", ylabel="loss")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# **Exercise 2.** What has the friend forgotten? Mend it.

# %%
# Exercise 2
def train_mended(model, steps, lr):
    losses = []
    for _ in range(steps):
        loss = loss_of(model, moons)
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


# %%
mended = train_mended(nn.MLP(2, [8, 8, 1], seed=1), steps=60, lr=1.0)
print("right" if mended == losses else f"not yet: it ends with a loss of {mended[-1]:.3f}, ours with {losses[-1]:.3f}")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# def train_mended(model, steps, lr):
#     losses = []
#     for _ in range(steps):
#         loss = loss_of(model, moons)
#         model.zero_grad()
#         loss.backward()
#         for p in model.parameters():
#             p.data -= lr * p.grad
#         losses.append(loss.data)
#     return losses
# ```
#
# `backward()` adds to the grads, so each step went along the sum of all slopes so far. It is a
# nasty bug because the loss may well go down in spite of it.
# </details>

# %% [markdown]
# ## Training with everything
#
# `ag.train.fit` is that loop with what one wants around it: mini-batches, a better optimiser
# (Adam), a history. `record=2` keeps the parameters of every second epoch, for the film below.

# %%
model = nn.MLP(2, [8, 8, 1], activation="tanh", seed=1)
history = ag.train.fit(model, moons, epochs=30, batch_size=20, lr=0.05, record=2, progress=False)
print(f"accuracy {history['accuracy'][0]:.2f} after the first epoch, {history['accuracy'][-1]:.2f} after the last")
ag.plot.loss_curve(history)
ag.plot.metric_curve(history)

# %%
def film(model, data, history):
    """Return the recorded epochs as an animation."""
    with tempfile.TemporaryDirectory() as folder:
        path = ag.plot.boundary_gif(model, data, None, history, Path(folder, "film.gif"), grid=20, fps=4)
        encoded = base64.b64encode(path.read_bytes()).decode()
    alt = "The boundary bends, epoch by epoch, until it lies between the two classes"
    return HTML(f'<img alt="{alt}" src="data:image/gif;base64,{encoded}">')


film(model, moons, history)

# %% [markdown]
# All hundred points are right. But those it has seen! What counts are points that it has not seen:

# %%
fresh = ag.data.moons(400, noise=0.12, seed=2)
print(f"accuracy on 400 fresh points: {accuracy_of(model, fresh):.3f}")

# %% [markdown]
# ## Are the hidden layers worth it?
#
# **Predict:** how well does a single neuron do on the moons? It can only draw a straight line.

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
line = nn.MLP(2, [1], seed=1)
ag.train.fit(line, moons, epochs=30, batch_size=20, lr=0.05, progress=False)
print(f"accuracy on the fresh points: {accuracy_of(line, fresh):.3f}")
ag.plot.decision_boundary(line, moons)

# %% [markdown]
# The network from the inside, for one point, a box for each neuron. All that was learnt is in the
# numbers on the way.

# %%
ag.draw(model(moons.X[0]), names=model, group="neuron")

# %% [markdown]
# ## Your turn
#
# One ring of points inside another. No straight line parts them, so a single neuron is at a loss:

# %%
rings = ag.data.circles(120, noise=0.05, seed=3)
alone = nn.MLP(2, [1], seed=0)
ag.train.fit(alone, rings, epochs=60, batch_size=20, lr=0.2, progress=False)
print(f"accuracy {accuracy_of(alone, rings):.2f}")

# %% [markdown]
# **Exercise 3.** Give the neuron a third input, computed from the two, with which one neuron is
# enough. What is it that tells the rings apart?

# %%
# Exercise 3
def third(x1, x2):
    return None  # your formula


# %%
if third(1.0, 2.0) is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    widened = ag.data.Dataset([[x1, x2, third(x1, x2)] for x1, x2 in rings.X], rings.y)
    helped = nn.MLP(3, [1], seed=0)
    ag.train.fit(helped, widened, epochs=60, batch_size=20, lr=0.2, progress=False)
    reached = accuracy_of(helped, widened)
    print("right" if reached > 0.95 else "not quite", f"(accuracy {reached:.2f})")

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# def third(x1, x2):
#     return x1**2 + x2**2
# ```
#
# The square of the distance from the middle. Hidden layers find such inputs by themselves; where
# you know them, say so.
# </details>

# %% [markdown]
# ## What to take away
#
# - A network is a long expression; training is: loss, zero, backward, step.
# - A hidden layer bends the space, so that a straight line is enough in the end.
# - Judge on points that were not trained on. [Notebook 5](05_penguins.ipynb) takes that seriously.
#
# Next: [slopes of slopes](04_higher_derivatives.ipynb).
