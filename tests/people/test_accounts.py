"""Accounts: who exists, what they may, and how that ends."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform
from jiedan.people.accounts import (
    add_user,
    change_own_password,
    disable_user,
    enable_user,
    set_password,
    set_roles,
    update_user,
)
from jiedan.people.directory import find_person, list_users, load_actor
from jiedan.people.errors import (
    AdministrationForbidden,
    DepartmentUnknown,
    DutyConflict,
    OwnAccessChange,
    PasswordWeak,
    PasswordWrong,
    PersonChangedMeanwhile,
    PersonExists,
    PersonInvalid,
    PersonUnknown,
    RoleUnknown,
    SignInFailed,
)
from jiedan.people.sign_in import load_session, sign_in
from jiedan.people.tables import User
from jiedan.people.tokens import load_token, make_token
from tests.people.conftest import PASSWORD

ADMIN = Actor("zhangwei", "张维", frozenset({"AD"}))
CLERK = Actor("sunyue", "孙悦", frozenset({"OC"}))


def test_somebody_added_can_sign_in_with_the_roles_given(company_on_both: Platform) -> None:
    with company_on_both.work(actor=ADMIN) as work:
        person = add_user(
            work, login=" QianMin ", name="钱敏", roles=["OR"], password="a fine morning 8"
        )

    signed = sign_in(company_on_both, login="qianmin", password="a fine morning 8")

    assert person.login == "qianmin"
    assert (signed.actor.roles, signed.must_change_password) == (frozenset({"OR"}), True)


def test_a_password_is_kept_as_an_argon2_hash_only(company: Platform) -> None:
    with company.read() as session:
        kept = session.get(User, "sunyue").password_hash

    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"login": "x"}, "login"),
        ({"login": "system"}, "login"),
        ({"login": "a b;--"}, "login"),
        ({"login": "../etc"}, "login"),
        ({"name": " "}, "name"),
        ({"name": "字" * 81}, "name"),
        ({"email": "nobody"}, "email"),
        ({"phone": "call me"}, "phone"),
    ],
)
def test_wrong_details_are_named(company: Platform, details: dict[str, str], field: str) -> None:
    given = {"login": "newcomer", "name": "新人", **details}

    with company.work(actor=ADMIN) as work, pytest.raises(PersonInvalid) as caught:
        add_user(work, **given)

    assert set(caught.value.fields) == {field}


def test_a_login_is_given_once(company: Platform) -> None:
    with company.work(actor=ADMIN) as work, pytest.raises(PersonExists):
        add_user(work, login="SunYue", name="孙跃")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "sunyue1234",
        "password12",
        "x" * 300,
        "孙悦孙悦孙悦孙悦孙悦",
    ],
)
def test_a_password_easy_to_guess_is_refused(company: Platform, password: str) -> None:
    with company.work(actor=ADMIN) as work, pytest.raises(PasswordWeak):
        set_password(work, login="sunyue", password=password)


@pytest.mark.req("SOD-12")
@pytest.mark.parametrize("roles", [["AD", "OC"], ["AD", "PO", "FM"]])
def test_an_administrator_holds_no_role_in_the_business(
    company: Platform, roles: list[str]
) -> None:
    with company.work(actor=SYSTEM) as work, pytest.raises(DutyConflict) as caught:
        set_roles(work, login="sunyue", roles=roles)

    assert caught.value.code == "SOD_12"
    assert caught.value.message("zh") == "SOD-12：系统管理员不能兼任业务角色。"
    with company.read() as session:
        assert find_person(session, "sunyue").roles == {"OC"}


def test_unknown_roles_departments_and_people_are_refused(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        with pytest.raises(RoleUnknown):
            set_roles(work, login="sunyue", roles=["XX"])
        with pytest.raises(DepartmentUnknown):
            update_user(work, login="sunyue", department="nowhere")
        with pytest.raises(PersonUnknown):
            update_user(work, login="nobody", name="x")


def test_new_roles_hold_from_the_next_click_on(company_on_both: Platform) -> None:
    token = sign_in(company_on_both, login="sunyue", password=PASSWORD).token

    with company_on_both.work(actor=ADMIN) as work:
        set_roles(work, login="sunyue", roles=["CS", "SR"])

    assert load_session(company_on_both, token=token).actor.roles == {"CS", "SR"}


def test_who_is_disabled_is_out_at_once(company: Platform) -> None:
    token = sign_in(company, login="sunyue", password=PASSWORD).token
    with company.work(actor=CLERK) as work:
        key = make_token(work, login="sunyue").token

    with company.work(actor=ADMIN) as work:
        disable_user(work, login="sunyue", reason="left")

    assert load_session(company, token=token) is None
    assert load_token(company, token=key) is None
    with pytest.raises(SignInFailed):
        sign_in(company, login="sunyue", password=PASSWORD)
    with company.read() as session, pytest.raises(PersonUnknown):
        load_actor(session, "sunyue")


def test_who_is_enabled_again_signs_in_again(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        disable_user(work, login="sunyue")
        enable_user(work, login="sunyue")

    assert sign_in(company, login="sunyue", password=PASSWORD).actor.login == "sunyue"


@pytest.mark.parametrize("role", ["OC", "GM", "PO", "HR"])
def test_only_administrators_change_people(company: Platform, role: str) -> None:
    somebody = Actor("x", "x", frozenset({role}))

    with company.work(actor=somebody) as work:
        for act in (
            lambda: add_user(work, login="newcomer", name="x"),
            lambda: set_roles(work, login="sunyue", roles=["GM"]),
            lambda: set_password(work, login="sunyue", password="a fine morning 8"),
            lambda: disable_user(work, login="sunyue"),
            lambda: update_user(work, login="sunyue", name="x"),
        ):
            with pytest.raises(AdministrationForbidden):
                act()


def test_nobody_gives_roles_to_themselves(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        with pytest.raises(OwnAccessChange):
            set_roles(work, login="zhangwei", roles=["PO"])
        with pytest.raises(OwnAccessChange):
            disable_user(work, login="zhangwei")


def test_of_two_changes_at_once_the_second_is_told(company: Platform) -> None:
    with company.read() as session:
        seen = find_person(session, "sunyue").version
    with company.work(actor=ADMIN) as work:
        update_user(work, login="sunyue", version=seen, name="孙月")

    with company.work(actor=ADMIN) as work, pytest.raises(PersonChangedMeanwhile):
        update_user(work, login="sunyue", version=seen, name="孙乐")


def test_a_new_name_is_found_by_its_pinyin(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        update_user(work, login="sunyue", name="欧阳修", department="sales")

    with company.read() as session:
        assert [p.login for p in list_users(session, query="ouyang").people] == ["sunyue"]


def test_a_new_password_ends_the_other_sign_ins(company: Platform) -> None:
    here = sign_in(company, login="sunyue", password=PASSWORD)
    there = sign_in(company, login="sunyue", password=PASSWORD)

    with company.work(actor=here.actor) as work:
        change_own_password(
            work, present=PASSWORD, password="another fine day 9", keep_session=here.session_id
        )

    assert load_session(company, token=here.token) is not None
    assert load_session(company, token=there.token) is None
    assert sign_in(company, login="sunyue", password="another fine day 9")


def test_changing_ones_password_needs_the_present_one(company: Platform) -> None:
    with company.work(actor=CLERK) as work, pytest.raises(PasswordWrong):
        change_own_password(work, present="guess", password="another fine day 9")


def test_a_password_set_by_somebody_else_must_be_changed(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        set_password(work, login="sunyue", password="another fine day 9")

    assert sign_in(company, login="sunyue", password="another fine day 9").must_change_password


def test_every_change_of_access_is_audited(company: Platform) -> None:
    with company.work(actor=ADMIN) as work:
        set_roles(work, login="sunyue", roles=["CS"])
        disable_user(work, login="sunyue", reason="left")

    with company.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.actor == "zhangwei").order_by(AuditEntry.seq)
        ).all()
    assert [(entry.action, entry.after) for entry in entries] == [
        ("user.roles", '{"roles":["CS"]}'),
        ("user.disable", '{"reason":"left"}'),
    ]


def test_names_come_in_the_language_in_force(company: Platform) -> None:
    with company.read() as session:
        person = find_person(session, "sunyue")

    assert person.shown == "Sun Yue"
    with use_locale("zh"):
        assert person.shown == "孙悦"
