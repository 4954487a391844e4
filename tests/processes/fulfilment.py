"""The second half of an order as a test drives it: from an approved order to money in the bank."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.work import Work
from jiedan.desk import (
    carriers,
    catalogue,
    customers,
    orders,
    pricing,
    receipts,
    shipments,
    states,
    stock,
)
from jiedan.desk.order_refs import OrderRef, order_ref
from jiedan.desk.shipments import ShipmentFacts
from jiedan.desk.tables import Carrier, CatalogueItem, Customer, Order, Shipment
from jiedan.desk.values import as_id
from tests.processes.answers import PLACE
from tests.processes.house import House, people

STAGES = ("submitted", "in_review", "approved")
INVOICE_WISH = {
    "invoice_title": "华东精工有限公司",
    "tax_no": "91310000MA1FL0000X",
    "invoice_type": "vat_special",
}
TO_READY = ("allocated", "in_execution", "ready")


def furnish(house: House) -> None:
    """What only this half needs: two carriers, a software licence, a consumer on the platform."""
    with house.platform.work(actor=SYSTEM) as work:
        if work.session.scalar(select(Carrier.id).limit(1)) is None:
            for code, name, methods in (
                ("SF", "顺达速运", ["express"]),
                ("DB", "德远物流", ["freight", "express"]),
            ):
                carriers.add_carrier(
                    work,
                    code=code,
                    name=name,
                    valid_until="2027-12-31",
                    score=90,
                    methods=methods,
                )
        if work.session.scalar(select(CatalogueItem.id).where(CatalogueItem.sku == "P-4001")):
            return
        catalogue.add_item(
            work,
            sku="P-4001",
            name="能耗分析软件许可",
            type="electronic",
            state="active",
            channels=["sales", "netease"],
        )
        policy = pricing.add_policy(
            work, sku="P-4001", list_fen=500_000, floor_fen=350_000, valid_from="2026-01-01"
        )
        pricing.approve_policy(work, policy_id=policy)


def consumer(house: House) -> str:
    """Ms Li, who buys on the platform; her id."""
    with house.platform.work(actor=SYSTEM) as work:
        known = work.session.scalar(select(Customer.id).where(Customer.kind == "consumer"))
        if known is not None:
            return str(known)
        return customers.register_customer(
            work,
            number="KH000006",
            name="李女士",
            kind="consumer",
            customer_class="CONSUMER",
            owner="hanxue",
            source="netease",
            contact_name="李女士",
            phone="13912345678",
        ).customer_id


def approved(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An approved order; its id. Without lines: 100 thermostats for KH000001 on credit."""
    furnish(house)
    channel = changes.pop("channel", "sales")
    customer = changes.pop("customer", None) or house.customer("KH000001")
    prices = {
        "P-1001": 110_400,
        "P-2001": 3_800_000,
        "P-3001": 200_000,
        "P-4001": 500_000,
        "P-5001": 8_900,
    }
    with house.platform.work(actor=people()["sunyue"]) as work:
        opened = orders.open_order(
            work,
            channel=channel,
            kind="product",
            customer_id=customer,
            owner="hanxue" if channel == "netease" else "chenjing",
        )
        orders.enter_order(
            work,
            order_id=opened.order_id,
            entry={
                "customer": customer,
                "lines": [
                    {"sku": sku, "qty": str(qty), "unit_price": prices[sku]}
                    for sku, qty in lines or (("P-1001", 100),)
                ],
                "delivery_date": "2026-03-12",
                "partial_ok": False,
                **PLACE,
                "payment_method": "credit_term",
                "term_days": 60,
                **INVOICE_WISH,
                **changes,
            },
        )
        _move(work, opened.order_id, *STAGES)
    return opened.order_id


def variables(house: House, order_id: str) -> dict[str, Any]:
    """What order_main hands to the processes of this half."""
    with house.platform.read() as session:
        order = session.get(Order, as_id(order_id))
        assert order is not None
        return {
            "order_id": order_id,
            "order_no": order.number,
            "channel": order.channel,
            "owner": order.owner,
            "order_kind": order.kind,
            "grade": "A" if order.channel == "sales" else "CONSUMER",
            "amount_fen": order.total_fen,
            "alloc_role": "BM" if order.channel == "netease" else "SR",
            "payment_method": order.payment_method,
            "has_mto": any(line.fulfil == "mto" for line in order.lines),
            "has_service": any(line.fulfil == "service" for line in order.lines),
        }


def execute(house: House, order_id: str) -> None:
    """Start the execution of an approved order."""
    house.start("chenjing", "order_execution", **variables(house, order_id))


def allocated(house: House, order_id: str, login: str = "chenjing") -> None:
    """Start it and take the proposal."""
    execute(house, order_id)
    page = house.open(login, "allocate_order")
    rows = [{**row, "responsible": "xieming"} for row in page.values["assignments"]]
    house.do(login, "allocate_order", "allocate", assignments=rows)


def planned(house: House, order_id: str, login: str = "chenjing") -> None:
    """Allocated, and the plain plan handed in."""
    allocated(house, order_id, login)
    page = house.open("xieming", "make_work_plan")
    house.do("xieming", "make_work_plan", "submit", steps=page.values["steps"])


def take(
    house: House,
    login: str,
    element_id: str,
    outcome: str,
    /,
    files: tuple[str, ...] = (),
    **changes: Any,
) -> None:
    """Complete a task with what its page proposes, changed here and there."""
    values = {**house.open(login, element_id).values, **changes}
    house.do(login, element_id, outcome, files=files, **values)


def checked(house: House) -> dict[str, Any]:
    """The self-check with everything open ticked as passed."""
    items = house.open("xieming", "self_check").values["items"]
    return {"items": [{**item, "result": item["result"] or "pass"} for item in items]}


def ready(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order whose goods are picked and checked; the id of its order."""
    order_id = approved(house, *lines, **changes)
    with house.platform.work(actor=SYSTEM) as work:
        stock.reserve_order(work, order_id=order_id, warehouse="上海")
        _move(work, order_id, *TO_READY)
        shipments.plan_shipments(work, order_id=order_id)
    return order_id


def shipment_of(house: House, order_id: str, number: int = -1) -> ShipmentFacts:
    """The latest shipment of an order."""
    with house.platform.read() as session:
        return shipments.order_shipments(session, order_id=order_id)[number]


def deliver(house: House, order_id: str) -> None:
    """Start the delivery of the order's only shipment."""
    house.start(
        "fengtao",
        "order_delivery",
        **variables(house, order_id),
        shipment_id=shipment_of(house, order_id).shipment_id,
    )


def prepare(house: House, seller: str = "chenjing", *, goods: bool = True) -> None:
    """The four preparations, all of them fine; without `goods` the other three."""
    if goods:
        house.do(
            "wugang",
            "prepare_goods",
            "ready",
            packing_ok=True,
            label_ok=True,
            quality_ok=True,
            qc_report="QC-1",
        )
    house.do(
        "fengtao",
        "prepare_transport",
        "ready",
        vehicle_or_booking="沪A12345",
        vehicle_ready=True,
        packing_material_ok=True,
        labels_ready=True,
    )
    take(house, seller, "agree_appointment", "confirmed")
    take(house, "xieming", "collect_documents", "complete", documents=ticked(house))


def ticked(house: House) -> list[dict[str, Any]]:
    """The document pack with every tick."""
    rows = house.open("xieming", "collect_documents").values["documents"]
    return [{**row, "accurate": True, "complete": True, "clear": True} for row in rows]


def dispatched(house: House, waybill: str = "SF1234567890", **changes: Any) -> None:
    """Prepared and sent off."""
    prepare(house, changes.pop("seller", "chenjing"))
    take(house, "fengtao", "choose_carrier", "dispatch", waybill=waybill, **changes)


def under_way(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order whose only shipment is on the road; the id of the order."""
    order_id = ready(house, *lines, **changes)
    deliver(house, order_id)
    dispatched(house)
    return order_id


def order(house: House, order_id: str) -> OrderRef:
    """The order as it stands."""
    with house.platform.read() as session:
        return order_ref(session, order_id=order_id)


def line(house: House, order_id: str, seq: int = 1) -> Any:
    """One line of the order, its numbers loaded."""
    with house.platform.read() as session:
        found = session.get(Order, as_id(order_id))
        assert found is not None
        row = found.lines[seq - 1]
        session.expunge(row)
        return row


def delivered(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order whose goods have arrived, signed for by the customer; its id."""
    order_id = ready(house, *lines, **changes)
    with house.platform.work(actor=SYSTEM) as work:
        found = work.session.get(Order, as_id(order_id))
        assert found is not None
        for row in found.lines:
            row.qty_shipped = row.qty
        for sent in work.session.scalars(select(Shipment).where(Shipment.order_id == found.id)):
            sent.state, sent.dispatched_at = "in_transit", work.now
            receipts.record_receipt(
                work,
                shipment_id=sent.id,
                received_at=work.now,
                signer="周工",
                mode="platform" if found.channel == "netease" else "signature",
                proof="签收单 000",
            )
        receipts.update_delivery_state(work, order_id=order_id)
    return order_id


def accepted(house: House, *lines: tuple[str, int], **changes: Any) -> str:
    """An order that the customer has accepted in full; its id."""
    order_id = delivered(house, *lines, **changes)
    with house.platform.work(actor=SYSTEM) as work:
        found = work.session.get(Order, as_id(order_id))
        assert found is not None
        for row in found.lines:
            row.qty_accepted = row.qty
        _move(work, order_id, "in_acceptance", "accepted")
    return order_id


def _move(work: Work, order_id: str, *to: str) -> None:
    for state in to:
        states.set_state(work, order_id=order_id, to=state)
