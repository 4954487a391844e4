"""Owns instances whose stored state cannot be read: they are told to admins and left alone."""

from uuid import UUID

from sqlalchemy import delete, insert, select, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.work import Work
from jiedan.flow.host import incident_row
from jiedan.flow.instance import lock_instance
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.packing import pack
from jiedan.flow.platform import Flow
from jiedan.flow.states import (
    IncidentKind,
    IncidentState,
    InstanceState,
    JobState,
    TaskState,
)
from jiedan.flow.tables import (
    IncidentRow,
    InstanceRow,
    JobRow,
    StateRow,
    SubscriptionRow,
    TaskCandidateRow,
    TaskRow,
    table_of,
)

NOTICE = "The stored state of %(number)s cannot be read: %(reason)s"


def report_unreadable(flow: Flow, instance_id: UUID, reason: str) -> None:
    """Make it an incident, once; the stored bytes stay as they are for whoever repairs them."""
    with flow.platform.work(actor=SYSTEM) as work:
        instance = lock_instance(work, instance_id)
        known = work.session.execute(
            select(IncidentRow.id).where(
                IncidentRow.instance_id == instance_id,
                IncidentRow.kind == IncidentKind.STATE_UNREADABLE,
                IncidentRow.state == IncidentState.OPEN,
            )
        ).first()
        if known is not None or instance.state.is_over:
            return
        row = incident_row(
            instance_id, kind=IncidentKind.STATE_UNREADABLE, message=reason[:1000], at=work.now
        )
        work.session.execute(insert(table_of(IncidentRow)), row)
        notify(
            work,
            owners=(ROLE + flow.admins,),
            kind="incident",
            msgid=NOTICE,
            params={"number": instance.business_key or instance.process_id, "reason": reason[:300]},
        )
        if instance.state is InstanceState.ACTIVE:
            work.session.execute(
                update(InstanceRow)
                .where(InstanceRow.id == instance_id)
                .values(state=InstanceState.INCIDENT)
            )
        audit.record(
            work,
            action="instance.unreadable",
            entity=f"instance:{instance_id}",
            after={"reason": reason[:1000]},
        )


def end_rows(work: Work, instance_id: UUID) -> None:
    """End everything that people and machines see of it, without a look at the state."""
    session, now = work.session, work.now
    tasks = select(TaskRow.id).where(TaskRow.instance_id == instance_id)
    session.execute(delete(TaskCandidateRow).where(TaskCandidateRow.task_id.in_(tasks)))
    session.execute(
        update(TaskRow)
        .where(
            TaskRow.instance_id == instance_id,
            TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
        )
        .values(state=TaskState.CANCELLED, completed_at=now, sla_at=None)
    )
    session.execute(
        update(JobRow)
        .where(
            JobRow.instance_id == instance_id,
            JobRow.state.not_in((JobState.DONE, JobState.CANCELLED)),
        )
        .values(state=JobState.CANCELLED, done_at=now, fence=JobRow.fence + 1)
    )
    session.execute(delete(SubscriptionRow).where(SubscriptionRow.instance_id == instance_id))
    session.execute(
        update(StateRow)
        .where(StateRow.instance_id == instance_id)
        .values(content=pack({}), finished=True)
    )
