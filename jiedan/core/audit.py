"""The audit trail: who did what to what, when, in a chain in which any change shows.

Each entry carries SHA-256 of the entry before it together with its own content (SPEC S0.3 G3).
Entries are collected during a unit of work and written by one statement at its very end, by
which the database itself continues the chain: on SQLite there is one writer anyway; on
PostgreSQL the statement locks the one row of `audit_head`, so writers meet only from that
statement to the end of their commit, hold no other lock they could wait for, and cannot
deadlock. Chaining later, in the background, would cost nothing on the way but would leave a
while in which an entry could be changed without trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    bindparam,
    event,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from jiedan.core.database import Base, UtcDateTime, dump_json
from jiedan.core.prepared import Prepared

if TYPE_CHECKING:
    from jiedan.core.work import Work

FIRST_LINK = bytes(32)
_PAGE = 1000


class AuditEntry(Base):
    """One thing somebody did. Rows are only ever added."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_entity", "entity", "seq"),
        Index("ix_audit_entries_actor", "actor", "seq"),
        # AUTOINCREMENT remembers the highest number ever used, so a cut-off tail shows.
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    entity: Mapped[str] = mapped_column(String(160))
    before_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    after: Mapped[str | None] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(String(45))
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The end of the chain on PostgreSQL: one row that writers lock in turn."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


FIRST_HEAD = {"id": 1, "seq": 0, "prev_hash": FIRST_LINK, "hash": FIRST_LINK}
"""The row that `audit_head` starts with; `create_all` puts it there, migrations must too."""


@event.listens_for(AuditHead.__table__, "after_create")
def _first_head(table: Any, connection: Any, **_: Any) -> None:
    connection.execute(table.insert(), [FIRST_HEAD])


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that waits for the end of its unit of work."""

    at: datetime
    actor: str
    on_behalf_of: str | None
    action: str
    entity: str
    before_hash: bytes | None
    after: str | None
    ip: str | None

    def content(self) -> bytes:
        """SHA-256 of everything the entry says."""
        said = [
            self.at.isoformat(timespec="microseconds"),
            self.actor,
            self.on_behalf_of,
            self.action,
            self.entity,
            self.before_hash.hex() if self.before_hash else None,
            self.after,
            self.ip,
        ]
        return sha256(dump_json(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look through the chain found; write `seq` and `hash` down elsewhere to compare."""

    ok: bool
    broken_seq: int | None
    entries: int
    hash: str


def record(
    work: Work,
    *,
    action: str,
    entity: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note that the actor of `work` did `action` (`order.submit`) to `entity` (`order:XS…`).

    Of `before` only the hash is kept, of `after` the content; leave out what must not be read
    by those who read the audit trail.
    """
    actor = work.actor
    work.entries.append(
        Draft(
            at=work.now,
            actor=actor.login,
            on_behalf_of=actor.on_behalf_of,
            action=action,
            entity=entity,
            before_hash=sha256(_canonical(before).encode()).digest() if before else None,
            after=_canonical(after) if after is not None else None,
            ip=actor.ip,
        )
    )


def write(connection: Connection, drafts: Sequence[Draft]) -> None:
    """Put the drafts at the end of the chain, in order, by one statement."""
    if not drafts:
        return
    rows = [
        {
            "at": draft.at,
            "actor": draft.actor,
            "on_behalf_of": draft.on_behalf_of,
            "action": draft.action,
            "entity": draft.entity,
            "before_hash": draft.before_hash,
            "after": draft.after,
            "ip": draft.ip,
            "content": draft.content(),
        }
        for draft in drafts
    ]
    _APPEND[connection.dialect.name].run_all(connection, rows)


def verify(session: Session) -> Verified:
    """Walk the whole chain; `broken_seq` is the first entry that is missing or was changed."""
    previous, expected = FIRST_LINK, 1
    for entry in _all_entries(session):
        content = Draft(
            at=entry.at,
            actor=entry.actor,
            on_behalf_of=entry.on_behalf_of,
            action=entry.action,
            entity=entry.entity,
            before_hash=entry.before_hash,
            after=entry.after,
            ip=entry.ip,
        ).content()
        link = sha256(previous + content).digest()
        if entry.seq != expected or entry.prev_hash != previous or entry.hash != link:
            return Verified(False, min(entry.seq, expected), expected - 1, previous.hex())
        previous, expected = link, expected + 1
    last = expected - 1
    if _highest_ever(session) != last:
        return Verified(False, expected, last, previous.hex())
    return Verified(True, None, last, previous.hex())


def contains(session: Session, mark: str) -> bool:
    """Whether the entry of a mark `seq:hash`, noted at an earlier `verify`, is still in it."""
    seq, _, digest = mark.partition(":")
    if not seq.isdecimal():
        return False
    entry = session.get(AuditEntry, int(seq))
    return entry is not None and entry.hash.hex() == digest.strip().lower()


def _all_entries(session: Session) -> Iterator[AuditEntry]:
    # In pages, for a trail grows to millions of entries and a cursor would have to be closed.
    last = -(2**62)
    while page := session.scalars(
        select(AuditEntry).where(AuditEntry.seq > last).order_by(AuditEntry.seq).limit(_PAGE)
    ).all():
        yield from page
        last = page[-1].seq
        session.expunge_all()


def _highest_ever(session: Session) -> int:
    if session.get_bind().dialect.name == "sqlite":
        found = session.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = 'audit_entries'")
        ).scalar()
        return int(found or 0)
    return int(session.execute(select(AuditHead.seq)).scalar() or 0)


def _canonical(value: Mapping[str, Any] | None) -> str:
    # PostgreSQL stores no NUL in text.
    return dump_json(dict(value or {}), sort=True).replace("\\u0000", "")


_COLUMNS = "at, actor, on_behalf_of, action, entity, before_hash, after, ip, prev_hash, hash"
_VALUES = ":at, :actor, :on_behalf_of, :action, :entity, :before_hash, :after, :ip"
_TYPED = (
    bindparam("at", type_=UtcDateTime()),
    bindparam("before_hash", type_=LargeBinary()),
    bindparam("content", type_=LargeBinary()),
)
_APPEND = {
    "sqlite": Prepared(
        text(
            f"INSERT INTO audit_entries (seq, {_COLUMNS}) "
            f"SELECT last.seq + 1, {_VALUES}, last.hash, chain_link(last.hash, :content) "
            "FROM (SELECT seq, hash FROM audit_entries "
            "UNION ALL SELECT 0, zeroblob(32) ORDER BY seq DESC LIMIT 1) AS last"
        ).bindparams(*_TYPED)
    ),
    "postgresql": Prepared(
        text(
            "WITH last AS (UPDATE audit_head SET seq = seq + 1, prev_hash = hash, "
            "hash = sha256(hash || CAST(:content AS bytea)) WHERE id = 1 "
            "RETURNING seq, prev_hash, hash) "
            f"INSERT INTO audit_entries (seq, {_COLUMNS}) "
            "SELECT last.seq, :at, :actor, :on_behalf_of, :action, :entity, "
            "CAST(:before_hash AS bytea), :after, :ip, last.prev_hash, last.hash FROM last"
        ).bindparams(*_TYPED)
    ),
}
