"""The tables beside the inbox: words to search by, who saw what, views, phrases, notice wishes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base


class WordRow(Base):
    """The beginning of a word by which an open instance is found; gone when it is over."""

    __tablename__ = "flow_words"
    __table_args__ = (
        Index("ix_flow_words_instance", "instance_id"),
        {"sqlite_with_rowid": False},
    )
    word: Mapped[str] = mapped_column(String(16), primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), primary_key=True)


class SeenRow(Base):
    """A person has opened a task: it is new to them no more."""

    __tablename__ = "flow_task_seen"
    __table_args__ = ({"sqlite_with_rowid": False},)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("flow_tasks.id"), primary_key=True)
    login: Mapped[str] = mapped_column(String(64), primary_key=True)


class SavedViewRow(Base):
    """A list with its filters and order, kept under a name."""

    __tablename__ = "flow_saved_views"
    __table_args__ = (Index("ix_flow_saved_views_owner", "owner"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(16))
    """`todo`, `done` …"""
    query: Mapped[dict[str, Any]]
    """The address's parameters."""
    shared_with: Mapped[list[str]]
    """Owner strings: `r:OC`, `u:ann`, `*` for everybody; empty for nobody else."""
    created_at: Mapped[datetime]


class PhraseRow(Base):
    """A stock phrase of a person, or of the house when the owner is `*`."""

    __tablename__ = "flow_phrases"
    __table_args__ = (Index("ix_flow_phrases_owner", "owner"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class NoticeWishRow(Base):
    """Whether a person wants notices of a kind by a channel; without a row the default holds."""

    __tablename__ = "flow_notice_wishes"
    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    wanted: Mapped[bool]


class NoticeHoursRow(Base):
    """When a person is left in peace, and when the daily digest is sent."""

    __tablename__ = "flow_notice_hours"
    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    """`22:00` by the wall clock in Shanghai; quiet hours may pass midnight."""
    quiet_to: Mapped[str | None] = mapped_column(String(5))
    digest_at: Mapped[str | None] = mapped_column(String(5))
    """`08:30`; none means no digest."""
