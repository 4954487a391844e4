"""Owns ending an instance before its time: what waits goes with it, in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import update

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.flow.history import write_note
from jiedan.flow.states import IncidentState, InstanceState, JobState
from jiedan.flow.tables import IncidentRow, InstanceRow, JobRow

if TYPE_CHECKING:
    from jiedan.flow.step import Step


def end_instance(step: Step, *, kind: str, reason: str) -> None:
    """End it where it stands; `kind` names the line of the timeline. Call `drain` afterwards."""
    work, instance = step.work, step.instance
    step.live.terminate()
    audit.record(
        work,
        action=f"instance.{kind}",
        entity=f"instance:{instance.id}",
        before={"state": instance.state},
        after={"state": InstanceState.CANCELLED},
    )
    instance.state = InstanceState.CANCELLED
    work.session.execute(
        update(InstanceRow)
        .where(InstanceRow.id == instance.id)
        .values(state=InstanceState.CANCELLED, end_note=reason.strip())
    )
    step.save()
    work.session.execute(
        update(JobRow)
        .where(JobRow.instance_id == instance.id, JobRow.state == JobState.SUSPENDED)
        .values(state=JobState.CANCELLED)
    )
    close_incidents(work, instance.id)
    write_note(work, instance_id=instance.id, kind=kind, note=reason.strip() or None)


def close_incidents(work: Work, instance_id: UUID) -> None:
    """With its instance, an incident ends too."""
    work.session.execute(
        update(IncidentRow)
        .where(IncidentRow.instance_id == instance_id, IncidentRow.state == IncidentState.OPEN)
        .values(
            state=IncidentState.RESOLVED,
            resolved_at=work.now,
            resolved_by=work.actor.login,
            resolution="gone",
        )
    )
