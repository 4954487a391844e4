"""Time: BPMN timers at their due time, deadlines rung by rung, suspension."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from jiedan.core.clock import MovableClock
from jiedan.core.i18n import use_locale
from jiedan.flow.errors import InstanceSuspended
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import (
    cancel_instance,
    resume_instance,
    show_instance,
    start_instance,
    suspend_instance,
)
from jiedan.flow.jobs import list_jobs, next_due
from jiedan.flow.notices import count_unread, list_notices, mark_read
from jiedan.flow.platform import Flow, Ladder
from jiedan.flow.running import run_due
from jiedan.flow.tasks import open_task
from tests.flow.conftest import ADMIN, CLERK, MANAGER, do, only_task
from tests.flow.diagrams import chain, end, start, timer, user

Deployed = Callable[..., None]

WAITS_AN_HOUR = "\n".join(
    [
        start(),
        timer("wait_an_hour", "PT1H"),
        user("enter_order", "OC"),
        end(),
        chain("begin", "wait_an_hour", "enter_order", "finish"),
    ]
)
TOO_LATE = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        timer("too_late", "PT2H", attached_to="enter_order"),
        user("chase_clerk", "SM"),
        end(),
        chain("begin", "enter_order", "finish"),
        chain("too_late", "chase_clerk", "finish"),
    ]
)


def test_a_timer_fires_at_its_due_time_and_not_before(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=WAITS_AN_HOUR)
    start_instance(flow, actor=CLERK, process_id="order")
    due_at = clock.now() + timedelta(hours=1)
    assert next_due(flow).due_at == due_at

    clock.advance(timedelta(minutes=59, seconds=59))
    assert run_due(flow) == 0
    clock.advance(timedelta(seconds=1))
    assert run_due(flow) == 1

    assert only_task(flow, CLERK).element_id == "enter_order"
    assert list_jobs(flow).items == ()
    assert next_due(flow).due_at is None


def test_a_boundary_timer_takes_the_task_away_and_a_finished_task_takes_its_timer_along(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=TOO_LATE)
    start_instance(flow, actor=CLERK, process_id="order")
    do(flow, CLERK)
    assert list_jobs(flow).items == ()
    second = start_instance(flow, actor=CLERK, process_id="order")

    clock.advance(timedelta(hours=2))
    run_due(flow)

    assert list_tasks(flow, actor=CLERK).items == ()
    assert only_task(flow, MANAGER).element_id == "chase_clerk"
    view = show_instance(flow, instance_id=second.instance_id)
    assert {one.element_id: one.state for one in view.tasks} == {
        "enter_order": "cancelled",
        "chase_clerk": "open",
    }


DUE_IN_TEN_HOURS = "\n".join(
    [
        start(),
        user(
            "enter_order",
            "OC",
            due="=due",
            extra='<zeebe:property name="jiedan:escalate" value="SM"/>',
        ),
        end(),
        chain("begin", "enter_order", "finish"),
    ]
)


def start_due(flow: Flow, clock: MovableClock, hours: int = 10) -> None:
    due = (clock.now() + timedelta(hours=hours)).isoformat()
    start_instance(flow, actor=CLERK, process_id="order", variables={"due": due})


@pytest.mark.req("S2.3.6")
def test_a_deadline_reminds_breaches_and_escalates_rung_by_rung(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=DUE_IN_TEN_HOURS)
    start_due(flow, clock)

    def after(hours: int) -> list[str]:
        clock.advance(timedelta(hours=hours))
        run_due(flow)
        return [one.kind for one in reversed(list_notices(flow, actor=CLERK).items)]

    assert after(4) == []
    assert after(1) == ["reminder"]
    assert after(3) == ["reminder", "reminder"]
    assert after(2) == ["reminder", "reminder", "breach"]

    breached = only_task(flow, CLERK)
    assert breached.breached_at == clock.now()
    notice = list_notices(flow, actor=CLERK).items[0]
    assert notice.text() == ("enter_order of order was due at 2 Mar 2026 19:00 and is overdue.")
    with use_locale("zh"):
        assert notice.text() == "order 的“enter_order”应于 2026-03-02 19:00 前完成，现已超时。"
    assert list_tasks(flow, actor=MANAGER).items == ()
    assert [one.kind for one in list_notices(flow, actor=MANAGER).items] == ["breach"]

    after(5)

    assert only_task(flow, MANAGER).task_id == breached.task_id
    assert only_task(flow, CLERK).breached_at == breached.breached_at
    history = show_instance(flow, instance_id=breached.instance_id).history
    assert [one.kind for one in history if one.element_id == "enter_order"] == [
        "breached",
        "escalated",
    ]


def test_rungs_missed_while_nobody_worked_are_caught_up_once(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=DUE_IN_TEN_HOURS)
    start_due(flow, clock)

    clock.advance(timedelta(days=3))
    run_due(flow)
    run_due(flow)

    kinds = [one.kind for one in list_notices(flow, actor=CLERK).items]
    assert sorted(kinds) == ["breach", "reminder", "reminder"]
    assert next_due(flow).due_at is None


def test_notices_are_read_once_by_each_reader(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=DUE_IN_TEN_HOURS)
    start_due(flow, clock)
    clock.advance(timedelta(hours=5))
    run_due(flow)
    assert count_unread(flow, actor=CLERK).number == 1

    mark_read(flow, actor=CLERK)

    assert count_unread(flow, actor=CLERK).number == 0
    assert list_notices(flow, actor=CLERK).items[0].read
    assert list_notices(flow, actor=CLERK, unread_only=True).items == ()


def test_a_suspended_instance_stands_still_and_its_deadlines_with_it(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=DUE_IN_TEN_HOURS)
    start_due(flow, clock)
    task = only_task(flow, CLERK)
    clock.advance(timedelta(hours=4))
    suspend_instance(flow, actor=ADMIN, instance_id=task.instance_id, reason="audit")

    clock.advance(timedelta(hours=100))
    assert run_due(flow) == 0
    with pytest.raises(InstanceSuspended):
        do(flow, CLERK)
    assert "complete" not in open_task(flow, actor=CLERK, task_id=task.task_id).verbs
    resume_instance(flow, actor=ADMIN, instance_id=task.instance_id)

    assert run_due(flow) == 0
    clock.advance(timedelta(hours=1))
    assert run_due(flow) == 1
    assert [one.kind for one in list_notices(flow, actor=CLERK).items] == ["reminder"]
    assert task.due_at is not None
    assert only_task(flow, CLERK).due_at == task.due_at + timedelta(hours=100)
    assert do(flow, CLERK).instance_state == "completed"


def test_a_timer_of_a_suspended_instance_fires_when_it_is_resumed(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=WAITS_AN_HOUR)
    started = start_instance(flow, actor=CLERK, process_id="order")
    suspend_instance(flow, actor=ADMIN, instance_id=started.instance_id, reason="audit")
    clock.advance(timedelta(hours=3))
    run_due(flow)
    assert list_tasks(flow, actor=CLERK).items == ()

    resume_instance(flow, actor=ADMIN, instance_id=started.instance_id)
    run_due(flow)

    assert only_task(flow, CLERK).element_id == "enter_order"


def test_a_cancelled_instance_leaves_nothing_behind(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=TOO_LATE)
    started = start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A1"})

    cancel_instance(flow, actor=ADMIN, instance_id=started.instance_id, reason="typed twice")

    view = show_instance(flow, instance_id=started.instance_id)
    assert (view.item.state, view.end_note) == ("cancelled", "typed twice")
    assert [one.state for one in view.tasks] == ["cancelled"]
    assert view.variables["order_id"] == "A1"
    assert list_tasks(flow, actor=CLERK).items == ()
    clock.advance(timedelta(hours=3))
    assert run_due(flow) == 0


def test_the_rungs_of_the_ladder_are_settings(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    flow.ladder = Ladder(remind=(), breach=100, escalate=110, final=120)
    deployed(order=DUE_IN_TEN_HOURS)
    start_due(flow, clock)

    assert next_due(flow).due_at == clock.now() + timedelta(hours=10)
