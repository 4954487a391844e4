"""The unit of work: all or nothing, and what follows a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.database import Database, DatabaseBusy, ReadOnly
from jiedan.core.numbering import NumberSeries, take_number
from jiedan.core.platform import Platform
from jiedan.core.work import Work

People = Callable[..., Actor]


class Mishap(Exception):
    """Something goes wrong in the middle."""


def test_what_is_done_in_a_unit_of_work_is_there_afterwards(
    both_databases: Platform, actor: People
) -> None:
    with both_databases.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="XS20260302", last=7))

    with both_databases.read() as session:
        assert session.get(NumberSeries, "XS20260302").last == 7


def test_an_exception_undoes_everything(both_databases: Platform, actor: People) -> None:
    def fail() -> None:
        with both_databases.work(actor=actor()) as work:
            take_number(work, kind="order")
            audit.record(work, action="order.open", entity="order:1")
            work.session.flush()
            raise Mishap

    with pytest.raises(Mishap):
        fail()

    with both_databases.read() as session:
        assert session.scalars(select(NumberSeries)).all() == []
        assert session.scalars(select(AuditEntry)).all() == []


def test_a_part_that_fails_forgets_its_rows_its_audit_and_its_callbacks(
    both_databases: Platform, actor: People
) -> None:
    called: list[str] = []

    def fail(work: Work) -> None:
        with work.savepoint() as session:
            session.add(NumberSeries(series="gone", last=1))
            audit.record(work, action="gone", entity="order:1")
            work.after_commit(lambda: called.append("gone"))
            raise Mishap

    with both_databases.work(actor=actor()) as work:
        work.after_commit(lambda: called.append("kept"))
        audit.record(work, action="kept", entity="order:1")
        with pytest.raises(Mishap):
            fail(work)
        work.session.add(NumberSeries(series="kept", last=1))

    with both_databases.read() as session:
        assert session.scalars(select(NumberSeries.series)).all() == ["kept"]
        assert session.scalars(select(AuditEntry.action)).all() == ["kept"]
    assert called == ["kept"]


def test_callbacks_run_after_the_commit_and_cannot_undo_it(
    platform: Platform, actor: People
) -> None:
    seen: list[int] = []

    def look() -> None:
        with platform.read() as session:
            seen.append(session.get(NumberSeries, "a").last)

    def fail() -> None:
        raise RuntimeError("too late")

    with platform.work(actor=actor()) as work:
        work.after_commit(fail)
        work.after_commit(look)
        work.session.add(NumberSeries(series="a", last=3))

    assert seen == [3]


def test_a_callback_before_the_commit_is_part_of_the_transaction(
    platform: Platform, actor: People
) -> None:
    def fail() -> None:
        raise Mishap

    def enter() -> None:
        with platform.work(actor=actor()) as work:
            work.session.add(NumberSeries(series="a", last=3))
            work.before_commit(fail)

    with pytest.raises(Mishap):
        enter()

    with platform.read() as session:
        assert session.get(NumberSeries, "a") is None


def test_a_second_unit_of_work_in_the_same_thread_is_refused(
    platform: Platform, actor: People
) -> None:
    with (
        platform.work(actor=actor()),
        pytest.raises(RuntimeError, match="already has a unit of work"),
        platform.work(actor=actor()),
    ):
        pass

    with platform.work(actor=actor()) as work:
        take_number(work, kind="order")


def test_reading_refuses_to_write(both_databases: Platform) -> None:
    with both_databases.read() as session:
        session.add(NumberSeries(series="a", last=1))
        with pytest.raises(ReadOnly):
            session.flush()


def test_units_of_work_side_by_side_wait_for_their_turn(
    both_databases: Platform, actor: People
) -> None:
    def count() -> None:
        for _ in range(10):
            with both_databases.work(actor=actor()) as work:
                row = work.session.get(NumberSeries, "a", with_for_update=True)
                row.last += 1

    with both_databases.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="a", last=0))
    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with both_databases.read() as session:
        assert session.get(NumberSeries, "a").last == 80


def test_who_waits_too_long_for_the_database_is_told_so(tmp_path: Path, actor: People) -> None:
    here, there = (
        Database(f"sqlite:///{tmp_path / 'busy.db'}", busy_seconds=0.1) for _ in range(2)
    )
    here.create_all()

    with here.writing() as session:
        session.add(NumberSeries(series="a", last=1))
        session.flush()
        with there.writing() as other, pytest.raises(DatabaseBusy):
            other.execute(select(NumberSeries))

    here.close()
    there.close()


def test_readers_are_not_kept_waiting_by_a_writer(platform: Platform, actor: People) -> None:
    with platform.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="a", last=1))
        work.session.flush()

        with platform.read() as session:
            assert session.get(NumberSeries, "a") is None


def test_a_unit_of_work_without_audit_is_begin_insert_commit(
    platform: Platform, actor: People, statements: list[str]
) -> None:
    with platform.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="a", last=1))

    assert len(statements) == 1
