"""Looking people up: who somebody is, who holds a role, who leads whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from jiedan.core.actor import SYSTEM, SYSTEM_LOGIN, Actor
from jiedan.core.i18n import pick
from jiedan.core.text import like_pattern, search_text
from jiedan.people.errors import PersonUnknown
from jiedan.people.tables import Department, Role, User, UserRole

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as others see them."""

    login: str
    name: str
    name_en: str
    department: str | None
    roles: frozenset[str]
    email: str
    phone: str
    active: bool
    supervisor: str | None
    locale: str | None
    version: int

    @property
    def shown(self) -> str:
        """The name in the language in force."""
        return pick(self.name, self.name_en)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One page of people and how many there are in all."""

    people: list[Person]
    total: int
    page: int
    size: int


def find_person(session: Session, login: str) -> Person:
    """The person with this login, disabled or not; raises PersonUnknown."""
    user = session.get(User, login)
    if user is None:
        raise PersonUnknown(login=login)
    return _person(user, _roles_of(session, [login]).get(login, frozenset()))


def load_actor(
    session: Session, login: str, *, ip: str | None = None, on_behalf_of: str | None = None
) -> Actor:
    """The actor for an active person, with the roles held now; raises PersonUnknown."""
    if login == SYSTEM_LOGIN:
        return SYSTEM
    user = session.get(User, login)
    if user is None or user.disabled_at is not None:
        raise PersonUnknown(login=login)
    roles = session.scalars(select(UserRole.role).where(UserRole.login == login))
    return Actor(login, user.name, frozenset(roles), user.department, on_behalf_of, ip)


def list_users(
    session: Session,
    *,
    query: str = "",
    role: str | None = None,
    department: str | None = None,
    active: bool | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> PersonPage:
    """People by login; `query` finds parts of logins, names, pinyin, initials and addresses."""
    wanted: Select[User] = select(User)
    for word in search_text(query).split():
        wanted = wanted.where(User.search.like(like_pattern(word), escape="\\"))
    if role:
        wanted = wanted.where(User.login.in_(select(UserRole.login).where(UserRole.role == role)))
    if department:
        wanted = wanted.where(User.department == department)
    if active is not None:
        gone = User.disabled_at.is_not(None)
        wanted = wanted.where(~gone if active else gone)
    page, size = max(1, page), min(max(1, size), 200)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    users = session.scalars(wanted.order_by(User.login).offset((page - 1) * size).limit(size)).all()
    roles = _roles_of(session, [user.login for user in users])
    people = [_person(user, roles.get(user.login, frozenset())) for user in users]
    return PersonPage(people, total, page, size)


def people_with_roles(session: Session, roles: Iterable[str]) -> list[Person]:
    """Active people who hold at least one of the roles, by login."""
    users = session.scalars(
        select(User)
        .where(
            User.disabled_at.is_(None),
            User.login.in_(select(UserRole.login).where(UserRole.role.in_(list(roles)))),
        )
        .order_by(User.login)
    ).all()
    held = _roles_of(session, [user.login for user in users])
    return [_person(user, held.get(user.login, frozenset())) for user in users]


def logins_with_role(session: Session, role: str) -> list[str]:
    """The logins of active people who hold the role."""
    return list(
        session.scalars(
            select(UserRole.login)
            .join(User, User.login == UserRole.login)
            .where(UserRole.role == role, User.disabled_at.is_(None))
            .order_by(UserRole.login)
        )
    )


def names_of(session: Session, logins: Iterable[str]) -> dict[str, str]:
    """The names of these people in the language in force; unknown logins stay as they are."""
    wanted = set(logins)
    rows = session.execute(
        select(User.login, User.name, User.name_en).where(User.login.in_(wanted))
    )
    names = {login: pick(name, name_en) for login, name, name_en in rows}
    return {login: names.get(login, login) for login in wanted}


def supervisor_of(session: Session, login: str) -> str | None:
    """Who leads this person: the supervisor named, else the head of the department or above.

    Never the person, never somebody disabled; None when there is nobody.
    """
    user = session.get(User, login)
    if user is None:
        raise PersonUnknown(login=login)
    if user.supervisor and _is_active(session, user.supervisor):
        return user.supervisor
    return department_head(session, user.department, other_than=login)


def department_head(
    session: Session, department: str | None, *, other_than: str | None = None
) -> str | None:
    """The active head of a department, or of the nearest one above that has another one."""
    seen: set[str] = set()
    while department and department not in seen:
        seen.add(department)
        row = session.get(Department, department)
        if row is None:
            return None
        if row.head and row.head != other_than and _is_active(session, row.head):
            return row.head
        department = row.parent
    return None


def list_departments(session: Session) -> list[Department]:
    """All departments by code."""
    return list(session.scalars(select(Department).order_by(Department.code)))


def list_roles(session: Session) -> list[Role]:
    """All roles by code."""
    return list(session.scalars(select(Role).order_by(Role.code)))


def role_names(session: Session) -> Mapping[str, str]:
    """The names of all roles in the language in force, by code."""
    return {role.code: pick(role.name_zh, role.name_en) for role in list_roles(session)}


def has_any_user(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return session.scalar(select(User.login).limit(1)) is not None


def _roles_of(session: Session, logins: list[str]) -> dict[str, frozenset[str]]:
    held: dict[str, set[str]] = {}
    for login, role in session.execute(
        select(UserRole.login, UserRole.role).where(UserRole.login.in_(logins))
    ):
        held.setdefault(login, set()).add(role)
    return {login: frozenset(roles) for login, roles in held.items()}


def _is_active(session: Session, login: str) -> bool:
    user = session.get(User, login)
    return user is not None and user.disabled_at is None


def _person(user: User, roles: frozenset[str]) -> Person:
    return Person(
        login=user.login,
        name=user.name,
        name_en=user.name_en,
        department=user.department,
        roles=roles,
        email=user.email,
        phone=user.phone,
        active=user.disabled_at is None,
        supervisor=user.supervisor,
        locale=user.locale,
        version=user.version,
    )
