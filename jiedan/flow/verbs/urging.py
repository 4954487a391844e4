"""Owns urging: the initiator reminds those who are to act, not too often."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.ids import new_id
from jiedan.flow.current import bundle_of
from jiedan.flow.errors import InstanceNotFound
from jiedan.flow.history import write_note
from jiedan.flow.instance import Instance, lock_instance
from jiedan.flow.notices import notify
from jiedan.flow.owners import USER, names_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import TaskState
from jiedan.flow.tables import TaskRow
from jiedan.flow.tables_verbs import UrgeRow
from jiedan.flow.verbs.acting import require
from jiedan.flow.verbs.copying import takes_part
from jiedan.flow.verbs.errors import NobodyToUrge, UrgedEnough, UrgedTooOften
from jiedan.flow.verbs.results import Urged
from jiedan.flow.verbs.settings import ProcessSettings, process_settings

URGED = "%(by)s asks you to hurry: %(task)s of %(number)s. %(text)s"


@again_if_undone
def urge(flow: Flow, *, actor: Actor, instance_id: UUID, text: str = "") -> Urged:
    """催办: a notice to everybody whom the instance waits for.

    For whoever started it, worked on it or has a copy of it. Once in `jiedan:urge.hours` hours
    (2) per instance, and `jiedan:urge.max` times (5) while the same tasks wait. Raises
    UrgedTooOften, UrgedEnough, NobodyToUrge.
    """
    with flow.platform.work(actor=actor) as work:
        instance = lock_instance(work, instance_id)
        if not takes_part(work.session, instance, actor):
            raise InstanceNotFound
        instance.must_be_running()
        bundle = bundle_of(work.session, flow, instance.bundle_id)
        settings = process_settings(bundle, instance.process_id)
        require("urge", settings.verbs)
        waiting = [
            one for one in _waiting(work.session, instance) if one.assignee not in names_of(actor)
        ]
        if not waiting:
            raise NobodyToUrge
        again_at = _may_again(work.session, instance, settings, work.now, waiting)
        said = text.strip()[:500]
        work.session.execute(
            insert(UrgeRow).values(
                id=new_id(), instance_id=instance.id, by=actor.login, at=work.now, text=said
            )
        )
        reached: list[str] = []
        for task in waiting:
            owners = _owners(task)
            reached += owners
            notify(
                work,
                owners=owners,
                kind="urge",
                msgid=URGED,
                params={
                    "by": actor.name,
                    "task": task.name,
                    "task.en": task.name_en,
                    "number": instance.business_key or instance.process_id,
                    "text": said,
                },
                instance_id=instance.id,
                task_id=task.id,
            )
        to = tuple(dict.fromkeys(reached))
        write_note(
            work,
            instance_id=instance.id,
            kind="urged",
            note=said or None,
            detail={"to": list(to)},
        )
        audit.record(
            work,
            action="instance.urge",
            entity=f"instance:{instance.id}",
            after={"to": list(to), "text": said},
        )
        return Urged(instance.id, to, again_at)


def _waiting(session: Any, instance: Instance) -> list[Any]:
    return list(
        session.execute(
            select(
                TaskRow.id,
                TaskRow.name,
                TaskRow.name_en,
                TaskRow.assignee,
                TaskRow.candidates,
                TaskRow.created_at,
            ).where(
                TaskRow.instance_id == instance.id,
                TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
            )
        )
    )


def _owners(task: Any) -> tuple[str, ...]:
    if task.assignee:
        return (USER + task.assignee,)
    return tuple((task.candidates or "").split())


def _may_again(
    session: Any,
    instance: Instance,
    settings: ProcessSettings,
    now: datetime,
    waiting: list[Any],
) -> datetime:
    """When it may be done again after now. Raises UrgedTooOften and UrgedEnough."""
    pause = timedelta(hours=settings.urge_hours)
    since = max(one.created_at for one in waiting)
    last, times = session.execute(
        select(func.max(UrgeRow.at), func.count(UrgeRow.id).filter(UrgeRow.at >= since)).where(
            UrgeRow.instance_id == instance.id
        )
    ).one()
    if last is not None and last + pause > now:
        raise UrgedTooOften(at=last + pause)
    if times >= settings.urge_most:
        raise UrgedEnough(times=times)
    return now + pause
