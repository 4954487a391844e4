"""Owns statements of the step that are prepared once and then run without being looked at again.

A completion runs nine statements whose text never changes. SQLAlchemy's way from a statement
object to the driver costs about as much as the database itself; here the text and the conversion
of each parameter are worked out once per database, by SQLAlchemy's own compiler and types.
Statements still go through the connection and are seen by its events.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.dml import UpdateBase

Row = Mapping[str, Any]
Convert = Callable[[Any], Any]


class _Ready:
    """The statement for one dialect: its text, and how each parameter is found and converted."""

    def __init__(self, statement: UpdateBase, columns: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.text = str(compiled)
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        assert names is not None
        fixed = compiled.params
        self.positional = compiled.positional
        self.parts: list[tuple[str, Any, Convert | None]] = []
        for name in names:
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            self.parts.append((name, fixed.get(name), convert))

    def arguments(self, row: Row) -> Any:
        values = [
            row.get(name, fixed) if convert is None else convert(row.get(name, fixed))
            for name, fixed, convert in self.parts
        ]
        if self.positional:
            return tuple(values)
        return {part[0]: value for part, value in zip(self.parts, values, strict=True)}


class Prepared:
    """An insert, update or delete whose parameters are scalars; no list of an IN.

    `columns` are those an insert sets: rows must have every one of them, defaults included.
    """

    def __init__(self, statement: UpdateBase, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = columns
        self._ready: WeakKeyDictionary[Dialect, _Ready] = WeakKeyDictionary()

    def run(self, connection: Connection, row: Row) -> CursorResult[Any]:
        """Execute with one row of parameters."""
        ready = self._for(connection)
        return connection.exec_driver_sql(ready.text, ready.arguments(row))

    def run_all(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute with many rows of parameters, as one statement."""
        if len(rows) == 1:
            self.run(connection, rows[0])
            return
        ready = self._for(connection)
        connection.exec_driver_sql(ready.text, [ready.arguments(row) for row in rows])

    def _for(self, connection: Connection) -> _Ready:
        dialect = connection.dialect
        ready = self._ready.get(dialect)
        if ready is None:
            ready = self._ready[dialect] = _Ready(self._statement, self._columns, dialect)
        return ready
