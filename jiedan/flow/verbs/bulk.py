"""Owns doing one verb with many tasks: a result for each, and a dry run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from jiedan.core.actor import Actor
from jiedan.core.errors import JiedanError
from jiedan.flow.access import load_task, standing_in
from jiedan.flow.answering import form_of
from jiedan.flow.current import bundle_of
from jiedan.flow.errors import TaskNotFound
from jiedan.flow.platform import Flow
from jiedan.flow.signatures import needs_signature
from jiedan.flow.tables import InstanceRow, TaskRow
from jiedan.flow.task_views import Answer
from jiedan.flow.tasks import claim_task, complete_task
from jiedan.flow.verbs.acting import require
from jiedan.flow.verbs.errors import NeedsLooking, TooManyAtOnce
from jiedan.flow.verbs.handing import transfer_task
from jiedan.flow.verbs.rehearsing import Undone, rehearsed
from jiedan.flow.verbs.results import BulkDone, BulkRow
from jiedan.flow.verbs.settings import StepSettings, settings_of

AT_MOST = 500


def bulk_claim(
    flow: Flow, *, actor: Actor, task_ids: tuple[UUID, ...], dry_run: bool = False
) -> BulkDone:
    """批量认领."""

    def claim(flow: Flow, task_id: UUID) -> None:
        _allowed(flow, actor, task_id, "bulk_claim")
        claim_task(flow, actor=actor, task_id=task_id)

    return _each(flow, "claim", task_ids, claim, dry_run=dry_run)


def bulk_approve(
    flow: Flow,
    *,
    actor: Actor,
    task_ids: tuple[UUID, ...],
    answer: Answer | None = None,
    dry_run: bool = False,
) -> BulkDone:
    """批量通过: where the step allows it and its form asks for nothing.

    Without `answer` each step's own word for agreeing is handed in. A row is NEEDS_LOOKING when
    the form has a field that must be filled in, or the step wants a signature.
    """

    def approve(flow: Flow, task_id: UUID) -> None:
        settings = _allowed(flow, actor, task_id, "bulk_approve")
        _must_ask_nothing(flow, task_id)
        given = answer or Answer()
        said = Answer(given.outcome or settings.agreement, given.values, given.note)
        complete_task(flow, actor=actor, task_id=task_id, version=None, answer=said)

    return _each(flow, "approve", task_ids, approve, dry_run=dry_run)


def bulk_transfer(
    flow: Flow,
    *,
    actor: Actor,
    task_ids: tuple[UUID, ...],
    to: str,
    reason: str = "",
    dry_run: bool = False,
) -> BulkDone:
    """批量转办."""

    def transfer(flow: Flow, task_id: UUID) -> None:
        _allowed(flow, actor, task_id, "bulk_transfer")
        transfer_task(flow, actor=actor, task_id=task_id, to=to, reason=reason)

    return _each(flow, "transfer", task_ids, transfer, dry_run=dry_run)


def _each(
    flow: Flow,
    verb: str,
    task_ids: tuple[UUID, ...],
    do: Callable[[Flow, UUID], None],
    *,
    dry_run: bool,
) -> BulkDone:
    """One transaction per task: what is refused for one does not hold up the others."""
    chosen = tuple(dict.fromkeys(task_ids))
    if len(chosen) > AT_MOST:
        raise TooManyAtOnce(limit=AT_MOST)
    names = _names(flow, chosen)
    here = rehearsed(flow) if dry_run else flow
    rows = []
    for task_id in chosen:
        error: JiedanError | None = None
        try:
            do(here, task_id)
        except Undone:
            pass
        except JiedanError as refusal:
            error = refusal
        known = names.get(task_id)
        rows.append(
            BulkRow(
                task_id=task_id,
                business_key=known.business_key if known else None,
                title=known.title if known else None,
                name=known.name if known else "",
                name_en=known.name_en if known else None,
                done=error is None,
                code=error.code if error is not None else "",
                refusal=error.message() if error is not None else "",
            )
        )
    return BulkDone(verb, dry_run, tuple(rows))


def _allowed(flow: Flow, actor: Actor, task_id: UUID, verb: str) -> StepSettings:
    with flow.platform.read() as session:
        task = load_task(session, task_id)
        now = flow.platform.clock.now()
        if not task.concerns(standing_in(session, flow, task, actor, now)):
            raise TaskNotFound
        bundle = bundle_of(session, flow, task.instance.bundle_id)
    settings = settings_of(bundle, task.process_id, task.element_id)
    require(verb, settings.verbs)
    return settings


def _must_ask_nothing(flow: Flow, task_id: UUID) -> None:
    with flow.platform.read() as session:
        task = load_task(session, task_id)
        bundle = bundle_of(session, flow, task.instance.bundle_id)
        element = bundle.element(task.process_id, task.element_id)
        form = form_of(session, flow, task, element)
    if needs_signature(element):
        raise NeedsLooking
    if form is not None and any(one.required and not one.read_only for one in form[0].walk()):
        raise NeedsLooking


def _names(flow: Flow, task_ids: tuple[UUID, ...]) -> dict[UUID, Any]:
    with flow.platform.read() as session:
        rows = session.execute(
            select(
                TaskRow.id,
                TaskRow.name,
                TaskRow.name_en,
                InstanceRow.business_key,
                InstanceRow.title,
            )
            .join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
            .where(TaskRow.id.in_(task_ids))
        )
        return {row.id: row for row in rows}
