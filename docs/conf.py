"""Sphinx configuration. `make docs` builds the site in build/docs; a warning is an error."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
os.environ["AUTOGRAD_SCALAR_PURE"] = "1"  # the plain engine has signatures to show
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

from sphinx.ext.napoleon import GoogleDocstring  # noqa: E402

import autograd_scalar  # noqa: E402

# Sphinx reads one folder, so the notebooks are copied into it; git ignores the copy.
shutil.rmtree(HERE / "notebooks", ignore_errors=True)
shutil.copytree(
    HERE.parent / "notebooks",
    HERE / "notebooks",
    ignore=shutil.ignore_patterns("*.py", "*.toml", "*.md", ".*"),
)

project = "autograd_scalar"
author = copyright = "The autograd_scalar authors"
version = release = autograd_scalar.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "command_help",
    "mathml",
    "table_of_operations",
]
exclude_patterns = ["_*"]
root_doc = "index"
smartquotes = False
default_role = "code"  # `x` in a docstring is code
nitpicky = False

nb_execution_mode = "off"  # the notebooks are committed with their outputs; the tests run them
nb_render_markdown_format = "myst"  # typeset formulas in outputs
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 120
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
pygments_style, pygments_dark_style = "default", "github-dark"
html_title = "autograd_scalar"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False


def plain_docstring(*event: Any) -> None:
    """Escape the * and | of a docstring's prose, which reStructuredText reads as markup; leave code alone."""
    lines: list[str] = event[-1]
    in_example = False
    for i, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if not in_example:
            parts = re.split(r"(`[^`]*`)", line)
            parts[::2] = [re.sub(r"[*|]", r"\\\g<0>", part) for part in parts[::2]]
            lines[i] = "".join(parts)
    if "Args:" in lines:
        lines[:] = GoogleDocstring(lines).lines()


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", plain_docstring)
