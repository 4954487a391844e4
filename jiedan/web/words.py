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
    "request": {
        "cancellation": lazy("Cancellation"),
        "change": lazy("Change"),
        "return": lazy("Return"),
        "requested": lazy("asked for"),
        "approved": lazy("allowed"),
        "agreed": lazy("agreed"),
        "received": lazy("received"),
        "calculated": lazy("calculated"),
        "done": lazy("carried out"),
        "applied": lazy("in force"),
        "refused": lazy("refused"),
        "denied": lazy("denied"),
        "withdrawn": lazy("withdrawn"),
        "refunded": lazy("paid back"),
        "exchanged": lazy("exchanged"),
    },
    "production": {
        "planned": lazy("planned"),
        "running": lazy("being made"),
        "qc": lazy("in inspection"),
        "done": lazy("finished"),
        "cancelled": lazy("cancelled"),
        "failed": lazy("failed"),
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


DECIDED: Mapping[str, LazyText] = {
    "ok": lazy("within limits"),
    "minor": lazy("slight"),
    "major": lazy("serious"),
    "critical": lazy("critical"),
    "confirm_overprice": lazy("above the list: confirm"),
    "pass": lazy("passed"),
    "hold_overdue": lazy("held: overdue amounts"),
    "reject": lazy("refused"),
    "prepay_required": lazy("prepayment needed"),
    "guarantee": lazy("guarantee needed"),
    "special": lazy("special approval"),
    "credit_pending": lazy("credit not assessed yet"),
    "confirmation_slip": lazy("confirmation slip"),
    "standard": lazy("standard contract"),
    "custom": lazy("contract of its own"),
    "framework": lazy("framework contract"),
    "platform_terms": lazy("terms of the platform"),
    "service": lazy("service contract"),
    "express": lazy("express"),
    "freight": lazy("freight"),
    "onsite": lazy("on site"),
    "electronic": lazy("electronic"),
    "pickup": lazy("pick-up"),
    "feasible": lazy("feasible"),
    "conditional": lazy("feasible with conditions"),
    "infeasible": lazy("infeasible"),
    "general": lazy("general"),
    "complex": lazy("complex"),
    "monitor": lazy("keep watching"),
    "buffer_and_backup": lazy("buffer and backup"),
    "legal_consult": lazy("ask legal"),
    "prepay_or_escrow": lazy("prepayment or escrow"),
    "propose_decline": lazy("propose to decline"),
    "short_price_validity": lazy("short validity of the price"),
    "finance": lazy("finance co-signs"),
    "finance,legal": lazy("finance and legal co-sign"),
    "questionnaire": lazy("questionnaire"),
    "phone": lazy("phone"),
    "mail": lazy("mail"),
    "CONSUMER": lazy("consumer"),
    "NEW": lazy("new customer"),
}
"""What decisions decide, where it is a code."""
OUTPUTS: Mapping[str, LazyText] = {
    "required": lazy("needed"),
    "level": lazy("level"),
    "discount_pct": lazy("discount %"),
    "visit_days": lazy("days between visits"),
    "dedicated": lazy("dedicated vehicle"),
    "amount": lazy("amount"),
    "factor": lazy("factor"),
    "days": lazy("days"),
    "pct": lazy("share %"),
}
"""What numbers and yes or no in a decision are about."""


def word(kind: str, code: str | None) -> str:
    """What a code of that kind is called; an unknown code with spaces for underscores."""
    if not code:
        return ""
    found = WORDS.get(kind, {}).get(code)
    return str(found) if found else code.replace("_", " ")
