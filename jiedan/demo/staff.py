"""The demo's people at work: somebody who may do a task does it, as the story goes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.errors import Conflict, Forbidden, Invalid
from jiedan.core.platform import Platform
from jiedan.demo.answers import Filled, Page, Story, answer, second_thought
from jiedan.demo.company import demo_people
from jiedan.flow.inbox import TaskItem
from jiedan.flow.platform import Flow
from jiedan.flow.remarks import attach
from jiedan.flow.tasks import Answer, Completed, OpenedTask, complete_task, open_task
from jiedan.web.api.shapes import asked_for

PROOF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class NobodyMay(RuntimeError):
    """No person of the demo may do this task."""


def load_staff(platform: Platform) -> Mapping[str, Actor]:
    """Everybody of the demo company by login."""
    return {
        one.login: Actor(one.login, one.name, frozenset(one.roles), one.department)
        for one in demo_people(platform.settings.config_dir)
    }


def do_task(flow: Flow, staff: Mapping[str, Actor], item: TaskItem, story: Story) -> Completed:
    """Somebody who may do it hands in this task. Raises NobodyMay."""
    refusal: Forbidden | None = None
    for actor in candidates(staff, item):
        opened = open_task(flow, actor=actor, task_id=item.task_id)
        page = Page(opened, story, flow.platform.clock.now())
        try:
            return _hand_in_or_else(flow, actor, page)
        except Forbidden as error:
            # The separation of duties: the next colleague.
            refusal = error
    raise NobodyMay(f"{item.element_id} {item.owners} {refusal}")


def candidates(staff: Mapping[str, Actor], item: TaskItem) -> list[Actor]:
    """Whom the task is open to, those who are named before those who hold a role."""
    named = [staff[one[2:]] for one in item.owners if one[:2] == "u:" and one[2:] in staff]
    roles = {one[2:] for one in item.owners if one[:2] == "r:"}
    return named + [one for one in staff.values() if one.roles & roles and one not in named]


def _hand_in_or_else(flow: Flow, actor: Actor, page: Page) -> Completed:
    """The usual answer; where the rules refuse it, what a person does then."""
    try:
        return hand_in(flow, actor, page.task, answer(page))
    except (Conflict, Invalid):
        other = second_thought(page)
        if other is None:
            raise
        return hand_in(flow, actor, page.task, other)


def hand_in(flow: Flow, actor: Actor, opened: OpenedTask, filled: Filled) -> Completed:
    """Complete an opened task with this answer, over what the form came with."""
    known = asked_for(opened.schema)
    values = {name: value for name, value in opened.values.items() if name in known}
    values |= {name: value for name, value in filled.values.items() if name in known}
    for name in filled.files:
        values[name] = [str(_proof(flow, actor, opened.task_id))]
    return complete_task(
        flow,
        actor=actor,
        task_id=opened.task_id,
        version=opened.version,
        answer=Answer(filled.outcome, values),
    )


def _proof(flow: Flow, actor: Actor, task_id: UUID) -> UUID:
    return attach(
        flow, actor=actor, task_id=task_id, stream=BytesIO(PROOF), filename="proof.pdf"
    ).id
