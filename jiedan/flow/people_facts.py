"""Owns what the process platform asks about people: who is there, who leads whom, who stands in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from jiedan.core.actor import Actor


class PeopleFacts(Protocol):
    """The people of one installation; `jiedan.people.facts` answers from its tables."""

    def actor(self, session: Session, login: str) -> Actor | None:
        """An active person with the roles held now; None when disabled or unknown."""
        ...

    def holders(self, session: Session, role: str) -> Sequence[str]:
        """Logins of active people who hold a role."""
        ...

    def members(self, session: Session, department: str) -> Sequence[str]:
        """Logins of active people of a department."""
        ...

    def heads(self, session: Session, department: str | None) -> Sequence[str]:
        """The active head of a department and of those above it, from below, each once."""
        ...

    def supervisor(self, session: Session, login: str) -> str | None:
        """Who leads somebody; never the person, never somebody disabled."""
        ...

    def principals(
        self, session: Session, login: str, process_id: str | None, now: datetime
    ) -> Sequence[str]:
        """Those for whom `login` may act now in a process; None for any process at all."""
        ...


class NoPeople:
    """Nobody is known: every login is somebody active, nobody leads or stands in."""

    def actor(self, session: Session, login: str) -> Actor | None:
        return Actor(login, login)

    def holders(self, session: Session, role: str) -> Sequence[str]:
        return ()

    def members(self, session: Session, department: str) -> Sequence[str]:
        return ()

    def heads(self, session: Session, department: str | None) -> Sequence[str]:
        return ()

    def supervisor(self, session: Session, login: str) -> str | None:
        return None

    def principals(
        self, session: Session, login: str, process_id: str | None, now: datetime
    ) -> Sequence[str]:
        return ()
