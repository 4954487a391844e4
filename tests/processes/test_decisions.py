"""The decision tables say what the regulations' examples say."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jiedan.core.platform import Platform
from jiedan.dmn import Model, load_model

FOLDER = Path(__file__).parents[2] / "processes" / "decisions"


@cache
def model(decision_id: str) -> Model:
    return load_model((FOLDER / f"{decision_id}.dmn").read_bytes())


def decide(decision_id: str, **inputs: Any) -> Any:
    return model(decision_id).decide(decision_id, inputs).value


@pytest.mark.req("S2.3.3")
@pytest.mark.parametrize(
    ("below_floor", "dev_pct", "severity"),
    [
        (False, "0", "ok"),
        (False, "3", "ok"),
        (False, "3.01", "minor"),
        (False, "10", "minor"),
        (False, "13.04", "major"),
        (False, "20", "major"),
        (False, "20.01", "critical"),
        (True, "5", "critical"),
        (False, "-20", "confirm_overprice"),
        (False, "-19.99", "ok"),
    ],
)
def test_price_deviation(below_floor: bool, dev_pct: str, severity: str) -> None:
    """D06."""
    found = decide(
        "price_deviation", below_floor=below_floor, dev_pct=Decimal(dev_pct), tolerance_pct=3
    )

    assert severity == found


@pytest.mark.req("S5.1.3", "S5.1.4")
@pytest.mark.parametrize(
    ("grade", "method", "overdue", "ratio", "decision", "level"),
    [
        ("E", "prepay_full", 0, "-1", "reject", None),
        ("D", "platform_escrow", 99, "9.99", "pass", None),
        ("C", "credit_term", 35, "-0.5", "hold_overdue", None),
        ("C", "credit_term", 30, "-0.5", "pass", None),
        ("D", "credit_term", 0, "9.99", "prepay_required", None),
        (None, "credit_term", 0, "9.99", "credit_pending", None),
        ("A", "credit_term", 0, "0", "pass", None),
        ("B", "credit_term", 0, "0.10", "guarantee", None),
        ("B", "credit_term", 0, "0.30", "special", 2),
        ("B", "credit_term", 0, "0.31", "special", 3),
    ],
)
def test_credit(
    grade: str | None, method: str, overdue: int, ratio: str, decision: str, level: int | None
) -> None:
    """D04."""
    found = decide(
        "credit_decision",
        grade=grade,
        payment_method=method,
        max_overdue_days=overdue,
        over_ratio=Decimal(ratio),
        hold_overdue_days=30,
    )

    assert {"decision": decision, "level": level} == found


@pytest.mark.req("S2.3.1", "S3.6.1")
@pytest.mark.parametrize(
    ("amount", "has_mto", "payment_std", "contract_std", "roles"),
    [
        (99_999, False, True, True, ["OR"]),
        (100_000, False, True, True, ["OR", "FO"]),
        (200_000, False, False, True, ["OR", "FO"]),
        (10, False, False, True, ["OR", "FO"]),
        (147_200, True, True, True, ["OR", "FO", "PM"]),
        (10, False, True, False, ["OR", "LC"]),
    ],
)
def test_who_reviews(
    amount: int, has_mto: bool, payment_std: bool, contract_std: bool, roles: list[str]
) -> None:
    """D05: each role once."""
    found = decide(
        "review_routing",
        amount=amount,
        has_mto=has_mto,
        payment_std=payment_std,
        contract_std=contract_std,
    )

    assert roles == found


@pytest.mark.req("S2.3.7")
@pytest.mark.parametrize(
    ("subject", "severity", "amount", "level", "cosign"),
    [
        ("price", "forbidden", 1, 0, None),
        ("compensation", "minor", 1_000, 1, "finance"),
        ("compensation", "minor", 1_001, 2, "finance"),
        ("compensation", "minor", 10_000, 2, "finance"),
        ("compensation", "minor", 10_001, 3, "finance"),
        ("price", "minor", 499_999, 1, None),
        ("price", "minor", 500_000, 2, None),
        ("price", "major", 96_000, 2, "finance"),
        ("price", "major", 500_000, 3, "finance"),
        ("price", "critical", 1, 3, "finance,legal"),
        ("deposit_waiver", "minor", 1, 2, None),
        ("credit_override", "minor", 1, 2, None),
        ("hold_release", "major", 1, 3, None),
    ],
)
def test_who_approves_specially(
    subject: str, severity: str, amount: int, level: int, cosign: str | None
) -> None:
    """D07."""
    found = decide("special_level", subject=subject, severity=severity, amount=amount)

    assert {"level": level, "cosign": cosign} == found


@pytest.mark.parametrize(
    ("days", "severity"),
    [(0, "ok"), (15, "minor"), (16, "major"), (30, "major"), (31, "critical")],
)
def test_how_grave_a_longer_term_is(days: int, severity: str) -> None:
    """D07, term excess."""
    assert severity == decide("term_excess", excess_days=days)


@pytest.mark.req("N2.3.2")
@pytest.mark.parametrize(
    ("changes", "required", "template"),
    [
        ({"framework": True}, False, "framework"),
        ({"framework": True, "standard": False, "has_mto": True}, True, "custom"),
        ({"service_amount": 10_000, "standard": False}, True, "service"),
        ({"amount": 50_000}, True, "standard"),
        ({"amount": 49_999}, False, "confirmation_slip"),
        ({"channel": "netease", "customer_kind": "consumer"}, False, "platform_terms"),
    ],
)
def test_contract(changes: dict[str, Any], required: bool, template: str) -> None:
    """D11."""
    asked: dict[str, Any] = {
        "channel": "sales",
        "customer_kind": "company",
        "amount": 110_400,
        "has_mto": False,
        "service_amount": 0,
        "framework": False,
        "standard": True,
    }

    assert {"required": required, "template": template} == decide(
        "contract_required", **asked | changes
    )


@pytest.mark.req("N2.2.1")
@pytest.mark.parametrize(
    ("in_scope", "tech", "resource", "verdict"),
    [
        (False, "yes", "yes", "infeasible"),
        (True, "no", "yes", "infeasible"),
        (True, "yes", "no", "infeasible"),
        (True, "uncertain", "yes", "conditional"),
        (True, "yes", "partial", "conditional"),
        (True, "yes", "yes", "feasible"),
    ],
)
def test_feasibility(in_scope: bool, tech: str, resource: str, verdict: str) -> None:
    """D14."""
    found = decide("feasibility", in_scope=in_scope, tech_ok=tech, resource_ok=resource)

    assert verdict == found


@pytest.mark.req("N2.2.3")
def test_risks_call_for_measures() -> None:
    """D15."""
    assert decide("risk_measures", type="credit", score=15) == [
        "prepay_or_escrow",
        "propose_decline",
        "monitor",
    ]
    assert decide("risk_measures", type="delivery", score=7) == ["monitor"]


@pytest.mark.req("S3.6.2")
@pytest.mark.parametrize(
    ("method", "grade_pct", "has_mto", "first_order", "pct"),
    [
        ("credit_term", 0, False, False, 0),
        ("credit_term", 50, False, False, 50),
        ("deposit_balance", 0, True, False, 30),
        ("deposit_balance", 20, False, True, 30),
        ("deposit_balance", 50, True, True, 50),
        ("prepay_full", 50, True, True, 0),
        ("platform_escrow", 50, True, True, 0),
    ],
)
def test_deposit(method: str, grade_pct: int, has_mto: bool, first_order: bool, pct: int) -> None:
    """D26: the highest share that applies."""
    found = decide(
        "deposit",
        payment_method=method,
        grade_pct=grade_pct,
        has_mto=has_mto,
        first_order=first_order,
    )

    assert pct == found


@pytest.mark.req("S4.1.2")
@pytest.mark.parametrize(
    ("consumer", "paid", "orders", "scale", "klass"),
    [
        (True, 9_000_000, 99, "large", "CONSUMER"),
        (False, 5_000_000, 0, "small", "A"),
        (False, 1, 24, "large", "A"),
        (False, 1_000_000, 0, "small", "B"),
        (False, 1, 12, "small", "B"),
        (False, 1, 1, "small", "C"),
        (False, 0, 0, None, "NEW"),
    ],
)
def test_customer_class(
    consumer: bool, paid: int, orders: int, scale: str | None, klass: str
) -> None:
    """D01."""
    found = decide(
        "customer_class", consumer=consumer, trailing12m=paid, orders_12m=orders, scale=scale
    )

    assert klass == found["class"]


@pytest.mark.req("N5.4.1")
def test_a_bad_rating_is_visited_within_a_week() -> None:
    """D23."""
    assert decide("visit_plan", customer_class="A", last_rating=2) == {"days": 7, "mode": "phone"}
    assert decide("visit_plan", customer_class="A", last_rating=None) == {
        "days": 30,
        "mode": "phone",
    }


@pytest.mark.req("S2.1.2", "N2.1.4")
def test_limits_name_a_parameter_or_an_amount() -> None:
    """D20."""
    assert decide("sla", task="T02.1", channel="netease", grade=None)["parameter"] == (
        "netease.accept"
    )
    assert decide("sla", task="T11.2", channel="sales", grade="A")["factor"] == Decimal("0.5")
    other = decide("sla", task="T99.9", channel="sales", grade="A")
    assert (other["amount"], other["unit"]) == (1, "wd")


def test_every_parameter_that_a_limit_names_exists(platform: Platform) -> None:
    content = (FOLDER / "sla.dmn").read_text("utf-8")
    named = set(re.findall(r'<text>"([a-z]+\.[a-z_]+)"</text>', content))

    assert named
    assert named <= set(platform.parameters)


@pytest.mark.req("S2.4.9", "N3.3.3", "S5.2.2")
@pytest.mark.parametrize(
    ("by", "fault", "stage", "product", "consumer", "ruling", "pct", "basis"),
    [
        ("customer", "company", "shipped", "std", False, "refuse", 0, "pct"),
        ("customer", "company", "produced", "mto", False, "ok", 0, "pct"),
        ("platform", "customer", "produced", "std", True, "auto", 0, "pct"),
        ("customer", "customer", "before_approval", "mto", False, "ok", 0, "pct"),
        ("customer", "customer", "approved", "std", False, "ok", 0, "pct"),
        ("customer", "customer", "in_production", "std", True, "auto", 0, "pct"),
        ("customer", "customer", "planned", "mto", False, "ok", 5, "pct"),
        ("customer", "force_majeure", "in_production", "mto", False, "ok", 30, "pct"),
        ("customer", "customer", "in_production", "std", False, "ok", 10, "pct"),
        ("customer", "customer", "produced", "mto", False, "ok", 80, "pct"),
        ("customer", "customer", "produced", "std", False, "ok", 10, "pct"),
        ("customer", "customer", "service_started", "service", False, "ok", 0, "man_days"),
        ("customer", "customer", "planned", "service", False, "manual", 0, "pct"),
    ],
)
def test_what_cancelling_costs(
    by: str,
    fault: str,
    stage: str,
    product: str,
    consumer: bool,
    ruling: str,
    pct: int,
    basis: str,
) -> None:
    """D16, row by row; the last one is the catch-all."""
    found = decide(
        "cancellation",
        requested_by=by,
        fault=fault,
        stage=stage,
        product=product,
        consumer=consumer,
    )

    assert {"ruling": ruling, "pct": pct, "basis": basis} == found


@pytest.mark.req("S2.5.1", "N4.1.1")
@pytest.mark.parametrize(
    ("lot", "pieces"),
    [
        (1, 1), (2, 2), (8, 2), (9, 3), (15, 3), (16, 5), (25, 5), (26, 8), (50, 8), (51, 13),
        (90, 13), (91, 20), (150, 20), (151, 32), (9999, 32),
    ],
)  # fmt: skip
def test_how_many_pieces_quality_looks_at(lot: int, pieces: int) -> None:
    """D22."""
    assert pieces == decide("sampling", lot=lot)


@pytest.mark.req("N2.3.4")
@pytest.mark.parametrize(
    ("channel", "amount", "roles"),
    [
        ("sales", 200_000, "SM,SD,GM"),
        ("netease", 200_000, "BM,SD,GM"),
        ("sales", 200_001, "SD,GM"),
        ("netease", 500_000, "SD,GM"),
        ("sales", 500_001, "GM"),
    ],
)
def test_who_may_sign_a_contract(channel: str, amount: int, roles: str) -> None:
    assert roles == decide("contract_signer", channel=channel, amount=amount)


@pytest.mark.req("S2.4.9", "N3.3.3")
@pytest.mark.parametrize(
    ("stage", "spec", "delta", "payment", "credit", "days", "path"),
    [
        ("shipped", False, 0, False, False, 5, "refuse"),
        ("in_production", True, 0, False, False, 0, "re_review"),
        ("none", True, 0, False, False, 0, "minor"),
        ("none", False, "20", False, False, 0, "minor"),
        ("none", False, "20.01", False, False, 0, "re_review"),
        ("none", False, "-20", False, False, 0, "minor"),
        ("none", False, "-20.01", False, False, 0, "re_review"),
        ("none", False, 0, True, False, 0, "re_review"),
        ("none", False, "1", False, True, 0, "re_review"),
        ("none", False, "-1", False, True, 0, "minor"),
        ("none", False, 0, False, False, -1, "re_review"),
        ("none", False, 0, False, False, 0, "minor"),
    ],
)
def test_how_a_change_goes_on(
    stage: str, spec: bool, delta: Any, payment: bool, credit: bool, days: int, path: str
) -> None:
    """D17, row by row, with its borders; the last one is the catch-all."""
    found = decide(
        "change_impact",
        stage=stage,
        spec_changed=spec,
        amount_delta_pct=Decimal(delta),
        payment_changed=payment,
        credit_fails=credit,
        lead_delta_days=days,
    )

    assert path == found


@pytest.mark.req("N4.3.2", "S2.5.11")
@pytest.mark.parametrize(
    ("channel", "days", "reason", "returnable", "product", "decision", "freight"),
    [
        ("sales", 365, "quality", False, "custom", "allow", "company"),
        ("sales", 366, "quality", True, "standard", "deny", "buyer"),
        ("netease", 400, "late", False, "standard", "allow", "company"),
        ("netease", 1, "no_reason_7d", True, "custom", "deny", "buyer"),
        ("netease", 1, "no_reason_7d", True, "digital", "deny", "buyer"),
        ("netease", 7, "no_reason_7d", True, "standard", "allow", "buyer"),
        ("netease", 8, "no_reason_7d", True, "standard", "deny", "buyer"),
        ("netease", 1, "no_reason_7d", False, "standard", "deny", "buyer"),
        ("sales", 1, "no_reason_7d", True, "standard", "level1", "buyer"),
        ("sales", 1, "other", True, "standard", "deny", "buyer"),
    ],
)
def test_what_may_be_given_back(
    channel: str,
    days: int,
    reason: str,
    returnable: bool,
    product: str,
    decision: str,
    freight: str,
) -> None:
    """D18, row by row, with its borders; the last one is the catch-all."""
    found = decide(
        "return_eligibility",
        channel=channel,
        days=days,
        warranty_days=365,
        no_reason_days=7,
        reason=reason,
        returnable=returnable,
        product=product,
    )

    assert {"decision": decision, "freight_by": freight} == found
