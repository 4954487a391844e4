"""Tables of what we owe a customer after an order: return visits and surveys."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Code, Key, Link, Moment, Stamped


class PlannedContact(Stamped, Base):
    """A return visit or a survey that is due on a day; class C2."""

    __tablename__ = "planned_contacts"
    __table_args__ = (
        Index("uq_planned_contacts", "order_id", "kind", unique=True),
        Index("ix_planned_contacts_due", "state", "due_on"),
    )

    id: Mapped[Key]
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[Link] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[Code]
    """visit or survey"""
    mode: Mapped[str] = mapped_column(String(20))
    """phone, mail or questionnaire"""
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[Code] = mapped_column(default="planned")
    done_at: Mapped[Moment | None]
