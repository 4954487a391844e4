"""Tables of the customer's side: links that need no sign-in, what was answered, wrong tries."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.desk.tables.columns import Code, Key, Link, Moment, Stamped


class PortalLink(Stamped, Base):
    """An address that shows one order to whoever holds it; its secret is kept as a hash only."""

    __tablename__ = "portal_links"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[Code]
    """status, delivery, issue, return or complaint"""
    order_id: Mapped[Link] = mapped_column(ForeignKey("orders.id"))
    shipment_id: Mapped[Link | None] = mapped_column(ForeignKey("shipments.id"))
    single_use: Mapped[bool]
    phone_check: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[Moment]
    opened_at: Mapped[Moment | None]
    used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[str | None] = mapped_column(String(60))


class PortalAnswer(Base):
    """What a customer said by a link, with its evidence; class C2."""

    __tablename__ = "portal_answers"
    __table_args__ = (Index("ix_portal_answers_link", "link_id", "at"),)

    id: Mapped[Key]
    link_id: Mapped[Link] = mapped_column(ForeignKey("portal_links.id"))
    kind: Mapped[Code]
    """confirmed, disputed, issue, return or complaint"""
    subject: Mapped[str] = mapped_column(String(120), unique=True)
    """what can be answered once only: a delivery, or one sending of a form"""
    signer: Mapped[str] = mapped_column(String(120))
    way: Mapped[str | None] = mapped_column(String(20))
    """typed or drawn; None for what needs no signature"""
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    ip: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[Moment]


class PortalGuess(Base):
    """A try that was wrong: an address that nobody was given, or the wrong digits for a link."""

    __tablename__ = "portal_guesses"
    __table_args__ = (
        Index("ix_portal_guesses_network", "network", "at"),
        Index("ix_portal_guesses_at", "at"),
    )

    id: Mapped[Key]
    network: Mapped[str] = mapped_column(String(64))
    link_id: Mapped[Link | None]
    at: Mapped[Moment]
