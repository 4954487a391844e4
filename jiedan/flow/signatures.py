"""Owns drawn and typed signatures: pictures beside a task that say who signed, and when.

A signature is an attachment, so its time and its SHA-256 are kept and it cannot change once the
task is completed.
"""

import io
import struct
import zlib
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid
from jiedan.core.files import Attachment as AttachmentRow
from jiedan.core.files import attach_file
from jiedan.core.i18n import lazy
from jiedan.flow.access import task_for
from jiedan.flow.content.read import ElementInfo
from jiedan.flow.platform import Flow
from jiedan.flow.tables import TaskRow
from jiedan.flow.task_views import Attachment

NOTE = "signature"
"""The note of attachments that are signatures."""
MOST_BYTES = 200_000
_PNG = b"\x89PNG\r\n\x1a\n"


class SignatureMissing(Invalid):
    """This step needs your signature."""


class SignatureUnreadable(Invalid):
    """The signature could not be read. Please sign again."""


def needs_signature(element: ElementInfo | None) -> bool:
    """Whether the step asks for a signature: `jiedan:signature` is `required`."""
    return element is not None and element.setting("signature") == "required"


def sign(flow: Flow, *, actor: Actor, task_id: UUID, picture: bytes) -> Attachment:
    """Put the actor's signature, a PNG, beside an open task. Raises SignatureUnreadable."""
    if len(picture) > MOST_BYTES or not has_ink(picture):
        raise SignatureUnreadable
    with flow.platform.read() as session:
        task_for(session, actor, task_id).must_be_open_to(actor)
    stored = flow.platform.files.put(io.BytesIO(picture), f"signature-{actor.login}.png")
    with flow.platform.work(actor=actor) as work:
        task_for(work.session, actor, task_id).must_be_open_to(actor)
        row = attach_file(work, entity=f"task:{task_id}", file=stored, note=NOTE)
        work.session.execute(update(TaskRow).where(TaskRow.id == task_id).values(has_files=True))
        return Attachment(
            id=row.id,
            filename=row.filename,
            sha256=row.sha256,
            size=row.size,
            mime=row.mime,
            at=row.uploaded_at,
            by=row.uploaded_by,
            task_id=task_id,
        )


def require_signature(
    session: Session, element: ElementInfo | None, *, task_id: UUID, login: str
) -> None:
    """Raises SignatureMissing unless the step needs none or `login` has signed this task."""
    if not needs_signature(element):
        return
    signed = session.execute(
        select(AttachmentRow.id)
        .where(
            AttachmentRow.entity == f"task:{task_id}",
            AttachmentRow.note == NOTE,
            AttachmentRow.uploaded_by == login,
            AttachmentRow.removed_at.is_(None),
        )
        .limit(1)
    ).first()
    if signed is None:
        raise SignatureMissing({"_signature": lazy("This step needs your signature.")})


def signature_ids(session: Session, task_id: UUID) -> frozenset[UUID]:
    """Which attachments of a task are signatures."""
    wanted = select(AttachmentRow.id).where(
        AttachmentRow.entity == f"task:{task_id}", AttachmentRow.note == NOTE
    )
    return frozenset(session.execute(wanted).scalars())


def has_ink(picture: bytes) -> bool:
    """Whether it is a PNG of which more than one colour is used: an empty sheet is no signature."""
    if not picture.startswith(_PNG):
        return False
    data, place = bytearray(), len(_PNG)
    try:
        while place < len(picture):
            length, kind = struct.unpack(">I4s", picture[place : place + 8])
            if kind == b"IDAT":
                data += picture[place + 8 : place + 8 + length]
            place += length + 12
        lines = zlib.decompressobj().decompress(bytes(data), 8_000_000)
    except (struct.error, zlib.error):
        return False
    return len(set(lines)) > 5
