"""Owns the activity history: who did what in an instance, when, why, and which rule fired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from jiedan.core.work import Work
from jiedan.flow.current import Bundle, bundle_of
from jiedan.flow.errors import InstanceNotFound
from jiedan.flow.platform import Flow
from jiedan.flow.tables import ActivityRow, InstanceRow, table_of


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule of a decision table that matched; `row` counts from 1."""

    row: int
    id: str | None
    note: str


@dataclass(frozen=True, slots=True)
class FiredDecision:
    decision_id: str
    version: int
    value: Any
    rules: tuple[FiredRule, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the timeline. `kind` is a BPMN type, or what a person or the clock did:
    claimed, unclaimed, suspended, resumed, cancelled, retried, skipped, breached, escalated,
    decision."""

    at: datetime
    kind: str
    process_id: str
    element_id: str
    name: str
    name_en: str
    entered_at: datetime | None
    actor: str | None
    on_behalf_of: str | None
    outcome: str | None
    note: str | None
    task_id: UUID | None
    decisions: tuple[FiredDecision, ...]
    detail: Mapping[str, Any]


def list_history(flow: Flow, *, instance_id: UUID, limit: int = 1000) -> tuple[HistoryEntry, ...]:
    """Oldest first; the newest `limit` entries."""
    with flow.platform.read() as session:
        bundle_id = session.execute(
            select(InstanceRow.bundle_id).where(InstanceRow.id == instance_id)
        ).scalar()
        if bundle_id is None:
            raise InstanceNotFound
        return history_of(session, bundle_of(session, flow, bundle_id), instance_id, limit)


def visits(flow: Flow, *, process_id: str, version: int | None = None) -> dict[str, int]:
    """How often each element was left: the heat map."""
    wanted = (
        select(ActivityRow.element_id, func.count())
        .where(ActivityRow.process_id == process_id)
        .group_by(ActivityRow.element_id)
    )
    if version is not None:
        wanted = wanted.join(InstanceRow, InstanceRow.id == ActivityRow.instance_id).where(
            InstanceRow.version == version
        )
    with flow.platform.read() as session:
        return {row[0]: row[1] for row in session.execute(wanted)}


def history_of(
    session: Session, bundle: Bundle, instance_id: UUID, limit: int = 1000
) -> tuple[HistoryEntry, ...]:
    """The same inside an open session."""
    rows = session.execute(
        select(*table_of(ActivityRow).columns)
        .where(ActivityRow.instance_id == instance_id)
        .order_by(ActivityRow.id.desc())
        .limit(limit)
    ).all()
    return tuple(_entry(bundle, row) for row in reversed(rows))


def write_note(
    work: Work,
    *,
    instance_id: UUID,
    kind: str,
    process_id: str = "",
    element_id: str = "",
    task_id: UUID | None = None,
    note: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add what a person or the clock did to the timeline."""
    work.session.execute(
        insert(ActivityRow).values(
            instance_id=instance_id,
            process_id=process_id,
            element_id=element_id,
            kind=kind,
            task_id=task_id,
            at=work.now,
            actor=None if work.actor.is_system else work.actor.login,
            on_behalf_of=work.actor.on_behalf_of,
            note=note,
            detail=None if detail is None else dict(detail),
        )
    )


def _entry(bundle: Bundle, row: Any) -> HistoryEntry:
    element = bundle.element(row.process_id, row.element_id)
    detail: dict[str, Any] = row.detail or {}
    return HistoryEntry(
        at=row.at,
        kind=row.kind,
        process_id=row.process_id,
        element_id=row.element_id,
        name=element.name if element is not None else row.element_id,
        name_en=element.name_en if element is not None else "",
        entered_at=row.entered_at,
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        outcome=row.outcome,
        note=row.note,
        task_id=row.task_id,
        decisions=tuple(_decision(one) for one in detail.get("decisions", ())),
        detail={name: value for name, value in detail.items() if name != "decisions"},
    )


def _decision(said: Mapping[str, Any]) -> FiredDecision:
    return FiredDecision(
        decision_id=said["decision"],
        version=said.get("version", 0),
        value=said.get("value"),
        rules=tuple(
            FiredRule(one.get("row", 0), one.get("id"), one.get("note") or "")
            for one in said.get("rules", ())
        ),
    )
