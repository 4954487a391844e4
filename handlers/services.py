"""Owns services given at the customer's place: appointment, visits, completion (P08)."""

from typing import Any

from handlers.beside import Fact, fact, line_name, order_facts, order_of, place_of
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checklists, line_work, orders
from jiedan.desk.tables import OrderLine
from jiedan.desk.values import as_date, as_moment, shanghai_date


@handler("services.load_appointment")
def load_appointment(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The delivery place and receiver of the order, to begin with."""
    order = order_of(context, order_id)
    return {
        "values": {
            "address": place_of(order),
            "contact": " ".join(part for part in (order.receiver, order.receiver_phone) if part),
        },
        "facts": _facts(context, order_id, line),
    }


@handler("services.save_appointment")
def save_appointment(
    context: Context, answer: dict[str, Any], order_id: str, line: int
) -> dict[str, Any]:
    """Keep the appointment."""
    orders.log_contact(
        context.work,
        order_id=order_id,
        purpose="service_appointment",
        at=context.now,
        way="phone",
        result=gettext("%(start)s – %(end)s, %(place)s, %(contact)s")
        % {
            "start": answer["window_from"],
            "end": answer["window_to"],
            "place": answer["address"],
            "contact": answer["contact"],
        },
        evidence=answer["confirmed_by"],
    )
    return {"visit_from": answer["window_from"]}


@handler("services.load_record")
def load_record(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The line, and what earlier visits brought."""
    return {"values": {}, "facts": _facts(context, order_id, line)}


@handler("services.save_record")
def save_record(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, line: int
) -> dict[str, Any]:
    """Keep one visit; the certificate has to be valid on its day (N4.2.4)."""
    arrived, valid = as_moment(answer["arrive"]), as_date(answer["id_valid_until"])
    if arrived and valid and valid < shanghai_date(arrived):
        raise InvalidAnswer(
            {"id_valid_until": lazy("The certificate was not valid on the day of the visit.")}
        )
    checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind=f"service:{line}",
        items=[{"code": "VISIT", "result": "pass"}],
        values=answer,
    )
    return {"last_opinion": answer.get("customer_opinion")}


@handler("services.load_confirmation")
def load_confirmation(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The line that the customer confirms."""
    return {
        "values": {"customer_sign": order_of(context, order_id).receiver},
        "facts": _facts(context, order_id, line),
    }


@handler("services.save_confirmation")
def save_confirmation(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, line: int
) -> dict[str, Any]:
    """Count the service as delivered once the customer has signed."""
    checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind=f"service_report:{line}",
        items=[
            {"code": "SIGNED", "result": "pass"}
            if outcome == "confirm"
            else {"code": "SIGNED", "result": "fail", "note": answer["open_items"]}
        ],
        values={"report": answer["report"], "customer_sign": answer["customer_sign"]},
    )
    if outcome == "confirm":
        line_work.finish_service(context.work, order_id=order_id, seq=line)
    return {}


def _facts(context: Context, order_id: str, seq: int) -> list[Fact]:
    order = order_of(context, order_id)
    line: OrderLine = line_work.line_of(order, seq)
    latest = checklists.latest_checklist(
        context.work.session, order_id=order_id, kind=f"service:{seq}"
    )
    facts = [
        *order_facts(context, order_id),
        fact(gettext("Service"), f"{line_name(line)} × {line.qty.normalize():f}"),
        fact(gettext("Wishes"), order.service_req),
    ]
    if latest is not None:
        facts.append(fact(gettext("Last visit"), latest.values.get("work_done")))
    return facts
