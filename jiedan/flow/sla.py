"""Owns deadlines of user tasks: reminders, the breach, escalation (SPEC G2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.work import Work
from jiedan.flow.history import write_note
from jiedan.flow.ladder import Rung, next_rung, rungs
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE, USER, roles_in
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.synced import NEVER
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow, table_of

AT_ONCE = 100
REMINDER = "%(task)s of %(number)s is due at %(due)s."
BREACH = "%(task)s of %(number)s was due at %(due)s and is overdue."
ESCALATION = "%(task)s of %(number)s is long overdue; you can take it over."
LAST_CALL = "%(task)s of %(number)s has taken twice the time it was given."

_tasks = table_of(TaskRow)


@dataclass(frozen=True, slots=True)
class _Late:
    """A task whose next rung has come."""

    id: UUID
    instance_id: UUID
    process_id: str
    element_id: str
    name: str
    name_en: str | None
    assignee: str | None
    owners: tuple[str, ...]
    priority: int
    created_at: datetime
    counted_from: datetime
    """Creation, later by the time that did not count."""
    due_at: datetime
    breached_at: datetime | None
    stage: int
    escalate_to: str | None
    number: str

    def holders(self) -> tuple[str, ...]:
        """Who has to do it now."""
        return (USER + self.assignee,) if self.assignee else self.owners


def climb_ladder(flow: Flow, *, limit: int = AT_ONCE) -> int:
    """Take every task whose rung is due one rung up; how many there were."""
    with flow.platform.work(actor=SYSTEM) as work:
        late = _due(work, limit)
        for task in late:
            _climb(work, flow, task)
    return len(late)


_DUE = (
    select(
        TaskRow.id,
        TaskRow.instance_id,
        TaskRow.process_id,
        TaskRow.element_id,
        TaskRow.name,
        TaskRow.name_en,
        TaskRow.assignee,
        TaskRow.candidates,
        TaskRow.priority,
        TaskRow.created_at,
        TaskRow.due_at,
        TaskRow.breached_at,
        TaskRow.sla_stage,
        TaskRow.paused_seconds,
        TaskRow.extra,
        InstanceRow.business_key,
        InstanceRow.title,
        InstanceRow.process_id.label("root_id"),
    )
    .join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
    .where(
        TaskRow.sla_at <= bindparam("now"),
        InstanceRow.state.in_((InstanceState.ACTIVE, InstanceState.INCIDENT)),
    )
    .order_by(TaskRow.sla_at)
    .with_for_update(of=TaskRow, skip_locked=True)
)


def _due(work: Work, limit: int) -> list[_Late]:
    rows = work.session.execute(_DUE.limit(limit), {"now": work.now})
    return [
        _Late(
            id=row.id,
            instance_id=row.instance_id,
            process_id=row.process_id,
            element_id=row.element_id,
            name=row.name,
            name_en=row.name_en,
            assignee=row.assignee,
            owners=tuple((row.candidates or "").split()),
            priority=row.priority,
            created_at=row.created_at,
            counted_from=row.created_at + timedelta(seconds=row.paused_seconds),
            due_at=row.due_at,
            breached_at=row.breached_at,
            stage=row.sla_stage,
            escalate_to=(row.extra or {}).get("escalate"),
            number=row.business_key or row.title or row.root_id,
        )
        for row in rows
    ]


def _climb(work: Work, flow: Flow, task: _Late) -> None:
    rung = rungs(flow.rungs())[task.stage]
    values: dict[str, Any] = {
        "sla_stage": task.stage + 1,
        "sla_at": next_rung(flow.rungs(), task.stage + 1, task.counted_from, task.due_at),
    }
    escalate_to = task.escalate_to or _supervisor(flow, task.owners) or flow.escalate_role
    match rung.kind:
        case "remind":
            _tell(work, task, task.holders(), "reminder", REMINDER)
        case "breach":
            if task.breached_at is None:
                values["breached_at"] = work.now
            chief = (ROLE + escalate_to,) if escalate_to else ()
            _tell(work, task, (*task.holders(), *chief), "breach", BREACH)
            _record(work, task, rung, "breached")
        case "escalate":
            owner = ROLE + (escalate_to or flow.admins)
            if owner not in task.owners:
                values["candidates"] = " ".join((*task.owners, owner))
                _add_candidate(work, task, owner)
            _tell(work, task, (owner,), "escalation", ESCALATION)
            _record(work, task, rung, "escalated")
        case _:
            _tell(work, task, (ROLE + flow.final_role,), "escalation", LAST_CALL)
            _record(work, task, rung, "final")
    work.session.execute(update(_tasks).where(_tasks.c.id == task.id).values(**values))


def _supervisor(flow: Flow, owners: tuple[str, ...]) -> str | None:
    """The role above the first candidate role that has one."""
    return next(
        (flow.supervisors[role] for role in roles_in(owners) if role in flow.supervisors), None
    )


def _add_candidate(work: Work, task: _Late, owner: str) -> None:
    work.session.execute(
        insert(TaskCandidateRow).values(
            task_id=task.id,
            owner=owner,
            candidate=True,
            # Also while somebody holds it: an escalated task that sits must be seen.
            visible=task.assignee is None,
            due_at=task.due_at or NEVER,
            created_at=task.created_at,
            rank=-task.priority,
        )
    )


def _tell(work: Work, task: _Late, owners: tuple[str, ...], kind: str, msgid: str) -> None:
    notify(
        work,
        owners=owners,
        kind=kind,
        msgid=msgid,
        params={
            "task": task.name,
            "task.en": task.name_en,
            "number": task.number,
            "due": task.due_at.isoformat(),
        },
        instance_id=task.instance_id,
        task_id=task.id,
    )


def _record(work: Work, task: _Late, rung: Rung, kind: str) -> None:
    write_note(
        work,
        instance_id=task.instance_id,
        kind=kind,
        process_id=task.process_id,
        element_id=task.element_id,
        task_id=task.id,
        detail={"percent": rung.percent},
    )
    audit.record(work, action=f"task.{kind}", entity=f"task:{task.id}")
