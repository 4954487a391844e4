"""What the tests of the verbs share: a small company, and steps with settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.flow.inbox import TaskItem, list_tasks
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.tasks import Answer, Completed, complete_task
from tests.flow.diagrams import user


@dataclass(slots=True)
class Company:
    """People of a test: active ones with roles, who leads whom, who stands in."""

    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    departments: dict[str, str] = field(default_factory=dict)
    leaders: dict[str, list[str]] = field(default_factory=dict)
    chiefs: dict[str, str] = field(default_factory=dict)
    standing_in: dict[str, list[tuple[str, str | None]]] = field(default_factory=dict)

    def actor(self, session: Session, login: str) -> Actor | None:
        if login in self.left or login not in self.roles:
            return None
        return Actor(login, login.capitalize(), self.roles[login], self.departments.get(login))

    def holders(self, session: Session, role: str) -> Sequence[str]:
        return sorted(
            one for one, held in self.roles.items() if role in held and one not in self.left
        )

    def members(self, session: Session, department: str) -> Sequence[str]:
        return sorted(
            one
            for one, where in self.departments.items()
            if where == department and one not in self.left
        )

    def heads(self, session: Session, department: str | None) -> Sequence[str]:
        return [one for one in self.leaders.get(department or "", []) if one not in self.left]

    def supervisor(self, session: Session, login: str) -> str | None:
        chief = self.chiefs.get(login)
        return None if chief in self.left else chief

    def principals(
        self, session: Session, login: str, process_id: str | None, now: datetime
    ) -> Sequence[str]:
        return [
            one
            for one, process in self.standing_in.get(login, [])
            if process is None or process_id is None or process == process_id
        ]


NAMES = ("ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal")


@pytest.fixture
def company(flow: Flow) -> Company:
    """Eight people; ann to hal are managers, hal leads everybody, adi repairs."""
    company = Company(
        roles={name: frozenset({"SM"}) for name in NAMES} | {"adi": frozenset({"AD"})},
        departments=dict.fromkeys(NAMES, "SALES"),
        leaders={"SALES": ["gus", "hal"]},
        chiefs={name: "hal" for name in NAMES if name != "hal"},
    )
    flow.people = company
    return company


def person(login: str, *roles: str) -> Actor:
    """Somebody of the company."""
    return Actor(login, login.capitalize(), frozenset(roles or ("SM",)), "SALES")


ADMIN = Actor("adi", "Adi", frozenset({"AD"}))


def said(**settings: str) -> str:
    """`jiedan:` properties of an element; `reasons_x` stands for `reasons.x`."""
    return "".join(
        f'<zeebe:property name="jiedan:{name.replace("__", ".")}" value="{value}"/>'
        for name, value in settings.items()
    )


def step(element_id: str, who: str = "", /, inner: str = "", **settings: str) -> str:
    """A user task of one person, or with the strategy `who`, that allows every verb."""
    settings.setdefault("verbs", "+return, +reject, +withdraw, +cancel, +resubmit, +bulk_approve")
    assignee = who if who and ":" not in who and not who.startswith("=") else ""
    if who and not assignee:
        settings["who"] = who
    return user(element_id, assignee=assignee, extra=said(**settings), inner=inner)


def process_settings(**settings: str) -> str:
    """Settings of the process: put it first in its body."""
    return (
        f"<bpmn:extensionElements><zeebe:properties>{said(**settings)}"
        "</zeebe:properties></bpmn:extensionElements>"
    )


def begin(flow: Flow, process_id: str = "p", by: str = "ann", **variables: Any) -> UUID:
    """Start an instance; its id."""
    started = start_instance(flow, actor=person(by), process_id=process_id, variables=variables)
    return started.instance_id


def task_of(flow: Flow, login: str, element_id: str | None = None) -> TaskItem:
    """The one task in somebody's inbox (of that element)."""
    found = [
        one
        for one in list_tasks(flow, actor=person(login)).items
        if element_id in (None, one.element_id)
    ]
    assert len(found) == 1, [(one.element_id, one.assignee) for one in found]
    return found[0]


def inbox(flow: Flow, login: str) -> list[str]:
    """The elements of somebody's open tasks."""
    return sorted(one.element_id for one in list_tasks(flow, actor=person(login)).items)


def answer(
    flow: Flow, login: str, outcome: str = "approve", element_id: str | None = None, **values: Any
) -> Completed:
    """Complete somebody's one task."""
    task = task_of(flow, login, element_id)
    return complete_task(
        flow,
        actor=person(login),
        task_id=task.task_id,
        version=task.version,
        answer=Answer(outcome, values),
    )


def state(flow: Flow, instance_id: UUID) -> str:
    return show_instance(flow, instance_id=instance_id).item.state.value


def kinds(flow: Flow, instance_id: UUID) -> list[str]:
    """What people did, in order."""
    view = show_instance(flow, instance_id=instance_id)
    return [one.kind for one in view.history if not one.kind.endswith(("Event", "Gateway"))]
