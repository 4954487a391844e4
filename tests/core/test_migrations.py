"""The product's own revisions: they make exactly the tables that the code declares."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, select, text
from sqlalchemy.engine import make_url

from jiedan.core import audit, revising
from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.database import Base, Database
from jiedan.core.platform import build_platform
from jiedan.core.schema import MIGRATIONS, load_tables, migrate, newest_revision, present_revision
from jiedan.core.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it, on each of the two kinds."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}", durable=False)
        yield database
        database.close()
        return
    server = request.getfixturevalue("_postgres_server")
    name = f"jiedan_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name}")
    database = Database(make_url(server).set(database=name))
    yield database
    database.close()
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def administer(server: str, statement: str) -> None:
    database = Database(server)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    database.close()


def test_a_migrated_database_has_exactly_the_declared_tables(empty: Database) -> None:
    load_tables()

    migrate(empty)

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        # Whoever changes a table writes a revision: python -m jiedan.core.revising "What changes"
        assert compare_metadata(context, Base.metadata) == []
    assert present_revision(empty) == newest_revision()


def test_a_migrated_database_has_the_declared_checks_and_numbers_that_only_grow(
    empty: Database,
) -> None:
    load_tables()

    migrate(empty)

    seen = inspect(empty.engine)
    for table in Base.metadata.sorted_tables:
        declared = {
            "ck_" + table.name + "_" + str(one.name).removeprefix(f"ck_{table.name}_")
            for one in table.constraints
            if isinstance(one, CheckConstraint)
        }
        found = {str(one["name"]) for one in seen.get_check_constraints(table.name)}
        assert found == declared, table.name
    if empty.is_sqlite:
        with empty.reading() as session:
            made = session.scalar(
                text("SELECT sql FROM sqlite_master WHERE name = 'audit_entries'")
            )
        assert "AUTOINCREMENT" in made


def test_the_chain_of_the_audit_begins_in_a_migrated_database(
    empty: Database, settings: Settings, clock: MovableClock, actor: Callable[..., Actor]
) -> None:
    migrate(empty)
    platform = build_platform(settings, clock=clock, database=empty)

    for _ in range(2):
        with platform.work(actor=actor()) as work:
            audit.record(work, action="thing.change", entity="thing:1")

    with platform.read() as session:
        verified = audit.verify(session)
        heads = session.scalars(select(audit.AuditHead)).all()
    assert (verified.ok, verified.entries) == (True, 2)
    assert [head.id for head in heads] == [1]


def test_the_next_revision_is_written_from_what_changed(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    assert revising.write_revision("Nothing at all", folder=folder) is None
    shutil.rmtree(folder / "versions")
    (folder / "versions").mkdir()

    path = revising.write_revision("All there is", folder=folder)

    assert path is not None
    assert path.name == "0001_all_there_is.py"
    assert newest_revision(folder) == "0001"
    written = path.read_text("utf-8")
    assert '"audit_head", sa.column("id"' in written.replace("\n", "").replace("  ", "")
    assert "jiedan" not in written
