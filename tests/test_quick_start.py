"""A start imports what it needs and leaves the rest for whoever needs it first."""

from __future__ import annotations

import subprocess
import sys

from jiedan.core.settings import SOURCE_ROOT

LATER = frozenset(
    {
        *("alembic", "hypothesis", "markdown_it", "openpyxl", "procrastinate", "psycopg"),
        *("requests", "rich", "structlog", "xmlschema"),
    }
)
"""Heavy, and not needed to answer the first request of an installation on SQLite."""


def test_a_start_leaves_heavy_libraries_for_whoever_needs_them_first() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import jiedan.serving, sys; print(*sys.modules)"],
        cwd=SOURCE_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert set() == LATER & set(said.split())
