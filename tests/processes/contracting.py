"""A contract as a test drives it: drafted, reviewed, agreed with the customer, signed, filed."""

from __future__ import annotations

from typing import Any

from tests.processes import fulfilment as half
from tests.processes.house import House

CLAUSES = ("PARTIES", "SCOPE", "PRICE", "DELIVERY", "ACCEPTANCE", "LIABILITY", "DISPUTE")
DRAFT: dict[str, Any] = {
    "acceptance_criteria": "按图纸与国家标准逐项检验合格，随附检验报告与合格证。",
    "acceptance_days": 7,
    "liability_cap_pct": "10",
    "delivery_terms": "分两批送到嘉定工厂。",
}


def drafted(house: House, **changes: Any) -> None:
    """Sales writes the terms down."""
    half.take(house, "chenjing", "draft_contract", "submit", **{**DRAFT, **changes})


def clauses(**failed: str) -> dict[str, Any]:
    """Legal's answer to each clause; `ACCEPTANCE="vague"` fails that one."""
    return {
        "clauses": [
            {"code": code, "result": "fail" if code in failed else "pass", "note": failed.get(code)}
            for code in CLAUSES
        ],
        "opinion": "与订单一致，可以签署。",
    }


def reviewed(house: House, **failed: str) -> None:
    """Legal lets it pass, or sends it back."""
    half.take(
        house, "xuwen", "review_contract", "return" if failed else "approve", **clauses(**failed)
    )


def answered(house: House, outcome: str = "accept", **more: Any) -> None:
    """The customer answers."""
    house.do("chenjing", "customer_review", outcome, evidence="客户邮件", **more)


def signed(house: House, signer: str = "wangqiang") -> None:
    """The whole way."""
    drafted(house)
    reviewed(house)
    answered(house)
    half.take(house, signer, "sign_contract", "signed", ("evidence",), mode="paper")
    half.take(house, "chenjing", "archive_contract", "archived", ("scan",), paper_location="A-12")
