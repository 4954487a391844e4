"""Completing a user task against an admin, or a message, that takes it away at that moment."""

from __future__ import annotations

from collections import Counter
from functools import partial

from jiedan.flow.errors import (
    InstanceOver,
    InstanceSuspended,
    TaskNoLongerOpen,
)
from jiedan.flow.instances import cancel_instance, suspend_instance
from jiedan.flow.messages import deliver_message
from tests.flow.conftest import ADMIN, MANAGER
from tests.flow.races.conftest import Arena, complete
from tests.flow.races.processes import OR_CALLED_OFF, OR_TOO_LATE, TWO_STEPS, WENT_ON


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
