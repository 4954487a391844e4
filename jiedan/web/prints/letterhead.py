"""Who we are, at the head of every printed paper."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from jiedan.core.i18n import pick
from jiedan.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The company's name and how to reach it, in the reader's language; empty if not set."""

    name: str
    contact: str


def letterhead(settings: Settings) -> Letterhead:
    """What the settings say; in the demo, where they say nothing, the demo's company."""
    zh, en, contact = settings.company, settings.company_en, settings.company_contact
    if not zh and settings.demo:
        raw = tomllib.loads((settings.config_dir / "demo.toml").read_text("utf-8"))
        zh, en, contact = raw["company"]
    return Letterhead(pick(zh, en), contact)
