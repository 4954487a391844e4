"""Owns what is ready before goods leave: checklists, appointment, papers, credit (T09.1-4)."""

from datetime import datetime, time
from typing import Any

from handlers.beside import fact, matched, order_of, place_of, shown, yuan
from handlers.credit_facts import hold_text, judge_credit
from handlers.names import METHODS, called
from handlers.shipments import facts_of, shipment_facts
from handlers.transport import watch_until
from jiedan import Context, InvalidAnswer, handler
from jiedan.core import audit
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import LazyText, format_datetime, format_time, gettext, lazy
from jiedan.core.sentences import keep
from jiedan.desk import approvals, carriers, dispatch
from jiedan.desk.regions import region_of
from jiedan.desk.shipments import ShipmentFacts

DOCUMENTS: dict[str, LazyText] = {
    "manual": lazy("Manual"),
    "qc_report": lazy("Quality report"),
    "delivery_note": lazy("Delivery note"),
    "service_record": lazy("Service record"),
    "service_report": lazy("Service report"),
    "licence": lazy("Licence"),
    "certificate": lazy("Certificate"),
    "invoice": lazy("Invoice"),
}
GAPS: dict[str, LazyText] = {
    "checklist.production": lazy("Checklist of the goods"),
    "checklist.logistics": lazy("Checklist of the transport"),
    "appointment": lazy("Appointment"),
}
GOODS = {"packing": "packing_ok", "quality": "quality_ok", "label": "label_ok"}
TRANSPORT = {
    "vehicle": "vehicle_ready",
    "packing_material": "packing_material_ok",
    "label": "labels_ready",
}
WAIVABLE = frozenset({"invoice", "manual"})


@handler("delivery.load_preparation")
def load_preparation(context: Context, shipment_id: str) -> dict[str, Any]:
    """The shipment that is prepared."""
    return {"values": {}, "facts": shipment_facts(context, shipment_id)}


@handler("delivery.save_preparation")
def save_preparation(
    context: Context, answer: dict[str, Any], outcome: str, shipment_id: str
) -> dict[str, Any]:
    """Keep the checklist of the goods; "ready" needs every tick."""
    return _save_side(context, answer, outcome, shipment_id, "production", GOODS)


@handler("delivery.save_transport_preparation")
def save_transport_preparation(
    context: Context, answer: dict[str, Any], outcome: str, shipment_id: str
) -> dict[str, Any]:
    """Keep the checklist of the transport; "ready" needs every tick."""
    return _save_side(context, answer, outcome, shipment_id, "logistics", TRANSPORT)


@handler("delivery.load_appointment")
def load_appointment(context: Context, shipment_id: str) -> dict[str, Any]:
    """Propose the promised day, the order's place and its receiver."""
    facts = facts_of(context, shipment_id)
    order = order_of(context, facts.order_id)
    day = facts.due or order.promised_date
    window = (
        {
            "window_from": datetime.combine(day, time(9), SHANGHAI).isoformat(),
            "window_to": datetime.combine(day, time(18), SHANGHAI).isoformat(),
        }
        if day
        else {}
    )
    return {
        "values": {
            **window,
            "place": place_of(order),
            "contact": " ".join(part for part in (order.receiver, order.receiver_phone) if part),
            "confirmed_way": "platform" if order.channel == "netease" else "phone",
        },
        "facts": [
            *shipment_facts(context, shipment_id),
            fact(
                gettext("Notice before delivery, hours"),
                context.work.platform.parameters.number("delivery.notice_before"),
            ),
        ],
    }


@handler("delivery.save_appointment")
def save_appointment(context: Context, answer: dict[str, Any], shipment_id: str) -> dict[str, Any]:
    """Keep the appointment; the desk asks for a reason when it comes at short notice."""
    dispatch.set_appointment(
        context.work,
        shipment_id=shipment_id,
        window_from=answer["window_from"],
        window_to=answer["window_to"],
        place=answer["place"],
        contact=answer["contact"],
        confirmed_way=answer["confirmed_way"],
        waiver_reason=answer.get("waiver_reason"),
    )
    return {}


@handler("delivery.load_documents")
def load_documents(context: Context, shipment_id: str) -> dict[str, Any]:
    """The papers that the products ask for; a platform order also asks for an invoice (N4.1.2)."""
    return {
        "values": {"documents": shown(_papers(context, facts_of(context, shipment_id)))},
        "facts": shipment_facts(context, shipment_id),
    }


@handler("delivery.save_documents")
def save_documents(context: Context, answer: dict[str, Any], shipment_id: str) -> dict[str, Any]:
    """Keep the ticks; each paper is accurate, complete and clear, or waived with a reason."""
    rows = matched(
        _papers(context, facts_of(context, shipment_id)), answer["documents"], "documents"
    )
    wrong = {
        f"documents[{index}].{tick}": lazy("Check that it is accurate, complete and clear.")
        for index, row in enumerate(rows)
        for tick in dispatch.TICKS
        if row.get(tick) is not True and not (row["code"] in WAIVABLE and row.get("waiver"))
    }
    if wrong:
        raise InvalidAnswer(wrong)
    dispatch.tick_documents(
        context.work,
        shipment_id=shipment_id,
        documents=[
            {
                "kind": row["code"],
                "ref": row.get("reference"),
                "waiver": row.get("waiver") if row["code"] in WAIVABLE else None,
                **{tick: row.get(tick) for tick in dispatch.TICKS},
            }
            for row in rows
        ],
    )
    return {}


@handler("delivery.pack_check")
def pack_check(context: Context, shipment_id: str) -> dict[str, Any]:
    """What the shipment still lacks."""
    missing = dispatch.pack_check(context.work, shipment_id=shipment_id).missing
    return {"missing": missing, "missing_count": len(missing)}


@handler("delivery.load_gaps")
def load_gaps(context: Context, shipment_id: str, missing: list[str]) -> dict[str, Any]:
    """One row for each gap."""
    return {
        "values": {"gaps": shown(_gaps(missing))},
        "facts": shipment_facts(context, shipment_id),
    }


@handler("delivery.save_gaps")
def save_gaps(
    context: Context, answer: dict[str, Any], shipment_id: str, missing: list[str]
) -> dict[str, Any]:
    """Close the gaps: a checklist passes, a paper gets its number."""
    papers = []
    for row in matched(_gaps(missing), answer["gaps"], "gaps"):
        kind, _, name = row["code"].partition(".")
        if kind == "checklist":
            codes = GOODS if name == "production" else TRANSPORT
            dispatch.record_preparation(
                context.work,
                shipment_id=shipment_id,
                side=name,
                items=[{"code": code, "result": "pass", "note": row["note"]} for code in codes],
            )
        elif kind == "document":
            ticks = dict.fromkeys(dispatch.TICKS, True)
            papers.append({"kind": name, "ref": row["note"], **ticks})
    if papers:
        dispatch.tick_documents(context.work, shipment_id=shipment_id, documents=papers)
    return {}


@handler("delivery.credit_gate")
def credit_gate(context: Context, order_id: str, credit_released: bool = False) -> dict[str, Any]:
    """Check the customer's credit once more before goods leave (second gate of D04)."""
    credit = judge_credit(context, order_id)
    held = not (credit.passes or credit_released or _granted(context, order_id))
    return {
        "credit_held": held,
        "credit_reason": keep(hold_text(credit)) if held else None,
        "credit_limit_fen": credit.facts.limit_fen,
        "credit_used_fen": credit.facts.exposure_fen,
        "overdue_days": credit.facts.max_overdue_days,
    }


def _granted(context: Context, order_id: str) -> bool:
    return any(
        approvals.granted(context.work.session, order_id=order_id, subject=subject, now=context.now)
        for subject in ("credit", "credit_override")
    )


@handler("delivery.load_credit")
def load_credit(
    context: Context,
    shipment_id: str,
    credit_reason: str | None = None,
    credit_limit_fen: int | None = None,
    credit_used_fen: int | None = None,
    overdue_days: int | None = None,
) -> dict[str, Any]:
    """Why the shipment is held, and the figures of the check."""
    return {
        "values": {},
        "facts": [
            *shipment_facts(context, shipment_id),
            fact(gettext("Held because"), credit_reason),
            yuan(gettext("Credit limit"), credit_limit_fen),
            yuan(gettext("Credit used"), credit_used_fen),
            fact(gettext("Oldest overdue, days"), overdue_days),
        ],
    }


@handler("delivery.save_credit")
def save_credit(
    context: Context, answer: dict[str, Any], outcome: str, shipment_id: str
) -> dict[str, Any]:
    """Release the shipment with a reason that stays in the audit, or look again."""
    if outcome == "release":
        audit.record(
            context.work,
            action="shipment.credit_release",
            entity=f"order:{facts_of(context, shipment_id).order_id}",
            after={"shipment_id": shipment_id, "reason": answer["reason"]},
        )
    return {"credit_released": outcome == "release"}


@handler("delivery.load_carrier")
def load_carrier(
    context: Context, shipment_id: str, method: str, dedicated: bool = False
) -> dict[str, Any]:
    """Propose the method of D09 and the best carrier that may be used."""
    facts = facts_of(context, shipment_id)
    order = order_of(context, facts.order_id)
    fitting = carriers.eligible_carriers(
        context.work.session,
        method=method,
        region=region_of(order.province),
        on=context.now,
        min_score=int(context.work.platform.parameters.number("carrier.min_score")),
    )
    agreed = facts.window_from
    arrival = agreed if agreed and agreed > context.now else _tomorrow(context)
    return {
        "values": {
            "method": method,
            "carrier": fitting[0].carrier_id if fitting else None,
            "eta": arrival.astimezone(SHANGHAI).isoformat(timespec="minutes"),
            "insured": order.total_fen if facts.fulfil in ("stock", "mto") else None,
        },
        "facts": [
            *shipment_facts(context, shipment_id),
            fact(gettext("Proposed method"), called(METHODS, method)),
            fact(gettext("Dedicated vehicle"), dedicated),
            fact(gettext("Delivery window"), _window(facts)),
            *(fact(one.name, gettext("score %(n)s") % {"n": one.score}) for one in fitting),
        ],
    }


@handler("delivery.dispatch")
def dispatch_goods(
    context: Context, answer: dict[str, Any], shipment_id: str, method: str
) -> dict[str, Any]:
    """Fix the carrier and send the goods off."""
    dispatch.choose_carrier(
        context.work,
        shipment_id=shipment_id,
        method=answer["method"],
        carrier=answer.get("carrier"),
        waybill=answer.get("waybill"),
        cost_fen=answer.get("cost"),
        insured_fen=answer.get("insured"),
        proposed_method=method,
        override_reason=answer.get("override_reason"),
    )
    sent = dispatch.dispatch_shipment(context.work, shipment_id=shipment_id, eta=answer["eta"])
    return {
        "method": sent.method,
        "waybill": sent.waybill or sent.shipment_no,
        "watch_until": watch_until(context, sent).isoformat(),
    }


def needed_papers(context: Context, facts: ShipmentFacts) -> list[str]:
    """The document pack of a shipment; platform orders include an invoice or its waiver."""
    needed = dispatch.needed_documents(context.work.session, shipment_id=facts.shipment_id)
    if order_of(context, facts.order_id).channel == "netease" and "invoice" not in needed:
        needed = [*needed, "invoice"]
    return needed


def _save_side(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    shipment_id: str,
    side: str,
    fields: dict[str, str],
) -> dict[str, Any]:
    if outcome == "ready":
        wrong = {
            name: lazy("Tick it, or say that something is missing.")
            for name in fields.values()
            if answer.get(name) is not True
        }
        if wrong:
            raise InvalidAnswer(wrong)
    dispatch.record_preparation(
        context.work,
        shipment_id=shipment_id,
        side=side,
        items=[
            {"code": code, "result": "pass"}
            if outcome == "ready" or answer.get(name) is True
            else {"code": code, "result": "fail", "note": answer["gap"]}
            for code, name in fields.items()
        ],
        values={
            name: answer.get(name)
            for name in ("qc_report", "photos", "vehicle_or_booking", "gap")
            if answer.get(name)
        },
    )
    return {}


def _papers(context: Context, facts: ShipmentFacts) -> list[dict[str, Any]]:
    unwanted = not order_of(context, facts.order_id).invoice_title
    none_wanted = gettext("The customer asked for none")
    return [
        {
            "code": code,
            "name": str(DOCUMENTS.get(code, code)),
            "reference": facts.shipment_no if code == "delivery_note" else None,
            "waiver": none_wanted if code == "invoice" and unwanted else None,
        }
        for code in needed_papers(context, facts)
    ]


def _gaps(missing: list[str]) -> list[dict[str, Any]]:
    return [{"code": code, "name": _gap_name(code), "resolved": False} for code in missing]


def _gap_name(code: str) -> str:
    known = GAPS.get(code)
    if known is not None:
        return str(known)
    name = code.partition(".")[2]
    return str(DOCUMENTS.get(name, name))


def _tomorrow(context: Context) -> datetime:
    return context.work.platform.calendar.deadline(context.now, 1, "wd")


def _window(facts: ShipmentFacts) -> str | None:
    if facts.window_from is None or facts.window_to is None:
        return None
    return f"{format_datetime(facts.window_from)} – {format_time(facts.window_to)}"
