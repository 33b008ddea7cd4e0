"""Text of a Picture for a terminal: a tree from the results down to the leaves, in operand order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from autograd_scalar.show.graph.picture import Box, Picture

#: Maximum number of lines of a tree, and of levels below its root.
MAX_LINES, MAX_DEPTH = 60, 24


def to_tree(picture: Picture) -> str:
    """Return a picture as a Unicode tree.

    A box that is used several times is written out once, under a name (its label, or t1, t2, ...), and
    by this name afterwards. A last line says how many boxes are left out of a large graph.
    """
    tree = _Tree(picture)
    lines: list[str] = []
    for end in tree.ends:
        lines += islice(tree.lines(end), MAX_LINES - len(lines))
    left = len(picture.boxes) - len(tree.written)
    if left:
        lines.append(
            f"… {left:,} of {len(picture.boxes):,} boxes left out: draw(v, 'graph.svg') draws all"
        )
    return "\n".join(lines)


class _Tree:
    """The operands of each box, and the names of those used several times."""

    def __init__(self, picture: Picture) -> None:
        self.boxes = picture.boxes
        self.operands: list[list[int]] = [[] for _ in picture.boxes]
        uses = [0] * len(picture.boxes)
        for source, target in picture.edges:
            self.operands[target].append(source)
            uses[source] += 1
        self.ends = [place for place, used in enumerate(uses) if not used]
        labels = {box.label for box in picture.boxes}
        new = (name for name in map("t{}".format, count(1)) if name not in labels)
        self.names = {
            place: box.label or next(new)
            for place, box in enumerate(picture.boxes)
            if self.operands[place] and uses[place] > 1
        }
        self.written: set[int] = set()

    def lines(self, place: int, first: str = "", rest: str = "", depth: int = 0) -> Iterator[str]:
        """Yield the lines of a box and of all below it, after these prefixes."""
        operands = self.operands[place]
        if operands and place in self.written:
            yield f"{first}{self.names[place]} (above)"
            return
        self.written.add(place)
        yield f"{first}{self._text(place)}"
        if operands and depth == MAX_DEPTH:
            yield f"{rest}└─ …"
            return
        for operand in operands[:-1]:
            yield from self.lines(operand, f"{rest}├─ ", f"{rest}│  ", depth + 1)
        if operands:
            yield from self.lines(operands[-1], f"{rest}└─ ", f"{rest}   ", depth + 1)

    def _text(self, place: int) -> str:
        box: Box = self.boxes[place]
        name = self.names.get(place, box.label)
        head = f"{name} = {box.symbol}" if name and box.symbol else name or box.symbol
        return "  ".join(filter(None, [head, *(f"{key} {value}" for key, value in box.rows)]))
