"""Signing in and out: passwords, throttling, and sign-ins that can be ended at any time."""

from __future__ import annotations

import math
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.platform import Platform
from jiedan.core.text import clean_line, identifier_text
from jiedan.core.work import Work
from jiedan.people.accounts import end_access
from jiedan.people.directory import load_actor
from jiedan.people.errors import PersonUnknown, SignInFailed, SignInLocked
from jiedan.people.passwords import LONGEST, Passwords
from jiedan.people.tables import LoginAttempt, SignInSession, User, UserRole

# Being seen is written down at most this often, so that reading a page stays reading.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that is good: `token` is known only to the browser, and here right after it."""

    actor: Actor
    session_id: uuid.UUID
    must_change_password: bool
    locale: str | None
    expires_at: datetime
    token: str = ""


def sign_in(
    platform: Platform, *, login: str, password: str, ip: str | None = None, agent: str = ""
) -> SignedIn:
    """Sign somebody in by password.

    Raises SignInLocked after too many failures of this login or from this address, otherwise
    SignInFailed, which does not tell whether the login exists.
    """
    login = identifier_text(login).lower()[:64]
    settings = platform.settings
    passwords = Passwords(settings)
    with platform.read() as session:
        _check_throttle(platform, session, login, ip)
        user = session.get(User, login)
        kept = user.password_hash if user is not None and user.disabled_at is None else None
    # Outside any transaction: hashing takes long and nobody should wait for it.
    right = passwords.matches(kept, password) and len(password) <= LONGEST
    with platform.work(actor=Actor(login, login, ip=ip)) as work:
        # Attempts side by side must not get past the throttle together.
        if not platform.database.is_sqlite:
            work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(login))))
        _check_throttle(platform, work.session, login, ip)
        work.session.add(LoginAttempt(login=login, ip=ip, at=work.now, succeeded=right))
        if right:
            user = work.session.get(User, login)
            right = user is not None and user.disabled_at is None and user.password_hash == kept
        if right and user is not None and kept and passwords.is_outdated(kept):
            user.password_hash = passwords.hash(password)
        if right:
            return _open_session(work, login, ip=ip, agent=agent, action="sign_in")
        audit.record(work, action="sign_in.failed", entity=f"user:{login}")
    raise SignInFailed


def sign_in_as(
    platform: Platform, *, login: str, ip: str | None = None, agent: str = "", reason: str
) -> SignedIn:
    """Sign somebody in without password: one click in the demo, or single sign-on.

    The caller has made sure of who it is; `reason` (`demo`, `oidc`) is audited. Raises
    PersonUnknown.
    """
    with platform.work(actor=Actor(login, login, ip=ip)) as work:
        return _open_session(work, login, ip=ip, agent=agent, action=f"sign_in.{reason}")


def sign_out(platform: Platform, *, token: str) -> None:
    """End this sign-in; an unknown or ended one is no error."""
    with platform.read() as session:
        row = session.scalar(
            select(SignInSession).where(SignInSession.token_hash == _digest(token))
        )
    if row is None or row.revoked_at is not None:
        return
    with platform.work(actor=Actor(row.login, row.login, ip=row.ip)) as work:
        work.session.execute(
            update(SignInSession).where(SignInSession.id == row.id).values(revoked_at=work.now)
        )
        audit.record(work, action="sign_out", entity=f"user:{row.login}")


def load_session(platform: Platform, *, token: str, ip: str | None = None) -> SignedIn | None:
    """Who this token belongs to, with the roles held now; None when it is no longer good.

    One statement; once a minute a second one that notes that the person was here. In the demo,
    where people push the clock by days, sign-ins do not run out.
    """
    now = platform.clock.now()
    with platform.read() as session:
        rows = session.execute(
            select(SignInSession, User, UserRole.role)
            .join(User, User.login == SignInSession.login)
            .outerjoin(UserRole, UserRole.login == User.login)
            .where(SignInSession.token_hash == _digest(token))
        ).all()
    if not rows:
        return None
    row, user = rows[0][0], rows[0][1]
    idle = timedelta(minutes=platform.settings.session_idle_minutes)
    if row.revoked_at is not None or user.disabled_at is not None:
        return None
    ran_out = now >= row.expires_at or now - row.last_seen_at >= idle
    if ran_out and not platform.settings.demo:
        return None
    if abs(now - row.last_seen_at) >= _SEEN_EVERY:
        _note_seen(platform, row.id)
    roles = frozenset(role for _, _, role in rows if role is not None)
    actor = Actor(user.login, user.name, roles, user.department, None, ip or row.ip)
    return SignedIn(actor, row.id, user.must_change_password, user.locale, row.expires_at)


def list_sessions(session: Session, *, login: str, now: datetime) -> list[SignInSession]:
    """The sign-ins of somebody that have not ended, latest first."""
    return list(
        session.scalars(
            select(SignInSession)
            .where(
                SignInSession.login == login,
                SignInSession.revoked_at.is_(None),
                SignInSession.expires_at > now,
            )
            .order_by(SignInSession.last_seen_at.desc())
        )
    )


def revoke_sessions(work: Work, *, login: str, keep_session: uuid.UUID | None = None) -> None:
    """End all sign-ins of somebody, at once and everywhere."""
    end_access(work, login=login, keep_session=keep_session)
    audit.record(work, action="session.revoke", entity=f"user:{login}")


def forget_old_sign_ins(work: Work, *, days: int = 90, limit: int = 10_000) -> int:
    """Delete attempts and ended sign-ins older than this, up to `limit` of each.

    Returns how many rows went.
    """
    before = work.now - timedelta(days=days)
    gone = 0
    for table, column in (
        (LoginAttempt, LoginAttempt.at),
        (SignInSession, SignInSession.expires_at),
    ):
        old = work.session.scalars(select(table.id).where(column < before).limit(limit)).all()
        if old:
            work.session.execute(delete(table).where(table.id.in_(old)))
        gone += len(old)
    return gone


def _check_throttle(platform: Platform, session: Session, login: str, ip: str | None) -> None:
    settings = platform.settings
    now = platform.clock.now()
    since = now - timedelta(minutes=settings.sign_in_lock_minutes)
    last_success = (
        select(func.max(LoginAttempt.id))
        .where(LoginAttempt.login == login, LoginAttempt.succeeded)
        .scalar_subquery()
    )
    by_login = select(func.count(), func.max(LoginAttempt.at)).where(
        LoginAttempt.login == login,
        LoginAttempt.at > since,
        LoginAttempt.id > func.coalesce(last_success, 0),
        ~LoginAttempt.succeeded,
    )
    by_ip = select(func.count(), func.max(LoginAttempt.at)).where(
        LoginAttempt.ip == ip, LoginAttempt.at > since, ~LoginAttempt.succeeded
    )
    limits = [(by_login, settings.sign_in_failures)]
    if ip is not None:
        limits.append((by_ip, settings.sign_in_failures_per_ip))
    for query, limit in limits:
        count, last = session.execute(query).one()
        if count >= limit:
            left = last + timedelta(minutes=settings.sign_in_lock_minutes) - now
            raise SignInLocked(minutes=max(1, math.ceil(left.total_seconds() / 60)))


def _open_session(work: Work, login: str, *, ip: str | None, agent: str, action: str) -> SignedIn:
    actor = load_actor(work.session, login, ip=ip)
    user = work.session.get(User, login)
    if user is None or actor is SYSTEM:
        raise PersonUnknown(login=login)
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        id=uuid.uuid4(),
        token_hash=_digest(token),
        login=login,
        ip=ip,
        agent=clean_line(agent)[:200],
        created_at=work.now,
        last_seen_at=work.now,
        expires_at=work.now + timedelta(hours=work.platform.settings.session_hours),
    )
    work.session.add(row)
    audit.record(work, action=action, entity=f"user:{login}")
    return SignedIn(actor, row.id, user.must_change_password, user.locale, row.expires_at, token)


def _note_seen(platform: Platform, session_id: uuid.UUID) -> None:
    with platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(SignInSession)
            .where(SignInSession.id == session_id)
            .values(last_seen_at=work.now)
        )


def _digest(token: str) -> bytes:
    # A random token of 256 bits needs no slow hash.
    return sha256(token.encode("utf-8", "replace")).digest()
