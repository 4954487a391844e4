"""Signing in: passwords, locks, and sign-ins that end."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import load_settings
from jiedan.people.errors import (
    AdministrationForbidden,
    PersonUnknown,
    SignInFailed,
    SignInLocked,
    TokenUnknown,
)
from jiedan.people.sign_in import (
    forget_old_sign_ins,
    list_sessions,
    load_session,
    revoke_sessions,
    sign_in,
    sign_in_as,
    sign_out,
)
from jiedan.people.tables import ApiToken, LoginAttempt, SignInSession, User
from jiedan.people.tokens import list_tokens, load_token, make_token, revoke_token
from tests.people.conftest import PASSWORD


def fail(platform: Platform, times: int, login: str = "sunyue", ip: str | None = None) -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            sign_in(platform, login=login, password="wrong password", ip=ip)


def test_a_sign_in_is_good_until_it_is_ended(company_on_both: Platform) -> None:
    signed = sign_in(company_on_both, login=" SunYue", password=PASSWORD, ip="10.0.0.7")

    loaded = load_session(company_on_both, token=signed.token, ip="10.0.0.8")
    sign_out(company_on_both, token=signed.token)

    assert loaded.actor == Actor("sunyue", "孙悦", frozenset({"OC"}), "orders", None, "10.0.0.8")
    assert load_session(company_on_both, token=signed.token) is None
    sign_out(company_on_both, token=signed.token)
    sign_out(company_on_both, token="never existed")


def test_only_the_hash_of_a_token_is_kept(company: Platform) -> None:
    token = sign_in(company, login="sunyue", password=PASSWORD).token

    with company.read() as session:
        row = session.scalars(select(SignInSession)).one()
    assert token.encode() not in row.token_hash
    assert load_session(company, token="\ud800" + token) is None


@pytest.mark.parametrize(
    ("login", "password"),
    [("sunyue", "wrong"), ("nobody", PASSWORD), ("", ""), ("system", PASSWORD), ("x" * 999, "x")],
)
def test_why_a_sign_in_failed_is_not_told(company: Platform, login: str, password: str) -> None:
    with pytest.raises(SignInFailed) as caught:
        sign_in(company, login=login, password=password)

    assert caught.value.message("en") == "Login or password is wrong."


def test_the_same_password_typed_full_width_is_the_same(company: Platform) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c != " " else "\u3000" for c in PASSWORD)

    assert sign_in(company, login="sunyue", password=wide).actor.login == "sunyue"


@pytest.mark.req("A25")
def test_too_many_wrong_passwords_lock_the_login_for_a_while(
    company_on_both: Platform, clock: MovableClock
) -> None:
    fail(company_on_both, 5)

    with pytest.raises(SignInLocked, match="in 15 minutes"):
        sign_in(company_on_both, login="sunyue", password=PASSWORD)
    assert sign_in(company_on_both, login="majun", password=PASSWORD)
    clock.advance(timedelta(minutes=15))

    assert sign_in(company_on_both, login="sunyue", password=PASSWORD)


def test_a_login_that_does_not_exist_is_locked_too(company: Platform) -> None:
    fail(company, 5, login="nobody")

    with pytest.raises(SignInLocked):
        sign_in(company, login="nobody", password="x")


def test_a_right_password_forgives_the_wrong_ones_before(company: Platform) -> None:
    fail(company, 4)
    sign_in(company, login="sunyue", password=PASSWORD)

    fail(company, 4)
    assert sign_in(company, login="sunyue", password=PASSWORD)
    fail(company, 5)
    with pytest.raises(SignInLocked):
        sign_in(company, login="sunyue", password=PASSWORD)


def test_one_address_that_tries_many_logins_is_locked(company: Platform) -> None:
    for n in range(50):
        fail(company, 1, login=f"guess{n}", ip="10.9.9.9")

    with pytest.raises(SignInLocked):
        sign_in(company, login="sunyue", password=PASSWORD, ip="10.9.9.9")
    assert sign_in(company, login="sunyue", password=PASSWORD, ip="10.0.0.7")


def test_guesses_side_by_side_do_not_get_past_the_lock(company_on_both: Platform) -> None:
    outcomes: list[type[Exception]] = []

    def guess() -> None:
        try:
            sign_in(company_on_both, login="sunyue", password="wrong password")
        except (SignInFailed, SignInLocked) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 16
    assert outcomes.count(SignInFailed) == 5
    with pytest.raises(SignInLocked):
        sign_in(company_on_both, login="sunyue", password=PASSWORD)


def test_a_sign_in_ends_when_nobody_clicks(company: Platform, clock: MovableClock) -> None:
    token = sign_in(company, login="sunyue", password=PASSWORD).token

    clock.advance(timedelta(minutes=119))
    assert load_session(company, token=token) is not None
    clock.advance(timedelta(minutes=119))
    assert load_session(company, token=token) is not None
    clock.advance(timedelta(minutes=120))

    assert load_session(company, token=token) is None


def test_a_sign_in_ends_after_a_day_of_work_in_any_case(
    company: Platform, clock: MovableClock
) -> None:
    token = sign_in(company, login="sunyue", password=PASSWORD).token

    for _ in range(12):
        clock.advance(timedelta(minutes=59))
        assert load_session(company, token=token) is not None
    clock.advance(timedelta(minutes=12))

    assert load_session(company, token=token) is None


def test_in_the_demo_moving_the_clock_signs_nobody_out(
    company: Platform, clock: MovableClock
) -> None:
    settings = load_settings(environment={}, data_dir=company.settings.data_dir, demo=True)
    demo = build_platform(settings, clock=clock, database=company.database)
    token = sign_in_as(demo, login="sunyue", reason="demo").token

    clock.advance(timedelta(days=30))

    assert load_session(company, token=token) is None
    assert load_session(demo, token=token) is not None


def test_loading_a_sign_in_is_one_statement(company: Platform, statements: list[str]) -> None:
    token = sign_in(company, login="sunyue", password=PASSWORD).token
    statements.clear()

    load_session(company, token=token)

    assert len(statements) == 1


def test_all_sign_ins_of_somebody_can_be_ended(company: Platform, clock: MovableClock) -> None:
    here, there = (sign_in(company, login="sunyue", password=PASSWORD) for _ in range(2))
    with company.read() as session:
        assert len(list_sessions(session, login="sunyue", now=clock.now())) == 2

    with company.work(actor=here.actor) as work:
        revoke_sessions(work, login="sunyue", keep_session=here.session_id)

    assert load_session(company, token=here.token) is not None
    assert load_session(company, token=there.token) is None


def test_signing_in_without_password_is_audited_with_its_reason(company: Platform) -> None:
    signed = sign_in_as(company, login="sunyue", reason="demo")

    with company.read() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
    assert signed.actor.roles == {"OC"}
    assert (last.actor, last.action) == ("sunyue", "sign_in.demo")
    for stranger in ("nobody", "system"):
        with pytest.raises(PersonUnknown):
            sign_in_as(company, login=stranger, reason="demo")


def test_failed_sign_ins_are_audited(company: Platform) -> None:
    fail(company, 2, ip="10.0.0.7")

    with company.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "sign_in.failed")
        ).all()
    assert [(entry.entity, entry.ip) for entry in entries] == [("user:sunyue", "10.0.0.7")] * 2


def test_a_hash_of_weaker_settings_is_made_again_at_the_next_sign_in(
    company: Platform, clock: MovableClock
) -> None:
    settings = load_settings(
        environment={},
        data_dir=company.settings.data_dir,
        password_hash_kib=64,
        password_hash_rounds=2,
    )
    stronger = build_platform(settings, clock=clock, database=company.database)

    sign_in(stronger, login="sunyue", password=PASSWORD)

    with company.read() as session:
        assert "m=64,t=2" in session.get(User, "sunyue").password_hash
    assert sign_in(stronger, login="sunyue", password=PASSWORD)


def test_old_sign_ins_are_forgotten(company: Platform, clock: MovableClock) -> None:
    sign_in(company, login="sunyue", password=PASSWORD)
    clock.advance(timedelta(days=100))
    kept = sign_in(company, login="sunyue", password=PASSWORD)

    with company.work(actor=SYSTEM) as work:
        gone = forget_old_sign_ins(work)

    with company.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 1
    assert gone == 2
    assert load_session(company, token=kept.token) is not None


def test_a_key_for_a_program_acts_as_its_owner(
    company_on_both: Platform, clock: MovableClock
) -> None:
    clerk = sign_in(company_on_both, login="sunyue", password=PASSWORD).actor
    with company_on_both.work(actor=clerk) as work:
        made = make_token(work, login="sunyue", name="import", days=30)

    actor = load_token(company_on_both, token=made.token, ip="10.0.0.9")

    assert (actor.login, actor.roles, actor.ip) == ("sunyue", {"OC"}, "10.0.0.9")
    assert load_token(company_on_both, token="jd_guess") is None
    assert load_token(company_on_both, token="guess") is None
    clock.advance(timedelta(days=30))
    assert load_token(company_on_both, token=made.token) is None


def test_a_key_can_be_revoked_by_its_owner_and_by_administrators_only(company: Platform) -> None:
    clerk = Actor("sunyue", "孙悦", frozenset({"OC"}))
    stranger = Actor("majun", "马骏", frozenset({"SD"}))
    with company.work(actor=clerk) as work:
        made = make_token(work, login="sunyue")

    with company.work(actor=stranger) as work, pytest.raises(TokenUnknown):
        revoke_token(work, token_id=made.id)
    with company.work(actor=clerk) as work:
        revoke_token(work, token_id=made.id)
        with pytest.raises(TokenUnknown):
            revoke_token(work, token_id=uuid.uuid4())

    assert load_token(company, token=made.token) is None
    with company.read() as session:
        assert [row.revoked_at is not None for row in list_tokens(session, login="sunyue")] == [
            True
        ]


def test_nobody_makes_a_key_for_somebody_else(company: Platform) -> None:
    for actor in (Actor("zhangwei", "", frozenset({"AD"})), Actor("majun", "", frozenset())):
        with company.work(actor=actor) as work, pytest.raises(AdministrationForbidden):
            make_token(work, login="sunyue")
    with company.read() as session:
        assert session.scalars(select(ApiToken)).all() == []
