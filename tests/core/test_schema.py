"""How a database gets its tables, and later versions of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from jiedan.core.database import Database
from jiedan.core.migrating import SchemaUnknown
from jiedan.core.platform import Platform
from jiedan.core.schema import migrate, newest_revision, present_revision

REVISION = '''"""{text}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {step}


def downgrade() -> None:
    raise NotImplementedError
'''


def revise(folder: Path, revision: str, down: str | None, step: str) -> None:
    versions = folder / "versions"
    versions.mkdir(exist_ok=True)
    (versions / f"{revision}.py").write_text(
        REVISION.format(
            text=revision, revision=revision, down=repr(down).replace("'", '"'), step=step
        )
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database without any table."""
    database = Database(f"sqlite:///{tmp_path / 'bare.db'}", durable=False)
    yield database
    database.close()


@pytest.fixture
def postgres(postgres: Database) -> Database:
    """A PostgreSQL database without any table."""
    with postgres.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return postgres


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    revise(folder, "first", None, 'op.create_table("things", sa.Column("id", sa.Integer))')
    return folder


def test_an_empty_database_gets_all_revisions(both_databases: Platform, migrations: Path) -> None:
    revise(migrations, "second", "first", 'op.add_column("things", sa.Column("name", sa.String))')
    database = both_databases.database

    assert migrate(database, folder=migrations) == "second"

    columns = {column["name"] for column in inspect(database.engine).get_columns("things")}
    assert columns == {"id", "name"}
    assert present_revision(database) == "second"


def test_an_old_database_gets_only_what_is_missing(
    both_databases: Platform, migrations: Path
) -> None:
    database = both_databases.database
    migrate(database, folder=migrations)
    with database.writing() as session:
        session.execute(text("INSERT INTO things (id) VALUES (7)"))
        session.commit()
    revise(migrations, "second", "first", 'op.add_column("things", sa.Column("name", sa.String))')

    migrate(database, folder=migrations)

    with database.reading() as session:
        assert session.execute(text("SELECT id, name FROM things")).all() == [(7, None)]


def test_a_database_that_is_up_to_date_costs_one_statement(
    database: Database, migrations: Path, statements: list[str]
) -> None:
    migrate(database, folder=migrations)
    statements.clear()

    migrate(database, folder=migrations)

    assert len(statements) == 1


def test_a_revision_that_fails_leaves_nothing_behind(
    both_databases: Platform, migrations: Path
) -> None:
    database = both_databases.database
    revise(migrations, "second", "first", 'raise RuntimeError("half way")')

    with pytest.raises(RuntimeError, match="half way"):
        migrate(database, folder=migrations)

    assert present_revision(database) is None
    assert not inspect(database.engine).has_table("things")


def test_a_database_of_a_newer_version_is_refused(database: Database, migrations: Path) -> None:
    migrate(database, folder=migrations)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'future'"))
        session.commit()

    with pytest.raises(SchemaUnknown):
        migrate(database, folder=migrations)


def test_servers_that_start_together_migrate_once(
    both_databases: Platform, migrations: Path
) -> None:
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrate(both_databases.database, folder=migrations)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert present_revision(both_databases.database) == "first"


def test_two_newest_revisions_are_a_mistake(migrations: Path) -> None:
    revise(migrations, "second", "first", "pass")
    revise(migrations, "other", "first", "pass")

    with pytest.raises(RuntimeError, match="other, second"):
        newest_revision(migrations)
