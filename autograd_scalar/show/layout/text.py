"""The font of the pictures, and how wide a text is in it."""

from __future__ import annotations

import unicodedata

FONT = "Courier New, Courier, Liberation Mono, monospace"
FONT_SIZE = 12.0
ADVANCE = 0.605 * FONT_SIZE


def columns(text: str) -> int:
    """Return how many columns a text takes in a monospaced font."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
