"""Every main page is fit for everybody: no violation that axe-core can find, wide and narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.processes import answers
from tests.world import World

STAFF = (
    "/", "/inbox", "/inbox/done", "/inbox/started", "/start", "/orders", "/customers",
    "/catalogue", "/notices", "/account/password", "/help",
)  # fmt: skip
ADMIN = (
    "/monitor", "/monitor/incidents", "/monitor/messages", "/monitor/jobs", "/dashboard",
    "/api/docs",
)  # fmt: skip
OWNER = (
    "/studio", "/studio?kind=decision", "/studio?kind=form",
    "/studio/process/order_review/versions", "/studio/imports",
)  # fmt: skip
EDITORS = (
    "/studio/process/order_review", "/studio/decision/review_routing", "/studio/form/order_review",
)  # fmt: skip
THEIRS = ("#canvas", "#properties")
"""What the editors' libraries draw."""
WINDOWS = [
    pytest.param("zh", WIDE, "light", id="zh wide"),
    pytest.param("en", PHONE, "light", id="en phone"),
    pytest.param("en", WIDE, "dark", id="en dark"),
]


def look(page: Page, *addresses: str) -> list[str]:
    found = []
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
        if page.locator("[data-diagram]").count():
            page.locator("[data-diagram][data-ready]").wait_for()
        found += [f"{address} {one}" for one in violations(page)]
    return found


@pytest.mark.parametrize(("locale", "size", "theme"), WINDOWS)
def test_the_pages_of_staff(
    visit: Visit, world: World, locale: str, size: tuple[int, int], theme: str
) -> None:
    instance = world.linxiao.start(channel="sales", entry="inquiry")["id"]
    world.linxiao.do("log_inquiry", "answered", answers.inquiry())
    world.sunyue.do("accept_order", "accept", answers.acceptance(world.customer("KH000001")))
    task = world.sunyue.task("enter_order")["id"]
    page = visit("sunyue", locale=locale, size=size, theme=theme)

    assert look(page, *STAFF, f"/tasks/{task}", f"/orders/instances/{instance}") == []


@pytest.mark.parametrize(("locale", "size", "theme"), WINDOWS)
def test_the_pages_of_admins(
    visit: Visit, world: World, locale: str, size: tuple[int, int], theme: str
) -> None:
    instance = world.linxiao.start(channel="sales", entry="inquiry")["id"]
    world.linxiao.do("log_inquiry", "answered", answers.inquiry())
    page = visit("zhangwei", locale=locale, size=size, theme=theme)

    assert look(page, *ADMIN, f"/monitor/instances/{instance}") == []


@pytest.mark.parametrize(("locale", "size", "theme"), WINDOWS)
def test_the_pages_of_owners(visit: Visit, locale: str, size: tuple[int, int], theme: str) -> None:
    page = visit("shiyuan", locale=locale, size=size, theme=theme)
    found = look(page, *OWNER)
    for address in EDITORS:
        page.goto(address)
        page.locator("body[data-ready]").wait_for()
        found += [f"{address} {one}" for one in violations(page, leaving_out=THEIRS)]

    assert found == []


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_door(visit: Visit, locale: str) -> None:
    assert look(visit(locale=locale), "/sign-in") == []
