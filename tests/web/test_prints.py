"""Papers of an order: what stands on each, who may have it, what is masked, what is coded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.audit import AuditEntry
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.desk import contracts, holds, invoices, production, returns
from jiedan.desk.demo import load_base
from jiedan.desk.order_refs import find_order
from jiedan.desk.records import get_order
from jiedan.flow.instances import start_instance
from jiedan.flow.platform import Flow
from jiedan.people.accounts import add_user
from jiedan.web.prints.codes import scan_code
from jiedan.web.prints.kinds import KINDS
from tests.desk.desk_day import Desk
from tests.templates import copied, filling

from .conftest import PASSWORD, Browser

Browsers = Callable[..., Browser]
MORE = {
    "chenjing": ("陈静", "Chen Jing", "SR"),
    "zhaolei": ("赵磊", "Zhao Lei", "SR"),
    "lifang": ("李芳", "Li Fang", "FO"),
    "fengtao": ("冯涛", "Feng Tao", "LG"),
    "linxiao": ("林晓", "Lin Xiao", "CS"),
}
SENT = "XS20260302-0003-7"
"""Delivered, half of it invoiced, with a contract in draft and a return asked for."""
READY = "XS20260302-0001-1"
"""Made to order and inspected, or fetched from stock; nothing was sent."""
FRESH = "XS20260302-0002-9"
"""Entered only."""
EVIL = "<script>alert(1)</script>"
PRICE = "1,104.00"


@pytest.fixture(scope="module")
def _papers_file(tmp_path_factory: pytest.TempPathFactory, _teahouse_file: Path) -> Path:
    """The house with three orders at different stages."""
    path = tmp_path_factory.mktemp("papers") / "papers.db"
    with filling(path, start=_teahouse_file) as platform:
        with platform.work(actor=SYSTEM) as work:
            for login, (name, name_en, role) in MORE.items():
                add_user(
                    work, login=login, name=name, name_en=name_en, roles={role},
                    password=PASSWORD, must_change_password=False,
                )  # fmt: skip
            load_base(work)
        _trade(Desk(platform))
    return path


def _trade(desk: Desk) -> None:
    ready = desk.ready()
    desk.entered()
    sent = desk.delivered()
    with desk.work("chenjing") as work:
        contracts.draft_contract(
            work, order_id=sent, template="standard", acceptance_days=9,
            liability_cap_pct=12, deemed_acceptance=True,
            terms={"delivery_terms": EVIL, "acceptance_criteria": "按图纸检验"},
        )  # fmt: skip
        returns.request_return(
            work, order_id=sent, reason="quality", want="refund", lines=[{"line": 1, "qty": "3"}]
        )
    with desk.work("lifang") as work:
        invoices.create_invoice(
            work, order_id=sent, type="vat_special", amount_fen=5_520_000,
            e_invoice_no="26310000000000000001",
        )  # fmt: skip
    with desk.work("zhengjie") as work:
        made = production.create_production(work, order_id=ready, seq=1).production_id
        production.record_inspection(
            work, production_id=made, kind="IPQC", sample_size=5, needed_sample=5, result="fail",
            defects=[{"code": "划伤", "qty": "2", "level": "minor"}],
            measurements=[{"param": "耐压", "value": "1.9 kV", "limit": "≥ 2 kV"}],
            note="外壳有划伤",
        )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path, _papers_file: Path) -> Iterator[Database]:
    """A house of the test's own, with those orders."""
    with copied(tmp_path / "papers.db", template=_papers_file) as database:
        yield database


def said(page: str) -> str:
    """The words of a page, without its markup."""
    return " ".join(html.fromstring(page).text_content().split())


def paper(who: Browser, order: str, kind: str, status: int = 200) -> str:
    answer = who.get(f"/orders/{order}/print/{kind}")
    assert answer.status_code == status, answer.text
    return said(answer.text) if status == 200 else answer.text


def test_each_paper_says_what_it_is_for(browser: Browsers) -> None:
    qianmin = browser("qianmin")

    for kind, *words in (
        ("order", "Sales order", "华东精工有限公司", "P-1001", PRICE, "¥110,400.00"),
        ("confirmation", "Order confirmation", "We confirm", "¥110,400.00", "For the buyer"),
        ("contract", "Draft, not in force", "within 9 days", "12 %", "按图纸检验"),
        ("delivery-note", f"{SENT}-F01", "P-1001", "捷远达快运", "Received by"),
        ("invoice", "To be invoiced ¥55,200.00", "Special VAT invoice"),
        (f"invoice/{SENT}-P01", "26310000000000000001", "Amount of this invoice ¥55,200.00"),
        ("return", "Return note", "TH2026", "Quality", "Money back", "P-1001"),
    ):
        text = paper(qianmin, SENT, kind)
        assert [word for word in words if word not in text] == [], kind


@pytest.mark.req("E30")
def test_an_inspection_report_shows_what_was_measured_and_found(browser: Browsers) -> None:
    text = paper(browser("qianmin"), READY, "inspection")

    for word in ("In-process inspection", "Failed", "耐压", "1.9 kV", "≥ 2 kV", "划伤", "Minor"):
        assert word in text


@pytest.mark.req("E30")
def test_a_pick_list_says_what_to_fetch_where_and_nothing_of_prices_or_people(
    browser: Browsers,
) -> None:
    text = paper(browser("qianmin"), READY, "pick-list")

    assert "Warehouse 上海" in text
    assert "P-1001" in text
    for secret in ("¥", PRICE, "沈", "138", "嘉定", "华东精工"):
        assert secret not in text


@pytest.mark.req("E05")
def test_a_pick_list_of_a_held_order_is_not_printed(browser: Browsers, platform: Platform) -> None:
    qianmin = browser("qianmin")
    with Desk(platform).work("qianmin") as work:
        held = find_order(work.session, number=READY).order_id
        holds.hold_order(work, order_id=held, reason="客户要求暂停")

    assert "客户要求暂停" in paper(qianmin, READY, "pick-list", 409)
    assert "客户要求暂停" in paper(qianmin, READY, "order")


def test_amounts_are_in_capitals_in_chinese_and_in_figures_in_english(browser: Browsers) -> None:
    qianmin = browser("qianmin")
    capital = "人民币（大写）：壹拾壹万零肆佰元整"

    for kind in ("order", "confirmation", "contract"):
        qianmin.client.set_cookie("locale", "zh")
        assert capital in paper(qianmin, SENT, kind)
        qianmin.client.set_cookie("locale", "en")
        assert "大写" not in paper(qianmin, SENT, kind)
    qianmin.client.set_cookie("locale", "zh")
    assert "人民币（大写）：伍万伍仟贰佰元整" in paper(qianmin, SENT, f"invoice/{SENT}-P01")


def test_the_code_is_the_number_itself_drawn_into_the_page(browser: Browsers) -> None:
    page = browser("qianmin").get(f"/orders/{SENT}/print/delivery-note").text

    assert str(scan_code(f"{SENT}-F01")) in page
    assert scan_code(SENT) != scan_code(READY)
    assert "data:" not in page


def test_what_a_scanner_types_leads_to_the_order(browser: Browsers) -> None:
    qianmin = browser("qianmin")

    for scanned in (f"{SENT}-F01", f"{SENT}-P01", SENT):
        assert qianmin.get(f"/orders/find?q={scanned}").location.endswith(f"/orders/{SENT}")


def test_contracts_and_returns_that_are_scanned_lead_to_their_order(browser: Browsers) -> None:
    qianmin = browser("qianmin")
    page = html.fromstring(qianmin.get(f"/orders/{SENT}").text)
    numbers = page.xpath('//section[@id="papers"]//span/text()')
    scanned = [one for one in numbers if one[:2] in ("HT", "TH")]

    assert len(scanned) == 2
    for number in scanned:
        assert qianmin.get(f"/orders/find?q={number}").location.endswith(f"/orders/{SENT}")


def test_who_may_not_see_the_order_gets_none_of_its_papers(browser: Browsers) -> None:
    zhaolei = browser("zhaolei")

    for order in (SENT, READY):
        for kind in KINDS:
            paper(zhaolei, order, kind, 404)


def test_who_needs_no_prices_gets_papers_without_them(
    browser: Browsers, platform: Platform
) -> None:
    with platform.work(actor=SYSTEM) as work:
        order = get_order(work.session, find_order(work.session, number=SENT).order_id)
        order.entered_by = "fengtao"
    fengtao = browser("fengtao")

    for kind in ("order", "delivery-note", "return"):
        text = paper(fengtao, SENT, kind)
        assert "P-1001" in text
        assert "¥" not in text
    for kind in ("confirmation", "contract", "invoice"):
        paper(fengtao, SENT, kind, 404)
    offered = fengtao.get(f"/orders/{SENT}").text
    assert "/print/delivery-note" in offered
    assert "/print/contract" not in offered


def test_contracts_are_for_those_who_read_contracts(browser: Browsers) -> None:
    paper(browser("linxiao"), SENT, "order")
    paper(browser("linxiao"), SENT, "contract", 404)
    paper(browser("lifang"), SENT, "contract")


@pytest.mark.req("A23")
def test_personal_data_is_masked_on_paper_without_an_open_task(
    browser: Browsers, platform: Platform
) -> None:
    page = browser("qianmin").get(f"/orders/{SENT}/print/delivery-note").text

    assert "138****0001" in page
    assert "13812340001" not in page
    assert "创新路" not in page
    assert "91310000MA1000001X" not in browser("qianmin").get(f"/orders/{SENT}/print/invoice").text
    assert _clear_views(platform) == []


@pytest.mark.req("A23")
def test_who_works_on_the_order_prints_it_in_clear_and_that_is_written_down(
    browser: Browsers, platform: Platform, flow: Flow
) -> None:
    clerk = browser("sunyue")
    start_instance(flow, actor=SYSTEM, process_id="tea_order", business_key=SENT)

    assert "13812340001" in paper(clerk, SENT, "delivery-note")
    assert _clear_views(platform) == [("sunyue", f"order:{SENT}")]

    paper(clerk, READY, "pick-list")
    assert len(_clear_views(platform)) == 1


@pytest.mark.req("A23")
def test_a_paper_says_who_printed_it_and_when(browser: Browsers) -> None:
    page = html.fromstring(browser("qianmin").get(f"/orders/{SENT}/print/order").text)

    (mark,) = page.xpath('//div[@class="paper-mark"]/text()')
    assert mark.split()[:2] == ["Qian", "Min"]
    assert "2026" in mark


def test_what_people_wrote_stays_text(browser: Browsers) -> None:
    page = browser("qianmin").get(f"/orders/{SENT}/print/contract").text

    assert EVIL not in page
    assert "&lt;script&gt;alert(1)" in page


def test_there_is_no_paper_of_what_is_not_there(browser: Browsers) -> None:
    qianmin = browser("qianmin")

    for path in (
        f"{FRESH}/print/confirmation",
        f"{FRESH}/print/delivery-note",
        f"{FRESH}/print/contract",
        f"{SENT}/print/pick-list",
        f"{SENT}/print/nothing",
        f"{SENT}/print/order/2",
        f"{SENT}/print/delivery-note/{READY}-F01",
        f"{SENT}/print/invoice/{SENT}-P99",
        "XS20260302-0001-2/print/order",
    ):
        assert qianmin.get(f"/orders/{path}").status_code == 404, path


def test_every_paper_that_an_orders_page_offers_opens_in_both_languages(browser: Browsers) -> None:
    qianmin = browser("qianmin")
    offered = []
    for order in (SENT, READY, FRESH):
        page = html.fromstring(qianmin.get(f"/orders/{order}").text)
        offered += page.xpath('//section[@id="papers"]//a/@href')

    assert {one.split("/print/")[1].split("/")[0] for one in offered} == set(KINDS)
    for locale in ("zh", "en"):
        qianmin.client.set_cookie("locale", locale)
        for path in offered:
            answer = qianmin.get(path)
            assert answer.status_code == 200, path
            assert '<nav class="side"' not in answer.text
            assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_the_head_carries_the_company_of_the_settings(
    platform: Platform, demo_app: object, browser: Browsers
) -> None:
    assert "Qiheng Thermal Controls" in paper(Browser(demo_app).sign_in("qianmin"), SENT, "order")


def _clear_views(platform: Platform) -> list[tuple[str, str]]:
    with platform.read() as session:
        rows = session.execute(
            select(AuditEntry.actor, AuditEntry.entity).where(AuditEntry.action == "personal.view")
        )
        return [(actor, entity) for actor, entity in rows]
