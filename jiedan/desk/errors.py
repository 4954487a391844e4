"""What can go wrong at the order desk; each class is one refusal with its own words."""

from __future__ import annotations

from jiedan.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unauthorized
from jiedan.core.i18n import LocalText
from jiedan.desk.labels import label


class UnknownOrder(NotFound):
    """There is no such order."""


class UnknownCustomer(NotFound):
    """There is no such customer."""


class UnknownRecord(NotFound):
    """There is no such record: %(kind)s."""

    def __init__(self, *, kind: str | LocalText) -> None:
        super().__init__(kind=label(kind) if isinstance(kind, str) else kind)


class UnknownSku(Invalid):
    """There is no product %(sku)s."""


class NoPrice(Invalid):
    """No approved price is valid for %(sku)s."""


class IllegalTransition(Conflict):
    """An order cannot go from "%(before)s" to "%(after)s"."""


class OrderOnHold(Conflict):
    """The order is on hold: %(reason)s"""


class NotEditable(Conflict):
    """The order cannot be changed in state "%(state)s"."""


class StaleVersion(Conflict):
    """Somebody changed this in the meantime. Please look at the new version first."""


class InvalidOrder(Invalid):
    """The order has wrong entries."""


class IncompleteOrder(Invalid):
    """The order is incomplete."""


class TotalMismatch(Invalid):
    """The total is %(expected)s, not %(given)s."""


class InvalidRecord(Invalid):
    """Some entries are wrong."""


class AlreadyDone(Conflict):
    """This was already done."""


class WrongState(Conflict):
    """This cannot be done in state "%(state)s"."""

    def __init__(self, *, state: str | LocalText) -> None:
        super().__init__(state=label(state) if isinstance(state, str) else state)


class NoApprover(Conflict):
    """Nobody is left who may approve this."""


class NotApprovable(Conflict):
    """This cannot be approved specially: %(reason)s"""


class ApproverExcluded(Forbidden):
    """Whoever requested, entered or reviewed an order does not approve it."""

    code = "SOD_2"


class DeciderExcluded(Forbidden):
    """Whoever evaluated an order does not decide on it."""

    code = "SOD_3"


class ReviewerExcluded(Forbidden):
    """Whoever accepted or entered an order does not review it."""

    code = "SOD_1"


class AuthorExcluded(Forbidden):
    """Whoever made a plan or a price does not approve it."""

    code = "SOD_13"


class NotEnoughStock(Conflict):
    """Not enough %(sku)s in stock."""


class CarrierNotApproved(Invalid):
    """This carrier may not be used: %(reason)s"""


class DupWaybill(Conflict):
    """This carrier already has a shipment with waybill %(waybill)s."""


class NotReadyToShip(Conflict):
    """The shipment is not ready: %(missing)s"""


class ConditionOpen(Conflict):
    """A condition of the approval is not met yet: %(text)s"""


class OverInvoice(Invalid):
    """At most %(limit)s can be invoiced."""


class Overpaid(Invalid):
    """The payment has only %(left)s left to match."""


class UnknownPaymentRef(Invalid):
    """There is no payment %(ref)s."""

    code = "UNKNOWN_REF"


class DuplicateNumber(Conflict):
    """The number %(number)s is already in use."""


class BadSignature(Unauthorized):
    """The signature is wrong."""


class StalePush(Unauthorized):
    """The time stamp is too far from now."""

    code = "STALE"


class UnknownPlatform(NotFound):
    """There is no such platform."""


class BadPayload(Invalid):
    """The platform's order cannot be read."""


class ConflictingPayload(Conflict):
    """The platform sent this order before with other content."""


class FileCorrupt(Invalid):
    """The file cannot be opened."""


class TypeForbidden(Invalid):
    """This kind of file may not be sent."""


class LinkExpired(Gone):
    """The link has expired."""


class DeemedNotAgreed(Conflict):
    """The contract does not say that silence means acceptance."""


class PrecheckMissing(Conflict):
    """Sales has not pre-checked this version of the order."""


class PrecheckerExcluded(Forbidden):
    """Whoever entered an order does not pre-check it."""

    code = "SOD_16"


class NotCancellable(Conflict):
    """The order cannot be cancelled any more: %(reason)s"""

    def __init__(self, *, reason: str | LocalText) -> None:
        super().__init__(reason=reason)


class RequestOpen(Conflict):
    """The order has an open request already. Settle that one first."""

    code = "REQUEST_OPEN"


class NotChangeable(Conflict):
    """The order cannot be changed in state "%(state)s"."""


class BelowDelivered(Invalid):
    """Less than was delivered, or made for delivery, is not possible."""


class LineOnHold(Conflict):
    """A change of this line is being decided: nothing goes on before."""


class OverPaid(Invalid):
    """At most %(limit)s can be given back."""

    code = "OVER_PAID"


class DuplicateRefund(Conflict):
    """This was refunded already."""

    code = "DUP_REFUND"


class CalculatorExcluded(Forbidden):
    """Whoever calculated a refund or compensation does not pay it."""

    code = "SOD_5"


class InspectorExcluded(Forbidden):
    """Whoever made the goods does not inspect them."""

    code = "SOD_6"


class AccusedExcluded(Forbidden):
    """Whoever is accused in a complaint does not handle it."""

    code = "SOD_8"


class QcNotPassed(Conflict):
    """Quality has not passed these goods."""


class OverReport(Invalid):
    """At most %(limit)s can still be reported."""


class SignerLimit(Forbidden):
    """A contract over this amount is signed by %(role)s or above."""
