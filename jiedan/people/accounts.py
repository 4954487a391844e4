"""Accounts: adding people, changing what they may, taking their access away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import CUSTOMER_LOGIN, SYSTEM_LOGIN
from jiedan.core.errors import Message
from jiedan.core.i18n import known_locale, lazy
from jiedan.core.pinyin import pinyin_keys
from jiedan.core.text import clean_line, identifier_text, search_text
from jiedan.core.work import Work
from jiedan.people.directory import Person, find_person
from jiedan.people.errors import (
    AdministrationForbidden,
    DepartmentUnknown,
    DutyConflict,
    OwnAccessChange,
    PasswordWrong,
    PersonChangedMeanwhile,
    PersonExists,
    PersonInvalid,
    PersonUnknown,
    RoleUnknown,
)
from jiedan.people.organisation import ADMINISTRATOR
from jiedan.people.passwords import Passwords
from jiedan.people.tables import ApiToken, Department, Role, SignInSession, User, UserRole

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,63}")
_EMAIL = re.compile(r"[^@\s<>\"']{1,64}@[^@\s<>\"']+\.[^@\s<>\"'.]{2,}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")


def add_user(
    work: Work,
    *,
    login: str,
    name: str,
    name_en: str = "",
    roles: Iterable[str] = (),
    department: str | None = None,
    password: str | None = None,
    must_change_password: bool = True,
    supervisor: str | None = None,
    email: str = "",
    phone: str = "",
    locale: str | None = None,
    trust_password: bool = False,
) -> Person:
    """Add somebody who can sign in; without a password only by one click or single sign-on.

    `trust_password` skips the test of its strength: the demo's people share a simple one.
    Raises PersonExists, PersonInvalid, PasswordWeak, RoleUnknown, DepartmentUnknown,
    DutyConflict (SOD_12) and AdministrationForbidden.
    """
    _require_administrator(work)
    login = identifier_text(login).lower()
    fields: dict[str, Message] = {}
    if not _LOGIN.fullmatch(login) or login in (SYSTEM_LOGIN, CUSTOMER_LOGIN):
        fields["login"] = lazy("Use 2 to 64 small letters, digits, dots and dashes.")
    details = _checked_details(
        {"name": name, "name_en": name_en, "email": email, "phone": phone}, fields
    )
    if fields:
        raise PersonInvalid(fields)
    if work.session.get(User, login) is not None:
        raise PersonExists(login=login)
    _check_department(work.session, department)
    if supervisor is not None:
        find_person(work.session, supervisor)
    passwords = Passwords(work.platform.settings)
    if password is not None and not trust_password:
        passwords.check_strength(password, login=login, name=details["name"])
    user = User(
        login=login,
        **details,
        department=department,
        supervisor=supervisor,
        locale=known_locale(locale),
        password_hash=passwords.hash(password) if password is not None else None,
        must_change_password=must_change_password and password is not None,
        created_at=work.now,
        created_by=work.actor.login,
        updated_at=work.now,
        updated_by=work.actor.login,
    )
    user.search = _search_key(user)
    work.session.add(user)
    work.session.flush()
    held = _checked_roles(work.session, roles)
    work.session.add_all(UserRole(login=login, role=role) for role in sorted(held))
    audit.record(
        work,
        action="user.add",
        entity=f"user:{login}",
        after={"name": user.name, "department": department, "roles": held},
    )
    work.session.flush()
    return find_person(work.session, login)


def update_user(work: Work, *, login: str, version: int | None = None, **changes: Any) -> Person:
    """Change `name`, `name_en`, `email`, `phone`, `department`, `supervisor` or `locale`.

    Raises PersonChangedMeanwhile when `version` is not the present one.
    """
    _require_administrator(work)
    user = _user(work.session, login)
    if version is not None and version != user.version:
        raise PersonChangedMeanwhile
    unknown = changes.keys() - {*_DETAILS, "department", "supervisor", "locale"}
    if unknown:
        raise TypeError(f"not to be changed here: {', '.join(sorted(unknown))}")
    fields: dict[str, Message] = {}
    details = _checked_details({k: v for k, v in changes.items() if k in _DETAILS}, fields)
    if changes.get("supervisor") == login:
        fields["supervisor"] = lazy("Nobody leads themselves.")
    if fields:
        raise PersonInvalid(fields)
    if "department" in changes:
        _check_department(work.session, changes["department"])
    if changes.get("supervisor"):
        find_person(work.session, changes["supervisor"])
    if "locale" in changes:
        changes["locale"] = known_locale(changes["locale"])
    new = {**changes, **details}
    before = {key: getattr(user, key) for key in new}
    for key, value in new.items():
        setattr(user, key, value)
    user.search = _search_key(user)
    _touch(work, user)
    audit.record(work, action="user.change", entity=f"user:{login}", before=before, after=new)
    return find_person(work.session, login)


def set_roles(work: Work, *, login: str, roles: Iterable[str]) -> Person:
    """Give somebody exactly these roles, from the next click on.

    Raises OwnAccessChange, RoleUnknown, DutyConflict (SOD_12).
    """
    _require_administrator(work, other_than=login)
    user = _user(work.session, login)
    before = find_person(work.session, login).roles
    held = _checked_roles(work.session, roles)
    work.session.execute(
        delete(UserRole).where(UserRole.login == login, UserRole.role.in_(before - held))
    )
    work.session.add_all(UserRole(login=login, role=role) for role in sorted(held - before))
    _touch(work, user)
    audit.record(
        work,
        action="user.roles",
        entity=f"user:{login}",
        before={"roles": before},
        after={"roles": held},
    )
    work.session.flush()
    return find_person(work.session, login)


def disable_user(work: Work, *, login: str, reason: str = "") -> None:
    """Take all access away at once: sign-ins and tokens end. Doing it twice changes nothing."""
    _require_administrator(work, other_than=login)
    user = _user(work.session, login)
    if user.disabled_at is not None:
        return
    user.disabled_at = work.now
    _touch(work, user)
    end_access(work, login=login, tokens=True)
    audit.record(
        work,
        action="user.disable",
        entity=f"user:{login}",
        after={"reason": clean_line(reason, limit=500)},
    )


def enable_user(work: Work, *, login: str) -> None:
    """Let somebody sign in again."""
    _require_administrator(work, other_than=login)
    user = _user(work.session, login)
    if user.disabled_at is None:
        return
    user.disabled_at = None
    _touch(work, user)
    audit.record(work, action="user.enable", entity=f"user:{login}")


def set_password(
    work: Work, *, login: str, password: str, must_change_password: bool = True
) -> None:
    """Give somebody a new password, as an administrator; all their sign-ins end.

    Raises PasswordWeak.
    """
    _require_administrator(work)
    user = _user(work.session, login)
    _replace_password(work, user, password, must_change=must_change_password)
    end_access(work, login=login)


def change_own_password(
    work: Work, *, present: str, password: str, keep_session: Any = None
) -> None:
    """Give oneself a new password; all one's other sign-ins end.

    `keep_session` is the id of the session that stays. Raises PasswordWrong, PasswordWeak.
    """
    user = _user(work.session, work.actor.login)
    if not Passwords(work.platform.settings).matches(user.password_hash, present):
        raise PasswordWrong({"present": lazy("The present password is wrong.")})
    _replace_password(work, user, password, must_change=False)
    end_access(work, login=user.login, keep_session=keep_session)


def choose_locale(work: Work, *, locale: str) -> None:
    """Remember the language the actor reads."""
    user = _user(work.session, work.actor.login)
    user.locale = known_locale(locale) or user.locale


def end_access(work: Work, *, login: str, tokens: bool = False, keep_session: Any = None) -> None:
    """End all sign-ins of somebody, and with `tokens` their keys for programs too."""
    sessions = update(SignInSession).where(
        SignInSession.login == login, SignInSession.revoked_at.is_(None)
    )
    if keep_session is not None:
        sessions = sessions.where(SignInSession.id != keep_session)
    work.session.execute(sessions.values(revoked_at=work.now))
    if tokens:
        work.session.execute(
            update(ApiToken)
            .where(ApiToken.login == login, ApiToken.revoked_at.is_(None))
            .values(revoked_at=work.now)
        )


_DETAILS = {"name": 80, "name_en": 80, "email": 120, "phone": 32}


def _require_administrator(work: Work, *, other_than: str | None = None) -> None:
    if work.actor.is_system:
        return
    if not work.actor.has(ADMINISTRATOR):
        raise AdministrationForbidden
    if work.actor.login == other_than:
        raise OwnAccessChange


def _user(session: Session, login: str) -> User:
    user = session.get(User, login)
    if user is None:
        raise PersonUnknown(login=login)
    return user


def _touch(work: Work, user: User) -> None:
    user.updated_at = work.now
    user.updated_by = work.actor.login


def _replace_password(work: Work, user: User, password: str, *, must_change: bool) -> None:
    passwords = Passwords(work.platform.settings)
    passwords.check_strength(password, login=user.login, name=user.name)
    user.password_hash = passwords.hash(password)
    user.must_change_password = must_change
    _touch(work, user)
    audit.record(work, action="user.password", entity=f"user:{user.login}")


def _checked_details(values: dict[str, str], fields: dict[str, Message]) -> dict[str, str]:
    details = {key: clean_line(value or "") for key, value in values.items()}
    for key, text in details.items():
        if len(text) > _DETAILS[key]:
            fields[key] = lazy("At most %(limit)s characters fit here.", limit=_DETAILS[key])
    if "name" in details and not details["name"]:
        fields["name"] = lazy("A name is needed.")
    if details.get("email") and not _EMAIL.fullmatch(details["email"]):
        fields["email"] = lazy("This is not an e-mail address.")
    if details.get("phone") and not _PHONE.fullmatch(details["phone"]):
        fields["phone"] = lazy("This is not a phone number.")
    return details


def _checked_roles(session: Session, roles: Iterable[str]) -> frozenset[str]:
    """The roles, when they exist and may be held by one person (SPEC S4.2 SOD-12)."""
    wanted = frozenset(roles)
    known = {role.code: role for role in session.scalars(select(Role))}
    for code in sorted(wanted):
        if code not in known:
            raise RoleUnknown({"roles": lazy("There is no role %(role)s.", role=code)}, role=code)
    if ADMINISTRATOR in wanted and any(known[code].business for code in wanted):
        raise DutyConflict(
            rule="SOD-12",
            sentence=lazy("An administrator holds no role in the business."),
        )
    return wanted


def _check_department(session: Session, department: str | None) -> None:
    if department is not None and session.get(Department, department) is None:
        raise DepartmentUnknown(
            {"department": lazy("There is no department %(department)s.", department=department)},
            department=department,
        )


def _search_key(user: User) -> str:
    parts = (user.login, user.name, user.name_en, pinyin_keys(user.name), user.email, user.phone)
    return search_text(" ".join(part for part in parts if part))[:500]
