"""One order by its pages alone: from the first call to a complaint about what was delivered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Complaints, Visit
from tests.browser.forms import hand_in, settle
from tests.world import World

ADDRESS = "上海市嘉定区工业路 1 号"


@dataclass
class Crew:
    """The demo's people, each at a window of their own, working on the newest order."""

    visit: Visit
    windows: dict[tuple[str, tuple[int, int] | None], Page] = field(default_factory=dict)

    def page(self, login: str, size: tuple[int, int] | None = None) -> Page:
        """The person's window."""
        if (login, size) not in self.windows:
            chosen = {"size": size} if size else {}
            self.windows[login, size] = self.visit(login, **chosen)
        return self.windows[login, size]

    def open(self, login: str, task: str, size: tuple[int, int] | None = None) -> Page:
        """The person's task of that name, found in the inbox."""
        page = self.page(login, size)
        page.goto("/inbox")
        page.locator("a.main-link", has_text=re.compile(f"^{task}$")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(task)
        return page

    def do(
        self,
        login: str,
        task: str,
        outcome: str,
        values: Mapping[str, str] | None = None,
        *,
        all_of: bool = False,
        size: tuple[int, int] | None = None,
    ) -> Page:
        """Open a task, fill in its form, press a button; the page after it."""
        page = self.open(login, task, size)
        if all_of:
            for button in page.locator("[data-all]").all():
                button.click()
            settle(page)
        type_in(page, values or {})
        hand_in(page, outcome)
        return page


def type_in(page: Page, values: Mapping[str, str]) -> None:
    """Fill in one field after the other; the form is looked at again once, at the end."""
    for name, value in values.items():
        box = page.locator(f'#form [name="{name}"]').first
        kind = box.evaluate("field => field.tagName + ':' + field.type")
        if kind.startswith("SELECT"):
            box.select_option(value)
        elif kind.endswith(":radio"):
            page.locator(f'#form [name="{name}"][value="{value}"]').check()
        elif kind.endswith(":checkbox"):
            box.set_checked(value == "true")
        else:
            box.fill(value)
    if values:
        page.locator("h1").click()
        settle(page)


def beside(page: Page) -> str:
    """The facts beside a form."""
    return page.locator("dl.facts").first.inner_text()


@pytest.mark.req("S1.1", "S2.1.1", "S2.2.2", "S2.3.1", "S2.5.6", "S2.5.8", "S3.6.2", "N5.2.1")
def test_one_order_goes_from_the_first_call_to_a_complaint_by_its_pages_alone(
    visit: Visit, world: World, complaints: Complaints
) -> None:
    crew = Crew(visit)
    call = crew.page("linxiao")
    call.goto("/start")
    call.get_by_role("button", name="登记咨询").click()
    type_in(
        call,
        {
            "company_name": "华东精工有限公司",
            "contact_name": "周工",
            "phone": "13800000001",
            "address": ADDRESS,
            "question": "需要一百台温控器，什么时候能到？",
            "answer": "有现货，下周可以交付。",
        },
    )
    hand_in(call, "answered")

    clerk = crew.do("sunyue", "受理订单", "accept", {"intent": "confirmed"})
    expect(clerk.get_by_role("heading", level=1)).to_have_text("录入订单")
    assert clerk.locator('[name="invoice_title"]').input_value() == "华东精工有限公司"
    type_in(clerk, {"payment_method": "credit_term"})
    type_in(
        clerk,
        {
            "lines[0].sku": "P-1001",
            "lines[0].qty": "100",
            "lines[0].unit_price": "1104.00",
            "delivery_date": "2026-03-12",
            "district": "嘉定区",
            "term_days": "60",
            "invoice_type": "vat_special",
        },
    )
    hand_in(clerk, "submit")

    sales = crew.open("chenjing", "销售初审")
    assert "账期，60 天" in beside(sales)
    assert "credit_term" not in sales.locator("main").inner_text()
    crew.do("chenjing", "销售初审", "submit", all_of=True)
    reviewer = crew.page("qianmin")
    reviewer.goto("/inbox")
    row = reviewer.locator("tbody tr", has_text="华东精工有限公司")
    expect(row).to_contain_text("工业温控器 T100 × 100")
    expect(row).to_contain_text("¥110,400.00")
    crew.do("qianmin", "审核订单", "approve", all_of=True)
    crew.do("lifang", "审核订单", "approve", all_of=True)

    crew.do("chenjing", "分配任务", "allocate", {"assignments[0].responsible": "xieming"})
    crew.do("xieming", "制定工作计划", "submit")
    picking = crew.open("duchuan", "拣货", PHONE)
    assert "¥" not in picking.locator("main").inner_text()
    crew.do("duchuan", "拣货", "done", size=PHONE)
    crew.do("xieming", "交付前自查", "pass", all_of=True)
    goods = {"packing_ok": "true", "label_ok": "true", "quality_ok": "true", "qc_report": "QC-1"}
    crew.do("duchuan", "备货检查", "ready", goods, size=PHONE)
    crew.do(
        "fengtao",
        "运输准备",
        "ready",
        {
            "vehicle_or_booking": "沪A12345",
            "vehicle_ready": "true",
            "packing_material_ok": "true",
            "labels_ready": "true",
        },
    )
    papers = {"documents[0].reference": "M-1", "documents[1].reference": "QC-1"}
    crew.do("xieming", "随货资料", "complete", papers, all_of=True)
    crew.do("xieming", "预约交付", "confirmed")
    crew.do("fengtao", "选择方式与承运商", "dispatch", {"waybill": "DB0001"})
    crew.page("fengtao").get_by_role("button", name="+1 天").click()
    world.run_due()
    crew.do("fengtao", "在途跟踪", "record", {"code": "delivered"})
    crew.do("fengtao", "签收登记", "full", {"proof": "签收单 001"})

    sales.goto("/notices")
    expect(sales.locator("main")).to_contain_text("2026-03-03 09:00")

    rejected = {"lines[0].qty_accepted": "99", "lines[0].qty_rejected": "1"}
    remark = {"lines[0].quality_ok": "", "lines[0].note": "一台外壳划伤"}
    sign = {"sign": "验收单 001"}
    after = crew.do("chenjing", "客户验收", "submit", {**rejected, **remark, **sign})
    expect(after.get_by_role("heading", level=1)).to_have_text("首次回复")
    crew.do("chenjing", "首次回复", "replied", {"reply": "已收到，马上安排更换。"})
    analysis = crew.open("zhengjie", "分析与方案")
    assert "陈静：已收到，马上安排更换。" in beside(analysis)
    plan = {"cause": "运输途中磕碰，外壳划伤。", "plan": "更换一台合格品。", "resolution": "fix"}
    crew.do("zhengjie", "分析与方案", "general", plan)
    crew.do("zhengjie", "实施解决", "fixed", {"result": "已更换一台。", "evidence": "更换单 1"})
    crew.do("chenjing", "客户确认与满意度", "solved", {"rating": "5", "said_by": "沈国平"})
    crew.do("chenjing", "客户验收", "submit", {"sign": "验收单 002"})

    invoice = {"e_invoice_no": "26312000000000000001"}
    crew.do("lifang", "开票", "issued", invoice)
    crew.do("lifang", "核对收款", "match", {"payment_ref": "B-1"})

    service = crew.page("luodan")
    service.goto("/orders")
    service.locator("a.main-link").first.click()
    expect(service.locator(".page-head")).to_contain_text("已关闭")
    number = service.get_by_role("heading", level=1).inner_text()
    assert number.startswith("XS20260302-0001")
    service.get_by_role("button", name="登记售后问题").click()
    expect(service.locator('[name="order_no"]')).to_have_value(number)
    broken = {"description": "使用三天后显示屏不亮，请尽快更换。", "category": "quality"}
    type_in(service, {**broken, "qty_affected": "1"})
    hand_in(service, "assign")
    expect(service.get_by_role("heading", level=1)).to_have_text("首次回复")
    assert world.hezheng.get(f"/orders/{number}")["state"] == "closed"


def test_the_pages_of_the_warehouse_man_fit_his_phone_and_offer_nothing_he_cannot_do(
    visit: Visit, world: World, complaints: Complaints
) -> None:
    crew = Crew(visit)
    page = crew.page("duchuan", PHONE)

    page.goto("/inbox")

    expect(page.locator("main")).to_contain_text("全部办完了")
    expect(page.get_by_role("link", name="发起新事项")).to_have_count(0)
    for path in ("/inbox", "/inbox/done", "/orders", "/catalogue", "/notices", "/help"):
        page.goto(path)
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert (path, too_wide) == (path, min(too_wide, 0))
