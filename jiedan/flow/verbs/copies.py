"""Owns the rows of copies: one per person and instance; sent again, it is unread again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert, select, update

from jiedan.core import audit
from jiedan.core.ids import new_id
from jiedan.core.work import Work
from jiedan.flow.history import write_note
from jiedan.flow.instance import Instance
from jiedan.flow.notices import notify
from jiedan.flow.owners import USER
from jiedan.flow.tables_verbs import CopyRow

COPIED = "You got a copy of %(number)s for information."


def write_copies(
    work: Work,
    instance: Instance,
    *,
    people: tuple[str, ...],
    by: str,
    process_id: str,
    element_id: str,
    task_id: UUID | None,
    note: str | None,
) -> None:
    """Send a copy to each of these people, with a notice and a line in the timeline."""
    if not people:
        return
    known = set(
        work.session.scalars(
            select(CopyRow.login).where(
                CopyRow.instance_id == instance.id, CopyRow.login.in_(people)
            )
        )
    )
    said = {
        "task_id": task_id,
        "process_id": process_id,
        "element_id": element_id,
        "by": by,
        "at": work.now,
        "note": note,
        "read_at": None,
    }
    if known:
        work.session.execute(
            update(CopyRow)
            .where(CopyRow.instance_id == instance.id, CopyRow.login.in_(known))
            .values(**said)
        )
    fresh = [
        {"id": new_id(), "instance_id": instance.id, "login": login, **said}
        for login in people
        if login not in known
    ]
    if fresh:
        work.session.execute(insert(CopyRow), fresh)
    notify(
        work,
        owners=tuple(USER + login for login in people),
        kind="copy",
        msgid=COPIED,
        params={"number": instance.business_key or instance.title or instance.process_id},
        instance_id=instance.id,
        task_id=None,
    )
    write_note(
        work,
        instance_id=instance.id,
        kind="copied",
        process_id=process_id,
        element_id=element_id,
        task_id=task_id,
        note=note,
        detail={"to": list(people)},
    )
    audit.record(
        work,
        action="instance.copy",
        entity=f"instance:{instance.id}",
        after={"to": list(people), "by": by},
    )
