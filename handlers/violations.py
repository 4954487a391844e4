"""Owns which rules an order breaks, which of them a special approval covers, and how gravely."""

from collections.abc import Iterable
from typing import Any

from handlers.credit_facts import credit_violations, judge_credit
from jiedan import Context
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.sentences import keep
from jiedan.desk import approvals, review_checks
from jiedan.desk.errors import NoPrice
from jiedan.desk.facts import order_facts as decision_facts
from jiedan.desk.pricing import check_prices

Violations = list[dict[str, Any]]

GRAVITY = ("note", "minor", "major", "critical")
SUBJECTS = {
    "PRICE": "price",
    "CREDIT": "credit",
    "TERM_EXCESS": "payment_term",
    "PAYMENT_METHOD": "payment_term",
    "DELIVERY_TOO_EARLY": "lead_time",
}
"""Which special approval can allow a violation; what is not here has to be mended (SPEC D07)."""

NAMES = {
    "PRICE": lazy("Price below policy"),
    "OVERPRICE": lazy("Price far above policy"),
    "NO_PRICE": lazy("No price in force"),
    "CREDIT": lazy("Credit"),
    "BLACKLIST": lazy("Blacklist"),
    "CUSTOMER_BLOCKED": lazy("Customer blocked"),
    "TERM_EXCESS": lazy("Payment term"),
    "PAYMENT_METHOD": lazy("Payment method"),
    "DELIVERY_TOO_EARLY": lazy("Delivery date"),
    "TAX_NUMBER": lazy("Tax number"),
    "INCOMPLETE": lazy("Incomplete"),
    "COMPLIANCE_BLOCK": lazy("Forbidden word"),
}
"""What people call the violations; products that cannot be sold share one name."""


def name_of(code: str) -> str:
    """What people call a violation."""
    return str(_name(code))


def name_list(codes: Iterable[str]) -> LazyText | None:
    """What people call several violations, one after the other; None without any."""
    names = [*dict.fromkeys(_name(code) for code in sorted(set(codes)))]
    if not names:
        return None
    found = lazy("%(name)s", name=names[0])
    for name in names[1:]:
        found = lazy("%(said)s, %(name)s", said=found, name=name)
    return found


def _name(code: str) -> LazyText | str:
    return NAMES.get(code, lazy("Product") if code.startswith("SKU_") else code)


def check_price_policy(context: Context, order_id: str) -> Violations:
    """Prices away from policy by decision D06; above policy is only noted."""
    try:
        checked = check_prices(context.work, order_id=order_id)
    except NoPrice as error:
        return [_violation("NO_PRICE", "critical", None, error.sentence())]
    tolerance = context.work.platform.parameters.number("price.tolerance_pct")
    found = []
    for line in checked.lines:
        severity = context.decide(
            "price_deviation",
            below_floor=line.below_floor,
            dev_pct=line.dev_pct,
            tolerance_pct=tolerance,
        ).value
        if severity == "ok":
            continue
        code, gravity = (
            ("OVERPRICE", "note") if severity == "confirm_overprice" else ("PRICE", severity)
        )
        text = lazy(
            "%(sku)s deviates from the policy price by %(pct)s %%.", sku=line.sku, pct=line.dev_pct
        )
        found.append(_violation(code, gravity, line.seq, text))
    return found


def check_payment_policy(context: Context, order_id: str) -> Violations:
    """Payment method and term; how grave a longer term is says the table of term excess."""
    found = [one.as_dict() for one in review_checks.check_payment(context.work, order_id=order_id)]
    for one in found:
        if one["code"] == "TERM_EXCESS":
            days = decision_facts(context.work, order_id=order_id).term_excess_days
            one["severity"] = context.decide("term_excess", excess_days=days).value
    return found


def find_violations(context: Context, order_id: str) -> Violations:
    """Every rule that the order breaks now, whatever was found before."""
    work = context.work
    checks = (
        review_checks.check_catalogue,
        review_checks.check_delivery,
        review_checks.check_customer,
        review_checks.screen_legal,
    )
    found = [one.as_dict() for check in checks for one in check(work, order_id=order_id)]
    found += check_payment_policy(context, order_id)
    found += check_price_policy(context, order_id)
    return found + credit_violations(judge_credit(context, order_id))


def covered_codes(context: Context, order_id: str) -> set[str]:
    """Codes of the violations that a special approval in force allows."""
    codes: set[str] = set()
    for one in approvals.list_approvals(context.work.session, order_id=order_id):
        in_force = one.valid_until is None or one.valid_until > context.now
        if one.state == "granted" and in_force:
            codes |= set(one.facts.get("codes") or ())
    return codes


def uncovered(context: Context, order_id: str, violations: Iterable[dict[str, Any]]) -> Violations:
    """The violations that stand in the way of an approval."""
    grave = [one for one in violations if one["severity"] != "note"]
    allowed = covered_codes(context, order_id) if grave else set()
    return [one for one in grave if one["code"] not in allowed]


def gravest(violations: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The violation that weighs most, None without any."""
    return max(violations, key=lambda one: GRAVITY.index(one["severity"]), default=None)


def subject_of(violations: Iterable[dict[str, Any]]) -> str | None:
    """What the special approval has to be about: the gravest violation that it can allow."""
    worst = gravest([one for one in violations if one["code"] in SUBJECTS])
    return SUBJECTS[worst["code"]] if worst else None


def _violation(code: str, severity: str, line: int | None, text: LazyText) -> dict[str, Any]:
    return {
        "code": code,
        "severity": severity,
        "forbidden": False,
        "line": line,
        "text": keep(text),
    }
