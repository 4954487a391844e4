"""The same promises on PostgreSQL, where transactions really run side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.flow.errors import TaskAlreadyCompleted, TaskTaken
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import count_tasks, list_tasks
from jiedan.flow.instances import cancel_instance, show_instance, start_instance
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.messages import deliver_message
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due, run_job
from jiedan.flow.tasks import Answer, claim_task, complete_task
from tests.flow.conftest import ADMIN, CLERK, MANAGER, do, only_task
from tests.flow.diagrams import (
    catch_message,
    chain,
    end,
    message,
    parallel,
    service,
    start,
    timer,
    user,
)

Deployed = Callable[..., None]


@pytest.fixture
def flow(postgres_platform: Platform, registry: Registry) -> Flow:
    """A process platform on a fresh PostgreSQL database."""
    return Flow(postgres_platform, registry=registry)


TWO_STEPS = "\n".join(
    [
        start(),
        user("enter_order", "OC", due="=now() + duration(&quot;PT10H&quot;)"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
)


def people(number: int) -> list[Actor]:
    return [Actor(f"clerk{n}", f"Clerk {n}", frozenset({"OC"})) for n in range(number)]


def test_twenty_people_complete_one_task_at_once_and_one_wins(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(order=TWO_STEPS)
    task_id = start_instance(flow, actor=CLERK, process_id="order").next_tasks[0].task_id

    def attempt(person: Actor) -> str:
        try:
            complete_task(flow, actor=person, task_id=task_id, version=1, answer=Answer("done"))
        except TaskAlreadyCompleted as refusal:
            return refusal.by
        return "won"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, people(20)))

    assert results.count("won") == 1
    assert set(results) == {"won", f"clerk{results.index('won')}"}
    assert do(flow, MANAGER).instance_state == "completed"
    with flow.platform.read() as session:
        assert audit.verify(session).ok


def test_two_people_claim_one_task_at_once_and_one_gets_it(flow: Flow, deployed: Deployed) -> None:
    deployed(order=TWO_STEPS)
    task_id = start_instance(flow, actor=CLERK, process_id="order").next_tasks[0].task_id

    def attempt(person: Actor) -> str:
        try:
            return claim_task(flow, actor=person, task_id=task_id).assignee or ""
        except TaskTaken as refusal:
            return f"taken by {refusal.by}"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, people(6)))

    winners = [one for one in results if not one.startswith("taken")]
    assert len(winners) == 1
    assert results.count(f"taken by {winners[0]}") == 5


def test_branches_of_one_instance_completed_at_once_all_count(
    flow: Flow, deployed: Deployed
) -> None:
    branches = [f"part{n}" for n in range(4)]
    body = [
        start(),
        parallel("split"),
        *(user(one, "OC") for one in branches),
        parallel("join"),
        end(),
        chain("begin", "split"),
        *(chain("split", one, "join") for one in branches),
        chain("join", "finish"),
    ]
    deployed(parts="\n".join(body))
    started = start_instance(flow, actor=CLERK, process_id="parts")

    def hand_in(task_id: object) -> None:
        complete_task(flow, actor=CLERK, task_id=task_id, version=1, answer=Answer("done"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hand_in, [one.task_id for one in started.next_tasks]))

    view = show_instance(flow, instance_id=started.instance_id)
    assert view.item.state == "completed"


def test_completing_and_cancelling_at_once_ends_in_one_of_both(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(order=TWO_STEPS)
    for _ in range(6):
        started = start_instance(flow, actor=CLERK, process_id="order")

        def hand_in(task_id: object = started.next_tasks[0].task_id) -> None:
            complete_task(flow, actor=CLERK, task_id=task_id, version=1, answer=Answer("done"))

        def cancel(instance_id: object = started.instance_id) -> None:
            cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason="race")

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(hand_in), pool.submit(cancel)
            first.exception()
            second.result()

        view = show_instance(flow, instance_id=started.instance_id)
        assert view.item.state == "cancelled"
        assert {one.state for one in view.tasks} <= {"completed", "cancelled"}
    assert list_tasks(flow, actor=MANAGER).items == ()


def test_many_workers_do_each_job_once(flow: Flow, registry: Registry, deployed: Deployed) -> None:
    sent: list[str] = []

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict:
        sent.append(context.idempotency_key)
        time.sleep(0.005)
        return {}

    deployed(
        mails="\n".join(
            [
                start(),
                service("send", "mail.send"),
                user("enter_order", "OC"),
                end(),
                chain("begin", "send", "enter_order", "finish"),
            ]
        )
    )
    for _ in range(12):
        start_instance(flow, actor=CLERK, process_id="mails")

    def work(name: str) -> None:
        while jobs := claim_jobs(flow, worker=name, limit=2):
            for job in jobs:
                run_job(flow, job=job)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ["w1", "w2", "w3", "w4"]))

    assert len(sent) == len(set(sent)) == 12
    assert count_tasks(flow, actor=CLERK).todo.number == 12


def test_one_message_delivered_by_many_at_once_counts_once(flow: Flow, deployed: Deployed) -> None:
    deployed(
        order="\n".join(
            [
                message("paid", "payment.received", "order_id"),
                start(),
                catch_message("await_payment", "paid"),
                user("enter_order", "OC"),
                end(),
                chain("begin", "await_payment", "enter_order", "finish"),
            ]
        )
    )
    start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A1"})

    def deliver(_: int) -> bool:
        return deliver_message(
            flow,
            actor=ADMIN,
            name="payment.received",
            correlation_key="A1",
            payload={"amount": 1},
            key="P1",
        ).replayed

    with ThreadPoolExecutor(6) as pool:
        replayed = list(pool.map(deliver, range(6)))

    assert replayed.count(False) == 1
    assert only_task(flow, CLERK).element_id == "enter_order"


def test_one_start_asked_for_by_many_at_once_starts_once(flow: Flow, deployed: Deployed) -> None:
    deployed(order=TWO_STEPS)

    def begin(_: int) -> object:
        return start_instance(flow, actor=CLERK, process_id="order", key="s1").instance_id

    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(begin, range(6)))

    assert len(ids) == 1
    assert count_tasks(flow, actor=CLERK).todo.number == 1


def test_timers_and_deadlines_come_due(flow: Flow, deployed: Deployed, clock: MovableClock) -> None:
    deployed(
        order="\n".join(
            [
                start(),
                timer("wait", "PT1H"),
                user("enter_order", "OC", due="=now() + duration(&quot;PT10H&quot;)"),
                end(),
                chain("begin", "wait", "enter_order", "finish"),
            ]
        )
    )
    start_instance(flow, actor=CLERK, process_id="order")
    clock.advance(timedelta(hours=1))
    run_due(flow)
    clock.advance(timedelta(hours=30))
    run_due(flow)

    assert only_task(flow, CLERK, "enter_order").breached_at == clock.now()
    assert list_tasks(flow, actor=CLERK, query="enter").items[0].overdue
