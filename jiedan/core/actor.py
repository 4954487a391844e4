"""Who acts: the value that every use case is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a client of the API or the system itself, with the roles held right now."""

    login: str
    name: str
    roles: frozenset[str] = frozenset()
    department: str | None = None
    on_behalf_of: str | None = None
    ip: str | None = None

    def has(self, role: str) -> bool:
        """Whether the actor holds `role`, a code of SPEC S4 such as `OC`."""
        return role in self.roles

    def has_any(self, *roles: str) -> bool:
        """Whether the actor holds at least one of `roles`."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_system(self) -> bool:
        """Whether no person stands behind this act."""
        return self.login == SYSTEM_LOGIN


SYSTEM_LOGIN = "system"
CUSTOMER_LOGIN = "customer"
"""Who answers by a link that needs no sign-in."""
SYSTEM = Actor(SYSTEM_LOGIN, "Jiedan")
