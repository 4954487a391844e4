"""The dispatcher of one machine, on a real database and its own thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from jiedan.core.clock import MovableClock
from jiedan.dispatch.local import Dispatcher
from jiedan.dispatch.workers import is_gone, worker_name
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.jobs import claim_jobs, list_jobs
from jiedan.flow.platform import Flow
from tests.flow.conftest import CLERK, deployed, flow, registry
from tests.flow.diagrams import chain, end, service, start, timer, user

__all__ = ["deployed", "flow", "registry"]

Deployed = Callable[..., None]


def waits(duration: str) -> str:
    return "\n".join(
        [
            start(),
            timer("wait", duration),
            user("enter_order", "OC"),
            end(),
            chain("begin", "wait", "enter_order", "finish"),
        ]
    )


MAILS = "\n".join(
    [
        start(),
        service("send_mail", "mail.send"),
        user("enter_order", "OC"),
        end(),
        chain("begin", "send_mail", "enter_order", "finish"),
    ]
)


@pytest.fixture
def clock() -> MovableClock:
    """A clock that runs, and can be moved."""
    return MovableClock()


@pytest.fixture
def dispatcher(flow: Flow) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(flow)
    dispatcher.start()
    yield dispatcher
    dispatcher.stop()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def tasks(flow: Flow) -> int:
    return len(list_tasks(flow, actor=CLERK).items)


@pytest.mark.usefixtures("dispatcher")
def test_a_timer_set_while_the_dispatcher_sleeps_wakes_it_in_time(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(order=waits("PT0.4S"))
    began = time.monotonic()
    start_instance(flow, actor=CLERK, process_id="order")
    assert tasks(flow) == 0

    assert eventually(lambda: tasks(flow) == 1, 4)
    assert time.monotonic() - began >= 0.4


@pytest.mark.usefixtures("dispatcher")
def test_moving_the_clock_makes_far_timers_due(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=waits("P3D"))
    start_instance(flow, actor=CLERK, process_id="order")

    clock.advance(timedelta(days=3))

    assert eventually(lambda: tasks(flow) == 1)


@pytest.mark.usefixtures("dispatcher")
def test_an_external_handler_is_worked_at_once(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict:
        return {"by": threading.current_thread().name}

    deployed(order=MAILS)
    instance_id = start_instance(flow, actor=CLERK, process_id="order").instance_id

    assert eventually(lambda: tasks(flow) == 1, 4)
    assert show_instance(flow, instance_id=instance_id).variables["by"] == "handler mail.send"


def test_what_fell_due_while_nothing_ran_is_caught_up_at_the_start(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(order=waits("PT1H"))
    for _ in range(12):
        start_instance(flow, actor=CLERK, process_id="order")
    clock.advance(timedelta(hours=5))

    dispatcher = Dispatcher(flow, threads=2)
    dispatcher.start()
    try:
        assert eventually(lambda: tasks(flow) == 12)
    finally:
        dispatcher.stop()

    assert list_jobs(flow).items == ()


def test_two_dispatchers_on_one_database_do_everything_once(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    sent: list[str] = []

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict:
        sent.append(context.idempotency_key)
        time.sleep(0.01)
        return {}

    deployed(order=MAILS)
    other = Flow(flow.platform, registry=registry)
    dispatchers = [Dispatcher(flow, threads=2), Dispatcher(other, threads=2)]
    for one in dispatchers:
        one.start()
    try:
        for _ in range(15):
            start_instance(flow, actor=CLERK, process_id="order")
        assert eventually(lambda: tasks(flow) == 15)
    finally:
        for one in dispatchers:
            one.stop()

    assert len(sent) == len(set(sent)) == 15


def test_what_a_dead_process_held_is_taken_over_at_the_start(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    registry.handler("mail.send", external=True)(lambda context: {})
    deployed(order=MAILS)
    start_instance(flow, actor=CLERK, process_id="order")
    dead = worker_name().rsplit("/", 2)[0] + "/4194304/00000000"
    assert len(claim_jobs(flow, worker=dead)) == 1

    dispatcher = Dispatcher(flow)
    dispatcher.start()
    try:
        assert eventually(lambda: tasks(flow) == 1, 5)
    finally:
        dispatcher.stop()


def test_a_worker_is_only_taken_for_dead_when_that_is_certain() -> None:
    me = worker_name()
    machine, number, _ = me.split("/")

    assert not is_gone(me, me=me)
    assert is_gone(f"{machine}/{number}/ffffffff", me=me)
    assert is_gone(f"{machine}/4194304/00000000", me=me)
    assert not is_gone("elsewhere/4194304/00000000", me=me)
    assert not is_gone(f"{machine}/1/00000000", me=me) or number == "1"
    assert not is_gone("inline", me=me)
