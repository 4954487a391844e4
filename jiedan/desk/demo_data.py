"""The products, carriers and customers of SPEC S6.0, word for word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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


# Code, name, score, methods and usual price in fen; the last is below the needed score.
CARRIERS = (
    ("JYD", "捷远达快运", 96, ("express", "freight"), 1800),
    ("SHW", "山海威物流", 91, ("freight",), 1200),
    ("XYS", "祥云速递", 88, ("express",), 900),
    ("YDT", "远道专线", 84, ("freight",), 800),
    ("CHS", "长河水运", 72, ("freight",), 500),
)


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
