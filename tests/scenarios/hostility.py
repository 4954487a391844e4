"""Being refused properly (SPEC A25): a sentence in the reader's language, and nothing changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from jiedan.core.audit import AuditEntry
from jiedan.core.database import Base
from jiedan.core.i18n import use_locale
from jiedan.web import refusals
from tests.web.conftest import Browser
from tests.world import Someone, World, filled, open_world

READERS = {"zh": "zh-CN,zh;q=0.9", "en": "en-GB,en;q=0.9"}
"""What the browsers of a Chinese and of an English reader ask for."""
CJK = re.compile(r"[\u4e00-\u9fff]")
REFUSED = "request.refused"
NOTED = (AuditEntry.at, AuditEntry.actor, AuditEntry.action, AuditEntry.entity, AuditEntry.after)
SEEN = {"api_tokens": "last_used_at", "sign_in_sessions": "last_seen_at"}
"""Columns that say when somebody was here last: reading may write them."""

Send = Callable[[dict[str, str]], TestResponse]


@pytest.fixture(scope="module")
def day(
    tmp_path_factory: pytest.TempPathFactory, _world_template: tuple[Path, dict[str, str]]
) -> Iterator[World]:
    """One world for all tests of a module: those that are refused leave it as it was."""
    folder = tmp_path_factory.mktemp("day")
    with use_locale("en"), open_world(folder, _world_template) as opened:
        # A module refuses more in a minute than a caller could have noted.
        opened.app.extensions[refusals.EXTENSION].per_minute = 100_000
        yield opened


def footprint(world: World) -> dict[str, str]:
    """A digest of every table and of the folder of attachments."""
    found = {}
    with world.flow.platform.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [one for one in table.c if one.name != SEEN.get(table.name)]
            query = table.select().with_only_columns(*columns)
            if table is AuditEntry.__table__:
                # That something was refused is noted; the chain's own columns move with it.
                query = select(*NOTED).where(AuditEntry.action != REFUSED)
            rows = session.execute(query).all()
            text = "\n".join(sorted(repr(tuple(row)) for row in rows))
            found[table.name] = f"{len(rows)} rows {hashlib.sha256(text.encode()).hexdigest()}"
    folder = world.flow.platform.files.folder
    files = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
    return {**found, "files": "\n".join(files)}


def noted(world: World) -> list[dict[str, Any]]:
    """What the audit trail says about calls that were refused."""
    with world.flow.platform.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == REFUSED).order_by(AuditEntry.seq)
        found = session.scalars(query).all()
    return [{"who": one.actor, "at": one.entity, **json.loads(one.after or "{}")} for one in found]


@contextmanager
def unchanged(world: World, *, but: frozenset[str] | set[str] = frozenset()) -> Iterator[None]:
    """Whatever happens inside leaves every table as it was, `but` some."""
    before = footprint(world)
    yield
    after = footprint(world)
    changed = {name for name in after if before.get(name) != after[name]}
    assert set(but) == changed


def refused(
    world: World,
    status: int,
    send: Send,
    *,
    code: str | None = None,
    fields: set[str] | None = None,
    but: frozenset[str] | set[str] = frozenset(),
) -> dict[str, Any]:
    """The call is refused, to both readers, in their language; what the English one reads."""
    read: dict[str, Any] = {}
    before = len(noted(world))
    with unchanged(world, but=but):
        for locale, tag in READERS.items():
            read = understood(send({"Accept-Language": tag}), status, locale)
            if code is not None:
                assert code == read["code"]
            if fields is not None:
                assert fields == set(read.get("fields", {}))
    trail = noted(world)[before:]
    assert [(one["status"], one["code"]) for one in trail] == [(status, read["code"])] * 2
    return read


def understood(response: TestResponse, status: int, locale: str) -> dict[str, Any]:
    """A problem document whose sentences are all in the reader's language."""
    assert status == response.status_code, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    for sentence in (body["title"], body["detail"], *body.get("fields", {}).values()):
        assert sentence.strip()
        assert (locale == "zh") == bool(CJK.search(sentence)), sentence
    return body


def handing_in(
    person: Someone,
    opened: Mapping[str, Any],
    outcome: str | None,
    values: Mapping[str, Any],
) -> Send:
    """Handing in this opened task, to be refused."""

    def send(headers: dict[str, str]) -> TestResponse:
        return person.call(
            "POST",
            f"/tasks/{opened['id']}/completion",
            {
                "version": opened["version"],
                "outcome": outcome,
                "variables": {**filled(opened), **values},
            },
            **headers,
        )

    return send


def browser(world: World, login: str, locale: str = "en") -> Browser:
    """Somebody signed in at the pages with the demo's one click."""
    fresh = Browser(world.app)
    fresh.client.set_cookie("locale", locale)
    assert fresh.post("/sign-in/demo", {"login": login}).status_code == 303
    return fresh
