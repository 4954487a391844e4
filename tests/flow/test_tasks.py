"""A person and a task: who may, what happens, what does not when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from jiedan.core.actor import Actor
from jiedan.core.errors import Conflict, Forbidden
from jiedan.core.work import Work
from jiedan.flow.errors import (
    StaleTask,
    TaskAlreadyCompleted,
    TaskNotFound,
    TaskTaken,
)
from jiedan.flow.handlers import Context, InvalidAnswer, Registry
from jiedan.flow.inbox import TaskFilters, count_tasks, list_tasks
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.platform import Flow, TaskFacts
from jiedan.flow.tasks import (
    Answer,
    claim_task,
    complete_task,
    open_task,
    save_draft,
    unclaim_task,
)
from tests.flow.conftest import CLERK, MANAGER, SECOND_CLERK, STRANGER, do, only_task
from tests.flow.diagrams import chain, end, exclusive, parallel, start, user
from tests.flow.diagrams import flow as arrow

Deployed = Callable[..., None]

TWO_STEPS = "\n".join(
    [
        start(),
        user("enter_order", "OC"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
)


@pytest.fixture
def started(flow: Flow, deployed: Deployed) -> None:
    deployed(order=TWO_STEPS)
    start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A1"})


@pytest.mark.usefixtures("started")
def test_a_completed_task_brings_the_next_persons_task(flow: Flow) -> None:
    completed = do(flow, CLERK, "enter_order", amount=120)

    assert [one.element_id for one in completed.next_tasks] == ["review_order"]
    assert list_tasks(flow, actor=CLERK).items == ()
    assert only_task(flow, MANAGER).element_id == "review_order"


@pytest.mark.usefixtures("started")
def test_an_instance_ends_with_its_last_task_and_keeps_its_variables(flow: Flow) -> None:
    do(flow, CLERK, amount=120)
    completed = do(flow, MANAGER, outcome="accept")

    view = show_instance(flow, instance_id=completed.instance_id)
    assert view.item.state == "completed"
    assert view.variables["amount"] == 120
    assert view.variables["outcome"] == "accept"
    assert [(one.element_id, one.actor) for one in view.history if one.kind == "userTask"] == [
        ("enter_order", "ann"),
        ("review_order", "may"),
    ]


@pytest.mark.usefixtures("started")
def test_a_stranger_cannot_tell_a_task_from_one_that_does_not_exist(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    with pytest.raises(TaskNotFound):
        open_task(flow, actor=STRANGER, task_id=task.task_id)
    with pytest.raises(TaskNotFound):
        claim_task(flow, actor=STRANGER, task_id=task.task_id)
    with pytest.raises(TaskNotFound):
        complete_task(flow, actor=STRANGER, task_id=task.task_id, version=1, answer=Answer("done"))


@pytest.mark.usefixtures("started")
@pytest.mark.req("S2.3.6")
def test_who_comes_second_is_told_who_was_faster_and_when(flow: Flow) -> None:
    task = only_task(flow, SECOND_CLERK)
    do(flow, CLERK)

    with pytest.raises(TaskAlreadyCompleted) as refusal:
        complete_task(
            flow, actor=SECOND_CLERK, task_id=task.task_id, version=1, answer=Answer("done")
        )

    assert refusal.value.by == "ann"
    assert refusal.value.message("en") == ("ann already completed this task at 2 Mar 2026 09:00.")
    assert only_task(flow, MANAGER).element_id == "review_order"


@pytest.mark.usefixtures("started")
def test_the_same_key_again_gets_the_first_result_and_changes_nothing(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    def hand_in() -> object:
        return complete_task(
            flow, actor=CLERK, task_id=task.task_id, version=1, answer=Answer("done"), key="k1"
        )

    first, second = hand_in(), hand_in()

    assert first.instance_id == second.instance_id
    assert [one.element_id for one in second.next_tasks] == ["review_order"]
    assert not first.replayed
    assert second.replayed
    assert only_task(flow, MANAGER).element_id == "review_order"


@pytest.mark.usefixtures("started")
def test_a_claimed_task_leaves_the_other_inboxes_until_it_is_given_back(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    claimed = claim_task(flow, actor=CLERK, task_id=task.task_id)

    assert claimed.assignee == "ann"
    assert claimed.verbs >= {"complete", "unclaim", "save"}
    assert list_tasks(flow, actor=SECOND_CLERK).items == ()
    with pytest.raises(TaskTaken):
        claim_task(flow, actor=SECOND_CLERK, task_id=task.task_id)

    unclaim_task(flow, actor=CLERK, task_id=task.task_id)

    assert only_task(flow, SECOND_CLERK).assignee is None


@pytest.mark.usefixtures("started")
def test_an_old_version_of_the_page_is_refused(flow: Flow) -> None:
    task = only_task(flow, CLERK)
    claim_task(flow, actor=CLERK, task_id=task.task_id)

    with pytest.raises(StaleTask):
        complete_task(
            flow, actor=CLERK, task_id=task.task_id, version=task.version, answer=Answer("done")
        )


@pytest.mark.usefixtures("started")
def test_a_draft_comes_back_when_the_page_is_opened_again(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    version = save_draft(
        flow, actor=CLERK, task_id=task.task_id, version=1, values={"amount": "12"}
    )

    opened = open_task(flow, actor=CLERK, task_id=task.task_id)
    assert opened.version == version
    assert opened.values == {"amount": "12"}
    assert opened.draft_saved_at == flow.platform.clock.now()


class FirstMayNotDoSecond:
    """Who entered may not review."""

    def concerns(self, element_id: str) -> bool:
        return element_id == "review_order"

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        if any(
            one.element_id == "enter_order" and one.login == actor.login for one in task.completed
        ):
            raise Forbidden


@pytest.mark.usefixtures("started")
@pytest.mark.req("S2.2.5")
def test_who_entered_an_order_can_neither_claim_nor_complete_its_review(flow: Flow) -> None:
    flow.duties = FirstMayNotDoSecond()
    both = Actor("ann", "Ann", frozenset({"OC", "SM"}))
    do(flow, both, "enter_order")
    review = only_task(flow, both)

    with pytest.raises(Forbidden):
        claim_task(flow, actor=both, task_id=review.task_id)
    with pytest.raises(Forbidden):
        complete_task(flow, actor=both, task_id=review.task_id, version=1, answer=Answer("done"))
    assert open_task(flow, actor=both, task_id=review.task_id).refusal == "FORBIDDEN"
    assert do(flow, MANAGER, "review_order").instance_state == "completed"


def test_a_task_of_a_lane_belongs_to_the_roles_of_the_lane(flow: Flow, deployed: Deployed) -> None:
    lanes = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="l"><bpmn:extensionElements>'
        '<zeebe:properties><zeebe:property name="jiedan:roles" value="OC, CS"/>'
        "</zeebe:properties></bpmn:extensionElements>"
        "<bpmn:flowNodeRef>enter</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
    )
    body = [lanes, start(), user("enter"), end(), chain("begin", "enter", "finish")]
    deployed(order="\n".join(body))

    start_instance(flow, actor=MANAGER, process_id="order")

    assert only_task(flow, CLERK).owners == ("r:OC", "r:CS")


class OrderOnHold(Conflict):
    """The order is on hold."""


def test_a_guard_refuses_to_complete_while_the_order_is_on_hold(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    held = {"A1"}

    @registry.guard("orders.hold")
    def check_hold(context: Context, order_id: str) -> None:
        if order_id in held:
            raise OrderOnHold

    deployed(order=TWO_STEPS)
    start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A1"})
    with pytest.raises(OrderOnHold):
        do(flow, CLERK)
    held.clear()

    assert [one.element_id for one in do(flow, CLERK).next_tasks] == ["review_order"]


LISTENED = "\n".join(
    [
        start(),
        user("enter_order", "OC", listener="intake.save", load="intake.load"),
        exclusive("checked", "finish"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "checked"),
        arrow("checked", "review_order", "amount_class = &quot;big&quot;"),
        arrow("checked", "finish"),
        chain("review_order", "finish"),
    ]
)


def test_a_listener_takes_the_answer_and_says_what_the_process_gets(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("intake.save")
    def save(context: Context, order_id: str, answer: dict, outcome: str) -> dict:
        if answer.get("amount", 0) <= 0:
            raise InvalidAnswer({"amount": "more than nothing, please"})
        context.set_business_key("XS20260302-0001-1")
        context.set_title("张三贸易 键盘", {"客户": "张三贸易"})
        return {"amount_class": "big", "saved": [order_id, outcome]}

    @registry.handler("intake.load")
    def load(context: Context, order_id: str) -> dict:
        return {"values": {"amount": 7}, "facts": [{"label": "Order", "value": order_id}]}

    deployed(order=LISTENED)
    started = start_instance(flow, actor=CLERK, process_id="order", variables={"order_id": "A1"})
    opened = open_task(flow, actor=CLERK, task_id=started.next_tasks[0].task_id)
    assert opened.values == {"amount": 7}
    assert opened.facts == ({"label": "Order", "value": "A1"},)

    with pytest.raises(InvalidAnswer) as refusal:
        do(flow, CLERK, amount=0)
    assert refusal.value.fields == {"amount": "more than nothing, please"}
    assert only_task(flow, CLERK).version == 1

    do(flow, CLERK, outcome="submit", amount=5)

    view = show_instance(flow, instance_id=started.instance_id)
    assert view.variables["saved"] == ["A1", "submit"]
    assert "amount" not in view.variables
    review = only_task(flow, MANAGER)
    assert (review.business_key, review.title) == ("XS20260302-0001-1", "张三贸易 键盘")


def test_the_inbox_finds_an_order_by_number_by_words_and_by_pinyin(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("intake.save")
    def save(context: Context, answer: dict) -> dict:
        context.set_business_key("XS20260302-0001-1")
        context.set_title("张三贸易 键盘")
        return {"amount_class": "big"}

    @registry.handler("intake.load")
    def load(context: Context) -> dict:
        return {}

    deployed(order=LISTENED)
    start_instance(flow, actor=CLERK, process_id="order")
    do(flow, CLERK)

    def found(query: str) -> int:
        return len(list_tasks(flow, actor=MANAGER, query=query).items)

    assert found("xs20260302") == 1
    assert found("XS20260302-0001-1") == 1
    assert found("0302") == 1
    assert found("张三") == 1
    assert found("zhangsan") == 1
    assert found("zsmy") == 1
    assert found("review") == 1
    assert found("李四") == 0
    assert found("100%") == 0


def test_pages_of_the_inbox_are_complete_and_do_not_overlap(flow: Flow, deployed: Deployed) -> None:
    body = [
        start(),
        user("enter", "OC,CS", due="=due"),
        end(),
        chain("begin", "enter", "finish"),
    ]
    deployed(order="\n".join(body))
    for day in (3, 1, 2, 5, 4):
        due = f"2026-03-0{day}T10:00:00+08:00"
        start_instance(flow, actor=CLERK, process_id="order", variables={"due": due, "n": day})
    both = Actor("cat", "Cat", frozenset({"OC", "CS"}))

    for sort in ("due", "created", "priority"):
        seen, after = [], None
        while True:
            page = list_tasks(flow, actor=both, sort=sort, size=2, after=after)
            seen += [one.due_at.day for one in page.items]
            assert page.count.number == 5
            after = page.after
            if after is None:
                break
        assert (
            seen
            == {
                "due": [1, 2, 3, 4, 5],
                "created": [4, 5, 2, 1, 3],
                "priority": [1, 2, 3, 4, 5],
            }[sort]
        )

    searched = list_tasks(flow, actor=both, query="enter", size=3)
    assert len(searched.items) == 3
    assert len(list_tasks(flow, actor=both, query="enter", after=searched.after).items) == 2
    late = list_tasks(flow, actor=both, filters=TaskFilters(overdue=True))
    assert [one.due_at.day for one in late.items] == [1]
    assert count_tasks(flow, actor=both).overdue.number == 1
    assert list_tasks(flow, actor=both, filters=TaskFilters(process_id="other")).items == ()


def test_fifty_people_complete_one_task_at_once_and_one_wins(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(order=TWO_STEPS)
    started = start_instance(flow, actor=CLERK, process_id="order")
    task_id = started.next_tasks[0].task_id
    people = [Actor(f"clerk{n}", f"Clerk {n}", frozenset({"OC"})) for n in range(50)]

    def attempt(person: Actor) -> str:
        try:
            complete_task(flow, actor=person, task_id=task_id, version=1, answer=Answer("done"))
        except TaskAlreadyCompleted as refusal:
            return refusal.by
        return "won"

    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(attempt, people))

    winner = people[results.index("won")].login
    assert results.count("won") == 1
    assert set(results) == {"won", winner}
    assert do(flow, MANAGER).instance_state == "completed"


def test_four_people_work_on_four_branches_of_one_instance_at_once(
    flow: Flow, deployed: Deployed
) -> None:
    branches = [f"part{n}" for n in range(4)]
    body = [
        start(),
        parallel("split"),
        *(user(one, users=one) for one in branches),
        parallel("join"),
        end(),
        chain("begin", "split"),
        *(chain("split", one, "join") for one in branches),
        chain("join", "finish"),
    ]
    deployed(parts="\n".join(body))
    started = start_instance(flow, actor=CLERK, process_id="parts")
    people = {one: Actor(one, one) for one in branches}

    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda one: complete_task(
                    flow,
                    actor=people[one.element_id],
                    task_id=one.task_id,
                    version=1,
                    answer=Answer("done", {one.element_id: True}),
                ),
                started.next_tasks,
            )
        )

    view = show_instance(flow, instance_id=started.instance_id)
    assert view.item.state == "completed"
    assert {one: view.variables[one] for one in branches} == dict.fromkeys(branches, True)
