"""What a task's page does besides its form: signatures, comments that mention, the next task."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from flask import request, url_for

from jiedan.flow.inbox import list_tasks
from jiedan.flow.remarks import comment
from jiedan.flow.signatures import SignatureUnreadable, sign, signature_ids
from jiedan.flow.tasks import OpenedTask
from jiedan.flow.verbs.commenting import comment_with_mentions
from jiedan.flow.verbs.results import SignersView
from jiedan.flow.verbs.signing import signers_of
from jiedan.web.house import flow, person, platform
from jiedan.web.inbox.asked import last_place, read_address

_DRAWN = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]{60,300000})")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as the page shows it."""

    by: str
    at: datetime
    sha256: str
    url: str


def signatures_of(task: OpenedTask) -> list[Signature]:
    """Who signed this task."""
    with platform().read() as session:
        ids = signature_ids(session, task.task_id)
    return [
        Signature(one.by, one.at, one.sha256, url_for("files.show", attachment_id=one.id))
        for one in task.attachments
        if one.id in ids
    ]


def sign_if_drawn(task: OpenedTask) -> None:
    """Keep the signature that came with the form. Raises SignatureUnreadable."""
    drawn = request.form.get("_signature", "")
    if not drawn:
        return
    found = _DRAWN.fullmatch(drawn)
    try:
        picture = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error as error:
        raise SignatureUnreadable from error
    sign(flow(), actor=person(), task_id=task.task_id, picture=picture)


def say(task_id: UUID, text: str) -> None:
    """A comment; those named by `@login` are told."""
    if "@" not in text:
        comment(flow(), actor=person(), text=text, task_id=task_id)
        return
    comment_with_mentions(flow(), actor=person(), text=text, task_id=task_id)


def seats_of(task: OpenedTask) -> SignersView | None:
    """Who else decides at this step."""
    return signers_of(flow(), actor=person(), task_id=task.task_id)


def next_in_list(done: UUID) -> UUID | None:
    """The next task of the list that was looked at last, in its order and with its filters."""
    place = urlsplit(last_place() or "/inbox")
    if place.path != "/inbox":
        return None
    asked = read_address(dict(parse_qsl(place.query)))
    page = list_tasks(
        flow(),
        actor=person(),
        query=asked.query,
        filters=asked.filters,
        sort=asked.sort,
        after=asked.after,
        size=2,
    )
    return next((one.task_id for one in page.items if one.task_id != done), None)
