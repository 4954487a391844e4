"""The outbox: each message to a mailbox or a robot, with what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.core.ids import new_id


class SendState(StrEnum):
    DUE = "due"
    SENDING = "sending"
    """A worker has it until the end of its lease."""
    SENT = "sent"
    FAILED = "failed"
    """Given up after the last try; an admin can send it again."""


class OutgoingRow(Base):
    """One message to one mailbox or robot."""

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        Index("ix_outgoing_messages_due", "state", "due_at"),
        Index("ix_outgoing_messages_newest", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """What it tells whom; saying it again makes no second message."""
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(200))
    """A mail address, or the name of a robot."""
    login: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300), default="")
    locale: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
