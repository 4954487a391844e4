"""Owns the tables of migrations: which instances go to which version, and what became of each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base


class MigrationRow(Base):
    """One act of taking instances of a process to another version."""

    __tablename__ = "flow_migrations"
    __table_args__ = (Index("ix_flow_migrations_at", "at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(128))
    bundle_id: Mapped[int] = mapped_column(ForeignKey("flow_bundles.id"))
    """The target."""
    version: Mapped[int]
    mapping: Mapped[dict[str, Any]]
    """`process/element` → the id of the element in the target, where it is not the same."""
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    went_at: Mapped[datetime | None]
    went_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]


class MigrationItemRow(Base):
    """One instance of a migration."""

    __tablename__ = "flow_migration_items"
    __table_args__ = (
        Index("ix_flow_migration_items_state", "migration_id", "state", "instance_id"),
        Index("ix_flow_migration_items_instance", "instance_id", "at"),
    )
    migration_id: Mapped[UUID] = mapped_column(ForeignKey("flow_migrations.id"), primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), primary_key=True)
    bundle_id: Mapped[int] = mapped_column(ForeignKey("flow_bundles.id"))
    """What it ran on before."""
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    obstacles: Mapped[list[dict[str, Any]] | None]
    """Why it cannot go, or not back: `[{"rule", "process", "element", "detail"}]`."""
    memory: Mapped[dict[str, Any] | None]
    """What the way back needs; see `engine.migrating.Memory`."""
