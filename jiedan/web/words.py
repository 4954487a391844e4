"""Codes of the desk in the reader's words: steps, payment, reviews, shipments and the like."""

from __future__ import annotations

from collections.abc import Mapping

from jiedan.core.i18n import LazyText, lazy

WORDS: Mapping[str, Mapping[str, LazyText]] = {
    "step": {
        "intake": lazy("Intake"),
        "review": lazy("Review"),
        "approved": lazy("Approved"),
        "execution": lazy("Execution"),
        "ready": lazy("Ready"),
        "delivered": lazy("Delivered"),
        "accepted": lazy("Accepted"),
        "settled": lazy("Settled"),
        "closed": lazy("Closed"),
    },
    "payment": {
        "prepay_full": lazy("paid in advance"),
        "deposit_balance": lazy("deposit, then balance"),
        "credit_term": lazy("on credit"),
        "cod": lazy("cash on delivery"),
        "platform_escrow": lazy("held by the platform"),
    },
    "fulfil": {
        "stock": lazy("From stock"),
        "mto": lazy("Made to order"),
        "service": lazy("Service"),
        "electronic": lazy("Electronic"),
    },
    "review": {
        "approve": lazy("passed"),
        "return": lazy("returned"),
        "reject": lazy("refused"),
        "special": lazy("suggests special approval"),
    },
    "approval": {
        "pending": lazy("pending"),
        "granted": lazy("granted"),
        "refused": lazy("refused"),
        "returned": lazy("returned"),
        "expired": lazy("expired"),
        "void": lazy("void"),
    },
    "subject": {
        "price": lazy("Price"),
        "credit": lazy("Credit"),
        "payment_term": lazy("Payment term"),
        "lead_time": lazy("Lead time"),
        "deposit_waiver": lazy("Deposit waiver"),
        "concession": lazy("Concession"),
        "compensation": lazy("Compensation"),
        "cancel_fee": lazy("Cancellation fee"),
        "credit_override": lazy("Credit override"),
    },
    "shipment": {
        "preparing": lazy("being prepared"),
        "ready": lazy("ready"),
        "in_transit": lazy("on its way"),
        "exception": lazy("exception"),
        "delivered": lazy("delivered"),
        "refused": lazy("refused"),
        "lost": lazy("lost"),
        "closed": lazy("closed"),
        "cancelled": lazy("cancelled"),
    },
    "invoice": {
        "issued": lazy("issued"),
        "paid": lazy("paid"),
        "void": lazy("void"),
        "draft": lazy("draft"),
    },
    "issue": {
        "new": lazy("logged"),
        "analysis": lazy("being analysed"),
        "fixing": lazy("being fixed"),
        "waiting_customer": lazy("waits for the customer"),
        "resolved": lazy("resolved"),
        "reopened": lazy("reopened"),
        "closed": lazy("closed"),
        "rejected": lazy("rejected"),
    },
}


def word(kind: str, code: str | None) -> str:
    """What a code of that kind is called; an unknown code with spaces for underscores."""
    if not code:
        return ""
    found = WORDS.get(kind, {}).get(code)
    return str(found) if found else code.replace("_", " ")
