"""The audit trail: a chain in which every change shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from jiedan.core import audit
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform

People = Callable[..., Actor]


def note(platform: Platform, actor: Actor, count: int = 1) -> None:
    for n in range(count):
        with platform.work(actor=actor) as work:
            audit.record(
                work,
                action="order.submit",
                entity=f"order:{n}",
                before={"state": "draft"},
                after={"state": "submitted", "who": "孙悦 \x00"},
            )


def test_an_entry_says_who_did_what_to_what_and_when(
    both_databases: Platform, actor: People, clock: MovableClock
) -> None:
    person = Actor("sunyue", "孙悦", frozenset({"OC"}), None, "chenjing", "10.0.0.7")

    note(both_databases, person)

    with both_databases.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.seq, entry.at, entry.actor) == (1, clock.now(), "sunyue")
    assert (entry.on_behalf_of, entry.ip, entry.entity) == ("chenjing", "10.0.0.7", "order:0")
    assert entry.after == '{"state":"submitted","who":"孙悦 "}'


def test_an_untouched_chain_is_whole(both_databases: Platform, actor: People) -> None:
    note(both_databases, actor(), 5)

    with both_databases.read() as session:
        found = audit.verify(session)
        mark = f"{found.entries}:{found.hash}"
        assert audit.contains(session, mark)
        assert not audit.contains(session, f"3:{found.hash}")
    assert (found.ok, found.broken_seq, found.entries) == (True, None, 5)


def test_an_empty_chain_is_whole(both_databases: Platform) -> None:
    with both_databases.read() as session:
        assert audit.verify(session).ok


@pytest.mark.parametrize(
    ("tampering", "first_broken"),
    [
        ("UPDATE audit_entries SET after = '{}' WHERE seq = 3", 3),
        ("UPDATE audit_entries SET actor = 'somebody' WHERE seq = 4", 4),
        ("UPDATE audit_entries SET ip = '1.1.1.1' WHERE seq = 1", 1),
        ("DELETE FROM audit_entries WHERE seq = 2", 2),
        ("DELETE FROM audit_entries WHERE seq = 5", 5),
        ("UPDATE audit_entries SET hash = prev_hash WHERE seq = 5", 5),
    ],
)
def test_tampering_is_found_and_the_first_broken_entry_named(
    both_databases: Platform, actor: People, tampering: str, first_broken: int
) -> None:
    note(both_databases, actor(), 5)
    with both_databases.work(actor=SYSTEM) as work:
        work.session.execute(text(tampering))

    with both_databases.read() as session:
        found = audit.verify(session)

    assert (found.ok, found.broken_seq) == (False, first_broken)


def test_swapping_two_entries_is_found(platform: Platform, actor: People) -> None:
    note(platform, actor(), 4)
    with platform.work(actor=SYSTEM) as work:
        for statement in ("SET seq = 99 WHERE seq = 2", "SET seq = 2 WHERE seq = 3"):
            work.session.execute(text(f"UPDATE audit_entries {statement}"))
        work.session.execute(text("UPDATE audit_entries SET seq = 3 WHERE seq = 99"))

    with platform.read() as session:
        assert audit.verify(session).broken_seq == 2


def test_writers_side_by_side_make_one_chain(both_databases: Platform, actor: People) -> None:
    threads = [
        threading.Thread(target=note, args=(both_databases, actor(f"p{n}"), 10)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with both_databases.read() as session:
        found = audit.verify(session)
    assert (found.ok, found.entries) == (True, 80)


def test_several_entries_of_one_work_are_one_statement(
    both_databases: Platform, actor: People, statements: list[str]
) -> None:
    with both_databases.work(actor=actor()) as work:
        for n in range(3):
            audit.record(work, action="order.open", entity=f"order:{n}", after={"n": n})

    assert len(statements) == 1
    with both_databases.read() as session:
        found = audit.verify(session)
    assert (found.ok, found.entries) == (True, 3)


def test_a_moment_keeps_its_microseconds_in_the_chain(
    both_databases: Platform, actor: People, clock: MovableClock
) -> None:
    clock.advance(timedelta(microseconds=123))

    note(both_databases, actor())

    with both_databases.read() as session:
        assert audit.verify(session).ok
