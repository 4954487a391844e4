"""Migrations of many instances: tried first, done one by one, taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from jiedan.core.ids import new_id
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.flow import migration_work
from jiedan.flow.errors import (
    MappingUnknown,
    MigrationInState,
    MigrationNotFound,
    NotAllowed,
    NothingToMigrate,
    ReasonMissing,
    SameVersion,
)
from jiedan.flow.handlers import Registry
from jiedan.flow.instances import cancel_instance, show_instance, start_instance
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.migration_list import list_items, list_migrations, show_migration
from jiedan.flow.migration_plan import Plan, plan_migration, versions_of
from jiedan.flow.migration_runs import (
    begin_migration,
    change_mapping,
    revert_migration,
    run_migration,
)
from jiedan.flow.migration_work import work_some
from jiedan.flow.obstacles import say
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import JobState, MigrationState
from jiedan.flow.tables import JobRow
from jiedan.flow.tasks import Answer, complete_task
from tests.flow.conftest import ADMIN, CLERK, do
from tests.flow.diagrams import chain, end, start, timer, user
from tests.flow.test_migration import put, straight


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A process platform on each database."""
    return Flow(both_databases, registry=registry)


def several(flow: Flow, count: int, prefix: str = "XS") -> list[UUID]:
    return [
        start_instance(
            flow, actor=CLERK, process_id="order", business_key=f"{prefix}-{number}"
        ).instance_id
        for number in range(count)
    ]


def versions(flow: Flow, instance_ids: list[UUID]) -> list[int]:
    return [show_instance(flow, instance_id=one).item.version for one in instance_ids]


def begin(flow: Flow, **choice: object) -> UUID:
    migration_id = begin_migration(flow, actor=ADMIN, process_id="order", **choice)  # type: ignore[arg-type]
    run_due(flow)
    return migration_id


def go(flow: Flow, migration_id: UUID) -> None:
    run_migration(flow, actor=ADMIN, migration_id=migration_id, reason="new rules")
    run_due(flow)


def back(flow: Flow, migration_id: UUID) -> None:
    revert_migration(flow, actor=ADMIN, migration_id=migration_id, reason="it was wrong")
    run_due(flow)


def counts(flow: Flow, migration_id: UUID) -> dict[str, int]:
    return dict(show_migration(flow, migration_id=migration_id).counts)


def finish_first_task(flow: Flow, instance_id: UUID) -> None:
    (task,) = show_instance(flow, instance_id=instance_id).tasks
    complete_task(flow, actor=CLERK, task_id=task.task_id, version=1, answer=Answer("done"))


def test_a_trial_changes_nothing_and_tells_of_each_instance(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    ids = several(flow, 3)
    finish_first_task(flow, ids[0])
    put(flow, *straight("review", "settle"))
    before = [show_instance(flow, instance_id=one) for one in ids]

    migration_id = begin(flow)

    assert show_migration(flow, migration_id=migration_id).state is MigrationState.CHECKED
    assert counts(flow, migration_id) == {"ready": 2, "refused": 1}
    (refused,) = list_items(flow, migration_id=migration_id, states=frozenset({"refused"})).items
    assert refused.instance_id == ids[0]
    assert [(one["rule"], one["element"]) for one in refused.obstacles] == [("gone", "pay")]
    assert say(refused.obstacles[0]["rule"], "pay", "").startswith("“pay” is not in the new")
    assert [show_instance(flow, instance_id=one) for one in ids] == before


def test_a_better_mapping_is_tried_again_and_then_all_go_and_come_back(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    ids = several(flow, 3)
    finish_first_task(flow, ids[0])
    put(flow, *straight("review", "settle"))
    migration_id = begin(flow)

    change_mapping(flow, actor=ADMIN, migration_id=migration_id, mapping={"order/pay": "settle"})
    run_due(flow)
    assert counts(flow, migration_id) == {"ready": 3}
    go(flow, migration_id)

    assert show_migration(flow, migration_id=migration_id).state is MigrationState.DONE
    assert counts(flow, migration_id) == {"migrated": 3}
    assert versions(flow, ids) == [2, 2, 2]
    note = show_instance(flow, instance_id=ids[0]).history[-1]
    assert (note.kind, note.actor, note.note) == ("migrated", "adi", "new rules")

    back(flow, migration_id)
    assert show_migration(flow, migration_id=migration_id).state is MigrationState.REVERTED
    assert counts(flow, migration_id) == {"reverted": 3}
    assert versions(flow, ids) == [1, 1, 1]


def test_exactly_those_that_were_chosen_go(flow: Flow) -> None:
    put(flow, *straight("review"))
    old = several(flow, 2, "OLD")
    put(flow, *straight("review", "pay"))
    middle = several(flow, 2, "MID")
    put(flow, *straight("review", "pay", "send"))
    new = several(flow, 1, "NEW")

    go(flow, begin(flow, source_version=1, query="old-1"))
    assert versions(flow, [*old, *middle, *new]) == [1, 3, 2, 2, 3]
    go(flow, begin(flow, instance_ids=[middle[0], new[0]]))
    assert versions(flow, [*old, *middle, *new]) == [1, 3, 3, 2, 3]
    go(flow, begin(flow))
    assert versions(flow, [*old, *middle, *new]) == [3, 3, 3, 3, 3]
    with pytest.raises(NothingToMigrate):
        begin(flow)


def test_who_ends_or_moves_meanwhile_is_told_and_the_others_go(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    ids = several(flow, 3)
    put(flow, *straight("review"))
    migration_id = begin(flow)
    cancel_instance(flow, actor=ADMIN, instance_id=ids[0], reason="no longer wanted")
    finish_first_task(flow, ids[1])

    go(flow, migration_id)

    assert counts(flow, migration_id) == {"migrated": 1, "refused": 2}
    told = {
        one.instance_id: [found["rule"] for found in one.obstacles]
        for one in list_items(flow, migration_id=migration_id).items
    }
    assert told == {ids[0]: ["over"], ids[1]: ["gone"], ids[2]: []}
    assert versions(flow, ids)[1:] == [1, 2]


def test_who_cannot_go_back_stays_and_can_be_asked_again(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    ids = several(flow, 2)
    put(flow, *straight("review", "sign", "pay"))
    migration_id = begin(flow)
    go(flow, migration_id)
    finish_first_task(flow, ids[0])

    back(flow, migration_id)
    assert counts(flow, migration_id) == {"kept": 1, "reverted": 1}
    do(flow, CLERK, "sign")
    back(flow, migration_id)

    assert counts(flow, migration_id) == {"reverted": 2}
    assert versions(flow, ids) == [1, 1]


def test_a_migration_goes_on_where_a_worker_left_it(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_work, "AT_ONCE", 2)
    put(flow, *straight("review"))
    ids = several(flow, 5)
    put(flow, *straight("review", "pay"))
    migration_id = begin_migration(flow, actor=ADMIN, process_id="order")
    while work_some(flow, migration_id=migration_id, limit=2):
        pass
    run_migration(flow, actor=ADMIN, migration_id=migration_id, reason="new rules")

    # A worker takes the job, does a part of it and is never seen again.
    assert [one for one in claim_jobs(flow, worker="lost") if one.id == migration_id]
    assert work_some(flow, migration_id=migration_id, limit=2)
    assert counts(flow, migration_id) == {"migrated": 2, "ready": 3}
    with flow.platform.work(actor=ADMIN) as work:
        release(work, migration_id)
    run_due(flow)

    assert counts(flow, migration_id) == {"migrated": 5}
    assert versions(flow, ids) == [2] * 5
    notes = [
        entry.kind for one in ids for entry in show_instance(flow, instance_id=one).history
    ].count("migrated")
    assert notes == 5


def test_two_workers_at_one_migration_do_not_stumble_over_each_other(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(flow, *straight("review"))
    ids = several(flow, 2)
    put(flow, *straight("look"))
    migration_id = begin_migration(flow, actor=ADMIN, process_id="order")
    met: list[str] = []
    look_ahead = migration_work.look_ahead

    def meanwhile(*arguments: Any) -> Any:
        if not met:
            met.append("another worker")
            work_some(flow, migration_id=migration_id, limit=5)
        return look_ahead(*arguments)

    monkeypatch.setattr(migration_work, "look_ahead", meanwhile)
    work_some(flow, migration_id=migration_id, limit=5)

    assert met
    assert counts(flow, migration_id) == {"refused": len(ids)}


def release(work: Work, migration_id: UUID) -> None:
    """What the end of a lease does."""
    work.session.execute(
        update(JobRow).where(JobRow.id == migration_id).values(state=JobState.DUE, worker=None)
    )


def test_only_admins_and_only_in_their_turn(flow: Flow) -> None:
    put(flow, *straight("review"))
    several(flow, 1)
    put(flow, *straight("review", "pay"))
    with pytest.raises(NotAllowed):
        begin_migration(flow, actor=CLERK, process_id="order")
    with pytest.raises(MappingUnknown, match="nowhere"):
        begin_migration(flow, actor=ADMIN, process_id="order", mapping={"review": "nowhere"})
    migration_id = begin(flow)

    with pytest.raises(NotAllowed):
        run_migration(flow, actor=CLERK, migration_id=migration_id, reason="because")
    with pytest.raises(ReasonMissing):
        run_migration(flow, actor=ADMIN, migration_id=migration_id, reason="")
    with pytest.raises(MigrationInState):
        revert_migration(flow, actor=ADMIN, migration_id=migration_id, reason="too early")
    go(flow, migration_id)
    with pytest.raises(MigrationInState):
        run_migration(flow, actor=ADMIN, migration_id=migration_id, reason="again")
    with pytest.raises(MigrationInState):
        change_mapping(flow, actor=ADMIN, migration_id=migration_id, mapping={})
    with pytest.raises(MigrationNotFound):
        show_migration(flow, migration_id=new_id())


def test_the_list_of_migrations_is_paged_newest_first(flow: Flow) -> None:
    put(flow, *straight("review"))
    several(flow, 1)
    put(flow, *straight("review", "pay"))
    made = [begin(flow) for _ in range(3)]

    first = list_migrations(flow, size=2)
    second = list_migrations(flow, size=2, after=first.after)

    assert [one.id for one in (*first.items, *second.items)] == made[::-1]
    assert (first.count.number, second.after) == (3, None)


def test_a_plan_says_what_becomes_of_each_element(flow: Flow) -> None:
    late = timer("late", "PT5H", attached_to="review", cancel=False)
    put(flow, *straight("review", "pay"), late, end("noted"), chain("late", "noted"))
    several(flow, 2)
    put(flow, start(), user("review", "OC"), user("settle", "OC", name="结算"), end(),
        chain("begin", "review", "settle", "finish"))  # fmt: skip

    plan = plan_migration(flow, process_id="order", source_version=1)

    assert told(plan) == [
        ("review", "review", "", 2),
        ("pay", None, "gone", 0),
        ("late", None, "gone", 0),
    ]
    pay = plan.changes[1]
    assert [one.element_id for one in pay.choices] == ["review", "settle"]
    assert [one.is_open_question for one in plan.changes] == [False, True, False]
    mapped = plan_migration(
        flow, process_id="order", source_version=1, mapping={"order/pay": "settle"}
    )
    assert told(mapped)[1] == ("pay", "settle", "", 0)
    assert versions_of(flow, process_id="order") == {1: 2}
    with pytest.raises(SameVersion):
        plan_migration(flow, process_id="order", source_version=2)


def told(plan: Plan) -> list[tuple[str, str | None, str, int]]:
    return [
        (
            one.place.element_id,
            one.target.element_id if one.target else None,
            one.rule,
            one.tasks,
        )
        for one in plan.changes
    ]
