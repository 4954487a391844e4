"""Reads gettext .po files, fast enough to do at every start.

Babel's reader keeps comments, positions and order for editing; that costs about ten times as
long, and the start of the product pays for it. What is wanted here is two dictionaries.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Translations by msgid; one with a context is filed under `context\\x04msgid`."""

    singular: dict[str, str] = field(default_factory=dict)
    plural: dict[str, str] = field(default_factory=dict)


def read_catalogues(paths: Iterable[Path]) -> Catalogue:
    """All translations of these files together; what an earlier file says wins."""
    together = Catalogue()
    for path in paths:
        one = parse_catalogue(path.read_text("utf-8"))
        for msgid, text in one.singular.items():
            together.singular.setdefault(msgid, text)
        for msgid, text in one.plural.items():
            together.plural.setdefault(msgid, text)
    return together


def parse_catalogue(text: str) -> Catalogue:
    """The translations in one file; empty, fuzzy and obsolete entries are left out."""
    catalogue = Catalogue()
    entry: dict[str, str] = {}
    fuzzy = False
    key = ""
    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if line.startswith('"'):
            entry[key] += _unquote(line)
        elif line.startswith("#,") and "fuzzy" in line:
            _keep(catalogue, entry, fuzzy)
            entry, fuzzy = {}, True
        elif not line or line.startswith("#"):
            _keep(catalogue, entry, fuzzy)
            fuzzy = fuzzy and not entry
            entry = {}
        else:
            key, _, quoted = line.partition(" ")
            if key == "msgctxt" or (key == "msgid" and "msgid" in entry):
                _keep(catalogue, entry, fuzzy)
                entry = {}
            entry[key] = _unquote(quoted)
    return catalogue


def _keep(catalogue: Catalogue, entry: dict[str, str], fuzzy: bool) -> None:
    msgid = entry.get("msgid")
    if not msgid or fuzzy:
        return
    if "msgctxt" in entry:
        msgid = f"{entry['msgctxt']}\x04{msgid}"
    if entry.get("msgstr"):
        catalogue.singular[msgid] = entry["msgstr"]
    if entry.get("msgstr[0]"):
        # Chinese has one plural form.
        catalogue.plural[msgid] = entry["msgstr[0]"]


def _unquote(quoted: str) -> str:
    quoted = quoted.strip()
    if "\\" not in quoted:
        return quoted[1:-1]
    return str(ast.literal_eval(quoted))
