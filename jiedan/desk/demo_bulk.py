"""More made-up customers and products for the demo, so that lists have something to show."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from jiedan.core.work import Work
from jiedan.desk.catalogue import add_item
from jiedan.desk.credit import save_profile
from jiedan.desk.customers import register_customer
from jiedan.desk.leads import add_lead
from jiedan.desk.pricing import add_policy, approve_policy
from jiedan.desk.records import get_customer
from jiedan.desk.stock import receive_stock
from jiedan.desk.uscc import check_digit
from jiedan.desk.values import shanghai_date

# Name, English name, kind, unit, list price in yuan, weight in grams, lead time in working days.
PRODUCTS = (
    ("温度传感器 PT100", "Temperature sensor PT100", "stock", "支", 168, 120, 3),
    ("湿度变送器 H50", "Humidity transmitter H50", "stock", "台", 460, 300, 3),
    ("压力变送器 P80", "Pressure transmitter P80", "stock", "台", 880, 650, 4),
    ("智能电表 E300", "Smart meter E300", "stock", "台", 560, 900, 3),
    ("网关 G10", "Gateway G10", "stock", "台", 1680, 480, 5),
    ("工业交换机 S08", "Industrial switch S08", "stock", "台", 1250, 1100, 5),
    ("变频器 V15", "Frequency inverter V15", "stock", "台", 3200, 5200, 7),
    ("伺服电机 M750", "Servo motor M750", "stock", "台", 2680, 4300, 7),
    ("断路器 B63", "Circuit breaker B63", "stock", "个", 135, 260, 2),
    ("导轨电源 D24", "DIN rail power supply D24", "stock", "台", 245, 420, 3),
    ("触摸屏 T07", "Touch panel T07", "stock", "台", 1980, 850, 5),
    ("可编程控制器 L16", "Programmable controller L16", "stock", "台", 2350, 720, 5),
    ("定制控制箱 K50", "Custom control box K50", "mto", "台", 8600, 26000, 10),
    ("定制线束 W20", "Custom wiring harness W20", "mto", "套", 420, 1500, 8),
    ("光伏汇流箱 F16", "Photovoltaic combiner F16", "mto", "台", 12800, 42000, 12),
    ("年度维护服务", "Annual maintenance", "service", "人天", 1800, 0, 3),
    ("远程调试服务", "Remote commissioning", "service", "人天", 1200, 0, 2),
    ("设备联网软件许可", "Device connectivity licence", "electronic", "套", 3200, 0, 1),
    ("能耗报表模板包", "Energy report templates", "electronic", "套", 680, 0, 1),
    ("接触器 J32", "Contactor J32", "stock", "个", 96, 340, 3),
)
# Name, province, city, scale.
COMPANIES = (
    ("苏锦自动化有限公司", "江苏", "苏州", "large"),
    ("甬江阀门制造有限公司", "浙江", "宁波", "medium"),
    ("皖北智造有限公司", "安徽", "蚌埠", "medium"),
    ("闽海冷链设备有限公司", "福建", "厦门", "medium"),
    ("赣江铜业设备厂", "江西", "鹰潭", "small"),
    ("鲁岳机床有限公司", "山东", "泰安", "large"),
    ("津港装备有限公司", "天津", "天津", "large"),
    ("燕山水泥装备有限公司", "河北", "唐山", "medium"),
    ("晋源矿山机电有限公司", "山西", "太原", "medium"),
    ("蒙原乳品设备有限公司", "内蒙古", "呼和浩特", "medium"),
    ("豫中食品机械有限公司", "河南", "郑州", "medium"),
    ("楚天轨道电气有限公司", "湖北", "武汉", "large"),
    ("湘岳工程机械有限公司", "湖南", "长沙", "large"),
    ("珠江包装机械有限公司", "广东", "佛山", "medium"),
    ("莞城精密模具有限公司", "广东", "东莞", "medium"),
    ("桂林山水酒店管理有限公司", "广西", "桂林", "small"),
    ("琼岛热带农业有限公司", "海南", "海口", "small"),
    ("渝江汽配有限公司", "重庆", "重庆", "large"),
    ("蜀光光电有限公司", "四川", "绵阳", "medium"),
    ("黔山茶业有限公司", "贵州", "遵义", "small"),
    ("滇池环保工程有限公司", "云南", "昆明", "medium"),
    ("秦岭航空零部件有限公司", "陕西", "西安", "large"),
    ("陇原风电服务有限公司", "甘肃", "酒泉", "medium"),
    ("宁夏枸杞深加工厂", "宁夏", "银川", "small"),
    ("天山纺织设备有限公司", "新疆", "乌鲁木齐", "medium"),
    ("辽海造船配套有限公司", "辽宁", "大连", "large"),
    ("松江粮油机械有限公司", "吉林", "长春", "medium"),
    ("北疆供热技术有限公司", "黑龙江", "哈尔滨", "medium"),
    ("京西智慧园区管理有限公司", "北京", "北京", "medium"),
    ("浦东生物装备有限公司", "上海", "上海", "large"),
    ("锡山纺机有限公司", "江苏", "无锡", "medium"),
    ("瓯越鞋机有限公司", "浙江", "温州", "small"),
    ("徽州文旅设备有限公司", "安徽", "黄山", "small"),
)
CONSUMERS = (
    ("张先生", "江苏", "南京"),
    ("王女士", "广东", "广州"),
    ("刘先生", "四川", "成都"),
    ("陈女士", "上海", "上海"),
    ("杨先生", "北京", "北京"),
    ("黄女士", "湖北", "武汉"),
    ("周先生", "陕西", "西安"),
    ("吴女士", "福建", "福州"),
)
SURNAMES = "郑冯褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏"
OWNERS = ("chenjing", "zhaolei")
# Class, grade, score, limit in yuan, days to pay, deposit in per cent: repeated over the firms.
CREDIT = (
    ("A", "A", 88, 1_500_000, 60, 0),
    ("B", "B", 76, 400_000, 30, 20),
    ("B", "B", 72, 300_000, 30, 20),
    ("C", "C", 63, 80_000, 15, 50),
    ("C", "C", 58, 60_000, 15, 50),
)
LEADS = (
    ("园区照明节能改造询价", "拟对 3 栋楼更换智能插座与电表,约 400 点位,月底前比价。", 86, 60000),
    ("冷库温控系统升级", "两座冷库,需要温控器与远程监测,含安装。", 78, 120000),
    ("实验室设备联网", "20 台设备接入,要求提供软件许可与调试。", 71, 48000),
    ("酒店客房节能", "120 间客房,智能插座与温控,希望分批交付。", 64, 90000),
    ("手机应用外包开发", "开发一款点餐应用,安卓与苹果两端。", 12, 80000),
)


def load_bulk(work: Work) -> None:
    """Enter the products, firms, consumers and leads above."""
    today = shanghai_date(work.now)
    for index, product in enumerate(PRODUCTS):
        _product(work, index, product, today)
    for index, (name, province, city, scale) in enumerate(COMPANIES):
        _company(work, index, name, province, city, scale, today)
    for index, (name, province, city) in enumerate(CONSUMERS):
        register_customer(
            work,
            name=name,
            kind="consumer",
            province=province,
            city=city,
            address=f"幸福路 {12 + index * 7} 号",
            contact_name=name,
            phone=f"1390000{1200 + index * 37:04d}",
            source=f"netease:u-{2000 + index}",
        )
    for index, (title, content, score, budget) in enumerate(LEADS):
        add_lead(
            work,
            platform="netease",
            title=title,
            content=content,
            score=score,
            budget_fen=budget * 100,
            deadline=today + timedelta(days=14 + index),
        )


def _product(
    work: Work, index: int, product: tuple[str, str, str, str, int, int, int], today: date
) -> None:
    name, name_en, kind, unit, price, weight, lead = product
    sku = f"P-6{index + 1:03d}"
    half = Decimal("0.5") if kind == "service" else Decimal(1)
    add_item(
        work,
        sku=sku,
        name=name,
        name_en=name_en,
        type=kind,
        unit=unit,
        qty_step=half,
        moq=half,
        weight_g=weight,
        lead_wd=lead,
        tax_pct=6 if kind == "service" else 13,
        returnable=kind == "stock",
    )
    policy = add_policy(
        work,
        sku=sku,
        list_fen=price * 100,
        floor_fen=price * 75,
        valid_from=date(today.year, 1, 1),
        class_discount={"A": 8, "B": 5},
        breaks=[{"qty": 50, "pct": 4}, {"qty": 200, "pct": 9}] if kind == "stock" else [],
    )
    approve_policy(work, policy_id=policy)
    if kind == "stock":
        for warehouse, qty in (("上海", 160), ("广州", 90), ("成都", 60), ("电商仓", 120)):
            receive_stock(work, sku=sku, warehouse=warehouse, qty=qty + index * 10, note="opening")


def _company(
    work: Work, index: int, name: str, province: str, city: str, scale: str, today: date
) -> None:
    body = f"91999999MA{1000 + index:07d}"
    customer_class, grade, score, limit, term, deposit = CREDIT[index % len(CREDIT)]
    facts = register_customer(
        work,
        name=name,
        uscc=body + check_digit(body),
        province=province,
        city=city,
        address=f"工业大道 {20 + index * 3} 号",
        contact_name=f"{SURNAMES[index]}经理",
        phone=f"1370000{3000 + index * 53:04d}",
        scale=scale,
        industry="制造",
        customer_class=customer_class,
        owner=OWNERS[index % 2],
        source="demo",
    )
    get_customer(work.session, facts.customer_id).paid_12m_fen = limit * 300
    save_profile(
        work,
        customer_id=facts.customer_id,
        score=score,
        grade=grade,
        limit_fen=limit * 100,
        term_days=term,
        deposit_pct=deposit,
        valid_until=today + timedelta(days=90 + index),
        scorer="lifang",
        reviewer="zhouhang",
    )
