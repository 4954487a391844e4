"""Markdown as safe HTML: no raw HTML, no scripts in links, headings with addresses."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
    ["table", "strikethrough"]
)


@lru_cache(maxsize=512)
def render(text: str, top: int | None = None) -> Markup:
    """HTML of a Markdown text; raw HTML in it is shown, not run.

    With `top` its highest headings become that level, so that they follow those of the page.
    """
    tokens = _reader.parse(text)
    levels = [int(token.tag[1:]) for token in tokens if token.type == "heading_open"]
    deeper = top - min(levels) if top and levels else 0
    for position, token in enumerate(tokens):
        if deeper and token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + deeper, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[position + 1].content))
    return Markup(_reader.renderer.render(tokens, _reader.options, {}))


def anchor(heading: str) -> str:
    """The address of a heading within its page."""
    return re.sub(r"[^\w\u4e00-\u9fff]+", "-", heading.lower()).strip("-") or "section"
