"""External handlers: nothing is held while they run, and those that hang are given up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text

from jiedan.core.clock import MovableClock
from jiedan.core.database import ReadOnly
from jiedan.core.platform import Platform
from jiedan.dispatch.local import Dispatcher
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.incidents import list_incidents
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.jobs import claim_jobs, list_jobs
from jiedan.flow.platform import Flow
from jiedan.flow.running import DEATHS, run_due, run_job
from jiedan.flow.tables import CommentRow, InstanceRow
from jiedan.flow.watched import HandlersHang, HandlerTooSlow, Watch
from tests.flow.conftest import ADMIN, CLERK
from tests.flow.diagrams import chain, diagram, end, service, start, timer, user
from tests.flow.races.test_jobs import expire_leases

MAIL = "\n".join(
    [
        start(),
        service("send_mail", "mail.send"),
        user("pack_order", "OC"),
        end(),
        chain("begin", "send_mail", "pack_order", "finish"),
    ]
)


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A process platform on both databases in turn."""
    return Flow(both_databases, registry=registry)


@pytest.fixture
def mails(flow: Flow) -> Callable[[], Any]:
    """Starts a process that sends a mail, once its handler is there."""

    def begin() -> Any:
        deploy(flow, actor=ADMIN, files={"order.bpmn": diagram("order", MAIL)})
        return start_instance(flow, actor=CLERK, process_id="order").instance_id

    return begin


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets everything go on that hangs, at the end of the test if not before."""
    event = threading.Event()
    yield event
    event.set()


def test_no_transaction_is_open_while_an_external_handler_runs(
    flow: Flow, registry: Registry, mails: Callable[[], Any]
) -> None:
    open_now: list[list[Any]] = []
    drivers: list[Any] = []
    engine = flow.platform.database.engine
    event.listen(engine, "checkout", lambda driver, *_: drivers.append(driver))

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict[str, Any]:
        # It reads what it needs, in every way there is, and then talks for a long time.
        context.completed_by(["pack_order"])
        found = context.work.session.execute(select(InstanceRow.id)).scalars().all()
        assert found == [context.instance_id]
        open_now.append(transactions())
        return {}

    def transactions() -> list[Any]:
        if flow.platform.database.is_sqlite:
            return [driver for driver in drivers if driver.in_transaction]
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT pid, state, query FROM pg_stat_activity WHERE xact_start IS NOT NULL "
                    "AND datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            return list(rows)

    mails()
    assert run_due(flow) == 1

    assert open_now == [[]]
    assert drivers


def test_an_external_handler_that_writes_outside_a_transaction_is_refused(
    flow: Flow, registry: Registry, mails: Callable[[], Any]
) -> None:
    @registry.handler("mail.send", external=True, retries=1)
    def send(context: Context) -> dict[str, Any]:
        context.work.session.execute(
            insert(CommentRow).values(
                id=context.instance_id,
                instance_id=context.instance_id,
                at=context.now,
                by="x",
                text="x",
            )
        )
        return {}

    mails()
    run_due(flow)

    assert ReadOnly.__name__ in list_incidents(flow).items[0].message
    with flow.platform.read() as session:
        assert session.execute(select(CommentRow)).all() == []


def test_a_handler_that_hangs_is_given_up_counted_and_an_incident_says_where_it_stands(
    flow: Flow,
    registry: Registry,
    mails: Callable[[], Any],
    clock: MovableClock,
    release: threading.Event,
) -> None:
    @registry.handler("mail.send", external=True, retries=2, timeout=0.05)
    def send(context: Context) -> dict[str, Any]:
        release.wait()
        return {"late": True}

    instance_id = mails()
    run_due(flow)

    job = list_jobs(flow).items[0]
    assert (job.state, job.attempt, job.worker) == ("due", 1, None)
    assert "no answer of mail.send within 0.05 seconds" in (job.last_error or "")
    assert flow.watch.hanging() == {"mail.send": 1}

    clock.advance(timedelta(minutes=1))
    run_due(flow)

    incident = list_incidents(flow).items[0]
    assert "no answer of mail.send within 0.05 seconds" in incident.message
    assert "release.wait()" in (incident.trace or "")
    assert flow.watch.hanging() == {"mail.send": 2}

    release.set()
    for thread in threading.enumerate():
        if thread.name == "handler mail.send":
            thread.join(10)

    assert flow.watch.hanging() == {}
    assert "late" not in show_instance(flow, instance_id=instance_id).variables


def test_a_handler_whose_calls_all_hang_is_not_called_again_before_one_comes_back(
    release: threading.Event,
) -> None:
    watch = Watch(most=3, most_of_one=2)
    calls: list[str] = []

    def call(name: str) -> None:
        def hang() -> None:
            calls.append(name)
            release.wait()

        watch.call(name, timedelta(milliseconds=20), hang)

    for _ in range(2):
        with pytest.raises(HandlerTooSlow):
            call("mail.send")
    with pytest.raises(HandlersHang, match=r"2 calls of mail\.send have not come back"):
        call("mail.send")
    with pytest.raises(HandlerTooSlow):
        call("fax.send")
    with pytest.raises(HandlersHang, match="3 calls of handlers have not come back"):
        call("post.send")

    assert calls == ["mail.send", "mail.send", "fax.send"]
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("handler "):
            thread.join(10)
    assert watch.hanging() == {}
    assert watch.call("mail.send", timedelta(seconds=10), lambda: "sent") == "sent"


def test_handlers_that_hang_do_not_stop_the_dispatcher(
    flow: Flow, registry: Registry, mails: Callable[[], Any], release: threading.Event
) -> None:
    """As many hang as it has threads; then a timer comes due."""
    threads = 2
    hanging = threading.Barrier(threads + 1)

    @registry.handler("mail.send", external=True, retries=1, timeout=0.3)
    def send(context: Context) -> dict[str, Any]:
        hanging.wait(20)
        release.wait()
        return {}

    fired = threading.Event()

    @registry.handler("bell.ring")
    def ring(context: Context) -> dict[str, Any]:
        fired.set()
        return {}

    bell = "\n".join(
        [
            start(),
            timer("wait", "PT0S"),
            service("ring", "bell.ring"),
            end(),
            chain("begin", "wait", "ring", "finish"),
        ]
    )
    deploy(flow, actor=ADMIN, files={"bell.bpmn": diagram("bell", bell)})
    dispatcher = Dispatcher(flow, threads=threads)
    dispatcher.start()
    try:
        for _ in range(threads):
            mails()
        hanging.wait(20)
        start_instance(flow, actor=CLERK, process_id="bell")

        assert fired.wait(20)
    finally:
        dispatcher.stop()

    assert flow.watch.hanging() == {"mail.send": threads}
    assert len(list_incidents(flow).items) == threads


def test_a_worker_that_dies_gives_its_job_back_within_its_lease(
    flow: Flow, registry: Registry, mails: Callable[[], Any]
) -> None:
    keys: list[str] = []

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict[str, Any]:
        keys.append(context.idempotency_key)
        return {}

    instance_id = mails()
    dead = claim_jobs(flow, worker="dead")[0]
    assert claim_jobs(flow, worker="other") == []
    expire_leases(flow)

    found = claim_jobs(flow, worker="other")[0]
    run_job(flow, job=found)

    assert (found.id, found.fence, found.attempt) == (dead.id, dead.fence + 1, 2)
    assert len(keys) == 1
    assert [one.state for one in show_instance(flow, instance_id=instance_id).tasks] == ["open"]


def test_a_job_that_ends_every_worker_becomes_an_incident(
    flow: Flow, registry: Registry, mails: Callable[[], Any]
) -> None:
    called: list[int] = []

    @registry.handler("mail.send", external=True, retries=3)
    def send(context: Context) -> dict[str, Any]:
        called.append(context.attempt)
        return {}

    mails()
    for _ in range(3 + DEATHS):
        assert len(claim_jobs(flow, worker="dead")) == 1
        expire_leases(flow)
    run_due(flow)

    assert called == []
    assert "nobody ever said how it ended" in list_incidents(flow).items[0].message
