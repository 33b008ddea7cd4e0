"""Render the pictures of the README and of the how-tos: python docs/pictures/make.py"""

import os
import re
from pathlib import Path

import autograd_scalar as ag
from autograd_scalar import Value

HERE = Path(__file__).parent


def graph() -> None:
    """Draw the graph of one neuron with gradients and local derivatives."""
    w, x, b = Value(2.0, label="w"), Value(-3.0, label="x"), Value(6.9, label="b")
    o = ag.tanh(w * x + b)
    o.label = "o"
    o.backward()
    (HERE / "graph.svg").write_bytes(ag.draw(o, partials=True).pipe("svg"))


def boundary() -> None:
    """Animate the decision boundary of a small network during training on two moons."""
    moons = ag.data.moons(160, noise=0.12, seed=1)
    model = ag.nn.MLP(2, [16, 16, 1], init="he", seed=1)
    history = ag.train.fit(
        model, moons, lr=0.01, epochs=40, batch_size=16, record=1, progress=False
    )
    ag.plot.boundary_gif(model, moons, None, history, HERE / "boundary.gif")


def training_problems() -> None:
    """Run the code of the how-to about training, which saves its pictures beside it."""
    page = HERE.parent / "howto" / "training_problems.md"
    fences = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    os.chdir(page.parent)
    exec(compile("\n".join(fences), page.name, "exec"), {"__name__": page.stem})


if __name__ == "__main__":
    graph()
    boundary()
    training_problems()
