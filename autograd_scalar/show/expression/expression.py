"""The page of a typed expression: names are sliders; the graph, the gradients and the slope follow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from autograd_scalar.parser import Formula
from autograd_scalar.show.explorer.graph_data import json_number
from autograd_scalar.show.explorer.javascript import mathematics
from autograd_scalar.show.expression.table import rows_as_javascript, table
from autograd_scalar.show.offline import document, source_of

EXAMPLES = (
    *("tanh(w*x + b)", "x**2 - 2*x", "relu(x) + 0.1*x", "sin(3*x) / x", "log(1 + exp(x))"),
    *("max(a, b, c)", "dot([w1, w2], [x1, x2], b)"),
)


def expression_page(
    text: str,
    values: Mapping[str, float] | None = None,
    path: str | os.PathLike[str] | None = None,
) -> str:
    """Return the HTML of a page to type expressions in, beginning with `text`; write it to `path` if given.

    `values` are numbers for its names, 1 by default. Raises ParseError for a text that is not an expression, ValueError
    for a value of a name that is not in it.

    >>> len(expression_page("tanh(w*x + b)", {"w": 2.0})) < 300_000
    True
    """
    formula, numbers = Formula(text), dict(values or {})
    formula(**{**dict.fromkeys(formula.names, 1.0), **numbers})  # refuses other names
    folder, explorer = "autograd_scalar.show.expression", "autograd_scalar.show.explorer"
    scripts = [
        mathematics(),
        source_of(explorer, "math.js"),
        rows_as_javascript(),
        source_of(explorer, "engine.js"),
        *(source_of(folder, name) for name in ("grammar.js", "layout.js", "page.js")),
    ]
    page_data = {
        "text": formula.text,
        "values": {name: json_number(x) for name, x in numbers.items()},
        "examples": EXAMPLES,
        "table": table(),
    }
    html = document(folder, "An expression and its slopes", "expression-data", page_data, scripts)
    if path is not None:
        Path(path).write_text(html, encoding="utf-8")
    return html
