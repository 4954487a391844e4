"""What can go wrong with people, signing in and their duties."""

from __future__ import annotations

from typing import Any

from jiedan.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthorized


class SignInFailed(Unauthorized):
    """Login or password is wrong."""


class SignInLocked(TooMany):
    """Too many failed attempts. Please try again in %(minutes)s minutes."""


class PersonUnknown(NotFound):
    """There is nobody with the login %(login)s."""


class PersonExists(Conflict):
    """Somebody already has the login %(login)s."""


class PersonChangedMeanwhile(Conflict):
    """Somebody else changed this person in the meantime."""


class PersonInvalid(Invalid):
    """Some details of this person need your attention."""


class PasswordWeak(Invalid):
    """This password is too easy to guess."""


class PasswordWrong(Invalid):
    """The present password is wrong."""


class RoleUnknown(Invalid):
    """There is no role %(role)s."""


class DepartmentUnknown(Invalid):
    """There is no department %(department)s."""


class OrganisationInvalid(Invalid):
    """The roles and departments are wrong: %(complaint)s"""


class AdministrationForbidden(Forbidden):
    """Only administrators may change people, roles and departments."""


class OwnAccessChange(Forbidden):
    """Nobody may change their own roles or disable themselves."""


class SubstitutionInvalid(Invalid):
    """This substitution cannot be arranged."""


class TokenUnknown(NotFound):
    """There is no such token."""


class DutiesInvalid(Invalid):
    """The separation of duties is wrong: %(complaint)s"""


class DutyConflict(Forbidden):
    """%(rule)s: %(sentence)s"""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        # One stable code for each rule of SPEC S4.2: SOD_1, SOD_2, …
        self.code = str(params["rule"]).replace("-", "_")  # type: ignore[misc]
