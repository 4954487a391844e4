"""Completing a user task against whatever else happens to its instance at that moment."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from jiedan.core.clock import MovableClock
from jiedan.flow.errors import (
    InstanceOver,
    InstanceSuspended,
    TaskAlreadyCompleted,
    TaskNoLongerOpen,
    TaskTaken,
)
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import cancel_instance, suspend_instance
from jiedan.flow.jobs import claim_jobs
from jiedan.flow.messages import deliver_message
from jiedan.flow.running import run_job
from jiedan.flow.sla import climb_ladder
from jiedan.flow.tasks import claim_task
from tests.flow.conftest import ADMIN, CLERK, MANAGER, SECOND_CLERK
from tests.flow.diagrams import (
    chain,
    end,
    message,
    message_definition,
    parallel,
    start,
    timer,
    user,
)
from tests.flow.races.conftest import Arena, complete
from tests.flow.races.instrument import sending

TWO_STEPS = "\n".join(
    [
        start(),
        user("enter_order", "OC", due="=now() + duration(&quot;PT10H&quot;)"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
)
OR_TOO_LATE = "\n".join(
    [
        TWO_STEPS,
        timer("too_late", "PT1H", attached_to="enter_order"),
        user("ask_again", "SM"),
        end("asked"),
        chain("too_late", "ask_again", "asked"),
    ]
)
OR_CALLED_OFF = "\n".join(
    [
        message("off", "order.called_off", "order_id"),
        TWO_STEPS,
        '<bpmn:boundaryEvent id="called_off" attachedToRef="enter_order">'
        f"{message_definition('off')}</bpmn:boundaryEvent>",
        user("say_sorry", "SM"),
        end("sorry"),
        chain("called_off", "say_sorry", "sorry"),
    ]
)
TWO_BRANCHES = "\n".join(
    [
        start(),
        parallel("split"),
        user("check_stock", "OC"),
        user("check_credit", "OC"),
        parallel("join"),
        user("review_order", "SM"),
        end(),
        chain("begin", "split", "check_stock", "join", "review_order", "finish"),
        chain("split", "check_credit", "join"),
    ]
)
WENT_ON = {
    "tokens": Counter(["review_order"]),
    "tasks": Counter([("enter_order", "completed"), ("review_order", "open")]),
    "left": Counter(["begin", "enter_order"]),
}
"""What the books say when the completion counted, and nothing else."""


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


# --- against an admin --------------------------------------------------------------------------
def test_a_completion_that_meets_a_cancellation_reads_that_the_task_is_gone(arena: Arena) -> None:
    arena.deploy(order=OR_TOO_LATE)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(
                cancel_instance, arena.here, actor=ADMIN, instance_id=instance_id, reason="race"
            ),
            partial(complete, arena.there, task_id),
        )

        assert isinstance(outcome.refusal, TaskNoLongerOpen)
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.inboxes) == ("cancelled", 2, 0)
        assert (books.tokens, books.jobs) == (Counter(), Counter())
        assert books.tasks == Counter([("enter_order", "cancelled")])


def test_a_cancellation_that_meets_a_completion_ends_what_came_of_it(arena: Arena) -> None:
    arena.deploy(order=OR_TOO_LATE)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(complete, arena.here, task_id),
            partial(
                cancel_instance, arena.there, actor=ADMIN, instance_id=instance_id, reason="race"
            ),
        )

        assert outcome.refusal is None
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.inboxes) == ("cancelled", 3, 0)
        assert (books.tokens, books.jobs) == (Counter(), Counter())
        assert books.tasks == Counter([("enter_order", "completed"), ("review_order", "cancelled")])


def test_of_a_last_completion_and_a_cancellation_the_first_decides_how_it_ended(
    arena: Arena,
) -> None:
    arena.deploy(order=TWO_STEPS)
    for meet in arena.meetings():
        instance_id = arena.start()
        complete(arena.here, arena.task(instance_id, "enter_order"))
        task_id = arena.task(instance_id, "review_order")

        outcome = meet(
            partial(complete, arena.here, task_id, MANAGER),
            partial(
                cancel_instance, arena.there, actor=ADMIN, instance_id=instance_id, reason="race"
            ),
        )

        assert isinstance(outcome.refusal, InstanceOver)
        assert arena.books(instance_id).state == "completed"


def test_a_completion_that_meets_a_suspension_has_to_wait_for_an_admin(arena: Arena) -> None:
    arena.deploy(order=TWO_STEPS)
    for meet in arena.meetings():
        instance_id = arena.start()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(
                suspend_instance, arena.here, actor=ADMIN, instance_id=instance_id, reason="race"
            ),
            partial(complete, arena.there, task_id),
        )

        assert isinstance(outcome.refusal, InstanceSuspended)
        books = arena.books(instance_id)
        assert (books.state, books.tasks) == ("suspended", Counter([("enter_order", "open")]))


# --- against a message -------------------------------------------------------------------------
def test_a_completion_that_meets_a_message_reads_that_the_process_moved_on(arena: Arena) -> None:
    arena.deploy(order=OR_CALLED_OFF)
    for number, meet in enumerate(arena.meetings()):
        instance_id = arena.start(order_id=f"A{number}")
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(
                deliver_message,
                arena.there,
                actor=ADMIN,
                name="order.called_off",
                correlation_key=f"A{number}",
            ),
            partial(complete, arena.here, task_id),
        )

        assert isinstance(outcome.refusal, TaskNoLongerOpen)
        books = arena.books(instance_id)
        assert (books.state, books.revision, books.waiting) == ("active", 2, 0)
        assert books.tokens == Counter(["say_sorry"])
        assert books.tasks == Counter([("enter_order", "cancelled"), ("say_sorry", "open")])


def test_a_message_that_meets_a_completion_is_kept_for_the_next_who_waits(arena: Arena) -> None:
    arena.deploy(order=OR_CALLED_OFF)
    for number, meet in enumerate(arena.meetings()):
        instance_id = arena.start(order_id=f"A{number}")
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(complete, arena.here, task_id),
            partial(
                deliver_message,
                arena.there,
                actor=ADMIN,
                name="order.called_off",
                correlation_key=f"A{number}",
            ),
        )

        assert outcome.loser.state == "buffered"
        books = arena.books(instance_id)
        assert (books.revision, books.waiting) == (2, 0)
        assert books.messages == Counter(buffered=number + 1)
        assert books.said() == WENT_ON


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
