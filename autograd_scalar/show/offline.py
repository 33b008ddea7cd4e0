"""Documents that make no requests: a content security policy allows only their own script and style sheet, by hash."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{POLICY}}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{TITLE}}</title>
<style>{{STYLE}}</style>
</head>
<body>
{{BODY}}
<noscript>This page needs JavaScript; it works offline.</noscript>
<script type="application/json" id="{{ID}}">{{DATA}}</script>
<script>{{SCRIPT}}</script>
</body>
</html>"""


def document(
    folder: str, title: str, data_id: str, page_data: dict[str, Any], scripts: Sequence[str]
) -> str:
    """Return the HTML of a page: page/page.html and page/page.css of a package, with data and scripts.

    The scripts find the data as JSON in the element with the id `data_id`. {{TITLE}} in the body is the title.
    """
    # Escaped, because a user's label or row must not close the enclosing script element.
    script = "\n".join(['"use strict";', "(() => {", *scripts, "})();"]).replace("</", "<\\/")
    style = source_of(folder, "page.css")
    data = json.dumps(page_data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    filled = {
        "POLICY": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        "TITLE": escape(title),
        "STYLE": style,
        "ID": data_id,
        "DATA": data.replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    page = _PAGE.replace("{{BODY}}", source_of(folder, "page.html"))
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: filled[found[1]], page)


def source_of(folder: str, name: str) -> str:
    """Return a file of a package's page/ without comments and most white space."""
    text = (files(folder) / "page" / name).read_text(encoding="utf-8")
    text = re.sub(r"^ */\*\*.*?\*/\n", "", text, flags=re.MULTILINE | re.DOTALL)
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
