"""The language of the code and the docs: docstrings open as they should, and one concept has one word.

`docs/glossary.md` is the list of words; its last column has those that are not used.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
SOURCES = [
    path
    for folder in ("autograd_scalar", "benchmarks", "examples", "tools", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".in", ".pxi", ".js"} and path.name not in {"core.pyx"}
    if not {"build", "notebooks", "node_modules"} & {*path.parts}
]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if "notebooks" not in p.parts),
]

#: Turns of phrase that read as a translation, besides the words that the glossary rules out.
BANNED = (
    r"\blest\b",
    r"\bbut for\b",
    r"\bby itself\b",
    r"\bas it stands\b",
    r"\bwhoever\b",
    r"\bhow often\b",
    r"\bslopes? by\b",
    r"\bso many \w+ (?:are|is|may|go)\b",
    r"\b(?:is|are) told\b",
    r"\bnobody\b",
    r"\bthere shall\b",
    r"\bthings?\b",
)


def glossary() -> dict[str, tuple[str, list[str]]]:
    """Return each term with its meaning and the words that are not used for it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in GLOSSARY.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|") or cells[0] in {"term", "---"} or set(cells[0]) == {"-"}:
            continue
        term, meaning, *rest = cells
        assert term not in found, f"{term} is defined twice"
        found[term] = meaning, [w.strip(" |") for w in ",".join(rest).split(",") if w.strip(" |")]
    return found


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that a person reads: of Python its docstrings, comments and messages; of a page all but code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        fenced = False
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield number, re.sub(r"`[^`]*`", "", line)
    elif path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT or (
                token.type == tokenize.STRING and " " in token[1]
            ):
                for i, line in enumerate(token.string.splitlines()):
                    yield token.start[0] + i, re.sub(r"`[^`]*`", "", line)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if (at := max(line.find("#"), line.find("//"), line.find('"""'))) >= 0:
                yield number, line[at:]


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the module's docstring and those of what is public in it, by name."""

    def visit(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if doc := ast.get_docstring(node):
                yield name, doc
            for child in node.body:
                if isinstance(child, ast.ClassDef | ast.FunctionDef):
                    yield from visit(child, f"{name}.{child.name}")

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), path.stem)


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


PYTHON = [path for path in SOURCES if path.suffix == ".py"]


@pytest.mark.parametrize("path", PYTHON, ids=ids)
def test_docstrings_open_with_what_a_reader_needs(path: Path) -> None:
    for name, doc in docstrings(path):
        first = doc.split(None, 1)[0]
        assert first not in {"What", "Whether", "Where", "How"}, f"{name}: {doc[:70]!r}"


@pytest.mark.parametrize("path", [*SOURCES, *(p for p in PAGES if p != GLOSSARY)], ids=ids)
def test_no_banned_phrase(path: Path) -> None:
    words = [re.escape(word) for _, ruled_out in glossary().values() for word in ruled_out]
    banned = re.compile("|".join([*BANNED, *(rf"\b{word}\b" for word in words)]), re.IGNORECASE)
    found = [f"line {n}: {line.strip()[:110]}" for n, line in prose(path) if banned.search(line)]
    assert not found, "\n".join(found)


def test_every_term_is_defined_once_and_used() -> None:
    terms = glossary()
    assert len(terms) > 60
    text = "\n".join(p.read_text(encoding="utf-8") for p in [*SOURCES, *PAGES] if p != GLOSSARY)
    for term, (meaning, _) in terms.items():
        assert meaning.endswith(".") and len(meaning) > 20, term
        for word in term.split(", "):
            stem = re.sub(r"(ing|ion|y|s|e)$", "", word)
            assert re.search(rf"\b{re.escape(stem)}", text, re.IGNORECASE), (
                f"{word} is used nowhere"
            )


def test_the_checks_catch_what_they_should(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("One thing.\n```\nthing\n```\n`thing`\n")
    assert [n for n, line in prose(page) if re.search(BANNED[-1], line)] == [1]
    module = tmp_path / "module.py"
    module.write_text(
        '"""How it works."""\n\n\ndef f():\n    """Return 1."""\n    return 1  # so many\n'
    )
    assert [*docstrings(module)] == [("module", "How it works."), ("module.f", "Return 1.")]
    assert [n for n, _ in prose(module)] == [1, 5, 6]
