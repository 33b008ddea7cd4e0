"""Every fence of Python in the README and the docs runs, and what a comment says a line gives, it gives.

A comment behind an expression is its answer: the repr, or what it prints, and `...` in it stands for anything. A fence
of text is what the code above it prints. Pictures that a page makes are those that lie beside it.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*|\{[\w-]+\})\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: Path) -> list[tuple[str, str, int]]:
    """Each fence's language, text and line."""
    text = page.read_text()
    return [(m[1], m[2], text.count("\n", 0, m.start()) + 2) for m in FENCE.finditer(text)]


def answers(source: str) -> Iterator[tuple[ast.stmt, str | None]]:
    """Each statement of a fence with the answer that a comment behind it gives."""
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        assert statement.end_lineno is not None and statement.end_col_offset is not None
        line = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
        _, mark, answer = line.partition("#")
        yield statement, answer.strip() if mark else None


def run(statement: ast.stmt, namespace: dict[str, Any]) -> str:
    """What a statement prints, or else the repr of its value."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), "<docs>", "exec"), namespace)
            return printed.getvalue().strip()
        value = eval(compile(ast.Expression(statement.value), "<docs>", "eval"), namespace)
    return printed.getvalue().strip() or repr(value)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for library in ("torch", "jax"):  # not everyone has them; CI does
        if re.search(rf"^import {library}\b", page.read_text(), re.MULTILINE):
            pytest.importorskip(library)
    namespace: dict[str, Any] = {"__name__": "__docs__"}
    matches = doctest.OutputChecker().check_output
    printed: list[str] = []
    for language, source, first_line in fences(page):
        where = f"{page.name}:{first_line}"
        if language == "text":  # what the code above it prints
            assert source.splitlines() == "\n".join(printed).splitlines(), where
        if language.startswith("{"):  # a directive of the site's
            continue
        if language != "python":
            assert language in {"console", "text", "toml", "make", "html"}, f"{where}: {language!r}"
            continue
        printed = []
        for statement, answer in answers(source):
            got = run(statement, namespace)
            if answer is not None and isinstance(statement, ast.Expr):
                at = f"{page.name}:{first_line + statement.lineno - 1}"
                assert matches(answer + "\n", got + "\n", doctest.ELLIPSIS), (
                    f"{at}: said {answer}, got {got}"
                )
            elif got not in ("", "None"):
                printed.append(got)
    for made in tmp_path.iterdir():
        assert f"]({made.name})" in page.read_text(), (
            f"{page.name} makes {made.name} and does not show it"
        )
        committed = page.parent / made.name
        assert committed.exists(), f"{made.name} is not committed: the page's code makes it"
        if made.suffix == ".svg":  # matplotlib's pixels are not the same everywhere
            same = made.read_text() == committed.read_text()
            assert same, (
                f"{made.name} is out of date: the page's code, or a script beside it, makes it again"
            )


def test_every_fence_has_a_language_and_most_pages_run_something() -> None:
    assert all(language for page in PAGES for language, _, _ in fences(page))
    found = [language for page in PAGES for language, _, _ in fences(page)].count("python")
    assert found == sum(page.read_text().count("\n```python") for page in PAGES) >= 40
