"""Owns the contract of an order (P05): drafted, reviewed, agreed, signed, filed."""

from typing import Any

from handlers.beside import Fact, fact, line_facts, matched, order_facts
from handlers.order_scalars import yuan
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checklists, contracts, orders, review_checks, states
from jiedan.desk.records import get_order, get_row
from jiedan.desk.states import OrderState
from jiedan.desk.tables import Contract
from jiedan.desk.values import shanghai_date

CLAUSES = ("PARTIES", "SCOPE", "PRICE", "DELIVERY", "ACCEPTANCE", "LIABILITY", "DISPUTE")
TERMS = (
    "acceptance_criteria",
    "delivery_terms",
    "penalty_terms",
    "ip_clause",
    "cancel_cap_pct",
)
WORDED = TERMS[:4]
"""Terms that are read for vague words."""


@handler("contract.start")
def start(
    context: Context, order_id: str, addendum: bool = False, total_after_fen: int | None = None
) -> dict[str, Any]:
    """The approved order waits for its contract; a change waits for its addendum instead."""
    order = get_order(context.work.session, order_id)
    if not addendum:
        states.set_state(context.work, order_id=order_id, to=OrderState.CONTRACT_PENDING)
    amount = order.total_fen if total_after_fen is None else total_after_fen
    roles = context.decide("contract_signer", channel=order.channel, amount=yuan(amount)).value
    return {
        "addendum": addendum,
        "contract_id": None,
        "contract_over": False,
        "contract_until": None,
        "signer_roles": roles.split(","),
    }


# --- T05.1 ---------------------------------------------------------------------------------------
@handler("contract.load_draft")
def load_draft(
    context: Context,
    order_id: str,
    contract_id: str | None = None,
    addendum: bool = False,
    contract: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The kind of contract that decision D11 asks for and our usual terms, or the last draft."""
    parameters = context.work.platform.parameters
    values: dict[str, Any] = {
        "template": "addendum" if addendum else (contract or {}).get("template"),
        "acceptance_days": int(parameters.number("acceptance.period_days")),
        "deemed_acceptance": False,
        "liability_cap_pct": "10",
    }
    said: list[Fact] = []
    if contract_id is not None:
        row = get_row(context.work.session, Contract, contract_id)
        values = {
            "template": row.template,
            "acceptance_days": row.acceptance_days,
            "deemed_acceptance": row.deemed_acceptance,
            "liability_cap_pct": f"{row.liability_cap_pct.normalize():f}",
            **{name: row.terms.get(name) for name in TERMS},
        }
        said = _story(context, order_id, row)
    order = get_order(context.work.session, order_id)
    return {
        "values": values,
        "facts": [*order_facts(context, order_id), *line_facts(order), *said],
    }


@handler("contract.save_draft")
def save_draft(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    contract_id: str | None = None,
    addendum: bool = False,
) -> dict[str, Any]:
    """Write the terms down and hand them to legal."""
    if outcome == "abandon":
        return {"lost_reason": None}
    drafted = contracts.draft_contract(
        context.work,
        order_id=order_id,
        contract_id=contract_id,
        amends=addendum,
        template=answer["template"],
        acceptance_days=int(answer["acceptance_days"]),
        liability_cap_pct=answer["liability_cap_pct"],
        deemed_acceptance=bool(answer.get("deemed_acceptance")),
        terms={name: answer.get(name) for name in TERMS},
    )
    contracts.move_contract(context.work, contract_id=drafted.contract_id, to="legal")
    return {"contract_id": drafted.contract_id}


# --- T05.2 ---------------------------------------------------------------------------------------
@handler("contract.load_review")
def load_review(context: Context, order_id: str, contract_id: str) -> dict[str, Any]:
    """The clauses to answer, and every vague word that stands in the terms."""
    row = get_row(context.work.session, Contract, contract_id)
    return {
        "values": {
            "clauses": [{"code": code} for code in CLAUSES],
            "vague": [{"word": word} for word in _vague(row)],
        },
        "facts": [*order_facts(context, order_id), *_terms(row), *_story(context, order_id, row)],
    }


@handler("contract.save_review")
def save_review(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str, contract_id: str
) -> dict[str, Any]:
    """Keep legal's answer to each clause; a failed one, or a vague word left so, does not pass."""
    row = get_row(context.work.session, Contract, contract_id)
    words = matched([{"word": word} for word in _vague(row)], answer.get("vague") or [], "vague")
    checked = checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind="contract",
        items=answer["clauses"],
        needed=CLAUSES,
        values={"opinion": answer["opinion"], "contract": contract_id, "vague": words},
    )
    if outcome == "return":
        contracts.move_contract(context.work, contract_id=contract_id, to="draft")
        return {}
    if not checked.passed:
        raise InvalidAnswer({"clauses": lazy("A contract with a failed clause cannot pass.")})
    vague = {
        f"vague[{index}].resolution": lazy("Please fill this in.")
        for index, one in enumerate(words)
        if not one.get("resolution")
    }
    if vague:
        raise InvalidAnswer(vague)
    contracts.move_contract(context.work, contract_id=contract_id, to="customer")
    platform = context.work.platform
    amount, unit = platform.parameters.limit("contract.customer_review")
    silent = platform.calendar.deadline(context.now, amount, unit)
    return {"contract_until": platform.calendar.deadline(silent, 10, "wd").isoformat()}


# --- T05.3 ---------------------------------------------------------------------------------------
@handler("contract.load_customer")
def load_customer(context: Context, order_id: str, contract_id: str) -> dict[str, Any]:
    """What the customer reads, and what he said before."""
    row = get_row(context.work.session, Contract, contract_id)
    return {
        "values": {},
        "facts": [*order_facts(context, order_id), *_terms(row), *_story(context, order_id, row)],
    }


@handler("contract.save_customer")
def save_customer(
    context: Context, answer: dict[str, Any], outcome: str, contract_id: str
) -> dict[str, Any]:
    """Keep the answer; changes begin another round while `contract.max_rounds` allows (X10)."""
    rounds = contracts.note_round(
        context.work,
        contract_id=contract_id,
        answer=outcome,
        changes=answer.get("changes"),
        evidence=answer["evidence"],
    )
    most = int(context.work.platform.parameters.number("contract.max_rounds"))
    over = outcome == "refuse" or (outcome == "changes" and rounds >= most)
    if outcome == "changes" and not over:
        contracts.move_contract(context.work, contract_id=contract_id, to="draft")
    return {"contract_over": over, "lost_reason": answer.get("lost_reason")}


# --- T05.4, T05.5 --------------------------------------------------------------------------------
@handler("contract.load_sign")
def load_sign(context: Context, order_id: str, contract_id: str) -> dict[str, Any]:
    """The agreed terms."""
    row = get_row(context.work.session, Contract, contract_id)
    return {
        "values": {"signed_on": shanghai_date(context.now).isoformat()},
        "facts": [*order_facts(context, order_id), *_terms(row)],
    }


@handler("contract.sign")
def sign(
    context: Context, answer: dict[str, Any], outcome: str, contract_id: str
) -> dict[str, Any]:
    """Note that it is signed; the diagram offers this to those who may sign the amount only."""
    if outcome == "refused":
        return {"lost_reason": None}
    contracts.sign_contract(
        context.work,
        contract_id=contract_id,
        signed_on=answer["signed_on"],
        mode=answer["mode"],
        files=answer["evidence"],
    )
    return {}


@handler("contract.load_archive")
def load_archive(context: Context, order_id: str, contract_id: str) -> dict[str, Any]:
    """Two copies, one for each side."""
    row = get_row(context.work.session, Contract, contract_id)
    return {"values": {"copies": 2}, "facts": [*order_facts(context, order_id), *_terms(row)]}


@handler("contract.archive")
def archive(context: Context, answer: dict[str, Any], contract_id: str) -> dict[str, Any]:
    """File it with the order."""
    contracts.archive_contract(
        context.work,
        contract_id=contract_id,
        paper_location=answer["paper_location"],
        copies=int(answer["copies"]),
        scan=answer["scan"],
    )
    return {}


@handler("contract.abandon")
def abandon(
    context: Context,
    order_id: str,
    contract_id: str | None = None,
    addendum: bool = False,
    lost_reason: str | None = None,
) -> dict[str, Any]:
    """Without its contract an order is lost (X10); without its addendum a change is."""
    if contract_id is not None:
        contracts.move_contract(context.work, contract_id=contract_id, to="void")
    if not addendum:
        orders.lose_order(context.work, order_id=order_id, reason=lost_reason or "other")
    return {"outcome": "abandoned"}


def _vague(row: Contract) -> list[str]:
    text = "\n".join(str(row.terms.get(name) or "") for name in WORDED)
    return list(review_checks.scan_contract_terms(text))


def _terms(row: Contract) -> list[Fact]:
    return [
        fact(gettext("Contract"), row.number),
        fact(gettext("Acceptance criteria"), row.terms.get("acceptance_criteria")),
        fact(gettext("Delivery terms"), row.terms.get("delivery_terms")),
        fact(gettext("Penalties"), row.terms.get("penalty_terms")),
        fact(gettext("Liability cap"), f"{row.liability_cap_pct.normalize():f} %"),
        fact(gettext("Vague words"), ", ".join(_vague(row))),
    ]


def _story(context: Context, order_id: str, row: Contract) -> list[Fact]:
    """What legal and the customer said in earlier rounds."""
    last = checklists.latest_checklist(context.work.session, order_id=order_id, kind="contract")
    mine = last is not None and last.values.get("contract") == str(row.id)
    legal = [fact(gettext("Legal"), last.values.get("opinion"))] if last and mine else []
    return [
        *legal,
        *(
            fact(gettext("Customer, round %(n)s", n=number), one["changes"] or one["evidence"])
            for number, one in enumerate(row.rounds, 1)
        ),
    ]
