"""Business parameters: declared, changed, dated, audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.clock import MovableClock
from jiedan.core.errors import Invalid
from jiedan.core.i18n import use_locale
from jiedan.core.parameters import (
    ParameterChangeForbidden,
    ParameterOutOfRange,
    ParametersInvalid,
    ParameterUnknown,
    ParameterValueInvalid,
    change_parameter,
    load_parameters,
)
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import SOURCE_ROOT

People = Callable[..., Actor]


def change(platform: Platform, name: str, value: object, **more: object) -> None:
    with platform.work(actor=SYSTEM) as work:
        change_parameter(work, name=name, value=value, reason="because", **more)


def test_the_declared_value_holds_until_it_is_changed(platform: Platform) -> None:
    parameters = platform.parameters

    assert parameters.limit("netease.accept") == (Decimal(2), "sh")
    assert parameters.number("price.tolerance_pct") == 3
    assert parameters.fen("netease.fast_track_max") == 500_000
    assert parameters.flag("netease.fast_track") is False
    assert parameters.word("reserve.mode") == "confirm"
    assert parameters.numbers("sla.remind_pct") == [50, 80]


def test_the_parameters_that_the_regulation_leaves_open_are_marked(platform: Platform) -> None:
    literal = {name for name in platform.parameters if platform.parameters[name].literal}

    assert literal == {
        "netease.accept",
        "aftersales.hotline_hours_per_day",
        "aftersales.first_reply",
        "aftersales.general_fix",
        "complaint.investigate",
        "backup.max_interval_days",
    }


def test_every_parameter_has_a_name_in_both_languages(platform: Platform) -> None:
    for parameter in platform.parameters.values():
        with use_locale("zh"):
            zh = str(parameter.title)
        assert zh
        assert zh != str(parameter.title)


def test_a_change_holds_at_once_and_is_audited(both_databases: Platform) -> None:
    parameters = both_databases.parameters
    parameters["netease.accept"]

    change(both_databases, "netease.accept", "０.5")

    assert parameters.limit("netease.accept") == (Decimal("0.5"), "sh")
    with both_databases.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.entity) == ("parameter.change", "parameter:netease.accept")
    assert '"value":"0.5"' in (entry.after or "")


def test_a_change_can_begin_later(platform: Platform, clock: MovableClock) -> None:
    change(platform, "netease.accept", 5, effective_from=clock.now() + timedelta(days=1))

    before = platform.parameters.number("netease.accept")
    clock.advance(timedelta(days=1))
    after = platform.parameters.number("netease.accept")
    clock.advance(-timedelta(seconds=1))

    assert (before, after, platform.parameters.number("netease.accept")) == (2, 5, 2)
    with platform.read() as session:
        at = platform.parameters.at(session, "netease.accept", clock.now() + timedelta(days=9))
        history = platform.parameters.history(session, "netease.accept")
    assert at.value == 5
    assert [row.value for row in history] == ["5"]


def test_a_change_that_is_undone_does_not_hold(platform: Platform) -> None:
    def fail() -> None:
        with platform.work(actor=SYSTEM) as work:
            change_parameter(work, name="netease.accept", value=5, reason="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert platform.parameters.number("netease.accept") == 2


def test_another_process_sees_a_change(platform: Platform, clock: MovableClock) -> None:
    change(platform, "netease.accept", 5)

    other = build_platform(platform.settings, clock=clock, database=platform.database)

    assert other.parameters.number("netease.accept") == 5


def test_reading_costs_no_statement_most_of_the_time(
    platform: Platform, statements: list[str]
) -> None:
    platform.parameters["netease.accept"]
    statements.clear()

    for _ in range(100):
        platform.parameters["netease.accept"]

    assert statements == []


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("netease.accept", "0.1", ParameterOutOfRange),
        ("netease.accept", 49, ParameterOutOfRange),
        ("netease.accept", "NaN", ParameterValueInvalid),
        ("netease.accept", "1e999999999", ParameterOutOfRange),
        ("netease.accept", "soon", ParameterValueInvalid),
        ("netease.accept", None, ParameterValueInvalid),
        ("netease.fast_track", "perhaps", ParameterValueInvalid),
        ("reserve.mode", "sometimes", ParameterValueInvalid),
        ("sla.remind_pct", "80,50", ParameterValueInvalid),
        ("sla.remind_pct", "", ParameterValueInvalid),
        ("no.such", 1, ParameterUnknown),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    platform: Platform, name: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        change(platform, name, value)

    with platform.read() as session:
        assert session.scalars(select(AuditEntry)).all() == []


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("netease.fast_track", "true", True),
        ("netease.fast_track", False, False),
        ("sla.remind_pct", "40, 90", [40, 90]),
        ("reserve.mode", "none", "none"),
    ],
)
def test_other_kinds_of_values(
    platform: Platform, name: str, value: object, stored: object
) -> None:
    change(platform, name, value)

    assert platform.parameters[name].value == stored


def test_a_change_needs_a_reason_and_no_past(platform: Platform, clock: MovableClock) -> None:
    yesterday = clock.now() - timedelta(days=1)
    with platform.work(actor=SYSTEM) as work, pytest.raises(Invalid) as caught:
        change_parameter(work, name="netease.accept", value=5, reason=" ", effective_from=yesterday)

    assert set(caught.value.fields) == {"reason", "effective_from"}


@pytest.mark.parametrize("role", ["OC", "SR", "AU"])
def test_only_those_in_charge_change_parameters(
    platform: Platform, actor: People, role: str
) -> None:
    with (
        platform.work(actor=actor("sunyue", role)) as work,
        pytest.raises(ParameterChangeForbidden),
    ):
        change_parameter(work, name="netease.accept", value=5, reason="x")


@pytest.mark.parametrize(
    "text",
    [
        "['a']\nvalue = 5\nmax = 4\nzh = 'x'\nen = 'y'\n",
        "['a']\nvalue = 5\nmaximum = 4\nzh = 'x'\nen = 'y'\n",
        "['a']\nvalue = 5\nzh = 'x'\n",
        "['a']\nvalue = 'x'\noptions = ['y']\nzh = 'x'\nen = 'y'\n",
        "value = ",
    ],
)
def test_a_parameter_file_with_a_mistake_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parameters.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(ParametersInvalid):
        load_parameters(path)


def test_every_limit_of_our_file_is_one_the_calendar_can_count(platform: Platform) -> None:
    parameters = load_parameters(SOURCE_ROOT / "config" / "parameters.toml")
    now = platform.clock.now()

    for name, parameter in parameters.items():
        if parameter.unit in ("wh", "sh", "wd", "d", "h") and not isinstance(parameter.value, list):
            assert platform.calendar.deadline(now, *parameters.limit(name)) > now, name
