"""Why a customer's link does not open, or an answer is not taken."""

from __future__ import annotations

from jiedan.core.errors import Gone, Invalid, JiedanError, NotFound, TooMany
from jiedan.desk.errors import WrongState


class PortalRefusal(JiedanError):
    """This link does not work."""


class LinkUnknown(PortalRefusal, NotFound):
    """We do not know this link. Please check that it was copied completely."""


class LinkExpired(PortalRefusal, Gone):
    """This link has run out. Please ask us for a new one; your order is not affected."""


class LinkRevoked(PortalRefusal, Gone):
    """This link was withdrawn. Please ask us for a new one; your order is not affected."""


class TooManyReports(PortalRefusal, TooMany):
    """A lot was sent by this link today. Please call us, or try again tomorrow."""


class WrongDigits(Invalid):
    """These are not the last four digits of the receiver's phone."""


class NothingToConfirm(PortalRefusal, WrongState):
    """This shipment is not under way, so its receipt cannot be confirmed (%(state)s)."""


class TooManyGuesses(PortalRefusal, TooMany):
    """Too many links were tried that do not work. Please wait %(minutes)s minutes."""
