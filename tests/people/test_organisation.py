"""Roles and departments from the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform
from jiedan.people.directory import list_departments, list_roles, role_names
from jiedan.people.errors import AdministrationForbidden, DepartmentUnknown, OrganisationInvalid
from jiedan.people.organisation import (
    load_organisation,
    set_department_head,
    sync_organisation,
)
from jiedan.people.tables import Department

ROLES = {
    *("CS", "SR", "SM", "SD", "GM", "OC", "OR", "FO", "FM", "PP", "PM", "QC", "LG", "LM"),
    *("PA", "BM", "EX", "WH", "AS", "AM", "LC", "AU", "WI", "HR", "AN", "DP", "PO", "AD"),
}


def test_the_roles_are_those_of_the_specification(company: Platform) -> None:
    with company.read() as session:
        roles = {role.code: role.business for role in list_roles(session)}
        with use_locale("zh"):
            names = role_names(session)

    assert set(roles) == ROLES
    assert {code for code, business in roles.items() if not business} == {"AD", "PO"}
    assert names["OC"] == "订单录入员"


def test_bringing_in_the_same_file_twice_changes_nothing(
    company: Platform, statements: list[str]
) -> None:
    organisation = load_organisation(company.settings.config_dir / "roles.toml")
    statements.clear()

    with company.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=organisation)

    assert all(statement.startswith("SELECT") for statement in statements)
    assert len(statements) == 2


def test_a_changed_file_changes_names_and_keeps_heads(company: Platform, tmp_path: Path) -> None:
    text = (company.settings.config_dir / "roles.toml").read_text("utf-8")
    path = tmp_path / "roles.toml"
    path.write_text(text.replace('en = "Sales"', 'en = "Selling"'), "utf-8")

    with company.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=load_organisation(path))

    with company.read() as session:
        sales = session.scalars(select(Department).where(Department.code == "sales")).one()
    assert (sales.name_en, sales.head) == ("Selling", "majun")


def test_departments_come_after_those_above_them(tmp_path: Path) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(
        '[[role]]\ncode = "OC"\nzh = "x"\nen = "x"\n'
        '[[department]]\ncode = "b"\nzh = "x"\nen = "x"\nparent = "a"\n'
        '[[department]]\ncode = "a"\nzh = "x"\nen = "x"\n'
    )

    assert [line.code for line in load_organisation(path).departments] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        '[[role]]\ncode = "OC"\nzh = "x"\n',
        '[[role]]\ncode = "OC"\nzh = "x"\nen = "x"\ncolour = "red"\n',
        '[[role]]\ncode = "OC"\nzh = "x"\nen = "x"\n' * 2,
        '[[role]]\ncode = "OC"\nzh = "x"\nen = "x"\n'
        '[[department]]\ncode = "a"\nzh = "x"\nen = "x"\nparent = "z"\n',
        "[[",
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(text)

    with pytest.raises(OrganisationInvalid):
        load_organisation(path)


def test_only_administrators_say_who_leads(company: Platform) -> None:
    with (
        company.work(actor=Actor("majun", "", frozenset({"SD"}))) as work,
        pytest.raises(AdministrationForbidden),
    ):
        set_department_head(work, department="sales", login="majun")
    with company.work(actor=SYSTEM) as work, pytest.raises(DepartmentUnknown):
        set_department_head(work, department="nowhere", login="majun")
    with company.read() as session:
        assert len(list_departments(session)) == 18
