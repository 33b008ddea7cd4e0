"""Explanations: a derivation by the chain rule as text, LaTeX and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from autograd_scalar.show.explain.derivation import Assignment, Row, Step, aligned
from autograd_scalar.show.formula.symbolic import LATEX, TEXT, Script
from autograd_scalar.value import Value

FORWARD = "Forward: each value from its operands"
BACKWARD = "Backward: each gradient is the sum, over the uses of a value, of upstream gradient × local derivative"
#: Width in characters of the list of given values.
WIDTH = 100


class Explanation(Sequence[Step]):
    """The chain rule on one graph: a sequence of Steps in the order of backpropagation.

    `given` and `forward` are Assignments: the leaves, and the values computed from them. The repr is
    the derivation as text; a notebook typesets it.
    """

    def __init__(
        self,
        given: Sequence[Assignment],
        forward: Sequence[Assignment],
        steps: Sequence[Step],
        notes: Sequence[str],
    ) -> None:
        self.given, self.forward, self.steps, self.notes = given, forward, steps, notes

    @overload
    def __getitem__(self, place: int) -> Step: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Step]: ...
    def __getitem__(self, place: int | slice) -> Step | Sequence[Step]:
        return self.steps[place]

    def __len__(self) -> int:
        return len(self.steps)

    def text(self) -> str:
        """Return the derivation as text, in aligned columns."""
        steps = aligned(self._rows(TEXT, "⋮"))
        if not self.forward:
            return "\n".join([*steps, *self.notes])
        forward = aligned(self._forward_rows(TEXT))
        parts = [
            f"{FORWARD}:",
            *(f"  {line}" for line in [*_wrapped(map(str, self.given)), *forward]),
            "",
            f"{BACKWARD}:",
            *(f"  {line}" for line in steps),
        ]
        return "\n".join([*parts, *self.notes])

    __str__ = __repr__ = text

    def latex(self) -> str:
        """Return the derivation in LaTeX for math mode, as aligned environments below each other."""
        blocks = [r",\quad ".join(line.latex() for line in self.given)] if self.given else []
        blocks += [self._forward_latex()] if self.forward else []
        blocks.append(self._backward_latex())
        return "\\begin{gathered}\n" + " \\\\[1ex]\n".join(blocks) + "\n\\end{gathered}"

    def markdown(self) -> str:
        """Return the derivation in Markdown with formulas in LaTeX."""
        parts = []
        if self.forward:
            given = ", ".join(f"${line.latex()}$" for line in self.given)
            parts.append(f"**{FORWARD}:** {given}".rstrip())
            parts.append(f"$$\n{self._forward_latex()}\n$$")
            parts.append(f"**{BACKWARD}:**")
        parts += [f"$$\n{self._backward_latex()}\n$$", *self.notes]
        # No renderer may take a label for an HTML tag.
        return "\n\n".join(parts).replace("<", r"\lt ").replace(">", r"\gt ")

    _repr_markdown_ = markdown

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def _forward_latex(self) -> str:
        return _aligned_latex(self._forward_rows(LATEX))

    def _backward_latex(self) -> str:
        return _aligned_latex(self._rows(LATEX, r"\vdots"))

    def _forward_rows(self, script: Script) -> list[Row]:
        return [row for line in self.forward for row in line.rows(script)]

    def _rows(self, script: Script, gap: str) -> list[Row]:
        """Return the rows of all steps, with a gap before a step none of whose users is shown."""
        rows: list[Row] = []
        shown: set[Value] = set()
        for step in self.steps:
            if shown and step.terms and shown.isdisjoint(term.user for term in step.terms):
                rows.append([gap])
            shown.add(step.node)
            rows += step.rows(script)
        return rows


def _aligned_latex(rows: Iterable[Row]) -> str:
    """Return rows as an aligned environment."""
    lines = (" &&".join([" &".join(row[:2]), *row[2:]]) for row in rows)
    return "\\begin{aligned}\n" + " \\\\[0.5ex]\n".join(lines) + "\n\\end{aligned}"


def _wrapped(texts: Iterable[str]) -> list[str]:
    """Return texts joined by commas, wrapped to lines of at most WIDTH characters."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(text) + 2 <= WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return lines
