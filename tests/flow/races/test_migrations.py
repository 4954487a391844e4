"""An instance goes to another version while somebody, or something, moves it on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from jiedan.core.clock import MovableClock
from jiedan.flow.errors import MigrationRefused
from jiedan.flow.instances import show_instance
from jiedan.flow.messages import deliver_message
from jiedan.flow.migration import migrate_instance
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_job
from tests.flow.conftest import ADMIN
from tests.flow.diagrams import chain, end, message, message_definition, start, timer, user
from tests.flow.races.conftest import Arena, Books, complete

AROUND = "\n".join(
    [
        message("off", "order.called_off", "order_id"),
        start(),
        user("enter_order", "OC"),
        user("review_order", "SM"),
        end(),
        timer("too_late", "PT1H", attached_to="enter_order"),
        user("ask_again", "SM"),
        end("asked"),
        chain("too_late", "ask_again", "asked"),
        '<bpmn:boundaryEvent id="called_off" attachedToRef="enter_order">'
        f"{message_definition('off')}</bpmn:boundaryEvent>",
        user("say_sorry", "SM"),
        end("sorry"),
        chain("called_off", "say_sorry", "sorry"),
        chain("begin", "enter_order"),
        chain("review_order", "finish"),
    ]
)
FIRST = "\n".join([AROUND, chain("enter_order", "review_order")])
SECOND = "\n".join(
    [AROUND, user("check_credit", "OC"), chain("enter_order", "check_credit", "review_order")]
)


@pytest.fixture
def order(arena: Arena) -> Any:
    """Starts an order on the first version and deploys the second."""
    numbers = iter(range(100))

    def begin() -> tuple[UUID, str]:
        arena.deploy(order=FIRST)
        order_id = f"A{next(numbers)}"
        instance_id = arena.start(order_id=order_id)
        arena.deploy(order=SECOND)
        return instance_id, order_id

    return begin


def migrate(flow: Flow, instance_id: UUID) -> Any:
    return migrate_instance(flow, actor=ADMIN, instance_id=instance_id, reason="race")


def stands(arena: Arena, instance_id: UUID, element_id: str) -> Books:
    """The books, when it stands at that element of the second version and nowhere else."""
    books = arena.books(instance_id)
    assert books.state == "active"
    assert books.tokens == Counter([element_id])
    assert books.tasks[(element_id, "open")] == 1
    assert books.revision == 3
    view = show_instance(arena.here, instance_id=instance_id)
    assert [one.element_id for one in view.tasks if one.state == "open"] == [element_id]
    return books


def test_a_completion_that_meets_a_migration_goes_the_new_way(arena: Arena, order: Any) -> None:
    for meet in arena.meetings():
        instance_id, _ = order()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(migrate, arena.here, instance_id), partial(complete, arena.there, task_id)
        )

        assert outcome.refusal is None
        assert [one.element_id for one in outcome.loser.next_tasks] == ["check_credit"]
        books = stands(arena, instance_id, "check_credit")
        assert (books.left["enter_order"], books.jobs, books.waiting) == (1, Counter(), 0)


def test_of_two_migrations_the_second_finds_it_done(arena: Arena, order: Any) -> None:
    for meet in arena.meetings():
        instance_id, _ = order()

        outcome = meet(
            partial(migrate, arena.here, instance_id), partial(migrate, arena.there, instance_id)
        )

        assert isinstance(outcome.refusal, MigrationRefused)
        assert [one.rule for one in outcome.refusal.found] == ["same_version"]
        books = arena.books(instance_id)
        assert (books.revision, books.tokens) == (2, Counter(["enter_order"]))
        assert (books.jobs, books.waiting) == (Counter([("timer", "due")]), 1)


def test_a_migration_that_meets_a_completion_takes_along_what_came_of_it(
    arena: Arena, order: Any
) -> None:
    for meet in arena.meetings():
        instance_id, _ = order()
        task_id = arena.task(instance_id, "enter_order")

        outcome = meet(
            partial(complete, arena.here, task_id), partial(migrate, arena.there, instance_id)
        )

        assert outcome.refusal is None
        assert outcome.loser.to_version > outcome.loser.from_version
        books = stands(arena, instance_id, "review_order")
        assert (books.left["enter_order"], books.jobs, books.waiting) == (1, Counter(), 0)


@pytest.mark.parametrize("first", ["timer", "migration"])
def test_a_timer_and_a_migration_each_have_their_way(
    arena: Arena, order: Any, clock: MovableClock, first: str
) -> None:
    for meet in arena.meetings():
        instance_id, _ = order()
        clock.advance(timedelta(hours=1))
        fire = partial(run_job, arena.there, job=arena.job())
        move = partial(migrate, arena.here, instance_id)

        outcome = meet(fire, move) if first == "timer" else meet(move, fire)

        assert outcome.refusal is None
        books = stands(arena, instance_id, "ask_again")
        assert (books.left["too_late"], books.jobs, books.waiting) == (1, Counter(), 0)


@pytest.mark.parametrize("first", ["message", "migration"])
def test_a_message_and_a_migration_each_have_their_way(
    arena: Arena, order: Any, first: str
) -> None:
    for meet in arena.meetings():
        instance_id, order_id = order()
        tell = partial(
            deliver_message,
            arena.there,
            actor=ADMIN,
            name="order.called_off",
            correlation_key=order_id,
        )
        move = partial(migrate, arena.here, instance_id)

        outcome = meet(tell, move) if first == "message" else meet(move, tell)

        assert outcome.refusal is None
        books = stands(arena, instance_id, "say_sorry")
        assert (books.left["called_off"], books.jobs, books.waiting) == (1, Counter(), 0)
