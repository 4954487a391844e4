"""Which tables there are, and how a database gets them."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection, MetaData, text

from jiedan.core.database import Base, Database
from jiedan.core.errors import Conflict

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_PACKAGE = Path(__file__).resolve().parent.parent
_MARK = "__tablename__"
# Any number, the same for all: servers that start together migrate one after the other.
_LOCK = 7_203_955_001


class SchemaUnknown(Conflict):
    """This database was made by a newer version of Jiedan."""


def load_tables() -> MetaData:
    """Import all modules that declare tables; returns the metadata that now knows them."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        if path != Path(__file__) and _MARK in path.read_text("utf-8"):
            parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))
    return Base.metadata


def migrate(database: Database, *, folder: Path = MIGRATIONS) -> str | None:
    """Bring the database to the newest revision, in one transaction; returns it.

    Nothing is done, by one statement, when it is there already. A working copy without any
    revision gets the tables as they are declared. Raises SchemaUnknown when the
    database has a revision that this version does not know.
    """
    if not (folder / "versions").exists():
        load_tables()
        database.create_all()
        return None
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == newest:
        return newest
    try:
        scripts.get_revision(present or "base")
    except RevisionError as error:
        raise SchemaUnknown from error
    with database.engine.execution_options(writes=True).connect() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        _upgrade(connection, config, scripts)
        connection.commit()
    return newest


def _upgrade(connection: Connection, config: Config, scripts: ScriptDirectory) -> None:
    def steps(revision: object, _context: object) -> object:
        return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]

    with EnvironmentContext(config, scripts, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, target_metadata=Base.metadata)
        environment.run_migrations()
