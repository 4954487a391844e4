"""PostgreSQL for tests: databases that are made once, and emptied for the next test.

To copy a database takes most of a second, to empty one some milliseconds. A database whose
tables a test has changed is thrown away.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, insert, text
from sqlalchemy.engine import make_url

from jiedan.core.audit import FIRST_HEAD, AuditHead
from jiedan.core.database import Database
from jiedan.core.schema import load_tables, migrate

_TEMPLATE = "template_jiedan"
_ALONE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_FORM = text(
    "SELECT md5(string_agg(said, ';' ORDER BY said)) FROM ("
    "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable) AS said "
    "FROM information_schema.columns WHERE table_schema = 'public' "
    "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public') AS everything"
)
_EMPTY = """
DO $$ DECLARE one record; found boolean; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT quote_ident(tablename) AS name FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM public.' || one.name || ')' INTO found;
    IF found THEN EXECUTE 'DELETE FROM public.' || one.name; END IF;
  END LOOP;
  FOR one IN SELECT quote_ident(sequencename) AS name FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE 'ALTER SEQUENCE public.' || one.name || ' RESTART';
  END LOOP;
END $$
"""


class Databases:
    """The databases of one server with all our tables, in use or ready for the next test."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._ready: list[str] = []
        load_tables()
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(database_url(server, _TEMPLATE))
        migrate(database)
        with database.engine.begin() as connection:
            self._form = connection.execute(_FORM).scalar_one()
        database.close()

    @contextmanager
    def one(self) -> Iterator[Database]:
        """An empty database."""
        name = self._ready.pop() if self._ready else self._copy()
        database = Database(database_url(self._server, name))
        try:
            yield database
        finally:
            database.close()
            if self._emptied(name):
                self._ready.append(name)
            else:
                self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _copy(self) -> str:
        name = f"jiedan_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def _emptied(self, name: str) -> bool:
        """Empty it; False when its tables are not what they were."""
        database = Database(database_url(self._server, name))
        try:
            with database.engine.begin() as connection:
                connection.execute(_ALONE)
                if connection.execute(_FORM).scalar() != self._form:
                    return False
                connection.execute(text(_EMPTY))
                connection.execute(insert(AuditHead), [FIRST_HEAD])
                return True
        finally:
            database.close()

    def _run(self, statement: str) -> None:
        run_on_server(self._server, statement)


def database_url(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def run_on_server(server: str, statement: str) -> None:
    """A statement that must stand outside a transaction."""
    database = Database(server)
    with database.engine.connect() as plain:
        connection: Connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(statement))
    database.close()
