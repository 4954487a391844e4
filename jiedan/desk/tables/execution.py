"""Tables of carrying an order out: allocations, milestones, work plans, shortages."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Bag, Code, Fen, Items, Key, Link, Moment, Stamped, Words


class Allocation(Stamped, Base):
    """Who carries out which part of an order."""

    __tablename__ = "allocations"

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    department: Mapped[str] = mapped_column(String(60))
    responsible: Mapped[str] = mapped_column(String(60), index=True)
    requirement: Mapped[Words]
    proposal: Mapped[Bag] = mapped_column(default=dict)
    override_reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Code] = mapped_column(default="active")


class Milestone(Stamped, Base):
    """A date by which something has to be reached."""

    __tablename__ = "milestones"
    __table_args__ = (Index("ix_milestones_order_due", "order_id", "due_at"),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    allocation_id: Mapped[Link | None] = mapped_column(ForeignKey("allocations.id"))
    name: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[Moment]
    planned_at: Mapped[Moment]
    is_key: Mapped[bool] = mapped_column(default=False)
    reached_at: Mapped[Moment | None]
    reached_by: Mapped[str | None] = mapped_column(String(60))
    cause: Mapped[str | None] = mapped_column(Text)
    catch_up: Mapped[str | None] = mapped_column(Text)


class WorkPlan(Stamped, Base):
    """How an order will be carried out: steps, people, material, money."""

    __tablename__ = "work_plans"
    __table_args__ = (Index("uq_work_plans_version", "order_id", "version", unique=True),)

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    steps: Mapped[Items]
    human: Mapped[Items] = mapped_column(default=list)
    material: Mapped[Items] = mapped_column(default=list)
    budget: Mapped[Items] = mapped_column(default=list)
    budget_fen: Mapped[Fen] = mapped_column(default=0)
    author: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="submitted")
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_at: Mapped[Moment | None]
    reason: Mapped[str | None] = mapped_column(Text)


class Shortage(Stamped, Base):
    """Something an order lacks, what was decided and what the customer said."""

    __tablename__ = "shortages"

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[Code]
    gap: Mapped[Words]
    impact_days: Mapped[int]
    proposal: Mapped[Words]
    choice: Mapped[str | None] = mapped_column(String(20))
    new_date: Mapped[date | None] = mapped_column(Date)
    cost_fen: Mapped[Fen | None]
    note: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    consent: Mapped[str | None] = mapped_column(String(20))
    consent_evidence: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[Code] = mapped_column(default="reported")
