"""Slows down whoever tries links that nobody gave him, without locking out the customers."""

from __future__ import annotations

import ipaddress
import math
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jiedan.core.parameters import Parameters
from jiedan.core.work import Work
from jiedan.desk.portal_errors import TooManyGuesses
from jiedan.desk.tables import PortalGuess
from jiedan.desk.values import Ref, add, as_id


def require_not_guessing(
    session: Session, *, parameters: Parameters, ip: str | None, now: datetime
) -> None:
    """Raises TooManyGuesses for a network that tried too much.

    When wrong tries come from everywhere, one of them is enough to be locked out; a network that
    never tried a wrong link is never refused, so nobody can shut the customers out.
    """
    since = now - timedelta(hours=float(parameters.number("portal.lock_hours")))
    mine, last = session.execute(
        select(func.count(), func.max(PortalGuess.at)).where(
            PortalGuess.network == network_of(ip), PortalGuess.at > since
        )
    ).one()
    if not mine:
        return
    most = parameters.number("portal.wrong_per_network")
    if mine < most:
        everywhere = session.scalar(
            select(func.count()).select_from(PortalGuess).where(PortalGuess.at > since)
        )
        if (everywhere or 0) < parameters.number("portal.wrong_overall"):
            return
    raise TooManyGuesses(minutes=_minutes(last - since))


def require_digits_left(
    session: Session, *, parameters: Parameters, link_id: Ref, now: datetime
) -> None:
    """Raises TooManyGuesses for a link whose digits were guessed wrong too often."""
    since = now - timedelta(hours=float(parameters.number("portal.lock_hours")))
    wrong, last = session.execute(
        select(func.count(), func.max(PortalGuess.at)).where(
            PortalGuess.link_id == as_id(link_id), PortalGuess.at > since
        )
    ).one()
    if wrong >= parameters.number("portal.wrong_digits"):
        raise TooManyGuesses(minutes=_minutes(last - since))


def note_guess(work: Work, *, link_id: Ref | None = None) -> None:
    """Count a wrong try of the actor's network."""
    known = as_id(link_id) if link_id else None
    add(work, PortalGuess(network=network_of(work.actor.ip), link_id=known, at=work.now))


def forget_guesses(work: Work, *, days: int = 7, limit: int = 10_000) -> int:
    """Delete old wrong tries, up to ``limit``; how many went."""
    before = work.now - timedelta(days=days)
    old = work.session.scalars(
        select(PortalGuess.id).where(PortalGuess.at < before).limit(limit)
    ).all()
    if old:
        work.session.execute(delete(PortalGuess).where(PortalGuess.id.in_(old)))
    return len(old)


def network_of(ip: str | None) -> str:
    """The address, of IPv6 the part that one subscriber is given (/64)."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return (ip or "unknown")[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _minutes(left: timedelta) -> int:
    return max(1, math.ceil(left.total_seconds() / 60))
