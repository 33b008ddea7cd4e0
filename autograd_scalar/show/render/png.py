"""PNG of a Picture: the package's own SVG, rendered by resvg."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from xml.etree import ElementTree

from autograd_scalar.show.graph.picture import Picture
from autograd_scalar.show.render.svg import to_svg

#: Pixels for one unit of the SVG, and the maximum number of pixels: 160 MB in memory.
ZOOM, MAX_PIXELS = 2.0, 40_000_000


def to_png(picture: Picture, *, rankdir: str = "LR") -> bytes:
    """Return a picture as PNG on white, at twice its size or, if it is very large, at a smaller one.

    Raises RuntimeError if resvg-py is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise RuntimeError(
            "png needs resvg-py, which is not installed: pip install 'autograd-scalar[png]', or use "
            "format='svg', which needs nothing; with Graphviz installed, engine='dot' draws it too"
        ) from error
    svg = to_svg(picture, rankdir=rankdir, adapts=False)
    root = ElementTree.fromstring(svg)
    area = float(root.get("width", "1")) * float(root.get("height", "1"))
    zoom = min(ZOOM, sqrt(MAX_PIXELS / area))
    png: bytes = svg_to_bytes(
        svg_string=svg,
        background="#ffffff",
        zoom=zoom,
        font_files=[*map(str, _fonts())],
        monospace_family="DejaVu Sans Mono",
    )
    return png


def _fonts() -> list[Path]:
    """Return the fonts that come with matplotlib, so that texts are drawn where the system has no font."""
    import matplotlib

    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return [folder / "DejaVuSansMono.ttf", folder / "DejaVuSansMono-Bold.ttf"]
