"""Owns incidents: what needs an admin, and the ways to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.work import Work
from jiedan.flow.admin import move_jobs
from jiedan.flow.current import Bundle, bundle_of
from jiedan.flow.delivery import go
from jiedan.flow.engine import EngineError, NothingWaits
from jiedan.flow.errors import IncidentNotFound, IncidentStays, NotAllowed, ReasonMissing
from jiedan.flow.handlers import plain
from jiedan.flow.history import write_note
from jiedan.flow.idempotency import first_result, keep_result
from jiedan.flow.instance import load_instance
from jiedan.flow.opening import live_of
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.platform import DueJob, Flow
from jiedan.flow.states import IncidentKind, IncidentState, JobState
from jiedan.flow.step import Step, step_of
from jiedan.flow.tables import IncidentRow, InstanceRow, JobRow, table_of


@dataclass(frozen=True, slots=True)
class Incident:
    id: UUID
    instance_id: UUID
    business_key: str | None
    process_id: str | None
    element_id: str | None
    element_name: str
    element_name_en: str
    kind: str
    message: str
    trace: str | None
    state: str
    at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    """retried, skipped, or gone when the process moved on by itself."""
    reason: str | None
    variables: Mapping[str, Any] | None = None
    """What the failed element sees; only `show_incident` fills it."""


def list_incidents(
    flow: Flow,
    *,
    open_only: bool = True,
    instance_id: UUID | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[Incident]:
    """Newest first."""
    wanted = _incidents()
    if open_only:
        wanted = wanted.where(IncidentRow.state == IncidentState.OPEN)
    if instance_id is not None:
        wanted = wanted.where(IncidentRow.instance_id == instance_id)
    counted = wanted.with_only_columns(IncidentRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(IncidentRow.at, IncidentRow.id) < tuple(keys))
    newest = wanted.order_by(IncidentRow.at.desc(), IncidentRow.id.desc())
    with flow.platform.read() as session:
        rows = session.execute(newest.limit(size + 1)).all()
        items = tuple(
            _incident(row, bundle_of(session, flow, row.bundle_id)) for row in rows[:size]
        )
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
    more = len(rows) > size
    return Page(items, cursor(items[-1].at, items[-1].id) if more else None, count_of(number))


def show_incident(flow: Flow, *, incident_id: UUID) -> Incident:
    """One incident with the variables at its element, to edit before a retry."""
    with flow.platform.read() as session:
        row = session.execute(_incidents().where(IncidentRow.id == incident_id)).first()
        if row is None:
            raise IncidentNotFound
        found = _incident(row, bundle_of(session, flow, row.bundle_id))
        if row.state != IncidentState.OPEN:
            return found
        if row.kind == IncidentKind.STATE_UNREADABLE:
            return found
        live = live_of(flow, session, load_instance(session, row.instance_id))
        if live is None:
            return found
        return replace(found, variables=_variables_at(live, row.task_id))


@again_if_undone
def retry_incident(
    flow: Flow,
    *,
    actor: Actor,
    incident_id: UUID,
    variables: Mapping[str, Any] | None = None,
    reason: str = "",
    key: str | None = None,
) -> None:
    """Run the failed step again, with edited variables merged in first if given.

    A handler's step is tried at once by the dispatcher; an expression's within this call. The
    same idempotency key again does nothing.
    """
    request = [str(incident_id), plain(dict(variables or {})), reason]
    with flow.platform.work(actor=actor) as work:
        if first_result(work, key, "incident.retry", request) is not None:
            return
        keep_result(work, key, "incident.retry", request, {})
        row, step = _take(work, flow, incident_id)
        _resolve(work, row, "retried", reason, variables)
        edited: dict[str, Any] = plain(dict(variables or {}))
        if edited:
            step.live.merge_variables(edited, row.task_id)
        match IncidentKind(row.kind):
            case IncidentKind.HANDLER_FAILED:
                _try_again(work, flow, row, edited)
            case IncidentKind.DEAD_END:
                raise IncidentStays
            case IncidentKind.STATE_UNREADABLE:
                # Having come so far, it can be read again: what had to wait goes on.
                flow.due(
                    work,
                    work.now,
                    jobs=move_jobs(work, row.instance_id, JobState.SUSPENDED, JobState.DUE),
                )
            case _:
                step.live.retry(row.task_id)
        go(step)


@again_if_undone
def skip_incident(
    flow: Flow,
    *,
    actor: Actor,
    incident_id: UUID,
    reason: str,
    variables: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> None:
    """Go on as if the step had succeeded with `variables` as its result.

    The same idempotency key again does nothing.
    """
    if not reason.strip():
        raise ReasonMissing
    request = [str(incident_id), plain(dict(variables or {})), reason]
    with flow.platform.work(actor=actor) as work:
        if first_result(work, key, "incident.skip", request) is not None:
            return
        keep_result(work, key, "incident.skip", request, {})
        row, step = _take(work, flow, incident_id)
        if row.kind in (IncidentKind.DEAD_END, IncidentKind.STATE_UNREADABLE):
            raise IncidentStays
        _resolve(work, row, "skipped", reason, variables)
        try:
            step.live.skip(row.task_id, plain(dict(variables or {})))
        except NothingWaits as error:
            raise IncidentStays from error
        go(step)


def _take(work: Work, flow: Flow, incident_id: UUID) -> tuple[Any, Step]:
    if not (work.actor.has(flow.admins) or work.actor.is_system):
        raise NotAllowed
    found = work.session.execute(
        select(IncidentRow.instance_id).where(
            IncidentRow.id == incident_id, IncidentRow.state == IncidentState.OPEN
        )
    ).first()
    if found is None:
        raise IncidentNotFound
    step = step_of(work, flow, found.instance_id)
    step.instance.must_be_running()
    row = work.session.execute(
        select(*table_of(IncidentRow).columns).where(
            IncidentRow.id == incident_id, IncidentRow.state == IncidentState.OPEN
        )
    ).first()
    if row is None:
        raise IncidentNotFound
    return row, step


def _resolve(
    work: Work, row: Any, how: str, reason: str, variables: Mapping[str, Any] | None
) -> None:
    work.session.execute(
        update(IncidentRow)
        .where(IncidentRow.id == row.id)
        .values(
            state=IncidentState.RESOLVED,
            resolved_at=work.now,
            resolved_by=work.actor.login,
            resolution=how,
            reason=reason.strip() or None,
        )
    )
    write_note(
        work,
        instance_id=row.instance_id,
        kind=how,
        process_id=row.process_id or "",
        element_id=row.element_id or "",
        note=reason.strip() or None,
        detail={"variables": sorted(variables)} if variables else None,
    )
    audit.record(
        work,
        action=f"incident.{how}",
        entity=f"instance:{row.instance_id}",
        after={
            "incident": str(row.id),
            "element": row.element_id,
            "reason": reason.strip(),
            "variables": plain(dict(variables)) if variables else None,
        },
    )


def _try_again(work: Work, flow: Flow, row: Any, edited: dict[str, Any]) -> None:
    inputs = work.session.execute(select(JobRow.inputs).where(JobRow.id == row.job_id)).scalar()
    work.session.execute(
        update(JobRow)
        .where(JobRow.id == row.job_id)
        .values(
            state=JobState.DUE,
            due_at=work.now,
            attempt=0,
            inputs={**(inputs or {}), **edited},
            lease_until=None,
        )
    )
    flow.due(work, work.now, jobs=[DueJob(row.job_id, row.instance_id)])


def _variables_at(live: Any, task_id: UUID | None) -> dict[str, Any]:
    try:
        found: dict[str, Any] = live.variables(task_id)
    except EngineError:
        found = live.variables()
    return found


def incidents_of(session: Any, bundle: Bundle, instance_id: UUID) -> tuple[Incident, ...]:
    """All incidents of one instance, newest first."""
    rows = session.execute(
        _incidents()
        .where(IncidentRow.instance_id == instance_id)
        .order_by(IncidentRow.at.desc(), IncidentRow.id.desc())
    )
    return tuple(_incident(row, bundle) for row in rows)


def _incidents() -> Select[*tuple[Any, ...]]:
    return select(
        *table_of(IncidentRow).columns, InstanceRow.business_key, InstanceRow.bundle_id
    ).join(InstanceRow, InstanceRow.id == IncidentRow.instance_id)


def _incident(row: Any, bundle: Bundle) -> Incident:
    element = bundle.element(row.process_id or "", row.element_id or "")
    return Incident(
        id=row.id,
        instance_id=row.instance_id,
        business_key=row.business_key,
        process_id=row.process_id,
        element_id=row.element_id,
        element_name=element.name if element is not None else row.element_id or "",
        element_name_en=element.name_en if element is not None else "",
        kind=row.kind,
        message=row.message,
        trace=row.trace,
        state=row.state,
        at=row.at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution,
        reason=row.reason,
    )
