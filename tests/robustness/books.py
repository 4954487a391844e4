"""What the database and the outside are held to after everything was killed again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.flow.platform import Flow
from jiedan.flow.states import JobKind, JobState
from jiedan.flow.tables import (
    ActivityRow,
    IncidentRow,
    InstanceRow,
    JobRow,
    MessageRow,
    NoticeRow,
    SubscriptionRow,
    TaskCandidateRow,
    TaskRow,
)
from tests.robustness.outside import Outside

ELEMENTS = {
    "order_came",
    "enter_crash",
    "book_inside",
    "send_outside",
    "wait_a_moment",
    "await_paid",
    "review_crash",
    "order_ended",
}


def check_the_books(
    flow: Flow, *, started: Mapping[str, str], completed: Set[str], outside: Outside
) -> None:
    """Nothing lost, nothing doubled: `started` (order → instance) and `completed` tasks are all
    that was ever answered, and every order came to its end."""
    with flow.platform.read() as session:
        instances = dict(_pairs(session, InstanceRow.id, InstanceRow.state))
        left = Counter(_pairs(session, ActivityRow.instance_id, ActivityRow.element_id))
        tasks = dict(_pairs(session, TaskRow.id, TaskRow.state))
        booked = Counter(session.scalars(select(NoticeRow.msgid).where(NoticeRow.kind == "booked")))
        messages = Counter(_pairs(session, MessageRow.key, MessageRow.state))
        jobs = Counter(session.scalars(select(JobRow.state).where(JobRow.kind != JobKind.PERIODIC)))
        rests = [
            session.scalars(select(table)).all()
            for table in (SubscriptionRow, TaskCandidateRow, IncidentRow)
        ]
        verified = audit.verify(session)
    # Every start that was answered is there, once, and nothing that nobody asked for.
    assert {str(one) for one in instances} == set(started.values())
    assert len(set(started.values())) == len(started)
    assert set(instances.values()) == {"completed"}
    # Every element was left once by each: timers fired once, messages were taken once.
    assert set(left) == {(one, element) for one in instances for element in ELEMENTS}
    assert set(left.values()) == {1}
    # Every completion that was answered stands.
    assert {str(one) for one in tasks} == set(completed)
    assert set(tasks.values()) == {"completed"}
    # The handler inside the step left its row once.
    assert booked == Counter(dict.fromkeys(started, 1))
    # The outside was told of every order, again only under the same key.
    keys = dict(outside.calls)
    assert set(keys) == set(started)
    assert len(set(outside.calls)) == len(keys) == len(set(keys.values()))
    assert messages == Counter({(f"paid-{order}", "delivered"): 1 for order in started})
    # Nothing is left over.
    assert set(jobs) <= {JobState.DONE}
    assert rests == [[], [], []]
    assert verified.ok


def _pairs(session: Session, *columns: Any) -> list[tuple[Any, ...]]:
    """Whole columns side by side."""
    return [tuple(row) for row in session.execute(select(*columns))]
