"""Owns what is deployed now: the newest versions, their bundles, and compiled models of them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.dmn import Model, load_model
from jiedan.flow.content.forms import Form, parse_form
from jiedan.flow.content.read import ElementInfo, ProcessInfo, read_processes
from jiedan.flow.engine import ProcessModel, compile_model
from jiedan.flow.errors import DecisionNotFound, DefinitionNotFound, ProcessNotFound
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind
from jiedan.flow.tables import BundleRow, DefinitionRow, DeploymentRow, SourceRow

LOOK_AGAIN_SECONDS = 1.0
"""How long another process's deployment may go unseen by running instances."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a definition, as other parts of the platform need it."""

    key: str
    version: int
    sha256: str
    name: str
    name_en: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """The newest versions of everything, as of one deployment."""

    deployment_id: int
    processes: Mapping[str, Version]
    decisions: Mapping[str, Version]
    """By decision id: the file that holds it."""
    forms: Mapping[str, Version]
    message_starts: Mapping[str, tuple[str, str]]
    """Message name → (process id, start element id)."""
    bundles: Mapping[str, int]
    """Process id → bundle id."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled bundle with what its pages need."""

    id: int
    root: str
    version: int
    model: ProcessModel
    processes: Mapping[str, ProcessInfo]
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)
    """What others worked out from the files, kept as long as they are."""

    def element(self, process_id: str, element_id: str) -> ElementInfo | None:
        process = self.processes.get(process_id)
        return None if process is None else process.elements.get(element_id)


def current(session: Session, flow: Flow, *, fresh: bool = False) -> Current:
    """What is deployed. `fresh` asks the database even if it was asked a moment ago."""
    known = flow.caches.current.get("current")
    if known is not None and not fresh and time.monotonic() - known[0] < LOOK_AGAIN_SECONDS:
        found: Current = known[1]
        return found
    newest = session.execute(select(func.max(DeploymentRow.id))).scalar() or 0
    if known is not None and known[1].deployment_id == newest:
        found = known[1]
    else:
        found = _load(session, newest)
    flow.caches.current.put("current", (time.monotonic(), found))
    return found


def forget_current(flow: Flow) -> None:
    """After a deployment of our own: look at once."""
    flow.caches.current.clear()


def process_version(session: Session, flow: Flow, process_id: str) -> tuple[Version, int]:
    """The newest version of a process and its bundle. Raises ProcessNotFound."""
    now = current(session, flow, fresh=True)
    if process_id not in now.bundles:
        raise ProcessNotFound(process_id=process_id)
    return now.processes[process_id], now.bundles[process_id]


def bundle_of(session: Session, flow: Flow, bundle_id: int) -> Bundle:
    """The compiled bundle, from memory or from the stored files."""
    known: Bundle | None = flow.caches.models.get(bundle_id)
    if known is not None:
        return known
    row = session.execute(
        select(BundleRow.root, BundleRow.version, BundleRow.members).where(
            BundleRow.id == bundle_id
        )
    ).one()
    digests = {member["sha256"] for member in row.members.values()}
    sources = read_sources(session, digests)
    wanted = set(row.members)
    processes = {
        process_id: info
        for content in sources.values()
        for process_id, info in read_processes(content).items()
        if process_id in wanted
    }
    model = compile_model({f"{digest}.bpmn": sources[digest] for digest in sources}, row.root)
    found = Bundle(bundle_id, row.root, row.version, model, processes)
    flow.caches.models.put(bundle_id, found)
    return found


def decision_model(session: Session, flow: Flow, decision_id: str) -> tuple[Model, Version]:
    """The newest file that holds this decision. Raises DecisionNotFound."""
    version = current(session, flow).decisions.get(decision_id)
    if version is None:
        raise DecisionNotFound(decision_id=decision_id)
    known: Model | None = flow.caches.decisions.get(version.sha256)
    if known is None:
        known = load_model(read_sources(session, {version.sha256})[version.sha256])
        flow.caches.decisions.put(version.sha256, known)
    return known, version


def form_version(
    session: Session, flow: Flow, form_id: str, version: int | None
) -> tuple[Form, Mapping[str, Any]]:
    """A form, parsed and as its schema. Raises DefinitionNotFound."""
    newest = current(session, flow).forms.get(form_id)
    if newest is not None and version in (None, newest.version):
        digest = newest.sha256
    else:
        digest = _digest_of_form(session, form_id, version)
    known: tuple[Form, Mapping[str, Any]] | None = flow.caches.forms.get(digest)
    if known is None:
        content = read_sources(session, {digest})[digest]
        known = (parse_form(content)[0], orjson.loads(content))
        flow.caches.forms.put(digest, known)
    return known


def read_sources(session: Session, digests: Iterable[str]) -> dict[str, bytes]:
    """Stored files by their digest."""
    rows = session.execute(
        select(SourceRow.sha256, SourceRow.content).where(SourceRow.sha256.in_(set(digests)))
    )
    return {row.sha256: bytes(row.content) for row in rows}


def members_of(root: str, processes: Mapping[str, Version]) -> dict[str, Any] | None:
    """The bundle of a process: itself and all it calls, or None when one of them is missing."""
    members: dict[str, Any] = {}
    waiting = [root]
    while waiting:
        process_id = waiting.pop()
        if process_id in members:
            continue
        version = processes.get(process_id)
        if version is None:
            return None
        members[process_id] = {"version": version.version, "sha256": version.sha256}
        waiting.extend(version.facts.get("calls", ()))
    return members


def digest_of(root: str, members: Mapping[str, Any]) -> str:
    """What makes a bundle this bundle."""
    return sha256(orjson.dumps([root, members], option=orjson.OPT_SORT_KEYS)).hexdigest()


def newest_versions(session: Session) -> dict[DefinitionKind, dict[str, Version]]:
    """The newest version of every definition, by kind and key."""
    newest = (
        select(
            DefinitionRow.kind, DefinitionRow.key, func.max(DefinitionRow.version).label("version")
        )
        .group_by(DefinitionRow.kind, DefinitionRow.key)
        .subquery()
    )
    found: dict[DefinitionKind, dict[str, Version]] = {kind: {} for kind in DefinitionKind}
    rows = session.execute(
        select(
            DefinitionRow.kind,
            DefinitionRow.key,
            DefinitionRow.version,
            DefinitionRow.sha256,
            DefinitionRow.name,
            DefinitionRow.name_en,
            DefinitionRow.facts,
        ).join(
            newest,
            (DefinitionRow.kind == newest.c.kind)
            & (DefinitionRow.key == newest.c.key)
            & (DefinitionRow.version == newest.c.version),
        )
    )
    for row in rows:
        found[DefinitionKind(row.kind)][row.key] = Version(
            row.key, row.version, row.sha256, row.name, row.name_en, row.facts
        )
    return found


def _load(session: Session, deployment_id: int) -> Current:
    found = newest_versions(session)
    processes = found[DefinitionKind.PROCESS]
    digests = {}
    for process_id in processes:
        members = members_of(process_id, processes)
        if members is not None:
            digests[digest_of(process_id, members)] = process_id
    rows = session.execute(
        select(BundleRow.id, BundleRow.digest).where(BundleRow.digest.in_(digests))
    )
    return Current(
        deployment_id=deployment_id,
        processes=processes,
        decisions={
            decision_id: version
            for version in found[DefinitionKind.DECISION].values()
            for decision_id in version.facts.get("decisions", {})
        },
        forms=found[DefinitionKind.FORM],
        message_starts={
            message: (process_id, element_id)
            for process_id, version in processes.items()
            for message, element_id in version.facts.get("message_starts", ())
        },
        bundles={digests[row.digest]: row.id for row in rows},
    )


def _digest_of_form(session: Session, form_id: str, version: int | None) -> str:
    query = select(DefinitionRow.sha256).where(
        DefinitionRow.kind == DefinitionKind.FORM, DefinitionRow.key == form_id
    )
    if version is not None:
        query = query.where(DefinitionRow.version == version)
    digest = session.execute(query.order_by(DefinitionRow.version.desc()).limit(1)).scalar()
    if digest is None:
        raise DefinitionNotFound(kind=DefinitionKind.FORM, key=form_id)
    return digest
