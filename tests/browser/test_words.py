"""The editors speak Chinese throughout: every panel is opened, and nothing English is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

# One of each kind of element, made in the editor itself so that no diagram must have them all.
KINDS = (
    "bpmn:UserTask", "bpmn:ServiceTask", "bpmn:ScriptTask", "bpmn:BusinessRuleTask",
    "bpmn:SendTask", "bpmn:ReceiveTask", "bpmn:ManualTask", "bpmn:CallActivity",
    "bpmn:SubProcess", "bpmn:ExclusiveGateway", "bpmn:ParallelGateway",
    "bpmn:InclusiveGateway", "bpmn:EventBasedGateway", "bpmn:StartEvent", "bpmn:EndEvent",
    "bpmn:IntermediateThrowEvent", "bpmn:TextAnnotation", "bpmn:Group",
    "bpmn:DataObjectReference", "bpmn:DataStoreReference",
)  # fmt: skip
EVENTS = (
    ("bpmn:StartEvent", "bpmn:MessageEventDefinition"),
    ("bpmn:StartEvent", "bpmn:TimerEventDefinition"),
    ("bpmn:StartEvent", "bpmn:SignalEventDefinition"),
    ("bpmn:StartEvent", "bpmn:ConditionalEventDefinition"),
    ("bpmn:IntermediateCatchEvent", "bpmn:MessageEventDefinition"),
    ("bpmn:IntermediateCatchEvent", "bpmn:TimerEventDefinition"),
    ("bpmn:IntermediateCatchEvent", "bpmn:SignalEventDefinition"),
    ("bpmn:IntermediateThrowEvent", "bpmn:MessageEventDefinition"),
    ("bpmn:IntermediateThrowEvent", "bpmn:EscalationEventDefinition"),
    ("bpmn:EndEvent", "bpmn:ErrorEventDefinition"),
    ("bpmn:EndEvent", "bpmn:TerminateEventDefinition"),
    ("bpmn:BoundaryEvent", "bpmn:ErrorEventDefinition"),
    ("bpmn:BoundaryEvent", "bpmn:TimerEventDefinition"),
)
HERE = Path(__file__).parent


def english_left(page: Page) -> list[str]:
    return sorted(page.evaluate("[...window.untranslated]"))


def drive_panels(page: Page, kinds: tuple[str, ...], events: tuple[tuple[str, str], ...]) -> None:
    script = (HERE / "drive_panels.js").read_text("utf-8")
    page.evaluate(script, [list(kinds), [list(one) for one in events]])


@pytest.mark.parametrize(
    ("address", "kinds", "events"),
    [
        pytest.param("order_review", (), (), id="a real process"),
        pytest.param("everything?name=全部", KINDS, EVENTS, id="every kind of element"),
    ],
)
def test_the_process_editor(
    visit: Visit, address: str, kinds: tuple[str, ...], events: tuple[tuple[str, str], ...]
) -> None:
    page = visit("shiyuan")
    page.goto(f"/studio/process/{address}")
    expect(page.locator("body")).to_have_attribute("data-ready", "true")

    drive_panels(page, kinds, events)

    assert english_left(page) == []


def test_the_decision_editor(visit: Visit) -> None:
    page = visit("shiyuan")
    page.goto("/studio/decision/review_routing")
    expect(page.locator("body")).to_have_attribute("data-ready", "true")
    for place in ("td.input-cell", "td.output-cell", "th.input-cell", "th.output-cell"):
        page.locator(place).first.click()
        page.locator(place).first.click(button="right")
        page.keyboard.press("Escape")
    page.locator("th.input-cell").first.dblclick()
    page.keyboard.press("Escape")
    page.locator("th.output-cell").first.dblclick()
    page.keyboard.press("Escape")
    page.locator(".view-drd-button").click()
    expect(page.locator(".djs-palette")).to_be_visible()
    page.locator(".djs-shape").first.click()

    assert english_left(page) == []


@pytest.mark.parametrize("form", ["order_review", "order_entry"])
def test_the_form_designer(visit: Visit, form: str) -> None:
    page = visit("shiyuan")
    page.goto(f"/studio/form/{form}")
    expect(page.locator("body")).to_have_attribute("data-ready", "true")

    page.evaluate((HERE / "drive_designer.js").read_text("utf-8"))

    assert english_left(page) == []
