"""A day at the desk: the demo's people, and an order brought to any stage by its own functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from jiedan.core.actor import Actor
from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.desk import (
    allocation,
    carriers,
    dispatch,
    orders,
    receipts,
    reviews,
    shipments,
    states,
    stock,
)
from jiedan.desk.tables import Customer

PLACE = {
    "province": "上海",
    "city": "上海",
    "district": "嘉定区",
    "detail": "安亭镇创新路 88 号",
    "receiver": "沈国平",
    "receiver_phone": "13812340001",
}
LINE = {"sku": "P-1001", "spec": "T100", "qty": 100, "unit_price": 110_400}
GOOD = [{"code": code, "result": "pass"} for code in reviews.ITEM_CODES]
PRECHECK = [{"code": code, "result": "pass"} for code in orders.PRECHECK_ITEMS]


def at(text: str) -> datetime:
    """A moment in Shanghai: ``at("2026-03-12 14:00")``."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def entry(customer: str, **changes: Any) -> dict[str, Any]:
    """The order of scenario A01, with changes."""
    return {
        "customer": customer,
        "order_kind": "product",
        "lines": [dict(LINE)],
        "delivery_date": "2026-03-12",
        **PLACE,
        "payment_method": "credit_term",
        "term_days": 60,
        "partial_ok": False,
        "invoice_title": "华东精工有限公司",
        "tax_no": "91310000MA1000001X",
        "invoice_type": "vat_special",
        **changes,
    }


@dataclass
class Desk:
    """The desk with its people; each call is one unit of work."""

    platform: Platform

    @property
    def clock(self) -> MovableClock:
        """The clock of the test."""
        assert isinstance(self.platform.clock, MovableClock)
        return self.platform.clock

    @contextmanager
    def work(self, login: str = "system") -> Iterator[Work]:
        """A unit of work of one person."""
        with self.platform.work(actor=Actor(login, login.capitalize())) as work:
            yield work

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**span))

    def customer(self, number: str) -> str:
        """The id of a customer."""
        with self.platform.read() as session:
            return str(session.scalar(select(Customer.id).where(Customer.number == number)))

    def opened(self, **details: Any) -> str:
        """A new sales order."""
        with self.work("linxiao") as work:
            return orders.open_order(work, channel="sales", **details).order_id

    def entered(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order that Sunyue entered."""
        order_id = self.opened()
        with self.work("sunyue") as work:
            orders.enter_order(
                work, order_id=order_id, entry=entry(self.customer(customer), **changes)
            )
        return order_id

    def submitted(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order that Chenjing pre-checked and handed in."""
        order_id = self.entered(customer, **changes)
        with self.work("chenjing") as work:
            orders.record_precheck(work, order_id=order_id, items=PRECHECK)
            orders.submit_order(work, order_id=order_id)
        return order_id

    def in_review(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order whose first review round is open."""
        order_id = self.submitted(customer, **changes)
        with self.work() as work:
            reviews.start_round(work, order_id=order_id)
        return order_id

    def approved(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order that Qianmin approved."""
        order_id = self.in_review(customer, **changes)
        with self.work("qianmin") as work:
            reviews.record_review(
                work, order_id=order_id, role="order_reviewer", outcome="approve", items=GOOD
            )
            reviews.consolidate_round(work, order_id=order_id)
        self.move(order_id, "approved")
        return order_id

    def ready(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order with its goods reserved and picked, and its shipments planned."""
        order_id = self.approved(customer, **changes)
        with self.work("chenjing") as work:
            states.set_state(work, order_id=order_id, to="allocated")
            allocation.allocate_order(
                work,
                order_id=order_id,
                warehouse="上海",
                assignments=[
                    {
                        "dept": "仓储物流部",
                        "responsible": "luodan",
                        "requirement": "按时备货,出库前检查包装",
                        "milestones": [{"name": "备货", "due": "2026-03-10T18:00", "key": True}],
                    }
                ],
            )
        with self.work("luodan") as work:
            states.set_state(work, order_id=order_id, to="in_execution")
            stock.reserve_order(work, order_id=order_id)
            wanted: dict[int, Decimal] = {}
            for row in stock.pick_list(work.session, order_id=order_id):
                wanted[row["line"]] = wanted.get(row["line"], Decimal(0)) + row["qty"]
            lines = [{"line": line, "qty_picked": qty} for line, qty in wanted.items()]
            stock.pick_lines(work, order_id=order_id, lines=lines)
            states.set_state(work, order_id=order_id, to="ready")
            shipments.plan_shipments(work, order_id=order_id)
        return order_id

    def shipment(self, order_id: str, index: int = 0) -> str:
        """The id of an order's shipment."""
        with self.platform.read() as session:
            return shipments.order_shipments(session, order_id=order_id)[index].shipment_id

    def prepared(self, shipment_id: str, waybill: str = "", carrier: str = "JYD") -> None:
        """A shipment with everything it needs to leave."""
        with self.work("fengtao") as work:
            for side, codes in (
                ("production", dispatch.PRODUCTION_ITEMS),
                ("logistics", dispatch.LOGISTICS_ITEMS),
            ):
                dispatch.record_preparation(
                    work,
                    shipment_id=shipment_id,
                    side=side,
                    items=[{"code": code, "result": "pass"} for code in codes],
                )
            dispatch.set_appointment(
                work,
                shipment_id=shipment_id,
                window_from=work.now + timedelta(days=2),
                window_to=work.now + timedelta(days=2, hours=3),
                place="上海嘉定",
                contact="沈国平",
                confirmed_way="phone",
            )
            dispatch.tick_documents(
                work,
                shipment_id=shipment_id,
                documents=[
                    {"kind": kind, "ref": "x", "accurate": True, "complete": True, "clear": True}
                    for kind in dispatch.needed_documents(work.session, shipment_id=shipment_id)
                ],
            )
            dispatch.choose_carrier(
                work,
                shipment_id=shipment_id,
                method="freight",
                carrier=str(carriers.find_carrier(work.session, carrier).id),
                waybill=waybill or f"SF{shipment_id[-8:]}",
            )

    def sent(self, customer: str = "KH000001", **changes: Any) -> tuple[str, str]:
        """An order whose one shipment is on its way: order id and shipment id."""
        order_id = self.ready(customer, **changes)
        shipment_id = self.shipment(order_id)
        self.prepared(shipment_id)
        with self.work("fengtao") as work:
            dispatch.dispatch_shipment(work, shipment_id=shipment_id)
        return order_id, shipment_id

    def delivered(self, customer: str = "KH000001", **changes: Any) -> str:
        """An order that arrived in full."""
        order_id, shipment_id = self.sent(customer, **changes)
        self.later(days=2)
        with self.work("fengtao") as work:
            receipts.record_receipt(
                work,
                shipment_id=shipment_id,
                received_at=work.now,
                signer="沈国平",
                mode="signature",
                proof="签收单 0001",
            )
            receipts.update_delivery_state(work, order_id=order_id)
        return order_id

    def move(self, order_id: str, *path: str) -> None:
        """Move an order through states."""
        with self.work() as work:
            for state in path:
                states.set_state(work, order_id=order_id, to=state)

    def state(self, order_id: str) -> str:
        """Where an order stands."""
        with self.platform.read() as session:
            return orders.order_ref(session, order_id=order_id).state
