"""Owns the tables of the verbs: seats at a step, copies, urgings, what a return leaves behind."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.flow.tables import Json


class SeatRow(Base):
    """One person's place at a step that several sign; its id is that of its task's row.

    The seats of one token make a tree: a set hangs below the seat that added it, the sets of the
    step itself below nothing.
    """

    __tablename__ = "flow_seats"
    __table_args__ = (Index("ix_flow_seats_instance", "instance_id", "state"),)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("flow_tasks.id"), primary_key=True)
    token_id: Mapped[UUID] = mapped_column(index=True)
    """The engine's task that all of them decide together."""
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    set_id: Mapped[UUID]
    """Those who were added together; of the step's own seats it is the token."""
    parent_id: Mapped[UUID | None]
    """The seat that the set hangs below."""
    kind: Mapped[str] = mapped_column(String(16))
    """own, before, after, beside, delegate"""
    mode: Mapped[str] = mapped_column(String(16))
    """How the set decides: all, any, turn, votes."""
    share: Mapped[int] = mapped_column(default=100)
    """How many percent of the set must agree."""
    strict: Mapped[bool] = mapped_column(default=True)
    """Whether one refusal decides the set at once."""
    place: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    """waiting, open, agreed, refused, answered, gone, removed"""
    added_by: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[Json | None]
    """The values that were handed in."""
    answered: Mapped[int | None]
    """The number of its answer among those of the token, for the later one goes before."""
    rule: Mapped[str | None] = mapped_column(String(32))
    """The rule that answered for the person."""


class CopyRow(Base):
    """Somebody was sent a copy of an instance for information; one per person and instance."""

    __tablename__ = "flow_copies"
    __table_args__ = (
        UniqueConstraint("instance_id", "login"),
        Index("ix_flow_copies_login", "login", "at", "id"),
        Index("ix_flow_copies_unread", "login", "read_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    login: Mapped[str] = mapped_column(String(64))
    task_id: Mapped[UUID | None]
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[datetime | None]


class UrgeRow(Base):
    """Somebody urged those whom an instance waited for."""

    __tablename__ = "flow_urges"
    __table_args__ = (Index("ix_flow_urges_instance", "instance_id", "at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text, default="")


class RedoRow(Base):
    """What a return or a withdrawal left behind for a step that will be done again."""

    __tablename__ = "flow_redos"
    __table_args__ = (Index("ix_flow_redos_instance", "instance_id", "element_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    login: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    """`holder`: gets the task when it opens again; `agreed`: need not agree again."""
    outcome: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[Json | None]
