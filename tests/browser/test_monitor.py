"""The monitor in the browser: an instance on its diagram, what failed and how it is mended."""

from __future__ import annotations

import uuid
from pathlib import Path

from playwright.sync_api import Page, expect

from jiedan.core.actor import Actor
from jiedan.flow.definitions import deploy
from tests.browser.conftest import PHONE, Visit
from tests.processes import answers
from tests.world import World

CONTENT = Path(__file__).parent / "content"
OWNER = Actor("shiyuan", "施远", frozenset({"PO"}))


def badge(page: Page, element: str, kind: str = "token") -> str:
    """The text of the mark that stands at an element of the diagram."""
    mark = page.locator(f'.djs-overlays[data-container-id="{element}"] .diagram-badge.{kind}')
    expect(mark).to_be_visible()
    return mark.inner_text()


def drawn(page: Page) -> None:
    expect(page.locator("[data-diagram]")).to_have_attribute("data-ready", "true")


def test_a_running_order_stands_on_its_diagram_and_moves_there_by_itself(
    visit: Visit, world: World
) -> None:
    instance = world.chenjing.start(channel="sales", entry="order")["id"]
    page = visit("zhangwei")
    page.goto(f"/monitor/instances/{instance}")
    drawn(page)
    assert badge(page, "accept_order") == "1"
    expect(page.get_by_role("tab", selected=True)).to_contain_text("咨询与受理")

    world.sunyue.do("accept_order", "accept", answers.acceptance(world.customer("KH000001")))

    assert badge(page, "enter_order") == "1"
    expect(page.locator('.djs-overlays[data-container-id="accept_order"] .token')).to_have_count(0)


def test_the_diagram_speaks_english_to_those_who_read_english(visit: Visit, world: World) -> None:
    instance = world.chenjing.start(channel="sales", entry="order")["id"]
    page = visit("zhangwei", locale="en")
    page.goto(f"/monitor/instances/{instance}")
    drawn(page)

    texts = page.locator("g.djs-group text").all_text_contents()
    assert any("Accept" in one for one in texts), texts
    assert not [one for one in texts if any("\u4e00" <= letter <= "\u9fff" for letter in one)]


def test_an_incident_is_seen_mended_and_gone(visit: Visit, world: World) -> None:
    path = CONTENT / "order_filing.bpmn"
    deploy(world.flow, actor=OWNER, files={path.name: path.read_bytes()})
    order = world.chenjing.start(channel="sales", entry="order")["id"]
    good = world.zhangwei.get(f"/instances/{order}")["variables"]["order_id"]
    failing = world.shiyuan.start("order_filing", order_id=str(uuid.uuid4()))["id"]
    world.wait(hours=3)

    page = visit("zhangwei")
    page.goto("/monitor")
    page.get_by_role("link", name="异常").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text("查看结局")
    page.goto(f"/monitor/instances/{failing}")
    drawn(page)
    assert badge(page, "find_ending", "incident") == "!"

    page.get_by_role("link", name="去修复").click()
    variables = page.locator("#variables")
    bad = variables.input_value()
    variables.fill(bad.replace(world_order(bad), good))
    page.locator("#reason").fill("订单标识写错了")
    page.get_by_role("button", name="重新运行").click()
    expect(page.locator(".flashes")).not_to_be_empty()
    world.run_due()
    page.reload()

    expect(page.locator("h1 .chip, .page-head .chip").first).to_contain_text("已完成")
    expect(page.locator("main")).to_contain_text("订单标识写错了")
    page.goto("/monitor/incidents")
    expect(page.locator("main")).to_contain_text("没有异常")


def world_order(text: str) -> str:
    """The order's id in the variables as JSON."""
    return text.split('"order_id": "')[1].split('"')[0]


def test_an_admin_suspends_and_resumes_with_a_reason(visit: Visit, world: World) -> None:
    instance = world.chenjing.start(channel="sales", entry="order")["id"]
    page = visit("zhangwei", locale="en")
    page.goto(f"/monitor/instances/{instance}")
    page.locator(".page-head summary").click()
    page.get_by_label("Reason").fill("the customer asked for a pause")
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".page-head")).to_contain_text("suspended")

    page.locator(".page-head summary").click()
    page.get_by_label("Reason").fill("the customer called back")
    page.get_by_role("button", name="Resume").click()

    expect(page.locator(".page-head")).to_contain_text("running")


def test_the_mark_of_the_diagram_library_stays_visible(visit: Visit, world: World) -> None:
    """Its licence asks for it: visible, and covered by nothing of ours."""
    instance = world.chenjing.start(channel="sales", entry="order")["id"]
    for size in ((1280, 860), PHONE):
        for theme in ("light", "dark"):
            page = visit("zhangwei", size=size, theme=theme)
            page.goto(f"/monitor/instances/{instance}")
            drawn(page)
            assert is_uncovered(page), (size, theme)


def is_uncovered(page: Page) -> bool:
    """Whether what lies at the middle of the mark of bpmn.io is the mark itself."""
    mark = page.locator(".bjs-powered-by").last
    mark.evaluate("mark => mark.scrollIntoView({block: 'center'})")
    return bool(
        mark.evaluate(
            """mark => {
              const {left, top, width, height} = mark.getBoundingClientRect();
              const seen = document.elementFromPoint(left + width / 2, top + height / 2);
              return width > 20 && height > 10 && mark.contains(seen);
            }"""
        )
    )
