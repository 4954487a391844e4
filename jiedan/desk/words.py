"""Lists of words kept in files: one on each line, # begins a remark."""

from __future__ import annotations

from pathlib import Path

from jiedan.core.text import search_text


def read_words(path: Path) -> tuple[str, ...]:
    """The words of a file in searchable form; raises FileNotFoundError when it is missing."""
    lines = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return tuple(search_text(line) for line in lines if line)
