"""Which tables there are, and how a database gets them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from sqlalchemy import MetaData, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from jiedan.core.database import Base, Database

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_PACKAGE = Path(__file__).resolve().parent.parent
_MARK = "__tablename__"
_LINK = re.compile(r'^(revision|down_revision)\b[^=]*=\s*(?:"|\')(\w+)(?:"|\')', re.MULTILINE)


def load_tables() -> MetaData:
    """Import all modules that declare tables; returns the metadata that now knows them."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        if path != Path(__file__) and _MARK in path.read_text("utf-8"):
            parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))
    return Base.metadata


def migrate(database: Database, *, folder: Path = MIGRATIONS) -> str | None:
    """Bring the database to the newest revision, in one transaction; returns it.

    Costs one statement when it is there already. A working copy without any revision gets the
    tables as they are declared. Raises SchemaUnknown when the database has a revision that this
    version of the product does not know.
    """
    newest = newest_revision(folder)
    if newest is None:
        load_tables()
        database.create_all()
        return None
    if present_revision(database) != newest:
        # Alembic takes a while to import, and most starts have nothing to migrate.
        from jiedan.core.migrating import upgrade

        upgrade(database, folder=folder)
    return newest


def present_revision(database: Database) -> str | None:
    """The revision that the database has; None for an empty one."""
    try:
        with database.reading() as session:
            found = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError):
        return None
    return None if found is None else str(found)


def newest_revision(folder: Path = MIGRATIONS) -> str | None:
    """The revision that no other one follows, read from the files without running them."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in (folder / "versions").glob("*.py"):
        for name, value in _LINK.findall(path.read_text("utf-8")):
            (revisions if name == "revision" else followed).add(value)
    heads = revisions - followed
    if len(heads) > 1:
        raise RuntimeError(f"more than one newest revision: {', '.join(sorted(heads))}")
    return heads.pop() if heads else None
