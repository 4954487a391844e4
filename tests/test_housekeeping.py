"""What the house forgets every night, what it keeps, and what it tells."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.core.settings import load_settings
from jiedan.flow import retention
from jiedan.flow.instances import start_instance
from jiedan.flow.notices import list_notices
from jiedan.flow.platform import Flow
from jiedan.flow.tables import (
    DraftRow,
    IdempotencyRow,
    JobRow,
    MessageRow,
    NoticeReadRow,
    NoticeRow,
)
from jiedan.flow.tasks import Answer, complete_task, save_draft
from jiedan.housekeeping import forget, look_at_calendar, periodic_jobs
from jiedan.people.sign_in import LoginAttempt
from tests.flow.conftest import ADMIN, CLERK, deployed, only_task, registry
from tests.flow.diagrams import chain, end, start, user

__all__ = ["deployed", "registry"]
TABLES = (JobRow, MessageRow, NoticeRow, NoticeReadRow, IdempotencyRow, LoginAttempt)


@pytest.fixture
def flow(both_databases: Platform) -> Flow:
    """A platform on each database in turn."""
    return Flow(both_databases)


def fill(session: Session, at: Any, *, job: str = "done", message: str = "delivered") -> None:
    """One row of everything that can grow old."""
    notice = uuid.uuid4()
    job_row = {"kind": "handler", "state": job, "due_at": at, "attempt": 1, "tries": 3, "fence": 1}
    session.execute(insert(JobRow).values(id=uuid.uuid4(), created_at=at, done_at=at, **job_row))
    session.execute(
        insert(MessageRow).values(
            id=uuid.uuid4(),
            name="paid",
            correlation_key="A",
            key=str(uuid.uuid4()),
            payload={},
            payload_sha256="",
            state=message,
            received_at=at,
            received_by="x",
        )
    )
    session.execute(
        insert(NoticeRow).values(id=notice, owner="u:ann", at=at, kind="k", msgid="m", params={})
    )
    session.execute(insert(NoticeReadRow).values(notice_id=notice, login="ann", at=at))
    session.execute(
        insert(IdempotencyRow).values(
            actor="ann", key=str(notice), operation="o", request_sha256="", result={}, at=at
        )
    )
    session.execute(insert(LoginAttempt).values(at=at, login="ann", ip="::1", succeeded=True))


def counts(flow: Flow) -> list[int]:
    with flow.platform.read() as session:
        return [
            session.execute(select(func.count()).select_from(one)).scalar_one() for one in TABLES
        ]


def test_what_is_past_its_period_goes_and_what_is_not_stays(
    flow: Flow, clock: MovableClock
) -> None:
    now = clock.now()
    with flow.platform.work(actor=SYSTEM) as work:
        fill(work.session, now - timedelta(days=400))
        fill(work.session, now - timedelta(days=20))
        # Somebody still has to look at these, however old they are.
        fill(work.session, now - timedelta(days=20), job="incident", message="unmatched")

    more = forget(flow)

    assert not more
    assert counts(flow) == [2, 2, 2, 2, 2, 2]
    with flow.platform.read() as session:
        assert audit.verify(session).ok


def test_a_stuck_job_and_an_unmatched_message_are_never_forgotten(
    flow: Flow, clock: MovableClock
) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        old = clock.now() - timedelta(days=4000)
        fill(work.session, old, job="incident", message="unmatched")

    forget(flow)

    assert counts(flow)[:2] == [1, 1]


def test_a_notice_to_a_role_that_one_person_read_stays_for_the_others(
    flow: Flow, clock: MovableClock
) -> None:
    notices: Counter[str] = Counter()
    with flow.platform.work(actor=SYSTEM) as work:
        at = clock.now() - timedelta(days=60)
        for owner, read in (("r:OC", True), ("u:ann", True), ("u:ben", False)):
            notice = uuid.uuid4()
            work.session.execute(
                insert(NoticeRow).values(
                    id=notice, owner=owner, at=at, kind="k", msgid="m", params={}
                )
            )
            if read:
                work.session.execute(
                    insert(NoticeReadRow).values(notice_id=notice, login="ann", at=at)
                )

    forget(flow)

    with flow.platform.read() as session:
        notices.update(session.scalars(select(NoticeRow.owner)))
    assert notices == Counter(["r:OC", "u:ben"])


def test_it_deletes_in_bounded_parts_and_says_that_there_is_more(
    flow: Flow, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(retention, "ROUNDS", 2)
    with flow.platform.work(actor=SYSTEM) as work:
        for _ in range(5):
            fill(work.session, clock.now() - timedelta(days=400))

    more = [forget(flow), forget(flow)]

    assert more == [True, False]
    assert counts(flow) == [0] * len(TABLES)


def test_the_draft_of_an_open_task_stays(
    flow: Flow, deployed: Callable[..., None], clock: MovableClock
) -> None:
    deployed(
        order="\n".join([start(), user("enter", "OC"), end(), chain("begin", "enter", "finish")])
    )
    for _ in range(2):
        start_instance(flow, actor=CLERK, process_id="order")
        task = only_task(flow, CLERK)
        save_draft(flow, actor=CLERK, task_id=task.task_id, version=task.version, values={"a": 1})
        if _ == 0:
            version = only_task(flow, CLERK).version
            complete_task(
                flow,
                actor=CLERK,
                task_id=task.task_id,
                version=version,
                answer=Answer("done", {}),
            )
            with flow.platform.work(actor=SYSTEM) as work:
                # As a version that left drafts behind would have.
                work.session.execute(
                    insert(DraftRow).values(
                        task_id=task.task_id, values={}, saved_by="ann", saved_at=clock.now()
                    )
                )
    clock.advance(timedelta(days=31))

    forget(flow)

    with flow.platform.read() as session:
        assert session.scalars(select(DraftRow.task_id)).all() == [only_task(flow, CLERK).task_id]


def test_admins_hear_once_a_day_of_a_year_without_holidays(flow: Flow, clock: MovableClock) -> None:
    look_at_calendar(flow)
    assert list_notices(flow, actor=ADMIN).items == ()

    clock.set(clock.now().replace(year=2030))
    for _ in range(2):
        look_at_calendar(flow)

    said = [one.text() for one in list_notices(flow, actor=ADMIN).items]
    assert len(said) == 1
    assert "2030" in said[0]


def test_every_periodic_job_has_a_name_of_its_own() -> None:
    jobs = periodic_jobs(load_settings(environment={}, mail_url="smtp://localhost"))

    assert len({one.name for one in jobs}) == len(jobs) == 4
