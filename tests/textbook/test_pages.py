"""What the pages of the textbook show is what their code gives: printed text and drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_docs import ROOT, answers, fences, run

PAGES = sorted((ROOT / "docs" / "textbook").glob("t?_*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_printed_text_and_pictures(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__docs__"}
    printed: list[str] = []
    texts = 0
    for language, source, line in fences(page):
        if language == "text":
            texts += 1
            assert source.splitlines() == "\n".join(printed).splitlines(), f"{page.name}:{line}"
            continue
        printed = []
        for statement, answer in answers(source):
            got = run(statement, namespace)
            if answer is None and got not in ("", "None"):
                printed.append(got)
    assert texts > 0
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {name for name in made if f"]({name})" in page.read_text()}
    for name in made:
        committed = page.parent / name
        assert committed.exists(), f"{name} is not committed: the page's code makes it"
        if committed.suffix == ".svg":  # matplotlib's pixels are not the same everywhere
            same = (tmp_path / name).read_text() == committed.read_text()
            assert same, f"{name} is out of date: python docs/textbook/pictures.py makes it again"


def test_there_is_a_page_for_each_text_and_the_index_leads_to_it() -> None:
    index = (ROOT / "docs" / "textbook" / "index.md").read_text()
    assert [page.name[:2] for page in PAGES] == ["t1", "t2", "t3", "t4", "t5"]
    assert all(f"]({page.name})" in index for page in PAGES)
