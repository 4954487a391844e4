"""People at work in the browser: they sign in, take a task, fill in its form, hand it in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Complaints, Visit
from tests.browser.forms import fill, hand_in
from tests.world import World

CALL = {
    "company_name": "华东精工有限公司",
    "contact_name": "周工",
    "phone": "13800000001",
    "address": "上海市嘉定区工业路 1 号",
    "question": "需要一百台温控器，什么时候能到？",
    "answer": "有现货，下周可以交付。",
}


def log_a_call(page: Page) -> None:
    page.goto("/start")
    page.get_by_role("button", name="登记咨询").or_(
        page.get_by_role("link", name="登记咨询")
    ).first.click()
    fill(page, CALL)
    hand_in(page, "answered")


@pytest.mark.req("S2.1.1", "S2.2.1")
def test_a_call_that_one_person_logs_becomes_the_next_persons_task(visit: Visit) -> None:
    log_a_call(visit("linxiao"))

    clerk = visit("sunyue")
    clerk.goto("/inbox")
    row = clerk.locator("tr", has_text="华东精工有限公司")
    expect(row).to_contain_text("受理订单")
    row.get_by_role("button", name="认领").click()
    clerk.goto("/inbox")
    clerk.locator("tr", has_text="华东精工有限公司").get_by_role("link").first.click()
    fill(
        clerk,
        {
            "customer": "华东精工有限公司 · KH000001 · 华东",
            "intent": "confirmed",
            "order_kind": "product",
        },
    )
    fill(clerk, {"owner": "chenjing"})
    hand_in(clerk, "accept")

    expect(clerk.get_by_role("heading", level=1)).to_contain_text("录入订单")


def test_who_is_slower_reads_who_was_faster(visit: Visit, world: World) -> None:
    world.chenjing.start(channel="sales", entry="order")
    colleague = visit("linxiao")
    colleague.goto("/inbox")
    colleague.locator("tbody tr").first.get_by_role("link").first.click()
    task = world.sunyue.task("accept_order")
    world.sunyue.post(f"/tasks/{task['id']}/claim", {"version": task["version"]})

    claim = colleague.get_by_role("button", name="认领")
    claim.click()

    expect(colleague.locator("main")).to_contain_text("孙悦")
    assert world.sunyue.task("accept_order")["assignee"] == "sunyue"


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    visit: Visit, complaints: Complaints
) -> None:
    complaints.expect(r"status of 422")
    page = visit("linxiao", locale="en")
    page.goto("/start")
    page.get_by_role("button", name="Log an inquiry").click()
    fill(page, {**CALL, "phone": "12"})
    page.locator('#form button[value="answered"]').click()

    phone = page.locator("#f-phone")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_value("12")
    expect(page.locator("#f-question")).to_have_value(CALL["question"])


def test_a_task_is_done_on_a_phone(visit: Visit, world: World) -> None:
    page = visit("linxiao", size=PHONE)
    log_a_call(page)

    assert [one["element_id"] for one in world.sunyue.tasks()] == ["accept_order"]
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0
