"""Instances, messages, orders and the demo's clock over the API."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest

from tests.processes import answers
from tests.web.api.test_tasks import refusal
from tests.world import World

ORDER = {"channel": "sales", "entry": "order"}


def test_those_whom_the_list_lets_start_do(world: World) -> None:
    started = world.chenjing.call("POST", "/processes/order_main/instances", {"variables": ORDER})

    assert started.status_code == 201
    assert started.get_json()["state"] == "active"


@pytest.mark.parametrize(
    ("login", "process", "variables"),
    [
        pytest.param("duchuan", "order_main", ORDER, id="a stranger"),
        pytest.param("sunyue", "order_main", {**ORDER, "entry": "inquiry"}, id="another's way"),
        pytest.param("chenjing", "order_main", {**ORDER, "order_id": "1"}, id="a variable more"),
        pytest.param("chenjing", "order_main", {}, id="no variables"),
        pytest.param("chenjing", "order_review", {}, id="a process that is not on the list"),
        pytest.param("chenjing", "no_such_process", {}, id="a process that does not exist"),
    ],
)
def test_nobody_starts_what_was_not_opened_to_them(
    world: World, login: str, process: str, variables: dict[str, Any]
) -> None:
    refused = world.person(login).call(
        "POST", f"/processes/{process}/instances", {"variables": variables}
    )

    assert refusal(refused) == (403, "MAY_NOT_START")
    assert world.zhangwei.call("GET", "/tasks").get_json()["items"] == []
    assert world.open_tasks() == []


def test_a_number_is_not_chosen_by_hand(world: World) -> None:
    body = {"variables": ORDER, "business_key": "XS20260302-0001-1"}

    assert refusal(world.chenjing.call("POST", "/processes/order_main/instances", body)) == (
        403,
        "MAY_NOT_START",
    )


def test_owners_start_any_process(world: World) -> None:
    assert world.shiyuan.start("order_main", **ORDER)["next_tasks"]
    missing = world.shiyuan.call("POST", "/processes/no_such_process/instances", {})
    assert refusal(missing) == (404, "PROCESS_NOT_FOUND")


def test_starting_with_the_same_key_starts_once(world: World) -> None:
    body = {"variables": ORDER}
    address = "/processes/order_main/instances"

    first = world.chenjing.call("POST", address, body, **{"Idempotency-Key": "o-7"})
    again = world.chenjing.call("POST", address, body, **{"Idempotency-Key": "o-7"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert again.get_json()["replayed"] is True
    assert len(world.sunyue.tasks("accept_order")) == 1


def test_a_key_of_another_request_is_refused(world: World) -> None:
    address = "/processes/order_main/instances"
    key = {"Idempotency-Key": "o-8"}
    world.chenjing.post(address, {"variables": ORDER}, **key)

    other = {"variables": {**ORDER, "entry": "inquiry"}}
    assert refusal(world.chenjing.call("POST", address, other, **key)) == (409, "KEY_REUSED")


def test_those_who_work_on_an_instance_see_it_and_strangers_do_not(world: World) -> None:
    instance = world.chenjing.start(**ORDER)["id"]

    assert world.sunyue.get(f"/instances/{instance}")["state"] == "active"
    assert world.chenjing.get(f"/instances/{instance}")["started_by"] == "chenjing"
    assert world.hezheng.get(f"/instances/{instance}")["tokens"]
    assert world.duchuan.call("GET", f"/instances/{instance}").status_code == 404
    assert world.sunyue.call("GET", f"/instances/{uuid.uuid4()}").status_code == 404
    assert world.sunyue.call("GET", "/instances/1").status_code == 404


def test_only_admins_see_variables(world: World) -> None:
    instance = world.chenjing.start(**ORDER)["id"]

    assert "variables" not in world.chenjing.get(f"/instances/{instance}")
    assert world.zhangwei.get(f"/instances/{instance}")["variables"]["channel"] == "sales"


def test_the_pages_of_the_monitor_refuse_strangers(world: World) -> None:
    instance = world.chenjing.start(**ORDER)["id"]
    browser = world.app.test_client()
    page = browser.get("/sign-in").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    browser.post("/sign-in/demo", data={"csrf_token": token, "login": "duchuan"})

    for address in (
        f"/monitor/instances/{instance}",
        f"/monitor/instances/{instance}/diagram.json",
        f"/monitor/instances/{instance}/processes/order_main.bpmn",
        "/monitor",
        "/monitor/incidents",
        f"/monitor/incidents/{uuid.uuid4()}",
        "/monitor/messages",
        "/monitor/jobs",
        "/studio",
        "/studio/process/order_main",
        "/studio/process/order_main/source",
        "/studio/templates.json",
    ):
        assert browser.get(address).status_code == 404, address


def test_the_monitor_links_tasks_only_for_those_who_may_open_them(world: World) -> None:
    instance = world.chenjing.start(**ORDER)["id"]
    task = world.sunyue.task("accept_order")["id"]

    def sees_link(login: str) -> bool:
        browser = world.app.test_client()
        page = browser.get("/sign-in").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        browser.post("/sign-in/demo", data={"csrf_token": token, "login": login})
        page = browser.get(f"/monitor/instances/{instance}").text
        assert "受理订单" in page or "Accept order" in page
        return f"/tasks/{task}" in page

    assert sees_link("sunyue")
    assert sees_link("zhangwei")
    assert not sees_link("hezheng")


def test_the_diagram_is_not_sent_again_while_nothing_moves(world: World) -> None:
    instance = world.chenjing.start(**ORDER)["id"]
    browser = world.app.test_client()
    page = browser.get("/sign-in").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    browser.post("/sign-in/demo", data={"csrf_token": token, "login": "zhangwei"})
    address = f"/monitor/instances/{instance}/diagram.json"

    first = browser.get(address)
    again = browser.get(address, headers={"If-None-Match": first.headers["ETag"]})
    world.sunyue.do("accept_order", "accept", answers.acceptance(world.customer("KH000001")))
    moved = browser.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert first.get_json()["elements"]["intake_sales"]["accept_order"]["active"] == 1
    assert (again.status_code, moved.status_code) == (304, 200)
    assert moved.get_json()["elements"]["intake_sales"]["enter_order"]["active"] == 1


def test_a_message_is_taken_once_for_each_key(world: World) -> None:
    body = {"correlation": "XS20260302-0001-1", "payload": {"paid": 1}, "key": "m-1"}

    first = world.lifang.call("POST", "/messages/payment.received", body)
    again = world.lifang.call("POST", "/messages/payment.received", body)
    other = world.lifang.call(
        "POST", "/messages/payment.received", {**body, "payload": {"paid": 2}}
    )

    assert (first.status_code, again.status_code) == (202, 200)
    assert refusal(other) == (409, "CONFLICTING_PAYLOAD")


def test_messages_come_only_from_those_who_report_from_outside(world: World) -> None:
    body = {"correlation": "x"}

    assert refusal(world.duchuan.call("POST", "/messages/payment.received", body)) == (
        403,
        "MAY_NOT_SEND",
    )
    assert refusal(world.lifang.call("POST", "/messages/payment.received", {})) == (
        422,
        "MISSING_KEY",
    )


def test_an_order_is_read_by_its_number_and_guessed_by_nobody(world: World) -> None:
    world.chenjing.start(**ORDER)
    world.sunyue.do("accept_order", "accept", answers.acceptance(world.customer("KH000001")))
    world.sunyue.do("enter_order", "submit", answers.entry())

    order = world.chenjing.get("/orders/XS20260302-0001-1")

    assert order["order_no"] == "XS20260302-0001-1"
    assert world.chenjing.call("GET", "/orders/XS20260302-0002-9").status_code == 404
    assert world.duchuan.call("GET", "/orders/XS20260302-0001-1").status_code == 404


def test_a_number_with_a_slip_of_the_pen_is_said_to_be_one(world: World) -> None:
    """SPEC S3.2: the last digit is there to catch it."""
    for number in ("XS20260302-0001-2", "' or 1=1 --", "0"):
        refused = world.chenjing.call("GET", f"/orders/{number}")
        assert refused.status_code == 422, number


def test_the_demos_clock_is_read_and_moved(world: World) -> None:
    before = world.sunyue.get("/clock")
    after = world.sunyue.post("/clock", {"advance_seconds": 3600})

    assert before["now"][:19] == "2026-03-02T01:00:00"
    assert after["now"][:19] == "2026-03-02T02:00:00"


@pytest.mark.parametrize(
    "body",
    [{}, {"advance_seconds": -1}, {"advance_seconds": 10**12}, {"set": "soon"},
     {"set": "2026-03-02T09:00:00"}],
)  # fmt: skip
def test_the_clock_does_not_go_where_it_cannot(world: World, body: dict[str, Any]) -> None:
    assert refusal(world.sunyue.call("POST", "/clock", body)) == (422, "BAD_MOVE")


def test_a_real_installation_has_no_clock_to_move(world: World) -> None:
    platform = world.flow.platform
    platform.settings = dataclasses.replace(platform.settings, demo=False)

    assert world.sunyue.call("GET", "/clock").status_code == 404
    assert world.sunyue.call("POST", "/clock", {"advance_seconds": 1}).status_code == 404
