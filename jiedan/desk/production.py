"""Making what an order line asks for: production orders, reports, inspections, the gate (P07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_child_number
from jiedan.core.work import Work
from jiedan.desk.errors import (
    InspectorExcluded,
    InvalidRecord,
    OverReport,
    QcNotPassed,
    WrongState,
)
from jiedan.desk.line_work import finish_production, line_of
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import ProductionOrder, QualityInspection
from jiedan.desk.values import ZERO, Problems, Ref, Result, add, as_id, plain, touch

RUNNING = ("planned", "running", "qc")
"""States of a production order that is not over."""
INSPECTIONS = frozenset({"IQC", "IPQC", "FQC"})
LEVELS = frozenset({"critical", "major", "minor"})
DECISIONS = frozenset({"rework", "scrap", "remake", "concession"})


@dataclass(frozen=True, slots=True)
class ProductionFacts(Result):
    """A production order and how far it has come; ``open_qty`` is still to be passed."""

    production_id: str
    number: str
    order_id: str
    line: int
    sku: str
    qty: Decimal
    qty_done: Decimal
    qty_good: Decimal
    qty_scrapped: Decimal
    progress_pct: int
    plan_start: datetime | None
    plan_end: datetime | None
    workline: str | None
    remakes: int
    wip_fen: int
    state: str

    @property
    def open_qty(self) -> Decimal:
        """What quality has not passed yet."""
        return self.qty - self.qty_good

    @property
    def lot(self) -> Decimal:
        """What is made and waits for its final inspection."""
        return self.qty_done - self.qty_good


def create_production(work: Work, *, order_id: Ref, seq: int) -> ProductionFacts:
    """Open the production order of a line over all that is still to make; the same one again."""
    order = get_order(work.session, order_id, lock=True)
    line = line_of(order, seq)
    running = _running(work.session, line.id)
    if running is not None:
        return facts_of(running)
    row = add(
        work,
        ProductionOrder(
            number=take_child_number(work, parent=order.number or "", kind="production"),
            order_id=order.id,
            order_line_id=line.id,
            seq=seq,
            sku=line.sku,
            order_version=order.version,
            qty=line.qty - line.qty_cancelled - line.qty_produced,
        ),
    )
    _audit(work, row, "production.create", {"qty": str(row.qty)})
    return facts_of(row)


def replan_production(work: Work, *, order_id: Ref, seq: int) -> ProductionFacts:
    """After a change of the order: the running production order makes what is wanted now."""
    order = get_order(work.session, order_id, lock=True)
    line = line_of(order, seq)
    row = _running(work.session, line.id)
    if row is None:
        return create_production(work, order_id=order_id, seq=seq)
    row.qty = row.qty_good + line.qty - line.qty_cancelled - line.qty_produced
    row.qty_done = min(row.qty_done, row.qty)
    row.order_version = order.version
    row.progress_pct = min(row.progress_pct, 99)
    row.state = "planned"
    _audit(work, row, "production.replan", {"qty": str(row.qty), "version": order.version})
    return _saved(work, row)


def schedule_production(
    work: Work,
    *,
    production_id: Ref,
    plan_start: Any,
    plan_end: Any,
    workline: str,
    capacity_hours: Any,
) -> ProductionFacts:
    """Say when and on which line it is made (T07.1)."""
    row = _row(work.session, production_id, *RUNNING)
    problems = Problems()
    start = problems.moment("plan_start", plan_start)
    end = problems.moment("plan_end", plan_end)
    if start and end and end <= start:
        problems.add("plan_end", lazy("The end lies before the start."))
    where = problems.text("line", workline, longest=60, needed=True)
    hours = problems.qty("capacity_hours", capacity_hours)
    problems.raise_as(InvalidRecord)
    row.plan_start, row.plan_end, row.workline = start, end, where
    row.capacity_hours = hours or ZERO
    row.state = "running"
    _audit(work, row, "production.schedule", {"line": where, "end": str(end)})
    return _saved(work, row)


def report_production(
    work: Work,
    *,
    production_id: Ref,
    qty_done: Any,
    progress_pct: int,
    downtime_h: Any = None,
    note: str | None = None,
) -> ProductionFacts:
    """Report how much is made by now, in all; neither figure ever goes back (T07.3).

    Raises OverReport for more than the plan.
    """
    row = _row(work.session, production_id, "running", "qc")
    problems = Problems()
    done = problems.qty("qty_done", qty_done, zero=True)
    if downtime_h not in (None, ""):
        problems.qty("downtime_h", downtime_h, zero=True)
    if not 0 <= progress_pct <= 100 or progress_pct < row.progress_pct:
        problems.add(
            "progress_pct", lazy("Progress goes from %(n)s to 100 %%.", n=row.progress_pct)
        )
    if done is not None and done < row.qty_done:
        problems.add("qty_done", lazy("Less than was reported before."))
    problems.raise_as(InvalidRecord)
    if done is not None and done > row.qty:
        limit = f"{row.qty.normalize():f}"
        raise OverReport({"qty_done": lazy("More than is still to make.")}, limit=limit)
    row.qty_done = done or ZERO
    row.progress_pct = progress_pct
    row.reports = [
        *row.reports,
        plain(
            {
                "at": work.now,
                "by": work.actor.login,
                "qty_done": row.qty_done,
                "progress_pct": progress_pct,
                "downtime_h": downtime_h,
                "note": note,
            }
        ),
    ]
    _audit(work, row, "production.report", {"qty_done": str(done), "progress": progress_pct})
    return _saved(work, row)


def record_inspection(
    work: Work,
    *,
    production_id: Ref,
    kind: str,
    sample_size: int,
    needed_sample: int,
    result: str,
    defects: Sequence[Mapping[str, Any]] = (),
    measurements: Sequence[Mapping[str, Any]] = (),
    qty_bad: Any = None,
    step: str | None = None,
    note: str | None = None,
) -> ProductionFacts:
    """Keep what quality found (T07.2, T07.4, T07.5); a critical defect never passes.

    Raises InspectorExcluded for whoever reported this production (SPEC SOD-6). After a final
    inspection the good part of the lot may be taken in.
    """
    row = _row(work.session, production_id, *RUNNING)
    if work.actor.login in {one["by"] for one in row.reports}:
        raise InspectorExcluded
    final = kind == "FQC"
    lot = row.qty_done - row.qty_good if final else row.qty
    problems = Problems()
    problems.one_of("kind", kind, INSPECTIONS)
    problems.one_of("result", result, frozenset({"pass", "fail", "concession"}))
    if sample_size < needed_sample:
        problems.add("sample_size", lazy("At least %(n)s.", n=needed_sample))
    bad = problems.qty("qty_bad", qty_bad or 0, zero=True) or ZERO
    found = _defects(defects, problems)
    if result == "pass" and any(one["level"] == "critical" for one in found):
        problems.add("defects", lazy("A critical defect does not pass."))
    if final and result == "pass" and bad > 0:
        problems.add("qty_bad", lazy("Bad pieces do not pass."))
    if final and result == "fail" and not 0 < bad <= lot:
        problems.add("qty_bad", lazy("Say how many of the lot are bad."))
    problems.text("note", note, longest=1000, needed=result != "pass")
    problems.raise_as(InvalidRecord)
    add(
        work,
        QualityInspection(
            production_id=row.id,
            kind=kind,
            lot=lot,
            sample_size=sample_size,
            step=step,
            defects=found,
            measurements=[plain(dict(one)) for one in measurements],
            qty_bad=bad,
            result=result,
            note=note,
            inspector=work.actor.login,
        ),
    )
    if final:
        row.state = "qc"
    _audit(work, row, "quality.inspect", {"kind": kind, "result": result, "bad": str(bad)})
    return _saved(work, row)


def take_in(work: Work, *, production_id: Ref) -> ProductionFacts:
    """The gate: what the final inspection passed counts as made, nothing else (SPEC N4.1.1).

    Taking in twice after one inspection takes nothing twice. Raises QcNotPassed.
    """
    row = _row(work.session, production_id, "qc", "done")
    last = latest_inspection(work.session, production_id=row.id, kind="FQC")
    if last is None:
        raise QcNotPassed
    good = min(last.lot - last.qty_bad, row.qty_done - row.qty_good - last.qty_bad)
    if good > 0:
        finish_production(work, order_id=row.order_id, seq=row.seq, qty=good)
        row.qty_good += good
        _audit(work, row, "production.take_in", {"qty": str(good)})
    if row.qty_good >= row.qty:
        row.state, row.progress_pct = "done", 100
    return _saved(work, row)


def decide_nonconformity(
    work: Work, *, production_id: Ref, decision: str, cause: str
) -> ProductionFacts:
    """What becomes of bad pieces (T07.6).

    Rework and remake have to be reported again; what is scrapped is lost and ends the order as
    failed, and so does one remake more than ``production.max_remake``.
    """
    row = _row(work.session, production_id, "running", "qc")
    problems = Problems()
    problems.one_of("decision", decision, DECISIONS)
    problems.text("cause", cause, longest=1000, needed=True)
    problems.raise_as(InvalidRecord)
    bad = row.qty_done - row.qty_good
    if decision == "concession":
        _audit(work, row, "quality.concession", {"qty": str(bad), "cause": cause})
        return _saved(work, row)
    row.qty_done -= bad
    row.state = "running"
    row.progress_pct = min(row.progress_pct, int(row.qty_good * 100 / row.qty))
    if decision in ("scrap", "remake"):
        row.qty_scrapped += bad
    if decision == "remake":
        row.remakes += 1
    limit = int(work.platform.parameters.number("production.max_remake"))
    if decision == "scrap" or row.remakes > limit:
        row.state, row.end_reason = "failed", cause
    _audit(work, row, f"quality.{decision}", {"qty": str(bad), "cause": cause})
    return _saved(work, row)


def accept_concession(work: Work, *, production_id: Ref) -> ProductionFacts:
    """Take in what leaders and customer accept as it is."""
    row = _row(work.session, production_id, "qc", "running")
    good = row.qty_done - row.qty_good
    if good > 0:
        finish_production(work, order_id=row.order_id, seq=row.seq, qty=good)
        row.qty_good += good
    if row.qty_good >= row.qty:
        row.state, row.progress_pct = "done", 100
    _audit(work, row, "production.take_in", {"qty": str(good), "concession": True})
    return _saved(work, row)


def production_facts(session: Session, *, production_id: Ref) -> ProductionFacts:
    """A production order by its id."""
    return facts_of(get_row(session, ProductionOrder, production_id))


def list_production(session: Session, *, order_id: Ref) -> list[ProductionFacts]:
    """The production orders of an order."""
    rows = session.scalars(
        select(ProductionOrder)
        .where(ProductionOrder.order_id == as_id(order_id))
        .order_by(ProductionOrder.number)
    )
    return [facts_of(row) for row in rows]


def latest_inspection(
    session: Session, *, production_id: Ref, kind: str
) -> QualityInspection | None:
    """The last inspection of a kind."""
    return session.scalar(
        select(QualityInspection)
        .where(
            QualityInspection.production_id == as_id(production_id), QualityInspection.kind == kind
        )
        .order_by(QualityInspection.created_at.desc(), QualityInspection.id.desc())
        .limit(1)
    )


def facts_of(row: ProductionOrder) -> ProductionFacts:
    """The facts of a loaded row."""
    return ProductionFacts(
        str(row.id),
        row.number,
        str(row.order_id),
        row.seq,
        row.sku,
        row.qty,
        row.qty_done,
        row.qty_good,
        row.qty_scrapped,
        row.progress_pct,
        row.plan_start,
        row.plan_end,
        row.workline,
        row.remakes,
        row.wip_fen,
        row.state,
    )


def _running(session: Session, line_id: Ref) -> ProductionOrder | None:
    return session.scalar(
        select(ProductionOrder)
        .where(ProductionOrder.order_line_id == as_id(line_id), ProductionOrder.state.in_(RUNNING))
        .limit(1)
    )


def _row(session: Session, production_id: Ref, *states: str) -> ProductionOrder:
    row = get_row(session, ProductionOrder, production_id)
    if row.state not in states:
        raise WrongState(state=row.state)
    return row


def _defects(rows: Sequence[Mapping[str, Any]], problems: Problems) -> list[dict[str, Any]]:
    found = []
    for index, given in enumerate(rows):
        path = f"defects[{index}]"
        code = problems.text(f"{path}.code", given.get("code"), longest=60, needed=True)
        qty = problems.qty(f"{path}.qty", given.get("qty"))
        level = problems.one_of(f"{path}.level", given.get("level"), LEVELS)
        found.append({"code": code, "qty": plain(qty), "level": level})
    return found


def _saved(work: Work, row: ProductionOrder) -> ProductionFacts:
    touch(work, row)
    work.session.flush()
    return facts_of(row)


def _audit(work: Work, row: ProductionOrder, action: str, after: dict[str, Any]) -> None:
    audit.record(
        work, action=action, entity=f"order:{row.order_id}", after={"number": row.number, **after}
    )
