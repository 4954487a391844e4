"""What a verb can be refused for; each docstring is the message."""

from datetime import datetime

from jiedan.core.errors import Conflict, Forbidden, Invalid
from jiedan.core.i18n import current_locale, format_datetime, gettext, use_locale


class VerbNotAllowed(Forbidden):
    """The process does not allow this here: %(verb)s."""


class ReceiverRefused(Invalid):
    """%(login)s cannot take this task: %(why)s"""


class NobodyNamed(Invalid):
    """Choose at least one person."""


class TooManySigners(Invalid):
    """A step can have at most %(limit)s signers."""


class SignerStays(Conflict):
    """This person cannot be removed: only people who were added and have not answered yet can."""


class NoWayBack(Conflict):
    """The task cannot be returned to this step: it did not come from there."""


class NotStraightBack(Conflict):
    """It cannot come straight back from there: other branches must be done again first."""


class NothingToWithdraw(Conflict):
    """This decision cannot be withdrawn: it is not yours, or it has no effect any more."""


class WithdrawnTooLate(Conflict):
    """It is too late to withdraw: %(name)s has already begun."""


class NotYourRequest(Forbidden):
    """Only who started it may do this."""


class RequestUnderWay(Conflict):
    """It is too late to cancel: somebody has already decided."""


class RequestStillOpen(Conflict):
    """The old request has not ended yet."""


class UrgedTooOften(Conflict):
    """You can remind them again at %(at)s."""

    at: datetime

    def message(self, locale: str | None = None) -> str:
        """When, by the wall clock."""
        with use_locale(locale or current_locale()):
            return gettext(self.msgid(), at=format_datetime(self.at))


class UrgedEnough(Conflict):
    """They were reminded %(times)s times; more does not help. Call them."""


class NobodyToUrge(Conflict):
    """Nobody has anything to do with it at the moment."""


class NeedsLooking(Conflict):
    """This one must be opened: its form asks for something, or it must be signed."""


class TooManyAtOnce(Invalid):
    """At most %(limit)s tasks at once."""
