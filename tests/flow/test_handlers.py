"""Handlers inside and outside the step: rows, failures, retries, incidents, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.flow.errors import IncidentNotFound, NotAllowed, ReasonMissing
from jiedan.flow.handlers import BpmnError, Context, Registry, Retry
from jiedan.flow.incidents import list_incidents, retry_incident, show_incident, skip_incident
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.jobs import claim_jobs, list_jobs
from jiedan.flow.notices import list_notices, notify
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due, run_job
from jiedan.flow.tables import JobRow, NoticeRow
from tests.flow.conftest import ADMIN, CLERK, MANAGER, do, only_task
from tests.flow.diagrams import chain, end, error_boundary, exclusive, service, start, timer, user
from tests.flow.diagrams import flow as arrow

Deployed = Callable[..., None]

ENTER_THEN_OPEN = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        service("open_order", "orders.open"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "open_order", "review_order", "finish"),
    ]
)


@pytest.fixture
def order(flow: Flow, registry: Registry, deployed: Deployed) -> Callable[..., Any]:
    """Deploys the process around one handler and starts it."""

    def begin(handler: Callable[..., Any], body: str = ENTER_THEN_OPEN, **how: Any) -> Any:
        registry.handler("orders.open", **how)(handler)
        deployed(order=body)
        return start_instance(
            flow, actor=CLERK, process_id="order", variables={"order_id": "A1"}
        ).instance_id

    return begin


def written_notices(flow: Flow) -> int:
    with flow.platform.read() as session:
        return session.execute(
            select(func.count()).select_from(NoticeRow).where(NoticeRow.kind == "test")
        ).scalar_one()


def write_row(context: Context) -> None:
    """A handler's own row in the step's transaction."""
    notify(context.work, owners=("u:x",), kind="test", msgid="x", params={})


def test_a_handler_gets_the_variables_it_names_and_its_answer_joins_them(
    flow: Flow, order: Callable[..., Any]
) -> None:
    def open_order(context: Context, order_id: str, amount: int, channel: str = "sales") -> dict:
        write_row(context)
        return {"order_no": f"{channel}-{order_id}-{amount}"}

    instance_id = order(open_order)
    do(flow, CLERK, amount=3)

    assert show_instance(flow, instance_id=instance_id).variables["order_no"] == "sales-A1-3"
    assert written_notices(flow) == 1


def test_a_failing_handler_loses_its_rows_but_the_persons_completion_stands(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    tries: list[int] = []

    def open_order(context: Context, order_id: str) -> dict:
        write_row(context)
        tries.append(context.attempt)
        if len(tries) < 3:
            raise RuntimeError("the register is locked")
        return {"order_no": "1"}

    instance_id = order(open_order)
    completed = do(flow, CLERK)

    assert completed.next_tasks == ()
    assert completed.instance_state == "active"
    assert written_notices(flow) == 0
    job = list_jobs(flow).items[0]
    assert (job.attempt, job.tries, job.state) == (1, 3, "due")
    assert job.due_at == clock.now() + timedelta(minutes=1)
    assert "the register is locked" in (job.last_error or "")

    assert run_due(flow) == 0
    clock.advance(timedelta(minutes=1))
    assert run_due(flow) == 1
    assert list_jobs(flow).items[0].due_at == clock.now() + timedelta(minutes=5)
    clock.advance(timedelta(minutes=5))
    run_due(flow)

    assert tries == [1, 2, 3]
    assert written_notices(flow) == 1
    assert only_task(flow, MANAGER).element_id == "review_order"
    assert show_instance(flow, instance_id=instance_id).item.state == "active"


def fail_three_times(flow: Flow, clock: MovableClock) -> None:
    do(flow, CLERK)
    for minutes in (1, 5):
        clock.advance(timedelta(minutes=minutes))
        run_due(flow)


def test_after_the_last_try_there_is_an_incident_that_an_admin_retries_with_edited_variables(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    def open_order(context: Context, order_id: str) -> dict:
        if order_id != "A2":
            raise RuntimeError("no such order")
        return {"order_no": "7"}

    instance_id = order(open_order)
    fail_three_times(flow, clock)

    incident = list_incidents(flow).items[0]
    assert show_instance(flow, instance_id=instance_id).item.state == "incident"
    assert (incident.element_id, incident.kind) == ("open_order", "handler_failed")
    assert "no such order" in incident.message
    assert "open_order" in (incident.trace or "")
    assert list_notices(flow, actor=ADMIN).items[0].kind == "incident"
    shown = show_incident(flow, incident_id=incident.id)
    assert shown.variables is not None
    assert shown.variables["order_id"] == "A1"
    with pytest.raises(NotAllowed):
        retry_incident(flow, actor=CLERK, incident_id=incident.id)

    retry_incident(
        flow, actor=ADMIN, incident_id=incident.id, variables={"order_id": "A2"}, reason="typo"
    )
    run_due(flow)

    view = show_instance(flow, instance_id=instance_id)
    assert view.item.state == "active"
    assert view.variables["order_no"] == "7"
    assert view.incidents[0].resolution == "retried"
    assert list_incidents(flow).items == ()
    assert [one.note for one in view.history if one.kind == "retried"] == ["typo"]
    with pytest.raises(IncidentNotFound):
        retry_incident(flow, actor=ADMIN, incident_id=incident.id)


def test_an_admin_skips_a_failed_step_with_a_reason_and_a_result(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    def open_order(context: Context) -> dict:
        raise RuntimeError("never")

    instance_id = order(open_order)
    fail_three_times(flow, clock)
    incident = list_incidents(flow).items[0]

    with pytest.raises(ReasonMissing):
        skip_incident(flow, actor=ADMIN, incident_id=incident.id, reason=" ")
    skip_incident(
        flow,
        actor=ADMIN,
        incident_id=incident.id,
        reason="done by hand",
        variables={"order_no": "by hand"},
    )

    assert only_task(flow, MANAGER).element_id == "review_order"
    view = show_instance(flow, instance_id=instance_id)
    assert view.variables["order_no"] == "by hand"
    assert view.item.state == "active"
    assert view.jobs == ()


def test_a_missing_input_is_an_incident_that_names_it(
    flow: Flow, order: Callable[..., Any]
) -> None:
    def open_order(context: Context, customer_id: str) -> dict:
        return {}

    order(open_order)
    do(flow, CLERK)

    assert "customer_id" in list_incidents(flow).items[0].message


def test_retry_waits_as_long_as_the_handler_asks(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    def open_order(context: Context) -> dict:
        raise Retry(timedelta(hours=2), "closed for lunch")

    order(open_order)
    do(flow, CLERK)

    assert list_jobs(flow).items[0].due_at == clock.now() + timedelta(hours=2)


def test_a_business_error_goes_to_its_boundary_event_and_keeps_the_handlers_rows(
    flow: Flow, order: Callable[..., Any]
) -> None:
    def open_order(context: Context) -> dict:
        write_row(context)
        raise BpmnError("NO_STOCK", short=["SP-1"])

    body = "\n".join(
        [
            '<bpmn:error id="no_stock" name="no stock" errorCode="NO_STOCK"/>',
            ENTER_THEN_OPEN,
            error_boundary("short", "open_order", "no_stock"),
            user("find_stock", "PP"),
            end("stopped"),
            chain("short", "find_stock", "stopped"),
        ]
    )
    instance_id = order(open_order, body)
    completed = do(flow, CLERK)

    assert [one.element_id for one in completed.next_tasks] == ["find_stock"]
    assert written_notices(flow) == 1
    assert show_instance(flow, instance_id=instance_id).item.state == "active"


def test_a_business_error_that_nobody_catches_becomes_an_incident(
    flow: Flow, order: Callable[..., Any]
) -> None:
    def open_order(context: Context) -> dict:
        raise BpmnError("NO_STOCK")

    instance_id = order(open_order)
    do(flow, CLERK)

    incident = list_incidents(flow).items[0]
    assert (incident.kind, incident.element_id) == ("uncaught_error", "open_order")
    assert show_instance(flow, instance_id=instance_id).item.state == "incident"


def test_an_external_handler_runs_after_the_commit_outside_any_lock(
    flow: Flow, order: Callable[..., Any]
) -> None:
    seen: dict[str, Any] = {}

    def send_mail(context: Context, order_id: str) -> dict:
        # A writer gets in while the handler runs: nothing is locked.
        writer = threading.Thread(
            target=lambda: start_instance(flow, actor=CLERK, process_id="order")
        )
        writer.start()
        writer.join(5)
        seen.update(free=not writer.is_alive(), key=context.idempotency_key)
        return {"message_id": "m1"}

    instance_id = order(send_mail, external=True)
    do(flow, CLERK)
    assert seen == {}
    job = list_jobs(flow).items[0]
    assert (job.state, job.attempt) == ("due", 0)

    run_due(flow)

    assert seen["free"]
    assert seen["key"]
    assert show_instance(flow, instance_id=instance_id).variables["message_id"] == "m1"
    assert only_task(flow, MANAGER).element_id == "review_order"


def test_every_attempt_of_an_external_handler_carries_the_same_key(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    keys: list[str] = []

    def send_mail(context: Context) -> dict:
        keys.append(context.idempotency_key)
        if len(keys) == 1:
            raise OSError("connection refused")
        return {}

    order(send_mail, external=True)
    do(flow, CLERK)
    run_due(flow)
    clock.advance(timedelta(minutes=1))
    run_due(flow)

    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert only_task(flow, MANAGER).element_id == "review_order"


def test_a_handler_that_hangs_is_cut_off_and_tried_again(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    release = threading.Event()
    tries: list[int] = []

    def send_mail(context: Context) -> dict:
        tries.append(context.attempt)
        if len(tries) == 1:
            release.wait(20)
        return {"try": context.attempt}

    instance_id = order(send_mail, external=True, timeout=0.1)
    do(flow, CLERK)
    run_due(flow)

    job = list_jobs(flow).items[0]
    assert "0.1 seconds" in (job.last_error or "")
    clock.advance(timedelta(minutes=1))
    run_due(flow)
    release.set()

    assert tries == [1, 2]
    assert show_instance(flow, instance_id=instance_id).variables["try"] == 2


def test_a_worker_that_comes_back_after_its_lease_is_not_listened_to(
    flow: Flow, order: Callable[..., Any]
) -> None:
    sent: list[str] = []

    def send_mail(context: Context) -> dict:
        sent.append(context.idempotency_key)
        return {"sent": len(sent)}

    instance_id = order(send_mail, external=True)
    do(flow, CLERK)
    slow = claim_jobs(flow, worker="slow")[0]
    assert claim_jobs(flow, worker="other") == []
    expire_leases(flow)
    fast = claim_jobs(flow, worker="fast")[0]
    assert fast.fence > slow.fence

    run_job(flow, job=fast)
    run_job(flow, job=slow)

    assert show_instance(flow, instance_id=instance_id).variables["sent"] == 1
    assert len({*sent}) == 1
    assert only_task(flow, MANAGER).element_id == "review_order"


def expire_leases(flow: Flow) -> None:
    """As if a minute of the machine's time had passed without a word from the worker."""
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(update(JobRow).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))


def test_an_incident_whose_step_is_interrupted_needs_nobody_any_more(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    def open_order(context: Context) -> dict:
        raise RuntimeError("never")

    body = "\n".join(
        [
            ENTER_THEN_OPEN,
            timer("too_late", "P1D", attached_to="open_order"),
            user("open_by_hand", "OC"),
            end("opened"),
            chain("too_late", "open_by_hand", "opened"),
        ]
    )
    instance_id = order(open_order, body)
    fail_three_times(flow, clock)
    assert show_instance(flow, instance_id=instance_id).item.state == "incident"

    clock.advance(timedelta(days=1))
    run_due(flow)

    view = show_instance(flow, instance_id=instance_id)
    assert view.item.state == "active"
    assert [one.resolution for one in view.incidents] == ["gone"]
    assert only_task(flow, CLERK).element_id == "open_by_hand"


def test_a_failed_handler_takes_back_what_it_said_about_the_instance(
    flow: Flow, order: Callable[..., Any]
) -> None:
    def open_order(context: Context) -> dict:
        context.set_business_key("XS1")
        context.notify(logins=["ann"], msgid="opened")
        raise RuntimeError("too late")

    instance_id = order(open_order)
    do(flow, CLERK)

    assert show_instance(flow, instance_id=instance_id).item.business_key is None
    assert list_notices(flow, actor=CLERK).items == ()


CIRCLES = "\n".join(
    [
        start(),
        service("send_mail", "orders.open"),
        exclusive("again", "count"),
        '<bpmn:scriptTask id="count"><bpmn:extensionElements>'
        '<zeebe:script expression="=1" resultVariable="n"/></bpmn:extensionElements>'
        "</bpmn:scriptTask>",
        end(),
        chain("begin", "send_mail", "again"),
        arrow("again", "finish", "n = 2"),
        arrow("again", "count"),
        chain("count", "again"),
    ]
)


def test_a_step_that_runs_in_circles_after_a_job_becomes_an_incident(
    flow: Flow, order: Callable[..., Any], clock: MovableClock
) -> None:
    sent: list[str] = []

    def send_mail(context: Context) -> dict:
        sent.append(context.idempotency_key)
        return {}

    instance_id = order(send_mail, CIRCLES, external=True, retries=2)
    run_due(flow)
    clock.advance(timedelta(days=1))
    run_due(flow)

    assert show_instance(flow, instance_id=instance_id).item.state == "incident"
    assert "loops" in list_incidents(flow).items[0].message
    assert len(sent) == 1
