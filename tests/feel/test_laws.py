"""Laws that hold for all values: arithmetic, order, dates, printing and reading."""

import datetime as dt
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jiedan.feel import evaluate, from_plain, to_plain, to_python
from jiedan.feel.iso import parse_at, show_date
from jiedan.feel.show import literal
from jiedan.feel.temporal import (
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    date_of_days,
)
from jiedan.feel.values import Range

PYTHON = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow], Emin=-6143, Emax=6144)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
SMALL = st.integers(-10_000, 10_000)
DATES = st.dates(dt.date(1, 1, 3), dt.date(9999, 12, 28))
MOMENTS = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 28))


@given(NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_pythons_decimal_with_34_digits(a: Decimal, b: Decimal):
    a, b = PYTHON.plus(a), PYTHON.plus(b)
    scope = {"a": a, "b": b}

    assert evaluate("a + b", scope) == PYTHON.add(a, b)
    assert evaluate("a - b", scope) == PYTHON.subtract(a, b)
    assert evaluate("a * b", scope) == PYTHON.multiply(a, b)
    assert evaluate("a / b", scope) == (PYTHON.divide(a, b) if b else None)


@given(NUMBERS, st.integers(-20, 20))
def test_rounding_is_that_of_pythons_decimal(n: Decimal, places: int):
    n = PYTHON.plus(n)
    for name, rounding in [
        ("decimal", "ROUND_HALF_EVEN"), ("floor", "ROUND_FLOOR"), ("ceiling", "ROUND_CEILING"),
        ("round up", "ROUND_UP"), ("round down", "ROUND_DOWN"),
        ("round half up", "ROUND_HALF_UP"), ("round half down", "ROUND_HALF_DOWN"),
    ]:  # fmt: skip
        wide = Context(prec=200)
        expected = PYTHON.plus(n.quantize(Decimal(1).scaleb(-places), rounding, wide))

        assert evaluate(f"{name}(n, places)", {"n": n, "places": places}) == expected


@given(NUMBERS, NUMBERS.filter(bool))
def test_a_remainder_has_the_sign_of_its_divisor(a: Decimal, b: Decimal):
    rest = evaluate("modulo(a, b)", {"a": a, "b": b})

    assert (
        rest is None or rest == 0 or ((rest < 0) == (b < 0) and PYTHON.abs(rest) <= PYTHON.abs(b))
    )


ORDERED = st.one_of(
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.tuples(st.text(), st.text(), st.text()),
    st.tuples(DATES, DATES, DATES),
    st.tuples(MOMENTS, MOMENTS, MOMENTS),
    st.tuples(st.times(), st.times(), st.times()),
    st.tuples(st.timedeltas(), st.timedeltas(), st.timedeltas()),
)


@given(ORDERED)
def test_order_is_total_and_agrees_with_equality_and_ranges(values: tuple[Any, Any, Any]):
    scope = dict(zip("abc", values, strict=True))

    def holds(text: str) -> bool:
        answer = evaluate(text, scope)
        assert answer in (True, False)
        return bool(answer)

    assert [holds("a < b"), holds("a = b"), holds("a > b")].count(True) == 1
    assert holds("a <= b") == (holds("a < b") or holds("a = b"))
    assert holds("a != b") != holds("a = b")
    assert not (holds("a < b") and holds("b < c")) or holds("a < c")
    assert holds("a between b and c") == (holds("a >= b") and holds("a <= c"))
    if holds("b <= c"):
        assert holds("a in [b..c]") == holds("a between b and c")
        assert holds("a in (b..c)") == (holds("a > b") and holds("a < c"))


@given(st.lists(st.none() | st.booleans(), max_size=4))
def test_and_or_not_follow_three_valued_logic(parts: list[bool | None]):
    names = [f"p{place}" for place in range(len(parts))]
    scope = dict(zip(names, parts, strict=True))
    conjunction = evaluate(" and ".join(["true", *names]), scope)
    disjunction = evaluate(" or ".join(["false", *names]), scope)

    assert conjunction == (False if False in parts else None if None in parts else True)
    assert disjunction == (True if True in parts else None if None in parts else False)
    assert conjunction == evaluate("all(xs)", {"xs": parts})
    assert disjunction == evaluate("any(xs)", {"xs": parts})
    negated = " or ".join(["false", *(f"not({name})" for name in names)])
    assert evaluate(f"not({negated})", scope) == conjunction


@given(DATES, SMALL)
def test_adding_days_is_that_of_pythons_calendar(day: dt.date, days: int):
    try:
        expected = day + dt.timedelta(days=days)
    except OverflowError:
        return

    scope = {"day": day, "span": dt.timedelta(days=days)}
    assert to_python(evaluate("day + span", scope)) == expected
    assert to_python(evaluate("day + span - day", scope)) == dt.timedelta(days=days)


@given(MOMENTS, st.timedeltas(dt.timedelta(days=-4000), dt.timedelta(days=4000)))
def test_adding_and_taking_away_a_duration_ends_where_it_began(
    moment: dt.datetime, some: dt.timedelta
):
    scope = {"m": moment, "span": some}

    assert evaluate("m + span - span = m", scope) is True
    assert evaluate("(m + span) - m = span", scope) is True


@given(DATES)
def test_the_calendar_is_pythons(day: dt.date):
    scope = {"d": day}

    assert evaluate("d.weekday", scope) == day.isoweekday()
    assert evaluate("day of year(d)", scope) == day.timetuple().tm_yday
    assert evaluate("week of year(d)", scope) == day.isocalendar().week
    assert evaluate("string(d)", scope) == day.isoformat()


@given(st.integers(-365_000_000_000, 365_000_000_000))
def test_days_and_dates_far_away_are_each_others_inverse(days: int):
    day = date_of_days(days)

    assert day is not None
    assert day.days() == days
    assert parse_at(show_date(day)) == day
    following = date_of_days(days + 1)
    assert following is None or (following.year, following.month, following.day) > (
        day.year, day.month, day.day
    )  # fmt: skip


@given(DATES, DATES)
def test_months_between_dates_are_whole_and_do_not_pass_the_end(a: dt.date, b: dt.date):
    scope = {"a": a, "b": b}

    months = evaluate("years and months duration(a, b)", scope)
    back = evaluate("years and months duration(b, a)", scope)

    assert isinstance(months, MonthsDuration)
    assert months.months == -back.months
    if a <= b:
        assert evaluate("a + years and months duration(a, b) <= b", scope) is True


OFFSETS = st.none() | st.integers(-18 * 60, 18 * 60).map(lambda minutes: minutes * 60)
TIMES = st.builds(
    Time,
    st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999_999),
    OFFSETS,
)  # fmt: skip
FEEL_DATES = st.integers(-365_000_000_000, 365_000_000_000).map(date_of_days)
POINTS = st.one_of(
    NUMBERS.map(from_plain),
    st.text(),
    FEEL_DATES,
    TIMES,
    st.builds(DateTime, FEEL_DATES, TIMES),
    st.integers(-(10**25), 10**25).map(DaysDuration),
    st.integers(-(10**9), 10**9).map(MonthsDuration),
)
ANYTHING = st.recursive(
    POINTS | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(ANYTHING)
def test_a_printed_value_is_read_back_as_the_same(value: Any):
    assert evaluate(literal(value)) == value


@given(NUMBERS, NUMBERS, st.booleans(), st.booleans())
def test_a_printed_range_is_read_back_as_the_same(a: Decimal, b: Decimal, low: bool, high: bool):
    a, b = sorted((PYTHON.plus(a), PYTHON.plus(b)))

    value = Range(a, b, low, high)

    assert evaluate(literal(value)) == value
    assert evaluate("range(text)", {"text": literal(value)}) == value


@given(NUMBERS)
def test_a_number_is_read_back_from_its_text(n: Decimal):
    n = PYTHON.plus(n)

    assert evaluate("number(string(n))", {"n": n}) == n
    assert evaluate(str(n)) == n


@given(st.integers(-(10**30), 10**30) | st.floats(-1e15, 1e15) | st.text() | st.booleans())
def test_plain_values_come_out_as_they_went_in(value: Any):
    assert to_plain(from_plain(value)) == value


@given(FEEL_DATES, st.integers(-5000, 5000))
def test_adding_months_keeps_the_day_or_takes_the_last(day: Date, months: int):
    later = evaluate("d + m", {"d": day, "m": MonthsDuration(months)})

    if later is not None:
        assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
        assert later.day == day.day or later.day in (28, 29, 30)
