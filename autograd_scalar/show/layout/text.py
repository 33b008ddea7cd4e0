"""Text metrics: the font of the pictures, and the number of columns that a text takes in it."""

from __future__ import annotations

import unicodedata

FONT = "Courier New, Courier, Liberation Mono, monospace"
FONT_SIZE = 12.0
#: Width of one column. Courier advances 0.6 em, and no common monospaced font is wider.
ADVANCE = 0.605 * FONT_SIZE


def columns(text: str) -> int:
    """Return the number of columns that a text takes in a monospaced font."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
