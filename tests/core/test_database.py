"""Column types and connections."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.clock import SHANGHAI
from jiedan.core.database import Base, Database, ScaledDecimal, dump_json
from jiedan.core.demo_clock import ClockOffset
from jiedan.core.ids import new_id
from jiedan.core.numbering import NumberSeries
from jiedan.core.platform import Platform
from jiedan.core.prepared import Prepared
from jiedan.core.schema import load_tables


def test_a_moment_is_stored_in_utc_and_comes_back_aware(both_databases: Platform) -> None:
    moment = datetime(2026, 3, 2, 9, 0, 0, 123, tzinfo=SHANGHAI)
    with both_databases.database.writing() as session:
        session.add(ClockOffset(id=1, offset_us=2**40, frozen_at=moment))
        session.commit()

    with both_databases.read() as session:
        row = session.get(ClockOffset, 1)
        earlier = session.scalar(
            select(func.count()).where(ClockOffset.frozen_at < moment.astimezone(UTC))
        )
    assert (row.frozen_at, row.frozen_at.tzinfo, row.offset_us) == (moment, UTC, 2**40)
    assert earlier == 0


def test_a_moment_without_time_zone_is_not_stored(database: Database) -> None:
    with database.writing() as session:
        session.add(ClockOffset(id=1, offset_us=0, frozen_at=datetime(2026, 3, 2)))
        with pytest.raises(StatementError, match="time zone"):
            session.flush()


def test_a_decimal_keeps_its_places_and_sums_exactly() -> None:
    kind = ScaledDecimal(3)
    dialect = create_engine("sqlite://").dialect

    assert kind.process_bind_param(Decimal("1.5"), dialect) == 1500
    assert kind.process_result_value(1500, dialect) == Decimal("1.500")
    with pytest.raises(ValueError, match="decimal places"):
        kind.process_bind_param(Decimal("0.0001"), dialect)


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")

    with database.reading() as session:
        found = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        Database("sqlite://")


def test_ids_sort_in_the_order_of_their_making_also_within_a_millisecond() -> None:
    made = [new_id() for _ in range(5_000)]

    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_json_carries_decimals_moments_and_sets() -> None:
    value = {"b": Decimal("1.50"), "a": {3, 1}, "at": datetime(2026, 3, 2, tzinfo=UTC), 1: "华"}

    assert dump_json(value, sort=True) == (
        '{"1":"华","a":[1,3],"at":"2026-03-02T00:00:00+00:00","b":"1.50"}'
    )


def test_the_schema_is_found_wherever_tables_are_declared() -> None:
    tables = set(load_tables().tables)

    assert {"audit_entries", "number_series", "parameter_changes", "attachments"} <= tables
    assert {"users", "departments", "roles", "sessions", "substitutions", "api_tokens"} <= tables


def test_every_table_and_column_name_fits_both_databases() -> None:
    for table in load_tables().tables.values():
        names = [table.name, *(c.name for c in table.columns), *(i.name for i in table.indexes)]
        assert [name for name in names if name and len(name) > 63] == []


def test_a_plain_annotation_chooses_the_column() -> None:
    class Sample(Base):
        __tablename__ = "sample_of_types"
        __table_args__ = {"info": {"test": True}}  # noqa: RUF012
        id: Mapped[int] = mapped_column(primary_key=True)
        qty: Mapped[Decimal]
        at: Mapped[datetime]

    try:
        columns = Sample.__table__.columns
        assert isinstance(columns["qty"].type, ScaledDecimal)
        assert type(columns["at"].type).__name__ == "UtcDateTime"
    finally:
        Base.metadata.remove(Sample.__table__)


def test_a_question_sees_what_was_committed_and_leaves_nothing_open(
    both_databases: Platform,
) -> None:
    asked = Prepared(select(NumberSeries.__table__.c.last))
    with both_databases.database.writing() as session:
        session.add(NumberSeries(series="a", last=7))
        session.commit()

    with both_databases.database.asking() as connection:
        first = asked.first(connection, {})
    with both_databases.database.writing() as session:
        session.get_one(NumberSeries, "a").last = 8
        session.commit()
    with both_databases.database.asking() as connection:
        second = asked.first(connection, {})

    assert (first.last, second.last) == (7, 8)
