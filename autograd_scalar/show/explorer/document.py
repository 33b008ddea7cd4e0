"""HTML of the explorer: the parts in page/, the rows as JavaScript, and the data in one document.

The page makes no requests: its content security policy allows only its own script and style sheet,
by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib.resources import files
from typing import Any

from autograd_scalar.show.explorer.javascript import javascript

_SCRIPTS = (
    *("engine.js", "graph.js", "answer.js", "panel.js", "training.js", "page.js"),
    *("camera.js", "steps.js", "quiz.js", "address.js", "controls.js"),
)


def document(page_data: dict[str, Any], title: str) -> str:
    """Return the HTML of a page with the given data and title."""
    names = [name for name in _SCRIPTS if name != "training.js" or "training" in page_data]
    scripts = [_source("math.js"), javascript(page_data["rules"]), *map(_source, names)]
    # Escaped, because a user's label or row must not close the enclosing script element.
    script = "\n".join(['"use strict";', "(() => {", *scripts, "})();"]).replace("</", "<\\/")
    data = json.dumps(page_data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    style = _source("page.css")
    filled = {
        "POLICY": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        "TITLE": escape(title),
        "STYLE": style,
        "DATA": data.replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: filled[found[1]], _source("page.html"))


def _source(name: str) -> str:
    """Return a part of the page without comments and most white space."""
    text = (files("autograd_scalar.show.explorer") / "page" / name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(_squeezed(line) for line in lines if line and not line.startswith("// "))


def _squeezed(line: str) -> str:
    """Return a line without spaces around operators; unchanged if it may hold a template or a regular expression."""
    strings = r"\"[^\"]*\"|`[^`]*`"
    if line.count("`") > 2 or re.search("['/]", re.sub(strings, "", line)):
        return line
    return re.sub(rf"({strings})| ?([=<>{{}};,:?&|+]) ?", lambda found: found[1] or found[2], line)


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
