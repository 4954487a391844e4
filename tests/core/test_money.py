"""Money: fen inside, yuan outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiedan.core.money import (
    LARGEST,
    AmountInvalid,
    AmountNegative,
    AmountTooLarge,
    AmountTooPrecise,
    capital_yuan,
    format_yuan,
    parse_yuan,
    share,
    split,
    yuan_text,
)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("0", 0),
        ("1200", 120_000),
        ("1200.5", 120_050),
        ("1,200.50", 120_050),
        ("¥ 1,200.50", 120_050),
        ("￥12元", 1_200),
        ("１２００．５０", 120_050),
        ("1，200.50", 120_050),
        ("12.", 1_200),
        ("0.10", 10),
        ("1.500", 150),
        ("999999999.99", LARGEST),
        ("-0", 0),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, fen: int) -> None:
    assert parse_yuan(typed) == fen


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", AmountInvalid),
        ("NaN", AmountInvalid),
        ("1e999", AmountInvalid),
        ("Infinity", AmountInvalid),
        ("0x10", AmountInvalid),
        ("1,2", AmountInvalid),
        ("1.2.3", AmountInvalid),
        (".5", AmountInvalid),
        ("٣", AmountInvalid),
        ("=1+1", AmountInvalid),
        ("-1", AmountNegative),
        ("-0.01", AmountNegative),
        ("1.005", AmountTooPrecise),
        ("1000000000", AmountTooLarge),
        ("9" * 5000, AmountTooLarge),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, error: type[AmountInvalid]) -> None:
    with pytest.raises(error):
        parse_yuan(typed)


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (14_720_000, "壹拾肆万柒仟贰佰元整"),
        (0, "零元整"),
        (100, "壹元整"),
        (1_000_00, "壹仟元整"),
        (1_005_00, "壹仟零伍元整"),
        (10_000_00, "壹万元整"),
        (10_001_00, "壹万零壹元整"),
        (100_000_00, "壹拾万元整"),
        (1_050_000_00, "壹佰零伍万元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (999_999_999_99, "玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        (105, "壹元零伍分"),
        (150, "壹元伍角整"),
        (155, "壹元伍角伍分"),
        (5, "伍分"),
        (50, "伍角整"),
        (-100, "负壹元整"),
    ],
)
def test_amounts_in_capitals(fen: int, capitals: str) -> None:
    assert capital_yuan(fen) == capitals


def test_an_amount_is_shown_with_separators() -> None:
    assert format_yuan(14_720_000) == "¥147,200.00"
    assert format_yuan(-5) == "-¥0.05"


@given(st.integers(0, LARGEST))
def test_what_is_written_is_read_back(fen: int) -> None:
    assert parse_yuan(yuan_text(fen)) == fen
    assert parse_yuan(format_yuan(fen)) == fen


def test_a_share_is_rounded_half_up() -> None:
    assert share(101, 1, 2) == 51
    assert share(10_000, 30, 100) == 3_000


@given(st.integers(0, 10**10), st.lists(st.integers(0, 100), min_size=1, max_size=9))
def test_a_split_loses_nothing(total: int, weights: list[int]) -> None:
    weights[0] += 1

    parts = split(total, weights)

    assert sum(parts) == total
    assert all(
        abs(part - total * w / sum(weights)) <= 1 for part, w in zip(parts, weights, strict=True)
    )
