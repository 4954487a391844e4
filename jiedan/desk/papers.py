"""What printed papers say beyond the order's page: contracts, inspections, invoices, returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.numbering import NumberInvalid, check_number
from jiedan.desk.billing import order_amounts
from jiedan.desk.masking import mask_id, mask_name
from jiedan.desk.order_page import OrderPage
from jiedan.desk.records import get_order
from jiedan.desk.returns import refund_of
from jiedan.desk.tables import (
    Carrier,
    Contract,
    Invoice,
    Order,
    OrderLine,
    ProductionOrder,
    QualityInspection,
    Return,
)
from jiedan.desk.values import Result, as_id


@dataclass(frozen=True, slots=True)
class ContractPaper(Result):
    """A contract over one order, with its terms as they were written down."""

    number: str
    state: str
    template: str | None
    amends: str | None
    amount_fen: int | None
    terms: dict[str, Any]
    acceptance_days: int
    liability_cap_pct: Decimal
    deemed_acceptance: bool
    valid_from: date
    valid_until: date | None
    signed_on: date | None
    sign_mode: str | None


@dataclass(frozen=True, slots=True)
class InspectionPaper(Result):
    """What quality looked at in one production order, and found."""

    inspection_id: str
    production_no: str
    line: int
    sku: str
    description: str
    spec: str
    unit: str
    kind: str
    lot: Decimal
    sample_size: int
    step: str | None
    defects: list[dict[str, Any]]
    measurements: list[dict[str, Any]]
    qty_bad: Decimal
    result: str
    note: str | None
    inspector: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InvoicePaper(Result):
    """What an invoice is asked for, or was; without a number it covers what is still open."""

    number: str | None
    state: str | None
    type: str | None
    title: str
    tax_no: str
    amount_fen: int
    e_invoice_no: str | None
    issued_on: date | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class ReturnPaper(Result):
    """Goods that come back, with what they are; money in fen."""

    number: str
    state: str
    reason: str
    want: str
    decision: str | None
    freight_by: str | None
    lines: list[dict[str, Any]]
    asked_at: datetime
    received_at: datetime | None
    goods_fen: int
    freight_fen: int
    deduction_fen: int
    refund_fen: int


def order_contracts(session: Session, *, order: OrderPage) -> list[ContractPaper]:
    """The contracts made for this order, oldest first; frameworks belong to the customer."""
    rows = session.scalars(
        select(Contract)
        .where(Contract.order_id == as_id(order.order_id))
        .order_by(Contract.created_at, Contract.number)
    ).all()
    numbers = {row.id: row.number for row in rows}
    return [
        ContractPaper(
            number=row.number,
            state=row.state,
            template=row.template,
            amends=numbers.get(row.amends_id) if row.amends_id else None,
            amount_fen=row.amount_fen,
            terms=dict(row.terms),
            acceptance_days=row.acceptance_days,
            liability_cap_pct=row.liability_cap_pct,
            deemed_acceptance=row.deemed_acceptance,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            signed_on=row.signed_on,
            sign_mode=row.sign_mode,
        )
        for row in rows
    ]


def order_inspections(session: Session, *, order: OrderPage) -> list[InspectionPaper]:
    """Every inspection of what was made for this order, oldest first."""
    rows = session.execute(
        select(QualityInspection, ProductionOrder, OrderLine)
        .join(ProductionOrder, ProductionOrder.id == QualityInspection.production_id)
        .join(OrderLine, OrderLine.id == ProductionOrder.order_line_id)
        .where(ProductionOrder.order_id == as_id(order.order_id))
        .order_by(QualityInspection.created_at, QualityInspection.id)
    )
    return [
        InspectionPaper(
            inspection_id=str(found.id),
            production_no=made.number,
            line=made.seq,
            sku=made.sku,
            description=line.description,
            spec=line.spec,
            unit=line.unit,
            kind=found.kind,
            lot=found.lot,
            sample_size=found.sample_size,
            step=found.step,
            defects=list(found.defects),
            measurements=list(found.measurements),
            qty_bad=found.qty_bad,
            result=found.result,
            note=found.note,
            inspector=found.inspector,
            at=found.created_at,
        )
        for found, made, line in rows
    ]


def order_invoices(session: Session, *, order: OrderPage) -> list[InvoicePaper]:
    """The invoices of this order; title and tax number masked as the order is."""
    rows = session.scalars(
        select(Invoice).where(Invoice.order_id == as_id(order.order_id)).order_by(Invoice.number)
    )
    return [
        InvoicePaper(
            number=row.number,
            state=row.state,
            type=row.type,
            title=_title(row.title, order),
            tax_no=_tax_no(row.tax_no, order),
            amount_fen=row.amount_fen,
            e_invoice_no=row.e_invoice_no,
            issued_on=row.issued_on,
            due_on=row.due_on,
        )
        for row in rows
    ]


def invoice_wish(session: Session, *, order: OrderPage) -> InvoicePaper:
    """What is to be invoiced next: delivered and not invoiced yet, as the customer wants it."""
    row = get_order(session, order.order_id)
    return InvoicePaper(
        number=None,
        state=None,
        type=row.invoice_type,
        title=_title(row.invoice_title, order),
        tax_no=_tax_no(row.tax_no, order),
        amount_fen=max(order_amounts(session, order_id=row.id).invoiceable_fen, 0),
        e_invoice_no=None,
        issued_on=None,
        due_on=None,
    )


def order_returns(session: Session, *, order: OrderPage) -> list[ReturnPaper]:
    """The returns of this order, oldest first."""
    lines = {line.seq: line for line in order.lines}
    rows = session.scalars(
        select(Return).where(Return.order_id == as_id(order.order_id)).order_by(Return.number)
    )
    return [
        ReturnPaper(
            number=row.number,
            state=row.state,
            reason=row.reason,
            want=row.want,
            decision=row.decision,
            freight_by=row.freight_by,
            lines=[
                {
                    "line": one["line"],
                    "sku": lines[one["line"]].sku,
                    "description": lines[one["line"]].description,
                    "unit": lines[one["line"]].unit,
                    "qty": one["qty"],
                    "condition": one.get("condition"),
                }
                for one in row.lines
            ],
            asked_at=row.created_at,
            received_at=row.received_at,
            goods_fen=row.goods_fen,
            freight_fen=row.freight_fen,
            deduction_fen=row.deduction_fen,
            refund_fen=refund_of(session, return_id=row.id),
        )
        for row in rows
    ]


def order_of_paper(session: Session, *, number: str) -> str | None:
    """The number of the order that a contract or a return with this number belongs to."""
    try:
        found = check_number(number)
    except NumberInvalid:
        return None
    for kind in (Contract, Return):
        order_no: str | None = session.scalar(
            select(Order.number).join(kind, kind.order_id == Order.id).where(kind.number == found)
        )
        if order_no:
            return order_no
    return None


def carrier_name(session: Session, *, carrier_id: str | None) -> str | None:
    """What a carrier is called."""
    row = session.get(Carrier, as_id(carrier_id)) if carrier_id else None
    return row.name if row else None


def _title(title: str | None, order: OrderPage) -> str:
    # A company's name is no secret on its invoice, a consumer's name is (SPEC S3.3).
    consumer = order.customer is not None and order.customer.kind == "consumer"
    return mask_name(title) if order.masked and consumer else title or ""


def _tax_no(number: str | None, order: OrderPage) -> str:
    return mask_id(number) if order.masked else number or ""
