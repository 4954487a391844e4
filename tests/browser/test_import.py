"""Diagrams of other engines in the studio: handed in, reported on, edited, kept, deployed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jiedan.flow.definitions import list_definitions
from jiedan.flow.importing import import_diagram
from jiedan.flow.importing.drafts import list_drafts, open_draft
from tests.browser.conftest import PHONE, Complaints, Visit
from tests.browser.round_trip import exported, lost_in_the_editor, show_import
from tests.browser.test_studio import findings, rename
from tests.world import World

DRAWN = Path(__file__).parents[1] / "flow" / "drawn"
LEAVE = DRAWN / "leave_of_camunda.bpmn"


def report(page: Page, level: str) -> list[str]:
    """The rows of one part of the report."""
    part = page.locator(".import-report details").filter(has_text=level)
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return part.locator("li").all_inner_texts()


def test_an_owner_imports_a_diagram_reads_the_report_mends_it_and_keeps_it(
    visit: Visit, world: World
) -> None:
    owner = visit("shiyuan")

    show_import(owner, LEAVE)

    todo, done = report(owner, "待办"), report(owner, "已转换")
    assert [one.split("\n")[0] for one in todo] == ["填写请假单", "经理审批"]
    assert any("days > 3 and approved != true" in one for one in done)
    assert any("com.example.leave.CheckDays" in one for one in findings(owner))
    owner.locator(".import-report li button").filter(has_text="经理审批").first.click()
    expect(owner.locator('#canvas [data-element-id="manager_review"].selected')).to_have_count(1)
    rename(owner, "经理审批", "部门经理审批")
    owner.locator('[data-action="keep"]').click()
    expect(owner.locator("#studio-status")).to_have_text("已存为草稿。")

    (draft,) = list_drafts(world.flow).items
    assert "部门经理审批" in open_draft(world.flow, draft_id=draft.id).source.decode()
    owner.goto("/studio")
    owner.get_by_role("link", name="导入").click()
    expect(owner.locator("tbody tr")).to_have_count(1)
    expect(owner.locator("tbody tr")).to_contain_text("leave_of_camunda.bpmn")


def test_what_passes_the_check_is_deployed_with_its_forms(
    visit: Visit, world: World, tmp_path: Path
) -> None:
    handler = sorted(world.flow.registry.handlers)[0]
    sound = LEAVE.read_text("utf-8").replace("embedded:app:forms/review.html", "inquiry")
    path = tmp_path / "leave.bpmn"
    path.write_text(sound.replace("com.example.leave.CheckDays", handler), "utf-8")
    owner = visit("shiyuan", locale="en")
    show_import(owner, path)

    deploy_and_leave(owner)

    kinds = {
        (one.kind.value, one.key) for one in list_definitions(world.flow, query="leave_request")
    }
    assert kinds == {("process", "leave_request"), ("form", "leave_request_ask_leave")}
    assert list_drafts(world.flow).items == []


def deploy_and_leave(page: Page) -> None:
    """The draft is a definition then, which the page goes to."""
    page.locator('[data-action="deploy"]').click()
    dialog = page.locator("#deployment")
    expect(dialog).to_be_visible()
    dialog.locator("button.is-primary").click()
    page.wait_for_url("**/studio/process/leave_request")


@pytest.mark.parametrize("name", ["two_pools", "expanded_call"])
def test_nothing_is_lost_on_the_way_through_the_editor(visit: Visit, name: str) -> None:
    path = DRAWN / f"{name}.bpmn"
    owner = visit("shiyuan")

    show_import(owner, path)

    source = import_diagram(path.read_bytes(), filename=path.name).source
    assert lost_in_the_editor(source, exported(owner)) == []
    assert owner.evaluate("modeler.get('elementRegistry').getAll().length") > 2


def test_a_refused_file_is_named_on_a_phone_in_english_and_nothing_is_kept(
    visit: Visit, world: World, tmp_path: Path
) -> None:
    bad = tmp_path / "bomb.bpmn"
    bad.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    owner = visit("shiyuan", locale="en", size=PHONE)
    owner.goto("/studio/imports")

    owner.set_input_files("#import-file", str(bad))
    owner.get_by_role("button", name="Import").click()

    expect(owner.locator(".flashes")).to_contain_text("bomb.bpmn: The file has a document type")
    expect(owner.locator("main")).to_contain_text("No imported diagrams wait here")
    assert owner.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert list_drafts(world.flow).items == []


def test_only_process_owners_import(visit: Visit, complaints: Complaints) -> None:
    complaints.expect("404")
    clerk = visit("sunyue")

    answer = clerk.goto("/studio/imports")

    assert answer is not None
    assert answer.status == 404
