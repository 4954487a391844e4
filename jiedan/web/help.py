"""The manual, served from the pages of `jiedan/manual` in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, render_template, request

from jiedan.core.errors import NotFound
from jiedan.core.i18n import current_locale
from jiedan.web.house import open_to_all
from jiedan.web.manual_tables import filled
from jiedan.web.markdown import render

blueprint = Blueprint("help", __name__, url_prefix="/help")
FOLDER = Path(__file__).resolve().parent.parent / "manual"
_NAME = re.compile(r"[a-z0-9-]{1,60}(/[a-z0-9-]{1,60})?")
_ORDER = (
    *("start", "inbox", "verbs", "papers"),
    *("draw", "forms", "feel", "deploy", "importing", "elements"),
    *("monitor", "people", "portal", "messages", "parameters", "operations", "settings"),
    *("architecture", "handlers", "api", "testing", "glossary"),
)


@dataclass(frozen=True, slots=True)
class PageTitle:
    """A page of the manual in a list."""

    name: str
    title: str


@blueprint.get("")
@open_to_all
def contents() -> str:
    """The list of pages, with those that hold the searched words."""
    words = request.args.get("q", "").strip().lower()[:100]
    return render_template(
        "help/contents.html", pages=_pages(words), words=words, decisions=_pages(words, "decisions")
    )


@blueprint.get("/<path:name>")
@open_to_all
def page(name: str) -> str:
    """One page."""
    if not _NAME.fullmatch(name):
        raise NotFound
    text = _read(name)
    return render_template(
        "help/page.html",
        name=name,
        title=_title(text, name),
        body=render(filled(text)),
        pages=_pages(""),
        decisions=_pages("", "decisions") if name.startswith("decisions/") else [],
    )


def _read(name: str) -> str:
    for locale in (current_locale(), "en", "zh"):
        path = FOLDER / f"{name}.{locale}.md"
        if path.is_file():
            return path.read_text("utf-8")
    raise NotFound


def _pages(words: str, folder: str = "") -> list[PageTitle]:
    place = FOLDER / folder
    names = sorted({path.name.split(".")[0] for path in place.glob("*.md")})
    names.sort(key=lambda one: _ORDER.index(one) if one in _ORDER else len(_ORDER))
    found = []
    for name in names:
        full = f"{folder}/{name}" if folder else name
        text = _read(full)
        if all(word in text.lower() for word in words.split()):
            found.append(PageTitle(full, _title(text, name)))
    return found


def _title(text: str, name: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else name
