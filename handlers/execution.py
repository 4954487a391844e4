"""Owns the end of the work on an order: results, self-check, giving up (T06.8)."""

from typing import Any

from handlers.beside import line_facts, matched, order_facts, order_of, shown
from handlers.resources import done_of, open_lines, pick_lists, short_lines
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checklists, production, stock
from jiedan.desk.tables import Order

CHECKS = {
    "QUALITY": lazy("Quality inspected and passed"),
    "QUANTITY": lazy("Quantity as ordered"),
    "SPEC": lazy("Specification as ordered"),
    "LABEL": lazy("Labels and packing marks right"),
    "DOCUMENTS": lazy("Documents ready"),
    "SERVICE": lazy("Service items done"),
}
"""What the executor looks at before anything leaves (N4.1.1)."""
KIND = "self_check"


@handler("execution.collect")
def collect(context: Context, order_id: str) -> dict[str, Any]:
    """Say whether everything ordered is picked, made and performed.

    `short` needs a decision; what is only unfinished, because the order was changed meanwhile,
    is taken up again.
    """
    order = order_of(context, order_id)
    short = [
        {"seq": line.seq, "sku": line.sku, "short": float(qty)} for line, qty in short_lines(order)
    ]
    failed = {
        one.line
        for one in production.list_production(context.work.session, order_id=order_id)
        if one.state == "failed"
    }
    unmade = open_lines(order, "mto")
    short += [
        {"seq": line.seq, "sku": line.sku, "short": float(line.qty - done_of(line))}
        for line in unmade
        if line.seq in failed
    ]
    unfinished = (
        bool(pick_lists(context, order_id)) or bool(unmade) or bool(open_lines(order, "service"))
    )
    return {"short": bool(short), "unfinished": unfinished, "shortages": short}


@handler("execution.load_self_check")
def load_self_check(context: Context, order_id: str) -> dict[str, Any]:
    """The list of checks; what an order does not have is marked so."""
    order = order_of(context, order_id)
    return {
        "values": {"items": shown(_rows(order))},
        "facts": [*order_facts(context, order_id), *line_facts(order)],
    }


@handler("execution.save_self_check")
def save_self_check(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep the list; passing needs every item, rework sends picked goods back to the shelf."""
    order = order_of(context, order_id)
    items = matched(_rows(order), answer["items"], "items")
    checked = checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind=KIND,
        items=items,
        needed=list(_concerned(order)),
    )
    wrong = {
        f"items[{index}].result": lazy("A check that did not pass: send it to rework.")
        for index, item in enumerate(items)
        if item["result"] == "fail"
        or (item["result"] == "na" and item["code"] in _concerned(order))
    }
    if outcome == "pass" and wrong:
        raise InvalidAnswer(wrong)
    if outcome == "rework":
        if checked.passed:
            raise InvalidAnswer({"items": lazy("Mark what has to be done again.")})
        _put_back(context, order_id)
    return {}


@handler("execution.fail")
def fail(context: Context, order_id: str) -> dict[str, Any]:
    """Give back everything that was reserved for the order."""
    stock.release_stock(context.work, order_id=order_id)
    context.notify(
        logins=[login for login in [order_of(context, order_id).owner] if login],
        roles=["SM", "BM"],
        msgid="Order %(order_no)s cannot be carried out.",
        kind="warning",
        order_no=order_of(context, order_id).number or "",
    )
    return {"outcome": "failed"}


def _rows(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "name": str(name),
            "result": None if code in _concerned(order) else "na",
        }
        for code, name in CHECKS.items()
    ]


def _concerned(order: Order) -> frozenset[str]:
    """The checks that an order cannot do without."""
    needed = {"QUALITY", "QUANTITY", "SPEC", "DOCUMENTS"}
    if any(line.fulfil in ("stock", "mto") for line in order.lines):
        needed.add("LABEL")
    if any(line.fulfil == "service" for line in order.lines):
        needed.add("SERVICE")
    return frozenset(needed)


def _put_back(context: Context, order_id: str) -> None:
    rows = stock.pick_list(context.work.session, order_id=order_id)
    lines = {row["line"] for row in rows if row["picked"] > 0}
    if lines:
        stock.pick_lines(
            context.work,
            order_id=order_id,
            lines=[
                {"line": seq, "qty_picked": 0, "short_reason": gettext("Rework")}
                for seq in sorted(lines)
            ],
        )
