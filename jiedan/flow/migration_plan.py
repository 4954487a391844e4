"""Owns the comparison of two versions for a migration: what becomes of each element."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiedan.flow.content.read import ElementInfo
from jiedan.flow.current import Bundle, bundle_of
from jiedan.flow.engine.matching import Matching
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.errors import MappingUnknown, SameVersion
from jiedan.flow.migration import target_bundle
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState, TaskState
from jiedan.flow.tables import BundleRow, InstanceRow, TaskRow

RUNNING = (InstanceState.ACTIVE, InstanceState.INCIDENT, InstanceState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Place:
    """An element as a plan shows it."""

    process_id: str
    element_id: str
    name: str
    name_en: str
    kind: str

    @property
    def key(self) -> str:
        """How a mapping names it."""
        return f"{self.process_id}/{self.element_id}"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an element; without `target`, `rule` says why nothing does."""

    place: Place
    target: Place | None
    rule: str
    optional: bool
    """It only listens: an instance goes without it."""
    choices: tuple[Place, ...]
    """What of its kind the target has."""
    tasks: int
    """Open user tasks there, of all running instances of the source version."""

    @property
    def is_open_question(self) -> bool:
        """Whether somebody should say what becomes of it."""
        return self.target is None and not self.optional

    @property
    def is_change(self) -> bool:
        return self.target is None or self.target.element_id != self.place.element_id


@dataclass(frozen=True, slots=True)
class Plan:
    process_id: str
    from_version: int
    to_version: int
    changes: tuple[Change, ...]
    """In the order of the diagram, called processes last."""


def plan_migration(
    flow: Flow,
    *,
    process_id: str,
    source_version: int,
    target_version: int | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Plan:
    """Every element of one version where an instance can stand, and what it becomes.

    Raises SameVersion, MappingUnknown, DefinitionNotFound, ProcessNotFound.
    """
    with flow.platform.read() as session:
        source = target_bundle(session, flow, process_id, source_version)
        target = target_bundle(session, flow, process_id, target_version)
        if source.id == target.id:
            raise SameVersion
        check_mapping(target, mapping or {})
        return compare(session, source, target, mapping or {})


def compare(session: Session, source: Bundle, target: Bundle, mapping: Mapping[str, str]) -> Plan:
    """The same for two bundles."""
    tasks = _open_tasks(session, source)
    offered = [(ref, _place(target, ref)) for ref in target.model.elements()]
    changes = []
    for match in Matching(source.model, target.model, mapping).all():
        ref = match.element
        place = _place(source, ref)
        changes.append(
            Change(
                place=place,
                target=None if match.target is None else _place(target, match.target),
                rule=match.rule,
                optional=match.optional,
                choices=tuple(
                    one
                    for other, one in offered
                    if (other.process_id, other.kind) == (ref.process_id, ref.kind)
                ),
                tasks=tasks.get((ref.process_id, ref.id), 0),
            )
        )
    return Plan(source.root, source.version, target.version, tuple(changes))


def check_mapping(target: Bundle, mapping: Mapping[str, str]) -> None:
    """Raises MappingUnknown for a target that is not there. What is gone may be named."""
    unknown = []
    for place, element_id in mapping.items():
        process_id = place.rpartition("/")[0] or target.root
        if target.element(process_id, element_id) is None:
            unknown.append(element_id)
    if unknown:
        raise MappingUnknown(names=", ".join(sorted(unknown))[:200])


def plan_of(
    flow: Flow, *, bundle_ids: Sequence[int], target_id: int, mapping: Mapping[str, str]
) -> tuple[Change, ...]:
    """What becomes of every element of several sources; each element once."""
    found: dict[str, Change] = {}
    with flow.platform.read() as session:
        target = bundle_of(session, flow, target_id)
        for bundle_id in bundle_ids:
            source = bundle_of(session, flow, bundle_id)
            for change in compare(session, source, target, mapping).changes:
                found.setdefault(change.place.key, change)
    return tuple(found.values())


def members_of_bundle(flow: Flow, *, bundle_id: int) -> dict[str, int]:
    """The version of each process in a bundle."""
    with flow.platform.read() as session:
        members = session.execute(
            select(BundleRow.members).where(BundleRow.id == bundle_id)
        ).scalar_one()
    return {process_id: member["version"] for process_id, member in members.items()}


def versions_of(flow: Flow, *, process_id: str) -> dict[int, int]:
    """How many running instances each version of a process has."""
    with flow.platform.read() as session:
        rows = session.execute(
            select(InstanceRow.version, func.count())
            .where(InstanceRow.process_id == process_id, InstanceRow.state.in_(RUNNING))
            .group_by(InstanceRow.version)
            .order_by(InstanceRow.version.desc())
        )
        return {row[0]: row[1] for row in rows}


def _open_tasks(session: Session, source: Bundle) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(TaskRow.process_id, TaskRow.element_id, func.count())
        .join(InstanceRow, InstanceRow.id == TaskRow.instance_id)
        .where(
            InstanceRow.process_id == source.root,
            InstanceRow.version == source.version,
            InstanceRow.state.in_(RUNNING),
            TaskRow.state.in_((TaskState.OPEN, TaskState.CLAIMED)),
        )
        .group_by(TaskRow.process_id, TaskRow.element_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _place(bundle: Bundle, ref: ElementRef) -> Place:
    info: ElementInfo | None = bundle.element(ref.process_id, ref.id)
    name = ref.name if info is None else info.name
    name_en = "" if info is None else info.name_en
    return Place(ref.process_id, ref.id, name or ref.id, name_en, ref.kind)
