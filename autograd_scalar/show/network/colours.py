"""Colours of numbers: a diverging scale with a sign beside it, and images of maps.

Blue is negative and orange positive, as plots colour the classes 0 and 1. Readers with any kind of colour vision tell
them apart. Both have a contrast of more than 3 to 1 with white and with black, so lines in them suit light and dark
pages.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from math import isfinite, isnan

from autograd_scalar.show.palette import COLOURS

Colour = tuple[int, int, int]


def rgb(text: str) -> Colour:
    """Return the red, green and blue of a colour as SVG writes it.

    >>> rgb("#d55e00")
    (213, 94, 0)
    """
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


NEGATIVE, POSITIVE = map(rgb, COLOURS[:2])
NEUTRAL: Colour = (0xF7, 0xF7, 0xF7)
#: The colour of nan.
MISSING: Colour = (0xBB, 0xBB, 0xBB)
#: Steps of the scale on either side of 0 in an image.
STEPS = 127


def diverging(x: float, largest: float) -> Colour:
    """Return the colour of a number on the scale from -largest to largest; numbers outside have those of its ends.

    >>> diverging(0.0, 2.0) == NEUTRAL, diverging(-5.0, 2.0) == NEGATIVE
    (True, True)
    """
    if isnan(x):
        return MISSING
    share = max(-1.0, min(1.0, x / largest)) if largest else 0.0
    end = NEGATIVE if share < 0 else POSITIVE
    red, green, blue = (round(a + abs(share) * (b - a)) for a, b in zip(NEUTRAL, end, strict=True))
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    """Return a colour as SVG writes it: "#d55e00"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink_on(colour: Colour) -> str:
    """Return black or white, whichever has the higher contrast; it is at least 4.5 to 1."""
    # Of (L + 0.05) / 0.05 and 1.05 / (L + 0.05), the first is larger above this luminance.
    return "#000000" if luminance(colour) > 0.179 else "#ffffff"


def luminance(colour: Colour) -> float:
    """Return the relative luminance of a colour as WCAG 2 defines it, from 0 to 1."""
    shares = [c / 255 for c in colour]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def largest_of(numbers: Iterable[float]) -> float:
    """Return the largest finite magnitude; 0 without any."""
    return max((abs(x) for x in numbers if isfinite(x)), default=0.0)


def signed(x: float) -> str:
    """Return a number with its sign in at most six columns.

    >>> [signed(x) for x in (0.8312, -12.345, 0.0, 123456.0, -2e-05)]
    ['+0.83', '−12.3', '0', '+1e5', '−2e-5']
    """
    size = abs(x)
    if x == 0.0:
        return "0"
    if not isfinite(x):
        text = f"{x:+}" if not isnan(x) else "nan"
    elif 0.00995 <= size < 999.5:
        text = f"{x:+.{2 if size < 9.995 else 1 if size < 99.95 else 0}f}"
    else:
        digits, exponent = f"{x:+.0e}".split("e")
        text = f"{digits}e{int(exponent)}"
    return text.replace("-", "−", 1) if x < 0 else text


@cache
def _shades() -> list[bytes]:
    """Return the colours of the scale in steps, from negative to positive."""
    return [bytes(diverging(i, STEPS)) for i in range(-STEPS, STEPS + 1)]


def image(numbers: Sequence[float], side: int, largest: float) -> str:
    """Return a square map as a PNG in a data URI."""
    shades = _shades()
    other = bytes(MISSING if largest else NEUTRAL)
    pixels = [
        shades[STEPS + round(STEPS * max(-1.0, min(1.0, x / largest)))]
        if x == x and largest
        else other
        for x in numbers
    ]
    rows = b"".join(b"\0" + b"".join(pixels[i : i + side]) for i in range(0, side * side, side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
