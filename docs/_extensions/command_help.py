"""The directive `command-help`: what `autograd-scalar VERB --help` prints."""

from __future__ import annotations

import contextlib
import io
import os

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograd_scalar.cli import main


class CommandHelp(SphinxDirective):
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        os.environ["COLUMNS"] = "88"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if main([*self.arguments, "--help"]):
                raise self.error(f"autograd-scalar has no verb {self.arguments}")
        return [nodes.literal_block(text=printed.getvalue(), language="text")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
