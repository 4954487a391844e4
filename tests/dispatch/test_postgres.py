"""What processes on one PostgreSQL tell each other, and the queue of many machines."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.dispatch.local import Dispatcher
from jiedan.dispatch.opening import QueueNeedsPostgres, open_channel, open_dispatcher
from jiedan.dispatch.postgres import Ear, Notifying
from jiedan.dispatch.procrastinate import Queue, QueueDispatcher, prepare_queue, tidy_queue
from jiedan.dispatch.workers import worker_name
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import resume_instance, start_instance, suspend_instance
from jiedan.flow.jobs import claim_jobs, list_jobs
from jiedan.flow.platform import Channel, DueJob, Flow
from tests.dispatch.test_local import MAILS, eventually, waits
from tests.flow.conftest import ADMIN, CLERK, deployed, registry

__all__ = ["deployed", "registry"]

Deployed = Callable[..., None]


@pytest.fixture
def clock() -> MovableClock:
    """A clock that runs, and can be moved."""
    return MovableClock()


@pytest.fixture
def flow(postgres_platform: Platform, registry: Registry) -> Flow:
    """A process that works nothing itself and puts its jobs into the queue."""
    return Flow(postgres_platform, registry=registry, channel=Queue(postgres_platform.database))


@pytest.fixture
def machine(postgres_platform: Platform, registry: Registry, flow: Flow) -> Iterator[Dispatcher]:
    """Another process, which works only what the queue brings or the clock."""
    dispatcher = QueueDispatcher(Flow(postgres_platform, registry=registry))
    dispatcher.patience = timedelta(hours=1)
    dispatcher.start()
    yield dispatcher
    dispatcher.stop()


def tell_and_fail(platform: Platform, channel: Channel, *jobs: DueJob) -> None:
    """Make something due in a transaction that comes to nothing."""
    with suppress(ZeroDivisionError), platform.work(actor=SYSTEM) as work:
        channel.tell(work, work.now, jobs)
        _ = 1 / 0


def queued(database: Database) -> list[str]:
    """The states of what is in the queue."""
    with database.reading() as session:
        rows = session.execute(text("SELECT status::text FROM procrastinate_jobs ORDER BY id"))
        return list(rows.scalars())


def test_news_is_heard_when_its_transaction_commits_and_only_then(
    postgres_platform: Platform,
) -> None:
    heard: list[datetime | None] = []
    news = threading.Event()

    def hear(due_at: datetime | None) -> None:
        heard.append(due_at)
        news.set()

    channel = Notifying()
    ear = Ear(postgres_platform.database, worker=worker_name(), ignore="me", hear=hear)
    ear.start()
    try:
        news.clear()
        tell_and_fail(postgres_platform, channel)
        with postgres_platform.work(actor=SYSTEM) as work:
            told = work.now
            channel.tell(work, told + timedelta(hours=1), ())
            channel.tell(work, told, ())
        assert news.wait(10)
    finally:
        ear.stop()

    # At first it cannot know what it missed; what is far away is no news.
    assert heard == [None, told]


def test_a_worker_is_known_to_live_as_long_as_its_connection(postgres_platform: Platform) -> None:
    database, name = postgres_platform.database, worker_name()
    looker = Ear(database, worker=worker_name(), ignore="", hear=lambda due_at: None)
    other = Ear(database, worker=name, ignore="", hear=lambda due_at: None)
    other.start()

    alive = [looker.is_gone(name) for _ in range(3)]
    other.stop()
    gone = [looker.is_gone(name) for _ in range(3)]

    assert alive == [False, False, False]
    # A connection may only have been cut: the first look proves nothing.
    assert gone == [False, True, True]
    assert not looker.is_gone("inline")


@pytest.mark.usefixtures("machine")
def test_a_job_goes_through_the_queue_to_another_process(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    sent: list[str] = []

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict:
        sent.append(context.idempotency_key)
        return {}

    deployed(order=MAILS)
    for _ in range(8):
        start_instance(flow, actor=CLERK, process_id="order")

    assert eventually(lambda: len(list_tasks(flow, actor=CLERK).items) == 8)
    assert len(sent) == len(set(sent)) == 8
    assert eventually(lambda: queued(flow.platform.database) == [])


@pytest.mark.usefixtures("machine")
def test_timers_need_no_queue(flow: Flow, deployed: Deployed, clock: MovableClock) -> None:
    deployed(order=waits("PT0.3S"))
    start_instance(flow, actor=CLERK, process_id="order")

    assert eventually(lambda: len(list_tasks(flow, actor=CLERK).items) == 1)
    assert queued(flow.platform.database) == []


def test_what_is_rolled_back_was_never_queued(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    registry.handler("mail.send", external=True)(lambda context: {})
    deployed(order=MAILS)
    started = start_instance(flow, actor=CLERK, process_id="order").instance_id

    suspend_instance(flow, actor=ADMIN, instance_id=started, reason="look")
    resume_instance(flow, actor=ADMIN, instance_id=started)
    tell_and_fail(flow.platform, flow.channel, DueJob(uuid.uuid4(), started))

    # Once for the start, once for the resumption: the second finds the row taken.
    assert queued(flow.platform.database) == ["todo", "todo"]
    only = list_jobs(flow).items[0].id
    assert len(claim_jobs(flow, worker="a", only=only)) == 1
    assert claim_jobs(flow, worker="b", only=only) == []


def test_what_the_queue_lost_is_taken_by_an_alarm_after_a_while(
    flow: Flow, registry: Registry, deployed: Deployed, clock: MovableClock
) -> None:
    registry.handler("mail.send", external=True)(lambda context: {})
    deployed(order=MAILS)
    start_instance(flow, actor=CLERK, process_id="order")

    patience = QueueDispatcher.patience
    at_first = claim_jobs(flow, worker="alarm", patience=patience)
    clock.advance(patience or timedelta(0))
    later = claim_jobs(flow, worker="alarm", patience=patience)

    assert at_first == []
    assert len(later) == 1


def test_what_a_dead_worker_had_in_hand_no_longer_blocks_its_instance(flow: Flow) -> None:
    database = flow.platform.database
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now()), (now() - interval '1 minute')"
            )
        )
        session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
                "SELECT 'jiedan', 'jiedan.work', CAST('doing' AS procrastinate_job_status), id "
                "FROM procrastinate_workers "
                "UNION ALL SELECT 'jiedan', 'jiedan.work', 'doing', NULL"
            )
        )
        session.commit()

    assert tidy_queue(database) == 2
    assert queued(database) == ["doing"]


def test_the_queue_of_an_older_version_is_taken_forward_once(
    flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = flow.platform.database
    present = importlib.metadata.version("procrastinate")
    for name, table in ((f"{present}_50_post_old", "too_old"), ("99.01.00_01_pre_new", "news")):
        (tmp_path / f"{name}.sql").write_text(f"CREATE TABLE {table} (share text DEFAULT '5%')")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", lambda: str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.1.0")

    prepare_queue(database)
    prepare_queue(database)

    with database.reading() as session:
        for table, there in (("too_old", None), ("news", "news")):
            found = session.execute(text(f"SELECT to_regclass('{table}')::text")).scalar()
            assert found == there


def test_the_setting_chooses_and_the_queue_needs_postgresql(
    platform: Platform, postgres_platform: Platform
) -> None:
    many = dataclasses.replace(platform.settings, dispatch="procrastinate")

    with pytest.raises(QueueNeedsPostgres):
        open_channel(many, platform.database)
    assert isinstance(open_channel(many, postgres_platform.database), Queue)
    assert type(open_channel(platform.settings, postgres_platform.database)) is Notifying
    postgres_platform.settings = many
    assert isinstance(open_dispatcher(Flow(postgres_platform)), QueueDispatcher)
