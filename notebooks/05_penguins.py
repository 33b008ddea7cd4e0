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
# # 5. Penguins: a real data set, end to end
#
# Three species of penguin, measured on islands off Antarctica from 2007 to 2009. Can a small
# network tell the species from a few measurements, and how sure may we be of the number that we
# report?
#
# The data: Gorman, Williams and Fraser (2014), collected at Palmer Station LTER and published by
# Horst, Hill and Gorman as *palmerpenguins*, in the public domain (CC0). The file lies beside this
# notebook, in `data/`.

# %%
import csv
import math
import tempfile
from collections import Counter
from pathlib import Path

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


PENGUINS = Path("data/penguins.csv")

# %% [markdown]
# ## Look before you load

# %%
print(*PENGUINS.read_text().splitlines()[:6], sep="\n")

# %% [markdown]
# There is an `NA` already. What does the loader say?

# %%
MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]

try:
    ag.data.load_csv(PENGUINS, "species", features=MEASURES)
except ValueError as problem:
    print(problem)

# %% [markdown]
# It does not guess, and that is right: what to do about a gap is for us to decide. How many are
# there?

# %%
with PENGUINS.open(newline="") as file:
    rows = list(csv.DictReader(file))
gaps = [row for row in rows if "NA" in [row[name] for name in MEASURES]]
print(f"{len(gaps)} of {len(rows)} penguins were not measured")

# %% [markdown]
# Two, without a single measurement. We leave them out, and say so. (The other `NA` are in the
# column `sex`, which we do not use.)

# %%
complete = Path(tempfile.mkdtemp()) / "complete.csv"
with complete.open("w", newline="") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(row for row in rows if row not in gaps)

penguins = ag.data.load_csv(complete, "species", features=MEASURES)
print(penguins)
print(Counter(penguins.classes[y] for y in penguins.y))

# %% [markdown]
# ## What would no learning reach?
#
# **Exercise 1.** Whoever always says "Adelie" is right how often? That is the number to beat.

# %%
# Exercise 1
baseline = None

# %%
check(baseline, 151 / 342, "count the Adelies, and divide by all")

# %% [markdown]
# <details><summary>Solution 1</summary>
#
# ```python
# baseline = Counter(penguins.y).most_common(1)[0][1] / len(penguins)
# ```
#
# </details>

# %% [markdown]
# ## Put some away
#
# Three penguins in ten go into a drawer, the *test set*, and we do not look at them before the end.
# Every choice is made with the others.

# %%
train, test = penguins.split(test=0.3, seed=0)
print(len(train), "to learn from,", len(test), "in the drawer")

# %% [markdown]
# Grams are in the thousands, bills in tens of millimetres. A network wants its inputs of about the
# same size, so each column is brought to mean 0 and standard deviation 1. The mean and the
# deviation are those of the *training* rows: the test set's own would be a look into the drawer.

# %%
train = train.standardise()
test = test.standardise(by=train)
print("row as trained on:", [round(x, 2) for x in train.X[0]])
print("means:", [round(mean, 1) for mean in train.schema.mean])

# %% [markdown]
# ## Begin with two measurements
#
# With the bill's length and depth alone we can see what happens. Three outputs, one for each
# species; the largest wins.

# %%
bills = train.select(["bill_length_mm", "bill_depth_mm"])
small = nn.MLP(2, [6, 3], activation="tanh", seed=0)
history = ag.train.fit(small, bills, epochs=40, batch_size=32, validation=0.2, progress=False)
ag.plot.loss_curve(history)

# %% [markdown]
# A fifth of the training rows was held out (`validation=0.2`) and tells what the other curve does
# not: after ten epochs or so the loss goes on falling for the rows that are learnt, and rises for
# those that are not. From there on the network learns single penguins by heart.
#
# The picture is in millimetres again, though the network sees standardised numbers.

# %%
ag.plot.decision_boundary(small, bills)

# %% [markdown]
# ## Choose, without the drawer
#
# Which measurements, and how large a network? We ask by *cross-validation*: the training rows are
# split in five; each fifth is judged by a model that learnt from the other four.

# %%
def cross_validated(data, hidden, folds=5):
    """Return the share of rows that are right when judged by a model that has not seen them."""
    right = 0
    for fold in range(folds):
        held_out = data.take(range(fold, len(data), folds))
        others = data.take([i for i in range(len(data)) if i % folds != fold])
        model = nn.MLP(len(data.features), [*hidden, 3], activation="tanh", seed=fold)
        ag.train.fit(model, others, epochs=30, batch_size=32, progress=False)
        right += sum(data.schema.decode(model(x)) == data.classes[y] for x, y in zip(*held_out, strict=True))
    return right / len(data)


# %% [markdown]
# **Predict:** which line will be best, and is a hidden layer worth anything here?

# %% tags=["hide-output"] jupyter={"outputs_hidden": true}
for names in (MEASURES[2:], MEASURES[:2], MEASURES):
    data = train.select(names)
    for hidden in ([], [6]):
        words = " + ".join(name.rsplit("_", 1)[0] for name in names)
        print(f"{cross_validated(data, hidden):.3f}  hidden {hidden!s:4} {words}")

# %% [markdown]
# All four measurements. The hidden layer gains three penguins in 239, which another split may well
# take back: the species lie apart by straight lines already. The simpler model it is. That is a
# finding, too.
#
# ## Train, and open the drawer
#
# Once.

# %%
model = nn.MLP(4, [3], seed=0)
ag.train.fit(model, train, epochs=30, batch_size=32, progress=False)
answers = [test.schema.decode(model(x)) for x in test.X]
truth = [test.classes[y] for y in test.y]
right = sum(a == t for a, t in zip(answers, truth, strict=True))
print(f"{right} of {len(test)} right: {right / len(test):.3f}")

# %% [markdown]
# ## How sure is that number?
#
# With other test penguins it would be another. Wilson's interval says what true rates go well with
# `right` of `n`, 19 times out of 20.

# %%
def wilson(right, n, z=1.96):
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


print("between {:.3f} and {:.3f}".format(*wilson(right, len(test))))

# %% [markdown]
# So: "right about 95 to 100 times in 100", and no third digit. And who is taken for whom?

# %%
print("true \\ answer".ljust(14), *(name.rjust(10) for name in test.classes))
for true in test.classes:
    counts = Counter(a for a, t in zip(answers, truth, strict=True) if t == true)
    print(true.ljust(14), *(str(counts[name]).rjust(10) for name in test.classes))

# %% [markdown]
# ## What did it learn?
#
# The model is a table of weights, for standardised measurements. A positive weight speaks for the
# species.

# %%
print("".ljust(18), *(name.rjust(10) for name in test.classes))
for place, name in enumerate(MEASURES):
    print(name.ljust(18), *(f"{neuron.w[place].data:10.2f}" for neuron in model.layers[0].neurons))

# %% [markdown]
# ## A new penguin
#
# In its own units, through the same standardising:

# %%
row = train.schema.standardise([50.1, 15.0, 225.0, 5450.0])
chances = ag.softmax(model(row))
for name, chance in zip(train.classes, chances, strict=True):
    print(f"{name:10} {chance.data:.3f}")

# %% [markdown]
# Slopes work on inputs, too: which measurement, made a little larger, would speak most against this
# answer?

# %%
inputs = [ag.Value(x, label=name) for x, name in zip(row, MEASURES, strict=True)]
scores = model(inputs)
lead = scores[2] - scores[1]  # Gentoo over Chinstrap
lead.backward()
for v in inputs:
    print(f"{v.label:18} {v.grad:6.2f}")

# %% [markdown]
# ## Find the bug
#
# A report from elsewhere: "We standardise each set by itself, as everyone does, and then look at
# one new penguin at a time."

# %%
alone = ag.data.Dataset([[50.1, 15.0, 225.0, 5450.0]], [2], features=MEASURES, classes=penguins.classes)
print(train.schema.decode(model(alone.standardise().X[0])))
print("what the model was shown:", alone.standardise().X[0])

# %% [markdown]
# **Exercise 2.** What went wrong, and what should stand in place of `alone.standardise()`?

# %%
# Exercise 2
shown = None

# %%
if shown is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    answer = train.schema.decode(model(shown.X[0]))
    print("right" if answer == "Gentoo" else f"not quite, the answer is {answer}: whose mean and scale?")

# %% [markdown]
# <details><summary>Solution 2</summary>
#
# ```python
# shown = alone.standardise(by=train)
# ```
#
# The mean of a single penguin is that penguin: every measurement became 0. Standardising belongs to
# the model, with the numbers of its training; that is why `fit` saves them in its checkpoints.
# </details>

# %% [markdown]
# ## Numbers in place of species
#
# **Exercise 3.** Predict the body mass from the other three measurements. Load it with
# `load_csv(complete, "body_mass_g", features=MEASURES[:3])`, split it with `seed=0` and `test=0.3`,
# standardise with `target=True`, train an `MLP(3, [8, 1], activation="tanh", seed=0)` for 40 epochs
# in batches of 32, and give the mean absolute error on the test set, in grams.
# (`train.schema.target_scale` is how many grams a standardised 1 is.)

# %%
# Exercise 3
grams_off = None

# %%
if grams_off is None:
    print("not yet: fill in the cell above, run it, then run this one again")
else:
    print("right" if 150 < grams_off < 350 else "not quite: is it in grams?", f"(off by {grams_off:.0f} g)")

# %% [markdown]
# <details><summary>Solution 3</summary>
#
# ```python
# heavy = ag.data.load_csv(complete, "body_mass_g", features=MEASURES[:3])
# learn, judge = heavy.split(test=0.3, seed=0)
# learn = learn.standardise(target=True)
# judge = judge.standardise(by=learn)
# scale = nn.MLP(3, [8, 1], activation="tanh", seed=0)
# ag.train.fit(scale, learn, epochs=40, batch_size=32, progress=False)
# error = ag.train.mean_absolute_error([scale(x) for x in judge.X], judge.y)
# grams_off = error * learn.schema.target_scale
# ```
#
# About 280 g. Penguins weigh 4,200 g on average, and whoever always says that is off by about 650
# g.
# </details>

# %% [markdown]
# ## What to take away
#
# - Look at the file; decide about gaps yourself, and say what you did.
# - Choose with the training rows, open the drawer once, and give the number with its interval and
#   beside a baseline.
# - Standardising is part of the model.
