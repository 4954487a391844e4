"""Lists on both databases: pages without gaps or doubles where moments are equal, and search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import TaskFilters, count_tasks, list_tasks
from jiedan.flow.incidents import list_incidents
from jiedan.flow.instances import list_instances, start_instance
from jiedan.flow.jobs import list_jobs
from jiedan.flow.messages import deliver_message, list_messages
from jiedan.flow.notices import list_notices
from jiedan.flow.pages import Page
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.states import InstanceState, MessageState
from tests.flow.conftest import ADMIN, CLERK
from tests.flow.diagrams import chain, end, parallel, service, start, user

NUMBER = 7
ORDER = "\n".join(
    [
        start(),
        service("open_order", "orders.open"),
        parallel("split"),
        user("enter_order", "OC"),
        service("send_mail", "mail.send"),
        parallel("join"),
        end(),
        chain("begin", "open_order", "split", "enter_order", "join", "finish"),
        chain("split", "send_mail", "join"),
    ]
)


@pytest.fixture
def flow(both_databases: Platform, registry: Registry, clock: MovableClock) -> Flow:
    """A platform on each database in turn; the clock stands still, so all moments are equal."""

    @registry.handler("orders.open")
    def open_order(context: Context, number: int) -> dict[str, Any]:
        context.set_business_key(f"XS20260302-{number:04}")
        context.set_title("温控柜 100%_真" if number == 3 else f"Valve {number}")
        context.notify(logins=("ann",), msgid="Opened.", kind="opened")
        return {}

    @registry.handler("mail.send", external=True, retries=1)
    def send(context: Context, number: int) -> dict[str, Any]:
        raise ValueError(f"no mail for {number}")

    return Flow(both_databases, registry=registry)


@pytest.fixture
def filled(flow: Flow, deployed: Callable[..., None]) -> Flow:
    """Seven orders, each with a task, a notice, a message and a job that is due."""
    deployed(order=ORDER)
    for number in range(NUMBER):
        start_instance(flow, actor=CLERK, process_id="order", variables={"number": number})
        deliver_message(
            flow, actor=ADMIN, name="paid", correlation_key=f"A{number}", key=f"K_{number}"
        )
    return flow


def walked(ask: Callable[[str | None], Page[Any]]) -> list[Any]:
    """Everything, three at a time."""
    found: list[Any] = []
    after: str | None = None
    while True:
        page = ask(after)
        found += page.items
        after = page.after
        if after is None:
            return found
        assert len(page.items) == 3


def test_every_list_is_walked_without_gaps_or_doubles(filled: Flow) -> None:
    flow = filled
    run_due(flow)
    lists: dict[str, Callable[[str | None], Page[Any]]] = {
        "tasks": lambda after: list_tasks(flow, actor=CLERK, after=after, size=3),
        "by creation": lambda after: list_tasks(
            flow, actor=CLERK, sort="created", after=after, size=3
        ),
        "by priority": lambda after: list_tasks(
            flow, actor=CLERK, sort="priority", after=after, size=3
        ),
        "instances": lambda after: list_instances(flow, after=after, size=3),
        "incidents": lambda after: list_incidents(flow, after=after, size=3),
        "stuck jobs": lambda after: list_jobs(
            flow, states=frozenset({"incident"}), after=after, size=3
        ),
        "messages": lambda after: list_messages(flow, after=after, size=3),
        "notices": lambda after: list_notices(flow, actor=CLERK, after=after, size=3),
    }

    rows = {name: walked(ask) for name, ask in lists.items()}

    assert {name: len(found) for name, found in rows.items()} == dict.fromkeys(lists, NUMBER)
    for name, found in rows.items():
        ids = [getattr(one, "task_id", None) or getattr(one, "id", None) for one in found]
        if name == "instances":
            ids = [one.instance_id for one in found]
        assert len(set(ids)) == NUMBER, name


@pytest.mark.parametrize(
    ("query", "number"),
    [("温控", 1), ("wkg", 1), ("valve", 6), ("VALVE 5", 1), ("100%_", 1), ("%", 1), ("0004", 1)],
)
def test_what_is_searched_for_is_found_on_both(filled: Flow, query: str, number: int) -> None:
    tasks = list_tasks(filled, actor=CLERK, query=query)
    instances = list_instances(filled, query=query)

    assert (len(tasks.items), len(instances.items)) == (number, number)


def test_filters_and_counts_agree_on_both(filled: Flow) -> None:
    run_due(filled)

    assert count_tasks(filled, actor=CLERK).todo.number == NUMBER
    one_step = TaskFilters(element_id="enter_order")
    assert len(list_tasks(filled, actor=CLERK, filters=one_step).items) == NUMBER
    assert list_tasks(filled, actor=CLERK, filters=TaskFilters(overdue=True)).items == ()
    stuck = frozenset({InstanceState.INCIDENT})
    assert list_instances(filled, states=stuck).count.number == NUMBER
    assert list_instances(filled, business_key="XS20260302-0002").count.number == 1
    buffered = frozenset({MessageState.BUFFERED})
    assert list_messages(filled, states=buffered, query="k_3").count.number == 1
    assert list_messages(filled, query="k%3").count.number == 0
