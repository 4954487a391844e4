"""Brings a database from the revision it has to the newest one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from jiedan.core.database import Base, Database
from jiedan.core.errors import Conflict

# Any number, the same for all: servers that start together migrate one after the other.
_LOCK = 7_203_955_001
_ONE_AT_A_TIME = threading.Lock()


class SchemaUnknown(Conflict):
    """This database was made by a newer version of Jiedan."""


def upgrade(database: Database, *, folder: Path) -> None:
    """Run all revisions that are missing, in one transaction; raises SchemaUnknown."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: MigrationContext) -> Any:
        try:
            return scripts._upgrade_revs("head", revision)
        except CommandError as error:
            raise SchemaUnknown from error

    engine = database.engine.execution_options(writes=True)
    # Alembic keeps its present context in a global of the module.
    with _ONE_AT_A_TIME, engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        with EnvironmentContext(config, scripts, fn=steps, destination_rev="head") as context:
            context.configure(connection=connection, target_metadata=Base.metadata)
            context.run_migrations()
