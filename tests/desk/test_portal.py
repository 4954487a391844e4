"""Wrong links are counted by network, on both kinds of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.desk.portal import open_link
from jiedan.desk.portal_errors import LinkUnknown, TooManyGuesses
from jiedan.desk.portal_guesses import forget_guesses, note_guess, require_not_guessing

THIEF = Actor("customer", "Customer", ip="2001:db8::7")


def knock(platform: Platform, ip: str) -> None:
    with platform.read() as session:
        require_not_guessing(
            session, parameters=platform.parameters, ip=ip, now=platform.clock.now()
        )


def test_a_network_is_let_in_again_when_its_time_is_over(
    both_databases: Platform, clock: MovableClock
) -> None:
    for _ in range(10):
        with both_databases.work(actor=THIEF) as work:
            note_guess(work)

    with pytest.raises(TooManyGuesses) as refused:
        knock(both_databases, "2001:db8::8")
    assert refused.value.params == {"minutes": 60}
    knock(both_databases, "2001:db8:1::8")
    clock.advance(timedelta(minutes=61))
    knock(both_databases, "2001:db8::8")
    with both_databases.work(actor=THIEF) as work:
        assert forget_guesses(work, days=0, limit=4) == 4


def test_a_secret_that_nobody_was_given_opens_nothing(both_databases: Platform) -> None:
    for token in ("a" * 43, "", "\x00" * 43, "ä" * 43):
        with pytest.raises(LinkUnknown), both_databases.read() as session:
            open_link(session, token=token, now=both_databases.clock.now())
