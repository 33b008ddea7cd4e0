"""Explanations: a derivation by the chain rule as text, LaTeX and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, overload

from autograd_scalar.show.explain.derivation import FOLDED, Assignment, Row, Step, aligned
from autograd_scalar.show.explain.words import listed
from autograd_scalar.show.formula.symbolic import LATEX, TEXT, Script
from autograd_scalar.value import Value

FORWARD = "Forward: each value from its operands"
BACKWARD = "Backward: each gradient is the sum, over the uses of a value, of upstream gradient × local derivative"
WORDS = "In words"
#: Maximum number of sentences below a derivation.
MAX_SENTENCES = 8
INNER = "Not derived here"
#: Width in characters of the list of given values.
WIDTH = 100


class Explanation(Sequence[Step]):
    """The chain rule on one graph: a sequence of Steps in the order of backpropagation.

    `given`, `inner` and `forward` are Assignments: the leaves, the values whose own operation is not
    shown, and those computed from them. The repr is the derivation as text; a notebook typesets it.
    """

    def __init__(
        self,
        given: Sequence[Assignment],
        inner: Sequence[Assignment],
        forward: Sequence[Assignment],
        steps: Sequence[Step],
        notes: Sequence[str],
    ) -> None:
        self.given, self.inner, self.forward = given, inner, forward
        self.steps, self.notes = steps, notes

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
        inner = _listed(self.inner)
        inner[:1] = [f"{INNER}: {line}" for line in inner[:1]]
        parts = [
            f"{FORWARD}:",
            *(f"  {line}" for line in [*_listed(self.given), *inner, *forward]),
            "",
            f"{BACKWARD}:",
            *(f"  {line}" for line in steps),
            *self.notes,
        ]
        if notable := self._notable():
            parts += ["", f"{WORDS}:", *(f"  {text}" for text in notable)]
        return "\n".join(parts)

    __str__ = __repr__ = text

    def in_words(self) -> str:
        """Return the backward pass in sentences, one for each use of a value.

        >>> from autograd_scalar import explain
        >>> x, w = Value(-2.0, label="x"), Value(0.5, label="w")
        >>> print(explain((x * w + 1.0).relu()).in_words())
        x*w + 1 is 0, at a kink, so relu passes no gradient on.
        x*w + 1 passes its gradient on to x*w unchanged.
        x*w passes its gradient on to w times x = -2.
        x*w passes its gradient on to x times w = 0.5.
        """
        return "\n".join(listed([term.sentence for step in self.steps for term in step.terms]))

    def _notable(self) -> list[str]:
        """Return the sentences that say more than the formulas."""
        sentences = [term.sentence for step in self.steps for term in step.terms]
        return listed([s for s in sentences if s.is_notable], MAX_SENTENCES)

    def latex(self) -> str:
        """Return the derivation in LaTeX for math mode, as aligned environments below each other."""
        blocks = _blocks(self.given)
        if self.inner:
            blocks += [LATEX.words(f"{INNER}:"), *_blocks(self.inner)]
        blocks += [self._forward_latex()] if self.forward else []
        blocks.append(self._backward_latex())
        return "\\begin{gathered}\n" + " \\\\[1ex]\n".join(blocks) + "\n\\end{gathered}"

    def markdown(self) -> str:
        """Return the derivation in Markdown with formulas in LaTeX."""
        parts = []
        if self.forward:
            given = ", ".join(f"${line.latex()}$" for line in self.given)
            parts.append(f"**{FORWARD}:** {given}".rstrip())
            if self.inner:
                parts.append(f"{INNER}: {', '.join(f'${line.latex()}$' for line in self.inner)}")
            parts.append(f"$$\n{self._forward_latex()}\n$$")
            parts.append(f"**{BACKWARD}:**")
        parts.append(f"$$\n{self._backward_latex()}\n$$")
        # No renderer may take a label for an HTML tag.
        parts = [part.replace("<", r"\lt ").replace(">", r"\gt ") for part in parts]
        parts += map(_plain, self.notes)
        if notable := self._notable():
            parts.append("\n".join([f"**{WORDS}:**\n", *(f"- {_plain(s)}" for s in notable)]))
        return "\n\n".join(parts)

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
        for step, *alike in self._folded():
            if shown and step.terms and shown.isdisjoint(term.user for term in step.terms):
                rows.append([gap])
            shown.update(s.node for s in (step, *alike))
            rows += step.rows(script, alike)
        return rows

    def _folded(self) -> list[list[Step]]:
        """Return the steps in order; those with the same sides are one group, unless they are few."""
        same: dict[Any, list[Step]] = {}
        for step in self.steps:
            same.setdefault(step.sides if step.terms else step, []).append(step)
        groups = same.values()
        place = {step.node: place for place, step in enumerate(self.steps)}
        split = [g for group in groups for g in ([group] if len(group) >= FOLDED else zip(group))]
        return sorted(map(list, split), key=lambda group: place[group[0].node])


def _plain(text: str) -> str:
    """Return a text for Markdown, its signs escaped."""
    return re.sub(r"([\\`*_{}\[\]#$|~])", r"\\\1", escape(text, quote=False))


def _aligned_latex(rows: Iterable[Row]) -> str:
    """Return rows as an aligned environment."""
    lines = (" &&".join([" &".join(row[:2]), *row[2:]]) for row in rows)
    return "\\begin{aligned}\n" + " \\\\[0.5ex]\n".join(lines) + "\n\\end{aligned}"


def _wrapped(assignments: Iterable[Assignment]) -> list[list[Assignment]]:
    """Return assignments in lines of at most WIDTH characters."""
    lines: list[list[Assignment]] = []
    room = 0
    for line in assignments:
        needed = len(str(line)) + 2
        if needed > room:
            lines.append([])
            room = WIDTH
        lines[-1].append(line)
        room -= needed
    return lines


def _listed(assignments: Iterable[Assignment]) -> list[str]:
    """Return assignments as lines of text."""
    return [", ".join(map(str, line)) for line in _wrapped(assignments)]


def _blocks(assignments: Iterable[Assignment]) -> list[str]:
    """Return assignments as lines of LaTeX."""
    return [r",\quad ".join(part.latex() for part in line) for line in _wrapped(assignments)]
