"""The demo company's base data: whom it sells to, what it sells, who carries it (SPEC S6.0)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.carriers import add_carrier
from jiedan.desk.catalogue import add_item
from jiedan.desk.contracts import add_contract
from jiedan.desk.credit import save_profile
from jiedan.desk.customers import blacklist_customer, register_customer
from jiedan.desk.demo_bulk import load_bulk
from jiedan.desk.demo_data import ACCOUNTS, CARRIERS, ITEMS, STOCK, Account
from jiedan.desk.platform_orders import map_sku
from jiedan.desk.pricing import add_policy, approve_policy
from jiedan.desk.records import get_customer
from jiedan.desk.stock import expect_stock, receive_stock
from jiedan.desk.tables import Customer, Invoice
from jiedan.desk.uscc import check_digit
from jiedan.desk.values import add, shanghai_date

CLASS_DISCOUNT = {"A": 8, "B": 5}
"""Per cent off the list by customer class (SPEC D01)."""


BLACKLISTED = "KH000004"
FRAMEWORK = "KH000001"


def load_base(work: Work) -> bool:
    """Enter the base data once; returns whether there was anything to do."""
    if work.session.scalar(select(Customer.id).limit(1)) is not None:
        return False
    today = shanghai_date(work.now)
    _load_items(work, today)
    for code, name, score, methods, cost in CARRIERS:
        add_carrier(
            work,
            code=code,
            name=name,
            score=score,
            methods=methods,
            cost_fen=cost,
            contract_no=f"WL-{today.year}-{code}",
            valid_until=date(today.year, 12, 31),
        )
    for account in ACCOUNTS:
        _load_account(work, account, today)
    load_bulk(work)
    return True


def demo_uscc(seed: int) -> str:
    """A made-up code with a right check digit, from a range that no authority gives out."""
    body = f"91999999MA{seed:07d}"
    return body + check_digit(body)


def _load_items(work: Work, today: date) -> None:
    for item in ITEMS:
        add_item(
            work,
            sku=item.sku,
            name=item.name,
            name_en=item.name_en,
            type=item.type,
            unit=item.unit,
            state=item.state,
            qty_step=Decimal("0.5") if item.type == "service" else 1,
            moq=Decimal("0.5") if item.type == "service" else 1,
            **item.details,
        )
        policy = add_policy(
            work,
            sku=item.sku,
            list_fen=item.list_yuan * 100,
            floor_fen=item.floor_yuan * 100,
            valid_from=date(today.year, 1, 1),
            class_discount=CLASS_DISCOUNT,
        )
        approve_policy(work, policy_id=policy)
        map_sku(work, platform="netease", platform_sku=f"NE-{item.sku[2:]}", sku=item.sku)
    for sku, warehouse, qty in STOCK:
        receive_stock(work, sku=sku, warehouse=warehouse, qty=qty, note="opening")
    expect_stock(
        work, sku="P-1001", warehouse="上海", qty=200, expected_on=today + timedelta(days=10)
    )


def _load_account(work: Work, account: Account, today: date) -> None:
    # The series must pass over the numbers that SPEC S6.0 fixes.
    number = take_number(work, kind="customer")
    if number != account.number:
        raise ValueError(f"the base data begin at {account.number}, not {number}")
    facts = register_customer(
        work,
        number=number,
        name=account.name,
        kind=account.kind,
        uscc=demo_uscc(int(number[2:])) if account.kind == "company" else None,
        province=account.province,
        city=account.city,
        address=account.detail,
        contact_name=account.contact,
        phone=account.phone,
        customer_class=account.customer_class,
        owner=account.owner,
        source="netease:u-1006" if account.kind == "consumer" else "demo",
        scale="large" if account.customer_class == "A" else "medium",
        industry="制造" if account.kind == "company" else None,
    )
    customer = get_customer(work.session, facts.customer_id)
    customer.paid_12m_fen = account.paid_12m * 100
    if account.grade is not None:
        save_profile(
            work,
            customer_id=customer.id,
            score=account.score or 0,
            grade=account.grade,
            limit_fen=account.limit * 100,
            term_days=account.term,
            deposit_pct=account.deposit,
            valid_until=today + timedelta(days=180),
            scorer="lifang",
            reviewer="zhouhang",
        )
    if account.opening:
        _opening_invoice(work, customer, account, today)
    if account.number == FRAMEWORK:
        add_contract(
            work,
            customer_id=customer.id,
            kind="framework",
            valid_from=date(today.year, 1, 1),
            valid_until=date(today.year, 12, 31),
            acceptance_days=7,
            liability_cap_pct=10,
            state="archived",
        )
    if account.number == BLACKLISTED:
        blacklist_customer(work, customer_id=customer.id, reason="多次恶意拖欠货款")


def _opening_invoice(work: Work, customer: Customer, account: Account, today: date) -> None:
    due = (
        today - timedelta(days=account.overdue)
        if account.overdue
        else today + timedelta(days=account.term)
    )
    add(
        work,
        Invoice(
            number=f"QC{today.year}-{account.number}",
            order_id=None,
            customer_id=customer.id,
            type="vat_special",
            title=account.name,
            tax_no=customer.uscc,
            amount_fen=account.opening * 100,
            e_invoice_no=None,
            issued_on=due - timedelta(days=account.term),
            due_on=due,
        ),
    )
