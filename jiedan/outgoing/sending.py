"""Sends what is due, with three more tries, and tells admins of what could not be sent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTP
from uuid import UUID

from sqlalchemy import or_, select, update

from jiedan.core import audit
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import SystemClock
from jiedan.core.errors import NotFound
from jiedan.core.logs import get_logger
from jiedan.flow.notices import notify
from jiedan.flow.owners import ROLE
from jiedan.flow.platform import Flow
from jiedan.flow.tables import table_of
from jiedan.outgoing.mail import MailServer, compose
from jiedan.outgoing.robots import Robot, post
from jiedan.outgoing.tables import OutgoingRow, SendState

AT_ONCE = 50
LEASE = timedelta(minutes=10)
"""Longer than a batch in which every message runs into its time limit could take."""
FAILED = "A message to %(address)s could not be sent: %(error)s"

log = get_logger(__name__)
_outgoing = table_of(OutgoingRow)
_WALL = SystemClock()


class MessageUnknown(NotFound):
    """There is no such message."""


class RobotGone(Exception):
    """This robot is not set up any more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How a batch ended."""

    sent: int
    failed: int


def send_due(flow: Flow, *, server: MailServer | None, robots: Mapping[str, Robot]) -> Sent:
    """Claim a batch of what is due and send it; nothing is locked meanwhile."""
    rows = _claim(flow)
    done = failed = 0
    with ExitStack() as connections:
        line = _Line(server, connections)
        for row in rows:
            try:
                if row.channel == "mail":
                    line.send(row)
                else:
                    robot = robots.get(row.address)
                    if robot is None:
                        raise RobotGone(row.address)
                    post(robot, f"{row.text}\n{row.link}" if row.link else row.text)
            except Exception as error:  # whatever a mail server or a chat can think of
                failed += 1
                _failed(flow, row, error)
            else:
                done += 1
                _finish(flow, row)
    return Sent(done, failed)


class _Line:
    """The connection to the mail server, made when the first mail is due and again when lost."""

    def __init__(self, server: MailServer | None, connections: ExitStack) -> None:
        self._server = server
        self._connections = connections
        self._open: SMTP | None = None

    def send(self, row: OutgoingRow) -> None:
        if self._server is None:
            raise RobotGone("mail")
        if self._open is None:
            self._open = self._connections.enter_context(self._server.open())
        try:
            self._open.send_message(compose(row, self._server.sender))
        except Exception:
            # The next mail gets a connection that nobody has left in the middle of something.
            self._connections.pop_all().close()
            self._open = None
            raise


def _claim(flow: Flow) -> list[OutgoingRow]:
    wall = _WALL.now()
    with flow.platform.work(actor=SYSTEM) as work:
        due = (_outgoing.c.state == SendState.DUE) & (_outgoing.c.due_at <= work.now)
        left = (_outgoing.c.state == SendState.SENDING) & (_outgoing.c.lease_until <= wall)
        ready = (
            select(_outgoing.c.id)
            .where(or_(due, left))
            .order_by(_outgoing.c.due_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        ids = work.session.scalars(
            update(_outgoing)
            .where(_outgoing.c.id.in_(ready.scalar_subquery()))
            .values(
                state=SendState.SENDING,
                lease_until=wall + LEASE,
                attempt=_outgoing.c.attempt + 1,
            )
            .returning(_outgoing.c.id)
        ).all()
        rows = work.session.scalars(
            select(OutgoingRow).where(OutgoingRow.id.in_(ids)).order_by(OutgoingRow.due_at)
        ).all()
        work.session.expunge_all()
        return list(rows)


def _finish(flow: Flow, row: OutgoingRow) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(_outgoing)
            .where(_outgoing.c.id == row.id)
            .values(state=SendState.SENT, sent_at=work.now, lease_until=None, last_error=None)
        )


def _failed(flow: Flow, row: OutgoingRow, error: Exception) -> None:
    said = f"{type(error).__name__}: {error}"[:500]
    log.warning("a message could not be sent", message=str(row.id), error=said)
    again = row.attempt <= len(flow.backoff)
    with flow.platform.work(actor=SYSTEM) as work:
        values: dict[str, object] = {"lease_until": None, "last_error": said}
        if again:
            values |= {
                "state": SendState.DUE,
                "due_at": work.now + flow.backoff[row.attempt - 1],
            }
        else:
            values |= {"state": SendState.FAILED}
            notify(
                work,
                owners=(ROLE + flow.admins,),
                kind="outgoing",
                msgid=FAILED,
                params={"address": row.address, "error": said},
            )
        work.session.execute(update(_outgoing).where(_outgoing.c.id == row.id).values(values))


def send_again(flow: Flow, *, actor: Actor, message_id: UUID) -> None:
    """Make a message that was given up due now. Raises MessageUnknown."""
    with flow.platform.work(actor=actor) as work:
        found = work.session.execute(
            update(_outgoing)
            .where(_outgoing.c.id == message_id, _outgoing.c.state == SendState.FAILED)
            .values(state=SendState.DUE, due_at=work.now, attempt=0)
            .returning(_outgoing.c.address)
        ).first()
        if found is None:
            raise MessageUnknown
        audit.record(
            work,
            action="outgoing.send_again",
            entity=f"outgoing:{message_id}",
            after={"address": found.address},
        )
