"""Run every Python fence of the README and the docs, and check what their comments promise.

A comment behind an expression is its result: the repr, or the text it prints; `...` matches anything. A `text` fence is
the output of the code above it. A picture that a page makes must equal the committed one beside the page.
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
    """Return the language, text and first line of each fence."""
    text = page.read_text()
    return [(m[1], m[2], text.count("\n", 0, m.start()) + 2) for m in FENCE.finditer(text)]


def statements(source: str) -> Iterator[tuple[ast.stmt, str | None]]:
    """Yield each statement of a fence, with the result that a comment behind it promises."""
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        assert statement.end_lineno is not None and statement.end_col_offset is not None
        line = lines[statement.end_lineno - 1].encode()[statement.end_col_offset :].decode()
        _, mark, answer = line.partition("#")
        yield statement, answer.strip() if mark else None


def run(statement: ast.stmt, namespace: dict[str, Any]) -> str:
    """Run a statement; return the text it prints, or else the repr of its value."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if not isinstance(statement, ast.Expr):
            code = compile(ast.Module([statement], []), "<docs>", "exec", dont_inherit=True)
            exec(code, namespace)
            return printed.getvalue().strip()
        value = eval(compile(ast.Expression(statement.value), "<docs>", "eval"), namespace)
    return printed.getvalue().strip() or repr(value)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for library in ("torch", "jax"):  # optional: CI has them
        if re.search(rf"^import {library}\b", page.read_text(), re.MULTILINE):
            pytest.importorskip(library)
    namespace: dict[str, Any] = {"__name__": "__docs__"}
    matches = doctest.OutputChecker().check_output
    printed: list[str] = []
    for language, source, first_line in fences(page):
        where = f"{page.name}:{first_line}"
        if language == "text":  # the output of the code above it
            assert source.splitlines() == "\n".join(printed).splitlines(), where
        if language.startswith("{"):  # a Sphinx directive
            continue
        if language != "python":
            assert language in {"console", "text", "toml", "make", "html", "js"}, (
                f"{where}: {language!r}"
            )
            continue
        printed = []
        for statement, answer in statements(source):
            got = run(statement, namespace)
            if answer is not None and isinstance(statement, ast.Expr):
                at = f"{page.name}:{first_line + statement.lineno - 1}"
                assert matches(answer + "\n", got + "\n", doctest.ELLIPSIS), (
                    f"{at}: expected {answer}, got {got}"
                )
            elif got not in ("", "None"):
                printed.append(got)
    for made in tmp_path.iterdir():
        assert f"]({made.name})" in page.read_text(), (
            f"{page.name} makes {made.name} but does not show it"
        )
        committed = page.parent / made.name
        assert committed.exists(), f"{made.name}, which the page makes, is not committed"
        if made.suffix == ".svg":  # not PNG: matplotlib's pixels differ between machines
            same = made.read_text() == committed.read_text()
            assert same, f"{made.name} is out of date: run the page's code, or the script beside it"


def test_every_fence_has_a_language_and_every_python_fence_is_found() -> None:
    assert all(language for page in PAGES for language, _, _ in fences(page))
    found = [language for page in PAGES for language, _, _ in fences(page)].count("python")
    assert found == sum(page.read_text().count("\n```python") for page in PAGES) >= 40
