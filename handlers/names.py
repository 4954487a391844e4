"""Owns what people call the codes of orders, execution and delivery."""

from jiedan.core.i18n import LazyText, lazy

METHODS: dict[str, LazyText] = {
    "express": lazy("Express"),
    "freight": lazy("Freight"),
    "onsite": lazy("On site"),
    "electronic": lazy("Electronic"),
    "pickup": lazy("Pick-up"),
}
SCANS: dict[str, LazyText] = {
    "picked": lazy("Picked up"),
    "in_transit": lazy("In transit"),
    "out_for_delivery": lazy("Out for delivery"),
    "delivered": lazy("Arrived"),
    "exception": lazy("Exception"),
    "returned": lazy("On its way back"),
}
PAYMENTS: dict[str, LazyText] = {
    "prepay_full": lazy("paid in advance"),
    "deposit_balance": lazy("deposit, then balance"),
    "credit_term": lazy("on credit"),
    "cod": lazy("cash on delivery"),
    "platform_escrow": lazy("held by the platform"),
}
MODES: dict[str, LazyText] = {
    "signature": lazy("by signature"),
    "online": lazy("online"),
    "feedback": lazy("by the customer's word"),
    "platform": lazy("on the platform"),
    "carrier": lazy("by the carrier's proof"),
}
CHOICES: dict[str, LazyText] = {
    "reallocate": lazy("Reallocate"),
    "purchase": lazy("Purchase"),
    "outsource": lazy("Outsource"),
    "overtime": lazy("Overtime"),
    "reschedule": lazy("Reschedule"),
    "partial": lazy("Deliver in part"),
    "cancel": lazy("Give up"),
}
ROLES: dict[str, LazyText] = {
    "QC": lazy("Quality"),
    "PM": lazy("Production"),
    "LG": lazy("Logistics"),
    "SR": lazy("Sales"),
    "EX": lazy("Service"),
    "FO": lazy("Finance"),
}


def called(names: dict[str, LazyText], code: str | None) -> str | None:
    """What people call a code; the code itself when nobody named it."""
    if code is None:
        return None
    name = names.get(code)
    return str(name) if name is not None else code
