"""LLVM IR as it is written down: names, blocks, and loops of blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class Writer:
    """The lines of one function. What gives a value returns the value's name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.globals: list[str] = []
        self._names = 0
        self._block = "entry"

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def do(self, instruction: str) -> None:
        """Append an instruction that gives nothing."""
        self.lines.append(f"  {instruction}")

    def let(self, instruction: str) -> str:
        """Append an instruction that gives a value."""
        name = self._name("%v")
        self.lines.append(f"  {name} = {instruction}")
        return name

    def at(self, pointer: str, index: str | int, scale: int = 1, kind: str = "double") -> str:
        """Return the address of an element: index * scale elements on."""
        if scale == 0 or index in (0, "0"):
            return pointer
        if isinstance(index, int):
            index, scale = index * scale, 1
        elif scale != 1:
            index = self.let(f"mul i64 {index}, {scale}")
        return self.let(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    def splat(self, x: str, width: int, kind: str = "double") -> str:
        """Return a number in each lane of a vector."""
        vector = f"<{width} x {kind}>"
        first = self.let(f"insertelement {vector} poison, {kind} {x}, i32 0")
        lanes = f"<{width} x i32> zeroinitializer"
        return self.let(f"shufflevector {vector} {first}, {vector} poison, {lanes}")

    def table(self, kind: str, entries: Sequence[str]) -> str:
        """Return the address of constants."""
        name = self._name("@table")
        elements = ", ".join(f"{kind} {entry}" for entry in entries)
        self.globals.append(
            f"{name} = private unnamed_addr constant [{len(entries)} x {kind}] [{elements}]"
        )
        return name

    # ----- blocks -----

    def loop(
        self,
        count: int | str,
        body: Callable[[str, list[str]], Sequence[str]],
        kind: str = "",
        start: Sequence[str] = (),
    ) -> list[str]:
        """Write a loop of one round or more; return what it carries from round to round, as the last one leaves it.

        `body` writes a round, given its number and what is carried, of that kind, and returns what is carried on.
        """
        top, end, before = self._name("loop"), self._name("end"), self._block
        self.do(f"br label %{top}")
        self._begin(top)
        i, following = self._name("%i"), self._name("%i")
        carried = [self._name("%c") for _ in start]
        heading = len(self.lines)
        left = [*body(i, carried)]
        self.lines[heading:heading] = [
            f"  {i} = phi i64 [ 0, %{before} ], [ {following}, %{self._block} ]",
            *(
                f"  {name} = phi {kind} [ {first}, %{before} ], [ {last}, %{self._block} ]"
                for name, first, last in zip(carried, start, left, strict=True)
            ),
        ]
        self.do(f"{following} = add nuw nsw i64 {i}, 1")
        more = self.let(f"icmp slt i64 {following}, {count}")
        self.do(f"br i1 {more}, label %{top}, label %{end}")
        self._begin(end)
        return left

    def each(self, count: int | str, body: Callable[[str], None]) -> None:
        """Write a loop of one round or more that carries nothing; `body` writes a round, given its number."""

        def round_(i: str, carried: list[str]) -> list[str]:
            body(i)
            return carried

        self.loop(count, round_)

    def choose(
        self, condition: str, yes: Callable[[], None], no: Callable[[], None] = lambda: None
    ) -> None:
        """Write two branches."""
        names = self._name("yes"), self._name("no"), self._name("end")
        self.do(f"br i1 {condition}, label %{names[0]}, label %{names[1]}")
        for name, branch in zip(names, (yes, no), strict=False):
            self._begin(name)
            branch()
            self.do(f"br label %{names[2]}")
        self._begin(names[2])

    def _begin(self, block: str) -> None:
        self.lines.append(f"{block}:")
        self._block = block
