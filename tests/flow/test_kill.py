"""Killed at any moment, nothing is lost and nothing happens twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from jiedan.core import audit
from jiedan.core.clock import SystemClock
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.core.settings import Settings
from jiedan.flow.definitions import deploy
from jiedan.flow.errors import TaskNotFound
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import list_instances, start_instance
from jiedan.flow.jobs import release_abandoned
from jiedan.flow.notices import notify
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import ActivityRow, NoticeRow
from jiedan.flow.tasks import Answer, complete_task
from tests.flow.conftest import ADMIN, CLERK
from tests.flow.diagrams import chain, diagram, end, service, start, timer, user

KILLS = 50
INSTANCES = 250
PROCESS = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        service("open_order", "orders.open"),
        service("send_mail", "mail.send"),
        timer("wait", "PT0.01S"),
        user("review_order", "OC"),
        end(),
        chain("begin", "enter_order", "open_order", "send_mail", "wait", "review_order", "finish"),
    ]
)


def build(settings: Settings, path: Path) -> Flow:
    """Everything anew on the file, as a process that has just started."""
    registry = Registry()

    @registry.handler("orders.open")
    def open_order(context: Context) -> dict:
        notify(
            context.work,
            owners=("u:x",),
            kind="opened",
            msgid=str(context.instance_id),
            params={},
        )
        return {}

    @registry.handler("mail.send", external=True)
    def send_mail(context: Context) -> dict:
        return {"mailed": context.idempotency_key}

    platform = build_platform(
        settings, clock=SystemClock(), database=Database(f"sqlite:///{path}", durable=False)
    )
    return Flow(platform, registry=registry)


def work_until_killed(settings: Settings, path: Path, seed: int, at_work: int) -> None:
    """What the child does: people hand in tasks, the dispatcher works what is due."""
    chance = random.Random(seed)
    flow = build(settings, path)
    release_abandoned(flow, is_gone=lambda name: True)
    # Warmed up, so that the kill falls into work and not into loading.
    run_due(flow, worker="child", limit=1)
    complete(flow, list_tasks(flow, actor=CLERK, size=1).items[0].task_id)
    os.write(at_work, b"!")
    while True:
        for task in list_tasks(flow, actor=CLERK, size=20).items:
            if chance.random() < 0.7:
                complete(flow, task.task_id)
            else:
                run_due(flow, worker="child", limit=2)
        run_due(flow, worker="child")


def complete(flow: Flow, task_id: object) -> None:
    try:
        complete_task(flow, actor=CLERK, task_id=task_id, version=None, answer=Answer("done"))
    except TaskNotFound:
        raise AssertionError("an open task was lost") from None


def count_left(flow: Flow) -> int:
    """How many elements were left so far, in all instances."""
    with flow.platform.read() as session:
        return session.execute(select(func.count()).select_from(ActivityRow)).scalar_one()


@pytest.mark.req("S5.4.4")
def test_fifty_kills_lose_nothing_and_double_nothing(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "jiedan.db"
    flow = build(settings, path)
    deploy(flow, actor=ADMIN, files={"order.bpmn": diagram("order", PROCESS)})
    for _ in range(INSTANCES):
        start_instance(flow, actor=CLERK, process_id="order")
    flow.platform.close()
    database.close()
    chance = random.Random(7)

    for kill in range(KILLS):
        working, at_work = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                work_until_killed(settings, path, kill, at_work)
            finally:
                os._exit(1)
        os.close(at_work)
        assert os.read(working, 1) == b"!", "the child did not get to work"
        os.close(working)
        time.sleep(chance.random() * 0.05)
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child ended by itself"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    flow = build(settings, path)
    progress = count_left(flow)
    release_abandoned(flow, is_gone=lambda name: True)
    until = time.monotonic() + 60
    while list_instances(flow, states=frozenset({InstanceState.ACTIVE})).count.number:
        assert time.monotonic() < until, "some instance does not go on"
        run_due(flow)
        for task in list_tasks(flow, actor=CLERK, size=100).items:
            complete(flow, task.task_id)

    with flow.platform.read() as session:
        opened = Counter(
            session.execute(select(NoticeRow.msgid).where(NoticeRow.kind == "opened")).scalars()
        )
        left = Counter(session.execute(select(ActivityRow.instance_id, ActivityRow.element_id)))
        verified = audit.verify(session)
    assert len(opened) == INSTANCES
    assert set(opened.values()) == {1}
    assert len(left) == INSTANCES * 7
    assert set(left.values()) == {1}
    assert verified.ok
    # The kills fell into work under way: much was done, and not all.
    assert INSTANCES + KILLS < progress < INSTANCES * 7
    flow.platform.close()
