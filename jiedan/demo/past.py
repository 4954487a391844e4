"""A longer past for the demo: finished orders are copied into the months before, with numbers of
their own, so that lists, filters and charts have something to show.

Rows are copied below an order and its instance along the foreign keys. The stock ledger and the
audit trail are not: what never happened must not count there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from jiedan.core.actor import SYSTEM
from jiedan.core.database import Base
from jiedan.core.ids import new_id
from jiedan.core.numbering import take_number
from jiedan.core.schema import load_tables
from jiedan.core.work import Work
from jiedan.desk.tables import Order
from jiedan.flow.packing import pack, unpack
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import InstanceRow

Row = dict[str, Any]
ROOTS = ("orders", "flow_instances")
LEFT_OUT = frozenset({"stock_moves", "reservations", "flow_drafts", "flow_jobs"})
BESIDE = {"payment_matches": ("payment_id", "payments")}
"""Rows that stand above a copied one and are copied with it."""
NUMBERED = {"inquiries": "inquiry", "issues": "issue"}
"""Tables with a number of their own kind, taken anew."""
WEEKS = (7, 26)
"""How far back a copy goes, at least and at most."""


def lengthen_past(flow: Flow, *, copies: int, seed: int = 20260302) -> int:
    """Copy finished orders until there are `copies` more; returns how many were made."""
    load_tables()
    rng = Random(seed)
    with flow.platform.work(actor=SYSTEM) as work:
        found = _finished(work.session)
        if not found:
            return 0
        copier = Copier(work, _children())
        for n in range(copies):
            order_id, instance_id = found[n % len(found)]
            back = timedelta(weeks=rng.randint(*WEEKS))
            copier.copy(order_id, instance_id, back=back, mark=n + 1)
        copier.write()
    return copies


def _finished(session: Session) -> list[tuple[UUID, UUID]]:
    rows = session.execute(
        select(Order.id, InstanceRow.id)
        .join(InstanceRow, InstanceRow.business_key == Order.number)
        .where(InstanceRow.state == InstanceState.COMPLETED, Order.number.is_not(None))
        .order_by(Order.number)
    )
    return [(row[0], row[1]) for row in rows]


def _children() -> Mapping[str, list[tuple[Table, str]]]:
    """Table name → the tables that refer to it, with the column that does."""
    found: dict[str, list[tuple[Table, str]]] = defaultdict(list)
    for table in Base.metadata.sorted_tables:
        if table.name in LEFT_OUT:
            continue
        for column in table.columns:
            for key in column.foreign_keys:
                found[key.column.table.name].append((table, column.name))
        if "order_id" in table.columns and not table.columns["order_id"].foreign_keys:
            found["orders"].append((table, "order_id"))
    return found


@dataclass(slots=True)
class Copier:
    """Copies orders; the rows are written together, parents first."""

    work: Work
    children: Mapping[str, list[tuple[Table, str]]]
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _known: dict[UUID, dict[str, dict[Any, Row]]] = field(default_factory=dict)

    def copy(self, order_id: UUID, instance_id: UUID, *, back: timedelta, mark: int) -> None:
        """One order, its instance and everything below them, `back` in time."""
        if order_id not in self._known:
            self._known[order_id] = self._gather(order_id, instance_id)
        originals = self._known[order_id]
        order = originals["orders"][order_id]
        number = self._number("order", order["created_at"] - back, str(order["number"])[:2])
        words = {str(order["number"]): number, str(order["number"]).lower(): number.lower()}
        ids: dict[Any, UUID] = {}
        for name, table_rows in originals.items():
            for row in table_rows.values():
                if isinstance(row.get("id"), UUID):
                    ids[row["id"]] = new_id()
                if name in NUMBERED and row.get("number"):
                    moment = row["created_at"] - back
                    words[str(row["number"])] = self._number(NUMBERED[name], moment)
                if name == "platform_orders":
                    theirs = str(row["platform_order_no"])
                    words[theirs] = f"{theirs}{mark:03d}"
        words |= {str(old): str(new) for old, new in ids.items()}
        change = Change(ids, words, back)
        for name, table_rows in originals.items():
            table = Base.metadata.tables[name]
            for row in table_rows.values():
                self.rows[name].append(self._copied(table, row, change, mark))

    def write(self) -> None:
        """Put all copies into the database."""
        for table in Base.metadata.sorted_tables:
            if self.rows.get(table.name):
                self.work.session.execute(insert(table), self.rows[table.name])

    def _gather(self, order_id: UUID, instance_id: UUID) -> dict[str, dict[Any, Row]]:
        found: dict[str, dict[Any, Row]] = defaultdict(dict)
        for name, key in zip(ROOTS, (order_id, instance_id), strict=True):
            table = Base.metadata.tables[name]
            self._take(found, table, "id", {key})
        return found

    def _take(
        self, found: dict[str, dict[Any, Row]], table: Table, column: str, keys: Iterable[Any]
    ) -> None:
        query = select(table).where(table.columns[column].in_(list(keys)))
        primary = next(iter(table.primary_key.columns)).name
        fresh = []
        for mapping in self.work.session.execute(query).mappings():
            row = dict(mapping)
            if row[primary] not in found[table.name]:
                found[table.name][row[primary]] = row
                fresh.append(row)
        if not fresh:
            return
        if table.name in BESIDE:
            through, beside = BESIDE[table.name]
            above = Base.metadata.tables[beside]
            self._take(found, above, "id", {row[through] for row in fresh})
        for child, through in self.children.get(table.name, ()):
            self._take(found, child, through, {row[primary] for row in fresh})

    def _copied(self, table: Table, row: Row, change: Change, mark: int) -> Row:
        copied = {name: change.of(value) for name, value in row.items()}
        if table.name == "flow_states":
            copied["content"] = pack(change.of(unpack(bytes(row["content"]))))
        for column in table.columns:
            if column.primary_key and column.autoincrement is True:
                copied.pop(column.name)
            elif column.unique or _is_unique(table, column.name):
                copied[column.name] = _unlike(row[column.name], copied[column.name], mark)
        return copied

    def _number(self, kind: str, moment: datetime, prefix: str | None = None) -> str:
        now, self.work.now = self.work.now, moment
        try:
            return take_number(self.work, kind=kind, prefix=prefix)
        finally:
            self.work.now = now


@dataclass(frozen=True, slots=True)
class Change:
    """What is different in a copy: ids, words in texts, and the time."""

    ids: Mapping[Any, UUID]
    words: Mapping[str, str]
    back: timedelta

    def of(self, value: Any) -> Any:
        """The value as the copy has it."""
        if isinstance(value, UUID):
            return self.ids.get(value, value)
        if isinstance(value, datetime):
            return value - self.back
        if isinstance(value, date):
            return value - self.back
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {name: self.of(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(one) for one in value]
        return value

    def _text(self, text: str) -> str:
        if len(text) < 12:
            return text
        for old, new in self.words.items():
            if old in text:
                text = text.replace(old, new)
        return text


def _is_unique(table: Table, name: str) -> bool:
    """Whether a column alone, or with others that a copy keeps, must not repeat."""
    return (table.name, name) in {("shipments", "waybill")}


def _unlike(before: Any, after: Any, mark: int) -> Any:
    """A value that must not occur twice: what the changed words left alone gets a mark."""
    if before is None or after != before or isinstance(before, UUID):
        return after
    if isinstance(before, bytes):
        return before[:-4] + mark.to_bytes(4, "big")
    text = cast(str, before)
    if text.isdigit():
        return f"{(int(text) + mark * 1_000_003) % 10 ** len(text):0{len(text)}d}"
    return f"{text}-{mark}"
