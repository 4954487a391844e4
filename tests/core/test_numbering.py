"""Numbers people quote (SPEC S3.2)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.core.numbering import (
    NumberCheckFailed,
    NumberInvalid,
    NumberSeries,
    check_number,
    luhn_digit,
    parent_number,
    skip_numbers,
    take_child_number,
    take_number,
)
from jiedan.core.platform import Platform

People = Callable[..., Actor]


def take(platform: Platform, **wanted: str) -> str:
    with platform.work(actor=SYSTEM) as work:
        return take_number(work, **wanted)


def test_orders_are_numbered_by_day_with_a_check_digit(platform: Platform) -> None:
    taken = [take(platform, kind="order", prefix="XS") for _ in range(3)]

    assert taken == ["XS20260302-0001-1", "XS20260302-0002-9", "XS20260302-0003-7"]


def test_each_channel_has_its_own_series(platform: Platform) -> None:
    with platform.work(actor=SYSTEM) as work:
        work.session.add(NumberSeries(series="WY20260302", last=41))

    assert take(platform, kind="order", prefix="WY") == "WY20260302-0042-5"
    assert take(platform, kind="order", prefix="XS") == "XS20260302-0001-1"


def test_the_day_begins_at_midnight_in_shanghai(platform: Platform, clock: MovableClock) -> None:
    clock.set(datetime(2026, 3, 2, 23, 59, 59, tzinfo=SHANGHAI))
    last = take(platform, kind="issue")
    clock.set(datetime(2026, 3, 3, 0, 0, tzinfo=SHANGHAI))
    first = take(platform, kind="issue")

    assert (last, first) == ("WT20260302-0001", "WT20260303-0001")


def test_the_ten_thousandth_order_of_a_day_has_five_digits(platform: Platform) -> None:
    with platform.work(actor=SYSTEM) as work:
        work.session.add(NumberSeries(series="XS20260302", last=9999))

    number = take(platform, kind="order")

    assert re.fullmatch(r"XS20260302-10000-\d", number)
    assert check_number(number) == number


def test_fifty_people_who_take_a_number_at_once_get_fifty_numbers(
    both_databases: Platform,
) -> None:
    taken: list[str] = []

    def go() -> None:
        taken.append(take(both_databases, kind="order"))

    threads = [threading.Thread(target=go) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(number[11:15] for number in taken) == [f"{n:04}" for n in range(1, 51)]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("customer", r"KH000001"),
        ("inquiry", r"XJ20260302-0001"),
        ("lead", r"QZ20260302-0001"),
        ("contract", r"HT20260302-0001"),
        ("complaint", r"TS20260302-0001"),
        ("backup", r"BF20260302-0001"),
        ("whistleblower", r"JB[A-Z0-9]{10}"),
    ],
)
def test_each_kind_has_its_own_look(platform: Platform, kind: str, pattern: str) -> None:
    number = take(platform, kind=kind)

    assert re.fullmatch(pattern, number)
    assert check_number(number.lower(), kind=kind) == number


def test_an_assessment_is_numbered_by_its_period(platform: Platform) -> None:
    assert take(platform, kind="kpi", period="202603") == "KP202603-0001"
    assert take(platform, kind="kpi", period="2026Q1") == "KP2026Q1-0001"
    assert check_number("kp2026q10001") == "KP2026Q1-0001"


def test_a_report_by_a_whistleblower_has_no_order_in_it(platform: Platform) -> None:
    assert len({take(platform, kind="whistleblower") for _ in range(20)}) == 20


def test_children_carry_the_number_of_their_order(platform: Platform) -> None:
    with platform.work(actor=SYSTEM) as work:
        taken = [
            take_child_number(work, parent="XS20260302-0001-1", kind=kind)
            for kind in ("shipment", "shipment", "invoice")
        ]

    assert taken == [
        "XS20260302-0001-1-F01",
        "XS20260302-0001-1-F02",
        "XS20260302-0001-1-P01",
    ]
    assert check_number(taken[1]) == taken[1]
    assert parent_number(taken[1]) == "XS20260302-0001-1"


@pytest.mark.parametrize(
    "typed",
    [
        "xs20260302-0001-1",
        " XS 20260302 0001 1 ",
        "ＸＳ２０２６０３０２－０００１－１",
        "XS2026030200011",
        "xs20260302–0001—1",
        "\u200bXS20260302-0001-1\u3000",
    ],
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert check_number(typed) == "XS20260302-0001-1"


@pytest.mark.parametrize("typed", ["XS20260302-0001-2", "XS20260302-0010-1", "XS20260320-0001-1"])
def test_a_typing_error_is_told_from_the_check_digit(typed: str) -> None:
    with pytest.raises(NumberCheckFailed) as caught:
        check_number(typed)

    assert caught.value.message("zh") == "编号校验失败，请检查是否输错。"


@pytest.mark.parametrize(
    "typed",
    ["", "hello", "ZZ20260302-0001-1", "XS20261302-0001-1", "XS", "KH1", "'; --", "X" * 5000],
)
def test_what_is_no_number_of_ours_is_refused(typed: str) -> None:
    with pytest.raises(NumberInvalid):
        check_number(typed)


def test_a_number_of_another_kind_is_refused() -> None:
    with pytest.raises(NumberInvalid):
        check_number("KH000001", kind="order")


def test_after_a_restore_no_number_is_given_out_again(platform: Platform) -> None:
    before = take(platform, kind="order")
    with platform.work(actor=SYSTEM) as work:
        skip_numbers(work)

    after = take(platform, kind="order")

    assert (before[11:15], after[11:15]) == ("0001", "1002")


@given(st.text("0123456789", min_size=5, max_size=16), st.integers(0, 15), st.integers(1, 9))
def test_the_check_digit_finds_every_single_wrong_digit(digits: str, place: int, off: int) -> None:
    place %= len(digits)
    wrong = str((int(digits[place]) + off) % 10)

    assert luhn_digit(digits) != luhn_digit(digits[:place] + wrong + digits[place + 1 :])
