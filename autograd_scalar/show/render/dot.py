"""DOT of a Picture: a graphviz.Digraph that renders to SVG and PNG even without Graphviz installed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import graphviz

from autograd_scalar.show.graph.picture import Box, Picture
from autograd_scalar.show.render.png import to_png
from autograd_scalar.show.render.svg import COLOURS, CORNERS, FAINT, GREY, INK, to_svg
from autograd_scalar.show.render.tree import to_tree

#: Maximum number of boxes that `dot` renders: it takes a second for 200, and 20 for 2,000.
MAX_DOT_BOXES = 1000
#: The file formats of a drawing.
PICTURES = ("svg", "png", "pdf")
#: Those that the package's own layout draws.
OWN = ("svg", "png")
FORMATS = (*PICTURES, "dot")
#: Height in points of an empty row above a symbol, since `dot` sets text too high in its cell.
ABOVE_SYMBOL = 2


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A graphviz.Digraph whose SVG and PNG come from the package's own layout, other formats from `dot`.

    A drawing therefore looks the same with and without Graphviz, and large graphs are fast. After a
    change by hand, or with an engine, renderer or formatter, `dot` draws the SVG and PNG too if it
    can.
    """

    _picture: Picture | None = None
    _rankdir = "LR"
    _made = ""

    def pipe(self, format: str | None = None, **options: Any) -> bytes | str:
        """Return the picture in a format ("svg", "png", "pdf", ...): bytes, or str with `encoding`.

        Raises RuntimeError if the format needs Graphviz's `dot`, or png resvg-py, and that is missing,
        ValueError if the graph is too large for `dot`.
        """
        chosen = (format or self.format).lower()
        if not self._is_own(chosen, options):
            try:
                piped: bytes | str = super().pipe(format, **options)
            except (graphviz.ExecutableNotFound, graphviz.CalledProcessError) as error:
                self._require_own(chosen, error)
            else:
                return piped
        drawn = self._own(chosen)
        return drawn.decode() if options.get("encoding") and chosen == "svg" else drawn

    def render(self, filename: str | os.PathLike[str] | None = None, **options: Any) -> str:
        """Save the DOT source and the picture next to it; return the path of the picture.

        The options are those of graphviz.Digraph.render: directory, format, outfile, view, cleanup,
        ... Raises the same errors as pipe().
        """
        outfile = options.get("outfile")
        suffix = Path(outfile).suffix[1:] if outfile else ""
        chosen = (options.get("format") or suffix or self.format).lower()
        if not self._is_own(chosen, options):
            try:
                path: str = super().render(filename, **options)
            except (graphviz.ExecutableNotFound, graphviz.CalledProcessError) as error:
                self._require_own(chosen, error)
            else:
                return path
        if outfile and filename is None:
            filename = Path(outfile).with_suffix(".gv")
        source = self.save(filename, directory=options.get("directory"))
        drawn = Path(outfile) if outfile else Path(f"{source}.{chosen}")
        drawn.write_bytes(self._own(chosen))
        if options.get("cleanup"):
            os.remove(source)
        if options.get("view"):
            graphviz.view(str(drawn))
        return str(drawn)

    def save(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> str:
        """Save the DOT source and return its path; raise ValueError for the suffix of a picture."""
        if filename is not None and suffix_of(filename) in PICTURES:
            raise ValueError(
                f"save writes DOT source, which {filename} should not hold: use "
                f"draw(v, {str(filename)!r}) or render(outfile={str(filename)!r})"
            )
        path: str = super().save(filename, directory=directory, **options)
        return path

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the picture, or the DOT source, to a file in the format of the file name's suffix."""
        format = format_of(path)
        drawn = self.source if format == "dot" else self.pipe(format)
        Path(path).write_bytes(drawn.encode() if isinstance(drawn, str) else drawn)

    def __repr__(self) -> str:
        """Return the graph as a tree, for a terminal."""
        text: str = super().__repr__() if self._picture is None else to_tree(self._picture)
        return text

    def copy(self) -> Drawing:
        """Return a copy."""
        copied: Drawing = super().copy()
        copied._picture, copied._rankdir = self._picture, self._rankdir
        copied._made = self._made
        return copied

    def _is_own(self, format: str, options: Mapping[str, Any]) -> bool:
        """Return True if the package's own layout draws this; raise ValueError if neither it nor `dot` can."""
        if self._picture is None:
            return False
        boxes = len(self._picture.boxes)
        customised = any(options.get(name) for name in ("engine", "renderer", "formatter"))
        unchanged = not customised and self.source == self._made
        if format in OWN and (unchanged or boxes > MAX_DOT_BOXES):
            return True
        if boxes > MAX_DOT_BOXES:
            raise ValueError(
                f"{boxes:,} boxes are too many for {format}, which Graphviz's dot renders (up to "
                f"{MAX_DOT_BOXES:,}): use format='svg' or 'png', or group='neuron' or group='layer'"
            )
        return False

    def _require_own(self, format: str, error: Exception) -> None:
        """Raise RuntimeError unless the package's own layout can stand in for `dot`."""
        if self._picture is None or format not in OWN:
            raise RuntimeError(
                f"{format} needs Graphviz's dot, which is missing or fails here: install it "
                "(apt install graphviz, brew install graphviz, conda install graphviz), or use "
                "format='svg', which works without it"
            ) from error

    def _own(self, format: str) -> bytes:
        assert self._picture is not None
        if format == "png":
            return to_png(self._picture, rankdir=self._rankdir)
        return to_svg(self._picture, rankdir=self._rankdir).encode()


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a path in lower case and without the dot."""
    return Path(path).suffix.lower().removeprefix(".")


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format of a file name's suffix; raise ValueError if it is not in FORMATS."""
    if (format := suffix_of(path)) not in FORMATS:
        raise ValueError(f"unknown picture format in {path}: use one of .{', .'.join(FORMATS)}")
    return format


def to_digraph(picture: Picture, *, rankdir: str = "LR", format: str = "svg") -> Drawing:
    """Return a picture as a Drawing: nodes n0, n1, ... in topological order, scopes as clusters."""
    drawing = Drawing("graph", comment=picture.title, format=format)
    drawing._picture, drawing._rankdir = picture, rankdir
    # The background stays dot's white, since a PNG may be viewed on black.
    drawing.attr(rankdir=rankdir, nodesep="0.2", ranksep="0.4")
    drawing.attr("node", shape="box", fontname="Courier", fontsize="11", margin="0.06,0.03")
    drawing.attr("edge", color=GREY, arrowsize="0.6", fontname="Courier", fontsize="10")
    drawing.attr("edge", fontcolor=GREY)
    _add_boxes(drawing, picture, range(len(picture.boxes)), ())
    for edge, (source, target) in enumerate(picture.edges):
        # The blanks keep the label off the line.
        label = {"label": f" {picture.edge_labels[edge]} "} if picture.edge_labels else {}
        drawing.edge(f"n{source}", f"n{target}", **label)
    drawing._made = drawing.source
    return drawing


def _add_boxes(
    graph: graphviz.Digraph, picture: Picture, places: Sequence[int], scope: tuple[str, ...]
) -> None:
    """Add the boxes at these indices, all of them in `scope`, with clusters for inner scopes."""
    inner: dict[tuple[str, ...], list[int]] = {}
    for place in places:
        box = picture.boxes[place]
        if len(box.scope) > len(scope):
            inner.setdefault(box.scope[: len(scope) + 1], []).append(place)
        else:
            graph.node(f"n{place}", f"<{_table(box)}>", **_shape(box))
    for deeper, inside in inner.items():
        with graph.subgraph(name=f"cluster_{'.'.join(deeper)}") as cluster:
            cluster.attr(label=deeper[-1], labeljust="l", style="dashed,rounded", color=GREY)
            cluster.attr(fontname="Courier", fontsize="11", fontcolor=GREY)
            _add_boxes(cluster, picture, inside, deeper)


def _shape(box: Box) -> dict[str, str]:
    fill, stroke = COLOURS[box.kind]
    style = "filled,rounded" if CORNERS[box.kind] else "filled"
    shape = {"style": style, "fillcolor": fill, "color": stroke}
    # Graphviz expands \N and the like in a tooltip even if the backslash is escaped.
    shape["tooltip"] = graphviz.escape(box.tooltip.replace("\\", "∖"))
    if box.kind == "group":
        shape["peripheries"] = "2"
    if box.is_end:
        shape["penwidth"] = "2.5"
    return shape


def _table(box: Box) -> str:
    """Return the content of a box as an HTML-like label."""
    rows = []
    label = f"<B>{_text(box.label)}</B>" if box.label else ""
    if box.symbol:
        rows.append(f'{_chip(box)}<TD ALIGN="LEFT" VALIGN="BOTTOM"> {label}</TD>')
    elif label:
        rows.append(f'<TD COLSPAN="2" ALIGN="LEFT">{label}</TD>')
    rows += [
        f'<TD ALIGN="LEFT"><FONT COLOR="{FAINT}">{_text(key)}</FONT></TD>'
        f'<TD ALIGN="RIGHT"><FONT COLOR="{INK}">{_text(value)}</FONT></TD>'
        for key, value in box.rows
    ]
    joined = "".join(f"<TR>{row}</TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="1">{joined}</TABLE>'


def _chip(box: Box) -> str:
    """Return the cell with the symbol of an operation."""
    symbol = f'<FONT COLOR="#ffffff"><B>{_text(box.symbol)}</B></FONT>'
    return (
        f'<TD BGCOLOR="{COLOURS[box.kind][1]}" STYLE="ROUNDED">'
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
        f'<TR><TD HEIGHT="{ABOVE_SYMBOL}"></TD></TR><TR><TD> {symbol} </TD></TR></TABLE></TD>'
    )


def _text(text: str) -> str:
    # Graphviz expands \N to the node's name even here, unless the backslash is separate.
    return escape(text).replace("\\", "<FONT>\\</FONT>")
