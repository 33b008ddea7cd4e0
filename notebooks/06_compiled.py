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
# # 6. Compiled: from seconds to microseconds
#
# A graph of scalars can be read, drawn and explained. It is also slow: every product is an object
# that is made, linked and freed. But a training loop builds the *same* graph at every step, with
# other numbers. So record it once, turn it into machine code, and replay it.
#
# The seconds are micrograd's: its step of the loop below takes about one, as `make bench BENCH=step`
# measures it. Ours takes milliseconds on the compiled core, and compiled some tens of microseconds.
#
# This notebook needs llvmlite: `pip install ".[jit]" notebook` in a clone. Without it everything
# runs too, more slowly.

# %%
import math
import random
import re
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

import autograd_scalar as ag
from autograd_scalar import Value, nn, optim

sys.path.append("..")  # where examples/ lies
from examples import gpt


def check(got, expected, hint):
    """Say whether an answer is right. None means that the exercise is still to be done."""
    if got is None:
        print("not yet: fill in the cell above, run it, then run this one again")
    elif math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-9):
        print("right")
    else:
        print(f"not quite, got {got!r}: {hint}")


def seconds(f, least=0.2):
    """Return the shortest time that a call took, of as many as fit into a while."""
    best, end = math.inf, time.perf_counter() + least
    while time.perf_counter() < end:
        start = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - start)
    return best


def side_by_side(title, **times):
    """Show times as a table: milliseconds, and how often each goes into the first."""
    first = next(iter(times.values()))
    rows = [
        f"| {name.replace('_', ' ')} | {1e3 * t:.3g} | {first / t:,.{0 if first > 10 * t else 1}f} |"
        for name, t in times.items()
    ]
    display(Markdown("\n".join([f"| {title} | ms | times as fast |", "|---|---:|---:|", *rows])))


def told_price(first, eager, compiled):
    """Show what the first call cost, and after how many steps that is won back."""
    text = f"The first call took {first:.2g} s"
    if compiled < eager:
        steps = math.ceil(first / (eager - compiled))
        text += f"; a step saves {1e3 * (eager - compiled):.2g} ms, so it pays after {steps:,} steps"
    display(Markdown(f"{text}."))


# %% [markdown]
# ## One training loop
#
# The two moons of [notebook 3](03_networks.ipynb), and a network of 2-16-16-1 neurons, in plain
# operators, one scalar at a time.

# %%
moons = ag.data.moons(100, noise=0.1, seed=1)
model = nn.MLP(2, [16, 16, 1], seed=1)


def run(model, x):
    """Return the model's score of one point, by nothing but + and *."""
    for layer in model.layers:
        x = [sum((w * xi for w, xi in zip(n.w, x, strict=True)), n.b) for n in layer.neurons]
        if layer is not model.layers[-1]:
            x = [v.relu() for v in x]
    return x[0]


def loss_of_one(x, y):
    """Return the hinge loss of one point, its class y being -1 or 1."""
    return (1.0 - y * run(model, x)).relu()


X, Y = moons.X, [2.0 * y - 1.0 for y in moons.y]


def loss_of_all():
    return sum(loss_of_one(x, y) for x, y in zip(X, Y, strict=True)) / len(X)


optimizer = optim.SGD(model.parameters(), lr=0.0)


def step(loss):
    """Do one step of training; at a rate of 0, so that we can time it again and again."""
    value = loss()
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.data


print(f"{step(loss_of_all):.6f}")
print(len(model.parameters()), "parameters,", len(ag.topological_order(loss_of_all())), "nodes")

# %%
eager = seconds(lambda: step(loss_of_all))
side_by_side(f"one step, {ag.core()} core", eager=eager)

# %% [markdown]
# ## A decorator
#
# **Predict:** `loss_of_all` takes no arguments. If it is recorded once and replayed, will a replay
# see that the parameters have changed?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
decorated = ag.jit(loss_of_all)  # as with @ag.jit above it

start = time.perf_counter()
print(f"{decorated().data:.6f}")
first_decorated = time.perf_counter() - start

bias = model.layers[0].neurons[0].b
for shift in (0.5, -0.5):
    bias.data += shift
    print(f"{decorated().data:.6f}")

# %% [markdown]
# It does. Leaves that were there before the recording are *inputs*: their present data is read at
# every call. What the call gives is a single node. Its parents are those inputs, and the partial
# derivatives came from the same machine code as the value, so `backward()` has one multiplication
# to do for each parameter.

# %%
value = decorated()
print(len(value.parents), "parents")
theirs, ours = (ag.gradient(v, model.parameters()) for v in (loss_of_all(), value))
print(
    "the same gradient:",
    all(math.isclose(a, b, abs_tol=1e-12) for a, b in zip(theirs, ours, strict=True)),
)

# %%
by_decorator = seconds(lambda: step(decorated))
side_by_side("one step", eager=eager, decorated=by_decorator)
told_price(first_decorated, eager, by_decorator)

# %% [markdown]
# ## Rows
#
# A step over a hundred points does a hundred times the same. The compiler has found that out, from
# 68,140 nodes. It is quicker to say so: write the loss of *one* point, and name the arguments that
# are mapped over rows. They are arrays; `x` is then a list of two Values, `y` one. The losses' mean
# comes back as one node, with the gradients summed into the parameters.

# %%
PX, PY = np.array(X), np.array(Y)

start = time.perf_counter()
mapped = ag.jit(loss_of_one, rows=(0, 1), reduce="mean")
value = mapped(PX, PY)
first = time.perf_counter() - start
print(f"{value.data:.6f}, and eagerly {loss_of_all().data:.6f}")

# %%
by_rows = seconds(lambda: step(lambda: mapped(PX, PY)))
side_by_side(
    "one step",
    eager=eager,
    decorated=by_decorator,
    rows=by_rows,
    the_kernel_alone=seconds(mapped.kernel(PX, PY)),
)
told_price(first, eager, by_rows)

# %% [markdown]
# The processor computes several rows at once, in each register 2, 4 or 8 of them. The kernel gives
# the loss and all 337 derivatives; the rest of a step is Python: reading the parameters, making a
# node, moving the parameters.
#
# The first call is the price: the function is run once on Values, and LLVM takes its time. It is
# paid once, also for a second network of that shape.
#
# Now in earnest, with a rate that is not 0:

# %%
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
start = time.perf_counter()
losses = [step(lambda: mapped(PX, PY)) for _ in range(500)]
spent = time.perf_counter() - start
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
display(Markdown(f"500 steps in {spent:.2f} s; eagerly it would have been {500 * eager:.0f} s"))

# %% [markdown]
# `ag.train.fit` does this by itself where it pays.
#
# ## What was generated
#
# For a function small enough to be read:

# %%
w, b = Value(1.7, label="w"), Value(-0.3, label="b")


@ag.jit
def neuron(x):
    return ag.tanh(w * x + b)


neuron(0.5)
print(neuron.explain())

# %% [markdown]
# What was recorded is a *program*: instructions from top to bottom, each of which gives one number.
# Its gradient is a program too, made from the same table of local derivatives that `backward()`
# uses. Then everything is written out in plain arithmetic, and what is computed twice is computed
# once. As Python, the value and the derivatives by x, w and b:

# %%
print(neuron.source())

# %% [markdown]
# **Predict:** where in there is the derivative of tanh, $1 - \tanh^2$? Why is `tanh` called only
# once?
#
# The same as C, a file that any compiler takes, for use where there is no Python:

# %%
print(neuron.source("c").partition("OFF")[2].partition("#endif")[2].strip())

# %% [markdown]
# And as LLVM's intermediate representation, from which the machine code is made:

# %%
text = neuron.source("llvm")
print("define" + text[text.index(" i64 @single") :])

# %% [markdown]
# The loss of one point is longer. `explain()` begins with what it costs:

# %%
for line in mapped.explain().splitlines():
    if "Values" in line or "costs" in line:
        print(line.strip())

# %% [markdown]
# ## A guard that flips
#
# What about a Python `if`? The recording went one way; other numbers go another.


# %%
@ag.jit
def huber(x):
    """Return x²/2 near 0, and a straight line further out."""
    if abs(x) <= 1.0:
        return 0.5 * x * x
    return abs(x) - 0.5


# %% [markdown]
# **Predict:** the function is recorded at `x = 0.5`. What does it say at `x = 3`?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
print(huber(0.5), huber)
print(huber(3.0), huber)

# %% [markdown]
# The comparison was written down as a *guard*, with how it came out, and every replay checks it.
# At 3 it came out otherwise, so that way was recorded as well. Never a wrong number; the price is
# another recording.


# %%
def told(f):
    """Print what a compiled function has to say; the notebook's own lines are called `cell`."""
    print(re.sub(r"\S*ipykernel\S*\.py:|<ipython\S*>:", "cell:", f.explain()))


told(huber)

# %% [markdown]
# **Exercise 1.** `steep` is called as below. How often is it recorded? (An int is not data: it is
# part of the structure, as in `x ** n`.)


# %%
@ag.jit
def steep(x, n):
    return x**n if x > 0.0 else -(x**n)


for x, n in [(0.5, 2), (2.5, 2), (-1.0, 2), (-2.0, 2), (0.5, 3), (3.0, 3)]:
    steep(x, n)

# %%
# Exercise 1
recordings = None

# %%
check(recordings, len(steep.paths), "for n = 2 both ways are taken, and for n = 3?")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# recordings = 3
# ```
#
# Two ways for n = 2, one for n = 3. With floats for exponents it would be two in all.
# </details>

# %% [markdown]
# ## Find the bug
#
# A learning rate that falls from step to step, and a compiled update. It works, and gets slower and
# slower:

# %%
rate = 0.5


@ag.jit
def moved(p, slope):
    return p - rate * slope


p = 4.0
for n in range(10):
    rate = 0.3 / (n + 1)
    p = moved(p, 2.0 * p)
print(f"{p:.6f}", moved)

# %% [markdown]
# Ten recordings for ten steps! `rate` is a global: a number that the recording froze, and so it is
# right for that number alone.
#
# **Exercise 2.** Mend `moved_once` so that one recording is enough. Its caller hands it three
# numbers.


# %%
# Exercise 2
@ag.jit
def moved_once(p, slope, rate_now):
    return p - rate * slope


# %%
p = 4.0
for n in range(10):
    rate = 0.3 / (n + 1)
    p = moved_once(p, 2.0 * p, rate)
print("right" if len(moved_once.paths) == 1 else f"not yet: {moved_once}")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# @ag.jit
# def moved_once(p, slope, rate_now):
#     return p - rate_now * slope
# ```
#
# Floats among the arguments are data. So are Values, wherever they are kept.
# </details>

# %% [markdown]
# ## Arrays
#
# A compiled function takes arrays as NumPy's own functions do: it is applied to each element. That
# goes for derivatives too.


# %%
def bump(x):
    return ag.tanh(1.7 * x - 0.3)


derivatives = [bump]
for _ in range(3):
    derivatives.append(ag.grad(derivatives[-1]))
all_four = ag.jit(lambda x: [f(x) for f in derivatives])

x = np.linspace(-2.0, 2.0, 200_001)
curves = all_four(x)
figure, axes = plt.subplots(figsize=(5.2, 2.8), layout="constrained")
for order, curve in enumerate(curves):
    axes.plot(x[::500], curve[::500], label=f"derivative {order}" if order else "tanh(1.7x - 0.3)")
axes.legend(fontsize=7)
plt.show()


# %% [markdown]
# With a pencil, and NumPy:


# %%
def by_hand(x):
    t = np.tanh(1.7 * x - 0.3)
    slope = 1.0 - t * t
    return [t, 1.7 * slope, -2.0 * 1.7**2 * t * slope, 1.7**3 * slope * (6.0 * t * t - 2.0)]


off = max(np.abs(a - b).max() for a, b in zip(curves, by_hand(x), strict=True))
print("the same" if off < 1e-13 else f"off by {off}")
side_by_side(
    "200,001 rows, tanh and three derivatives",
    NumPy_by_hand=seconds(lambda: by_hand(x)),
    compiled=seconds(lambda: all_four(x)),
)

# %% [markdown]
# NumPy goes over the memory once for each operation; here all is done while a few rows are in
# registers.
#
# A score for each point of a picture, from the trained model. It reads Values, and an array cannot
# carry their gradients, so we say that we want none:

# %%
score = ag.jit(lambda x1, x2: run(model, [x1, x2]))
plane = np.meshgrid(np.linspace(-1.6, 2.6, 300), np.linspace(-1.1, 1.6, 200))
with ag.no_grad():
    heights = score(*plane)

figure, axes = plt.subplots(figsize=(4.6, 3.0), layout="constrained")
axes.contourf(*plane, heights, levels=[-99, 0, 99], colors=["#cfe2f3", "#fbe0c8"])
axes.scatter(*PX.T, c=np.where(PY > 0, "#d55e00", "#0072b2"), s=8)
plt.show()

# %% [markdown]
# **Exercise 3.** The same training with a penalty on the weights: for each point the hinge loss
# plus `0.01` times the sum of the squares of all parameters (`nn.l2`). Write `penalised`, mapped
# over rows; its mean is to be one Value.

# %%
# Exercise 3
penalised = None

# %%
if penalised is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    check(
        penalised(PX, PY).data,
        loss_of_all().data + 0.01 * sum(p.data**2 for p in model.parameters()),
        "the penalty is part of the loss of each point, and its mean is itself",
    )

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# @ag.jit(rows=(0, 1), reduce="mean")
# def penalised(x, y):
#     return loss_of_one(x, y) + 0.01 * nn.l2(model.parameters())
# ```
#
# The compiler sees that the penalty is the same for all rows, and computes it once.
# </details>

# %% [markdown]
# ## A GPT
#
# `examples/gpt.py` is a transformer, scalar by scalar, that learns to make up names. A name is a
# list of tokens. As ints they would be part of the structure, and every name a recording of its
# own. As floats they are data: which row of the embedding is looked up, and which logit is the
# right one, is decided anew at every call. That is `ag.take`, in `nn.Embedding` and
# `nn.cross_entropy`; its gradient lands in the element that was taken.

# %%
table = [Value(2.0), Value(3.0), Value(5.0)]
looked_up = ag.jit(lambda i: ag.take(table, i) ** 2)
for i in (0.0, 2.0):
    value = looked_up(i)
    print(value.data, ag.gradient(value, table), looked_up)

# %% [markdown]
# The whole of it: 4,064 parameters, and for a name of 8 letters about 10,000 nodes forward. The
# length of a list is structure, so we keep to names that fill all 8 positions; each other length
# would be a recording of its own.

# %%
names = gpt.read_names(gpt.Path(gpt.__file__).with_name("names.txt"))
alphabet = gpt.Alphabet(names)
transformer = gpt.GPT(len(alphabet), seed=0)


def pairs(name):
    """Return a name's tokens as far as the model sees, and what comes after each, as floats."""
    tokens = [float(token) for token in alphabet.tokens(name)[: gpt.POSITIONS + 1]]
    return tokens[:-1], tokens[1:]


def surprise(tokens, targets):
    return nn.cross_entropy(transformer(tokens), targets)


compiled_surprise = ag.jit(surprise)
start = time.perf_counter()
value = compiled_surprise(*pairs("matthew"))
first = time.perf_counter() - start
print(f"{value.data:.6f}, {len(transformer.parameters())} parameters, {compiled_surprise}")

# %%
optimizer = optim.Adam(transformer.parameters(), lr=0.0)
ints = [[int(token) for token in tokens] for tokens in pairs("matthew")]
eager = seconds(lambda: step(lambda: surprise(*ints)))
compiled = seconds(lambda: step(lambda: compiled_surprise(*pairs("matthew"))))
side_by_side("one step of the GPT", eager=eager, compiled=compiled)
told_price(first, eager, compiled)

# %%
optimizer = optim.Adam(transformer.parameters(), lr=0.01, betas=(0.9, 0.95))
long_names = [name for name in names if len(name) >= gpt.POSITIONS - 1]
losses = []
for n in range(1000):
    inputs = pairs(long_names[n % len(long_names)])
    losses.append(step(lambda inputs=inputs: compiled_surprise(*inputs)))
print(
    f"{len(losses)} names, loss {losses[0]:.2f} -> {sum(losses[-50:]) / 50:.2f}, {compiled_surprise}"
)

# %%
rng = random.Random(0)
print(*(gpt.sample(transformer, alphabet, rng, 0.6) for _ in range(8)))

# %% [markdown]
# ## What to take away
#
# - A training step builds the same graph every time. `ag.jit` records it once; the parameters are
#   inputs, and the result is one node.
# - Write the loss of one sample, and map it over rows.
# - What decides about the *structure* (ints, lengths, ways through an `if`) is recorded for each
#   case. What is *data* (floats, Values, arrays) costs nothing to change. `explain()` tells which is
#   which.
# - How it works inside is in the docs, under "The compiler".
