"""Owns comments that mention people."""

from __future__ import annotations

import re
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.flow.access import task_in
from jiedan.flow.current import bundle_of
from jiedan.flow.errors import InstanceNotFound
from jiedan.flow.instance import Instance, load_instance
from jiedan.flow.notices import notify
from jiedan.flow.owners import USER
from jiedan.flow.platform import Flow
from jiedan.flow.remarks import comment_in, comment_text
from jiedan.flow.task_views import Comment
from jiedan.flow.verbs.copies import write_copies
from jiedan.flow.verbs.copying import must_be_there, must_take_part, takes_part
from jiedan.flow.verbs.errors import ReceiverRefused
from jiedan.flow.verbs.settings import process_settings

MENTIONED = "%(by)s mentions you in a comment on %(number)s: %(text)s"
_AT = re.compile(r"(?<![\w.])@([A-Za-z][\w.-]{0,63})")


@again_if_undone
def comment_with_mentions(
    flow: Flow,
    *,
    actor: Actor,
    text: str,
    mentions: tuple[str, ...] = (),
    task_id: UUID | None = None,
    instance_id: UUID | None = None,
) -> Comment:
    """评论: those mentioned (also as `@login` in the text) get a notice and a copy.

    The copy lets them see what the comment is about. A login in the text that nobody has is
    just text; one in `mentions` raises ReceiverRefused. Where the process allows no copies, only
    those can be mentioned whom it concerns anyway.
    """
    said = comment_text(text)
    with flow.platform.work(actor=actor) as work:
        element_id = ""
        if task_id is not None:
            task = task_in(work, flow, task_id)
            instance, element_id = task.instance, task.element_id
            process_id = task.process_id
        else:
            if instance_id is None:
                raise InstanceNotFound
            instance = load_instance(work.session, instance_id)
            must_take_part(work, instance, actor)
            process_id = instance.process_id
        must_be_there(work, flow, mentions)
        bundle = bundle_of(work.session, flow, instance.bundle_id)
        is_open = "copy" in process_settings(bundle, instance.process_id).verbs
        for login in mentions:
            if not is_open and not _sees(work, flow, instance, login):
                raise ReceiverRefused(login=login, why=lazy("this person may not see it."))
        written = comment_in(work, instance_id=instance.id, task_id=task_id, text=said)
        in_text = [
            login
            for login in _AT.findall(said)
            if flow.people.actor(work.session, login)
            and (is_open or _sees(work, flow, instance, login))
        ]
        people = tuple(
            one for one in dict.fromkeys([*mentions, *in_text]) if one != work.actor.login
        )
        if people and is_open:
            write_copies(
                work,
                instance,
                people=people,
                by=work.actor.login,
                process_id=process_id,
                element_id=element_id,
                task_id=task_id,
                note=said,
            )
        if people:
            notify(
                work,
                owners=tuple(USER + login for login in people),
                kind="mention",
                msgid=MENTIONED,
                params={
                    "by": work.actor.name,
                    "number": instance.business_key or instance.process_id,
                    "text": said[:200],
                },
                instance_id=instance.id,
                task_id=task_id,
            )
        return written


def _sees(work: Work, flow: Flow, instance: Instance, login: str) -> bool:
    person = flow.people.actor(work.session, login)
    return person is not None and takes_part(work.session, instance, person)
