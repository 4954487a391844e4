"""Owns what a task's page shows: form, first values, facts, remarks, what may be done."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.errors import JiedanError
from jiedan.core.files import list_attachments
from jiedan.core.work import Work
from jiedan.flow.access import Task, check_duties
from jiedan.flow.answering import form_of, loaded
from jiedan.flow.content.read import ElementInfo
from jiedan.flow.current import bundle_of
from jiedan.flow.engine import Live, StateUnreadable
from jiedan.flow.errors import InstanceUnreadable
from jiedan.flow.host import StepHost
from jiedan.flow.instance import Instance
from jiedan.flow.owners import logins_in, names_of, roles_in
from jiedan.flow.packing import unpack, unpack_answer
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState, TaskState
from jiedan.flow.tables import CommentRow, DraftRow, StateRow, TaskRow
from jiedan.flow.task_views import Attachment, Comment, OpenedTask
from jiedan.flow.verbs.allowed import allowed_verbs, reasons_of


def open_page(flow: Flow, session: Session, actor: Actor, task: Task) -> OpenedTask:
    """Gather the page of one task for one reader, without changing anything."""
    work = Work(session, flow.platform.clock.now(), actor, flow.platform)
    bundle = bundle_of(session, flow, task.instance.bundle_id)
    element = bundle.element(task.process_id, task.element_id)
    token = task.token if task.state.is_open else None
    variables = variables_of(flow, session, task.instance, token)
    form = form_of(session, flow, task, element)
    first = _loaded(StepHost(work, flow, task.instance), element, task, variables)
    draft = session.get(DraftRow, task.id) if task.has_draft else None
    refusal = _refusal(work, flow, task)
    verbs = _verbs(task, actor, refusal)
    return OpenedTask(
        task_id=task.id,
        version=task.version,
        instance_id=task.instance.id,
        process_id=task.process_id,
        element_id=task.element_id,
        code=task.code,
        name=task.name,
        name_en=task.name_en,
        state=task.state,
        business_key=task.instance.business_key,
        title=task.instance.title,
        summary=task.instance.summary or {},
        form_id=task.form_id,
        form_version=task.form_version,
        schema=None if form is None else form[1],
        values=(first.get("values") or {}) if draft is None else draft.values,
        facts=tuple(first.get("facts") or ()),
        variables=variables,
        assignee=task.assignee,
        candidate_roles=roles_in(task.owners),
        candidate_users=logins_in(task.owners),
        priority=task.priority,
        created_at=task.created_at,
        due_at=task.due_at,
        breached_at=task.breached_at,
        completed_by=task.completed_by,
        completed_at=task.completed_at,
        outcome=task.outcome,
        draft_saved_at=None if draft is None else draft.saved_at,
        verbs=verbs,
        comments=comments_of(session, task.instance.id),
        attachments=attachments_of(session, [task.id]),
        properties=element.properties if element is not None else {},
        documentation=element.documentation if element is not None else "",
        refusal=refusal,
        answer=_answer(session, task),
        allowed_verbs=allowed_verbs(session, bundle, task, actor, verbs, kept=refusal is not None),
        reasons=reasons_of(bundle, task),
        on_behalf_of=actor.on_behalf_of,
        loaded=first.get("values") or {},
    )


def variables_of(
    flow: Flow, session: Session, instance: Instance, task_id: UUID | None = None
) -> dict[str, Any]:
    """What an instance, or one of its tokens, knows; of a finished one its last variables."""
    live = live_of(flow, session, instance)
    if live is None:
        content = session.execute(
            select(StateRow.content).where(StateRow.instance_id == instance.id)
        ).scalar()
        found: dict[str, Any] = unpack(bytes(content)) if content else {}
        return found
    return live.variables(task_id)


def live_of(flow: Flow, session: Session, instance: Instance) -> Live | None:
    """A copy of the live instance to look at; None when it is over. Raises InstanceUnreadable."""
    if instance.state.is_over:
        return None
    content = session.execute(
        select(StateRow.content).where(StateRow.instance_id == instance.id)
    ).scalar_one()
    try:
        return Live.restore(bundle_of(session, flow, instance.bundle_id).model, bytes(content))
    except StateUnreadable as error:
        raise InstanceUnreadable(reason=str(error)) from error


def comments_of(session: Session, instance_id: UUID) -> tuple[Comment, ...]:
    """All comments on an instance and its tasks, oldest first."""
    rows = session.execute(
        select(CommentRow.id, CommentRow.at, CommentRow.by, CommentRow.text, CommentRow.task_id)
        .where(CommentRow.instance_id == instance_id)
        .order_by(CommentRow.at, CommentRow.id)
    )
    return tuple(Comment(row.id, row.at, row.by, row.text, row.task_id) for row in rows)


def attachments_of(session: Session, task_ids: list[UUID]) -> tuple[Attachment, ...]:
    """Files beside these tasks, oldest first."""
    if not task_ids:
        return ()
    return tuple(
        Attachment(
            id=one.id,
            filename=one.filename,
            sha256=one.sha256,
            size=one.size,
            mime=one.mime,
            at=one.uploaded_at,
            by=one.uploaded_by,
            task_id=UUID(one.entity.removeprefix("task:")),
        )
        for one in list_attachments(session, *(f"task:{task_id}" for task_id in task_ids))
    )


def _loaded(
    host: StepHost, element: ElementInfo | None, task: Task, variables: dict[str, Any]
) -> dict[str, Any]:
    try:
        return loaded(host, element, task, variables)
    except JiedanError:
        if task.state.is_open:
            raise
        # A task that is over is still shown when what it was about is gone.
        return {}


def _answer(session: Session, task: Task) -> dict[str, Any] | None:
    if task.state is not TaskState.COMPLETED:
        return None
    return unpack_answer(
        session.execute(select(TaskRow.answer).where(TaskRow.id == task.id)).scalar()
    )


def _refusal(work: Work, flow: Flow, task: Task) -> str | None:
    if not task.is_open_to(work.actor):
        return None
    try:
        check_duties(work, flow, action="complete", task=task)
    except JiedanError as error:
        return error.code
    return None


def _verbs(task: Task, actor: Actor, refusal: str | None) -> frozenset[str]:
    if not task.concerns(actor):
        return frozenset()
    verbs = {"comment"}
    running = task.instance.state in (InstanceState.ACTIVE, InstanceState.INCIDENT)
    if task.is_open_to(actor):
        verbs.add("attach")
        if task.assignee in names_of(actor) and task.owners:
            verbs.add("unclaim")
        if running and refusal is None:
            verbs |= {"complete", "save"}
            if task.assignee is None:
                verbs.add("claim")
    return frozenset(verbs)
