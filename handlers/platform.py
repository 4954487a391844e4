"""Owns orders and leads of the sales platforms (P02): taken in, accepted, evaluated, answered."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from handlers.beside import Fact, fact, line_facts, order_facts, yuan
from handlers.intake import ENTRY_FIELDS, save_order
from handlers.orders import blank_order, name_instance
from jiedan import Context, InvalidAnswer, Retry, handler
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import (
    evaluations,
    leads,
    orders,
    platform_intake,
    platform_orders,
    platforms,
    states,
)
from jiedan.desk.facts import order_facts as decision_facts
from jiedan.desk.records import get_order
from jiedan.desk.states import OrderState

SECONDS = 10
"""How long the platform has to answer."""
LEAD_PLATFORM = "netease"
RISK_FIELDS = ("type", "prob", "impact", "measure", "owner", "due")
SMALL_RISKS = (("credit", 1, 1), ("market", 1, 2), ("delivery", 1, 2))
"""What a paid standard order from stock risks (type, probability, impact)."""


# --- taking a push in ----------------------------------------------------------------------------
@handler("platform.ingest")
def ingest(
    context: Context,
    platform_order_id: str | None = None,
    platform: str = LEAD_PLATFORM,
    platform_order_no: str | None = None,
) -> dict[str, Any]:
    """Begin our order for a push that was verified and kept, once (SPEC N2.1.3)."""
    row_id = platform_order_id or _known_id(context, platform, platform_order_no)
    opened = platform_intake.open_platform_order(context.work, platform_order_id=row_id)
    facts = platform_orders.platform_order_facts(context.work, platform_order_id=row_id)
    context.set_title(facts.platform_order_no, {gettext("Platform order"): facts.platform_order_no})
    return {
        **blank_order(),
        "order_id": opened.order_id,
        "channel": "netease",
        "source": "push",
        "entry": "order",
        "alloc_role": "BM",
        "platform_order_id": facts.platform_order_id,
        "platform_order_no": facts.platform_order_no,
    }


def _known_id(context: Context, platform: str, number: str | None) -> str:
    row = platform_orders.find_platform_order(
        context.work.session, platform=platform, platform_order_no=number or ""
    )
    if row is None:
        raise LookupError(f"no push {number!r} of {platform!r} is kept")
    return str(row.id)


@handler("platform.map_articles")
def map_articles(context: Context, order_id: str, platform_order_id: str) -> dict[str, Any]:
    """Fill our order from the push; articles that nobody knows are left to a person."""
    taken = platform_intake.ingest_order(
        context.work, platform_order_id=platform_order_id, order_id=order_id
    )
    if taken.order_no:
        context.set_business_key(taken.order_no)
    name_instance(context, order_id)
    facts = platform_orders.platform_order_facts(context.work, platform_order_id=platform_order_id)
    return {
        "unmapped": taken.unmapped,
        "is_standard": _is_standard(context, order_id, facts, taken.total_matches),
        "order_no": taken.order_no,
    }


def _is_standard(
    context: Context,
    order_id: str,
    facts: platform_orders.PlatformOrderFacts,
    total_matches: bool,
) -> bool:
    """Paid consumer goods from stock below the limit (SPEC P02): platform terms are enough."""
    order = get_order(context.work.session, order_id)
    limit = context.work.platform.parameters.fen("netease.fast_track_max")
    return (
        facts.paid
        and total_matches
        and facts.buyer_kind == "consumer"
        and 0 < order.total_fen <= limit
        and all(line.fulfil == "stock" for line in order.lines)
    )


@handler("platform.route_department")
def route_department(
    context: Context, order_id: str, to_department: str | None = None
) -> dict[str, Any]:
    """Decision D08 names the department, unless somebody passed the order to another one."""
    order = get_order(context.work.session, order_id)
    department = to_department
    if department is None:
        facts = decision_facts(context.work, order_id=order_id)
        department = context.decide(
            "allocation",
            product_type=facts.product_type,
            region=facts.region,
            channel=order.channel,
        ).value["dept"]
    order.department = department
    return {"department": department, "to_department": None}


# --- T02.1: accepting ----------------------------------------------------------------------------
@handler("platform.load_accept")
def load_accept(
    context: Context,
    order_id: str,
    department: str | None = None,
    unmapped: list[str] | None = None,
) -> dict[str, Any]:
    """The whole order as the platform sent it."""
    order = get_order(context.work.session, order_id)
    beside = [*order_facts(context, order_id), *line_facts(order)]
    beside.append(fact(gettext("Department"), department))
    beside += [fact(gettext("Unknown article"), sku) for sku in unmapped or ()]
    return {"values": {"viewed_all": False, "dept_ok": True}, "facts": beside}


@handler("platform.save_accept")
def save_accept(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    platform_order_id: str,
) -> dict[str, Any]:
    """Accept the order, which stops the platform's clock, or pass it to another department."""
    if outcome == "transfer":
        return {"to_department": answer.get("to_department")}
    platform_orders.mark_viewed(context.work, platform_order_id=platform_order_id)
    orders.set_owner(context.work, order_id=order_id, owner=context.actor.login)
    order = get_order(context.work.session, order_id)
    order.accepted_by = context.actor.login
    return {"owner": context.actor.login}


@handler("platform.flag_late")
def flag_late(context: Context, order_id: str) -> dict[str, Any]:
    """The window to accept has passed: the manager hears of it, the platform may cancel (X09)."""
    order = get_order(context.work.session, order_id)
    context.notify(
        roles=["BM", "PA"],
        kind="breach",
        msgid="Order %(order_no)s was not accepted in time; the platform may cancel it.",
        order_no=order.number or context.variables.get("platform_order_no") or "",
    )
    return {}


@handler("platform.cancel")
def cancel(context: Context, order_id: str, platform_order_id: str | None = None) -> dict[str, Any]:
    """The platform took the order back before anything was done: cancelled, without a fee."""
    if platform_order_id is not None:
        platform_orders.set_platform_state(
            context.work, platform_order_id=platform_order_id, state="cancelled"
        )
    states.set_state(context.work, order_id=order_id, to=OrderState.CANCELLING, reason="platform")
    states.set_state(context.work, order_id=order_id, to=OrderState.CANCELLED, reason="platform")
    return {"outcome": "platform_cancelled"}


# --- T02.2 and T02.3: leads ----------------------------------------------------------------------
@handler("platform.load_lead")
def load_lead(context: Context, lead_id: str | None = None) -> dict[str, Any]:
    """The lead so far, or an empty one to write down."""
    if lead_id is None:
        return {"values": {}, "facts": []}
    found = leads.lead_facts(context.work.session, lead_id=lead_id)
    return {"values": {}, "facts": [fact(gettext("Lead"), found.number)]}


@handler("platform.save_screening")
def save_screening(
    context: Context, answer: dict[str, Any], outcome: str, lead_id: str | None = None
) -> dict[str, Any]:
    """Write the lead down, claim it, and follow or drop it (SPEC N2.1.1)."""
    if lead_id is None:
        lead_id = leads.add_lead(
            context.work,
            platform=LEAD_PLATFORM,
            title=answer["title"],
            content=answer["content"],
            customer_id=answer.get("customer"),
            contact=answer.get("contact"),
        ).lead_id
    leads.claim_lead(context.work, lead_id=lead_id)
    leads.screen_lead(
        context.work,
        lead_id=lead_id,
        screening={name: answer.get(name) for name in ("match_scope", "est_margin_pct")},
        decision=outcome,
        reason=answer.get("reason"),
    )
    context.set_title(answer["title"])
    return {"lead_id": lead_id, "lost_note": answer.get("reason")}


@handler("platform.save_contact")
def save_contact(
    context: Context, answer: dict[str, Any], outcome: str, lead_id: str
) -> dict[str, Any]:
    """Keep the first talk with the customer (SPEC N2.1.2)."""
    if outcome == "drop":
        if not answer.get("reason"):
            raise InvalidAnswer({"reason": lazy("Please fill this in.")})
        return {"lost_note": answer["reason"]}
    leads.contact_lead(
        context.work,
        lead_id=lead_id,
        contact_at=answer["contact_at"],
        way=answer["way"],
        need_summary=answer["need_summary"],
        budget_fen=answer.get("budget"),
        deadline=answer.get("deadline"),
    )
    return {}


@handler("platform.drop_lead")
def drop_lead(
    context: Context, order_id: str, lead_id: str, lost_note: str | None = None
) -> dict[str, Any]:
    """The lead leads nowhere: it ends with its reason, and so does the draft."""
    found = leads.lead_facts(context.work.session, lead_id=lead_id)
    if found.state in ("open", "claimed"):
        leads.discard_lead(context.work, lead_id=lead_id, reason=lost_note or "-")
    orders.lose_order(context.work, order_id=order_id, reason="other", note=lost_note)
    return {"outcome": "declined"}


# --- T02.4 and T02.5: evaluating and deciding ----------------------------------------------------
@handler("platform.prefill_evaluation")
def prefill_evaluation(context: Context, order_id: str) -> dict[str, Any]:
    """A paid standard order from stock is feasible by rule; a person still decides."""
    evaluations.record_evaluation(
        context.work,
        order_id=order_id,
        in_scope=True,
        resource_ok="yes",
        tech_ok="yes",
        evidence=gettext("Standard goods from stock, paid through the platform."),
        risks=[
            {"type": kind, "prob": prob, "impact": impact} for kind, prob, impact in SMALL_RISKS
        ],
        suggestion=gettext("Accept the order and ship it from stock."),
    )
    return {"in_scope": True, "resource_ok": "yes", "tech_ok": "yes"}


@handler("platform.load_evaluation")
def load_evaluation(context: Context, order_id: str, lead_id: str | None = None) -> dict[str, Any]:
    """Three rows to begin with, and the last evaluation when more was asked for."""
    before = evaluations.evaluation_facts(context.work.session, order_id=order_id)
    values: dict[str, Any] = {
        "risks": [{"type": kind} for kind in ("credit", "market", "delivery")]
    }
    if before is not None:
        values = {
            "in_scope": "yes" if before.in_scope else "no",
            "resource_ok": before.resource_ok,
            "tech_ok": before.tech_ok,
            "suggestion": before.suggestion,
            "infeasible_reason": before.infeasible_reason,
            "risks": [
                {
                    name: risk.get(name)
                    for name in ("type", "prob", "impact", "measure", "owner", "due")
                }
                for risk in before.risks
            ],
        }
    beside = order_facts(context, order_id)
    if lead_id is not None:
        beside += [
            fact(gettext("Lead"), leads.lead_facts(context.work.session, lead_id=lead_id).number)
        ]
    return {"values": values, "facts": beside}


@handler("platform.save_evaluation")
def save_evaluation(context: Context, answer: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Keep feasibility, risks and advice (SPEC N2.2.1 to N2.2.5)."""
    kept = evaluations.record_evaluation(
        context.work,
        order_id=order_id,
        in_scope=answer["in_scope"] == "yes",
        resource_ok=answer["resource_ok"],
        tech_ok=answer["tech_ok"],
        evidence=answer["evidence"],
        risks=answer["risks"],
        suggestion=answer["suggestion"],
        infeasible_reason=answer.get("infeasible_reason"),
    )
    return {"in_scope": kept.in_scope, "resource_ok": kept.resource_ok, "tech_ok": kept.tech_ok}


@handler("platform.score_risks")
def score_risks(context: Context, order_id: str, verdict: str) -> dict[str, Any]:
    """Keep the verdict of D14, and ask D15 for a measure against each risk."""
    kept = evaluations.set_verdict(context.work, order_id=order_id, verdict=verdict)
    proposed = {
        measure
        for risk in kept.risks
        for measure in context.decide("risk_measures", type=risk["type"], score=risk["score"]).value
    }
    return {"risk_score": kept.risk_score, "risk_measures": sorted(proposed - {"monitor"})}


@handler("platform.load_decision")
def load_decision(
    context: Context, order_id: str, risk_measures: list[str] | None = None
) -> dict[str, Any]:
    """The evaluation with its verdict, its risks and the measures that the table proposes."""
    kept = evaluations.evaluation_facts(context.work.session, order_id=order_id)
    beside = order_facts(context, order_id)
    if kept is not None:
        beside += evaluation_beside(kept, risk_measures or [])
    return {"values": {}, "facts": beside}


def evaluation_beside(kept: evaluations.EvaluationFacts, measures: list[str]) -> list[Fact]:
    """What the decider reads of an evaluation."""
    return [
        fact(gettext("Verdict"), gettext(kept.verdict or "open")),
        fact(gettext("Highest risk"), kept.risk_score),
        *(
            fact(gettext(risk["type"]), f"{risk['score']} · {risk.get('measure') or '—'}")
            for risk in kept.risks
        ),
        *(fact(gettext("Proposed measure"), gettext(one)) for one in measures),
        fact(gettext("Suggestion"), kept.suggestion),
        fact(gettext("Evaluated by"), kept.evaluator),
    ]


@handler("platform.save_decision")
def save_decision(
    context: Context,
    answer: dict[str, Any],
    outcome: str,
    order_id: str,
    platform_order_id: str | None = None,
) -> dict[str, Any]:
    """Accept, decline with a reply to the customer, or ask for more; never the evaluator."""
    kept = evaluations.decide_evaluation(
        context.work,
        order_id=order_id,
        decision=outcome,
        conditions=answer.get("conditions"),
        decline_reply=answer.get("decline_reply"),
    )
    decided: dict[str, Any] = {"decision": outcome, "reply_id": None}
    if outcome == "decline":
        decided["decline_reason"] = kept.infeasible_reason or "declined"
        decided["decline_reply"] = kept.decline_reply
        if platform_order_id is not None:
            decided["reply_id"] = platform_orders.queue_reply(
                context.work,
                platform_order_id=platform_order_id,
                kind="decline",
                reason=decided["decline_reason"],
                text=kept.decline_reply,
            )
    return decided


# --- answering the platform ----------------------------------------------------------------------
@handler("platform.queue_reply")
def queue_reply(
    context: Context, order_id: str, kind: str, text: str | None = None, key: str | None = None
) -> dict[str, Any]:
    """Put an answer to the platform into the outbox; the next step sends it."""
    row = platform_orders.order_platform_order(context.work.session, order_id=order_id)
    if row is None:
        return {"reply_id": None}
    body = {"text": text} if text else {}
    reply_id = platform_orders.queue_reply(
        context.work, platform_order_id=str(row.id), kind=kind, key=key, **body
    )
    return {"reply_id": reply_id}


@handler("platform.reply", external=True, retries=5, timeout=30)
def reply(context: Context, reply_id: str | None = None) -> dict[str, Any]:
    """Send an answer to the platform, signed; tried again while the platform is down (X32)."""
    if reply_id is None:
        return {"acknowledged": False}
    wanted = platform_orders.reply_to_send(context.work.session, reply_id=reply_id)
    setup = platforms.find_platform(context.work, wanted["platform"])
    url = setup.reply_url()
    if url is None:
        return {"acknowledged": False}
    secret = setup.secret(demo=context.work.platform.settings.demo)
    answer = _post(context, url, secret or "", wanted)
    return {"acknowledged": True, "reply_answer": answer}


def _post(context: Context, url: str, secret: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("a platform is answered over http or https")
    body = json.dumps(wanted["body"], ensure_ascii=False).encode()
    timestamp = str(int(context.now.timestamp()))
    request = Request(
        url,
        data=body,
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": wanted["key"],
            "X-Platform-Timestamp": timestamp,
            "X-Platform-Signature": platforms.sign(secret=secret, timestamp=timestamp, body=body),
        },
    )
    try:
        with urlopen(request, timeout=SECONDS) as response:
            return {"status": response.status}
    except HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise Retry(reason=f"HTTP {error.code}") from error
        return {"status": error.code}
    except (URLError, TimeoutError) as error:
        raise Retry(reason=str(error)) from error


@handler("platform.decline")
def decline(
    context: Context,
    order_id: str,
    decline_reason: str | None = None,
    decline_reply: str | None = None,
    reply_id: str | None = None,
    acknowledged: bool = False,
    platform_order_id: str | None = None,
) -> dict[str, Any]:
    """The order ends as rejected with its reason; the platform's receipt is kept (N2.2.5)."""
    if reply_id is not None:
        platform_orders.reply_sent(context.work, reply_id=reply_id, acknowledged=acknowledged)
    if platform_order_id is not None:
        platform_orders.set_platform_state(
            context.work, platform_order_id=platform_order_id, state="declined"
        )
    orders.reject_order(
        context.work, order_id=order_id, code=decline_reason or "terms", opinion=decline_reply
    )
    return {"outcome": "declined"}


# --- T02.6 and T02.7: terms and entry ------------------------------------------------------------
@handler("platform.load_terms")
def load_terms(context: Context, order_id: str) -> dict[str, Any]:
    """The key terms as the order has them now."""
    order = get_order(context.work.session, order_id)
    return {
        "values": {
            "requirement": order.service_req,
            "delivery_date": order.delivery_date.isoformat() if order.delivery_date else None,
            "price": order.total_fen or None,
            "payment": order.payment_method,
        },
        "facts": [*order_facts(context, order_id), *line_facts(order)],
    }


@handler("platform.save_terms")
def save_terms(
    context: Context, answer: dict[str, Any], outcome: str, order_id: str
) -> dict[str, Any]:
    """Keep what the customer confirmed, or where he wants something else (SPEC N2.3.1)."""
    if outcome == "give_up":
        return {"decline_reason": "customer", "decline_reply": None}
    proof = answer.get("customer_confirm_ref") or ", ".join(answer.get("evidence") or ())
    if outcome == "agree" and not proof:
        raise InvalidAnswer({"customer_confirm_ref": lazy("Please fill this in.")})
    round_ = evaluations.confirm_terms(
        context.work,
        order_id=order_id,
        requirement=answer["requirement"],
        delivery_date=answer["delivery_date"],
        price=answer["price"],
        payment=answer["payment"],
        customer_confirm_ref=proof,
        differences=answer.get("differences"),
        agreed=outcome == "agree",
    )
    return {"terms_round": round_, "decline_reason": "terms", "decline_reply": None}


@handler("platform.load_entry")
def load_entry(context: Context, order_id: str) -> dict[str, Any]:
    """The order as the push filled it, and where it differs from the push."""
    values = orders.entry_values(context.work.session, order_id=order_id)
    values = {name: values.get(name) for name in ENTRY_FIELDS} | {"total": None}
    return {
        "values": values,
        "facts": [*order_facts(context, order_id), *_differences(context, order_id)],
    }


@handler("platform.save_entry")
def save_entry(
    context: Context, answer: dict[str, Any], order_id: str, lead_id: str | None = None
) -> dict[str, Any]:
    """Enter and hand in; whatever differs from the push is explained (SPEC N2.3.5)."""
    order_no = save_order(context, answer, order_id, complete=True)
    if _differences(context, order_id) and not answer.get("diff_explained"):
        raise InvalidAnswer(
            {"diff_explained": lazy("Explain what differs from the platform's order.")}
        )
    if answer.get("diff_explained"):
        orders.log_contact(
            context.work,
            order_id=order_id,
            purpose="platform_diff",
            way="internal",
            result=answer["diff_explained"],
        )
    if lead_id is not None:
        leads.convert_lead(context.work, lead_id=lead_id, order_id=order_id)
    orders.submit_order(context.work, order_id=order_id)
    return {"order_no": order_no}


def _differences(context: Context, order_id: str) -> list[Fact]:
    found = platform_intake.payload_diff(context.work, order_id=order_id)
    return [
        yuan(gettext("Platform: total"), one["theirs"])
        if one["field"] == "total"
        else fact(gettext("Platform: %(field)s", field=one["field"]), one["theirs"])
        for one in found
    ]
