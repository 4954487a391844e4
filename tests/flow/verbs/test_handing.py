"""Giving a task away: transfer, delegate and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden
from jiedan.core.work import Work
from jiedan.flow.errors import ReasonMissing, TaskNotFound, TaskWaits
from jiedan.flow.instances import show_instance
from jiedan.flow.platform import Flow, TaskFacts
from jiedan.flow.tasks import Answer, complete_task, open_task
from jiedan.flow.verbs.errors import ReceiverRefused, VerbNotAllowed
from jiedan.flow.verbs.handing import delegate_task, transfer_task
from jiedan.flow.verbs.signing import add_signers, remove_signer, signers_of
from tests.flow.diagrams import chain, end, start
from tests.flow.verbs.conftest import (
    Company,
    answer,
    begin,
    inbox,
    kinds,
    person,
    state,
    step,
    task_of,
)

Deployed = Callable[..., None]
ONE = [start(), step("review", "ben"), end(), chain("begin", "review", "finish")]


@pytest.fixture
def started(flow: Flow, deployed: Deployed, company: Company) -> None:
    deployed(p="\n".join(ONE))
    begin(flow)


@pytest.mark.usefixtures("started")
def test_a_transferred_task_is_the_receivers_alone(flow: Flow) -> None:
    task = task_of(flow, "ben")

    transfer_task(flow, actor=person("ben"), task_id=task.task_id, to="cat", reason="yours")

    assert inbox(flow, "ben") == []
    with pytest.raises(TaskNotFound):
        open_task(flow, actor=person("ben"), task_id=task.task_id)
    assert answer(flow, "cat").instance_state == "completed"
    line = next(
        one
        for one in show_instance(flow, instance_id=task.instance_id).history
        if one.kind == "transferred"
    )
    assert (line.actor, line.note, line.detail) == ("ben", "yours", {"to": "cat", "from": "ben"})


@pytest.mark.usefixtures("started")
def test_a_transfer_is_refused_without_reason_to_oneself_and_to_who_has_left(
    flow: Flow, company: Company
) -> None:
    task = task_of(flow, "ben")
    company.left.add("dan")

    with pytest.raises(ReasonMissing):
        transfer_task(flow, actor=person("ben"), task_id=task.task_id, to="cat")
    for nobody in ("ben", "dan", "nobody"):
        with pytest.raises(ReceiverRefused):
            transfer_task(flow, actor=person("ben"), task_id=task.task_id, to=nobody, reason="x")

    assert inbox(flow, "ben") == ["review"]


@pytest.mark.usefixtures("started")
def test_a_delegated_task_comes_back_with_what_was_filled_in(flow: Flow) -> None:
    task = task_of(flow, "ben")

    delegate_task(flow, actor=person("ben"), task_id=task.task_id, to="cat")
    with pytest.raises(TaskWaits):
        answer_by_id(flow, "ben", task.task_id)
    done = answer(flow, "cat", "reject", comment="too dear")

    assert done.instance_state == "active"
    opened = open_task(flow, actor=person("ben"), task_id=task.task_id)
    assert opened.values == {"comment": "too dear"}
    assert answer(flow, "ben").instance_state == "completed"
    assert kinds(flow, task.instance_id) == ["delegated", "answered", "signed", "userTask"]


def answer_by_id(flow: Flow, login: str, task_id: object) -> None:
    complete_task(
        flow,
        actor=person(login),
        task_id=task_id,  # type: ignore[arg-type]
        version=None,
        answer=Answer("approve"),
    )


@pytest.mark.usefixtures("started")
def test_a_delegate_may_ask_somebody_in_turn_and_each_gets_it_back(flow: Flow) -> None:
    task = task_of(flow, "ben")
    delegate_task(flow, actor=person("ben"), task_id=task.task_id, to="cat")
    delegate_task(flow, actor=person("cat"), task_id=task_of(flow, "cat").task_id, to="dan")

    assert (inbox(flow, "ben"), inbox(flow, "cat"), inbox(flow, "dan")) == ([], [], ["review"])
    answer(flow, "dan")
    assert (inbox(flow, "ben"), inbox(flow, "cat")) == ([], ["review"])
    answer(flow, "cat")
    assert inbox(flow, "ben") == ["review"]


@pytest.mark.usefixtures("started")
def test_who_delegated_can_take_the_task_back(flow: Flow) -> None:
    task = task_of(flow, "ben")
    delegate_task(flow, actor=person("ben"), task_id=task.task_id, to="cat")
    view = signers_of(flow, actor=person("ben"), task_id=task.task_id)
    assert view is not None
    (seat,) = [one for one in view.seats if one.removable]

    remove_signer(flow, actor=person("ben"), task_id=task.task_id, seat_id=seat.task_id)

    assert inbox(flow, "cat") == []
    assert answer(flow, "ben").instance_state == "completed"


def test_a_step_can_forbid_to_pass_it_on(flow: Flow, deployed: Deployed, company: Company) -> None:
    only = [start(), step("review", "ben", verbs="none"), end(), chain("begin", "review", "finish")]
    deployed(p="\n".join(only))
    begin(flow)
    task = task_of(flow, "ben")

    with pytest.raises(VerbNotAllowed) as refusal:
        transfer_task(flow, actor=person("ben"), task_id=task.task_id, to="cat", reason="x")

    assert "transfer" in refusal.value.message("en")
    opened = open_task(flow, actor=person("ben"), task_id=task.task_id)
    assert opened.allowed_verbs == opened.verbs


class NotBoth:
    """Who entered may not review."""

    def concerns(self, element_id: str) -> bool:
        return element_id == "review"

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        names = {actor.login, actor.on_behalf_of}
        if any(one.element_id == "enter" and one.login in names for one in task.completed):
            raise Forbidden


@pytest.mark.req("S2.2.5")
def test_duties_hold_through_transfer_delegation_and_added_signers(
    flow: Flow, deployed: Deployed, company: Company
) -> None:
    flow.duties = NotBoth()
    two = [
        start(),
        step("enter", "ann"),
        step("review", "ben"),
        end(),
        chain("begin", "enter", "review", "finish"),
    ]
    deployed(p="\n".join(two))
    instance_id = begin(flow)
    answer(flow, "ann")
    task = task_of(flow, "ben").task_id

    with pytest.raises(Forbidden):
        transfer_task(flow, actor=person("ben"), task_id=task, to="ann", reason="x")
    with pytest.raises(Forbidden):
        delegate_task(flow, actor=person("ben"), task_id=task, to="ann")
    for how in ("before", "after", "beside"):
        with pytest.raises(Forbidden):
            add_signers(flow, actor=person("ben"), task_id=task, people=("ann",), how=how)

    assert inbox(flow, "ann") == []
    assert state(flow, instance_id) == "active"
