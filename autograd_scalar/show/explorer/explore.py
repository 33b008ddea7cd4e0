"""The explorer: a standalone HTML page that runs a graph forward and backward, one node at a time.

The page holds the graph, the rows of the table as JavaScript, and the layout. It computes every
number itself, so its sliders work offline.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from autograd_scalar import nn
from autograd_scalar.show.explorer.document import document
from autograd_scalar.show.explorer.graph_data import graph_data
from autograd_scalar.show.explorer.network_view import network_in, network_views
from autograd_scalar.show.explorer.training_data import Recorded, loss_of, training_data
from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.graph.scopes import Named, names_of
from autograd_scalar.value import Value, topological_order


class Explorer:
    """An explorer page. A notebook displays it, with a link to its file if it has one.

    `html` is the source of the page, `path` its file or None.
    """

    def __init__(self, html: str, path: Path | None, title: str) -> None:
        self.html, self.path, self.title = html, path, title

    def _repr_html_(self) -> str:
        frame = (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" '
            'sandbox="allow-scripts allow-downloads" loading="lazy" '
            'style="width:100%;height:680px;border:1px solid #80808066;border-radius:6px"></iframe>'
        )
        if self.path is None:
            return frame
        link = escape(self.path.as_posix())
        return f'{frame}<p><a href="{link}" target="_blank">{link}</a></p>'

    def __repr__(self) -> str:
        where = self.path or "not in a file: explore(..., 'page.html') writes one for a browser"
        return f"Explorer({self.title!r}, {len(self.html) / 1000:.0f} kB, {where})"


def explore(
    y: Value | Recorded,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Mapping[str, Value] | Named | None = None,
    parameters: Iterable[Value] | None = None,
    title: str | None = None,
    model: nn.Module | None = None,
    data: Any = None,
    sample: int = 0,
) -> Explorer:
    """Return an Explorer of the graph of y, or of a training run; write its page to `path` if given.

    The page steps forward and backward through the graph, one node at a time, and shows the terms of
    the chain rule for each value. Sliders and drags change the named leaves; dragging the result moves
    the parameters along the gradient. It is one file and works offline. Parameters with dotted names
    are collapsed by neuron and layer. With a module as `names` it opens with the picture of its network.

    The page of a History shows the decision boundary, the loss and the graph of one sample at each
    recorded epoch; of a run without `record=`, at the end only. The graph is that of the loss, or of the
    model's output if the run used a custom loss.

    Raises TypeError unless `y` is a Value or a History whose model and data are known, ValueError
    for a graph of more than 2,000 values, for one of more than 600 without neurons or layers, and for
    an operation outside the table.

    >>> w, x = Value(2.0, label="w"), Value(-3.0, label="x")
    >>> explore((w * x).tanh()).title
    'y = tanh(w*x)'

    >>> from autograd_scalar import data, train
    >>> model, moons = nn.MLP(2, [2, 1], seed=0), data.moons(10, seed=0)
    >>> history = train.fit(model, moons, epochs=2, record=1, progress=False)
    >>> explore(history).title
    'MLP over 3 recorded epochs'

    Args:
        y: the Value whose graph is shown, or the History of a run of `fit`.
        path: the HTML file to write.
        names: a module, or a mapping from names to Values, for values without a label.
        parameters: the leaves that a step of gradient descent moves; by default the parameters of
            the module in `names`, else the leaves with dotted names, else all named leaves.
        title: the title of the page; by default the formula of y if it is short.
        model: the trained model; needed for a History loaded from a file.
        data: the Dataset, or (X, y), of the run; needed for a History loaded from a file.
        sample: the row of the data whose graph is shown.
    """
    if isinstance(y, Recorded):
        return _explore_history(y, path, model, data, sample, title)
    if type(y) is not Value:
        raise TypeError(f"explore takes a Value or a History, got {y!r:.40} ({type(y).__name__})")
    own = names_of(names)
    if parameters is None:
        parameters = own if isinstance(names, Named) else ()
    order = topological_order(y)
    graph = graph_data(order, own, None, list(parameters))
    network = network_in(order, names, own) if isinstance(names, Named) else None
    return _page(graph, title, path, network_views(network, order, own) if network else [])


def _explore_history(
    history: Recorded,
    path: str | os.PathLike[str] | None,
    model: nn.Module | None,
    data: Any,
    sample: int,
    title: str | None,
) -> Explorer:
    model = history.model if model is None else model
    data = history.data if data is None else data
    if not isinstance(model, nn.Module) or data is None:
        raise TypeError("a history from a file lacks its model and data: pass model= and data=")
    X, targets = data
    inputs = [Value(float(x), f"x{place}") for place, x in enumerate(X[sample], 1)]
    output = model(inputs)
    outputs = list(output) if isinstance(output, list | tuple) else [output]
    order = topological_order(loss_of(history, output, targets[sample]))
    at = {v: place for place, v in enumerate(order)}
    training = training_data(history, model, data, at, inputs, outputs)
    own = names_of(model)
    graph = graph_data(order, own, topological_order(*outputs), own)
    recorded = (
        f"over {len(training['frames'])} recorded epochs" if history.frames else "after training"
    )
    title = title or f"{type(model).__name__} {recorded}"
    network = network_in(order, model, own)
    views = network_views(network, order, own) if network else []
    return _page(graph | {"training": training}, title, path, views)


def _page(
    graph: dict[str, Any],
    title: str | None,
    path: str | os.PathLike[str] | None,
    network: Sequence[Any],
) -> Explorer:
    graph["network"] = network
    title = clean(title) if title else graph["formula"] or f"Graph of {graph['names'][-1]}"
    html = document(graph, title)
    if path is not None:
        path = Path(path)
        path.write_text(html, encoding="utf-8", newline="\n")
    return Explorer(html, path, title)
