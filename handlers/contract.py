"""Owns the signed contract of an order (P05): recorded by sales, checked by legal, filed."""

from typing import Any

from handlers.beside import fact, line_facts, order_facts
from jiedan import Context, InvalidAnswer, handler
from jiedan.core import audit
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checklists, contracts, orders, review_checks, states
from jiedan.desk.records import get_order, get_row
from jiedan.desk.states import OrderState
from jiedan.desk.tables import Contract
from jiedan.desk.values import shanghai_date

CLAUSES = ("PARTIES", "SCOPE", "PRICE", "DELIVERY", "ACCEPTANCE", "LIABILITY", "DISPUTE")
TERMS = ("acceptance_criteria", "delivery_terms", "penalty_terms", "ip_clause")


@handler("contract.start")
def start(context: Context, order_id: str) -> dict[str, Any]:
    """The approved order waits for its contract."""
    states.set_state(context.work, order_id=order_id, to=OrderState.CONTRACT_PENDING)
    return {"contract_id": None}


@handler("contract.load_record")
def load_record(
    context: Context, order_id: str, contract: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The kind of contract that decision D11 asks for, and our usual terms."""
    parameters = context.work.platform.parameters
    return {
        "values": {
            "template": (contract or {}).get("template"),
            "signed_on": shanghai_date(context.now).isoformat(),
            "acceptance_days": int(parameters.number("acceptance.period_days")),
            "deemed_acceptance": False,
        },
        "facts": [
            *order_facts(context, order_id),
            *line_facts(get_order(context.work.session, order_id)),
        ],
    }


@handler("contract.save_record")
def save_record(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Enter the signed contract; it counts once legal has checked it (SPEC S5.3.3)."""
    if outcome == "refused":
        return {"lost_reason": answer.get("lost_reason")}
    order = get_order(context.work.session, order_id)
    made = contracts.add_contract(
        context.work,
        customer_id=str(order.customer_id),
        kind="order",
        valid_from=answer["signed_on"],
        order_id=order_id,
        template=answer["template"],
        acceptance_days=int(answer["acceptance_days"]),
        liability_cap_pct=answer["liability_cap_pct"],
        deemed_acceptance=bool(answer.get("deemed_acceptance")),
        amount_fen=order.total_fen,
        state="legal",
        terms={name: answer.get(name) for name in TERMS} | {"scan": answer.get("scan")},
    )
    return {"contract_id": made.contract_id}


@handler("contract.load_check")
def load_check(context: Context, order_id: str, contract_id: str) -> dict[str, Any]:
    """The clauses to answer, and every vague word that stands in the terms."""
    row = get_row(context.work.session, Contract, contract_id)
    text = "\n".join(str(row.terms.get(name) or "") for name in TERMS)
    vague = review_checks.scan_contract_terms(text)
    return {
        "values": {"clauses": [{"code": code} for code in CLAUSES]},
        "facts": [
            *order_facts(context, order_id),
            fact(gettext("Contract"), row.number),
            fact(gettext("Acceptance criteria"), row.terms.get("acceptance_criteria")),
            fact(gettext("Delivery terms"), row.terms.get("delivery_terms")),
            fact(gettext("Liability cap"), f"{row.liability_cap_pct} %"),
            fact(gettext("Vague words"), ", ".join(vague)),
        ],
    }


@handler("contract.save_check")
def save_check(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, contract_id: str
) -> dict[str, Any]:
    """Keep legal's answer to each clause; a bad one sends the contract back."""
    checked = checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind="contract",
        items=answer["clauses"],
        needed=CLAUSES,
        values={"opinion": answer["opinion"], "contract": contract_id},
    )
    if outcome == "approve" and not checked.passed:
        raise InvalidAnswer({"clauses": lazy("A contract with a failed clause cannot pass.")})
    if outcome == "return":
        _set_contract(context, contract_id, "draft")
    return {}


@handler("contract.archive")
def archive(context: Context, contract_id: str) -> dict[str, Any]:
    """The contract counts from now on."""
    _set_contract(context, contract_id, "signed")
    return {"outcome": "signed"}


@handler("contract.abandon")
def abandon(context: Context, order_id: str, lost_reason: str | None = None) -> dict[str, Any]:
    """Without the contract there is no order (SPEC X10)."""
    orders.lose_order(context.work, order_id=order_id, reason=lost_reason or "other")
    return {"outcome": "abandoned"}


def _set_contract(context: Context, contract_id: str, state: str) -> None:
    row = get_row(context.work.session, Contract, contract_id)
    before, row.state = row.state, state
    audit.record(
        context.work,
        action="contract.state",
        entity=f"contract:{row.id}",
        before={"state": before},
        after={"state": state},
    )
