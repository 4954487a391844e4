"""Addresses of static files: our own with a version in them, and what the bundler built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Flask, url_for

FOLDER = Path(__file__).resolve().parent / "static"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A page's bundle: addresses of its script and, if it has one, its style sheet."""

    js: str
    css: str | None


class StaticFiles:
    """Knows the version of each file, so that browsers may keep it for ever."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._versions: dict[str, tuple[float, str]] = {}

    def address(self, name: str) -> str:
        """The address of a file of ours; it changes when the file does."""
        path = self.folder / name
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            return url_for("static", filename=name)
        known = self._versions.get(name)
        if known is None or known[0] != changed:
            known = (changed, sha256(path.read_bytes()).hexdigest()[:10])
            self._versions[name] = known
        return url_for("static", filename=name, v=known[1])

    def bundle(self, name: str) -> Bundle | None:
        """A built bundle; None before anything was built, and pages work without it."""
        try:
            manifest = json.loads((self.folder / "build" / "manifest.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        entry = manifest.get(name)
        if not isinstance(entry, dict) or not entry.get("js"):
            return None
        css = entry.get("css")
        return Bundle(
            url_for("static", filename=entry["js"]),
            url_for("static", filename=css) if css else None,
        )


def install(app: Flask) -> StaticFiles:
    """Give templates `static(name)` and `bundle(name)`."""
    files = StaticFiles()
    app.jinja_env.globals.update(static=files.address, bundle=files.bundle)
    return files
