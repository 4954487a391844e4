"""Owns the life of an instance: start, suspend, resume, cancel, list, show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.i18n import pick
from jiedan.core.work import Work
from jiedan.flow.access import is_mine
from jiedan.flow.admin import admin_step, move_jobs
from jiedan.flow.current import Bundle, Version, bundle_of, current, read_sources
from jiedan.flow.delivery import drain
from jiedan.flow.ending import close_incidents, end_instance
from jiedan.flow.engine import Live
from jiedan.flow.errors import (
    DefinitionNotFound,
    InstanceInState,
    InstanceUnreadable,
)
from jiedan.flow.history import history_of, write_note
from jiedan.flow.idempotency import first_or_again, first_result, keep_result
from jiedan.flow.inbox import tasks_of
from jiedan.flow.incidents import incidents_of
from jiedan.flow.instance import Instance, load_instance, lock_instance
from jiedan.flow.instance_views import (
    DiagramOf,
    InstanceItem,
    InstanceView,
    Started,
    TokenAt,
    Waiting,
)
from jiedan.flow.jobs import jobs_of
from jiedan.flow.opening import attachments_of, comments_of, live_of, variables_of
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, moment, read_cursor
from jiedan.flow.pauses import halt_deadlines, release_deadlines
from jiedan.flow.platform import Flow
from jiedan.flow.searching import matching_instances, says, search_words
from jiedan.flow.starting import begin
from jiedan.flow.states import InstanceState, JobKind, JobState, TaskState
from jiedan.flow.sync_history import count_open
from jiedan.flow.tables import (
    BundleRow,
    InstanceRow,
    JobRow,
    SubscriptionRow,
    TaskRow,
)
from jiedan.flow.task_views import NextTask
from jiedan.flow.unreadable import end_rows

__all__ = [
    "DiagramOf",
    "InstanceItem",
    "InstanceView",
    "Started",
    "TokenAt",
    "Waiting",
    "cancel_instance",
    "diagram_of",
    "list_instances",
    "resume_instance",
    "show_instance",
    "start_in",
    "start_instance",
    "suspend_instance",
]


@again_if_undone
def start_instance(
    flow: Flow,
    *,
    actor: Actor,
    process_id: str,
    variables: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    key: str | None = None,
    start_element: str | None = None,
) -> Started:
    """Start an instance on the newest version and run it to its first wait state.

    A replay with the same `key` gets the first result, `replayed=True`; the same key for
    another request raises KeyReused. Raises ProcessNotFound.
    """
    request = [process_id, dict(variables or {}), business_key, start_element]

    def once() -> Started:
        with flow.platform.work(actor=actor) as work:
            known = first_result(work, key, "instance.start", request)
            if known is not None:
                return _started_before(work, UUID(known["instance_id"]))
            started = start_in(
                work,
                flow,
                process_id=process_id,
                variables=variables,
                business_key=business_key,
                start_element=start_element,
            )
            result = {"instance_id": str(started.instance_id)}
            keep_result(work, key, "instance.start", request, result)
            return started

    return first_or_again(once, key)


def start_in(
    work: Work,
    flow: Flow,
    *,
    process_id: str,
    variables: Mapping[str, Any] | None = None,
    business_key: str | None = None,
    start_element: str | None = None,
) -> Started:
    """The same inside a transaction that is already open."""
    step = begin(
        work,
        flow,
        process_id=process_id,
        variables=variables or {},
        business_key=business_key,
        start_element=start_element,
    )
    drain(work, flow)
    return Started(
        instance_id=step.instance.id,
        business_key=step.instance.business_key,
        state=step.instance.state,
        next_tasks=tuple(
            NextTask(
                task_id=one.task_id,
                element_id=one.element_id,
                name=one.name,
                name_en=one.name_en,
                mine=is_mine(work.actor, one.owners, one.assignee),
            )
            for one in step.opened
        ),
    )


@again_if_undone
def suspend_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> None:
    """Nothing of it runs, nobody can complete its tasks, deadlines stand still."""
    with admin_step(flow, actor, instance_id, reason) as (work, step):
        instance = step.instance
        if instance.state not in (InstanceState.ACTIVE, InstanceState.INCIDENT):
            raise InstanceInState(state=instance.state)
        _set_state(
            work,
            instance,
            InstanceState.SUSPENDED,
            resume_state=instance.state,
            # Deadlines that stood still before go on standing still afterwards.
            suspended_at=None if instance.halted_at else work.now,
        )
        move_jobs(work, instance_id, JobState.DUE, JobState.SUSPENDED)
        halt_deadlines(work, instance)
        _tell(work, instance_id, "suspended", reason)


@again_if_undone
def resume_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str = "") -> None:
    """Go on; deadlines of tasks move by the time it was suspended, timers are caught up."""
    with admin_step(flow, actor, instance_id, reason or "-") as (work, step):
        instance = step.instance
        if instance.state is not InstanceState.SUSPENDED:
            raise InstanceInState(state=instance.state)
        halted_by_us = instance.suspended_at is not None
        # A job may have failed for the last time while it was suspended.
        failed = count_open(work.session, instance_id) > 0
        before = InstanceState(instance.resume_state or InstanceState.ACTIVE)
        back_to = InstanceState.INCIDENT if failed else before
        _set_state(work, instance, back_to, resume_state=None, suspended_at=None)
        jobs = move_jobs(work, instance_id, JobState.SUSPENDED, JobState.DUE)
        if halted_by_us:
            release_deadlines(work, flow, instance)
        _tell(work, instance_id, "resumed", reason)
        step.take_early_messages()
        drain(work, flow)
        flow.due(work, work.now, jobs=jobs)


@again_if_undone
def cancel_instance(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> None:
    """End it where it stands; open tasks, jobs, timers and subscriptions go with it.

    Also what cannot be read any more can be ended.
    """
    try:
        _cancel(flow, actor, instance_id, reason)
    except InstanceUnreadable:
        _cancel_unread(flow, actor, instance_id, reason)


def _cancel_unread(flow: Flow, actor: Actor, instance_id: UUID, reason: str) -> None:
    with flow.platform.work(actor=actor) as work:
        instance = lock_instance(work, instance_id)
        end_rows(work, instance_id)
        _set_state(
            work, instance, InstanceState.CANCELLED, end_note=reason.strip(), ended_at=work.now
        )
        close_incidents(work, instance_id)
        _tell(work, instance_id, "cancelled", reason)


def _cancel(flow: Flow, actor: Actor, instance_id: UUID, reason: str) -> None:
    with admin_step(flow, actor, instance_id, reason) as (work, step):
        end_instance(step, kind="cancelled", reason=reason)
        drain(work, flow)


def list_instances(
    flow: Flow,
    *,
    query: str = "",
    process_id: str | None = None,
    states: frozenset[InstanceState] = frozenset(),
    business_key: str | None = None,
    started_by: str | None = None,
    started_from: datetime | None = None,
    started_to: datetime | None = None,
    after: str | None = None,
    size: int = 20,
) -> Page[InstanceItem]:
    """Newest first. Who may see what is the caller's business."""
    wanted = _items()
    words = search_words(query)
    if words:
        with flow.platform.read() as session:
            matching = matching_instances(session, words)
        if matching is None:
            wanted = wanted.where(*map(says, words))
        else:
            wanted = wanted.where(InstanceRow.id.in_(matching))
    if process_id is not None:
        wanted = wanted.where(InstanceRow.process_id == process_id)
    if states:
        wanted = wanted.where(InstanceRow.state.in_(states))
    if business_key is not None:
        wanted = wanted.where(InstanceRow.business_key == business_key)
    if started_by is not None:
        wanted = wanted.where(InstanceRow.started_by == started_by)
    if started_from is not None:
        wanted = wanted.where(InstanceRow.started_at >= started_from)
    if started_to is not None:
        wanted = wanted.where(InstanceRow.started_at < started_to)
    counted = wanted.with_only_columns(InstanceRow.id).limit(COUNT_UP_TO).subquery()
    keys = read_cursor(after, moment, UUID)
    if keys is not None:
        wanted = wanted.where(tuple_(InstanceRow.started_at, InstanceRow.id) < tuple(keys))
    newest = wanted.order_by(InstanceRow.started_at.desc(), InstanceRow.id.desc())
    with flow.platform.read() as session:
        rows = session.execute(newest.limit(size + 1)).all()
        number = session.execute(select(func.count()).select_from(counted)).scalar_one()
        waiting = _waiting_at(session, [row.id for row in rows[:size]])
        names = current(session, flow).processes
        items = tuple(
            _item(row, names.get(row.process_id), waiting.get(row.id, ())) for row in rows[:size]
        )
    more = len(rows) > size
    last = items[-1] if items else None
    after_last = cursor(last.started_at, last.instance_id) if more and last else None
    return Page(items, after_last, count_of(number))


def show_instance(flow: Flow, *, instance_id: UUID) -> InstanceView:
    """Everything about one instance. Raises InstanceNotFound."""
    now = flow.platform.clock.now()
    with flow.platform.read() as session:
        instance = load_instance(session, instance_id)
        row = session.execute(_items().where(InstanceRow.id == instance_id)).one()
        bundle = bundle_of(session, flow, instance.bundle_id)
        live, unreadable = _live_or_why_not(flow, session, instance)
        tasks = tasks_of(session, instance_id, now)
        open_names = tuple(one.name for one in tasks if TaskState(one.state).is_open)
        return InstanceView(
            item=_item(row, current(session, flow).processes.get(row.process_id), open_names),
            revision=instance.revision,
            end_note=row.end_note,
            tokens=()
            if live is None
            else tuple(TokenAt(one.process_id, one.element.id, one.state) for one in live.tokens()),
            variables=_variables(flow, session, instance, live),
            tasks=tasks,
            waiting=_waiting(session, bundle, instance_id),
            jobs=jobs_of(session, instance_id),
            history=history_of(session, bundle, instance_id),
            incidents=incidents_of(session, bundle, instance_id),
            comments=comments_of(session, instance_id),
            attachments=attachments_of(session, [one.task_id for one in tasks]),
            diagrams=_diagrams(session, bundle),
            unreadable=unreadable,
        )


def diagram_of(flow: Flow, *, instance_id: UUID, process_id: str) -> bytes:
    """The BPMN file of one process as this instance runs it."""
    with flow.platform.read() as session:
        instance = load_instance(session, instance_id)
        members = session.execute(
            select(BundleRow.members).where(BundleRow.id == instance.bundle_id)
        ).scalar_one()
        if process_id not in members:
            raise DefinitionNotFound(kind="process", key=process_id)
        digest = members[process_id]["sha256"]
        return read_sources(session, {digest})[digest]


def _live_or_why_not(
    flow: Flow, session: Session, instance: Instance
) -> tuple[Live | None, str | None]:
    try:
        return live_of(flow, session, instance), None
    except InstanceUnreadable as error:
        return None, str(error.params["reason"])


def _variables(
    flow: Flow, session: Session, instance: Instance, live: Live | None
) -> dict[str, Any]:
    if live is not None:
        return live.variables()
    return variables_of(flow, session, instance) if instance.state.is_over else {}


def _started_before(work: Work, instance_id: UUID) -> Started:
    instance = load_instance(work.session, instance_id)
    return Started(instance.id, instance.business_key, instance.state, (), replayed=True)


# --- changing ----------------------------------------------------------------------------------
def _set_state(work: Work, instance: Instance, state: InstanceState, **values: Any) -> None:
    audit.record(
        work,
        action=f"instance.{state}",
        entity=f"instance:{instance.id}",
        before={"state": instance.state},
        after={"state": state},
    )
    instance.state = state
    work.session.execute(
        update(InstanceRow).where(InstanceRow.id == instance.id).values(state=state, **values)
    )


def _tell(work: Work, instance_id: UUID, kind: str, reason: str) -> None:
    write_note(work, instance_id=instance_id, kind=kind, note=reason.strip() or None)


# --- reading -----------------------------------------------------------------------------------
def _items() -> Select[*tuple[Any, ...]]:
    return select(
        InstanceRow.id,
        InstanceRow.process_id,
        InstanceRow.version,
        InstanceRow.business_key,
        InstanceRow.title,
        InstanceRow.summary,
        InstanceRow.state,
        InstanceRow.started_by,
        InstanceRow.started_at,
        InstanceRow.ended_at,
        InstanceRow.end_note,
    )


def _item(row: Any, version: Version | None, waiting_at: tuple[str, ...]) -> InstanceItem:
    return InstanceItem(
        instance_id=row.id,
        process_id=row.process_id,
        process_name=version.name if version is not None else row.process_id,
        process_name_en=version.name_en if version is not None else "",
        version=row.version,
        business_key=row.business_key,
        title=row.title,
        summary=row.summary or {},
        state=InstanceState(row.state),
        started_by=row.started_by,
        started_at=row.started_at,
        ended_at=row.ended_at,
        waiting_at=waiting_at,
    )


def _waiting_at(session: Session, instance_ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = session.execute(
        select(TaskRow.instance_id, TaskRow.name, TaskRow.name_en).where(
            TaskRow.instance_id.in_(instance_ids),
            TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
        )
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for row in rows:
        found[row.instance_id] = (
            *found.get(row.instance_id, ()),
            pick(row.name, row.name_en),
        )
    return found


def _waiting(session: Session, bundle: Bundle, instance_id: UUID) -> tuple[Waiting, ...]:
    subscriptions = session.execute(
        select(
            SubscriptionRow.element_id, SubscriptionRow.message, SubscriptionRow.correlation_key
        ).where(SubscriptionRow.instance_id == instance_id)
    )
    timers = session.execute(
        select(JobRow.element_id, JobRow.due_at).where(
            JobRow.instance_id == instance_id,
            JobRow.kind == JobKind.TIMER,
            JobRow.state.in_((JobState.DUE, JobState.SUSPENDED)),
        )
    )
    return (
        *(
            Waiting("message", row.element_id, row.message, row.correlation_key, None)
            for row in subscriptions
        ),
        *(Waiting("timer", row.element_id, row.element_id, None, row.due_at) for row in timers),
    )


def _diagrams(session: Session, bundle: Bundle) -> tuple[DiagramOf, ...]:
    members = session.execute(
        select(BundleRow.members).where(BundleRow.id == bundle.id)
    ).scalar_one()
    return tuple(
        DiagramOf(
            process_id,
            bundle.processes[process_id].name,
            bundle.processes[process_id].name_en,
            members[process_id]["version"],
            members[process_id]["sha256"],
        )
        for process_id in sorted(members, key=lambda one: (one != bundle.root, one))
    )
