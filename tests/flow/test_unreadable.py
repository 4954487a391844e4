"""A stored state that cannot be read is an incident that is told, not an error page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.flow.errors import IncidentStays, InstanceUnreadable
from jiedan.flow.handlers import Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.incidents import list_incidents, retry_incident, show_incident, skip_incident
from jiedan.flow.instances import cancel_instance, show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import JobRow, StateRow, SubscriptionRow
from tests.flow.conftest import ADMIN, CLERK, do
from tests.flow.diagrams import chain, end, timer
from tests.flow.test_migration import put, straight


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A process platform on each database."""
    return Flow(both_databases, registry=registry)


@pytest.fixture
def instance_id(flow: Flow) -> UUID:
    """An instance with a task and a timer."""
    late = timer("late", "PT1H", attached_to="review", cancel=False)
    put(flow, *straight("review"), late, end("noted"), chain("late", "noted"))
    return start_instance(flow, actor=CLERK, process_id="order").instance_id


def stored(flow: Flow, instance_id: UUID) -> bytes:
    with flow.platform.read() as session:
        wanted = select(StateRow.content).where(StateRow.instance_id == instance_id)
        return bytes(session.execute(wanted).scalar_one())


def overwrite(flow: Flow, instance_id: UUID, content: bytes) -> None:
    with flow.platform.work(actor=ADMIN) as work:
        work.session.execute(
            update(StateRow).where(StateRow.instance_id == instance_id).values(content=content)
        )
    flow.caches.live.clear()


def damage(flow: Flow, instance_id: UUID) -> bytes:
    """Flip one bit in the middle; what was there before."""
    content = stored(flow, instance_id)
    middle = len(content) // 2
    damaged = content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]
    overwrite(flow, instance_id, damaged)
    return content


def test_a_damaged_state_is_refused_and_becomes_an_incident_once(
    flow: Flow, instance_id: UUID
) -> None:
    damage(flow, instance_id)
    damaged = stored(flow, instance_id)

    for _ in range(2):
        with pytest.raises(InstanceUnreadable, match="damaged: the checksum does not match"):
            do(flow, CLERK, "review")

    (incident,) = list_incidents(flow).items
    assert (incident.kind, incident.message) == (
        "state_unreadable",
        "damaged: the checksum does not match",
    )
    assert stored(flow, instance_id) == damaged
    view = show_instance(flow, instance_id=instance_id)
    assert view.item.state is InstanceState.INCIDENT
    assert view.unreadable == "damaged: the checksum does not match"


def test_a_state_of_a_newer_release_says_so(flow: Flow, instance_id: UUID) -> None:
    overwrite(flow, instance_id, b"\x63" + stored(flow, instance_id)[1:])

    with pytest.raises(InstanceUnreadable, match="written by a newer release: format 99"):
        do(flow, CLERK, "review")

    assert show_incident(flow, incident_id=list_incidents(flow).items[0].id).variables is None


def test_timers_rest_until_the_state_is_mended_and_then_go_on(
    flow: Flow, instance_id: UUID, clock: MovableClock
) -> None:
    whole = damage(flow, instance_id)
    clock.advance(timedelta(hours=2))
    run_due(flow)
    (incident,) = list_incidents(flow).items
    with flow.platform.read() as session:
        assert session.execute(select(JobRow.state)).scalars().all() == ["suspended"]
    with pytest.raises(InstanceUnreadable):
        retry_incident(flow, actor=ADMIN, incident_id=incident.id)

    overwrite(flow, instance_id, whole)
    with pytest.raises(IncidentStays):
        skip_incident(flow, actor=ADMIN, incident_id=incident.id, reason="no matter")
    retry_incident(flow, actor=ADMIN, incident_id=incident.id)
    run_due(flow)

    view = show_instance(flow, instance_id=instance_id)
    assert view.item.state is InstanceState.ACTIVE
    assert "late" in [entry.element_id for entry in view.history]


def test_what_cannot_be_read_can_be_ended(flow: Flow, instance_id: UUID) -> None:
    damage(flow, instance_id)

    cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason="beyond repair")

    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.state, view.end_note) == (InstanceState.CANCELLED, "beyond repair")
    assert view.item.ended_at is not None
    assert list_tasks(flow, actor=CLERK).items == ()
    assert list_incidents(flow).items == ()
    with flow.platform.read() as session:
        assert session.execute(select(JobRow.state)).scalars().all() == ["cancelled"]
        assert session.execute(select(SubscriptionRow.task_id)).all() == []


def test_others_are_unharmed(flow: Flow, instance_id: UUID) -> None:
    other = start_instance(flow, actor=CLERK, process_id="order", business_key="XS-2")
    damage(flow, instance_id)

    cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason="beyond repair")
    do(flow, CLERK, "review")

    view = show_instance(flow, instance_id=other.instance_id)
    assert view.item.state is InstanceState.COMPLETED
