"""Substitution: who acts for whom, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.people.errors import AdministrationForbidden, PersonUnknown, SubstitutionInvalid
from jiedan.people.substitutions import (
    arrange_substitution,
    cancel_substitution,
    list_substitutions,
    represented_by,
    substitute_of,
)

DAY = timedelta(days=1)
CHENJING = Actor("chenjing", "陈静", frozenset({"SR"}))


def arrange(platform: Platform, actor: Actor = CHENJING, **changes: object) -> None:
    now = platform.clock.now()
    given = {
        "login": "chenjing",
        "substitute": "wangqiang",
        "starts_at": now + DAY,
        "ends_at": now + 3 * DAY,
        **changes,
    }
    with platform.work(actor=actor) as work:
        arrange_substitution(work, **given)


def test_a_substitute_acts_from_the_first_day_to_the_last(
    company_on_both: Platform, clock: MovableClock
) -> None:
    arrange(company_on_both)
    seen = []

    for _ in range(4):
        with company_on_both.read() as session:
            seen.append(
                (
                    substitute_of(session, login="chenjing", now=clock.now()),
                    represented_by(session, substitute="wangqiang", now=clock.now()),
                )
            )
        clock.advance(DAY)

    assert seen == [(None, []), *[("wangqiang", ["chenjing"])] * 2, (None, [])]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"substitute": "chenjing"}, "substitute"),
        ({"ends_at": timedelta(0)}, "ends_at"),
        ({"starts_at": -3 * DAY, "ends_at": -DAY}, "ends_at"),
    ],
)
def test_a_substitution_that_makes_no_sense_is_refused(
    company: Platform, clock: MovableClock, changes: dict[str, object], field: str
) -> None:
    given = {
        key: clock.now() + value if isinstance(value, timedelta) else value
        for key, value in changes.items()
    }

    with pytest.raises(SubstitutionInvalid) as caught:
        arrange(company, **given)

    assert set(caught.value.fields) == {field}


def test_a_substitute_who_is_away_too_is_refused(company: Platform) -> None:
    arrange(company, Actor("wangqiang", ""), login="wangqiang", substitute="majun")

    with pytest.raises(SubstitutionInvalid):
        arrange(company)


def test_two_substitutions_at_the_same_time_are_refused(company: Platform) -> None:
    arrange(company)

    with pytest.raises(SubstitutionInvalid):
        arrange(company, substitute="majun")


def test_strangers_arrange_nothing(company: Platform) -> None:
    with pytest.raises(AdministrationForbidden):
        arrange(company, Actor("majun", "", frozenset({"SD"})))
    with pytest.raises(PersonUnknown):
        arrange(company, substitute="nobody")


def test_a_substitution_can_be_cancelled(company: Platform, clock: MovableClock) -> None:
    arrange(company)
    with company.read() as session:
        row = list_substitutions(session, login="wangqiang", now=clock.now())[0]

    with company.work(actor=CHENJING) as work:
        cancel_substitution(work, substitution_id=row.id)
        cancel_substitution(work, substitution_id=row.id)

    with company.read() as session:
        assert list_substitutions(session, login="chenjing", now=clock.now()) == []
