"""Workers against each other, against whoever ends what they work for, and deployments."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.flow.errors import IncidentNotFound
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.incidents import list_incidents, retry_incident, skip_incident
from jiedan.flow.instances import cancel_instance, show_instance
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due, run_job
from jiedan.flow.tables import JobRow
from tests.flow.conftest import ADMIN
from tests.flow.diagrams import chain, end, service, start, timer, user
from tests.flow.races.conftest import Arena
from tests.flow.races.instrument import sending

MAIL = "\n".join(
    [
        start(),
        service("send_mail", "mail.send"),
        user("pack_order", "OC"),
        end(),
        chain("begin", "send_mail", "pack_order", "finish"),
    ]
)
SENT = {
    "tokens": Counter(["pack_order"]),
    "tasks": Counter([("pack_order", "open")]),
    "left": Counter(["begin", "send_mail"]),
}


@pytest.fixture
def mails(registry: Registry) -> list[tuple[str, int]]:
    """Every (key, attempt) that was sent outside."""
    sent: list[tuple[str, int]] = []

    @registry.handler("mail.send", external=True)
    def send(context: Context) -> dict[str, Any]:
        sent.append((context.idempotency_key, context.attempt))
        return {"attempt": context.attempt}

    return sent


def expire_leases(flow: Flow) -> None:
    """As if a minute of the machine's time had passed without a word from the worker."""
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(update(JobRow).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))


def test_of_two_workers_one_gets_the_job(arena: Arena, mails: list[tuple[str, int]]) -> None:
    arena.deploy(order=MAIL)
    instance_id = arena.start()

    outcome = arena.track.held(
        partial(claim_jobs, arena.here, worker="one"),
        partial(claim_jobs, arena.there, worker="two"),
    )
    for job in [*outcome.winner, *outcome.loser]:
        run_job(arena.here, job=job)

    assert (len(outcome.winner), outcome.loser) == (1, [])
    # Whoever comes second on PostgreSQL does not even wait.
    assert outcome.waited is arena.on_sqlite
    assert len(mails) == 1
    assert arena.books(instance_id).said() == SENT


def test_of_two_workers_who_send_the_same_the_one_with_the_newer_hold_is_listened_to(
    arena: Arena, mails: list[tuple[str, int]]
) -> None:
    arena.deploy(order=MAIL)
    for newer_first in (True, False):
        for meet in arena.meetings():
            mails.clear()
            instance_id = arena.start()
            slow = arena.job("slow")
            expire_leases(arena.here)
            fast = arena.job("fast")
            older = partial(run_job, arena.here, job=slow)
            newer = partial(run_job, arena.there, job=fast)

            outcome = meet(newer, older) if newer_first else meet(older, newer)

            assert outcome.refusal is None
            assert slow.fence < fast.fence
            # The outside saw both, under one key.
            assert len(mails) == 2
            assert len({key for key, _ in mails}) == 1
            books = arena.books(instance_id)
            assert (books.revision, books.jobs) == (2, Counter([("handler", "done")]))
            assert books.said() == SENT
            seen = show_instance(arena.here, instance_id=instance_id)
            assert seen.variables["attempt"] == fast.attempt


def test_an_answer_that_meets_a_cancellation_is_not_listened_to(
    arena: Arena, mails: list[tuple[str, int]]
) -> None:
    arena.deploy(order=MAIL)
    for meet in arena.meetings():
        instance_id = arena.start()
        job = arena.job()

        outcome = meet(
            partial(
                cancel_instance, arena.here, actor=ADMIN, instance_id=instance_id, reason="race"
            ),
            partial(run_job, arena.there, job=job),
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.tokens) == ("cancelled", Counter())
        assert books.jobs == Counter([("handler", "cancelled")])
        assert books.revision == 2


def test_a_last_failure_that_meets_a_timer_that_ends_its_step_leaves_no_incident(
    arena: Arena, registry: Registry, clock: MovableClock
) -> None:
    """The failure holds its job and wants its instance; the timer the other way round."""

    @registry.handler("mail.send", external=True, retries=1)
    def send(context: Context) -> dict[str, Any]:
        raise OSError("nobody there")

    body = "\n".join(
        [
            MAIL,
            timer("too_late", "PT1H", attached_to="send_mail"),
            user("send_by_hand", "OC"),
            end("sent"),
            chain("too_late", "send_by_hand", "sent"),
        ]
    )
    arena.deploy(order=body)
    for meet in [*arena.meetings(), arena.track.held]:
        instance_id = arena.start()
        mail = arena.job("mail")
        clock.advance(timedelta(hours=1))
        late = arena.job("timer")

        outcome = meet(
            partial(run_job, arena.here, job=late), partial(run_job, arena.there, job=mail)
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.tokens) == ("active", Counter(["send_by_hand"]))
        assert books.jobs == Counter([("handler", "cancelled")])
        assert list_incidents(arena.here).items == ()


def test_a_timer_that_meets_a_last_failure_takes_its_incident_away(
    arena: Arena, registry: Registry, clock: MovableClock
) -> None:
    @registry.handler("mail.send", external=True, retries=1)
    def send(context: Context) -> dict[str, Any]:
        raise OSError("nobody there")

    body = "\n".join(
        [
            MAIL,
            timer("too_late", "PT1H", attached_to="send_mail"),
            user("send_by_hand", "OC"),
            end("sent"),
            chain("too_late", "send_by_hand", "sent"),
        ]
    )
    arena.deploy(order=body)
    for at in ("commit", "INSERT INTO flow_incidents"):
        instance_id = arena.start()
        mail = arena.job("mail")
        clock.advance(timedelta(hours=1))
        late = arena.job("timer")

        outcome = arena.track.held(
            partial(run_job, arena.here, job=mail),
            partial(run_job, arena.there, job=late),
            **({} if at == "commit" else {"at": sending(at)}),
        )

        assert outcome.waited
        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.tokens) == ("active", Counter(["send_by_hand"]))
        assert books.jobs == Counter([("handler", "cancelled")])
        assert list_incidents(arena.here).items == ()


@pytest.mark.parametrize("second", ["retry", "skip"])
def test_of_two_admins_who_mend_one_incident_the_second_finds_it_mended(
    arena: Arena, registry: Registry, second: str
) -> None:
    broken = [True]

    @registry.handler("mail.send", external=True, retries=1)
    def send(context: Context) -> dict[str, Any]:
        if broken[0]:
            raise OSError("nobody there")
        return {}

    arena.deploy(order=MAIL)
    for meet in arena.meetings():
        broken[0] = True
        instance_id = arena.start()
        run_due(arena.here)
        incident_id = list_incidents(arena.here).items[0].id
        broken[0] = False
        others = {
            "retry": partial(
                retry_incident, arena.there, actor=ADMIN, incident_id=incident_id, reason="again"
            ),
            "skip": partial(
                skip_incident, arena.there, actor=ADMIN, incident_id=incident_id, reason="by hand"
            ),
        }

        outcome = meet(
            partial(retry_incident, arena.here, actor=ADMIN, incident_id=incident_id, reason="try"),
            others[second],
        )
        run_due(arena.here)

        assert isinstance(outcome.refusal, IncidentNotFound)
        books = arena.books(instance_id)
        assert (books.state, books.tokens) == ("active", SENT["tokens"])
        assert books.jobs == Counter([("handler", "done")])
        assert books.tasks == SENT["tasks"]
