"""Formulas as MathML, which browsers render without a script or a network request."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

#: Replacements for commands that the converter lacks.
ALIASES = {r"\dots": r"\ldots", r"\textbf": r"\text"}

logger = logging.getLogger(__name__)


def written(node: nodes.Element, *, display: bool) -> str:
    """Return a formula as MathML, or as its source, with a warning, if it cannot be converted."""
    # The style sheet sets the space between lines.
    latex = re.sub(r"(\\\\)\[[\d.]+ex\]", r"\1", node.astext())
    for command, alias in ALIASES.items():
        latex = re.sub(rf"\{command}(?![A-Za-z])", lambda _, alias=alias: alias, latex)
    try:
        return str(tex2mathml(latex, as_block=display))
    except MathError as problem:
        logger.warning("%s in %r", problem, latex, location=node)
        return f"<code>{escape(latex)}</code>"


def visit_math(self: Any, node: nodes.Element) -> None:
    self.body.append(written(node, display=False))
    raise nodes.SkipNode


def visit_displaymath(self: Any, node: nodes.Element) -> None:
    self.body.append(f'<div class="math">{written(node, display=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
