"""Markdown as safe HTML: no raw HTML, no scripts in links, headings with addresses."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@lru_cache(maxsize=512)
def render(text: str, top: int | None = None) -> Markup:
    """HTML of a Markdown text; raw HTML in it is shown, not run.

    With `top` its highest headings become that level, so that they follow those of the page.
    """
    reader = _reader()
    tokens = reader.parse(text)
    levels = [int(token.tag[1:]) for token in tokens if token.type == "heading_open"]
    deeper = top - min(levels) if top and levels else 0
    for position, token in enumerate(tokens):
        if deeper and token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + deeper, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[position + 1].content))
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def anchor(heading: str) -> str:
    """The address of a heading within its page."""
    return re.sub(r"[^\w\u4e00-\u9fff]+", "-", heading.lower()).strip("-") or "section"


@cache
def _reader() -> MarkdownIt:
    # It takes a while to import, and a start renders nothing.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
        ["table", "strikethrough"]
    )
