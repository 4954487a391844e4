"""Prepared statements do what SQLAlchemy's own way does, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update

from jiedan.core.clock import MovableClock
from jiedan.core.files import Attachment
from jiedan.core.ids import new_id
from jiedan.core.platform import Platform
from jiedan.core.prepared import Batch, Prepared, committing

table = Attachment.__table__
ADD = Prepared(table.insert(), [column.name for column in table.columns])
FIND = Prepared(select(table.c.id, table.c.filename, table.c.uploaded_at, table.c.size))
RENAME = Prepared(update(table).values(filename=text("'new'")))


def row(clock: MovableClock, name: str) -> dict[str, object]:
    values = dict.fromkeys((column.name for column in table.columns), None)
    return values | {
        "id": new_id(),
        "entity": "thing:1",
        "filename": name,
        "version": 1,
        "sha256": "0" * 64,
        "size": 5,
        "mime": "text/plain",
        "note": "",
        "uploaded_by": "ann",
        "uploaded_at": clock.now(),
    }


def test_rows_come_back_as_they_were_given(both_databases: Platform, clock: MovableClock) -> None:
    given = row(clock, "a.txt")

    with both_databases.database.writing() as session:
        ADD.run(session.connection(), given)
        found = FIND.first(session.connection(), {})

    assert (found.id, found.filename, found.uploaded_at, found.size) == (
        given["id"],
        "a.txt",
        clock.now(),
        5,
    )


def test_it_says_how_many_rows_changed(both_databases: Platform, clock: MovableClock) -> None:
    with both_databases.database.writing() as session:
        nobody = RENAME.run(session.connection(), {})
        ADD.run_all(session.connection(), [row(clock, "a.txt"), row(clock, "b.txt")])
        both = RENAME.run(session.connection(), {})

    assert (nobody, both) == (0, 2)


def test_nothing_found_is_none(both_databases: Platform) -> None:
    with both_databases.read() as session:
        assert FIND.first(session.connection(), {}) is None


def test_who_listens_to_statements_hears_them_and_gets_the_same(
    both_databases: Platform, clock: MovableClock, statements: list[str]
) -> None:
    given = row(clock, "a.txt")

    with both_databases.database.writing() as session:
        added = ADD.run(session.connection(), given)
        found = FIND.first(session.connection(), {})

    assert added == 1
    assert (found.id, found.uploaded_at) == (given["id"], clock.now())
    assert [one.split()[0] for one in statements if "attachments" in one] == ["INSERT", "SELECT"]


def test_a_batch_runs_its_statements_in_their_order(
    both_databases: Platform, clock: MovableClock
) -> None:
    with both_databases.database.writing() as session:
        batch = Batch(session.connection())
        batch.add(ADD, row(clock, "a.txt"), row(clock, "b.txt"))
        batch.add(RENAME, {})
        batch.add(ADD, row(clock, "c.txt"))
        batch.send()
        batch.send()
        names = {found.filename for found in FIND.all(session.connection(), {})}
        count = len(FIND.all(session.connection(), {}))

    assert (names, count) == ({"new", "c.txt"}, 3)


def test_a_batch_says_what_the_database_has_against_it(
    both_databases: Platform, clock: MovableClock
) -> None:
    twice = row(clock, "a.txt")
    with both_databases.database.writing() as session:
        batch = Batch(session.connection())

        def send() -> None:
            batch.add(ADD, twice, twice)
            batch.send()

        with pytest.raises(Exception, match=r"(?i)unique"):
            send()


def test_a_commit_behind_its_inserts_is_on_disk_or_undone(
    both_databases: Platform, clock: MovableClock
) -> None:
    kept, twice = row(clock, "kept.txt"), row(clock, "twice.txt")

    def write(*rows: dict[str, object]) -> None:
        with both_databases.database.writing() as session:
            with committing(session.connection()):
                ADD.run_all(session.connection(), rows)
            session.commit()

    write(kept)
    with pytest.raises(Exception, match=r"(?i)unique"):
        write(twice, twice)

    with both_databases.read() as session:
        found = [one.filename for one in FIND.all(session.connection(), {})]
    assert found == ["kept.txt"]
