"""Owns the rows of what happened: activities left, incidents, their notices."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from jiedan.core.prepared import Prepared
from jiedan.flow.engine import Changes, ElementRef
from jiedan.flow.host import Gathered, incident_row
from jiedan.flow.owners import ROLE
from jiedan.flow.states import IncidentKind, IncidentState, InstanceState
from jiedan.flow.synced import Act, Synced
from jiedan.flow.tables import ActivityRow, IncidentRow, NoticeRow, table_of

if TYPE_CHECKING:
    from jiedan.flow.step import Step

_incidents = table_of(IncidentRow)
_INSERT_ACTIVITIES = Prepared(
    # Nobody asks for the new numbers.
    insert(table_of(ActivityRow)).inline(),
    (
        "instance_id",
        "process_id",
        "element_id",
        "kind",
        "task_id",
        "entered_at",
        "at",
        "actor",
        "on_behalf_of",
        "outcome",
        "note",
        "detail",
    ),
)
_INSERT_INCIDENTS = insert(_incidents)
INSERT_NOTICES = insert(table_of(NoticeRow))


# --- history and incidents ---------------------------------------------------------------------
def write_history(step: "Step", changes: Changes, gathered: Gathered, act: Act | None) -> None:
    rows: list[dict[str, Any]] = []
    # First what had been entered before: that is what the step began with.
    for left in changes.left:
        row = _activity(step, left.element, left.task_id, left.at, left.how)
        if act is not None and act.task_id == left.task_id:
            row |= {
                "actor": act.actor,
                "on_behalf_of": act.on_behalf_of,
                "outcome": act.outcome,
                "note": act.note,
                "entered_at": act.entered_at,
            }
        rows.append(row)
    for entered in changes.entered:
        if entered.left_at is not None:
            rows.append(
                _activity(step, entered.element, entered.task_id, entered.left_at, entered.how)
            )
    asked = dict(gathered.decisions)
    for row in rows:
        decisions = asked.pop(row["element_id"], None)
        if decisions:
            row["detail"] = {"decisions": decisions}
    # A decision that a listener, loader or deadline asked for while its element stays open.
    for element_id, decisions in asked.items():
        if element_id:
            rows.append(_note(step, element_id, decisions))
    if rows:
        step.batch.add(_INSERT_ACTIVITIES, *rows)


def _activity(
    step: "Step", element: ElementRef, task_id: UUID, at: datetime, how: str | None
) -> dict[str, Any]:
    waits = element.kind in ("userTask", "callActivity", "subProcess")
    return {
        "instance_id": step.instance.id,
        "process_id": element.process_id,
        "element_id": element.id,
        "kind": element.kind,
        "task_id": task_id if waits else None,
        "entered_at": None,
        "at": at,
        "actor": None,
        "on_behalf_of": None,
        "outcome": None if how in (None, "completed") else how,
        "note": None,
        "detail": None,
    }


def _note(step: "Step", element_id: str, decisions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "instance_id": step.instance.id,
        "process_id": step.instance.process_id,
        "element_id": element_id,
        "kind": "decision",
        "task_id": None,
        "entered_at": None,
        "at": step.work.now,
        "actor": None,
        "on_behalf_of": None,
        "outcome": None,
        "note": None,
        "detail": {"decisions": decisions},
    }


def write_incidents(step: "Step", changes: Changes, gathered: Gathered, synced: Synced) -> None:
    session, now = step.work.session, step.work.now
    rows = list(gathered.incidents)
    for failure in changes.failures:
        rows.append(
            _incident(
                step,
                IncidentKind.EXPRESSION_FAILED,
                failure.element,
                failure.task_id,
                failure.message
                if not failure.expression
                else f"{failure.message} ({failure.expression})",
            )
        )
    for error in changes.uncaught_errors:
        said = f"{error.code}: {error.message}" if error.message else error.code
        rows.append(
            _incident(step, IncidentKind.UNCAUGHT_ERROR, error.element, error.task_id, said)
        )
    if changes.dead and not changes.ended:
        rows.append(
            incident_row(
                step.instance.id,
                kind=IncidentKind.DEAD_END,
                message="neither finished nor waiting for anything",
                at=now,
            )
        )
    _forget_gone(step, changes)
    if not rows:
        return
    session.execute(_INSERT_INCIDENTS, rows)
    session.execute(INSERT_NOTICES, [_incident_notice(step, row) for row in rows])
    synced.incidents = len(rows)


def _forget_gone(step: "Step", changes: Changes) -> None:
    """An incident whose element was left by another way needs nobody any more."""
    if step.instance.state is not InstanceState.INCIDENT:
        return
    gone = [*changes.failures_closed, *(one.task_id for one in changes.jobs_closed)]
    if gone:
        step.work.session.execute(
            update(_incidents)
            .where(
                _incidents.c.instance_id == step.instance.id,
                _incidents.c.task_id.in_(gone),
                _incidents.c.state == IncidentState.OPEN,
            )
            .values(
                state=IncidentState.RESOLVED,
                resolved_at=step.work.now,
                resolved_by=step.work.actor.login,
                resolution="gone",
            )
        )


def _incident(
    step: "Step", kind: IncidentKind, element: ElementRef, task_id: UUID, message: str
) -> dict[str, Any]:
    return incident_row(
        step.instance.id,
        kind=kind,
        message=message,
        at=step.work.now,
        task_id=task_id,
        process_id=element.process_id,
        element_id=element.id,
    )


def _incident_notice(step: "Step", row: Mapping[str, Any]) -> dict[str, Any]:
    # The same id: an incident has one notice, and the notice leads to it.
    return {
        "id": row["id"],
        "owner": ROLE + step.flow.admins,
        "at": step.work.now,
        "kind": "incident",
        "msgid": INCIDENT_NOTICE,
        "params": {
            "number": step.instance.business_key or step.instance.process_id,
            **_names(step, row),
            "message": row["message"][:300],
        },
        "instance_id": step.instance.id,
        "task_id": None,
    }


def _names(step: "Step", row: Mapping[str, Any]) -> dict[str, str]:
    element = step.bundle.element(row["process_id"] or "", row["element_id"] or "")
    if element is None:
        return {"element": row["element_id"] or step.instance.process_id}
    return {"element": element.name, "element.en": element.name_en}


INCIDENT_NOTICE = "%(number)s needs help at %(element)s: %(message)s"


def count_open(session: Session, instance_id: UUID) -> int:
    """How many incidents of an instance wait for an admin."""
    return session.execute(
        select(func.count())
        .select_from(IncidentRow)
        .where(IncidentRow.instance_id == instance_id, IncidentRow.state == IncidentState.OPEN)
    ).scalar_one()
