"""Statements of the hot path, prepared once and then run without being looked at again.

A completion runs nine statements whose text never changes. SQLAlchemy's way from a statement
object to the driver costs more than the database itself; here the text, the conversion of each
parameter and of each column are worked out once per database, by SQLAlchemy's own compiler and
types, and the driver is asked directly. When somebody listens to statements (a test, a tracer),
they go through the connection, whose events then see them.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Select, TextClause
from sqlalchemy.sql.dml import UpdateBase

Statement = UpdateBase | Select[*tuple[Any, ...]] | TextClause
Row = Mapping[str, Any]
Convert = Callable[[Any], Any]


class _Ready:
    """The statement for one dialect: its text, and how each parameter is found and converted."""

    def __init__(self, statement: Statement, columns: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.text = str(compiled)
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        assert names is not None
        fixed = compiled.params
        self.positional = compiled.positional
        self.names = tuple(names)
        self.fixed: dict[str, Any] = {name: fixed.get(name) for name in names}
        self.pick = itemgetter(*self.names) if len(self.names) > 1 else None
        self.converts: list[tuple[int, Convert]] = []
        for place, name in enumerate(names):
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                self.converts.append((place, convert))
        self.results: list[tuple[int, Convert]] = []
        self.found: Callable[..., Any] = tuple
        if isinstance(statement, Select):
            selected = statement.selected_columns
            names_found = [str(column.key) for column in selected]
            self.found = cast(Any, namedtuple("Found", names_found))._make
            for place, column in enumerate(selected):
                read = column.type.dialect_impl(dialect).result_processor(dialect, None)
                if read is not None:
                    self.results.append((place, read))

    def arguments(self, row: Row) -> Any:
        given = {**self.fixed, **row}
        values = list(self.pick(given)) if self.pick else [given[name] for name in self.names]
        for place, convert in self.converts:
            values[place] = convert(values[place])
        return tuple(values) if self.positional else dict(zip(self.names, values, strict=True))

    def read(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for place, convert in self.results:
            values[place] = convert(values[place])
        return self.found(values)


class Prepared:
    """A statement whose parameters are scalars; no list of an IN.

    `columns` are those an insert sets: rows must have every one of them, defaults included.
    """

    def __init__(self, statement: Statement, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = columns
        self._ready: WeakKeyDictionary[Dialect, _Ready] = WeakKeyDictionary()

    def run(self, connection: Connection, row: Row) -> int:
        """Execute an insert, update or delete with one row of parameters; how many it changed."""
        ready = self.ready(connection)
        cursor = _execute(connection, ready.text, ready.arguments(row))
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def run_all(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute with many rows of parameters, as one statement."""
        if len(rows) == 1:
            self.run(connection, rows[0])
            return
        ready = self.ready(connection)
        arguments = [ready.arguments(row) for row in rows]
        if connection.dispatch.before_cursor_execute:
            connection.exec_driver_sql(ready.text, arguments)
            return
        cursor = connection.connection.cursor()
        cursor.executemany(ready.text, arguments)
        cursor.close()

    def first(self, connection: Connection, row: Row) -> Any:
        """The first row of a select, its columns by name; None when there is none."""
        ready = self.ready(connection)
        cursor = _execute(connection, ready.text, ready.arguments(row))
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else ready.read(found)

    def all(self, connection: Connection, row: Row) -> list[Any]:
        """All rows of a select, their columns by name."""
        ready = self.ready(connection)
        cursor = _execute(connection, ready.text, ready.arguments(row))
        found = cursor.fetchall()
        cursor.close()
        return [ready.read(one) for one in found]

    def ready(self, connection: Connection) -> _Ready:
        """The statement for this connection's database."""
        dialect = connection.dialect
        ready = self._ready.get(dialect)
        if ready is None:
            ready = self._ready[dialect] = _Ready(self._statement, self._columns, dialect)
        return ready


class Batch:
    """Statements in their order whose results nobody looks at.

    PostgreSQL gets them all in one go and answers once, where each would cost a way there and
    back; SQLite, which has no way to go, gets them as they come.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = _pipelining(connection)
        self._waiting: list[tuple[str, Any]] = []

    def add(self, statement: Prepared, *rows: Row) -> None:
        """Execute with these rows at the latest when the batch is sent."""
        if self._driver is None:
            statement.run_all(self._connection, rows)
            return
        ready = statement.ready(self._connection)
        self._waiting.extend((ready.text, ready.arguments(row)) for row in rows)

    def send(self) -> None:
        """Have all that waits executed; raises what the database says against it."""
        if self._driver is None or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        with self._driver.pipeline(), self._driver.cursor() as cursor:
            for text, arguments in waiting:
                cursor.execute(text, arguments)


@contextmanager
def committing(connection: Connection) -> Iterator[None]:
    """Prepared inserts with the commit behind them, in one go where there is a way to go.

    To the session that is committed afterwards nothing is left to do.
    """
    driver = _pipelining(connection)
    if driver is None:
        yield
        return
    with driver.pipeline():
        yield
        driver.commit()


def _pipelining(connection: Connection) -> Any:
    """PostgreSQL's driver, unless somebody listens to the statements one by one."""
    if connection.dialect.name == "sqlite" or connection.dispatch.before_cursor_execute:
        return None
    return connection.connection.driver_connection


def _execute(connection: Connection, text: str, arguments: Any) -> Any:
    if connection.dispatch.before_cursor_execute:
        return connection.exec_driver_sql(text, arguments)
    cursor = connection.connection.cursor()
    cursor.execute(text, arguments)
    return cursor
