"""The unit of work: all or nothing, and what follows a commit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.database import ReadOnly
from jiedan.core.numbering import NumberSeries, take_number
from jiedan.core.platform import Platform

People = Callable[..., Actor]


def test_what_is_done_in_a_unit_of_work_is_there_afterwards(
    both_databases: Platform, actor: People
) -> None:
    with both_databases.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="XS20260302", last=7))

    with both_databases.read() as session:
        assert session.get(NumberSeries, "XS20260302").last == 7


def test_an_exception_undoes_everything(both_databases: Platform, actor: People) -> None:
    with pytest.raises(ZeroDivisionError), both_databases.work(actor=actor()) as work:
        take_number(work, kind="order")
        audit.record(work, action="order.open", entity="order:1")
        work.session.flush()
        _ = 1 / 0

    with both_databases.read() as session:
        assert session.scalars(select(NumberSeries)).all() == []
        assert session.scalars(select(AuditEntry)).all() == []


def test_a_part_that_fails_forgets_its_rows_its_audit_and_its_callbacks(
    both_databases: Platform, actor: People
) -> None:
    called: list[str] = []

    with both_databases.work(actor=actor()) as work:
        work.after_commit(lambda: called.append("kept"))
        audit.record(work, action="kept", entity="order:1")
        with pytest.raises(ZeroDivisionError), work.savepoint() as session:
            session.add(NumberSeries(series="gone", last=1))
            audit.record(work, action="gone", entity="order:1")
            work.after_commit(lambda: called.append("gone"))
            _ = 1 / 0
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
    with pytest.raises(ZeroDivisionError), platform.work(actor=actor()) as work:
        work.session.add(NumberSeries(series="a", last=3))
        work.before_commit(lambda: 1 / 0)

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
    with pytest.raises(ReadOnly), both_databases.read() as session:
        session.add(NumberSeries(series="a", last=1))
        session.flush()
