"""Files sent instead of goods: checked, linked for a while, each download noted (N4.2.5)."""

from __future__ import annotations

import hashlib
import secrets
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.files import StoredFile
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.customers import EMAIL
from jiedan.desk.errors import FileCorrupt, InvalidRecord, LinkExpired, TypeForbidden, UnknownRecord
from jiedan.desk.records import get_row
from jiedan.desk.tables import ElectronicFile, Shipment
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean

ALLOWED = frozenset({"pdf", "zip", "docx", "xlsx", "png", "jpg"})
LONGEST_LINK_DAYS = 90


@dataclass(frozen=True, slots=True)
class FileLink(Result):
    """A link to a file; ``token`` is known only when the link is made."""

    file_id: str
    filename: str
    sha256: str
    size: int
    expires_at: datetime
    token: str | None


def check_file(work: Work, *, stream: BinaryIO, filename: str) -> StoredFile:
    """Store a file that may be sent, after opening it as its reader would.

    Raises TypeForbidden, FileCorrupt, and the store's own refusals (empty, disguised, too large).
    """
    extension = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    if extension not in ALLOWED:
        raise TypeForbidden({"files": lazy("This kind of file may not be sent.")})
    stored = work.platform.files.put(stream, filename)
    with work.platform.files.open(stored.sha256) as content:
        if not _opens(content, extension):
            raise FileCorrupt({"files": lazy("The file cannot be opened.")})
    return stored


def make_link(
    work: Work, *, shipment_id: Ref, file: StoredFile, filename: str, recipient: str, days: int
) -> FileLink:
    """Make a link to a stored file for a recipient, valid for 1 to 90 days."""
    shipment = get_row(work.session, Shipment, shipment_id)
    problems = Problems()
    address = clean(recipient)
    if not EMAIL.fullmatch(address):
        problems.add("recipient", lazy("This is not an e-mail address."))
    if not 1 <= days <= LONGEST_LINK_DAYS:
        problems.add("link_expiry_days", lazy("Enter 1 to 90 days."))
    problems.raise_as(InvalidRecord)
    token = secrets.token_urlsafe(32)
    row = add(
        work,
        ElectronicFile(
            shipment_id=shipment.id,
            filename=clean(filename)[:200],
            sha256=file.sha256,
            size=file.size,
            recipient=address,
            token_hash=_hash(token),
            expires_at=work.now + timedelta(days=days),
            sent_at=work.now,
        ),
    )
    audit.record(
        work,
        action="edelivery.link",
        entity=f"order:{shipment.order_id}",
        after={"filename": row.filename, "sha256": row.sha256},
    )
    return _link(row, token)


def open_link(work: Work, *, token: str, ip: str | None = None) -> FileLink:
    """The file behind a link, with the download noted; raises LinkExpired (410)."""
    row = work.session.scalar(
        select(ElectronicFile).where(ElectronicFile.token_hash == _hash(token))
    )
    if row is None:
        raise UnknownRecord(kind="file")
    if row.expires_at <= work.now:
        raise LinkExpired
    row.downloads = [*row.downloads, {"at": work.now.isoformat(), "ip": ip}]
    work.session.flush()
    return _link(row, None)


def sent_files(session: Session, *, shipment_id: Ref) -> list[dict[str, Any]]:
    """The files of a shipment and how often each was fetched."""
    rows = session.scalars(
        select(ElectronicFile)
        .where(ElectronicFile.shipment_id == as_id(shipment_id))
        .order_by(ElectronicFile.sent_at)
    )
    return [
        {
            "filename": row.filename,
            "sha256": row.sha256,
            "size": row.size,
            "recipient": row.recipient,
            "expires_at": row.expires_at,
            "downloads": len(row.downloads),
        }
        for row in rows
    ]


def _opens(content: BinaryIO, extension: str) -> bool:
    if extension in ("zip", "docx", "xlsx"):
        try:
            with zipfile.ZipFile(content) as archive:
                return archive.testzip() is None
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
            return False
    data = content.read()
    endings = {"pdf": b"%%EOF", "png": b"IEND\xaeB`\x82", "jpg": b"\xff\xd9"}
    return endings[extension] in data[-1024:]


def _link(row: ElectronicFile, token: str | None) -> FileLink:
    return FileLink(str(row.id), row.filename, row.sha256, row.size, row.expires_at, token)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
