"""SPEC A25: other people's work, numbers that are guessed, answers that come twice or from afar."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from lxml import html

from jiedan.core.actor import SYSTEM
from jiedan.core.numbering import luhn_digit
from jiedan.flow.instances import cancel_instance
from jiedan.flow.messages import list_messages
from jiedan.flow.states import MessageState
from jiedan.people.accounts import set_roles
from tests.processes import answers
from tests.scenarios.hostility import (
    CJK,
    READERS,
    browser,
    handing_in,
    refused,
    unchanged,
    understood,
)
from tests.scenarios.paths import accepted, submitted
from tests.web.conftest import Browser
from tests.world import World

pytestmark = pytest.mark.req("A25")


@pytest.fixture(scope="module")
def review(day: World) -> dict[str, Any]:
    """A review that Qian Min may do, opened by her."""
    return day.qianmin.task("review_order", submitted(day))


# --- other people's tasks ------------------------------------------------------------------------
@pytest.mark.parametrize("login", ["duchuan", "linxiao", "hanxue", "shiyuan"])
def test_somebody_elses_task_cannot_be_done_or_even_seen(
    day: World, review: dict[str, Any], login: str
) -> None:
    stranger = day.person(login)

    refused(day, 404, handing_in(stranger, review, "approve", answers.review()))
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/claim", {}),
        ("DELETE", "/claim", None),
        ("PUT", "/draft", {"version": 1, "variables": {}}),
        ("POST", "/comments", {"text": "x"}),
    ):
        refused(
            day,
            404,
            lambda said, m=method, p=path, b=body: stranger.call(
                m, f"/tasks/{review['id']}{p}", b, **said
            ),
        )


def test_who_entered_an_order_may_not_review_it_even_with_the_role(world: World) -> None:
    """SOD-1, as data: 403 with its reason, not merely a missing button."""
    instance = submitted(world)
    task = world.qianmin.task("review_order", instance)
    with world.flow.platform.work(actor=SYSTEM) as work:
        set_roles(work, login="sunyue", roles={"OC", "OR"})

    read = refused(world, 403, handing_in(world.sunyue, task, "approve", answers.review()))

    assert read["code"].startswith("SOD")


# --- twice, stale, without a token ---------------------------------------------------------------
def test_an_answer_that_comes_twice_is_refused_and_says_who_was_faster(day: World) -> None:
    instance = accepted(day)
    opened = day.sunyue.task("enter_order", instance)
    day.sunyue.do("enter_order", "submit", answers.entry(), instance=instance)

    read = refused(
        day,
        409,
        handing_in(day.sunyue, opened, "submit", answers.entry()),
        code="TASK_ALREADY_COMPLETED",
    )

    assert "sunyue" in read["detail"] or "Sun Yue" in read["detail"] or "孙悦" in read["detail"]


def test_an_answer_to_an_older_version_of_the_task_is_refused(
    day: World, review: dict[str, Any]
) -> None:
    stale = {**review, "version": review["version"] - 1}

    refused(
        day, 409, handing_in(day.qianmin, stale, "approve", answers.review()), code="STALE_TASK"
    )


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer jd_" + "A" * 43, "Basic eDp5", "Bearer é"]
)
def test_calls_without_a_good_token_are_refused(
    day: World, review: dict[str, Any], authorization: str
) -> None:
    def send(headers: dict[str, str]) -> Any:
        return day.client.post(
            f"/api/v1/tasks/{review['id']}/completion",
            json={"outcome": "approve"},
            headers={"Authorization": authorization, **headers},
        )

    refused(day, 401, send)


def test_a_sign_in_at_the_pages_opens_no_door_of_the_api(
    day: World, review: dict[str, Any]
) -> None:
    """Else a foreign page could use it: the API has no form tokens."""
    qianmin = browser(day, "qianmin")
    qianmin.client.delete_cookie("locale")

    refused(
        day,
        401,
        lambda said: qianmin.client.post(
            f"/api/v1/tasks/{review['id']}/completion", json={"outcome": "approve"}, headers=said
        ),
    )


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/{task}/completion",
        "/tasks/{task}/claim",
        "/tasks/{task}/draft",
        "/tasks/{task}/comments",
        "/tasks/{task}/files",
        "/tasks/{task}/form",
        "/inbox/{task}/claim",
        "/preferences",
        "/sign-in",
        "/sign-in/demo",
        "/sign-out",
        "/demo/clock",
        "/studio/process",
        "/studio/process/order_main/deployment",
        "/studio/process/order_main/check",
        "/monitor/instances/{instance}/cancellation",
    ],
)
@pytest.mark.parametrize("locale", READERS)
def test_a_form_without_its_token_is_refused(
    day: World, review: dict[str, Any], path: str, locale: str
) -> None:
    someone = browser(day, "qianmin", locale)
    target = path.format(task=review["id"], instance=review["instance_id"])

    with unchanged(day):
        answer = someone.client.post(
            target, data={"_outcome": "approve", "text": "x", "login": "zhuzhi"}
        )

    assert answer.status_code == 403
    assert (locale == "zh") == ("页面" in answer.text)


# --- numbers and ids that are guessed ------------------------------------------------------------
GUESSED = str(uuid.UUID(int=7))


@pytest.mark.parametrize(
    "path",
    [
        f"/tasks/{GUESSED}",
        "/tasks/1",
        "/tasks/%27%20OR%201=1",
        "/tasks/..%2f..%2fetc%2fpasswd",
        f"/instances/{GUESSED}",
        "/instances/1",
        f"/orders/{GUESSED}",
        "/orders/XS20200101-0001-" + luhn_digit("202001010001"),
    ],
)
def test_guessed_ids_and_numbers_find_nothing(day: World, path: str) -> None:
    refused(day, 404, lambda said: day.qianmin.call("GET", path, **said))


def test_an_order_of_others_is_not_to_be_found_by_guessing_its_number(
    day: World, review: dict[str, Any]
) -> None:
    number = review["business_key"]

    assert day.qianmin.call("GET", f"/orders/{number}").status_code == 200
    refused(day, 404, lambda said: day.qinlan.call("GET", f"/orders/{number}", **said))
    refused(
        day,
        404,
        lambda said: day.qinlan.call("GET", f"/instances/{review['instance_id']}", **said),
    )


@pytest.mark.req("S2.2.5")
def test_a_wrong_check_digit_is_told_without_asking_the_database(
    day: World, review: dict[str, Any], statements: list[str]
) -> None:
    number = review["business_key"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    statements.clear()

    read = refused(
        day, 422, lambda said: day.qianmin.call("GET", f"/orders/{wrong}", **said),
        code="NUMBER_CHECK_FAILED",
    )  # fmt: skip

    assert "check digit" in read["detail"]
    assert [one for one in statements if "FROM orders" in one and "number =" in one] == []
    zh = day.qianmin.call("GET", f"/orders/{wrong}", **{"Accept-Language": "zh-CN"})
    assert "编号校验失败" in zh.get_json()["detail"]


# --- passwords -----------------------------------------------------------------------------------
@pytest.mark.parametrize("locale", READERS)
def test_guessing_a_password_locks_the_login_for_a_while(world: World, locale: str) -> None:
    someone = Browser(world.app)
    someone.client.set_cookie("locale", locale)
    allowed = world.flow.platform.settings.sign_in_failures

    tries = [
        someone.post("/sign-in", {"login": "sunyue", "password": f"guess {n}"})
        for n in range(allowed + 1)
    ]
    right = someone.post("/sign-in", {"login": "sunyue", "password": "jiedan-demo"})

    assert {one.status_code for one in tries[:allowed]} == {401}
    assert {tries[-1].status_code, right.status_code} == {429}
    assert "15" in tries[-1].text
    told = html.fromstring(tries[-1].text).xpath("string(//*[@role='alert'])")
    assert (locale == "zh") == bool(CJK.search(told))
    world.wait(minutes=16)
    later = someone.post("/sign-in", {"login": "sunyue", "password": "jiedan-demo"})
    assert later.status_code == 303


def test_a_login_that_does_not_exist_is_answered_like_one_that_does(world: World) -> None:
    someone = Browser(world.app)

    said = [
        someone.post("/sign-in", {"login": login, "password": "wrong password"})
        for login in ("sunyue", "nobody", "' OR 1=1 --", "\u0000", "x" * 10_000)
    ]

    assert {one.status_code for one in said} == {401}


# --- messages ------------------------------------------------------------------------------------
def test_a_message_for_an_order_that_is_over_ends_on_the_list_of_unmatched_ones(
    world: World,
) -> None:
    instance = accepted(world)
    world.sunyue.do("enter_order", "submit", answers.entry(), instance=instance)
    number = world.hezheng.get(f"/instances/{instance}")["business_key"]
    cancel_instance(
        world.flow, actor=SYSTEM, instance_id=uuid.UUID(instance), reason="ordered twice"
    )

    taken = world.lifang.post(
        "/messages/payment.received",
        {"correlation": number, "payload": {"payment_ref": "B-1", "amount_fen": 1, "payer": "x"}},
    )
    world.wait(hours=100)

    assert taken["instance_id"] is None
    unmatched = list_messages(world.flow, states=frozenset({MessageState.UNMATCHED})).items
    assert [number] == [one.correlation_key for one in unmatched]
    page = browser(world, "zhangwei").get("/monitor/messages?state=unmatched")
    assert number in page.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"correlation": 7}, 422),
        ({"correlation": "x", "payload": []}, 422),
        ({"correlation": "x", "state": "approved"}, 400),
    ],
)
def test_a_message_of_another_shape_is_refused(day: World, body: Any, status: int) -> None:
    refused(
        day,
        status,
        lambda said: day.lifang.call("POST", "/messages/payment.received", body, **said),
    )


def test_a_message_from_somebody_who_reports_nothing_is_refused(day: World) -> None:
    refused(
        day,
        403,
        lambda said: day.qinlan.call(
            "POST", "/messages/payment.received", {"correlation": "x"}, **said
        ),
    )


@pytest.mark.parametrize("key", ["", "x" * 129, "two words", "ключ".encode().decode("latin-1")])
def test_a_key_that_is_none_is_refused(day: World, review: dict[str, Any], key: str) -> None:
    refused(
        day,
        400,
        lambda said: day.qianmin.call(
            "POST",
            f"/tasks/{review['id']}/completion",
            {"outcome": "approve"},
            **{"Idempotency-Key": key, **said},
        ),
    )


# --- starting ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("process", "body", "status"),
    [
        ("no_such_process", {}, {403, 404}),
        ("..%2f..%2fetc", {}, {403, 404}),
        ("order_main", {"variables": {"channel": "sales", "entry": "order", "state": "x"}}, {403}),
        ("order_main", {"business_key": "XS20260302-0001-1"}, {403}),
        ("order_main", {"state": "approved"}, {400}),
        ("order_review", {}, {403}),
    ],
    ids=repr,
)
def test_starting_what_is_not_offered_is_refused(
    day: World, process: str, body: Any, status: set[int]
) -> None:
    with unchanged(day):
        for locale, tag in READERS.items():
            answer = day.chenjing.call(
                "POST", f"/processes/{process}/instances", body, **{"Accept-Language": tag}
            )
            assert answer.status_code in status
            understood(answer, answer.status_code, locale)
