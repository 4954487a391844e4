"""Owns wishes to cancel a running order (P14): asked, priced by D16, decided, answered."""

from decimal import Decimal
from typing import Any

from handlers.beside import Fact, fact, line_name, matched, order_facts, order_of, said, yuan
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.core.money import format_yuan
from jiedan.desk import cancellations, invoices, orders, production, requests, shipments, undoing
from jiedan.desk.cancellations import CancellationFacts, open_qty
from jiedan.desk.errors import NotCancellable, RequestOpen
from jiedan.desk.records import get_customer
from jiedan.desk.tables import Order

REASONS: dict[str, LazyText] = {
    "changed_mind": lazy("no longer needed"),
    "price": lazy("price"),
    "late": lazy("too late"),
    "duplicate": lazy("ordered twice"),
    "bankrupt": lazy("bankrupt"),
    "force_majeure": lazy("force majeure"),
    "other": lazy("other"),
}
RULINGS: dict[str, LazyText] = {
    "ok": lazy("by the table"),
    "auto": lazy("at once, free of charge"),
    "manual": lazy("you name the fee"),
    "refuse": lazy("not possible any more"),
}
STAGES: dict[str, LazyText] = {
    "before_approval": lazy("before approval"),
    "approved": lazy("approved or reserved"),
    "planned": lazy("planned"),
    "in_production": lazy("being made or picked"),
    "produced": lazy("made or ready"),
    "service_started": lazy("service begun"),
    "shipped": lazy("has left"),
}


@handler("cancel.open")
def open_wish(
    context: Context,
    order_id: str,
    asked_by: str | None = None,
    requested_by: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Take the wish; outcome impossible when everything has left or another wish is open."""
    outcome = "open"
    try:
        requests.require_cancellable(context.work.session, order_id=order_id)
    except (NotCancellable, RequestOpen):
        outcome = "impossible"
    return {
        "outcome": outcome,
        "asked_by": asked_by,
        "requested_by": requested_by or "customer",
        "reason": reason,
        "cancellation_id": None,
        "ruling": None,
        "fee_fen": 0,
        "wants_waiver": False,
        "waiver_outcome": None,
    }


@handler("cancel.load_log")
def load_log(
    context: Context,
    order_id: str,
    requested_by: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """The lines that have not left."""
    return {
        "values": {
            "requested_by": requested_by,
            "reason": reason,
            "whole": True,
            "lines": [{**row, "chosen": False} for row in _open_rows(order_of(context, order_id))],
        },
        "facts": order_facts(context, order_id),
    }


@handler("cancel.log")
def log(context: Context, answer: dict[str, Any], outcome: str, order_id: str) -> dict[str, Any]:
    """Write the wish down; no line chosen is no wish."""
    if outcome == "withdraw":
        return {}
    lines: list[int] = []
    if not answer.get("whole"):
        rows = matched(_open_rows(order_of(context, order_id)), answer.get("lines") or [], "lines")
        lines = [int(row["line"]) for row in rows if row.get("chosen")]
        if not lines:
            raise InvalidAnswer({"lines": lazy("Choose at least one line.")})
    found = cancellations.request_cancellation(
        context.work,
        order_id=order_id,
        requested_by=answer["requested_by"],
        reason=answer["reason"],
        fault=answer["fault"],
        evidence=answer["evidence"],
        lines=lines,
    )
    return {"cancellation_id": found.cancellation_id, "asked_by": context.actor.login}


@handler("cancel.record_platform")
def record_platform(context: Context, order_id: str) -> dict[str, Any]:
    """The platform's word is the evidence."""
    found = cancellations.request_cancellation(
        context.work,
        order_id=order_id,
        requested_by="platform",
        reason="changed_mind",
        fault="customer",
        evidence=gettext("Cancelled on the platform"),
    )
    return {"cancellation_id": found.cancellation_id}


@handler("cancel.evaluate")
def evaluate(context: Context, order_id: str, cancellation_id: str) -> dict[str, Any]:
    """Ask D16 about each line concerned; one line that nobody can rule on makes it manual."""
    order = order_of(context, order_id)
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    customer = get_customer(context.work.session, order.customer_id) if order.customer_id else None
    parts, rulings = [], set()
    for stage in cancellations.line_stages(context.work.session, cancellation_id=cancellation_id):
        found = context.decide(
            "cancellation",
            requested_by=wish.requested_by,
            fault=wish.fault,
            stage=stage.stage,
            product=stage.product,
            consumer=customer is not None and customer.kind == "consumer",
        ).value
        fee = stage.amount_fen * Decimal(str(found["pct"])) / 100
        if found["basis"] == "man_days":
            fee = min(stage.man_days * stage.unit_price_fen, Decimal(stage.amount_fen))
        rulings.add(found["ruling"])
        parts.append({**stage.as_dict(), "pct": found["pct"], "fee_fen": round(fee)})
    ruling = next((one for one in ("refuse", "manual", "ok") if one in rulings), "auto")
    kept = cancellations.rule_cancellation(
        context.work,
        cancellation_id=cancellation_id,
        ruling=ruling if parts else "refuse",
        parts=parts,
    )
    return {"ruling": kept.ruling, "fee_fen": kept.fee_fen}


@handler("cancel.load_decision")
def load_decision(context: Context, order_id: str, cancellation_id: str) -> dict[str, Any]:
    """All that cancelling touches, and what it costs."""
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    return {
        "values": {"fee": wish.fee_fen, "waiver_request": False},
        "facts": [
            *order_facts(context, order_id),
            *_wish_facts(wish),
            *_touched(context, order_id),
        ],
    }


@handler("cancel.decide")
def decide(
    context: Context, answer: dict[str, Any], outcome: str, cancellation_id: str
) -> dict[str, Any]:
    """Approve or refuse; whether the fee may be waived is for a leader."""
    found = cancellations.decide_cancellation(
        context.work,
        cancellation_id=cancellation_id,
        decision=outcome,
        fee_fen=answer.get("fee"),
        note=answer.get("note"),
    )
    return {"fee_fen": found.fee_fen, "wants_waiver": bool(answer.get("waiver_request"))}


@handler("cancel.apply_waiver")
def apply_waiver(
    context: Context, cancellation_id: str, waiver_outcome: str | None = None
) -> dict[str, Any]:
    """No fee when a leader let it go."""
    if waiver_outcome == "granted":
        cancellations.waive_fee(context.work, cancellation_id=cancellation_id)
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    return {"fee_fen": wish.fee_fen}


@handler("cancel.load_fee")
def load_fee(context: Context, order_id: str, cancellation_id: str) -> dict[str, Any]:
    """What the customer is told."""
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    return {"values": {}, "facts": [*order_facts(context, order_id), *_wish_facts(wish)]}


@handler("cancel.answer_fee")
def answer_fee(
    context: Context, answer: dict[str, Any], outcome: str, cancellation_id: str
) -> dict[str, Any]:
    """Keep the customer's answer with its evidence."""
    cancellations.answer_fee(
        context.work,
        cancellation_id=cancellation_id,
        answer=outcome,
        evidence=answer["evidence"],
    )
    return {}


@handler("cancel.approve")
def approve(context: Context, cancellation_id: str) -> dict[str, Any]:
    """Lock the order; outcome whole, partial, or too_late when goods left meanwhile (X19)."""
    try:
        found = cancellations.approve_cancellation(context.work, cancellation_id=cancellation_id)
    except NotCancellable:
        return {"outcome": "too_late"}
    return {"outcome": "whole" if found.whole else "partial"}


@handler("cancel.refuse")
def refuse(
    context: Context,
    order_id: str,
    cancellation_id: str | None = None,
    asked_by: str | None = None,
    ruling: str | None = None,
) -> dict[str, Any]:
    """The order goes on; who asked hears why, and that goods which left can be returned."""
    if cancellation_id is not None:
        cancellations.refuse_cancellation(
            context.work, cancellation_id=cancellation_id, reason=ruling or "refused"
        )
    order = order_of(context, order_id)
    context.notify(
        logins=sorted({login for login in (asked_by, order.owner) if login}),
        kind="warning",
        msgid="Order %(order_no)s is not cancelled and goes on; what has left can be returned.",
        order_no=order.number or "",
    )
    return {"outcome": "refused"}


@handler("cancel.undo_lines")
def undo_lines(context: Context, order_id: str, cancellation_id: str) -> dict[str, Any]:
    """Take some lines off an order that goes on, and tell those who work on them."""
    wish = cancellations.cancellation_facts(context.work.session, cancellation_id=cancellation_id)
    order = order_of(context, order_id)
    lines = {int(part["line"]) for part in wish.parts}
    work = context.work
    recalled = undoing.recall_shipments(work, order_id=order_id, lines=lines)
    undoing.cancel_production(work, order_id=order_id, lines=lines, reason=wish.reason)
    undoing.release_promised(work, order_id=order_id, lines=lines)
    undoing.cancel_lines(work, order_id=order_id, lines=lines, reason=wish.reason)
    undoing.settle_cancellation(work, cancellation_id=cancellation_id)
    undoing.finish_cancellation(work, cancellation_id=cancellation_id)
    for seq in sorted(lines):
        context.publish("line.cancelled", f"{order.number}#{seq}", {})
    for shipment_id in recalled:
        context.publish("shipment.recalled", shipment_id, {})
    return {"outcome": "partial"}


@handler("cancel.open_by_management")
def open_by_management(context: Context, order_id: str) -> dict[str, Any]:
    """Management gives an aborted order up: our fault, no fee, everything is taken back."""
    work = context.work
    found = cancellations.request_cancellation(
        work,
        order_id=order_id,
        requested_by="company",
        reason="other",
        fault="company",
        evidence=orders.list_contacts(work.session, order_id=order_id)[-1].result,
    )
    evaluate(context, order_id, found.cancellation_id)
    cancellations.approve_cancellation(work, cancellation_id=found.cancellation_id)
    return {"cancellation_id": found.cancellation_id, "fee_fen": 0}


def _open_rows(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "line": str(line.seq),
            "sku": line.sku,
            "name": line_name(line),
            "qty_open": said(open_qty(line)),
        }
        for line in order.lines
        if open_qty(line) > 0
    ]


def _wish_facts(wish: CancellationFacts) -> list[Fact]:
    parts = [
        fact(
            f"{part['line']}. {part['sku']}",
            gettext(
                "%(stage)s, %(amount)s, fee %(fee)s",
                stage=str(STAGES.get(part["stage"], part["stage"])),
                amount=format_yuan(part["amount_fen"]),
                fee=format_yuan(part["fee_fen"]),
            ),
        )
        for part in wish.parts
    ]
    return [
        fact(gettext("Reason"), REASONS.get(wish.reason, wish.reason)),
        fact(gettext("Ruling"), RULINGS.get(wish.ruling, wish.ruling)),
        *parts,
        yuan(gettext("Fee"), wish.fee_fen),
    ]


def _touched(context: Context, order_id: str) -> list[Fact]:
    session = context.work.session
    return [
        *(
            fact(gettext("Shipment"), row.shipment_no)
            for row in shipments.order_shipments(session, order_id=order_id)
            if row.state in ("preparing", "ready")
        ),
        *(
            fact(gettext("Production order"), f"{row.number}, {row.progress_pct} %")
            for row in production.list_production(session, order_id=order_id)
            if row.state in production.RUNNING
        ),
        *(
            fact(gettext("Invoice"), f"{row.number}, {format_yuan(row.amount_fen)}")
            for row in invoices.list_invoices(session, order_id=order_id)
            if row.state != "void"
        ),
    ]
