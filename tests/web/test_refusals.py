"""What is refused leaves a trace, and nobody can drown the trail in traces."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from jiedan.core.audit import AuditEntry, verify
from jiedan.web.house import EXTENSION
from jiedan.web.refusals import PER_MINUTE, Budget

from .conftest import Browser

Browsers = Callable[..., Browser]
pytestmark = pytest.mark.req("A25")


def trail(app: Flask) -> list[tuple[str, str, str, int]]:
    """Who asked where, and why it was refused."""
    with app.extensions[EXTENSION].platform.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "request.refused")
        entries = session.scalars(query.order_by(AuditEntry.seq)).all()
        assert verify(session).ok
    said = [(one, json.loads(one.after or "{}")) for one in entries]
    return [(one.actor, one.entity, after["code"], after["status"]) for one, after in said]


def test_a_refused_call_is_noted_with_who_where_and_why(app: Flask, browser: Browsers) -> None:
    sunyue = browser("sunyue")

    sunyue.client.post("/notices/reading")
    sunyue.get("/monitor/incidents")
    app.test_client().get("/api/v1/tasks")

    assert trail(app) == [
        ("sunyue", "page:/notices/reading", "PAGE_EXPIRED", 403),
        ("sunyue", "page:/monitor/incidents", "NOT_FOUND", 404),
        ("anonymous", "page:/api/v1/tasks", "MISSING_TOKEN", 401),
    ]


def test_a_mistyped_address_and_a_page_that_is_served_are_not_noted(
    app: Flask, browser: Browsers
) -> None:
    sunyue = browser("sunyue")

    assert sunyue.get("/nowhere").status_code == 404
    assert sunyue.get("/inbox").status_code == 200

    assert trail(app) == []


def test_one_caller_adds_only_so_many_entries_a_minute(app: Flask) -> None:
    stranger = app.test_client()

    for _ in range(PER_MINUTE + 5):
        assert stranger.get("/api/v1/tasks").status_code == 401

    assert PER_MINUTE <= len(trail(app)) <= PER_MINUTE + 5
    budget = Budget(per_minute=2)
    assert [budget.take("a") for _ in range(3)] == [True, True, False]
    assert budget.take("b")
