"""What the API answers: plain JSON shapes of the platform's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from jiedan.core.sentences import say
from jiedan.flow.inbox import TaskItem
from jiedan.flow.instances import InstanceView, Started
from jiedan.flow.pages import Page
from jiedan.flow.tasks import Completed, NextTask, OpenedTask


def plain(value: Any) -> Any:
    """Anything a use case answers, as JSON: ids, times and decimals become text or numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return say(value)
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Sequence | set | frozenset):
        return [plain(one) for one in value]
    return str(value)


def page(found: Page[Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """One page; hand `after` back to get the next one."""
    return {"items": items, "after": found.after, "count": str(found.count)}


def task_row(task: TaskItem) -> dict[str, Any]:
    return {**plain(task), "id": str(task.task_id)}


def opened_task(task: OpenedTask) -> dict[str, Any]:
    """A task with its form, its data, its version and what the caller may do with it."""
    return {
        "id": str(task.task_id),
        "version": task.version,
        "instance_id": str(task.instance_id),
        "process_id": task.process_id,
        "element_id": task.element_id,
        "code": task.code,
        "name": task.name,
        "name_en": task.name_en,
        "state": task.state.value,
        "business_key": task.business_key,
        "title": task.title,
        "assignee": task.assignee,
        "candidate_roles": list(task.candidate_roles),
        "candidate_users": list(task.candidate_users),
        "priority": task.priority,
        "created_at": plain(task.created_at),
        "due_at": plain(task.due_at),
        "breached_at": plain(task.breached_at),
        "completed_at": plain(task.completed_at),
        "completed_by": task.completed_by,
        "outcome": task.outcome,
        "form": {
            "id": task.form_id,
            "version": task.form_version,
            "schema": plain(task.schema) if task.schema else None,
        },
        "data": {
            name: plain(value)
            for name, value in task.values.items()
            if name in asked_for(task.schema)
        },
        "facts": plain(task.facts),
        "verbs": sorted(task.allowed_verbs),
        "reasons": sorted(task.reasons),
        "on_behalf_of": task.on_behalf_of,
        "refusal": task.refusal,
    }


def asked_for(schema: Mapping[str, Any] | None) -> set[str]:
    """Names of what a form asks for; a loader may know more than that."""
    names: set[str] = set()
    for component in (schema or {}).get("components", ()):
        if component.get("type") == "group":
            names |= asked_for(component)
        else:
            names |= {component[name] for name in ("key", "path") if component.get(name)}
    return names


def next_task(task: NextTask) -> dict[str, Any]:
    return {
        "id": str(task.task_id),
        "element_id": task.element_id,
        "name": task.name,
        "name_en": task.name_en,
        "mine": task.mine,
    }


def completed(result: Completed) -> dict[str, Any]:
    return {
        "instance_id": str(result.instance_id),
        "instance_state": plain(result.instance_state),
        "next_tasks": [next_task(task) for task in result.next_tasks],
        "replayed": result.replayed,
    }


def started(result: Started) -> dict[str, Any]:
    return {
        "id": str(result.instance_id),
        "business_key": result.business_key,
        "state": result.state.value,
        "next_tasks": [next_task(task) for task in result.next_tasks],
        "replayed": result.replayed,
    }


def instance(view: InstanceView, *, with_variables: bool) -> dict[str, Any]:
    """An instance where it stands; variables only for those who repair instances."""
    item = view.item
    answer = {
        "id": str(item.instance_id),
        "process_id": item.process_id,
        "version": item.version,
        "business_key": item.business_key,
        "title": item.title,
        "state": item.state.value,
        "revision": view.revision,
        "started_by": item.started_by,
        "started_at": plain(item.started_at),
        "ended_at": plain(item.ended_at),
        "tokens": plain(view.tokens),
        "tasks": [task_row(task) for task in view.tasks],
        "waiting": plain(view.waiting),
        "incidents": plain(view.incidents) if with_variables else len(view.incidents),
        "history": [
            {
                "at": plain(entry.at),
                "kind": entry.kind,
                "process_id": entry.process_id,
                "element_id": entry.element_id,
                "name": entry.name,
                "actor": entry.actor,
                "on_behalf_of": entry.on_behalf_of,
                "outcome": entry.outcome,
                "note": entry.note,
                "decisions": plain(entry.decisions),
            }
            for entry in view.history
        ],
    }
    if with_variables:
        answer["variables"] = plain(view.variables)
    return answer
