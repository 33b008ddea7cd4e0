"""HTML of the training page: the parts in page/, the generated code, and the data sets in one document."""

from __future__ import annotations

from typing import Any

from autograd_scalar.show.offline import document, source_of
from autograd_scalar.show.play.code import training_code

_FOLDER = "autograd_scalar.show.play"
_SCRIPTS = (
    *("network.js", "colours.js", "plane.js", "net.js"),
    *("sample.js", "panel.js", "controls.js", "page.js"),
)


def training_document(page_data: dict[str, Any], title: str) -> str:
    """Return the HTML of a training page with the given data and title."""
    read = 'const data = JSON.parse(document.getElementById("play-data").textContent);'
    scripts = [read, training_code(), *(source_of(_FOLDER, name) for name in _SCRIPTS)]
    return document(_FOLDER, title, "play-data", page_data, scripts)
