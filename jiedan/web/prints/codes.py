"""A number as a code to scan, drawn as an image inside the page."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup


@lru_cache(maxsize=512)
def scan_code(number: str) -> Markup:
    """The QR code of a number: a scanner types it into the search on top of every page."""
    # Few requests need it, and it would slow down the start of all.
    import segno

    code = segno.make_qr(number, error="m")
    # Only our own drawing of digits and letters: nothing in it came from outside as markup.
    return Markup(code.svg_inline(omitsize=True, border=0))
