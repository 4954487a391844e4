"""Looking people up."""

from __future__ import annotations

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.people import directory
from jiedan.people.accounts import disable_user, set_roles, update_user
from jiedan.people.organisation import set_department_head


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sunyue", ["sunyue"]),
        ("孙", ["sunyue"]),
        ("sy", ["sunyue"]),
        ("ＳＵＮ", ["sunyue"]),
        ("wang qiang", ["wangqiang"]),
        ("z", ["zhangwei", "zhuzhi"]),
        ("%", []),
        ("nobody", []),
    ],
)
def test_people_are_found_by_name_login_and_pinyin(
    company_on_both: Platform, query: str, found: list[str]
) -> None:
    with company_on_both.read() as session:
        page = directory.list_users(session, query=query)

    assert [person.login for person in page.people] == found


def test_a_long_list_comes_in_pages(company: Platform) -> None:
    with company.read() as session:
        first = directory.list_users(session, size=4)
        second = directory.list_users(session, size=4, page=2)

    assert (first.total, len(first.people), len(second.people)) == (6, 4, 2)
    assert not {p.login for p in first.people} & {p.login for p in second.people}


def test_people_are_filtered_by_role_department_and_state(company: Platform) -> None:
    with company.work(actor=SYSTEM) as work:
        disable_user(work, login="chenjing")

    with company.read() as session:
        sales = directory.list_users(session, department="sales", active=True)
        gone = directory.list_users(session, active=False)
        clerks = directory.list_users(session, role="OC")
    assert [p.login for p in sales.people] == ["majun", "wangqiang"]
    assert [p.login for p in gone.people] == ["chenjing"]
    assert [p.login for p in clerks.people] == ["sunyue"]


def test_holders_of_a_role_are_active_people(company_on_both: Platform) -> None:
    with company_on_both.work(actor=SYSTEM) as work:
        set_roles(work, login="chenjing", roles=["SR", "SM"])
        disable_user(work, login="wangqiang")

    with company_on_both.read() as session:
        assert directory.logins_with_role(session, "SM") == ["chenjing"]
        people = directory.people_with_roles(session, ["SM", "OC"])
    assert [(p.login, sorted(p.roles)) for p in people] == [
        ("chenjing", ["SM", "SR"]),
        ("sunyue", ["OC"]),
    ]


def test_the_head_of_the_department_leads_its_people(company: Platform) -> None:
    with company.read() as session:
        assert directory.supervisor_of(session, "chenjing") == "majun"
        assert directory.department_head(session, "sales") == "majun"


def test_the_head_of_a_department_is_led_from_above(company: Platform) -> None:
    with company.read() as session:
        assert directory.supervisor_of(session, "majun") == "zhuzhi"
        assert directory.supervisor_of(session, "zhuzhi") is None


def test_a_supervisor_named_goes_before_the_department(company: Platform) -> None:
    with company.work(actor=SYSTEM) as work:
        update_user(work, login="chenjing", supervisor="wangqiang")

    with company.read() as session:
        assert directory.supervisor_of(session, "chenjing") == "wangqiang"


def test_who_is_disabled_leads_nobody(company: Platform) -> None:
    with company.work(actor=SYSTEM) as work:
        update_user(work, login="chenjing", supervisor="wangqiang")
        disable_user(work, login="wangqiang")
        disable_user(work, login="majun")

    with company.read() as session:
        assert directory.supervisor_of(session, "chenjing") == "zhuzhi"


def test_a_department_without_head_looks_above(company: Platform) -> None:
    with company.work(actor=SYSTEM) as work:
        set_department_head(work, department="sales", login=None)

    with company.read() as session:
        assert directory.supervisor_of(session, "sunyue") == "zhuzhi"
        assert directory.department_head(session, "service_desk") == "zhuzhi"
        assert directory.department_head(session, "nowhere") is None


def test_names_of_many_people_come_at_once(company: Platform, statements: list[str]) -> None:
    with company.read() as session:
        statements.clear()
        names = directory.names_of(session, ["sunyue", "majun", "system"])

    assert names == {"sunyue": "Sun Yue", "majun": "Ma Jun", "system": "system"}
    assert len(statements) == 1


def test_the_system_acts_as_itself(company: Platform) -> None:
    with company.read() as session:
        assert directory.load_actor(session, "system") is SYSTEM
