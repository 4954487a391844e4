"""Who may see an instance, judged on the loaded instance, never on the address (SPEC §4.1)."""

from __future__ import annotations

from jiedan.core.actor import Actor
from jiedan.core.errors import NotFound
from jiedan.flow.inbox import TaskItem
from jiedan.flow.instances import InstanceView
from jiedan.flow.owners import owners_of
from jiedan.flow.verbs.copying import has_copy
from jiedan.web.house import flow

SEE_ALL = frozenset({"AD", "PO", "AU", "GM", "SM", "SD", "BM"})
"""Roles whose work is to watch instances."""
REPAIR = frozenset({"AD"})
"""Roles that may suspend, retry, skip and cancel, and see variables."""


def may_see(view: InstanceView, actor: Actor) -> bool:
    """Watchers see every instance; others those they started, worked on, have a task
    in or a copy of."""
    if actor.roles & SEE_ALL or view.item.started_by == actor.login:
        return True
    if any(entry.actor == actor.login for entry in view.history):
        return True
    owners = set(owners_of(actor))
    if any(owners & set(task.owners) for task in view.tasks):
        return True
    return has_copy(flow(), actor=actor, instance_id=view.item.instance_id)


def require_sight(view: InstanceView, actor: Actor) -> InstanceView:
    """The same instance, or NotFound as if it did not exist."""
    if not may_see(view, actor):
        raise NotFound()
    return view


def may_open(task: TaskItem, actor: Actor) -> bool:
    """Whether a link to this task leads anywhere: strangers would find nothing there."""
    return bool(
        actor.roles & REPAIR
        or actor.login in (task.assignee, task.completed_by)
        or set(owners_of(actor)) & set(task.owners)
    )


def may_repair(actor: Actor) -> bool:
    return bool(actor.roles & REPAIR)
