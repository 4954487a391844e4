"""Completing a user task against whatever else happens to its instance at that moment."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from jiedan.core.clock import MovableClock
from jiedan.flow.errors import (
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskTaken,
)
from jiedan.flow.inbox import list_tasks
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.running import run_job
from jiedan.flow.sla import climb_ladder
from jiedan.flow.tasks import claim_task
from tests.flow.conftest import CLERK, MANAGER, SECOND_CLERK
from tests.flow.races.conftest import Arena, complete
from tests.flow.races.instrument import sending
from tests.flow.races.processes import OR_TOO_LATE, TWO_BRANCHES, TWO_STEPS, WENT_ON


def test_of_two_completions_of_one_task_the_first_counts_and_the_second_reads_who_and_when(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=TWO_STEPS)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(complete, arena.here, task_id, CLERK),
            partial(complete, arena.there, task_id, SECOND_CLERK),
        )

        assert [one.element_id for one in outcome.winner.next_tasks] == ["review_order"]
        assert isinstance(outcome.refusal, TaskAlreadyCompleted)
        assert (outcome.refusal.by, outcome.refusal.at) == ("ann", clock.now())
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.inboxes) == ("active", 2, 1)
        assert books.said() == WENT_ON


# --- against a claim ---------------------------------------------------------------------------
def test_a_completion_that_meets_a_claim_reads_who_has_the_task(arena: Arena) -> None:
    arena.deploy(order=TWO_STEPS)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(claim_task, arena.here, actor=SECOND_CLERK, task_id=task_id),
            partial(complete, arena.there, task_id, CLERK),
        )

        assert isinstance(outcome.refusal, TaskTaken)
        assert outcome.refusal.by == "ben"
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.inboxes) == ("active", 1, 2)
        assert books.tasks == Counter([("enter_order", "claimed")])
        assert books.left == Counter(["begin", "enter_order"]), "started, claimed"


def test_a_claim_that_meets_a_completion_reads_that_the_task_is_done(arena: Arena) -> None:
    arena.deploy(order=TWO_STEPS)
    for meet in arena.meetings(at="UPDATE flow_tasks"):
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(complete, arena.here, task_id, CLERK),
            partial(claim_task, arena.there, actor=SECOND_CLERK, task_id=task_id),
        )

        assert isinstance(outcome.refusal, TaskAlreadyCompleted)
        assert outcome.refusal.by == "ann"
        assert arena.books(instance_id).said() == WENT_ON


def test_a_claim_half_done_lets_the_completion_wait_and_not_itself(arena: Arena) -> None:
    """The claim holds the task and has yet to write its note about the instance."""
    arena.deploy(order=TWO_STEPS)
    instance_id = arena.start()
    task_id = arena.task(instance_id, "enter_order")

    outcome = arena.track.held(
        partial(claim_task, arena.here, actor=SECOND_CLERK, task_id=task_id),
        partial(complete, arena.there, task_id, CLERK),
        at=sending("INSERT INTO flow_activities"),
    )

    assert outcome.waited
    assert isinstance(outcome.refusal, TaskTaken)
    assert arena.books(instance_id).tasks == Counter([("enter_order", "claimed")])


# --- against a timer ---------------------------------------------------------------------------
def test_a_completion_that_meets_a_timer_reads_that_the_process_moved_on(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=OR_TOO_LATE)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")
        clock.advance(timedelta(hours=1))
        job = arena.job()

        outcome = meet(
            partial(run_job, arena.there, job=job), partial(complete, arena.here, task_id)
        )

        assert isinstance(outcome.refusal, TaskNoLongerOpen)
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.jobs) == ("active", 2, Counter())
        assert books.tokens == Counter(["ask_again"])
        assert books.tasks == Counter([("enter_order", "cancelled"), ("ask_again", "open")])
        assert books.left == Counter(["begin", "enter_order", "too_late"])


def test_a_timer_that_meets_a_completion_does_nothing(arena: Arena, clock: MovableClock) -> None:
    arena.deploy(order=OR_TOO_LATE)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")
        clock.advance(timedelta(hours=1))
        job = arena.job()

        outcome = meet(
            partial(complete, arena.here, task_id), partial(run_job, arena.there, job=job)
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.jobs) == ("active", 2, Counter())
        assert books.said() == WENT_ON


def test_a_timer_claimed_while_its_task_is_completed_is_gone(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=OR_TOO_LATE)
    instance_id = arena.start()
    task_id = arena.task(instance_id, "enter_order")
    clock.advance(timedelta(hours=1))

    outcome = arena.track.held(
        partial(claim_jobs, arena.there, worker="worker"), partial(complete, arena.here, task_id)
    )
    run_job(arena.there, job=outcome.winner[0])

    assert outcome.waited
    assert arena.books(instance_id).jobs == Counter()
    assert arena.books(instance_id).said() == WENT_ON


# --- against its own kind ----------------------------------------------------------------------
@pytest.mark.parametrize("order", [("stock", "credit"), ("credit", "stock")])
def test_two_branches_that_reach_a_join_together_go_on_as_one(
    arena: Arena, order: tuple[str, str]
) -> None:
    arena.deploy(order=TWO_BRANCHES)
    first, second = (f"check_{one}" for one in order)
    for meet in arena.meetings():
        instance_id = arena.start()

        outcome = meet(
            partial(complete, arena.here, arena.task(instance_id, first)),
            partial(complete, arena.there, arena.task(instance_id, second)),
        )

        assert outcome.refusal is None
        assert outcome.winner.next_tasks == ()
        assert [one.element_id for one in outcome.loser.next_tasks] == ["review_order"]
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.inboxes) == ("active", 3, 1)
        assert books.tokens == Counter(["review_order"])
        assert max(books.tasks.values()) == 1
        assert books.left["join"] == 1


def test_a_deadline_passed_while_its_task_is_completed_stands_in_nobodys_way(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=TWO_STEPS)
    instance_id = arena.start()
    clock.advance(timedelta(hours=11))
    task_id = arena.task(instance_id, "enter_order")
    reminded = [climb_ladder(arena.here) for _ in range(2)]

    outcome = arena.track.held(
        partial(climb_ladder, arena.here),
        partial(complete, arena.there, task_id),
        at=sending("INSERT INTO flow_activities"),
    )

    assert reminded == [1, 1]
    assert outcome.winner == 1
    assert outcome.waited
    assert outcome.refusal is None
    assert arena.books(instance_id).tasks == WENT_ON["tasks"]


def test_a_deadline_that_meets_a_completion_is_no_longer_missed(
    arena: Arena, clock: MovableClock
) -> None:
    arena.deploy(order=TWO_STEPS)
    instance_id = arena.start()
    clock.advance(timedelta(hours=11))
    task_id = arena.task(instance_id, "enter_order")

    outcome = arena.track.held(
        partial(complete, arena.here, task_id), partial(climb_ladder, arena.there)
    )

    assert outcome.loser == 0
    assert arena.books(instance_id).said() == WENT_ON
    assert [one.element_id for one in list_tasks(arena.here, actor=MANAGER).items] == [
        "review_order"
    ]
