"""Owns returns, exchanges and refunds (P12)."""

from typing import Any

from handlers.beside import (
    Fact,
    fact,
    line_facts,
    line_name,
    matched,
    order_facts,
    order_of,
    said,
    yuan,
)
from handlers.order_scalars import order_scalars
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.desk import line_work, orders, returns

REASONS: dict[str, LazyText] = {
    "no_reason_7d": lazy("within seven days, without a reason"),
    "quality": lazy("quality"),
    "wrong_item": lazy("wrong goods"),
    "damage": lazy("damaged"),
    "late": lazy("too late"),
    "other": lazy("other"),
}
WANTS: dict[str, LazyText] = {
    "refund": lazy("money back"),
    "exchange": lazy("exchange"),
    "repair": lazy("repair"),
}
VERDICTS: dict[str, LazyText] = {
    "allow": lazy("to be allowed"),
    "deny": lazy("to be denied"),
    "level1": lazy("for a leader to decide"),
}


@handler("return.begin")
def begin(
    context: Context,
    order_no: str | None = None,
    order_id: str | None = None,
    asked_by: str | None = None,
    reason: str | None = None,
    want: str | None = None,
    requested: str | None = None,
) -> dict[str, Any]:
    """Find the order that it is about, and know every variable from the start."""
    found: dict[str, Any] = {"order_id": None, "owner": None, "channel": None, "grade": None}
    if order_id is None and order_no:
        order_id = orders.find_order(context.work.session, number=order_no).order_id
    if order_id is not None:
        order = order_of(context, order_id)
        scalars = order_scalars(context, order_id)
        found = {"order_id": order_id, "channel": order.channel, **scalars}
    return {
        "order_no": order_no,
        **found,
        "asked_by": asked_by,
        "reason": reason,
        "want": want,
        "wish_text": requested,
        "return_id": None,
        "refund_id": None,
        "refund_fen": 0,
        "shipment_id": None,
        "exception_outcome": None,
    }


@handler("return.load_request")
def load_request(
    context: Context,
    order_no: str | None = None,
    reason: str | None = None,
    want: str | None = None,
    wish_text: str | None = None,
) -> dict[str, Any]:
    """The delivered lines of the order, or a number to ask for."""
    values: dict[str, Any] = {"order_no": order_no, "reason": reason, "want": want}
    if order_no is None:
        return {"values": values, "facts": []}
    found = orders.find_order(context.work.session, number=order_no)
    values["lines"] = _rows(context, found.order_id)
    asked = [fact(gettext("The customer writes"), wish_text)] if wish_text else []
    return {"values": values, "facts": [*order_facts(context, found.order_id), *asked]}


@handler("return.request")
def request(
    context: Context, answer: dict[str, Any], outcome: str, order_no: str | None = None
) -> dict[str, Any]:
    """Write down what comes back; a number given first shows the lines on the next page."""
    if outcome == "withdraw":
        return {}
    number = order_no or answer.get("order_no")
    found = orders.find_order(context.work.session, number=str(number or ""))
    order = order_of(context, found.order_id)
    rows = _rows(context, found.order_id)
    given = answer.get("lines") or []
    if order_no is None:
        given = [{**row, "qty": row["qty_free"]} for row in rows]
    lines = [
        {"line": int(row["line"]), "qty": row.get("qty")} for row in matched(rows, given, "lines")
    ]
    made = returns.request_return(
        context.work,
        order_id=found.order_id,
        reason=answer["reason"],
        want=answer["want"],
        lines=lines,
        photos=answer.get("photos") or (),
    )
    context.set_business_key(made.number)
    context.set_title(f"{made.number} · {found.order_no}", {})
    return {
        "return_id": made.return_id,
        "order_id": found.order_id,
        "channel": order.channel,
        **order_scalars(context, found.order_id),
        "asked_by": context.actor.login,
    }


@handler("return.judge")
def judge(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """Ask D18 about each line; the strictest answer counts for all."""
    order = order_of(context, order_id)
    wish = returns.return_facts(context.work.session, return_id=return_id)
    parameters = context.work.platform.parameters
    verdicts, freight = set(), set()
    for one in returns.returned_lines(context.work.session, return_id=return_id, now=context.now):
        found = context.decide(
            "return_eligibility",
            channel=order.channel,
            reason=wish.reason,
            days=one.days,
            warranty_days=one.warranty_days,
            returnable=one.returnable,
            product=one.product,
            no_reason_days=parameters.number("return.no_reason_days"),
        ).value
        verdicts.add(found["decision"])
        freight.add(found["freight_by"])
    verdict = next((one for one in ("deny", "level1") if one in verdicts), "allow")
    returns.judge_return(
        context.work,
        return_id=return_id,
        decision=verdict,
        freight_by="buyer" if "buyer" in freight else "company",
    )
    return {"verdict": verdict}


@handler("return.load_decision")
def load_decision(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """The wish, and what the rules say."""
    wish = returns.return_facts(context.work.session, return_id=return_id)
    return {
        "values": {"freight_by": wish.freight_by},
        "facts": _facts(context, order_id, return_id),
    }


@handler("return.decide")
def decide(
    context: Context, answer: dict[str, Any], outcome: str, return_id: str
) -> dict[str, Any]:
    """Allow, deny or ask a leader; the reason is told to the customer."""
    returns.decide_return(
        context.work,
        return_id=return_id,
        decision=outcome,
        reason=answer["reason"],
        freight_by=answer.get("freight_by"),
    )
    return {"asked_by": context.actor.login, "return_reason": answer["reason"]}


@handler("return.grant")
def grant(context: Context, return_id: str) -> dict[str, Any]:
    """A leader allowed it."""
    returns.grant_exception(context.work, return_id=return_id)
    return {}


@handler("return.deny")
def deny(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """Nothing comes back; the owner hears why."""
    returns.end_return(context.work, return_id=return_id, state="denied", note="denied")
    _tell(context, order_id, return_id, "Return %(number)s was denied.")
    return {"outcome": "denied"}


@handler("return.load_receipt")
def load_receipt(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """What was agreed to come back."""
    wish = returns.return_facts(context.work.session, return_id=return_id)
    order = order_of(context, order_id)
    rows = [
        {
            "line": str(one["line"]),
            "sku": line_work.line_of(order, one["line"]).sku,
            "name": line_name(line_work.line_of(order, one["line"])),
            "qty": said(one["qty"]),
        }
        for one in wish.lines
    ]
    return {"values": {"lines": rows}, "facts": _facts(context, order_id, return_id)}


@handler("return.receive")
def receive(context: Context, answer: dict[str, Any], return_id: str) -> dict[str, Any]:
    """Take it back and say in which condition it is."""
    found = returns.receive_return(
        context.work,
        return_id=return_id,
        lines=[{**row, "line": int(row["line"])} for row in answer["lines"]],
        photos=answer.get("photos") or (),
    )
    return {"want": found.want}


@handler("return.close")
def close(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """The goods never came: the return is over."""
    returns.end_return(context.work, return_id=return_id, state="withdrawn", note="never came")
    _tell(context, order_id, return_id, "The goods of return %(number)s never came; it is closed.")
    return {"outcome": "withdrawn"}


@handler("return.load_calculation")
def load_calculation(context: Context, order_id: str, return_id: str) -> dict[str, Any]:
    """What the goods were sold for."""
    goods = returns.goods_value(context.work.session, return_id=return_id)
    return {
        "values": {"goods": goods, "freight": 0, "deduction": 0},
        "facts": _facts(context, order_id, return_id),
    }


@handler("return.calculate")
def calculate(context: Context, answer: dict[str, Any], return_id: str) -> dict[str, Any]:
    """Goods and freight less what is kept; whoever calculates does not pay (SOD-5)."""
    _, refund_id, refund_fen = returns.calculate_return(
        context.work,
        return_id=return_id,
        freight_fen=answer.get("freight") or 0,
        deduction_fen=answer.get("deduction") or 0,
        deduction_reason=answer.get("deduction_reason"),
    )
    return {"refund_id": refund_id, "refund_fen": refund_fen}


@handler("return.save_repair")
def save_repair(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep what was repaired."""
    orders.log_contact(
        context.work, order_id=order_id, purpose="repair", way="internal", result=answer["result"]
    )
    return {}


@handler("return.replace")
def replace(context: Context, return_id: str) -> dict[str, Any]:
    """Plan the free shipment; outcome no_stock when there is nothing to replace it with."""
    shipment_id = returns.replace_goods(context.work, return_id=return_id)
    return {"shipment_id": shipment_id, "outcome": "planned" if shipment_id else "no_stock"}


@handler("return.finish")
def finish(context: Context, order_id: str, return_id: str, want: str) -> dict[str, Any]:
    """Money or goods are with the customer."""
    state = (
        "refunded"
        if returns.return_facts(context.work.session, return_id=return_id).state == "calculated"
        else "exchanged"
    )
    returns.end_return(context.work, return_id=return_id, state=state, note=want)
    _tell(context, order_id, return_id, "Return %(number)s is settled.")
    return {"outcome": state}


def _rows(context: Context, order_id: str) -> list[dict[str, Any]]:
    order = order_of(context, order_id)
    free = returns.returnable_lines(context.work.session, order_id=order_id)
    if not free:
        raise InvalidAnswer({"order_no": lazy("Nothing of this order can be given back.")})
    return [
        {
            "line": str(line.seq),
            "sku": line.sku,
            "name": line_name(line),
            "qty_free": said(free[line.seq]),
        }
        for line in order.lines
        if line.seq in free
    ]


def _facts(context: Context, order_id: str, return_id: str) -> list[Fact]:
    wish = returns.return_facts(context.work.session, return_id=return_id)
    order = order_of(context, order_id)
    return [
        *order_facts(context, order_id),
        *line_facts(order),
        fact(gettext("Return"), wish.number),
        fact(gettext("Reason"), REASONS.get(wish.reason, wish.reason)),
        fact(gettext("Wanted"), WANTS.get(wish.want, wish.want)),
        *(fact(gettext("Line %(n)s", n=one["line"]), said(one["qty"])) for one in wish.lines),
        fact(gettext("The rules say"), VERDICTS.get(str(wish.eligibility.get("decision")), "—")),
        yuan(gettext("Goods"), wish.goods_fen or None),
    ]


def _tell(context: Context, order_id: str, return_id: str, msgid: str) -> None:
    wish = returns.return_facts(context.work.session, return_id=return_id)
    order = order_of(context, order_id)
    context.notify(
        logins=[login for login in [order.owner] if login], msgid=msgid, number=wish.number
    )
