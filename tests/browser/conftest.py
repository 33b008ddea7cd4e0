"""A headless Chromium for the tests of pages; without one they are skipped, unless a browser is required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
#: Without the sandbox, which root cannot use, and without the browser's background requests.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    required = os.environ.get("AUTOGRAD_SCALAR_REQUIRE_BROWSER") == "1"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        if required:
            pytest.fail("AUTOGRAD_SCALAR_REQUIRE_BROWSER=1, but playwright is not installed")
        pytest.skip("playwright is not installed")
    if CHROMIUM is None:
        if required:
            pytest.fail("AUTOGRAD_SCALAR_REQUIRE_BROWSER=1, but there is no chromium")
        pytest.skip("there is no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """A page in the browser that collects its requests, console messages, errors and dialogs."""

    def __init__(self, page: Any, messages: list[str]) -> None:
        self.page, self.messages = page, messages

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def numbers(self) -> tuple[list[float], list[float]]:
        """Return the values and the gradients of all nodes, as the page computes them."""
        values, grads = self.page.evaluate("explorer.numbers()")
        return list(map(float, values)), list(map(float, grads))


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens the source of a page; at the end no messages may be left."""
    contexts: list[Any] = []
    messages: list[str] = []

    def show(html: str, *, hash: str = "", **settings: Any) -> Opened:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        url = path.as_uri()
        page.on("console", lambda message: messages.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: messages.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (messages.append("dialog"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                messages.append(request.url)
                if request.url.partition("#")[0] != url and not request.url.startswith("blob:")
                else None
            ),
        )
        page.goto(url + hash)
        return Opened(page, messages)

    yield show
    for context in contexts:
        context.close()
    assert messages == []
