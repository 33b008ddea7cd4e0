"""The drawing of a network: what ag.draw returns for a model."""

from __future__ import annotations

import base64
import os
from html import escape
from pathlib import Path

from autograd_scalar.show.network.picture import NetworkPicture
from autograd_scalar.show.network.svg import network_svg


class NetworkDrawing:
    """A picture of a network. A notebook shows it; `svg` is its text, and `write` saves it."""

    def __init__(self, picture: NetworkPicture) -> None:
        self.picture = picture
        self.svg = network_svg(picture)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file that ends in .svg; raise ValueError for another suffix."""
        check_suffix(path)
        Path(path).write_text(self.svg, encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        # An image, because Jupyter shows no SVG in a notebook that is not trusted.
        image = base64.b64encode(self.svg.encode()).decode()
        text = escape(f"{self.picture.title}. {self.picture.description}")
        return f'<img alt="{text}" src="data:image/svg+xml;base64,{image}" style="max-width:100%">'

    def __repr__(self) -> str:
        return f"<{self.picture.title}>"


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Raise ValueError if a network cannot be written to a file of this name."""
    if Path(path).suffix.lower() != ".svg":
        raise ValueError(f"the picture of a network is written as .svg, got {path}")
