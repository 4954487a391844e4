"""The README: short, with links that lead somewhere and commands that exist."""

from __future__ import annotations

import re

from jiedan.cli import COMMANDS
from jiedan.core.settings import SOURCE_ROOT

README = (SOURCE_ROOT / "README.md").read_text("utf-8")


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_its_links_and_its_picture_are_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)

    assert len(links) > 10
    assert [one for one in links if not (SOURCE_ROOT / one).exists()] == []
    assert (SOURCE_ROOT / "jiedan/manual/images/inbox.png").stat().st_size <= 150_000


def test_its_folders_and_commands_exist() -> None:
    folders = re.findall(r"^(?:  )?([a-z]+)/ (?:([a-z]+)/)?", README, re.MULTILINE)
    named = {name for pair in folders for name in pair if name}
    goals = set(re.findall(r"make ([a-z]+)", README))
    makefile = (SOURCE_ROOT / "Makefile").read_text("utf-8")

    for name in named:
        assert (SOURCE_ROOT / name).is_dir() or (SOURCE_ROOT / "jiedan" / name).is_dir(), name
    assert [goal for goal in goals if not re.search(rf"^{goal}:", makefile, re.MULTILINE)] == []
    others = re.search(r"Other commands: (.*);", README)
    assert others is not None
    assert set(re.findall(r"`([a-z-]+)`", others[1])) <= set(COMMANDS)
