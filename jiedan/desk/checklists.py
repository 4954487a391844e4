"""Lists of items that somebody ticks off, and whether all of them passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord
from jiedan.desk.records import get_order
from jiedan.desk.tables import Checklist
from jiedan.desk.values import Problems, Ref, Result, add, as_id, clean, plain

RESULTS = frozenset({"pass", "fail", "na"})
SHORTEST_NOTE = 5


@dataclass(frozen=True, slots=True)
class Checked(Result):
    """A list was ticked off."""

    passed: bool
    failed: list[str]
    checklist_id: str


def record_checklist(
    work: Work,
    *,
    order_id: Ref,
    kind: str,
    items: Sequence[Mapping[str, Any]],
    needed: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    shipment_id: Ref | None = None,
) -> Checked:
    """Keep who ticked what: items are ``{code, result: pass|fail|na, note}``.

    ``needed`` names the codes that must have an answer; a failed item needs a note of at least
    five characters. Raises InvalidRecord. Each call adds a list; the latest one counts.
    """
    order = get_order(work.session, order_id)
    rows = checked_items(items, needed)
    failed = [row["code"] for row in rows if row["result"] == "fail"]
    checklist = add(
        work,
        Checklist(
            order_id=order.id,
            shipment_id=as_id(shipment_id) if shipment_id else None,
            kind=kind,
            items=rows,
            values=plain(dict(values or {})),
            passed=not failed,
            at=work.now,
            by=work.actor.login,
        ),
    )
    return Checked(not failed, failed, str(checklist.id))


def checked_items(
    items: Sequence[Mapping[str, Any]], needed: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The items in clean form; raises InvalidRecord for a wrong or missing answer."""
    problems = Problems()
    rows: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        path = f"items[{index}]"
        code = clean(item.get("code"))
        if not code:
            problems.add(f"{path}.code", lazy("Please fill this in."))
        result = problems.one_of(f"{path}.result", item.get("result"), RESULTS)
        note = clean(item.get("note"))
        if result == "fail" and len(note) < SHORTEST_NOTE:
            problems.add(f"{path}.note", lazy("Say what is wrong, in at least 5 characters."))
        rows.append({"code": code, "result": result, "note": note})
    answered = {row["code"] for row in rows}
    for code in needed:
        if code not in answered:
            problems.add(f"items.{code}", lazy("This item needs an answer."))
    problems.raise_as(InvalidRecord)
    return rows


def latest_checklists(
    session: Session, *, order_id: Ref, kinds: Sequence[str], shipment_id: Ref
) -> dict[str, Checklist]:
    """The lists of these kinds that count for a shipment, by their kind."""
    rows = session.scalars(
        select(Checklist)
        .where(
            Checklist.order_id == as_id(order_id),
            Checklist.shipment_id == as_id(shipment_id),
            Checklist.kind.in_(kinds),
        )
        .order_by(Checklist.at, Checklist.id)
    )
    return {row.kind: row for row in rows}


def latest_checklist(
    session: Session, *, order_id: Ref, kind: str, shipment_id: Ref | None = None
) -> Checklist | None:
    """The list of this kind that counts."""
    query = select(Checklist).where(Checklist.order_id == as_id(order_id), Checklist.kind == kind)
    if shipment_id is not None:
        query = query.where(Checklist.shipment_id == as_id(shipment_id))
    return session.scalar(query.order_by(Checklist.at.desc(), Checklist.id.desc()).limit(1))
