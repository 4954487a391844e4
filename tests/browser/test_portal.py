"""A customer with nothing but a link and a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.desk import orders, shipments, stock
from jiedan.desk.portal import make_link
from jiedan.desk.states import set_state
from jiedan.desk.tables import PortalAnswer, Shipment
from jiedan.desk.values import as_id
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.world import World

ON_ITS_WAY = (
    "submitted", "in_review", "approved", "allocated", "planned", "in_execution", "ready",
)  # fmt: skip


def links_of_an_order(world: World) -> dict[str, str]:
    """An order on its way to KH000001, and a link for each purpose."""
    customer = world.customer("KH000001")
    with world.flow.platform.work(actor=SYSTEM) as work:
        opened = orders.open_order(
            work, channel="sales", kind="product", customer_id=customer, owner="chenjing"
        )
        entry: dict[str, Any] = {
            "customer": customer,
            "lines": [{"sku": "P-1001", "qty": "2", "unit_price": 110_400}],
            "delivery_date": (work.now + timedelta(days=10)).date().isoformat(),
            "partial_ok": False,
            "receiver": "周工",
            "receiver_phone": "13800000001",
            "province": "上海",
            "city": "上海市",
            "district": "嘉定区",
            "detail": "工业路 1 号",
            "payment_method": "credit_term",
            "term_days": 60,
            "invoice_type": "vat_special",
            "invoice_title": "华东精工有限公司",
        }
        orders.enter_order(work, order_id=opened.order_id, entry=entry)
        for state in ON_ITS_WAY:
            set_state(work, order_id=opened.order_id, to=state)
        stock.reserve_order(work, order_id=opened.order_id, warehouse="上海")
        sent = shipments.plan_shipments(work, order_id=opened.order_id)[0]
        row = work.session.get(Shipment, as_id(sent.shipment_id))
        assert row is not None
        row.state, row.dispatched_at, row.waybill = "in_transit", work.now, "SF1234567890"
        return {
            purpose: make_link(
                work,
                order_id=opened.order_id,
                purpose=purpose,
                shipment_id=sent.shipment_id,
                phone_check=purpose == "return",
            ).token
            for purpose in ("status", "delivery", "issue", "return", "complaint")
        }


@pytest.mark.req("S2.5.6")
def test_a_customer_signs_on_a_phone_and_every_page_is_fit_for_everybody(
    visit: Visit, world: World
) -> None:
    links = links_of_an_order(world)
    for locale, size, theme in (("zh", PHONE, "light"), ("en", WIDE, "dark")):
        page = visit(locale=locale, size=size, theme=theme)
        for purpose, token in links.items():
            page.goto(f"/c/{token}")
            assert violations(page) == [], f"{purpose} {locale}"
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size[0], f"{purpose} {locale} is too wide"

    page = visit(locale="zh", size=PHONE)
    page.goto(f"/c/{links['delivery']}")
    page.get_by_role("checkbox").check()
    page.get_by_label("您的姓名（作为签名）").fill("周工")
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 80, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="确认收货").click()

    page.get_by_text("谢谢，收货已确认。").wait_for()
    assert violations(page) == []
    with world.flow.platform.read() as session:
        answer = session.scalars(select(PortalAnswer)).one()
    assert (answer.signer, answer.way) == ("周工", "drawn")
