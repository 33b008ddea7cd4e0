"""The training page: a network that learns two classes, to inspect and to change while it learns."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd_scalar.data import Dataset
from autograd_scalar.nn import MLP
from autograd_scalar.show.play.code import ACTIVATIONS, SIGNED, rules_as_text
from autograd_scalar.show.play.document import training_document

#: The settings that the page begins with.
SETTINGS: dict[str, Any] = {
    "layers": [8, 8],
    "activation": "relu",
    "loss": "binary_cross_entropy",
    "optimizer": "adam",
    "rate": 0.03,
    "batch": 0,
    "seed": 0,
}
MAX_SAMPLES, MAX_LAYERS, MAX_WIDTH = 1000, 5, 16

_LIMITS = (
    f"it shows up to {MAX_LAYERS} hidden layers of up to {MAX_WIDTH} neurons with one of the activations "
    f"{', '.join(ACTIVATIONS)}, and one linear output"
)


def training_page(
    sets: Mapping[str, Dataset],
    path: str | os.PathLike[str] | None = None,
    *,
    model: MLP | None = None,
) -> str:
    """Return the HTML of a page that trains a network on data sets of two classes; write it to `path` if given.

    The page begins with the first set, and with the layers and weights of the model. All sets have one or two features.

    Raises ValueError for other data, for more than 1,000 rows, for numbers that are not finite, and for a model that
    the page cannot show; see `shows`.

    >>> from autograd_scalar import data
    >>> html = training_page({"moons": data.moons(100, noise=0.1, seed=0)})
    >>> len(html) < 300_000
    True
    """
    first, *_ = sets.values()
    for name, found in sets.items():
        _check(name, found, first)
    page_data: dict[str, Any] = {
        "sets": {
            name: {"points": found.X, "labels": found.y, "classes": found.classes}
            for name, found in sets.items()
        },
        "features": list(first.features),
        "settings": {**SETTINGS, "data": next(iter(sets))},
        "rules": rules_as_text(),
        "signed": SIGNED,
    }
    if model is not None:
        if not shows(model, first):
            raise ValueError(f"the page cannot show {model!r:.60}: {_LIMITS}")
        page_data["settings"] |= {
            "layers": [len(layer.neurons) for layer in model.layers[:-1]],
            **({"activation": model.layers[0].neurons[0].activation} if model.layers[1:] else {}),
        }
        page_data["parameters"] = [p.data for p in model.parameters()]
    html = training_document(page_data, "Train a network")
    if path is not None:
        Path(path).write_text(html, encoding="utf-8")
    return html


def shows(model: MLP, samples: Dataset) -> bool:
    """Return whether the page can show a model and its data: few features, layers and rows, one score."""
    *hidden, last = model.layers
    activations = {neuron.activation for layer in hidden for neuron in layer.neurons}
    return (
        model.nin == len(samples.features)
        and model.nin <= 2
        and len(samples) <= MAX_SAMPLES
        and len(last.neurons) == 1
        and not last.neurons[0].nonlin
        and len(hidden) <= MAX_LAYERS
        and max((len(layer.neurons) for layer in hidden), default=1) <= MAX_WIDTH
        and len(activations) <= 1
        and activations <= {*ACTIVATIONS}
    )


def _check(name: str, found: Dataset, first: Dataset) -> None:
    """Raise ValueError for a data set that the page cannot show."""
    if found.classes is None or len(found.classes) != 2:
        count = "numbers" if found.classes is None else f"{len(found.classes)} classes"
        raise ValueError(f"{name}: the page trains on two classes, the target has {count}")
    if len(found.features) not in (1, 2) or len(found.features) != len(first.features):
        raise ValueError(
            f"{name}: the page shows one or two features, got {len(found.features)}; choose two of them"
        )
    if len(found) > MAX_SAMPLES:
        raise ValueError(f"{name}: the page takes at most {MAX_SAMPLES:,} rows, got {len(found):,}")
    if not all(math.isfinite(x) for row in found.X for x in row):
        raise ValueError(f"{name}: the page takes finite numbers only")
