"""Measures the inbox's pages at a thousand and at a million open tasks, on both databases.

`INBOX_TASKS` says how many a million is. The rows are made inside the database: one open task per
instance, everything in the clerk's inbox, firms that about twenty orders share.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from gzip import compress
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app import create_flow
from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.flow.inbox_tables import WordRow
from jiedan.flow.instances import start_instance
from jiedan.flow.searching import searchable
from jiedan.flow.tables import InstanceRow, TaskCandidateRow, TaskRow, table_of
from jiedan.flow.words import words_of
from jiedan.people.accounts import set_password
from jiedan.web.factory import create_web
from tests.bench.postgres import postgres
from tests.bench.rows import Row, at_most, just
from tests.installation import CLERK, furnish

CONTENT = Path(__file__).parent / "content"
FEW, MANY = 1_000, int(os.environ.get("INBOX_TASKS", "1000000"))
TURNS = 20
PASSWORD = "oolong-in-the-bench-7"
SHARED = 20
_CHARS = "华东南北中新天海江山金银宝利达成信安康泰丰润福瑞祥和顺兴盛隆昌源通远宏伟博雅"
PAGES = {
    "the page": "/inbox",
    "sorted by priority": "/inbox?sort=priority",
    "a search by customer in pinyin": "/inbox?q={pinyin}",
    "a search by number": "/inbox?q={number}",
    "three filters": "/inbox?process=bench_order&step=check_3&priority=71",
    "three filters and a search": "/inbox?process=bench_order&priority=71&customer={customer}",
}
LIMITS = {"the page": 1.5, "sorted by priority": 1.5}


@dataclass
class House:
    """An installation with so many open tasks, and a browser in front of it."""

    platform: Platform
    client: FlaskClient
    number: int


def measure() -> Iterable[Row]:
    """Rows for both databases, then weights and a completion through the page."""
    with tempfile.TemporaryDirectory(prefix="jiedan-bench-inbox-") as name:
        folder = Path(name)
        with _houses(folder / "sqlite", None) as houses:
            yield from _pages("SQLite", houses)
            yield from _weights(houses[1])
        with postgres() as one, postgres() as other, _houses(folder / "pg", (one, other)) as both:
            yield from _pages("PostgreSQL", both)


def _pages(name: str, houses: tuple[House, House]) -> Iterator[Row]:
    for what, address in PAGES.items():
        few, many = _in_turns(address, houses)
        yield just(f"inbox, {what}, p50 at {FEW:,} open tasks, {name}", few * 1000, unit="ms")
        yield at_most(
            f"the same at {MANY:,} ÷ at {FEW:,}, {name}",
            many / few,
            LIMITS.get(what, 2.0),
            unit="×",
            note=f"{many * 1000:.1f} ms",
        )
    yield just(
        f"completing through the page at {MANY:,} open tasks, p50, {name}",
        _completion(houses[1]) * 1000,
        unit="ms",
    )


def _in_turns(address: str, houses: tuple[House, House]) -> tuple[float, float]:
    """Medians of the page in both houses, asked alternately."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS + 4):
        for house, times in zip(houses, taken, strict=True):
            here = _filled_in(address, house)
            began = time.perf_counter()
            answer = house.client.get(here)
            spent = time.perf_counter() - began
            assert answer.status_code == 200, answer.text[:300]
            assert "data-open" in answer.text or "?" in address, here
            if turn >= 4:
                times.append(spent)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _filled_in(address: str, house: House) -> str:
    firm = _firm(house.number // SHARED // 2)
    words = (searchable(firm) or "").split()
    return address.format(
        pinyin=words[1], number=f"BN{house.number // 2:09}", customer=firm.removesuffix("有限公司")
    )


def _completion(house: House) -> float:
    """Posting the form of a task's page, one task after the other."""
    flow = create_flow(house.platform)
    taken = []
    for _ in range(20):
        started = start_instance(flow, actor=CLERK, process_id="bench_order")
        task = started.next_tasks[0].task_id
        page = house.client.get(f"/tasks/{task}").text
        hidden = dict(re.findall(r'name="(_version|_key|csrf_token)" value="([^"]+)"', page))
        began = time.perf_counter()
        answer = house.client.post(
            f"/tasks/{task}/completion", data={**hidden, "_outcome": "done", "quantity": "7"}
        )
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 303, answer.text[:2000]
    return statistics.median(taken)


def _weights(house: House) -> Iterator[Row]:
    """What a first visit loads, compressed as a proxy would, and how often it asks."""
    flow = create_flow(house.platform)
    task = start_instance(flow, actor=CLERK, process_id="bench_order").next_tasks[0].task_id
    for what, address in (("the inbox", "/inbox"), ("a task", f"/tasks/{task}")):
        page = house.client.get(address)
        parts = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:css|js|svg)[^"]*)"', page.text))
        whole = len(compress(page.data)) + sum(
            len(compress(house.client.get(one).data)) for one in parts
        )
        yield just(f"requests for {what}, first visit", len(parts) + 1, unit="")
        yield at_most(f"bytes of {what}, compressed, first visit", whole, 100_000, unit="B")
        yield just(f"bytes of {what} afterwards", len(compress(page.data)), unit="B")


# --- houses ------------------------------------------------------------------------------------
@contextmanager
def _houses(folder: Path, urls: tuple[str, str] | None) -> Iterator[tuple[House, House]]:
    folder.mkdir()
    with ExitStack() as stack:
        found = []
        for place, number in enumerate((FEW, MANY)):
            here = folder / str(number)
            here.mkdir()
            installation = (
                furnish(here, urls[place], content=CONTENT)
                if urls
                else furnish(here, content=CONTENT)
            )
            platform = installation.platform()
            stack.callback(platform.close)
            _fill(platform, number)
            found.append(House(platform, _signed_in(platform), number))
        yield found[0], found[1]


def _signed_in(platform: Platform) -> FlaskClient:
    with platform.work(actor=SYSTEM) as work:
        set_password(work, login=CLERK.login, password=PASSWORD, must_change_password=False)
    client = create_web(create_flow(platform), platform).test_client()
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post(
        "/sign-in",
        data={"csrf_token": token.group(1), "login": CLERK.login, "password": PASSWORD},
    )
    assert answer.status_code == 303, answer.text[:500]
    return client


def _firm(number: int) -> str:
    """A firm of its own name for each number."""
    size = len(_CHARS)
    letters = [_CHARS[number // size**place % size] for place in range(4)]
    return "".join(letters) + "有限公司"


def _fill(platform: Platform, number: int) -> None:
    """So many instances with one open task each, in the clerk's inbox."""
    sqlite = platform.database.is_sqlite
    tables = [table_of(one) for one in (InstanceRow, TaskRow, TaskCandidateRow, WordRow)]
    with platform.database.engine.execution_options(writes=True).connect() as connection:
        for table in tables:
            for index in table.indexes:
                index.drop(connection, checkfirst=True)
        _names(connection, number // SHARED + 1)
        for statement in _statements(number, sqlite=sqlite):
            # Without SQLAlchemy, to whom a percent sign is the place of a parameter.
            cursor = connection.connection.cursor()
            cursor.execute(statement)
            cursor.close()
        for table in tables:
            for index in table.indexes:
                index.create(connection, checkfirst=True)
        connection.commit()
    with platform.database.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(text("ANALYZE"))


def _names(connection: Connection, number: int) -> None:
    connection.execute(text("CREATE TABLE bench_firms (no integer, title text, search text)"))
    connection.execute(text("CREATE TABLE bench_words (no integer, word text)"))
    firms: list[dict[str, object]] = []
    words: list[dict[str, object]] = []
    for no in range(number):
        title = _firm(no)
        firms.append({"no": no, "title": title, "search": searchable(title)})
        words.extend({"no": no, "word": word} for word in sorted(set(words_of(title))))
    connection.execute(text("INSERT INTO bench_firms VALUES (:no, :title, :search)"), firms)
    connection.execute(text("INSERT INTO bench_words VALUES (:no, :word)"), words)
    connection.execute(text("CREATE INDEX bench_firms_no ON bench_firms (no)"))


def _statements(number: int, *, sqlite: bool) -> Iterator[str]:
    if sqlite:
        seq = (
            "WITH RECURSIVE seq(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM seq "
            f"WHERE i < {number})"
        )
        one, key = "printf('%032x', i)", "printf('BN%09d', i)"
        at = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-03-02', '-' || i || ' seconds')"
        due = "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-03-02', '+' || i || ' seconds')"
        true, nothing = "1", "'{}'"
    else:
        seq = f"WITH seq(i) AS (SELECT generate_series(1, {number}))"
        one, key = "lpad(to_hex(i), 32, '0')::uuid", "'BN' || lpad(i::text, 9, '0')"
        at = "timestamptz '2026-03-02' - i * interval '1 second'"
        due = "timestamptz '2026-03-02' + i * interval '1 second'"
        true, nothing = "true", "'{}'::jsonb"
    rank = "CASE WHEN (i / 7) % 10 = 0 THEN 80 ELSE 50 END"
    yield (
        "INSERT INTO flow_instances (id, process_id, bundle_id, version, business_key, title,"
        " summary, amount, search, state, revision, started_by, started_at) "
        f"{seq} SELECT {one}, 'bench_order', 1, 1, {key}, f.title, {nothing}, i * 100,"
        f" lower({key}) || ' ' || f.search, 'active', 1, 'clerk', {at}"
        f" FROM seq JOIN bench_firms f ON f.no = i / {SHARED}"
    )
    yield (
        "INSERT INTO flow_tasks (id, instance_id, process_id, element_id, name, state, version,"
        " candidates, priority, created_at, due_at, sla_stage, paused_seconds, has_draft,"
        " has_files) "
        f"{seq} SELECT {one}, {one}, 'bench_order', 'check_' || (i % 5), '检查', 'open', 1,"
        f" 'r:OC', {rank}, {at}, {due}, 0, 0, NOT {true}, NOT {true} FROM seq"
    )
    yield (
        "INSERT INTO flow_task_candidates (task_id, owner, candidate, visible, due_at,"
        f" created_at, rank) {seq} SELECT {one}, 'r:OC', {true}, {true}, {due}, {at},"
        f" -({rank}) FROM seq"
    )
    yield (
        f"INSERT INTO flow_words (word, instance_id) {seq} SELECT w.word, {one} FROM seq"
        f" JOIN bench_words w ON w.no = i / {SHARED} ORDER BY 1, 2"
    )
