"""Owns definitions: content-addressed versions of processes, decisions and forms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.locks import lock_name
from jiedan.core.work import Work
from jiedan.flow.content.check import Finding, Surroundings, check
from jiedan.flow.content.forms import parse_form
from jiedan.flow.content.read import read_decisions, read_folders, read_processes
from jiedan.flow.current import (
    Version,
    current,
    digest_of,
    forget_current,
    members_of,
    newest_versions,
    read_sources,
)
from jiedan.flow.errors import DefinitionNotFound, DeploymentRefused
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind
from jiedan.flow.tables import BundleRow, DefinitionRow, DeploymentRow, SourceRow

FOLDERS = "folders"


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, a decision file or a form."""

    kind: DefinitionKind
    key: str
    """Process id, decision file name without its ending, or form id."""
    version: int
    name: str
    name_en: str
    filename: str
    sha256: str
    deployed_at: datetime
    deployed_by: str
    comment: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deployed:
    deployment_id: int | None
    """None when nothing changed."""
    changed: tuple[Definition, ...]
    unchanged: tuple[str, ...]
    """Keys."""
    warnings: tuple[Finding, ...]


def deploy(
    flow: Flow,
    *,
    actor: Actor,
    files: Mapping[str, bytes],
    comment: str = "",
    origin: str = "studio",
) -> Deployed:
    """Check and store files by name (`*.bpmn`, `*.dmn`, `*.form`); unchanged ones stay as they are.

    Raises DeploymentRefused(findings=…) when the deploy check finds errors.
    """
    findings = tuple(check_files(flow, files=files))
    errors = [one for one in findings if one.refuses]
    if errors:
        raise DeploymentRefused(count=len(errors), findings=findings)

    def once() -> Deployed:
        with flow.platform.work(actor=actor) as work:
            work.after_commit(lambda: forget_current(flow))
            return _store(work, files, comment, origin, findings)

    try:
        return once()
    except IntegrityError:
        # Two processes that start together on PostgreSQL deploy the same folders; the second
        # finds everything done.
        return once()


def deploy_folders(flow: Flow, *, actor: Actor) -> Deployed:
    """What every start does: deploy what changed in the content folders since the last start.

    A file that was replaced in the studio stays replaced until its file in the folder changes.
    """
    files = read_folders([flow.processes, flow.decisions, flow.forms])
    with flow.platform.read() as session:
        rows = session.execute(
            select(DefinitionRow.filename, DefinitionRow.sha256, DeploymentRow.origin)
            .join(DeploymentRow, DefinitionRow.deployment_id == DeploymentRow.id)
            .order_by(DefinitionRow.id)
        ).all()
    newest = {row.filename: row.sha256 for row in rows}
    from_folders = {row.filename: row.sha256 for row in rows if row.origin == FOLDERS}
    fresh = {
        name: content
        for name, content in files.items()
        if sha256(content).hexdigest() not in (newest.get(name), from_folders.get(name))
    }
    if not fresh:
        return Deployed(None, (), tuple(files), ())
    return deploy(flow, actor=actor, files=fresh, origin=FOLDERS)


def check_files(flow: Flow, *, files: Mapping[str, bytes]) -> list[Finding]:
    """The deploy check on unsaved files, together with what is deployed."""
    with flow.platform.read() as session:
        around = surroundings(session, flow)
    return check(files, around=around)


def surroundings(session: Session, flow: Flow) -> Surroundings:
    """What the checked files may refer to beside each other."""
    now = current(session, flow, fresh=True)
    return Surroundings(
        registry=flow.registry,
        processes=frozenset(now.processes),
        decisions=frozenset(now.decisions),
        forms=frozenset(now.forms),
        roles=flow.roles,
    )


def list_definitions(
    flow: Flow, *, kind: DefinitionKind | None = None, query: str = ""
) -> list[Definition]:
    """The newest version of each."""
    newest = (
        select(
            DefinitionRow.kind, DefinitionRow.key, func.max(DefinitionRow.version).label("version")
        )
        .group_by(DefinitionRow.kind, DefinitionRow.key)
        .subquery()
    )
    wanted = _definitions().join(
        newest,
        (DefinitionRow.kind == newest.c.kind)
        & (DefinitionRow.key == newest.c.key)
        & (DefinitionRow.version == newest.c.version),
    )
    if kind is not None:
        wanted = wanted.where(DefinitionRow.kind == kind)
    if query.strip():
        like = f"%{query.strip().lower()}%"
        wanted = wanted.where(
            func.lower(DefinitionRow.key).like(like)
            | func.lower(DefinitionRow.name).like(like)
            | func.lower(DefinitionRow.name_en).like(like)
        )
    with flow.platform.read() as session:
        rows = session.execute(wanted.order_by(DefinitionRow.kind, DefinitionRow.key))
        return [_definition(row) for row in rows]


def list_versions(flow: Flow, *, kind: DefinitionKind, key: str) -> list[Definition]:
    """All versions, newest first."""
    wanted = (
        _definitions()
        .where(DefinitionRow.kind == kind, DefinitionRow.key == key)
        .order_by(DefinitionRow.version.desc())
    )
    with flow.platform.read() as session:
        return [_definition(row) for row in session.execute(wanted)]


def show_definition(
    flow: Flow, *, kind: DefinitionKind, key: str, version: int | None = None
) -> tuple[Definition, bytes]:
    """One version (the newest without `version`) with its file. Raises DefinitionNotFound."""
    wanted = _definitions().where(DefinitionRow.kind == kind, DefinitionRow.key == key)
    if version is not None:
        wanted = wanted.where(DefinitionRow.version == version)
    with flow.platform.read() as session:
        row = session.execute(wanted.order_by(DefinitionRow.version.desc()).limit(1)).first()
        if row is None:
            raise DefinitionNotFound(kind=kind, key=key)
        return _definition(row), read_sources(session, {row.sha256})[row.sha256]


# --- storing -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Draft:
    kind: DefinitionKind
    key: str
    name: str
    name_en: str
    facts: dict[str, Any]
    filename: str
    digest: str


def _store(
    work: Work,
    files: Mapping[str, bytes],
    comment: str,
    origin: str,
    findings: tuple[Finding, ...],
) -> Deployed:
    session = work.session
    # One after the other: each sees what the other changed, and the newest number is the last.
    lock_name(session, "deployments")
    newest = newest_versions(session)
    drafts = [draft for name, content in files.items() for draft in _drafts(name, content)]
    fresh = [
        draft
        for draft in drafts
        if (known := newest[draft.kind].get(draft.key)) is None or known.sha256 != draft.digest
    ]
    unchanged = tuple(draft.key for draft in drafts if draft not in fresh)
    if not fresh:
        return Deployed(None, (), unchanged, findings)
    deployment_id = session.execute(
        insert(DeploymentRow)
        .values(at=work.now, by=work.actor.login, comment=comment, origin=origin)
        .returning(DeploymentRow.id)
    ).scalar_one()
    _store_sources(session, {draft.digest: files[draft.filename] for draft in fresh})
    changed = []
    for draft in fresh:
        before = newest[draft.kind].get(draft.key)
        version = 1 if before is None else before.version + 1
        session.execute(
            insert(DefinitionRow).values(
                kind=draft.kind,
                key=draft.key,
                version=version,
                sha256=draft.digest,
                filename=draft.filename,
                name=draft.name,
                name_en=draft.name_en,
                facts=draft.facts,
                deployment_id=deployment_id,
            )
        )
        newest[draft.kind][draft.key] = Version(
            draft.key, version, draft.digest, draft.name, draft.name_en, draft.facts
        )
        changed.append(
            Definition(
                kind=draft.kind,
                key=draft.key,
                version=version,
                name=draft.name,
                name_en=draft.name_en,
                filename=draft.filename,
                sha256=draft.digest,
                deployed_at=work.now,
                deployed_by=work.actor.login,
                comment=comment,
                facts=draft.facts,
            )
        )
        audit.record(
            work,
            action="definition.deploy",
            entity=f"{draft.kind}:{draft.key}",
            before={"version": before.version, "sha256": before.sha256} if before else None,
            after={"version": version, "sha256": draft.digest, "comment": comment},
        )
    _store_bundles(session, newest[DefinitionKind.PROCESS])
    return Deployed(deployment_id, tuple(changed), unchanged, findings)


def _drafts(filename: str, content: bytes) -> Iterator[_Draft]:
    digest = sha256(content).hexdigest()
    match PurePath(filename).suffix:
        case ".bpmn":
            for process_id, info in read_processes(content).items():
                facts: dict[str, Any] = {
                    "calls": list(info.calls),
                    "decisions": list(info.decisions),
                    "message_starts": [list(one) for one in info.message_starts],
                    "signal_starts": list(info.signal_starts),
                    "executable": info.executable,
                    "starts": info.can_be_started,
                    "starters": list(info.starters),
                }
                yield _Draft(
                    DefinitionKind.PROCESS,
                    process_id,
                    info.name,
                    info.name_en,
                    facts,
                    filename,
                    digest,
                )
        case ".dmn":
            table = read_decisions(content)
            key = PurePath(filename).stem
            yield _Draft(
                DefinitionKind.DECISION,
                key,
                table.name or key,
                table.name_en,
                {"decisions": dict(table.decisions)},
                filename,
                digest,
            )
        case ".form":
            form, _ = parse_form(content)
            yield _Draft(
                DefinitionKind.FORM, form.id, form.name.zh, form.name.en, {}, filename, digest
            )


def _store_sources(session: Session, contents: Mapping[str, bytes]) -> None:
    known = set(
        session.execute(
            select(SourceRow.sha256).where(SourceRow.sha256.in_(list(contents)))
        ).scalars()
    )
    rows = [
        {"sha256": digest, "content": content}
        for digest, content in contents.items()
        if digest not in known
    ]
    if rows:
        session.execute(insert(SourceRow), rows)


def _store_bundles(session: Session, processes: Mapping[str, Version]) -> None:
    wanted = {}
    for process_id, version in processes.items():
        members = members_of(process_id, processes)
        if members is not None:
            wanted[digest_of(process_id, members)] = {
                "root": process_id,
                "version": version.version,
                "members": members,
            }
    known = set(
        session.execute(select(BundleRow.digest).where(BundleRow.digest.in_(wanted))).scalars()
    )
    rows = [{"digest": digest, **row} for digest, row in wanted.items() if digest not in known]
    if rows:
        session.execute(insert(BundleRow), rows)


def _definitions() -> Select[*tuple[Any, ...]]:
    return select(
        DefinitionRow.kind,
        DefinitionRow.key,
        DefinitionRow.version,
        DefinitionRow.name,
        DefinitionRow.name_en,
        DefinitionRow.filename,
        DefinitionRow.sha256,
        DefinitionRow.facts,
        DeploymentRow.at,
        DeploymentRow.by,
        DeploymentRow.comment,
    ).join(DeploymentRow, DefinitionRow.deployment_id == DeploymentRow.id)


def _definition(row: Any) -> Definition:
    return Definition(
        kind=DefinitionKind(row.kind),
        key=row.key,
        version=row.version,
        name=row.name,
        name_en=row.name_en,
        filename=row.filename,
        sha256=row.sha256,
        deployed_at=row.at,
        deployed_by=row.by,
        comment=row.comment,
        facts=row.facts,
    )
