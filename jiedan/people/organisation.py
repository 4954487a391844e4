"""The organisation: roles and departments from `config/roles.toml`, brought into the tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.work import Work
from jiedan.people.directory import find_person
from jiedan.people.errors import (
    AdministrationForbidden,
    DepartmentUnknown,
    OrganisationInvalid,
)
from jiedan.people.tables import Department, Role

ADMINISTRATOR = "AD"


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role as the file declares it."""

    code: str
    zh: str
    en: str
    business: bool = True
    above: str | None = None
    """The role that joins when work of this one is far past its deadline."""


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """A department as the file declares it."""

    code: str
    zh: str
    en: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """All roles and departments, departments after those above them."""

    roles: tuple[RoleLine, ...]
    departments: tuple[DepartmentLine, ...]

    def supervisors(self) -> dict[str, str]:
        """Role → the role above it."""
        return {role.code: role.above for role in self.roles if role.above}


def load_organisation(path: Path) -> Organisation:
    """What `roles.toml` says; raises OrganisationInvalid."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        if raw.keys() - {"role", "department"}:
            raise ValueError(f"unknown: {', '.join(sorted(raw.keys() - {'role', 'department'}))}")
        roles = tuple(RoleLine(**line) for line in raw["role"])
        departments = _in_order([DepartmentLine(**line) for line in raw.get("department", [])])
        for codes in ([role.code for role in roles], [line.code for line in departments]):
            if len(set(codes)) < len(codes):
                raise ValueError("a code occurs twice")
    except (KeyError, TypeError, ValueError) as error:
        raise OrganisationInvalid(complaint=f"{path.name}: {error}") from error
    return Organisation(roles, departments)


def sync_organisation(work: Work, *, organisation: Organisation) -> None:
    """Bring roles and departments into the tables; what the file no longer names stays there."""
    _sync(work, Role, [_columns(line) for line in organisation.roles])
    _sync(work, Department, [_columns(line) for line in organisation.departments])


def set_department_head(work: Work, *, department: str, login: str | None) -> None:
    """Say who leads a department; raises DepartmentUnknown, PersonUnknown."""
    if not (work.actor.is_system or work.actor.has(ADMINISTRATOR)):
        raise AdministrationForbidden
    row = work.session.get(Department, department)
    if row is None:
        raise DepartmentUnknown(department=department)
    if login is not None:
        find_person(work.session, login)
    audit.record(
        work,
        action="department.head",
        entity=f"department:{department}",
        before={"head": row.head},
        after={"head": login},
    )
    row.head = login


def _in_order(lines: list[DepartmentLine]) -> tuple[DepartmentLine, ...]:
    placed: dict[str, DepartmentLine] = {}
    while lines:
        ready = [line for line in lines if line.parent is None or line.parent in placed]
        if not ready:
            raise ValueError(f"no department above {lines[0].code}")
        placed |= {line.code: line for line in ready}
        lines = [line for line in lines if line not in ready]
    return tuple(placed.values())


def _columns(line: RoleLine | DepartmentLine) -> dict[str, Any]:
    columns: dict[str, Any] = {"code": line.code, "name_zh": line.zh, "name_en": line.en}
    if isinstance(line, RoleLine):
        return columns | {"business": line.business}
    return columns | {"parent": line.parent}


def _sync(work: Work, table: type[Role] | type[Department], lines: list[dict[str, Any]]) -> None:
    rows: list[Any] = list(work.session.scalars(select(table)))
    present = {row.code: row for row in rows}
    for line in lines:
        row = present.get(line["code"])
        if row is None:
            work.session.add(table(**line))
            # Departments refer to those above them.
            work.session.flush()
            continue
        for name, value in line.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
