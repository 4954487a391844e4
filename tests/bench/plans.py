"""Which list reads more than its page when there are a million rows: `python -m tests.bench.plans`.

Fills a SQLite and a PostgreSQL database, calls every list as pages and the API do, and has the
database say how it did each statement. What counts is work and not time: rows that a PostgreSQL
plan really touched or sorted, and instructions of SQLite's virtual machine. A list that touches
more than WORK rows reads the table instead of a page; unless KNOWN says why, that fails the run.

`--rows 1000000` is the default; `--database sqlite` looks at one of the two.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import handlers  # noqa: F401  registers every handler
from app import create_flow
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.core.schema import migrate
from jiedan.core.settings import SOURCE_ROOT, Settings
from jiedan.desk import (
    dashboard,
    holds,
    leads,
    lists,
    lookups,
    order_list,
    payments,
    receipts,
    shipments,
)
from jiedan.flow import inbox, incidents, instances, jobs, messages, notices, retention, sla
from jiedan.flow.definitions import deploy_folders
from jiedan.flow.inbox import TaskFilters
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState, MessageState
from jiedan.people import directory, sign_in
from tests.bench.fill import fill
from tests.bench.postgres import postgres

WORK = 20_000
"""Rows touched by one statement; a page and its bounded count stay far below."""
SORTED = 2_000
"""Rows sorted by one statement: more than a page."""
STEPS_PER_ROW = 12
"""Instructions of SQLite's machine for one row, about."""

CLERK = Actor("p7", "P7", frozenset({"OC"}), "sales")
ADMIN = Actor("p8", "P8", frozenset({"AD"}))
AN_ID = uuid.UUID(int=100)

KNOWN: dict[str, str] = {
    "notices": "what a whole role was told is sorted, on SQLite only",
    "notices: unread": "looks which tasks are done, on PostgreSQL by reading them all",
    "instances: text": "reads one index from end to end, a fraction of the table",
    "day's numbers": "sums over all open orders; a page of its own, cached by nobody yet",
    "orders: text": "parts of names and descriptions; the bounded search of issue lists follows",
    "customers: text": "parts of names",
    "choices: orders": "parts of names",
    "choices: customers": "parts of names",
}
"""Lists that may read more, and why."""


@dataclass
class Looked:
    """One list, as one database did it."""

    name: str
    database: str
    milliseconds: float = 0.0
    statements: int = 0
    rows: int = 0
    sorted: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        return self.rows <= WORK and self.sorted <= SORTED


def asked(flow: Flow) -> dict[str, Callable[[], Any]]:
    """Every list by its name, as pages, the API and the dispatcher ask for it."""
    now = flow.platform.clock.now()

    def read(call: Callable[..., Any], **given: Any) -> Callable[[], Any]:
        def run() -> Any:
            with flow.platform.read() as session:
                return call(session, **given)

        return run

    def forget() -> None:
        with flow.platform.work(actor=SYSTEM) as work:
            sign_in.forget_old_sign_ins(work, days=3650, limit=1)

    def tasks(**given: Any) -> Callable[[], Any]:
        return lambda: inbox.list_tasks(flow, actor=CLERK, **given)

    return {
        "inbox": tasks(),
        "inbox by creation": tasks(sort="created"),
        "inbox by priority": tasks(sort="priority"),
        "inbox: overdue": tasks(filters=TaskFilters(overdue=True)),
        "inbox: one step": tasks(filters=TaskFilters(element_id="step_4")),
        "inbox: mine": tasks(filters=TaskFilters(mine_only=True)),
        "inbox: number": tasks(query="x100"),
        "inbox: nothing found": tasks(query="zzzz"),
        "inbox: done": tasks(view="done"),
        "inbox: drafts": tasks(view="drafts"),
        "inbox: counts": lambda: inbox.count_tasks(flow, actor=CLERK),
        "instances": lambda: instances.list_instances(flow),
        "instances: active": lambda: instances.list_instances(
            flow, states=frozenset({InstanceState.ACTIVE})
        ),
        "instances: suspended (none)": lambda: instances.list_instances(
            flow, states=frozenset({InstanceState.SUSPENDED})
        ),
        "instances: one process": lambda: instances.list_instances(flow, process_id="order_main"),
        "instances: process and state": lambda: instances.list_instances(
            flow, process_id="order_main", states=frozenset({InstanceState.ACTIVE})
        ),
        "instances: number": lambda: instances.list_instances(flow, business_key="x100"),
        "instances: started by me": lambda: instances.list_instances(flow, started_by="p7"),
        "instances: text": lambda: instances.list_instances(flow, query="x10077"),
        "incidents: open": lambda: incidents.list_incidents(flow),
        "incidents: all": lambda: incidents.list_incidents(flow, open_only=False),
        "incidents of an instance": lambda: incidents.list_incidents(flow, instance_id=AN_ID),
        "messages": lambda: messages.list_messages(flow),
        "messages: unmatched": lambda: messages.list_messages(
            flow, states=frozenset({MessageState.UNMATCHED})
        ),
        "jobs": lambda: jobs.list_jobs(flow),
        "jobs: due": lambda: jobs.list_jobs(flow, states=frozenset({"due"})),
        "jobs: stuck": lambda: jobs.list_jobs(flow, states=frozenset({"incident"})),
        "jobs of an instance": lambda: jobs.list_jobs(flow, instance_id=AN_ID),
        "dispatcher: next due": lambda: jobs.next_due(flow),
        "dispatcher: next due with a queue": lambda: jobs.next_due(
            flow, patience=timedelta(seconds=5)
        ),
        "dispatcher: claim": lambda: jobs.claim_jobs(flow, worker="bench", limit=4),
        "dispatcher: deadlines": lambda: sla.climb_ladder(flow),
        "dispatcher: the dead": lambda: jobs.release_abandoned(flow, is_gone=lambda name: False),
        "notices": lambda: notices.list_notices(flow, actor=CLERK),
        "notices: unread": lambda: notices.count_unread(flow, actor=CLERK),
        "retention": lambda: retention.forget_old(flow),
        "retention: sign-ins": forget,
        "people": read(directory.list_users),
        "people: by role": read(directory.list_users, role="OC"),
        "people: text": read(directory.list_users, query="x77"),
        "orders": read(order_list.list_orders),
        "orders: by state": read(order_list.list_orders, states=["executing"]),
        "orders: mine": read(order_list.list_orders, owner="p7"),
        "orders: of a customer": read(order_list.list_orders, customer_id=AN_ID),
        "orders: late": read(order_list.list_orders, late_on=now.date()),
        "orders: since yesterday": read(
            order_list.list_orders, date_from=now.date() - timedelta(days=1)
        ),
        "orders: held": read(order_list.list_orders, held=True),
        "orders: text": read(order_list.list_orders, query="x10077"),
        "customers": read(lists.list_customers),
        "customers: mine": read(lists.list_customers, owner="p7"),
        "customers: text": read(lists.list_customers, query="x10077"),
        "catalogue": read(lists.list_catalogue, on=now.date()),
        "catalogue: text": read(lists.list_catalogue, query="x77", on=now.date()),
        "choices: orders": read(lookups.find_choices, source="orders", text="x10077"),
        "choices: customers": read(lookups.find_choices, source="customers", text="x10077"),
        "shipments of an order": read(shipments.order_shipments, order_id=AN_ID),
        "payments: unmatched": read(payments.unmatched_payments),
        "leads: open": read(leads.open_leads),
        "holds: overdue": read(holds.overdue_holds, now=now, max_days=3),
        "deliveries: unconfirmed": read(
            receipts.unconfirmed_deliveries, before=now - timedelta(days=3650)
        ),
        "day's numbers": read(dashboard.day_numbers, now=now),
    }


def look(flow: Flow, name: str, call: Callable[[], Any]) -> Looked:
    """Do it, then have the database explain each statement that it took."""
    database = flow.platform.database
    found = Looked(name, "sqlite" if database.is_sqlite else "postgresql")
    with _statements() as seen:
        began = time.perf_counter()
        try:
            call()
        except Exception as error:
            # Made-up rows are no orders; what was asked of the database counts all the same.
            found.reasons.append(f"({type(error).__name__})")
        found.milliseconds = (time.perf_counter() - began) * 1000
    found.statements = len(seen)
    for statement, parameters in seen:
        explain = _steps if database.is_sqlite else _touched
        explain(database, found, statement, parameters)
    return found


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _touched(database: Database, found: Looked, statement: str, parameters: Any) -> None:
    """PostgreSQL: do it and count, then undo it."""
    with database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        (plan,) = cursor.fetchone()[0]
        cursor.close()
        connection.rollback()
    for node in _nodes(plan["Plan"]):
        loops = node["Actual Loops"]
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
        rows = (node["Actual Rows"] + removed) * loops
        where = node.get("Relation Name", "")
        found.rows = max(found.rows, int(rows))
        if rows > WORK:
            found.reasons.append(f"{node['Node Type']} {where} {int(rows):,}".replace("  ", " "))
        if node["Node Type"] == "Sort":
            number = int(sum(one["Actual Rows"] * one["Actual Loops"] for one in node["Plans"]))
            found.sorted = max(found.sorted, number)
            if number > SORTED:
                found.reasons.append(f"sorts {number:,}")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)


def _steps(database: Database, found: Looked, statement: str, parameters: Any) -> None:
    """SQLite: do it and count its instructions, then undo it."""
    with database.engine.execution_options(writes=True).connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        driver: Any = connection.connection.dbapi_connection
        count = [0]

        def step() -> int:
            count[0] += 1
            return 0

        driver.set_progress_handler(step, 1000)
        driver.execute(statement, parameters).fetchall()
        driver.set_progress_handler(None, 0)
        connection.rollback()
    rows = count[0] * 1000 // STEPS_PER_ROW
    found.rows = max(found.rows, rows)
    if rows > WORK:
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        telling = [one for one in plan if one.startswith(("SCAN", "USE TEMP"))] or plan
        found.reasons.append("; ".join(telling[:3]))


def measure(url: str, rows: int, folder: Path) -> list[Looked]:
    """Fill a database and look at every list."""
    database = Database(url, durable=False)
    migrate(database)
    settings = Settings(root=SOURCE_ROOT, data_dir=folder, secret_key="bench", password_hash_kib=8)
    platform = build_platform(settings, clock=MovableClock(datetime.now(UTC)), database=database)
    flow = create_flow(platform)
    deploy_folders(flow, actor=SYSTEM)
    began = time.perf_counter()
    made = fill(database, rows)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    seconds = time.perf_counter() - began
    print(f"{kind}: {sum(made.values()):,} rows in {len(made)} tables, {seconds:.0f} s", flush=True)
    looked = [look(flow, name, call) for name, call in asked(flow).items()]
    platform.close()
    return looked


def table(looked: list[Looked]) -> str:
    """The lists for people, the worst reasons beside them."""
    lines = [
        f"{'list':34} {'database':11} {'ms':>8} {'sql':>4} {'rows':>10} {'sorted':>8}  verdict"
    ]
    for one in looked:
        verdict = "fine" if one.fine else (KNOWN.get(one.name) and "known") or "READS TOO MUCH"
        why = " | ".join(dict.fromkeys(one.reasons))[:150]
        lines.append(
            f"{one.name:34} {one.database:11} {one.milliseconds:8.1f} {one.statements:4} "
            f"{one.rows:10,} {one.sorted:8,}  {verdict} {why}".rstrip()
        )
    return "\n".join(lines)


def main() -> int:
    """Both databases, one table; fails when a list reads too much and nobody knows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    given = parser.parse_args()
    looked: list[Looked] = []
    with tempfile.TemporaryDirectory(prefix="jiedan-plans-") as folder:
        for one in given.database or ("sqlite", "postgresql"):
            if one == "sqlite":
                looked += measure(f"sqlite:///{folder}/plans.db", given.rows, Path(folder))
            else:
                with postgres() as url:
                    looked += measure(url, given.rows, Path(folder))
    print(table(looked))
    bad = [one for one in looked if not one.fine and one.name not in KNOWN]
    print(f"{len(looked)} lists, {len(bad)} read too much")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
