"""Addresses inside the product: where to go next, and this page with something changed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for

_SECRET = re.compile(r"^(/c/)[^/]+")


def safe_next(default: str = "home.show") -> str:
    """Where the reader came from, when that is one of our own pages."""
    wanted = request.form.get("next") or request.args.get("next") or ""
    return wanted if is_ours(wanted) else url_for(default)


def is_ours(wanted: str) -> bool:
    """Whether an address stays inside the product."""
    parts = urlsplit(wanted)
    return (
        wanted.startswith("/")
        and not wanted.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
        and "\n" not in wanted
        and "\r" not in wanted
    )


def this_page(**changes: Any) -> str:
    """This page's address with some of its query changed; None or "" takes a part away."""
    query = request.args.to_dict()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    assert request.endpoint is not None
    return url_for(request.endpoint, **{**(request.view_args or {}), **query})


def told_path() -> str:
    """This page's path for logs and the audit trail: without the secret of a customer's link."""
    return _SECRET.sub(r"\1…", request.path)


def page_number() -> int:
    """The page that the address asks for, at least 1."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
