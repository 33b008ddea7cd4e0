"""HTML of the explorer: the parts in page/, the rows as JavaScript, and the data in one document."""

from __future__ import annotations

from typing import Any

from autograd_scalar.show import offline
from autograd_scalar.show.explorer.javascript import javascript, mathematics

_FOLDER = "autograd_scalar.show.explorer"
_SCRIPTS = (
    *("engine.js", "graph.js", "network.js", "answer.js", "panel.js", "training.js", "page.js"),
    *("camera.js", "slope.js", "drag.js", "steps.js", "quiz.js", "address.js", "controls.js"),
)


def document(page_data: dict[str, Any], title: str) -> str:
    """Return the HTML of a page with the given data and title."""
    names = [name for name in _SCRIPTS if name != "training.js" or "training" in page_data]
    scripts = [
        mathematics(),
        _source("math.js"),
        javascript(page_data["rules"]),
        *map(_source, names),
    ]
    return offline.document(_FOLDER, title, "graph-data", page_data, scripts)


def _source(name: str) -> str:
    return offline.source_of(_FOLDER, name)
