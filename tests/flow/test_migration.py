"""An instance goes to another version of its process with everything that waits, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.flow.definitions import deploy
from jiedan.flow.errors import (
    InstanceOver,
    MigrationRefused,
    NotAllowed,
    NotMigrated,
    ReasonMissing,
    StaleTask,
)
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.incidents import list_incidents
from jiedan.flow.instances import (
    cancel_instance,
    resume_instance,
    show_instance,
    start_instance,
    suspend_instance,
)
from jiedan.flow.messages import deliver_message
from jiedan.flow.migration import Migrated, migrate_instance, revert_instance
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import JobRow, SubscriptionRow
from jiedan.flow.tasks import Answer, claim_task, complete_task
from tests.flow.conftest import ADMIN, CLERK, do, only_task
from tests.flow.diagrams import (
    catch_message,
    chain,
    diagram,
    end,
    message,
    service,
    start,
    timer,
    user,
)


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A process platform on each database."""
    return Flow(both_databases, registry=registry)


def put(flow: Flow, *lines: str, name: str = "order") -> None:
    deploy(flow, actor=ADMIN, files={f"{name}.bpmn": diagram(name, "\n".join(lines))})


def straight(*ids: str) -> tuple[str, ...]:
    return (start(), *(user(one, "OC") for one in ids), end(), chain("begin", *ids, "finish"))


def begun(flow: Flow, **variables: Any) -> UUID:
    return start_instance(
        flow, actor=CLERK, process_id="order", variables=variables, business_key="XS-1"
    ).instance_id


def migrate(flow: Flow, instance_id: UUID, **mapping: str) -> Migrated:
    return migrate_instance(
        flow, actor=ADMIN, instance_id=instance_id, mapping=mapping, reason="new rules"
    )


def revert(flow: Flow, instance_id: UUID) -> Migrated:
    return revert_instance(flow, actor=ADMIN, instance_id=instance_id, reason="it was wrong")


def rows(flow: Flow, kind: Any, *names: str) -> list[tuple[Any, ...]]:
    with flow.platform.read() as session:
        return [
            tuple(row)
            for row in session.execute(
                select(*(getattr(kind, name) for name in names)).order_by(
                    *(getattr(kind, name) for name in names)
                )
            )
        ]


def test_an_instance_goes_to_the_newest_version_with_its_open_task(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    instance_id = begun(flow, amount=3)
    before = only_task(flow, CLERK)
    claim_task(flow, actor=CLERK, task_id=before.task_id, version=1)
    put(flow, *straight("review", "sign", "pay"))

    migrated = migrate(flow, instance_id)

    assert migrated == Migrated(instance_id, 1, 2)
    after = only_task(flow, CLERK)
    assert (after.task_id, after.assignee) == (before.task_id, "ann")
    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.version, view.variables) == (2, {"amount": 3})
    note = view.history[-1]
    assert (note.kind, note.actor, note.note) == ("migrated", "adi", "new rules")
    assert note.detail == {"from": 1, "to": 2, "mapping": {}}
    for one in ("review", "sign", "pay"):
        do(flow, CLERK, one)
    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.COMPLETED


def test_the_trail_tells_who_moved_it_and_from_where(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    put(flow, *straight("look"))

    migrate(flow, instance_id, review="look")

    ((actor, after),) = [
        (one[1], str(one[2]))
        for one in rows(flow, audit.AuditEntry, "action", "actor", "after")
        if one[0] == "instance.migrated"
    ]
    assert actor == "adi"
    assert "order/look" in after
    assert "new rules" in after


def test_a_task_at_another_element_has_its_name_and_its_old_page_is_stale(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    task = only_task(flow, CLERK)
    put(flow, start(), user("look", "OC", name="再看一眼"), end(), chain("begin", "look", "finish"))

    migrate(flow, instance_id, review="look")

    after = only_task(flow, CLERK)
    assert (after.element_id, after.name) == ("look", "再看一眼")
    with pytest.raises(StaleTask):
        complete_task(
            flow, actor=CLERK, task_id=task.task_id, version=task.version, answer=Answer("done")
        )
    do(flow, CLERK, "look")


def test_what_cannot_go_is_refused_by_name_and_nothing_changes(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    before = show_instance(flow, instance_id=instance_id)
    put(flow, *straight("look"))

    with pytest.raises(MigrationRefused) as refused:
        migrate(flow, instance_id)

    assert "“review” is not in the new version" in str(refused.value)
    assert show_instance(flow, instance_id=instance_id) == before
    do(flow, CLERK, "review")


def test_timers_keep_their_time_and_come_and_go_with_their_events(
    flow: Flow, clock: MovableClock
) -> None:
    late = timer("late", "PT5H", attached_to="review", cancel=False)
    remind = timer("remind", "PT2H", attached_to="review", cancel=False)
    extra = (user("hurry", "OC"), end("hurried"))
    put(flow, *straight("review"), late, *extra, chain("late", "hurry", "hurried"))
    instance_id = begun(flow)
    begun_at = clock.now()
    clock.advance(timedelta(hours=1))
    put(flow, *straight("review"), remind, *extra, chain("remind", "hurry", "hurried"))

    migrate(flow, instance_id)
    assert rows(flow, JobRow, "element_id", "due_at") == [("remind", begun_at + timedelta(hours=3))]

    revert(flow, instance_id)
    assert rows(flow, JobRow, "element_id", "due_at") == [("late", begun_at + timedelta(hours=5))]
    clock.advance(timedelta(hours=4))
    run_due(flow)
    assert only_task(flow, CLERK, "hurry")


def test_a_message_by_another_name_is_waited_for_anew_and_taken_if_it_came_early(
    flow: Flow,
) -> None:
    def waiting(name: str) -> tuple[str, ...]:
        return (
            message("m", name, "number"),
            start(),
            catch_message("wait", "m"),
            end(),
            chain("begin", "wait", "finish"),
        )

    put(flow, *waiting("paid"))
    instance_id = begun(flow, number="N1")
    deliver_message(flow, actor=ADMIN, name="payment", correlation_key="N1", key="k", payload={})
    put(flow, *waiting("payment"))

    migrate(flow, instance_id)

    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.COMPLETED
    assert rows(flow, SubscriptionRow, "message") == []


def test_what_failed_is_mended_by_the_version_with_another_handler(
    flow: Flow, registry: Registry
) -> None:
    @registry.handler("post.old", retries=1)
    def broken(context: Context) -> dict[str, Any]:
        raise RuntimeError("no such account")

    @registry.handler("post.new")
    def good(context: Context) -> dict[str, Any]:
        return {"posted": True}

    def posting(handler: str) -> tuple[str, ...]:
        return (start(), service("post", handler), end(), chain("begin", "post", "finish"))

    put(flow, *posting("post.old"))
    instance_id = begun(flow)
    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.INCIDENT
    put(flow, *posting("post.new"))

    migrate(flow, instance_id)

    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.state, view.variables) == (InstanceState.COMPLETED, {"posted": True})
    assert list_incidents(flow).items == ()


def test_an_incident_stays_at_the_element_that_took_its_place(
    flow: Flow, registry: Registry
) -> None:
    @registry.handler("post", retries=1)
    def broken(context: Context) -> dict[str, Any]:
        raise RuntimeError("no such account")

    put(flow, start(), service("post", "post"), end(), chain("begin", "post", "finish"))
    instance_id = begun(flow)
    put(flow, start(), service("book", "post"), end(), chain("begin", "book", "finish"))

    migrate(flow, instance_id, post="book")

    assert [one.element_id for one in list_incidents(flow).items] == ["book"]
    assert rows(flow, JobRow, "element_id", "state") == [("book", "incident")]


def test_a_suspended_instance_moves_and_goes_on_resting(flow: Flow, clock: MovableClock) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    suspend_instance(flow, actor=ADMIN, instance_id=instance_id, reason="wait")
    late = timer("late", "PT1H", attached_to="review")
    put(flow, *straight("review"), late, end("given_up"), chain("late", "given_up"))

    migrate(flow, instance_id)

    clock.advance(timedelta(hours=2))
    run_due(flow)
    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.state, view.item.version) == (InstanceState.SUSPENDED, 2)
    resume_instance(flow, actor=ADMIN, instance_id=instance_id, reason="go on")
    run_due(flow)
    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.COMPLETED


def test_going_back_works_after_the_instance_has_moved_on(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    instance_id = begun(flow)
    put(flow, *straight("look", "pay"))
    migrate(flow, instance_id, review="look")
    do(flow, CLERK, "look")

    assert revert(flow, instance_id) == Migrated(instance_id, 2, 1)

    assert show_instance(flow, instance_id=instance_id).history[-1].kind == "migrated_back"
    do(flow, CLERK, "pay")
    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.COMPLETED


def test_going_back_restores_element_and_name(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    put(flow, *straight("look"))
    migrate(flow, instance_id, review="look")

    revert(flow, instance_id)

    assert only_task(flow, CLERK, "review").name == "review"
    with pytest.raises(NotMigrated):
        revert(flow, instance_id)


def test_who_stands_where_the_old_version_has_nothing_stays(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    instance_id = begun(flow)
    put(flow, *straight("review", "sign", "pay"))
    migrate(flow, instance_id)
    do(flow, CLERK, "review")

    with pytest.raises(MigrationRefused, match="“sign” is not in the new version"):
        revert(flow, instance_id)

    do(flow, CLERK, "sign")
    assert revert(flow, instance_id).to_version == 1


def test_only_admins_migrate_and_they_say_why(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    put(flow, *straight("review", "pay"))

    with pytest.raises(NotAllowed):
        migrate_instance(flow, actor=CLERK, instance_id=instance_id, reason="because")
    with pytest.raises(ReasonMissing):
        migrate_instance(flow, actor=ADMIN, instance_id=instance_id, reason=" ")
    with pytest.raises(NotAllowed):
        revert_instance(flow, actor=CLERK, instance_id=instance_id, reason="because")


def test_what_is_over_or_there_already_does_not_go(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    with pytest.raises(MigrationRefused, match="It runs on this version already"):
        migrate(flow, instance_id)

    cancel_instance(flow, actor=ADMIN, instance_id=instance_id, reason="no longer wanted")
    put(flow, *straight("review", "pay"))

    with pytest.raises(InstanceOver):
        migrate(flow, instance_id)
