"""What people fill in when nothing in particular matters to the test."""

from typing import Any

PLACE = {
    "province": "上海",
    "city": "上海市",
    "district": "嘉定区",
    "detail": "工业路 1 号",
    "receiver": "周工",
    "receiver_phone": "13800000001",
}
PRECHECK = ("intention", "spec", "qty", "price", "date", "place", "payment")
REVIEW = (
    "CUST_REAL", "CUST_COMPLETE", "SPEC", "PRICE", "DATE", "PLACE", "PAYMENT", "CONTRACT",
    "COMPLIANCE",
)  # fmt: skip


def inquiry(**changes: Any) -> dict[str, Any]:
    """A phone call of the customer KH000001."""
    return {
        "channel": "phone",
        "received_at": "2026-03-02T08:55:00+08:00",
        "company_name": "华东精工有限公司",
        "contact_name": "周工",
        "phone": "13800000001",
        "address": "上海市嘉定区工业路 1 号",
        "question": "需要一百台温控器，什么时候能到？",
        "is_special": False,
        "answer": "有现货，下周可以交付。",
        **changes,
    }


def acceptance(customer: str, **changes: Any) -> dict[str, Any]:
    return {
        "customer": customer,
        "intent": "confirmed",
        "order_kind": "product",
        "owner": "chenjing",
        **changes,
    }


def entry(
    *, sku: str = "P-1001", qty: str = "100", price: str = "1104.00", **changes: Any
) -> dict[str, Any]:
    """A complete order entry: 100 thermostats at the price of a class A customer."""
    return {
        "lines": [{"sku": sku, "qty": qty, "unit_price": price}],
        "delivery_date": "2026-03-12",
        "partial_ok": False,
        **PLACE,
        "payment_method": "credit_term",
        "term_days": 60,
        **changes,
    }


def precheck(**failed: str) -> dict[str, Any]:
    return {"items": _items(PRECHECK, failed)}


def review(
    opinion: str | None = None, codes: tuple[str, ...] = (), **failed: str
) -> dict[str, Any]:
    """A checklist; `PRICE="too low"` fails that item with this note."""
    answer: dict[str, Any] = {"items": _items(REVIEW, failed)}
    if opinion is not None:
        answer |= {"opinion": opinion, "reason_codes": list(codes)}
    return answer


def _items(codes: tuple[str, ...], failed: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"code": code, "result": "fail", "note": failed[code]}
        if code in failed
        else {"code": code, "result": "pass"}
        for code in codes
    ]
