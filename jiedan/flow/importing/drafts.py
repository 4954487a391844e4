"""Owns drafts of imported diagrams: kept as they came and as edited, until deployed or removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.database import Base
from jiedan.core.errors import NotFound
from jiedan.core.ids import new_id
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.read import read_processes
from jiedan.flow.content.xml import parse_xml
from jiedan.flow.definitions import Deployed, check_files, deploy, list_definitions
from jiedan.flow.importing.diagram import Imported, import_diagram
from jiedan.flow.pages import COUNT_UP_TO, Page, count_of, cursor, read_cursor
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind

PAGE = 50
_NAME_LIMIT = 200


class ImportDraftRow(Base):
    """An imported file, and what has become of it in the studio since."""

    __tablename__ = "flow_import_drafts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(String(_NAME_LIMIT))
    original: Mapped[bytes] = mapped_column(LargeBinary)
    source: Mapped[bytes] = mapped_column(LargeBinary)
    """The converted diagram with what was edited since."""
    imported_by: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime]
    saved_at: Mapped[datetime]


class DraftNotFound(NotFound):
    """This imported diagram is not here any more."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An imported diagram in a list."""

    id: UUID
    filename: str
    imported_by: str
    imported_at: datetime
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """An imported diagram with its report."""

    draft: Draft
    imported: Imported
    """As it was converted; the report speaks of this."""
    source: bytes
    """As it is now."""
    replaces: tuple[str, ...]
    """Ids of its processes that are deployed already."""


def import_draft(flow: Flow, *, actor: Actor, filename: str, content: bytes) -> Draft:
    """Convert a file and keep it as a draft. Raises what `import_diagram` raises."""
    name = _clean_name(filename)
    imported = import_diagram(content, filename=name)
    with flow.platform.work(actor=actor) as work:
        draft = Draft(new_id(), name, actor.login, work.now, work.now)
        work.session.execute(
            insert(ImportDraftRow).values(
                id=draft.id,
                filename=name,
                original=content,
                source=imported.source,
                imported_by=actor.login,
                imported_at=work.now,
                saved_at=work.now,
            )
        )
        after = {"filename": name, "dialects": list(imported.dialects), **imported.counts}
        audit.record(work, action="import.create", entity=f"import:{draft.id}", after=after)
    return draft


def list_drafts(flow: Flow, *, query: str = "", after: str | None = None) -> Page[Draft]:
    """The drafts of all process owners, newest first; `query` is part of the file name."""
    rows = ImportDraftRow
    wanted = select(
        rows.id, rows.filename, rows.imported_by, rows.imported_at, rows.saved_at
    ).order_by(rows.id.desc())
    counted = select(rows.id)
    if query.strip():
        holds = func.lower(rows.filename).contains(query.strip().lower(), autoescape=True)
        wanted, counted = wanted.where(holds), counted.where(holds)
    before = read_cursor(after, UUID)
    if before is not None:
        wanted = wanted.where(rows.id < before[0])
    with flow.platform.read() as session:
        found = [_draft(row) for row in session.execute(wanted.limit(PAGE + 1))]
        number = session.scalar(
            select(func.count()).select_from(counted.limit(COUNT_UP_TO).subquery())
        )
    items = found[:PAGE]
    following = cursor(items[-1].id) if len(found) > PAGE else None
    return Page(items, following, count_of(number or 0))


def open_draft(flow: Flow, *, draft_id: UUID) -> OpenDraft:
    """A draft with its report. Raises DraftNotFound."""
    with flow.platform.read() as session:
        row = session.get(ImportDraftRow, draft_id)
        if row is None:
            raise DraftNotFound
        draft, original, source = _draft(row), row.original, row.source
    deployed = {one.key for one in list_definitions(flow, kind=DefinitionKind.PROCESS)}
    return OpenDraft(
        draft,
        import_diagram(original, filename=draft.filename),
        source,
        tuple(one for one in read_processes(source) if one in deployed),
    )


def save_draft(flow: Flow, *, actor: Actor, draft_id: UUID, source: bytes) -> None:
    """Keep the diagram as it is now. Raises DraftNotFound, and what `parse_xml` raises."""
    parse_xml(source)
    with flow.platform.work(actor=actor) as work:
        changed = work.session.execute(
            update(ImportDraftRow)
            .where(ImportDraftRow.id == draft_id)
            .values(source=source, saved_at=work.now)
            .returning(ImportDraftRow.id)
        ).first()
        if changed is None:
            raise DraftNotFound
        audit.record(work, action="import.save", entity=f"import:{draft_id}")


def remove_draft(flow: Flow, *, actor: Actor, draft_id: UUID) -> None:
    """Throw a draft away. Raises DraftNotFound."""
    with flow.platform.work(actor=actor) as work:
        gone = work.session.execute(
            delete(ImportDraftRow).where(ImportDraftRow.id == draft_id).returning(ImportDraftRow.id)
        ).first()
        if gone is None:
            raise DraftNotFound
        audit.record(work, action="import.remove", entity=f"import:{draft_id}")


def check_draft(flow: Flow, *, draft_id: UUID, source: bytes) -> list[Finding]:
    """What the deploy check says of the diagram as it is in the editor, with its forms."""
    return check_files(flow, files=_files(_forms(flow, draft_id), source))


def deploy_draft(
    flow: Flow, *, actor: Actor, draft_id: UUID, source: bytes, comment: str
) -> Deployed:
    """Deploy the diagram and the forms that were made for it; the draft is done then.

    Raises DraftNotFound, and DeploymentRefused(findings=…).
    """
    files = _files(_forms(flow, draft_id), source)
    deployed = deploy(flow, actor=actor, files=files, comment=comment)
    remove_draft(flow, actor=actor, draft_id=draft_id)
    return deployed


def form_of_draft(flow: Flow, *, draft_id: UUID, name: str) -> bytes:
    """One of the forms that were made for a draft. Raises DraftNotFound."""
    found = _forms(flow, draft_id).get(name)
    if found is None:
        raise DraftNotFound
    return found


def _forms(flow: Flow, draft_id: UUID) -> Mapping[str, bytes]:
    with flow.platform.read() as session:
        original = session.scalar(
            select(ImportDraftRow.original).where(ImportDraftRow.id == draft_id)
        )
    if original is None:
        raise DraftNotFound
    return import_diagram(original, filename="").forms


def _files(forms: Mapping[str, bytes], source: bytes) -> dict[str, bytes]:
    """A diagram is named after its first process, as everything is that the studio deploys."""
    parse_xml(source)
    first = next(iter(read_processes(source)), "diagram")
    return {f"{re.sub(r'[^A-Za-z0-9_.-]', '_', first)}.bpmn": source, **forms}


def _clean_name(filename: str) -> str:
    name = re.sub(r"[\x00-\x1f\\/:*?\"<>|]", "_", filename).strip() or "diagram.bpmn"
    return name[-_NAME_LIMIT:]


def _draft(row: Any) -> Draft:
    return Draft(row.id, row.filename, row.imported_by, row.imported_at, row.saved_at)
