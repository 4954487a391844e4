"""What a customer may read of an order: its state in plain words, its goods, where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from jiedan.core.i18n import LocalText
from jiedan.desk.records import get_order
from jiedan.desk.shipments import ShipmentFacts, order_shipments
from jiedan.desk.states import OrderState
from jiedan.desk.tables import Carrier
from jiedan.desk.tracking import list_events
from jiedan.desk.values import Ref, Result, as_id

S = OrderState
STAGES = (
    LocalText("已收到", "Received"),
    LocalText("备货中", "In preparation"),
    LocalText("配送中", "On its way"),
    LocalText("已送达", "Delivered"),
    LocalText("已完成", "Completed"),
)
_CHECKING = LocalText("我们已收到您的订单，正在核对。", "We have your order and are checking it.")
_PREPARING = LocalText("我们正在为您准备订单。", "We are preparing your order.")
_CLOSED = LocalText("订单已完成，感谢您的惠顾。", "Your order is completed. Thank you.")
_NOT_PURSUED = LocalText("此订单不再继续。", "This order is no longer pursued.")
_WORDS: Mapping[OrderState, tuple[int, LocalText]] = {
    S.DRAFT: (0, _CHECKING),
    S.SUBMITTED: (0, _CHECKING),
    S.IN_REVIEW: (0, _CHECKING),
    S.RETURNED: (0, _CHECKING),
    S.PENDING_SPECIAL: (0, _CHECKING),
    S.APPROVED: (1, LocalText("我们已接受您的订单。", "We have accepted your order.")),
    S.CONTRACT_PENDING: (1, LocalText("合同正在签订中。", "The contract is being signed.")),
    S.AWAITING_DEPOSIT: (
        1,
        LocalText("收到定金后我们即开始备货。", "We begin as soon as your deposit has arrived."),
    ),
    S.ALLOCATED: (1, _PREPARING),
    S.PLANNED: (1, _PREPARING),
    S.IN_EXECUTION: (1, _PREPARING),
    S.READY: (1, LocalText("货物已备好，即将发出。", "Your goods are ready to be sent.")),
    S.PARTIALLY_DELIVERED: (
        2,
        LocalText("部分货物已送达，其余随后送达。", "Part has been delivered, the rest follows."),
    ),
    S.DELIVERED: (3, LocalText("货物已送达。", "Your goods have been delivered.")),
    S.IN_ACCEPTANCE: (
        3,
        LocalText("货物已送达，请您验收。", "Your goods are there. Please look at them."),
    ),
    S.ACCEPTANCE_ISSUE: (
        3,
        LocalText("我们正在处理您反映的问题。", "We are looking into what you told us."),
    ),
    S.ACCEPTED: (4, LocalText("您已验收货物。", "You have accepted the goods.")),
    S.RETURNED_FULL: (4, LocalText("货物已全部退回。", "All goods have come back to us.")),
    S.SETTLED: (4, _CLOSED),
    S.CLOSED: (4, _CLOSED),
    S.REJECTED: (
        0,
        LocalText("很抱歉，我们无法接受此订单。", "We are sorry, we cannot take it."),
    ),
    S.LOST: (0, _NOT_PURSUED),
    S.EXPIRED: (0, _NOT_PURSUED),
    S.CANCELLING: (0, LocalText("订单正在取消。", "Your order is being cancelled.")),
    S.CANCELLED: (0, LocalText("订单已取消。", "Your order was cancelled.")),
}
_ON_ITS_WAY = LocalText("货物正在配送途中。", "Your goods are on their way.")
_OVER = frozenset({S.REJECTED, S.LOST, S.EXPIRED, S.CANCELLING, S.CANCELLED, S.RETURNED_FULL})
_SHIPMENT: Mapping[str, LocalText] = {
    "preparing": LocalText("备货中", "being packed"),
    "ready": LocalText("待发出", "ready to go"),
    "in_transit": LocalText("配送中", "on its way"),
    "exception": LocalText("配送中，有延误", "on its way, delayed"),
    "delivered": LocalText("已送达", "delivered"),
    "closed": LocalText("已送达", "delivered"),
    "refused": LocalText("未收下，退回中", "not taken, on its way back"),
    "lost": LocalText("运输中遗失，我们会与您联系", "lost on the way; we will call you"),
}
_SCANS: Mapping[str, LocalText] = {
    "picked": LocalText("已揽收", "picked up"),
    "in_transit": LocalText("运输中", "in transit"),
    "out_for_delivery": LocalText("派送中", "out for delivery"),
    "delivered": LocalText("已送到", "arrived"),
    "exception": LocalText("运输有延误", "delayed"),
    "returned": LocalText("退回中", "on its way back"),
}


@dataclass(frozen=True, slots=True)
class GoodsLine(Result):
    """A line of goods without any price."""

    name: str
    spec: str
    qty: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Scan(Result):
    """Where a shipment was seen."""

    what: LocalText | str
    at: datetime
    place: str | None


@dataclass(frozen=True, slots=True)
class Parcel(Result):
    """A shipment as the customer sees it."""

    shipment_id: str
    number: str
    state: LocalText | str
    carrier: str | None
    waybill: str | None
    eta: datetime | None
    dispatched_at: datetime | None
    delivered_at: datetime | None
    lines: list[GoodsLine]
    scans: list[Scan]


@dataclass(frozen=True, slots=True)
class CustomerView(Result):
    """An order as the customer sees it; ``stage`` counts in STAGES, None for one that is over."""

    order_no: str
    their_no: str | None
    ordered_on: datetime
    stage: int | None
    words: LocalText
    promised_date: date | None
    lines: list[GoodsLine]
    parcels: list[Parcel]


def customer_view(session: Session, *, order_id: Ref) -> CustomerView:
    """The public facts of an order: no price, no name, no note (SPEC E35)."""
    order = get_order(session, order_id)
    state = OrderState(order.state)
    sent = [one for one in order_shipments(session, order_id=order.id) if one.state in _SHIPMENT]
    stage, words = _WORDS[state]
    if state is S.READY and any(one.state == "in_transit" for one in sent):
        stage, words = 2, _ON_ITS_WAY
    return CustomerView(
        order_no=order.number or "",
        their_no=order.customer_po_no,
        ordered_on=order.created_at,
        stage=None if state in _OVER else stage,
        words=words,
        promised_date=order.promised_date,
        lines=[
            GoodsLine(line.description or line.sku, line.spec or "", line.qty, line.unit)
            for line in order.lines
            if line.state != "cancelled"
        ],
        parcels=[_parcel(session, one) for one in sent],
    )


def _parcel(session: Session, facts: ShipmentFacts) -> Parcel:
    carrier_id = as_id(facts.carrier_id) if facts.carrier_id else None
    carrier = session.get(Carrier, carrier_id) if carrier_id else None
    return Parcel(
        shipment_id=facts.shipment_id,
        number=facts.shipment_no,
        state=_SHIPMENT[facts.state],
        carrier=carrier.name if carrier else None,
        waybill=facts.waybill,
        eta=facts.eta,
        dispatched_at=facts.dispatched_at,
        delivered_at=facts.delivered_at,
        lines=[
            GoodsLine(row["description"] or row["sku"], "", row["qty"], row["unit"])
            for row in facts.lines
        ],
        # Places and words of the carrier only: notes are for the house.
        scans=[
            Scan(_SCANS.get(one["code"], one["code"]), one["at"], one["place"])
            for one in reversed(list_events(session, shipment_id=facts.shipment_id))
        ],
    )
