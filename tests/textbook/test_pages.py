"""There is a page for each of the five texts. What the pages show is checked in test_docs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "textbook").glob("t?_*.md"))


def test_there_is_a_page_for_each_text_and_the_index_leads_to_it() -> None:
    index = (ROOT / "docs" / "textbook" / "index.md").read_text()
    assert [page.name[:2] for page in PAGES] == ["t1", "t2", "t3", "t4", "t5"]
    assert all(f"]({page.name})" in index for page in PAGES)
