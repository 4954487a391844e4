"""The demo company's base data: whom it sells to, what it sells, who carries it (SPEC S6.0)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.carriers import add_carrier
from jiedan.desk.catalogue import add_item
from jiedan.desk.contracts import add_contract
from jiedan.desk.credit import save_profile
from jiedan.desk.customers import blacklist_customer, register_customer
from jiedan.desk.demo_bulk import load_bulk
from jiedan.desk.platform_orders import map_sku
from jiedan.desk.pricing import add_policy, approve_policy
from jiedan.desk.records import get_customer
from jiedan.desk.stock import expect_stock, receive_stock
from jiedan.desk.tables import Customer, Invoice
from jiedan.desk.uscc import check_digit
from jiedan.desk.values import add, shanghai_date

CLASS_DISCOUNT = {"A": 8, "B": 5}
"""Per cent off the list by customer class (SPEC D01)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A product of SPEC S6.0; prices in yuan."""

    sku: str
    name: str
    name_en: str
    type: str
    unit: str
    list_yuan: int
    floor_yuan: int
    details: dict[str, Any]
    state: str = "active"


ITEMS = (
    Item(
        "P-1001",
        "工业温控器 T100",
        "Industrial thermostat T100",
        "stock",
        "台",
        1200,
        900,
        {"weight_g": 1200, "lead_wd": 5, "warranty_days": 365, "returnable": True},
    ),
    Item(
        "P-2001",
        "定制配电柜 C200",
        "Custom power cabinet C200",
        "mto",
        "台",
        38000,
        30400,
        {
            "weight_g": 180000,
            "lead_wd": 15,
            "warranty_days": 730,
            "returnable": False,
            "components": [{"sku": "M-0801", "name": "接触器", "qty": 8}],
            "doc_pack": ["manual", "qc_report", "delivery_note"],
        },
    ),
    Item(
        "P-3001",
        "安装与能耗审计服务",
        "Installation and energy audit",
        "service",
        "人天",
        2000,
        1600,
        {"skills": ["电工证"], "lead_wd": 3, "returnable": False, "tax_pct": 6},
    ),
    Item(
        "P-4001",
        "能耗分析软件许可",
        "Energy analysis licence",
        "electronic",
        "套",
        5000,
        3500,
        {"lead_wd": 1, "returnable": False},
    ),
    Item(
        "P-5001",
        "智能插座",
        "Smart plug",
        "stock",
        "个",
        89,
        60,
        {"weight_g": 180, "lead_wd": 2, "returnable": True, "channels": ["netease"]},
    ),
    Item(
        "P-9001",
        "旧款控制器",
        "Old controller",
        "stock",
        "台",
        700,
        500,
        {"weight_g": 1500},
        "discontinued",
    ),
)
STOCK = (
    ("P-1001", "上海", 300),
    ("P-1001", "广州", 120),
    ("P-1001", "成都", 80),
    ("P-5001", "电商仓", 2000),
)
CARRIERS = (
    ("SFE", "顺丰达快运", 96, ("express", "freight"), 1800),
    ("DBW", "德邦威物流", 91, ("freight",), 1200),
    ("ZTX", "中通祥速递", 88, ("express",), 900),
    ("YDT", "远道专线", 84, ("freight",), 800),
    ("KJH", "快捷河运", 72, ("freight",), 500),
)
"""Code, name, score, methods and usual price in fen; the last one is below the needed score."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer of SPEC S6.0 with class, credit and money, amounts in yuan."""

    number: str
    name: str
    kind: str
    province: str
    city: str
    detail: str
    contact: str
    phone: str
    customer_class: str
    owner: str | None
    paid_12m: int = 0
    score: int | None = None
    grade: str | None = None
    limit: int = 0
    term: int = 0
    deposit: int = 0
    opening: int = 0
    overdue: int = 0


ACCOUNTS = (
    Account(
        "KH000001",
        "华东精工有限公司",
        "company",
        "上海",
        "上海",
        "嘉定区安亭镇创新路 88 号",
        "沈国平",
        "13812340001",
        "A",
        "chenjing",
        8_000_000,
        91,
        "A",
        2_000_000,
        60,
        0,
        300_000,
    ),
    Account(
        "KH000002",
        "南山电子厂",
        "company",
        "广东",
        "深圳",
        "南山区科苑北路 16 号",
        "梁志远",
        "13823450002",
        "B",
        "zhaolei",
        2_400_000,
        74,
        "B",
        500_000,
        30,
        20,
        420_000,
    ),
    Account(
        "KH000003",
        "北原贸易有限公司",
        "company",
        "河北",
        "石家庄",
        "裕华区槐安东路 120 号",
        "耿立新",
        "13834560003",
        "C",
        "chenjing",
        160_000,
        60,
        "C",
        100_000,
        15,
        50,
        38_000,
        35,
    ),
    Account(
        "KH000004",
        "黑石工贸有限公司",
        "company",
        "山西",
        "大同",
        "云冈区矿工路 5 号",
        "薛大勇",
        "13845670004",
        "C",
        "zhaolei",
        0,
        20,
        "E",
    ),
    Account(
        "KH000005",
        "西部新能科技有限公司",
        "company",
        "四川",
        "成都",
        "高新区天府大道 300 号",
        "罗晓彤",
        "13856780005",
        "NEW",
        "zhaolei",
    ),
    Account(
        "KH000006",
        "李女士",
        "consumer",
        "浙江",
        "杭州",
        "西湖区文三路 90 号 3 幢 502",
        "李女士",
        "13867890006",
        "CONSUMER",
        None,
    ),
    Account(
        "KH000007",
        "杭州云帆科技有限公司",
        "company",
        "浙江",
        "杭州",
        "余杭区文一西路 998 号",
        "程一帆",
        "13878900007",
        "NEW",
        "hanxue",
    ),
)
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
