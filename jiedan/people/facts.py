"""What other parts ask about people, by login: who is there, who leads whom, who stands in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.people.directory import load_actor, logins_with_role, supervisor_of
from jiedan.people.errors import PersonUnknown
from jiedan.people.substitutions import represented_by
from jiedan.people.tables import Department, User


class TableFacts:
    """The people in the tables of this installation."""

    def actor(self, session: Session, login: str) -> Actor | None:
        """An active person with the roles held now."""
        try:
            return load_actor(session, login)
        except PersonUnknown:
            return None

    def holders(self, session: Session, role: str) -> Sequence[str]:
        """Active people who hold a role."""
        return logins_with_role(session, role)

    def members(self, session: Session, department: str) -> Sequence[str]:
        """Active people of a department."""
        return session.scalars(
            select(User.login)
            .where(User.department == department, User.disabled_at.is_(None))
            .order_by(User.login)
        ).all()

    def heads(self, session: Session, department: str | None) -> Sequence[str]:
        """Active heads from a department upwards, each once."""
        found: list[str] = []
        seen: set[str] = set()
        while department and department not in seen:
            seen.add(department)
            row = session.get(Department, department)
            if row is None:
                break
            if row.head and row.head not in found and self.actor(session, row.head):
                found.append(row.head)
            department = row.parent
        return found

    def supervisor(self, session: Session, login: str) -> str | None:
        """Who leads somebody."""
        try:
            return supervisor_of(session, login)
        except PersonUnknown:
            return None

    def principals(
        self, session: Session, login: str, process_id: str | None, now: datetime
    ) -> Sequence[str]:
        """For whom somebody may act now."""
        return represented_by(session, substitute=login, now=now, process_id=process_id)
