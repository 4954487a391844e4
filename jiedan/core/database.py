"""The database: connections, the base of all tables, and the column types they share."""

from __future__ import annotations

import enum
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

from jiedan.core.errors import Conflict


class DatabaseBusy(Conflict):
    """The database is busy. Please try again."""


class Undone(DatabaseBusy):
    """Somebody else changed the same at the same moment. Please try again."""


class ReadOnly(RuntimeError):
    """Somebody tried to write outside a unit of work."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on both sides, stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a moment without time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """For SQLite the same text as SQLAlchemy writes, in one go: a step writes a dozen."""
        return _moment_as_text if dialect.name == "sqlite" else super().bind_processor(dialect)


def _moment_as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:_LENGTH_WITHOUT_ZONE]


_LENGTH_WITHOUT_ZONE = len("2026-03-02 09:00:00.000000")


class ScaledDecimal(TypeDecorator[Decimal]):
    """A decimal with a fixed number of places, stored as an integer.

    SQLite has no decimals; an integer sums, sorts and compares exactly on both databases.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int = 3) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Refuses more places than the column has."""
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimal places")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """The stored number with its places."""
        return None if value is None else Decimal(value).scaleb(-self.places)


class JsonValue(TypeDecorator[Any]):
    """JSON, on PostgreSQL in its binary form."""

    impl = JSON
    cache_ok = True
    should_evaluate_none = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type in this database."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        # Only installations on PostgreSQL load what speaks to it.
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> Any:
        """What a part of the JSON is compared with is no JSON."""
        return self.impl_instance.coerce_compared_value(op, value)


WholeNumber = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The base of every table.

    An annotation chooses the column type: `datetime` a moment in UTC, `Decimal` a quantity with
    three places (other scales: `mapped_column(ScaledDecimal(2))`), `int` 64 bits (fen fit),
    an `Enum` its value as text, `dict` and `list` JSON.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UtcDateTime(),
        uuid.UUID: Uuid(),
        int: WholeNumber,
        Decimal: ScaledDecimal(3),
        dict[str, Any]: JsonValue(),
        list[Any]: JsonValue(),
        list[str]: JsonValue(),
        list[dict[str, Any]]: JsonValue(),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            length=40,
            values_callable=lambda kind: [str(member.value) for member in kind],
        ),
    }


def dump_json(value: Any, *, sort: bool = False) -> str:
    """JSON text: decimals as text, moments as ISO 8601, sets sorted, anything lazy as text."""
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_SORT_KEYS if sort else 0)
    return orjson.dumps(value, default=_plain, option=option).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


class _Reading(Session):
    """A session that refuses to write."""

    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise ReadOnly
        super().flush(objects)


class Database:
    """One database, SQLite or PostgreSQL, and its connections.

    On SQLite one writer at a time is the rule of the file. Threads of this process queue for
    their turn on a lock, because SQLite's own waiting is a sleep that grows to 100 ms and
    favours nobody; the busy timeout then only matters between processes.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        pool_size: int = 20,
        busy_seconds: float = 30.0,
        durable: bool = True,
    ) -> None:
        """`durable=False` gives up the wait for the disk at each commit; for tests only."""
        self.url = _with_driver(make_url(url))
        self.busy_seconds = busy_seconds
        self._durable = durable
        self._turn: threading.Lock | None = None
        if self.is_sqlite:
            self._turn = threading.Lock()
            self.engine = self._open_sqlite(pool_size)
            self._reader = self._asker = self.engine
            self._looker = self.engine.execution_options(alone=True)
        else:
            self.engine = create_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=pool_size,
                json_serializer=dump_json,
                json_deserializer=orjson.loads,
                pool_pre_ping=False,
            )
            self._reader = self.engine.execution_options(postgresql_readonly=True)
            self._asker = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._looker = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = self.engine.execution_options(writes=True)
        self._writing = threading.local()
        event.listen(self._looker, "before_cursor_execute", _refuse_to_write)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose transaction may write; the caller commits. Used by the unit of work.

        Raises DatabaseBusy when its turn does not come in time, and Undone when PostgreSQL ends
        a deadlock with this transaction.
        """
        if getattr(self._writing, "open", False):
            raise RuntimeError("this thread already has a unit of work; pass that one on")
        if self._turn is not None and not self._turn.acquire(timeout=self.busy_seconds):
            raise DatabaseBusy
        self._writing.open = True
        session = Session(self._writer, expire_on_commit=False)
        try:
            yield session
        except Exception as error:
            if _is_undone(error):
                raise Undone from error
            raise
        finally:
            try:
                session.close()
            finally:
                self._writing.open = False
                if self._turn is not None:
                    self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state and refuses to write."""
        with _Reading(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """A session for who talks to the outside meanwhile: each read stands for itself, and no
        transaction is open between them. It cannot be used once it is closed."""
        with _Reading(self._looker, expire_on_commit=False, close_resets_only=False) as session:
            yield session

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """A connection for one prepared question: no session, no transaction around it.

        A transaction for a single SELECT would cost PostgreSQL two more ways there and back.
        """
        with self._asker.connect() as connection:
            yield connection

    def create_all(self) -> None:
        """Create every table that is known by now; for tests. Products migrate instead."""
        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _open_sqlite(self, pool_size: int) -> Engine:
        path = self.url.database
        if not path or path == ":memory:":
            raise ValueError("SQLite needs a file: sqlite:////folder/name.db")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            json_serializer=dump_json,
            json_deserializer=orjson.loads,
            connect_args={
                "check_same_thread": False,
                "timeout": self.busy_seconds,
                "cached_statements": 512,
            },
        )
        event.listen(engine, "connect", self._prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _prepare_sqlite(self, connection: sqlite3.Connection, _: Any) -> None:
        # Without this the driver begins transactions itself, too late and of the wrong kind.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if self._durable else 'OFF'}",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-32768",
            # The same few pages change at every step; taking them over rarely saves most of it.
            "wal_autocheckpoint=8000",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.create_function("chain_link", 2, _chain_link, deterministic=True)


_UNDONE = frozenset({"40P01", "40001"})
"""PostgreSQL's words for a deadlock and for a transaction that cannot be put in any order."""


def _is_undone(error: Exception) -> bool:
    # From the driver itself, or wrapped by SQLAlchemy.
    return getattr(getattr(error, "orig", error), "sqlstate", None) in _UNDONE


def _chain_link(previous: bytes, content: bytes) -> bytes:
    return sha256(previous + content).digest()


_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\s", re.IGNORECASE)


def _refuse_to_write(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    words = statement.lstrip()[:6].upper()
    if not (words == "SELECT" or (words[:4] == "WITH" and not _CHANGES.search(statement))):
        raise ReadOnly


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("alone"):
        return
    writes = connection.get_execution_options().get("writes")
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise DatabaseBusy from error
        raise


def _with_driver(url: URL) -> URL:
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url
