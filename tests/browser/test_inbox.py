"""A day in the inbox: by keyboard, on a phone, two people at one task, two hundred at once."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jiedan.core.actor import SYSTEM, Actor
from jiedan.flow.definitions import deploy
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import start_instance
from jiedan.flow.tasks import open_task
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.world import World

CONTENT = Path(__file__).parent / "content"
HEAD = "wangqiang"
ADMIN = Actor("zhangwei", "张伟", frozenset({"AD"}))
SUNYUE = Actor("sunyue", "孙悦", frozenset({"OC"}))
LEAVE = ("leave_request.bpmn", "leave_approval.form")


@pytest.fixture
def leaves(world: World) -> World:
    """A house in which people ask for leave."""
    files = {name: (CONTENT / name).read_bytes() for name in LEAVE}
    deploy(world.flow, actor=SYSTEM, files=files)
    return world


def ask(world: World, number: int) -> list[UUID]:
    found = [
        start_instance(
            world.flow, actor=SUNYUE, process_id="leave_request", business_key=f"QJ{one:04}"
        )
        for one in range(number)
    ]
    return [one.next_tasks[0].task_id for one in found]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_days_work_is_done_by_keyboard_alone(visit: Visit, leaves: World) -> None:
    ask(leaves, 4)
    page = visit("sunyue", locale="en")
    page.goto("/inbox?process=leave_request")
    expect(page.locator("[data-open]")).to_have_count(4)

    # Help, then the first row: claimed, filled in, handed in; the next task opens by itself.
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    press(page, "Escape", "j", "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve leave")
    first = page.url
    press(page, "e")
    page.keyboard.type("3")
    press(page, "Control+Enter")
    expect(page.locator(".flashes")).to_contain_text("Approve leave: Agree")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve leave")
    assert page.url != first

    # That one goes to somebody else.
    press(page, "t")
    dialog = page.get_by_role("dialog", name="Transfer")
    expect(dialog).to_be_visible()
    page.keyboard.type("linxiao")
    press(page, "Tab")
    page.keyboard.type("She knows them.")
    press(page, "Control+Enter")
    expect(page.locator(".flashes")).to_contain_text("Transferred")
    expect(page.locator("[data-open]")).to_have_count(2)

    # Two rows at once, then by the palette to what was done.
    press(page, "*", "a")
    expect(page.locator("main")).to_contain_text("2 of 2 chosen tasks can be done")
    page.get_by_role("button", name="Approve these 2").press("Enter")
    expect(page.locator("main")).to_contain_text("2 of 2 are done")
    press(page, "Control+k")
    page.keyboard.type("Done")
    expect(page.locator("#palette-list li").first).to_contain_text("Done")
    press(page, "Enter")
    page.wait_for_url("**/inbox/done")
    expect(page.locator("[data-open]")).to_have_count(3)


def test_on_a_phone_each_verb_is_two_taps_away(visit: Visit, leaves: World) -> None:
    (task,) = ask(leaves, 1)
    page = visit("sunyue", locale="en", size=PHONE)
    page.goto("/inbox")
    page.locator("[data-claim]").tap()

    page.locator(".phone-verbs summary").tap()
    menu = page.locator(".phone-verbs .pop")
    expect(menu.get_by_role("link")).to_have_count(page.locator(".wide-verbs a").count())
    box = menu.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    menu.get_by_role("link", name="Transfer").tap()
    dialog = page.get_by_role("dialog", name="Transfer")
    dialog.locator("[name=to]").fill("linxiao")
    dialog.locator("[name=reason]").fill("On the road.")
    dialog.get_by_role("button", name="Transfer").tap()

    expect(page.locator(".flashes")).to_contain_text("Transferred")
    assert open_task(leaves.flow, actor=ADMIN, task_id=task).assignee == "linxiao"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_who_is_slower_is_told_at_once_that_somebody_took_the_task(
    visit: Visit, leaves: World
) -> None:
    (task,) = ask(leaves, 1)
    slow, fast = visit("sunyue", locale="en"), visit("sunyue", locale="en")
    slow.goto(f"/tasks/{task}")
    expect(slow.locator("#form [name=_outcome]").first).to_be_enabled()

    fast.goto(f"/tasks/{task}")
    fast.locator("#form [name=_outcome]").first.click()
    fast.wait_for_url(re.compile(r"/inbox"))

    told = slow.locator("[data-watch]")
    expect(told).to_be_visible()
    expect(told).to_contain_text("completed this")
    expect(slow.locator("#form [name=_outcome]").first).to_be_disabled()


def test_two_hundred_are_approved_in_one_go(visit: Visit, leaves: World) -> None:
    ask(leaves, 200)
    page = visit("sunyue", locale="en")
    page.goto("/inbox?size=200")
    page.locator("[data-bulk-all]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("200")

    page.locator("[data-bulk]").get_by_role("button", name="Approve").click()
    expect(page.locator("main")).to_contain_text("200 of 200 chosen tasks can be done")
    assert list_tasks(leaves.flow, actor=SUNYUE).count.number == 100
    page.get_by_role("button", name="Approve these 200").click()

    expect(page.locator("main")).to_contain_text("200 of 200 are done", timeout=60_000)
    assert list_tasks(leaves.flow, actor=SUNYUE).count.number == 0
    with leaves.flow.platform.read() as session:
        assert (
            session.connection()
            .exec_driver_sql(
                "select count(*) from flow_tasks where element_id = 'confirm_leave'"
                " and completed_at is null"
            )
            .scalar()
            == 200
        )


def test_what_is_typed_keeps_itself_as_a_draft(visit: Visit, leaves: World) -> None:
    (task,) = ask(leaves, 1)
    page = visit("sunyue", locale="en")
    page.clock.install()
    page.goto(f"/tasks/{task}")
    page.locator("#form [name=remark]").fill("Half a sentence")
    page.clock.fast_forward(20_000)

    expect(page.locator("[data-saved]")).to_contain_text("saved")
    page.goto("/inbox/drafts")
    expect(page.locator("[data-open]")).to_have_count(1)
    page.locator("[data-open]").click()
    expect(page.locator("#form [name=remark]")).to_have_value("Half a sentence")
    page.locator("#form button[value=approve]").click()
    expect(page.locator(".flashes")).to_contain_text("Agree")


def test_a_step_that_needs_a_signature_takes_a_drawn_one(visit: Visit, leaves: World) -> None:
    (task,) = ask(leaves, 1)
    clerk = visit("sunyue", locale="en")
    clerk.goto(f"/tasks/{task}")
    clerk.locator("#form [name=days]").fill("3")
    clerk.locator("#form button[value=approve]").click()
    clerk.wait_for_url(re.compile("/inbox"))

    boss = visit(HEAD, locale="en")
    boss.goto("/inbox?process=leave_request")
    boss.locator("[data-open]").click()
    expect(boss.locator("#form [name=remark]")).to_have_count(0)
    expect(boss.locator("#form [name=days]")).to_have_count(0)
    pad = boss.locator("[data-sign] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    boss.mouse.move(box["x"] + 30, box["y"] + 30)
    boss.mouse.down()
    boss.mouse.move(box["x"] + 200, box["y"] + 60, steps=8)
    boss.mouse.up()
    boss.locator("#form button[value=approve]").click()
    boss.wait_for_url(re.compile("/inbox"))
    boss.goto("/inbox/done")
    boss.locator("[data-open]").click()

    expect(boss.locator("figure.signature img")).to_have_count(1)
    expect(boss.locator("figure.signature")).to_contain_text("SHA-256")


@pytest.mark.parametrize(
    ("locale", "size", "theme"),
    [
        pytest.param("zh", WIDE, "light", id="zh wide"),
        pytest.param("en", PHONE, "dark", id="en phone dark"),
    ],
)
def test_the_pages_of_the_inbox_are_fit_for_everybody(
    visit: Visit, leaves: World, locale: str, size: tuple[int, int], theme: str
) -> None:
    task, *_ = ask(leaves, 2)
    page = visit("sunyue", locale=locale, size=size, theme=theme)
    found = []
    for address in (
        "/inbox", "/inbox?customer=%E5%BC%A0&sort=priority", "/inbox/drafts", "/inbox/copies",
        "/notices/settings", "/phrases", "/people/linxiao", "/go?q=leave", f"/tasks/{task}",
        f"/tasks/{task}/verbs/transfer", f"/tasks/{task}/verbs/add", f"/tasks/{task}/verbs/copy",
    ):  # fmt: skip
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
        found += [f"{address} {one}" for one in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.goto("/inbox")
    page.locator("[data-pick]").first.check()
    found += [f"chosen {one}" for one in violations(page)]
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-list li").first).to_be_visible()
    found += [f"palette {one}" for one in violations(page)]
    page.keyboard.press("Escape")
    page.goto(f"/tasks/{task}")
    link = page.locator(".phone-verbs summary" if size == PHONE else ".wide-verbs a").first
    link.click()
    if size == PHONE:
        page.locator(".phone-verbs .pop a").first.click()
    expect(page.locator("#sheet [data-ask]")).to_be_visible()
    found += [f"dialog {one}" for one in violations(page)]

    assert found == []
