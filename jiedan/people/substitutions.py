"""Substitution: who acts for whom, and when."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.clock import as_utc
from jiedan.core.errors import Message
from jiedan.core.i18n import lazy
from jiedan.core.ids import new_id
from jiedan.core.text import clean_line
from jiedan.core.work import Work
from jiedan.people.directory import load_actor
from jiedan.people.errors import AdministrationForbidden, SubstitutionInvalid
from jiedan.people.organisation import ADMINISTRATOR
from jiedan.people.tables import Substitution, User


def arrange_substitution(
    work: Work,
    *,
    login: str,
    substitute: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    processes: tuple[str, ...] = (),
) -> Substitution:
    """Let `substitute` act for `login` from `starts_at` to before `ends_at`.

    Only in these `processes` (ids), or in all when none is named.

    People arrange it for themselves, administrators for others. Raises SubstitutionInvalid for
    oneself, an empty or past time, or one in which the substitute is absent too.
    """
    _require_owner(work, login)
    load_actor(work.session, login)
    load_actor(work.session, substitute)
    starts_at, ends_at = as_utc(starts_at), as_utc(ends_at)
    fields: dict[str, Message] = {}
    if login == substitute:
        fields["substitute"] = lazy("Choose somebody else.")
    if ends_at <= starts_at or ends_at <= work.now:
        fields["ends_at"] = lazy("The end must come after the beginning and after today.")
    if not fields and _overlapping(work.session, substitute, starts_at, ends_at):
        fields["substitute"] = lazy("This person is away at that time too.")
    if not fields and _overlapping(work.session, login, starts_at, ends_at, processes):
        fields["starts_at"] = lazy("There is already a substitution at that time.")
    if fields:
        raise SubstitutionInvalid(fields)
    row = Substitution(
        id=new_id(),
        login=login,
        substitute=substitute,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=clean_line(reason, limit=500),
        processes=",".join(sorted(set(processes))),
        created_at=work.now,
        created_by=work.actor.login,
    )
    work.session.add(row)
    audit.record(
        work,
        action="substitution.arrange",
        entity=f"user:{login}",
        after={"substitute": substitute, "starts_at": starts_at, "ends_at": ends_at},
    )
    return row


def cancel_substitution(work: Work, *, substitution_id: uuid.UUID) -> None:
    """End a substitution at once; an ended or unknown one is no error."""
    row = work.session.get(Substitution, substitution_id)
    if row is None or row.cancelled_at is not None:
        return
    _require_owner(work, row.login)
    row.cancelled_at = work.now
    audit.record(work, action="substitution.cancel", entity=f"user:{row.login}")


def represented_by(
    session: Session, *, substitute: str, now: datetime, process_id: str | None = None
) -> list[str]:
    """For whom `substitute` may act right now; in one process, or in any when none is named."""
    rows = session.execute(
        select(Substitution.login, Substitution.processes)
        .join(User, User.login == Substitution.login)
        .where(
            Substitution.substitute == substitute,
            Substitution.cancelled_at.is_(None),
            Substitution.starts_at <= now,
            Substitution.ends_at > now,
            # Who has left for good is handed over, not stood in for.
            User.disabled_at.is_(None),
        )
        .order_by(Substitution.login)
    )
    return list(
        dict.fromkeys(
            login
            for login, processes in rows
            if process_id is None or not processes or process_id in processes.split(",")
        )
    )


def substitute_of(session: Session, *, login: str, now: datetime) -> str | None:
    """Who acts for `login` right now."""
    return session.scalar(
        select(Substitution.substitute).where(
            Substitution.login == login,
            Substitution.cancelled_at.is_(None),
            Substitution.starts_at <= now,
            Substitution.ends_at > now,
        )
    )


def list_substitutions(session: Session, *, login: str, now: datetime) -> list[Substitution]:
    """Substitutions of and by somebody that have not ended, next first."""
    return list(
        session.scalars(
            select(Substitution)
            .where(
                (Substitution.login == login) | (Substitution.substitute == login),
                Substitution.cancelled_at.is_(None),
                Substitution.ends_at > now,
            )
            .order_by(Substitution.starts_at)
        )
    )


def _require_owner(work: Work, login: str) -> None:
    actor = work.actor
    if not (actor.is_system or actor.login == login or actor.has(ADMINISTRATOR)):
        raise AdministrationForbidden


def _overlapping(
    session: Session, login: str, start: datetime, end: datetime, processes: tuple[str, ...] = ()
) -> bool:
    """Whether somebody is already away then, in one of these processes or in all."""
    found = session.scalars(
        select(Substitution.processes).where(
            Substitution.login == login,
            Substitution.cancelled_at.is_(None),
            Substitution.starts_at < end,
            Substitution.ends_at > start,
        )
    )
    return any(
        not processes or not said or not set(processes).isdisjoint(said.split(","))
        for said in found
    )
