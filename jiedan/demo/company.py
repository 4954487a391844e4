"""The demo company's people, customers and goods, as SPEC §6.0 names them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.desk import demo as desk_demo
from jiedan.people.accounts import add_user
from jiedan.people.directory import has_any_user
from jiedan.people.organisation import (
    load_organisation,
    set_department_head,
    sync_organisation,
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A line of `config/demo.toml`."""

    login: str
    name: str
    name_en: str
    roles: tuple[str, ...]
    department: str
    supervisor: str | None


def demo_people(folder: Path) -> tuple[DemoPerson, ...]:
    """The people of `demo.toml`, supervisors before those they lead."""
    return tuple(
        DemoPerson(login, name, name_en, tuple(roles), department, supervisor or None)
        for login, name, name_en, roles, department, supervisor in _read(folder)["people"]
    )


def found_company(platform: Platform) -> bool:
    """Bring the demo company into an empty database; False when there are people already."""
    with platform.work(actor=SYSTEM) as work:
        if has_any_user(work.session):
            return False
        add_people(work)
        desk_demo.load_base(work)
    return True


def add_people(work: Work) -> None:
    """Departments, roles and the people of the demo, all with the same simple password."""
    folder = work.platform.settings.config_dir
    sync_organisation(work, organisation=load_organisation(folder / "roles.toml"))
    raw = _read(folder)
    for one in demo_people(folder):
        add_user(
            work,
            login=one.login,
            name=one.name,
            name_en=one.name_en,
            roles=one.roles,
            department=one.department,
            supervisor=one.supervisor,
            password=raw["password"],
            must_change_password=False,
            trust_password=True,
        )
    for department, login in raw["heads"].items():
        set_department_head(work, department=department, login=login)


def _read(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "demo.toml").read_text("utf-8"))
