"""Owns the price check of a review: decision D06 for every line."""

from typing import Any

from handlers.violations import check_price_policy
from jiedan import Context, handler


@handler("price.check")
def check(context: Context, order_id: str) -> dict[str, Any]:
    """Compare each line's price with the price policy (SPEC S2.3.3)."""
    return {"price_findings": check_price_policy(context, order_id)}
