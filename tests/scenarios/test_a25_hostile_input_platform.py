"""SPEC A25: what a sales platform, or somebody who plays one, may not push."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from jiedan.desk.platforms import sign
from jiedan.desk.tables import PlatformOrder
from jiedan.flow.notices import list_notices
from jiedan.people.directory import load_actor
from tests.scenarios.hostility import READERS, refused, unchanged, understood
from tests.scenarios.paths import PLATFORM_NO, PUSH_SECRET, push, push_body
from tests.world import World

pytestmark = pytest.mark.req("A25", "N2.1.3")


def item(**changes: Any) -> dict[str, Any]:
    return {"sku": "P-5001", "title": "智能插座", "qty": 3, "unit_price_fen": 8_900, **changes}


def kept(world: World, number: str) -> PlatformOrder | None:
    with world.flow.platform.read() as session:
        return session.scalar(
            select(PlatformOrder).where(PlatformOrder.platform_order_no == number)
        )


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Platform-Signature": "0" * 64},
        {"X-Platform-Signature": ""},
        {"X-Platform-Signature": "not hexadecimal"},
        {"X-Platform-Signature": "é" * 64},
        {"X-Platform-Timestamp": ""},
        {"X-Platform-Timestamp": "soon"},
        {"X-Platform-Timestamp": "-1"},
        {"X-Platform-Timestamp": "9" * 40},
    ],
    ids=repr,
)
def test_a_wrong_signature_is_refused(day: World, headers: dict[str, str]) -> None:
    refused(day, 401, lambda said: push(day, **{**headers, **said}), code="BAD_SIGNATURE")


def test_a_signature_under_another_secret_is_refused(day: World) -> None:
    refused(day, 401, lambda said: push(day, secret="guessed", **said), code="BAD_SIGNATURE")


def test_a_signed_body_that_was_changed_on_the_way_is_refused(day: World) -> None:
    stamp = str(int(day.clock.now().timestamp()))
    signature = sign(secret=PUSH_SECRET, timestamp=stamp, body=push_body())

    refused(
        day,
        401,
        lambda said: push(
            day, push_body(total_fen=1), **{"X-Platform-Signature": signature, **said}
        ),
        code="BAD_SIGNATURE",
    )


@pytest.mark.parametrize("skew", [301, -301, 86_400, -86_400])
def test_a_push_outside_the_time_window_is_refused(day: World, skew: int) -> None:
    refused(day, 401, lambda said: push(day, skew=skew, **said), code="STALE")


@pytest.mark.parametrize("skew", [299, -299, 300, -300])
def test_a_push_just_inside_the_time_window_is_taken(day: World, skew: int) -> None:
    answer = push(day, push_body(f"NE-IN-TIME{skew}"), skew=skew)

    assert answer.status_code == 200


def test_an_unknown_platform_is_refused(day: World) -> None:
    refused(day, 404, lambda said: push(day, **{"X-Platform": "nowhere", **said}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'"order"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"order_no": ' + b"9" * 5_000 + b"}",
    ],
    ids=["empty", "null", "list", "cut off", "text", "no utf-8", "nested", "endless number"],
)
def test_what_is_not_a_json_object_is_refused(day: World, body: bytes) -> None:
    refused(day, 422, lambda said: push(day, body, **said), code="BAD_PAYLOAD")


def test_two_megabytes_are_refused_unread(day: World) -> None:
    body = push_body(remark="x" * 2_000_000)

    refused(day, 413, lambda said: push(day, body, **said))


@pytest.mark.parametrize("qty", [-1, 0, float("nan"), float("inf"), "1e999", 0.0001, 10**7, [], {}])
def test_an_impossible_quantity_is_refused_by_its_place(day: World, qty: Any) -> None:
    body = push_body(items=[item(qty=qty)])

    refused(day, 422, lambda said: push(day, body, **said), fields={"items[0].qty"})


@pytest.mark.parametrize("price", [0, -1, 8_900.5, "89.00", float("nan"), 10**20, True, None])
def test_an_impossible_price_is_refused_by_its_place(day: World, price: Any) -> None:
    body = push_body(items=[item(unit_price_fen=price)])

    refused(day, 422, lambda said: push(day, body, **said), fields={"items[0].unit_price_fen"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [item()] * 201}, "items"),
        ({"items": "P-5001"}, "items"),
        ({"total_fen": -1}, "total_fen"),
        ({"total_fen": 267.005}, "total_fen"),
        ({"order_no": "N" * 65}, "number"),
        ({"order_no": ""}, "number"),
        ({"buyer": "李女士"}, "buyer_name"),
    ],
    ids=repr,
)
def test_an_order_of_impossible_shape_is_refused(
    day: World, changes: dict[str, Any], field: str
) -> None:
    body = push_body(**changes)

    assert field in refused(day, 422, lambda said: push(day, body, **said))["fields"]


def test_a_replay_is_the_same_order_and_starts_nothing(day: World) -> None:
    first = push(day, push_body("NE-REPLAYED"))

    with unchanged(day, but={"platform_orders"}):  # which counts how often it came
        again = [push(day, push_body("NE-REPLAYED"), **{"Accept-Language": tag})
                 for tag in READERS.values()]  # fmt: skip

    assert {first.get_json()["instance_id"]} == {one.get_json()["instance_id"] for one in again}
    assert [one.get_json()["duplicate"] for one in again] == [True, True]
    row = kept(day, "NE-REPLAYED")
    assert row is not None
    assert row.pushes == 3


def test_the_same_number_with_another_amount_is_refused_and_noted_once(day: World) -> None:
    push(day, push_body("NE-CHANGED"))
    other = push_body("NE-CHANGED", total_fen=1, items=[item(qty=1, unit_price_fen=1)])

    refused(
        day,
        409,
        lambda said: push(day, other, **said),
        code="CONFLICTING_PAYLOAD",
        but={"platform_orders", "audit_entries", "flow_notices"},
    )

    row = kept(day, "NE-CHANGED")
    assert row is not None
    assert len(row.conflicts) == 1
    assert row.payload["total_fen"] == 26_700


def test_whoever_accepts_the_order_is_told_of_the_other_content(world: World) -> None:
    push(world)
    push(world, push_body(total_fen=1, items=[item(qty=1, unit_price_fen=1)]))

    facts = world.hanxue.task("accept_platform_order")["facts"]
    shown = {one["label"]: one["value"] for one in facts}
    with world.flow.platform.read() as session:
        actor = load_actor(session, "hanxue")
    notices = list_notices(world.flow, actor=actor).items

    assert shown["内容不一致的重复推送"] == "1"
    assert any(PLATFORM_NO in one.text() and one.kind == "conflict" for one in notices)


def test_full_width_digits_are_the_quantity_that_they_mean(day: World) -> None:
    answer = push(
        day,
        push_body("NE-WIDE", total_fen=890_000, items=[item(qty="１００")]),
    )
    instance = answer.get_json()["instance_id"]
    day.hanxue.do(
        "accept_platform_order",
        "accept",
        {"viewed_all": True, "dept_ok": True},
        instance=instance,
    )

    order = day.order(instance)

    assert order["lines"][0]["qty"] == 100
    assert order["total_fen"] == 890_000


@pytest.mark.parametrize("wanted", ["2026-03-01", "9999-12-31", "0000-00-00", "soon", 7])
def test_a_day_that_cannot_be_becomes_the_earliest_one(day: World, wanted: Any) -> None:
    number = f"NE-DAY-{wanted}"

    answer = push(day, push_body(number, wanted_date=wanted))
    instance = answer.get_json()["instance_id"]
    day.hanxue.do(
        "accept_platform_order",
        "accept",
        {"viewed_all": True, "dept_ok": True},
        instance=instance,
    )

    assert answer.status_code == 200
    assert "2026-03-02" <= day.order(instance)["delivery_date"] < "2026-06"


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a\u0000b", "'; DROP TABLE orders; --", "<script>alert(1)</script>", "{{7*7}}"],
    ids=["half a character", "nul", "sql", "script", "template"],
)
def test_odd_texts_in_a_push_are_kept_and_harm_nobody(day: World, text: str) -> None:
    number = f"NE-ODD-{text!a}"
    order = json.loads(push_body(number))
    order["remark"] = text
    order["buyer"]["name"] = order["address"]["receiver"] = f"李{text}"
    body = json.dumps(order).encode()

    answer = push(day, body)

    assert answer.status_code == 200, answer.text
    assert kept(day, number) is not None
    instance = answer.get_json()["instance_id"]
    day.hanxue.do(
        "accept_platform_order",
        "accept",
        {"viewed_all": True, "dept_ok": True},
        instance=instance,
    )
    assert day.hezheng.get(f"/instances/{instance}")["incidents"] in (0, [])


@pytest.mark.parametrize("number", ["NE'; DROP TABLE orders; --", "NE\u202e42", "<b>42</b>"])
def test_odd_order_numbers_are_only_names(day: World, number: str) -> None:
    answer = push(day, push_body(number))

    assert answer.status_code == 200
    assert push(day, push_body(number)).get_json()["duplicate"] is True


def test_the_reader_is_found_by_the_cookie_too(day: World) -> None:
    client = day.app.test_client()
    client.set_cookie("locale", "zh")

    answer = client.post("/api/v1/platform/orders", data=push_body())

    understood(answer, 401, "zh")
