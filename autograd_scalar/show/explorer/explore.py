"""The explorer: one HTML file in which a graph is run forward and backward, a node at a time.

The page knows the graph, the rows of the table as JavaScript, and where everything stands; it
computes all numbers itself, so that its sliders work.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

from autograd_scalar import nn
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, symbol
from autograd_scalar.show.explain.derivation import Assignment, Notation, Term, names_in
from autograd_scalar.show.explorer.document import document
from autograd_scalar.show.explorer.javascript import conditions_in
from autograd_scalar.show.explorer.views import views
from autograd_scalar.show.formula.formula import infix
from autograd_scalar.show.graph.picture import clean, shortened
from autograd_scalar.show.graph.scopes import Named, Scope, names_of, scopes_of, split_name
from autograd_scalar.show.plots.boundary import MOST_CLASSES
from autograd_scalar.value import Value, topological_order

#: A page takes graphs up to so many values, and shows up to so many boxes at once.
MOST_VALUES, MOST_BOXES = 2000, 600
#: A page of a training keeps at most so many numbers; of more epochs it takes some, evenly.
MOST_NUMBERS = 60_000
#: So long a formula is shown at the top.
LONGEST_FORMULA = 160

#: Stand around a node's number in the texts that the page fills with names or with numbers.
_OPEN, _CLOSE = "\ue000", "\ue001"


class Explorer:
    """A page. In a notebook it shows itself, with a link to its file where it has one.

    `html` is the page's source; `path` its file, or None.
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
    y: Value,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Mapping[str, Value] | Named | None = None,
    title: str | None = None,
) -> Explorer:
    """Return the explorer of y's graph, and write it to a file where a path is given.

    The page runs the graph forward and backward a node at a time, with the chain rule's terms for
    each value; sliders move the labelled leaves. It is one file and needs no network. `names` is a
    module, or a mapping from names to Values, for leaves without labels; parameters with dotted
    names are collapsed by neuron and layer.

    Raises TypeError for what is no Value; ValueError for a graph of more than 2,000 values, or of
    more than 600 that cannot be collapsed, and for a node that no row of the table made.

    >>> w, x = Value(2.0, label="w"), Value(-3.0, label="x")
    >>> page = explore((w * x).tanh())
    >>> "default-src 'none'" in page.html
    True
    """
    if type(y) is not Value:
        raise TypeError(f"explore takes a Value, got {y!r:.40} ({type(y).__name__})")
    return _written(_graph(topological_order(y), names_of(names)), title, path)


class Recorded(Protocol):
    """A training's history, as far as its page needs it."""

    columns: dict[str, list[float]]
    settings: dict[str, Any]
    frames: list[Any]


def explore_history(
    history: Recorded,
    path: str | os.PathLike[str] | None = None,
    *,
    model: nn.Module | None = None,
    data: Any = None,
    sample: int = 0,
    title: str | None = None,
) -> Explorer:
    """Return the explorer of a training: boundary, loss, and a sample's graph, over the recorded epochs.

    The graph is that of the loss on one row of the data (of the model's output, where the loss was
    a function of the caller's). The model and the Dataset, or (X, y), are those that `fit` was
    given; the history knows them when it comes from there.

    Raises ValueError where no epoch was recorded, which fit(..., record=1) does, and for a graph
    that is too large; TypeError where model or data are not known.

    >>> from autograd_scalar import data, train
    >>> model, moons = nn.MLP(2, [2, 1], seed=0), data.moons(10, seed=0)
    >>> history = train.fit(model, moons, epochs=2, record=1, progress=False)
    >>> explore_history(history, model=model, data=moons).title
    'MLP over 3 recorded epochs'
    """
    model = getattr(history, "model", None) if model is None else model
    data = getattr(history, "data", None) if data is None else data
    if not isinstance(model, nn.Module) or data is None:
        raise TypeError("the history does not know its model and data: pass model= and data=")
    if not history.frames:
        raise ValueError("no epoch was recorded: fit(..., record=1) keeps the parameters of each")
    X, targets = data
    inputs = [Value(float(x), f"x{place}") for place, x in enumerate(X[sample], 1)]
    output = model(inputs)
    outputs = list(output) if isinstance(output, list | tuple) else [output]
    root = _loss(history, output, targets[sample])
    order = topological_order(root)
    at = {v: place for place, v in enumerate(order)}
    parameters = model.parameters()
    schema = getattr(data, "schema", None)
    classes = sorted({float(target) for target in targets if not hasattr(target, "__len__")})
    flat = len(inputs) == 2 and 0 < len(classes) <= MOST_CLASSES
    frames = _thinned(history.frames, max(2, MOST_NUMBERS // max(1, len(parameters))))
    training = {
        "frames": [[frame.epoch, *map(_exact, frame.parameters)] for frame in frames],
        "parameters": [at.get(v, -1) for v in parameters],
        "columns": {
            name: list(map(_exact, column))
            for name, column in history.columns.items()
            if name in ("loss", "val_loss", "accuracy", "val_accuracy")
        },
        "inputs": [at.get(v, -1) for v in inputs],
        "outputs": [at.get(v, -1) for v in outputs],
        "points": [[*map(_exact, map(float, row)), classes.index(float(target))]
                   for row, target in zip(X, targets, strict=True)] if flat else [],
        "classes": list(map(str, getattr(schema, "classes", None) or [f"{c:g}" for c in classes])),
        "features": list(map(clean, getattr(schema, "features", ("x1", "x2")))),
        "threshold": _threshold(history, classes),
    }  # fmt: skip
    graph = _graph(order, names_of(model), topological_order(*outputs)) | {"training": training}
    title = title or f"{type(model).__name__} over {len(frames)} recorded epochs"
    return _written(graph, title, path)


def _loss(history: Recorded, output: Any, target: Any) -> Value:
    loss = nn.losses.LOSSES.get(history.settings.get("loss", ""))
    if loss is not None:
        root: Value = loss([output], [target])
        root.label = root.label or "loss"
        return root
    first: Value = output[0] if isinstance(output, list | tuple) else output
    return first


def _threshold(history: Recorded, classes: Sequence[float]) -> float:
    """Return above which a single output means the second class, as training counts it."""
    logits = history.settings.get("loss") == "binary_cross_entropy"
    return 0.5 if classes == [0.0, 1.0] and not logits else 0.0


def _thinned(frames: Sequence[Any], most: int) -> list[Any]:
    if len(frames) <= most:
        return list(frames)
    return [frames[round(i * (len(frames) - 1) / (most - 1))] for i in range(most)]


# ----- what the page is told -----


def _graph(
    order: Sequence[Value], called: Mapping[Value, str], model: Sequence[Value] | None = None
) -> dict[str, Any]:
    """Return a graph as the page knows it; nodes are numbers in topological order.

    What is not in `model`, where that is given, belongs to no layer.
    """
    if len(order) > MOST_VALUES:
        raise ValueError(
            f"explore takes up to {MOST_VALUES:,} values, this graph has {len(order):,}: explore "
            "the loss of one sample, or one neuron's output"
        )
    for v in order:
        if v.op and v.op not in TABLE:
            raise ValueError(
                f"explore needs rows of the table, and {symbol(v.op)!r} is none of them; "
                "of a compiled function, explore what f.__wrapped__ gives"
            )
    at = {v: place for place, v in enumerate(order)}
    names = names_in(order, (), called)
    scopes: list[Scope] = [()] * len(order)
    if any("." in name for name in names.values()):
        scopes = scopes_of(order, called)
    if model is not None:
        inner = set(model)
        scopes = [scope if v in inner else () for v, scope in zip(order, scopes, strict=True)]
    heads = [_head(v, names, called, scope) for v, scope in zip(order, scopes, strict=True)]
    found = views(order, heads, scopes, MOST_BOXES)
    if not found:
        raise ValueError(
            f"explore shows up to {MOST_BOXES} values at once, this graph has {len(order):,} and "
            "no layers or neurons to collapse: pass names=model, or explore a part of it"
        )
    places = Notation(
        order[-1], {v: f"{_OPEN}{at[v]}{_CLOSE}" for v in names}, frozenset(), len(order)
    )
    return {
        "names": [names.get(v, "") for v in order],
        "heads": heads,
        "ops": [v.op for v in order],
        "symbols": [TABLE[v.op].symbol if v.op else "" for v in order],
        "parents": [[at[p] for p in v.parents] for v in order],
        "data": [0 if v.op else _exact(v.data) for v in order],
        "formulas": [Assignment(v, "", places).formula if v.op else "" for v in order],
        "locals": [list(_locals(v, places)) for v in order],
        "rules": {op: _rule(TABLE[op]) for op in dict.fromkeys(v.op for v in order if v.op)},
        "views": found,
        "formula": _formula(order, names),
    }  # fmt: skip


def _formula(order: Sequence[Value], names: Mapping[Value, str]) -> str:
    """Return the whole as one line of equations; "" where that would be long."""
    if len(order) > LONGEST_FORMULA:
        return ""
    *parts, whole = infix(order[-1], limit=10**6).split("\n")
    line = clean(";  ".join([*parts, f"{names[order[-1]]} = {whole}"]))
    return line if len(line) <= LONGEST_FORMULA else ""


def _head(v: Value, names: Mapping[Value, str], called: Mapping[Value, str], scope: Scope) -> str:
    name = names.get(v, "")
    own = called.get(v) or v.label or ""
    return shortened(split_name(own)[1] if scope and own else name)


def _locals(v: Value, called: Notation) -> Iterator[list[str]]:
    """Yield the derivative by each parent in symbols: as it reads now, and as it reads always.

    The second is there where the first depends on which side of a `where` the numbers are.
    """
    if not v.op:
        return
    row = TABLE[v.op]
    bound = dict(zip(row.operands, v.parents, strict=False)) | {"z": v}
    for tree, places in zip(row.partial_trees, row.split(range(len(v.parents))), strict=True):
        for position in places if isinstance(places, list) else [places]:
            texts = [Term(v, position, 1.0, 1.0, called).local]
            if conditions_in(tree):  # which folds have not, so that `bound` has every operand
                texts.append(_general(tree, bound, called))
            yield texts


def _general(tree: ast.expr, bound: Mapping[str, Value], places: Notation) -> str:
    """Return a row's text with its operands' names in it, nothing simplified."""

    def word(found: re.Match[str]) -> str:
        v = bound.get(found[0])
        return found[0] if v is None else places.names.get(v) or f"{v.data:.6g}"

    return re.sub(r"[^\W\d]\w*", word, ast.unparse(tree))


def _rule(row: Op) -> dict[str, Any]:
    return {
        "value": row.value,
        "partials": [ast.unparse(tree) for tree in row.partial_trees],
        "operands": row.operands,
        "lists": [operand in row.lists for operand in row.operands],
    }


def _exact(x: float) -> float | str:
    """Return a number so that JSON holds it: what is not finite as JavaScript's name for it."""
    return x if isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


# ----- the page -----


def _written(
    graph: dict[str, Any], title: str | None, path: str | os.PathLike[str] | None
) -> Explorer:
    title = clean(title) if title else graph["formula"] or f"Graph of {graph['names'][-1]}"
    html = document(graph, title)
    if path is not None:
        path = Path(path)
        path.write_text(html, encoding="utf-8", newline="\n")
    return Explorer(html, path, title)
