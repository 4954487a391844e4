"""Keys with which programs act as somebody through the API."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.platform import Platform
from jiedan.core.prepared import Prepared
from jiedan.core.text import clean_line
from jiedan.core.work import Work
from jiedan.people.directory import load_actor
from jiedan.people.errors import AdministrationForbidden, TokenUnknown
from jiedan.people.organisation import ADMINISTRATOR
from jiedan.people.tables import ApiToken, User, UserRole

PREFIX = "jd_"
_USED_EVERY = timedelta(minutes=5)
# Every call of a program begins with this one.
_OWNER = Prepared(
    select(
        ApiToken.id,
        ApiToken.expires_at,
        ApiToken.revoked_at,
        ApiToken.last_used_at,
        User.login,
        User.name,
        User.department,
        User.disabled_at,
        UserRole.role,
    )
    .join(User, User.login == ApiToken.login)
    .outerjoin(UserRole, UserRole.login == User.login)
    .where(ApiToken.token_hash == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A key that was just made; its text is shown once and kept nowhere."""

    id: uuid.UUID
    token: str
    login: str
    expires_at: datetime | None


def make_token(work: Work, *, login: str, name: str = "", days: int | None = 365) -> NewToken:
    """A key for `login`, good for `days` (None: until revoked).

    People make keys for themselves; only the command line makes them for others, because a key
    for somebody else is a way around the separation of duties. Raises PersonUnknown.
    """
    if not (work.actor.is_system or work.actor.login == login):
        raise AdministrationForbidden
    owner = load_actor(work.session, login)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        id=uuid.uuid4(),
        token_hash=_digest(token),
        login=owner.login,
        name=clean_line(name, limit=80),
        created_at=work.now,
        created_by=work.actor.login,
        expires_at=work.now + timedelta(days=days) if days else None,
    )
    work.session.add(row)
    audit.record(
        work,
        action="token.make",
        entity=f"user:{login}",
        after={"token": row.id, "name": row.name, "expires_at": row.expires_at},
    )
    return NewToken(row.id, token, login, row.expires_at)


def revoke_token(work: Work, *, token_id: uuid.UUID) -> None:
    """End a key; raises TokenUnknown, also for a stranger's."""
    row = work.session.get(ApiToken, token_id)
    if row is None:
        raise TokenUnknown
    actor = work.actor
    if not (actor.is_system or actor.login == row.login or actor.has(ADMINISTRATOR)):
        raise TokenUnknown
    if row.revoked_at is None:
        row.revoked_at = work.now
        audit.record(
            work, action="token.revoke", entity=f"user:{row.login}", after={"token": row.id}
        )


def list_tokens(session: Session, *, login: str) -> list[ApiToken]:
    """All keys of somebody, latest first."""
    return list(
        session.scalars(
            select(ApiToken).where(ApiToken.login == login).order_by(ApiToken.created_at.desc())
        )
    )


def load_token(platform: Platform, *, token: str, ip: str | None = None) -> Actor | None:
    """Who the key belongs to, with the roles held now; None when it is no longer good."""
    if not token.startswith(PREFIX):
        return None
    now = platform.clock.now()
    with platform.database.asking() as connection:
        rows = _OWNER.all(connection, {"digest": _digest(token)})
    if not rows:
        return None
    row = rows[0]
    expired = row.expires_at is not None and now >= row.expires_at
    if expired or row.revoked_at is not None or row.disabled_at is not None:
        return None
    if row.last_used_at is None or abs(now - row.last_used_at) >= _USED_EVERY:
        with platform.work(actor=SYSTEM) as work:
            kept = work.session.get(ApiToken, row.id)
            if kept is not None:
                kept.last_used_at = work.now
    roles = frozenset(one.role for one in rows if one.role is not None)
    return Actor(row.login, row.name, roles, row.department, None, ip)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
