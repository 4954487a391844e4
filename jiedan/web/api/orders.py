"""Orders over the API: one order by its number."""

from __future__ import annotations

from typing import Any

from jiedan.core.i18n import lazy
from jiedan.desk.order_page import show_order
from jiedan.web.api import shapes
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import now, platform
from jiedan.web.order_rights import require_order_sight


@blueprint.get("/v1/orders/<number>")
@describe(lazy("Read an order by its number"))
def read_order(number: str) -> tuple[dict[str, Any], int]:
    actor = caller()
    with platform().read() as session:
        order = show_order(session, ref=number, now=now())
    return shapes.plain(require_order_sight(order, actor)), 200
