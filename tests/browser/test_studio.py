"""The studio in the browser: owners open, change, check and deploy what runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from jiedan.flow.definitions import list_versions
from jiedan.flow.states import DefinitionKind
from tests.browser.conftest import Visit
from tests.browser.test_monitor import drawn, is_uncovered
from tests.processes import answers
from tests.world import World


def open_editor(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-ready", "true")


def find_element(page: Page, name: str) -> None:
    """Choose an element by the editor's own search."""
    page.locator("#canvas svg").first.click(position={"x": 400, "y": 20})
    page.keyboard.press("Control+f")
    page.locator(".djs-search-input input").fill(name)
    # It searches when a key comes up.
    page.keyboard.press("End")
    page.locator(".djs-search-result").first.click()


def open_group(page: Page, group: str) -> None:
    header = page.locator(f'#properties [data-group-id="group-{group}"] > div').first
    if "open" not in (header.get_attribute("class") or ""):
        header.click()


def rename(page: Page, old: str, new: str) -> None:
    find_element(page, old)
    open_group(page, "general")
    field = page.locator("#bio-properties-panel-name")
    expect(field).to_have_value(old)
    field.fill(new)
    field.blur()


def deploy(page: Page, comment: str) -> None:
    page.locator('[data-action="deploy"]').click()
    dialog = page.locator("#deployment")
    expect(dialog).to_be_visible()
    dialog.locator("textarea").fill(comment)
    dialog.locator("button.is-primary").click()
    expect(page.locator("#studio-status")).to_have_attribute("data-tone", "success")


def findings(page: Page) -> list[str]:
    return page.locator("#findings .finding:not(.none)").all_inner_texts()


def version_shown(page: Page, instance: str, process: str) -> str:
    """The version of a process that the monitor says an instance runs on."""
    page.goto(f"/monitor/instances/{instance}")
    drawn(page)
    return page.get_by_role("tab", name=process).inner_text().rpartition(" ")[2]


def versions_of(world: World, process: str) -> int:
    return len(list_versions(world.flow, kind=DefinitionKind.PROCESS, key=process))


def test_a_new_version_takes_new_orders_and_leaves_old_ones_alone(
    visit: Visit, world: World
) -> None:
    customer = answers.acceptance(world.customer("KH000001"))
    old = world.chenjing.start(channel="sales", entry="order")["id"]
    owner = visit("shiyuan")
    open_editor(owner, "/studio/process/intake_sales")
    rename(owner, "受理订单", "受理并登记订单")
    deploy(owner, "受理时一并登记")
    expect(owner.locator("#studio-version")).to_have_text("v2")
    new = world.chenjing.start(channel="sales", entry="order")["id"]

    clerk = visit("sunyue")
    clerk.goto("/inbox")
    expect(clerk.locator("tbody tr").filter(has_text="受理并登记订单")).to_have_count(1)
    expect(clerk.locator("tbody tr").filter(has_text="受理订单")).to_have_count(1)
    assert version_shown(owner, old, "咨询与受理") == "v1"
    assert version_shown(owner, new, "咨询与受理") == "v2"
    world.sunyue.do("accept_order", "accept", customer, instance=old)
    world.sunyue.do("accept_order", "accept", customer, instance=new)
    assert version_shown(owner, old, "咨询与受理") == "v1"
    owner.goto("/studio/process/intake_sales/versions")
    expect(owner.locator("tbody tr").first).to_contain_text("受理时一并登记")


def test_a_changed_decision_table_is_deployed(visit: Visit) -> None:
    page = visit("shiyuan")
    open_editor(page, "/studio/decision/review_routing")
    for old, new in ((">= 100000", ">= 50000"), ("< 100000", "< 50000")):
        cell = page.locator("td.input-cell").filter(has_text=old).first
        cell.click()
        page.keyboard.press("Control+a")
        page.keyboard.type(new)
    page.locator("h1").click()
    expect(page.locator("#studio-status")).to_have_attribute("data-tone", "warning")
    deploy(page, "五万元起由财务审核")
    page.reload()
    open_editor(page, "/studio/decision/review_routing")

    expect(page.locator("td.input-cell").filter(has_text=">= 50000")).to_have_count(1)
    expect(page.locator("#studio-version")).to_have_text("v2")


def test_a_changed_form_is_deployed_and_new_tasks_show_it(visit: Visit, world: World) -> None:
    page = visit("shiyuan")
    open_editor(page, "/studio/form/inquiry")
    page.locator(".fjs-form-field").filter(has_text="单位名称").last.click()
    open_form_group(page)
    label = page.locator("#bio-properties-panel-label")
    expect(label).to_have_text("单位名称")
    label.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("客户全称")
    expect(page.locator(".fjs-form")).to_contain_text("客户全称")
    expect(page.locator("#studio-status")).to_have_attribute("data-tone", "warning")
    deploy(page, "叫法统一")
    expect(page.locator("#studio-version")).to_have_text("v2")

    task = world.linxiao.start(channel="sales", entry="inquiry")["next_tasks"][0]["id"]
    staff = visit("linxiao")
    staff.goto(f"/tasks/{task}")
    expect(staff.locator("#form")).to_contain_text("客户全称")


def open_form_group(page: Page) -> None:
    header = page.locator('[data-group-id="group-general"] > div').first
    if "open" not in (header.get_attribute("class") or ""):
        header.click()


BREAKS = {
    "no default flow": (
        "what_checks_say",
        "modeling.updateProperties(registry.get('what_checks_say_to_choose_reviewers'), "
        "{conditionExpression: window.modeler.get('bpmnFactory').create("
        "'bpmn:FormalExpression', {body: '=complete'})});"
        "modeling.updateProperties(element, {default: undefined})",
    ),
    "unknown handler": (
        "check_price",
        "modeling.updateModdleProperties(element, element.businessObject.extensionElements.values"
        ".find(one => one.$type === 'zeebe:TaskDefinition'), {type: 'orders.vanish'})",
    ),
}


@pytest.mark.parametrize("break_it", BREAKS)
def test_a_broken_diagram_is_marked_where_it_is_broken_and_not_deployed(
    visit: Visit, break_it: str
) -> None:
    element, change = BREAKS[break_it]
    page = visit("shiyuan")
    open_editor(page, "/studio/process/order_review")
    assert findings(page) == []

    page.evaluate(
        f"""() => {{
          const modeling = window.modeler.get('modeling');
          const registry = window.modeler.get('elementRegistry');
          const element = registry.get('{element}');
          {change};
        }}"""
    )

    expect(page.locator("#findings .finding.error")).not_to_have_count(0)
    mark = page.locator(f'.djs-overlays[data-container-id="{element}"] .diagram-badge.error')
    expect(mark).to_be_attached()
    page.locator("#findings .finding.error button").first.click()
    expect(mark).to_be_in_viewport()
    page.locator('[data-action="deploy"]').click()
    expect(page.locator("#studio-status")).to_have_attribute("data-tone", "danger")
    expect(page.locator("#deployment")).to_be_hidden()


def test_the_server_refuses_what_the_page_would_have_let_through(
    visit: Visit, world: World
) -> None:
    page = visit("shiyuan")
    open_editor(page, "/studio/process/order_review")
    before = versions_of(world, "order_review")

    answer = page.evaluate(
        """async () => {
          const studio = document.querySelector('[data-studio]').dataset;
          const source = (await (await fetch(studio.source)).text())
            .replace('type="price.check"', 'type="orders.vanish"');
          const body = JSON.stringify({source});
          const token = document.querySelector('meta[name=csrf-token]').content;
          const headers = {'Content-Type': 'application/json', 'X-CSRFToken': token};
          return (await fetch(studio.deploy, {method: 'POST', body, headers})).json();
        }"""
    )

    assert [one["rule"] for one in answer["findings"] if one["severity"] == "error"]
    assert versions_of(world, "order_review") == before


def test_something_new_is_drawn_and_deployed(visit: Visit, world: World) -> None:
    page = visit("shiyuan", locale="en")
    page.goto("/studio")
    page.locator(".page-head summary").click()
    page.locator("#new-name").fill("回访")
    page.locator("#new-key").fill("call_back")
    page.get_by_role("button", name="Open the editor").click()
    expect(page.locator("body")).to_have_attribute("data-ready", "true")
    deploy(page, "a first draft")

    assert world.shiyuan.start("call_back")["state"] == "completed"


def test_auditors_look_and_do_not_touch(visit: Visit) -> None:
    page = visit("hezheng")
    open_editor(page, "/studio/process/order_review")

    expect(page.locator('[data-action="deploy"]')).to_have_count(0)
    expect(page.locator('[data-action="upload"]')).to_have_count(0)


@pytest.mark.parametrize(
    "address", ["/studio/process/order_review", "/studio/decision/review_routing"]
)
def test_the_mark_of_the_editors_library_stays_visible(visit: Visit, address: str) -> None:
    page = visit("shiyuan")
    open_editor(page, address)

    assert is_uncovered(page)
