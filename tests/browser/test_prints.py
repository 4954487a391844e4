"""Papers out of a printer: headless Chromium makes the PDF and pages are counted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from jiedan.desk.order_refs import order_ref
from jiedan.web.house import EXTENSION
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Visit
from tests.desk.desk_day import LINE, Desk
from tests.world import World

A4 = re.compile(rb"/MediaBox \[0 0 (59[4-6])(?:\.\d+)? (84[12])(?:\.\d+)?\]")


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF of Chromium's has, each of them A4."""
    count = len(re.findall(rb"/Type /Page\b", pdf))
    assert len(A4.findall(pdf)) == count
    return count


@pytest.fixture
def orders(world: World) -> tuple[str, str]:
    """The numbers of two orders ready to leave: one of 40 lines, one of one line."""
    desk = Desk(world.app.extensions[EXTENSION].platform)
    long = desk.ready(lines=[{**LINE, "qty": 2} for _ in range(40)])
    short = desk.ready()
    with desk.platform.read() as session:
        numbers = [order_ref(session, order_id=one).order_no or "" for one in (long, short)]
    return numbers[0], numbers[1]


@pytest.mark.req("E30")
def test_an_order_and_a_delivery_note_come_out_of_the_printer(
    visit: Visit, orders: tuple[str, str]
) -> None:
    long, short = orders
    page = visit("qianmin")

    for number, kind, least, most in (
        (short, "order", 1, 1),
        (short, "delivery-note", 1, 1),
        (long, "order", 2, 5),
        (long, "delivery-note", 2, 4),
    ):
        page.goto(f"/orders/{number}/print/{kind}")
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF-")
        assert least <= pages_of(pdf) <= most, (number, kind)
        page.emulate_media(media="print")
        expect(page.get_by_text("P-1001").first).to_be_visible()
        expect(page.get_by_role("img", name=number)).to_be_visible()
        expect(page.locator(".paper-tools")).to_be_hidden()
        expect(page.locator(".paper-mark")).to_be_visible()
        page.emulate_media(media="screen")


def test_the_button_opens_the_browsers_dialog_and_the_paper_suits_everybody(
    visit: Visit, orders: tuple[str, str]
) -> None:
    page = visit("qianmin", size=PHONE)
    page.goto(f"/orders/{orders[1]}")
    page.locator("#papers").get_by_role("link", name="订单确认书").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("订单确认书")

    page.evaluate("window.print = () => document.body.setAttribute('data-asked', 'yes')")
    page.get_by_role("button", name="打印").click()

    expect(page.locator("body[data-asked=yes]")).to_be_attached()
    assert violations(page) == []
    assert _fits(page)


def _fits(page: Page) -> bool:
    """Whether the page itself needs no scrolling sideways."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )
