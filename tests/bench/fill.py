"""Fills every table with as many rows as a measurement wants, inside the database itself.

One INSERT … SELECT per table makes a row of each number from 0 on. A column without a rule gets
what its type and its foreign key suggest; text is unique, moments go back from now, and states
follow RULES, so that lists find a few things among very many.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.types import JSON, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, Uuid

from jiedan.core.database import Database, ScaledDecimal, UtcDateTime
from jiedan.core.schema import load_tables

ROLES = ("OC", "SM", "WH", "FO", "CS", "AS", "LG", "SR")
KEPT = {
    *("alembic_version", "audit_head", "clock_offset", "number_series", "parameter_changes"),
    *("flow_sources", "flow_deployments", "flow_definitions", "flow_bundles"),
}
"""Tables that are few rows in any installation, and matter to how the product runs."""
LISTED = {
    *("flow_instances", "flow_tasks", "flow_jobs", "flow_messages", "flow_incidents"),
    *("flow_notices", "flow_notice_reads", "flow_activities", "flow_idempotency", "flow_words"),
    *("flow_drafts", "flow_copies", "flow_subscriptions", "login_attempts", "audit_entries"),
    *("orders", "order_lines", "order_stages", "order_holds", "customers", "leads", "inquiries"),
    *("shipments", "delivery_confirmations", "invoices", "payments", "issues"),
}
"""Tables that lists read as a whole and that grow with every order: they get all the rows."""
OTHERWISE = 20_000
FEW = {
    "roles": 30,
    "departments": 20,
    "carriers": 20,
    "users": 2000,
    "user_roles": 2000,
    "catalogue_items": 5000,
    "platform_skus": 5000,
    "stock_levels": 5000,
    "price_policies": 5000,
    "flow_phrases": 1000,
    "flow_saved_views": 1000,
    "flow_notice_hours": 1000,
    "flow_notice_wishes": 1000,
    "flow_import_drafts": 100,
    "flow_migrations": 1000,
    "substitutions": 1000,
    "api_tokens": 1000,
    "sessions": 10000,
}
OPEN_ONE_IN = 20
"""One task in so many is still open; the others are history, as they are after some years."""

# {i} is the number of the row, {n} how many rows the table gets.
RULES: dict[str, str] = {
    "flow_instances.process_id": "'order_main'",
    "flow_instances.bundle_id": "1",
    "flow_instances.state": "CASE WHEN {i} % 20 = 0 THEN 'active' ELSE 'completed' END",
    "flow_instances.ended_at": "CASE WHEN {i} % 20 = 0 THEN NULL ELSE {at} END",
    "flow_instances.started_by": "'p' || ({i} % 2000)",
    "flow_instances.suspended_at": "NULL",
    "flow_instances.halted_at": "NULL",
    "flow_tasks.process_id": "'order_main'",
    "flow_tasks.element_id": "'step_' || ({i} % 12)",
    "flow_tasks.state": "CASE WHEN {i} % 20 = 0 THEN 'open' ELSE 'completed' END",
    "flow_tasks.assignee": "CASE WHEN {i} % 20 = 0 THEN NULL ELSE 'p' || ({i} % 2000) END",
    "flow_tasks.completed_by": "CASE WHEN {i} % 20 = 0 THEN NULL ELSE 'p' || ({i} % 2000) END",
    "flow_tasks.completed_at": "CASE WHEN {i} % 20 = 0 THEN NULL ELSE {at} END",
    "flow_tasks.sla_at": "CASE WHEN {i} % 20 = 0 THEN {later} ELSE NULL END",
    "flow_tasks.due_at": "{later}",
    "flow_tasks.breached_at": "NULL",
    "flow_task_candidates.task_id": "{id:20}",
    "flow_task_candidates.owner": "'r:' || {role}",
    "flow_task_candidates.visible": "{true}",
    "flow_task_candidates.due_at": "{later}",
    "flow_jobs.kind": "CASE WHEN {i} % 10 = 0 THEN 'timer' ELSE 'handler' END",
    "flow_jobs.state": (
        "CASE WHEN {i} % 10 = 0 THEN 'due' WHEN {i} % 1000 = 1 THEN 'incident' ELSE 'done' END"
    ),
    "flow_jobs.due_at": "CASE WHEN {i} % 10 = 0 THEN {later} ELSE {at} END",
    "flow_jobs.lease_until": "NULL",
    "flow_jobs.worker": "NULL",
    "flow_messages.name": "'message_' || ({i} % 20)",
    "flow_messages.state": (
        "CASE WHEN {i} % 1000 = 0 THEN 'unmatched' WHEN {i} % 500 = 1 THEN 'buffered' "
        "ELSE 'delivered' END"
    ),
    "flow_incidents.state": "CASE WHEN {i} % 1000 = 0 THEN 'open' ELSE 'resolved' END",
    "flow_incidents.kind": "'handler_failed'",
    "flow_notices.owner": (
        "CASE WHEN {i} % 2 = 0 THEN 'r:' || {role} ELSE 'u:p' || ({i} % 2000) END"
    ),
    "flow_notices.kind": "'reminder'",
    "flow_notice_reads.login": "'p' || ({i} % 2000)",
    "flow_drafts.saved_by": "'p' || ({i} % 2000)",
    "flow_copies.login": "'p' || ({i} % 2000)",
    "flow_subscriptions.message": "'message_' || ({i} % 20)",
    "flow_migrations.state": "'done'",
    "flow_migration_items.state": "'done'",
    "users.login": "'p' || {i}",
    "users.disabled_at": "NULL",
    "user_roles.login": "'p' || {i}",
    "user_roles.role": "{role}",
    "roles.code": "'R' || {i}",
    "orders.state": "CASE WHEN {i} % 20 = 0 THEN 'executing' ELSE 'closed' END",
    "orders.channel": "CASE WHEN {i} % 3 = 0 THEN 'netease' ELSE 'sales' END",
    "orders.owner": "'p' || ({i} % 2000)",
    "orders.receiver_phone_end": "substr(CAST(10000 + {i} % 10000 AS varchar(5)), 2)",
    "orders.promised_date": "CASE WHEN {i} % 40 = 0 THEN {day} ELSE NULL END",
    "orders.held": "{false}",
    "invoices.state": "CASE WHEN {i} % 20 = 0 THEN 'issued' ELSE 'paid' END",
    "shipments.state": "CASE WHEN {i} % 20 = 0 THEN 'in_transit' ELSE 'delivered' END",
    "issues.state": "CASE WHEN {i} % 20 = 0 THEN 'open' ELSE 'closed' END",
    "payments.state": "CASE WHEN {i} % 1000 = 0 THEN 'unmatched' ELSE 'matched' END",
    "order_holds.released_at": "CASE WHEN {i} % 1000 = 0 THEN NULL ELSE {at} END",
    "delivery_confirmations.state": "CASE WHEN {i} % 1000 = 0 THEN 'pending' ELSE 'given' END",
    "leads.state": "CASE WHEN {i} % 1000 = 0 THEN 'new' ELSE 'converted' END",
    "inquiries.state": "CASE WHEN {i} % 1000 = 0 THEN 'open' ELSE 'ordered' END",
    "customers.state": "'active'",
    "customers.owner": "'p' || ({i} % 2000)",
}


def fill(database: Database, rows: int) -> dict[str, int]:
    """Fill a migrated, empty database; how many rows each table got."""
    tables = [one for one in load_tables().sorted_tables if one.name not in KEPT]
    made: dict[str, int] = {}
    with database.engine.execution_options(writes=True).connect() as connection:
        _unguarded(connection, sqlite=database.is_sqlite)
        for table in tables:
            made[table.name] = _count(table, rows)
            _fill(connection, table, made, sqlite=database.is_sqlite)
        connection.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))
    return made


def _count(table: Table, rows: int) -> int:
    if table.name == "flow_task_candidates":
        return rows // OPEN_ONE_IN
    return min(rows, rows if table.name in LISTED else FEW.get(table.name, OTHERWISE))


def _unguarded(connection: Connection, *, sqlite: bool) -> None:
    """No checks and no foreign keys: the rows are made up, only their number and spread count."""
    if sqlite:
        connection.rollback()
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA ignore_check_constraints=ON")
        driver.execute("PRAGMA synchronous=OFF")
        return
    connection.execute(text("SET session_replication_role = replica"))
    found = (
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE contype = 'c' AND conrelid <> 0"
    )
    for table, name in connection.execute(text(found)).all():
        if not table.startswith("information_schema."):
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"))


def _fill(connection: Connection, table: Table, made: dict[str, int], *, sqlite: bool) -> None:
    number = made[table.name]
    numbers = (
        f"WITH RECURSIVE seq(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM seq "
        f"WHERE i + 1 < {number})"
        if sqlite
        else f"WITH seq(i) AS (SELECT generate_series(0, {number - 1}))"
    )
    columns = [one for one in table.columns if one.name in _written(table)]
    names = ", ".join(f'"{one.name}"' for one in columns)
    values = ", ".join(_value(one, made, sqlite=sqlite) for one in columns)
    # What is unique in a way that no rule knows has fewer rows then.
    insert = f"INSERT {'OR IGNORE ' if sqlite else ''}INTO {table.name} ({names})"
    statement = (
        f"{insert} {numbers} SELECT {values} FROM seq"
        if sqlite
        else f"{numbers} {insert} SELECT {values} FROM seq ON CONFLICT DO NOTHING"
    )
    # Without SQLAlchemy, to whom a percent sign is the place of a parameter.
    cursor = connection.connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _written(table: Table) -> set[str]:
    serial = table.autoincrement_column
    return {one.name for one in table.columns if one is not serial}


def _value(column: Column[Any], made: dict[str, int], *, sqlite: bool) -> str:
    words = _words(sqlite)
    rule = RULES.get(f"{column.table.name}.{column.name}")
    if rule is not None:
        for step in ("20",):
            rule = rule.replace(f"{{id:{step}}}", _id(f"(i * {step})", sqlite))
        for word, meaning in words.items():
            rule = rule.replace(f"{{{word}}}", meaning)
        return rule
    number = "i"
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        number = f"(i % {made.get(target.table.name, 1)})"
        if isinstance(target.type, Integer) and target is target.table.autoincrement_column:
            return f"{number} + 1"
        rule = RULES.get(f"{target.table.name}.{target.name}")
        if rule is not None:
            return rule.replace("{i}", number).replace("{role}", words["role"])
    return _plain(column, number, words, sqlite)


def _plain(column: Column[Any], number: str, words: dict[str, str], sqlite: bool) -> str:
    kind = column.type
    if isinstance(kind, Uuid):
        return _id(number, sqlite)
    if isinstance(kind, UtcDateTime | DateTime):
        return words["at"]
    if isinstance(kind, Date):
        return words["day"]
    if isinstance(kind, Boolean):
        return words["false"]
    if isinstance(kind, LargeBinary):
        return f"CAST('x' || {number} AS BLOB)" if sqlite else f"('x' || {number})::bytea"
    if isinstance(kind, JSON) or "JSON" in type(kind).__name__.upper():
        return "'{}'" if sqlite else "'{}'::jsonb"
    if isinstance(kind, ScaledDecimal | Integer | Numeric):
        return f"{number} + 1"
    length = getattr(kind, "length", None) or 60
    return f"'x' || {number}" if length >= 8 else "'x'"


def _id(number: str, sqlite: bool) -> str:
    if sqlite:
        return f"printf('%032x', {number})"
    return f"lpad(to_hex({number}), 32, '0')::uuid"


def _words(sqlite: bool) -> dict[str, str]:
    role = "CASE i % 8 " + " ".join(f"WHEN {at} THEN '{one}'" for at, one in enumerate(ROLES))
    common = {"i": "i", "role": f"({role} END)"}
    if sqlite:
        return common | {
            "at": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || i || ' seconds')",
            "later": "strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '+' || (3600 + i) || ' seconds')",
            "day": "date('now', '-' || (i % 1000) || ' days')",
            "true": "1",
            "false": "0",
        }
    return common | {
        "at": "now() - i * interval '1 second'",
        "later": "now() + (3600 + i) * interval '1 second'",
        "day": "current_date - i % 1000",
        "true": "true",
        "false": "false",
    }
