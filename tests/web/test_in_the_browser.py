"""What needs a real browser: the keyboard, typing while the server answers, phones, no errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from jiedan.flow.instances import Started
from tests.browser.chrome import chromium as started_chromium

from .conftest import PASSWORD

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The house served on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Chromium, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Sun Yue at her machine; the test fails when the browser complains about anything."""
    options: dict[str, Any] = {"locale": "en-GB", "base_url": address}
    marker = request.node.get_closest_marker("parametrize")
    if "width" in request.fixturenames and marker is not None:
        options["viewport"] = {"width": request.getfixturevalue("width"), "height": 844}
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A refused answer is a page with status 422, which the console mentions.
        if message.type in ("error", "warning") and "422" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/sign-in")
    page.get_by_label("Login").fill("sunyue")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    yield page
    context.close()
    assert complaints == []


def test_a_task_is_found_filled_in_and_handed_in_by_keyboard_alone(
    page: Page, tea: Started
) -> None:
    press = page.keyboard.press
    page.reload()
    press("j")
    press("Enter")
    page.wait_for_url("**/tasks/*")

    page.get_by_label("Guest").focus()
    page.keyboard.type("王先生")
    press("Tab")
    press("Tab")
    page.keyboard.type("Drink")
    press("Tab")
    page.get_by_label("Tea, row 1").focus()
    for text in ("龙井", "2", "38.50"):
        page.keyboard.type(text)
        press("Tab")
    page.get_by_label("Price, row 1").focus()
    press("Alt+n")
    expect(page.get_by_label("Tea, row 2")).to_be_focused()
    for text in ("普洱", "1", "88"):
        page.keyboard.type(text)
        press("Tab")
    page.get_by_label("Price, row 2").focus()
    press("ArrowUp")
    expect(page.get_by_label("Price, row 1")).to_be_focused()
    press("Control+Enter")

    page.wait_for_url("**/inbox")
    expect(page.get_by_text("Enter tea: Submit for review.")).to_be_visible()


def test_nothing_typed_while_the_server_answers_is_lost(page: Page, tea: Started) -> None:
    page.goto(f"/tasks/{tea.next_tasks[0].task_id}")

    page.get_by_label("Way").select_option("bring")
    page.get_by_label("Phone").focus()
    page.keyboard.type("13812345678", delay=60)

    expect(page.get_by_label("Address")).to_be_visible()
    expect(page.get_by_label("Phone")).to_have_value("13812345678")
    expect(page.get_by_label("Phone")).to_be_focused()


def test_what_is_wrong_is_said_while_one_fills_in(page: Page, tea: Started) -> None:
    page.goto(f"/tasks/{tea.next_tasks[0].task_id}")

    page.get_by_label("Phone").fill("12")
    page.keyboard.press("Tab")

    expect(page.locator("#f-phone-more")).to_contain_text("A phone number such as")
    expect(page.get_by_label("Guest")).not_to_have_attribute("aria-invalid", "true")


def test_a_click_on_what_is_wrong_leads_to_the_field(page: Page, tea: Started) -> None:
    page.goto(f"/tasks/{tea.next_tasks[0].task_id}")

    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator("#form-errors")).to_be_focused()
    page.get_by_role("link", name="Guest").click()

    assert page.url.endswith("#f-guest")


def test_leaving_unsaved_work_is_asked_about(page: Page, tea: Started) -> None:
    page.goto(f"/tasks/{tea.next_tasks[0].task_id}")
    page.get_by_label("Guest").press_sequentially("half")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.goto("/inbox")

    assert asked == ["beforeunload"]


def test_new_work_appears_by_itself(page: Page, app: Flask, flow: Any) -> None:
    from jiedan.core.actor import Actor
    from jiedan.flow.instances import start_instance

    expect(page.get_by_text("All done")).to_be_visible()
    start_instance(flow, actor=Actor("x", "X", frozenset()), process_id="tea_order")

    # The page looks again when somebody comes back to it, not only every fifteen seconds.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_role("link", name="Enter tea")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window_and_axe_finds_nothing(
    page: Page, tea: Started, width: int
) -> None:
    task = f"/tasks/{tea.next_tasks[0].task_id}"
    for path in ("/inbox", "/inbox/done", task, "/orders", "/start", "/help", "/help/forms"):
        page.goto(path)

        too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

        assert not too_wide, path
    if not AXE.is_file():
        pytest.skip("axe-core is not installed")
    checker = page.context.browser.new_context(  # type: ignore[union-attr]
        bypass_csp=True,
        storage_state=page.context.storage_state(),
        base_url=page.url.split("/help")[0],
        viewport={"width": width, "height": 844},
    )
    looked_at = checker.new_page()
    for path in ("/inbox", task, "/orders", "/start", "/help"):
        looked_at.goto(path)
        looked_at.evaluate(AXE.read_text("utf-8"))
        found = looked_at.evaluate("axe.run(document)")["violations"]
        assert [one["id"] for one in found] == [], path
    checker.close()


def test_without_scripts_everything_still_works(
    chromium: Chromium, address: str, tea: Started
) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=address, locale="en-GB")
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#login", "sunyue")
    page.fill("#password", PASSWORD)
    page.click("text=Sign in >> visible=true")
    page.goto(f"/tasks/{tea.next_tasks[0].task_id}")

    page.fill("#f-guest", "王先生")
    page.select_option("#f-way", "here")
    page.click("text=Add a row")
    page.fill("#f-lines-0-tea", "龙井")
    page.fill("#f-lines-0-qty", "2")
    page.fill("#f-lines-0-price", "38.5")
    page.click("text=Submit for review")

    assert page.url.endswith("/inbox")
    assert "Enter tea: Submit for review." in page.content()
    context.close()
