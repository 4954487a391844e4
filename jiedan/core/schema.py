"""Which tables there are: finds every module that declares some, for migrations and tests."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

from jiedan.core.database import Base

_PACKAGE = Path(__file__).resolve().parent.parent
_MARK = "__tablename__"


def load_tables() -> MetaData:
    """Import all modules that declare tables; returns the metadata that now knows them."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        if path != Path(__file__) and _MARK in path.read_text("utf-8"):
            parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))
    return Base.metadata
