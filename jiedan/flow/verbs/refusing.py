"""Owns saying no: reject a task, cancel a request, submit an old one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.flow.access import check_duties, check_guards
from jiedan.flow.current import bundle_of
from jiedan.flow.delivery import drain
from jiedan.flow.ending import end_instance
from jiedan.flow.errors import InstanceNotFound
from jiedan.flow.history import write_note
from jiedan.flow.instance import Instance, load_instance, lock_instance
from jiedan.flow.instances import start_in
from jiedan.flow.opening import variables_of
from jiedan.flow.owners import names_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.step import step_for
from jiedan.flow.tables import TaskRow
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs.acting import acting, reason_for, require
from jiedan.flow.verbs.deciding import take_answer
from jiedan.flow.verbs.errors import NotYourRequest, RequestStillOpen, RequestUnderWay
from jiedan.flow.verbs.results import Resubmitted, VerbDone
from jiedan.flow.verbs.settings import process_settings


@again_if_undone
def reject_task(
    flow: Flow, *, actor: Actor, task_id: UUID, reason: str, version: int | None = None
) -> VerbDone:
    """拒绝: end the instance, go to a named step, throw an error or hand in the outcome `reject`.

    Which of them the step's property `jiedan:reject` says. Of several signers it is one voice.
    """
    with acting(
        flow, actor=actor, task_id=task_id, verb="reject", reason=reason, version=version
    ) as act:
        task, step = act.task, act.step
        check_duties(act.work, flow, action="complete", task=task)
        variables = step.live.variables(task.token)
        check_guards(flow, step.host, task, variables)
        answer = Answer(act.settings.refusal, {}, act.reason or None)
        audit.record(
            act.work,
            action="task.reject",
            entity=f"task:{task.id}",
            after={"reason": act.reason},
        )
        take_answer(step, task, variables, answer, {})
    return act.done()


@again_if_undone
def cancel_request(flow: Flow, *, actor: Actor, instance_id: UUID, reason: str) -> VerbDone:
    """撤销: the initiator ends the instance.

    With `jiedan:cancel` = `untouched` only until somebody else has decided. Raises
    NotYourRequest, RequestUnderWay, VerbNotAllowed.
    """
    with flow.platform.work(actor=actor) as work:
        instance = lock_instance(work, instance_id)
        must_be_initiator(flow, work.session, instance, actor)
        settings = process_settings(
            bundle_of(work.session, flow, instance.bundle_id), instance.process_id
        )
        instance.must_be_running()
        require("cancel", settings.verbs)
        said = reason_for("cancel", reason, settings.reasons)
        if settings.cancel == "untouched" and decided_by_others(work.session, instance):
            raise RequestUnderWay
        step = step_for(work, flow, instance)
        end_instance(step, kind="cancelled", reason=said)
        drain(work, flow)
        return VerbDone("cancel", instance_id, None, instance.state)


@again_if_undone
def resubmit(flow: Flow, *, actor: Actor, instance_id: UUID) -> Resubmitted:
    """再次提交: start the process again with what the ended instance knew.

    Taken over are the variables that the process names in `jiedan:resubmit`; people among them
    (`u:NAME`) who have left are dropped, so that the new one asks for somebody else.
    """
    with flow.platform.work(actor=actor) as work:
        instance = load_instance(work.session, instance_id)
        must_be_initiator(flow, work.session, instance, actor)
        bundle = bundle_of(work.session, flow, instance.bundle_id)
        settings = process_settings(bundle, instance.process_id)
        require("resubmit", settings.verbs)
        if not instance.state.is_over:
            raise RequestStillOpen
        known = variables_of(flow, work.session, instance)
        taken = {name: known[name] for name in settings.resubmit if name in known}
        variables = without_leavers(flow, work.session, taken, settings.resubmit_people)
        started = start_in(work, flow, process_id=instance.process_id, variables=variables)
        for one, other in (
            (instance_id, started.instance_id),
            (started.instance_id, instance_id),
        ):
            write_note(work, instance_id=one, kind="resubmitted", detail={"instance": str(other)})
        audit.record(
            work,
            action="instance.resubmit",
            entity=f"instance:{started.instance_id}",
            after={"from": str(instance_id)},
        )
        process = bundle.processes[instance.process_id]
        return Resubmitted(
            process_id=instance.process_id,
            process_name=process.name,
            process_name_en=process.name_en,
            variables=variables,
            started_id=started.instance_id,
        )


def must_be_initiator(flow: Flow, session: Any, instance: Instance, actor: Actor) -> None:
    """Raises InstanceNotFound for who has nothing to do with it, else NotYourRequest."""
    if instance.started_by in names_of(actor):
        return
    worked = session.execute(
        select(func.count())
        .select_from(TaskRow)
        .where(TaskRow.instance_id == instance.id, TaskRow.completed_by == actor.login)
    ).scalar_one()
    if worked or actor.has(flow.admins):
        raise NotYourRequest
    raise InstanceNotFound


def decided_by_others(session: Any, instance: Instance) -> bool:
    """Whether anybody but the initiator has completed a task of it."""
    found = session.execute(
        select(TaskRow.id)
        .where(
            TaskRow.instance_id == instance.id,
            TaskRow.state == TaskState.COMPLETED,
            TaskRow.completed_by != instance.started_by,
        )
        .limit(1)
    ).first()
    return found is not None


def without_leavers(
    flow: Flow, session: Any, variables: Mapping[str, Any], people: frozenset[str]
) -> dict[str, Any]:
    """The variables; those that name people without whoever is not active any more."""
    kept: dict[str, Any] = {}
    for name, value in variables.items():
        if name not in people:
            kept[name] = value
        elif isinstance(value, list):
            kept[name] = [one for one in value if flow.people.actor(session, str(one))]
        elif value is not None and flow.people.actor(session, str(value)):
            kept[name] = value
    return kept
