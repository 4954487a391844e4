"""Signing in and out, the demo's cards, passwords, and what strangers get to see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from jiedan.core.clock import MovableClock

from .conftest import PASSWORD, Browser

Browsers = Callable[..., Browser]


def test_a_stranger_is_led_to_the_door_and_back_to_where_he_was_going(browser: Browsers) -> None:
    nobody = browser()

    refused = nobody.get("/inbox?overdue=1")
    page = nobody.get(refused.location)
    welcomed = nobody.post(
        "/sign-in", {"login": "sunyue", "password": PASSWORD, "next": "/inbox?overdue=1"}
    )

    assert refused.status_code == 303
    assert 'value="/inbox?overdue=1"' in page.text
    assert welcomed.location == "/inbox?overdue=1"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"],
)
def test_nobody_is_sent_to_another_site(browser: Browsers, elsewhere: str) -> None:
    answer = browser().post(
        "/sign-in", {"login": "sunyue", "password": PASSWORD, "next": elsewhere}
    )

    assert answer.location == "/"


def test_a_wrong_password_says_so_and_keeps_the_login(browser: Browsers) -> None:
    answer = browser().post("/sign-in", {"login": "sunyue", "password": "wrong"})

    assert answer.status_code == 401
    assert "Login or password is wrong." in answer.text
    assert 'value="sunyue"' in answer.text


@pytest.mark.req("A25")
def test_guessing_passwords_locks_the_login(browser: Browsers) -> None:
    guesser = browser()
    for _ in range(5):
        guesser.post("/sign-in", {"login": "sunyue", "password": "guess"})

    answer = guesser.post("/sign-in", {"login": "sunyue", "password": PASSWORD})

    assert answer.status_code == 429


def test_signing_out_ends_the_sign_in_on_the_server_too(browser: Browsers) -> None:
    sunyue = browser("sunyue")
    cookie = sunyue.client.get_cookie("jiedan")
    assert cookie is not None

    sunyue.post("/sign-out")
    sunyue.client.set_cookie("jiedan", cookie.value)

    assert sunyue.get("/inbox").status_code == 303


def test_the_cookie_cannot_be_read_by_scripts_or_sent_along_from_elsewhere(
    browser: Browsers,
) -> None:
    answer = browser().post("/sign-in", {"login": "sunyue", "password": PASSWORD})

    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("jiedan="))

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_sign_in_ends_after_a_while_without_a_click(
    browser: Browsers, clock: MovableClock
) -> None:
    sunyue = browser("sunyue")

    clock.advance(timedelta(hours=3))

    assert sunyue.get("/inbox").status_code == 303


def test_in_the_demo_one_click_is_enough_and_another_makes_one_somebody_else(
    demo_app: Flask,
) -> None:
    visitor = Browser(demo_app)

    door = visitor.get("/sign-in")
    visitor.post("/sign-in/demo", {"login": "sunyue"})
    first = visitor.get("/inbox")
    visitor.post("/sign-in/demo", {"login": "qianmin"})
    second = visitor.get("/inbox")

    assert "Sun Yue" in door.text
    assert ">Sun Yue</span>" in first.text
    assert ">Qian Min</span>" in second.text


def test_outside_the_demo_nobody_signs_in_with_one_click(browser: Browsers) -> None:
    nobody = browser()

    answer = nobody.post("/sign-in/demo", {"login": "sunyue"})

    assert answer.status_code == 404
    assert nobody.get("/inbox").status_code == 303


def test_outside_the_demo_the_clock_stays_where_it_is(
    browser: Browsers, clock: MovableClock
) -> None:
    before = clock.now()

    answer = browser("sunyue").post("/demo/clock", {"by": "1d"})

    assert answer.status_code == 404
    assert clock.now() == before


def test_the_demo_clock_moves_and_the_page_says_so(demo_app: Flask, clock: MovableClock) -> None:
    visitor = Browser(demo_app)
    visitor.post("/sign-in/demo", {"login": "sunyue"})
    before = clock.now()

    visitor.post("/demo/clock", {"by": "1h", "next": "/inbox"})

    assert clock.now() - before == timedelta(hours=1)
    assert "Mon 2 Mar 2026 10:00" in visitor.get("/inbox").text


def test_changing_the_password_needs_the_present_one_and_ends_other_sign_ins(
    browser: Browsers,
) -> None:
    here, there = browser("sunyue"), browser("sunyue")
    new = "roasted-tieguanyin-12"

    wrong = here.post("/account/password", {"present": "wrong", "password": new, "again": new})
    differing = here.post(
        "/account/password", {"present": PASSWORD, "password": new, "again": "other"}
    )
    right = here.post("/account/password", {"present": PASSWORD, "password": new, "again": new})

    assert wrong.status_code == differing.status_code == 422
    assert right.status_code == 303
    assert here.get("/inbox").status_code == 200
    assert there.get("/inbox").status_code == 303


def test_language_and_look_are_kept(browser: Browsers) -> None:
    sunyue = browser("sunyue")

    sunyue.post("/preferences", {"locale": "zh", "theme": "dark"})
    page = sunyue.get("/inbox").text

    assert '<html lang="zh-CN" data-theme="dark">' in page
    assert "待办箱" in page
