"""Everything that the page of one order shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from jiedan.desk.acceptances import AcceptanceFacts, acceptance_facts
from jiedan.desk.allocation import Progress, list_milestones, milestone_facts, progress_of
from jiedan.desk.approval_conditions import ConditionFacts, list_conditions
from jiedan.desk.approvals import ApprovalFacts, list_approvals
from jiedan.desk.cancellations import list_cancellations
from jiedan.desk.changes import list_changes
from jiedan.desk.customers import CustomerFacts, customer_facts
from jiedan.desk.evaluations import EvaluationFacts, evaluation_facts
from jiedan.desk.holds import Hold, open_holds
from jiedan.desk.inquiries import InquiryFacts, find_inquiry
from jiedan.desk.invoices import InvoiceFacts, list_invoices
from jiedan.desk.issues import IssueFacts, list_issues
from jiedan.desk.masking import mask_address, mask_name, mask_phone
from jiedan.desk.order_refs import find_order
from jiedan.desk.orders import list_contacts
from jiedan.desk.platform_orders import order_platform_order
from jiedan.desk.production import list_production
from jiedan.desk.records import get_order
from jiedan.desk.returns import list_returns, refund_of
from jiedan.desk.reviews import Reviewed, list_reviews
from jiedan.desk.settlement import Balance, settlement_balance
from jiedan.desk.shipments import ShipmentFacts, order_shipments
from jiedan.desk.tables import Order, OrderLine
from jiedan.desk.timeline import Stage, Step, order_timeline, progress_steps
from jiedan.desk.values import Ref, Result, as_id, clean


@dataclass(frozen=True, slots=True)
class LineView(Result):
    """A line on the order's page."""

    seq: int
    sku: str
    description: str
    spec: str
    qty: Decimal
    unit: str
    unit_price_fen: int
    discount_pct: Decimal
    amount_fen: int
    policy_fen: int | None
    dev_pct: Decimal | None
    fulfil: str
    line_due: date | None
    qty_reserved: Decimal
    qty_shipped: Decimal
    qty_delivered: Decimal
    qty_accepted: Decimal
    qty_rejected: Decimal
    qty_cancelled: Decimal


@dataclass(frozen=True, slots=True)
class OrderPage(Result):
    """An order with all that belongs to it; personal data is masked unless asked for in clear."""

    order_id: str
    order_no: str | None
    channel: str
    kind: str | None
    state: str
    state_reason: str | None
    version: int
    held: bool
    created_at: datetime
    updated_at: datetime
    customer: CustomerFacts | None
    customer_name: str | None
    customer_po_no: str | None
    platform_order_no: str | None
    total_fen: int
    net_fen: int
    tax_fen: int
    deposit_fen: int
    payment_method: str | None
    term_days: int | None
    delivery_date: date | None
    promised_date: date | None
    place: str
    receiver: str
    receiver_phone: str
    masked: bool
    partial_ok: bool
    service_req: str | None
    invoice_title: str | None
    invoice_type: str | None
    owner: str | None
    accepted_by: str | None
    entered_by: str | None
    department: str | None
    warehouse: str | None
    risk_level: str | None
    review_round: int
    lines: list[LineView]
    holds: list[Hold]
    steps: list[Step]
    stages: list[Stage]
    reviews: list[Reviewed]
    approvals: list[ApprovalFacts]
    conditions: list[ConditionFacts]
    evaluation: EvaluationFacts | None
    inquiry: InquiryFacts | None
    progress: Progress
    milestones: list[dict[str, Any]]
    shipments: list[ShipmentFacts]
    acceptance: AcceptanceFacts | None
    issues: list[IssueFacts]
    invoices: list[InvoiceFacts]
    balance: Balance
    contacts: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    """Cancellations, changes and returns: kind, number, state, what, and an amount in fen."""
    production: list[dict[str, Any]]


def show_order(session: Session, *, ref: Ref, now: datetime, clear: bool = False) -> OrderPage:
    """The page of an order by id or number.

    ``clear`` shows receiver, phone and address unmasked: only for readers whom SPEC S3.3 allows
    that, and the view must be audited by the caller.
    """
    if as_id(ref) is None:
        ref = find_order(session, number=str(ref)).order_id
    order = get_order(session, ref)
    key = order.id
    customer = customer_facts(session, customer_id=order.customer_id) if order.customer_id else None
    source = order_platform_order(session, order_id=key)
    stages = order_timeline(session, order_id=key)
    milestones = list_milestones(session, order_id=key)
    return OrderPage(
        order_id=str(key),
        order_no=order.number,
        channel=order.channel,
        kind=order.kind,
        state=order.state,
        state_reason=order.state_reason,
        version=order.version,
        held=order.held,
        created_at=order.created_at,
        updated_at=order.updated_at,
        customer=customer,
        customer_name=_customer_name(customer, clear),
        customer_po_no=order.customer_po_no,
        platform_order_no=source.platform_order_no if source else None,
        total_fen=order.total_fen,
        net_fen=order.net_fen,
        tax_fen=order.tax_fen,
        deposit_fen=order.deposit_fen,
        payment_method=order.payment_method,
        term_days=order.term_days,
        delivery_date=order.delivery_date,
        promised_date=order.promised_date,
        **_receiver(order, clear),
        masked=not clear,
        partial_ok=order.partial_ok,
        service_req=order.service_req,
        invoice_title=order.invoice_title,
        invoice_type=order.invoice_type,
        owner=order.owner,
        accepted_by=order.accepted_by,
        entered_by=order.entered_by,
        department=order.department,
        warehouse=order.warehouse,
        risk_level=order.risk_level,
        review_round=order.review_round,
        lines=[_line(line) for line in order.lines],
        holds=open_holds(session, order_id=key),
        steps=progress_steps(stages),
        stages=stages,
        reviews=list_reviews(session, order_id=key),
        approvals=list_approvals(session, order_id=key),
        conditions=list_conditions(session, order_id=key),
        evaluation=evaluation_facts(session, order_id=key),
        inquiry=find_inquiry(session, order_id=key),
        progress=progress_of(key, milestones, now),
        milestones=[milestone_facts(row) for row in milestones],
        shipments=order_shipments(session, order_id=key),
        acceptance=acceptance_facts(session, order_id=key),
        issues=list_issues(session, order_id=key),
        invoices=list_invoices(session, order_id=key),
        balance=settlement_balance(session, order_id=key),
        contacts=[
            {
                "at": log.at,
                "purpose": log.purpose,
                "way": log.way,
                "result": log.result,
                "by": log.logged_by,
            }
            for log in list_contacts(session, order_id=key)
        ],
        requests=_requests(session, key),
        production=[
            {
                "number": one.number,
                "line": one.line,
                "qty": one.qty,
                "qty_good": one.qty_good,
                "progress_pct": one.progress_pct,
                "state": one.state,
            }
            for one in list_production(session, order_id=key)
        ],
    )


def _requests(session: Session, order_id: Ref) -> list[dict[str, Any]]:
    """What was asked of the order on its way; addresses and phones stay in the tasks."""
    return [
        *(
            {
                "kind": "cancellation",
                "number": None,
                "state": one.state,
                "what": one.reason,
                "fen": one.fee_fen,
            }
            for one in list_cancellations(session, order_id=order_id)
        ),
        *(
            {
                "kind": "change",
                "number": one.number,
                "state": one.state,
                "what": one.reason,
                "fen": one.total_after_fen,
            }
            for one in list_changes(session, order_id=order_id)
        ),
        *(
            {
                "kind": "return",
                "number": one.number,
                "state": one.state,
                "what": one.want,
                "fen": refund_of(session, return_id=one.return_id),
            }
            for one in list_returns(session, order_id=order_id)
        ),
    ]


def _customer_name(customer: CustomerFacts | None, clear: bool) -> str | None:
    if customer is None:
        return None
    hide = customer.kind == "consumer" and not clear
    return mask_name(customer.name) if hide else customer.name


def _receiver(order: Order, clear: bool) -> dict[str, str]:
    if not clear:
        return {
            "place": mask_address(order.province, order.city, order.district, order.detail),
            "receiver": mask_name(order.receiver),
            "receiver_phone": mask_phone(order.receiver_phone),
        }
    start = "" if (order.city or "").startswith(order.province or "") else order.province
    parts = (start, order.city, order.district, order.detail)
    return {
        "place": "".join(clean(part) for part in parts),
        "receiver": order.receiver or "",
        "receiver_phone": order.receiver_phone or "",
    }


def _line(line: OrderLine) -> LineView:
    return LineView(
        seq=line.seq,
        sku=line.sku,
        description=line.description,
        spec=line.spec,
        qty=line.qty,
        unit=line.unit,
        unit_price_fen=line.unit_price_fen,
        discount_pct=line.discount_pct,
        amount_fen=line.amount_fen,
        policy_fen=line.policy_fen,
        dev_pct=line.dev_pct,
        fulfil=line.fulfil,
        line_due=line.line_due,
        qty_reserved=line.qty_reserved,
        qty_shipped=line.qty_shipped,
        qty_delivered=line.qty_delivered,
        qty_accepted=line.qty_accepted,
        qty_rejected=line.qty_rejected,
        qty_cancelled=line.qty_cancelled,
    )
