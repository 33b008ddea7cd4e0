"""The chain rule for one recorded graph, a line a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isclose, isnan
from typing import Any, overload

from autograd_scalar import pytree
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.explain.derivation import (
    Assignment,
    Notation,
    Row,
    Step,
    Term,
    aligned,
    names_in,
    size,
)
from autograd_scalar.show.formula.symbolic import LATEX, TEXT, Script, written_operands
from autograd_scalar.show.graph.scopes import Named, names_of
from autograd_scalar.value import Value, adjoints, topological_order

FORWARD = "Forward, each value from those before it"
BACKWARD = "Backward, each derivative a sum over the uses of the value: what arrives there · local derivative"
#: Columns of the terminal that a list of given values may take.
WIDTH = 100


class Explanation(Sequence[Step]):
    """The chain rule for one graph: a sequence of Steps in the order backpropagation takes.

    `given` has the leaves that it starts from, and `forward` how the other values came about, both
    as Assignments. It shows itself as text at a prompt, and typeset in a notebook.
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
            *(f"  {line}" for line in [*listed(map(str, self.given)), *forward]),
            "",
            f"{BACKWARD}:",
            *(f"  {line}" for line in steps),
        ]
        return "\n".join([*parts, *self.notes])

    __str__ = __repr__ = text

    def latex(self) -> str:
        """Return the derivation in LaTeX, for mathematics mode: aligned environments below each other."""
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
        # A tag in a label must not begin here, whoever renders this.
        return "\n\n".join(parts).replace("<", r"\lt ").replace(">", r"\gt ")

    _repr_markdown_ = markdown

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def _forward_latex(self) -> str:
        return aligned_latex(self._forward_rows(LATEX))

    def _backward_latex(self) -> str:
        return aligned_latex(self._rows(LATEX, r"\vdots"))

    def _forward_rows(self, script: Script) -> list[Row]:
        return [row for line in self.forward for row in line.rows(script)]

    def _rows(self, script: Script, gap: str) -> list[Row]:
        """Return the rows of all steps, and a gap before a step that follows from none that is there."""
        rows: list[Row] = []
        before: set[Value] = set()
        for step in self.steps:
            if before and step.terms and before.isdisjoint(term.user for term in step.terms):
                rows.append([gap])
            before.add(step.node)
            rows += step.rows(script)
        return rows


def aligned_latex(rows: Iterable[Row]) -> str:
    """Return rows as an aligned environment."""
    lines = (" &&".join([" &".join(row[:2]), *row[2:]]) for row in rows)
    return "\\begin{aligned}\n" + " \\\\[0.5ex]\n".join(lines) + "\n\\end{aligned}"


def listed(texts: Iterable[str]) -> list[str]:
    """Return texts behind each other, with commas, in as many lines as they need."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(text) + 2 <= WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return lines


def explain(
    y: Value,
    wrt: Any = None,
    *,
    node: Value | None = None,
    names: Mapping[str, Value] | Named | None = None,
    limit: int | None = 40,
    uses: int = 6,
) -> Explanation:
    """Return how the derivatives of y come about: the chain rule with this graph's own symbols and numbers.

    A sequence of steps in the order of backpropagation, one for every value between y and the
    leaves: the sum, over the value's uses, of the derivative that arrives there times the local
    derivative. It prints as text, and shows itself typeset in a notebook; `.markdown()` and
    `.latex()` give the sources. No grad is touched.

    `wrt` is a Value, or a nest of Values: only what leads from them to y is explained. `node` asks
    for the step of one Value alone. Values are called as in `names` (a module, or a mapping from
    names to Values), or by their labels, or else v1, v2, ...; leaves without a name are constants,
    unless no leaf has one. Where there are more than `limit` steps, those on the strongest paths
    are taken, and of each step the `uses` that contribute most; what is left out is said. None
    takes all.

    Raises TypeError for what is no Value, ValueError for a limit below 1.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b
    >>> c.label = "c"
    >>> explain(c * c + c, a)
    Forward, each value from those before it:
      a = 2, b = -3
      c  = a*b    = 2*(-3)    = -6
      v1 = c*c    = (-6)*(-6) = 36
      y  = v1 + c = 36 + (-6) = 30
    <BLANKLINE>
    Backward, each derivative a sum over the uses of the value: what arrives there · local derivative:
      ∂y/∂y  = 1
      ∂y/∂v1 = ∂y/∂y · 1                           = 1 · 1                       = 1
      ∂y/∂c  = ∂y/∂y · 1 + ∂y/∂v1 · c + ∂y/∂v1 · c = 1 · 1 + 1 · (-6) + 1 · (-6) = -11
      ∂y/∂a  = ∂y/∂c · b                           = -11 · (-3)                  = 33
    """
    _check(y, "y")
    asked = [] if wrt is None else pytree.leaves(wrt)
    for v, path in zip(asked, pytree.paths(wrt, "wrt"), strict=False):
        _check(v, path)
    if node is not None:
        _check(node, "node")
        if wrt is not None:
            raise TypeError("explain takes wrt or node, not both: node is explained for all leaves")
        asked = [node]
    for name, count in (("limit", limit), ("uses", uses)):
        if count is not None and count < 1:
            raise ValueError(f"{name} is how many to show, 1 or more (None for all), got {count!r}")
    order = topological_order(y)
    bars = adjoints(order, {y: 1.0})
    own = names_of(names)
    called = names_in(order, asked, own)
    if node is not None:
        needed, shown = {node} & bars.keys(), {node} & bars.keys()
    else:
        targets = asked or [v for v in order if v.label or v in own or (v in called and not v.op)]
        needed = _dependents(order, targets or order)
        shown = _strongest(order, bars, needed, targets, limit or len(order))
    notation = Notation(y, called, frozenset(shown), uses or len(order))
    terms: dict[Value, list[Term]] = {v: [] for v in shown}
    for user in reversed(order):
        for position, (v, partial) in enumerate(zip(user.parents, user.partials, strict=True)):
            if v in shown:
                terms[v].append(Term(user, position, bars[user], partial, notation))
    listed = [v for v in reversed(order) if v in shown]
    listed += [v for v in dict.fromkeys(asked) if v not in bars]
    steps = [Step(v, called[v], terms.get(v, ()), bars.get(v, 0.0), notation) for v in listed]
    given, forward = _forward(order, steps, notation)
    notes = []
    if len(shown) < len(needed):
        notes.append(
            f"These are {len(shown):,} of {len(needed):,} steps, those on the strongest paths; "
            "limit=None shows all."
        )
    if any(_is_out_of_date(line.node) for line in forward):
        notes.append(
            "Some data was changed after the graph was recorded: the derivatives are still those "
            "that were recorded; recompute() brings them up to date."
        )
    return Explanation(given, forward, steps, notes)


def _check(v: object, role: str) -> None:
    if type(v) is not Value:
        raise TypeError(f"explain is about Values, but {role} is {v!r:.40} ({type(v).__name__})")


def _dependents(order: Iterable[Value], targets: Iterable[Value]) -> set[Value]:
    """Return the targets that are in the graph, and what depends on one of them."""
    wanted, needed = set(targets), set[Value]()
    for v in order:
        if v in wanted or any(parent in needed for parent in v.parents):
            needed.add(v)
    return needed


def _strongest(
    order: Sequence[Value],
    bars: Mapping[Value, float],
    needed: set[Value],
    targets: Iterable[Value],
    limit: int,
) -> set[Value]:
    """Return at most `limit` of the needed nodes: the strongest path to the strongest target, to the next ...

    A path follows, from the target on, the use that contributes most. The middle is left out of one
    that is too long by itself.
    """
    if len(needed) <= limit:
        return needed
    best: dict[Value, tuple[float, Value]] = {}
    for user in order:
        if user in needed:
            for v, partial in zip(user.parents, user.partials, strict=True):
                contribution = size(partial * bars[user])
                if v in needed and (v not in best or contribution > best[v][0]):
                    best[v] = contribution, user
    shown: set[Value] = set()
    for target in sorted(needed.intersection(targets), key=lambda v: -size(bars[v])):
        path = [target]
        while path[-1] not in shown and path[-1] in best:
            path.append(best[path[-1]][1])
        if len(shown) + len(path) <= limit:
            shown.update(path)
        elif shown:
            break
        else:
            end = limit // 2
            return {*path[: limit - end], *path[len(path) - end :]}
    return shown


def _forward(
    order: Iterable[Value], steps: Sequence[Step], notation: Notation
) -> tuple[list[Assignment], list[Assignment]]:
    """Return what is given, and how the steps' values came about; of a single step, the users' too."""
    made = {step.node for step in steps if step.node.op}
    if len(steps) == 1:
        made.update(term.user for term in steps[0].strongest())
    operands = {p for v in made for p in written_operands(v, notation.shown)}
    given, forward = [], []
    for v in order:
        if v in made:
            forward.append(Assignment(v, notation.names[v], notation))
        elif v in operands and v in notation.names:
            given.append(Assignment(v, notation.names[v], notation, _given=True))
    return given, forward


def _is_out_of_date(v: Value) -> bool:
    """Return whether the data around a node is no longer that which it was recorded with."""
    if v.op not in TABLE:
        return False
    present = evaluate(v.op, *TABLE[v.op].split([parent.data for parent in v.parents]))[0]
    return not (isclose(present, v.data, rel_tol=1e-9) or (isnan(present) and isnan(v.data)))
