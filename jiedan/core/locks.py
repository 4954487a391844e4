"""Locks with a name, for what has no row to lock; held until the transaction ends."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

_ALONE = text("SELECT pg_advisory_xact_lock(:number)")
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:number)")


def lock_name(session: Session, name: str, *, shared: bool = False) -> None:
    """Wait for `name` and keep it; those who share it only keep out who wants it alone.

    On SQLite a transaction that writes is alone anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(_SHARED if shared else _ALONE, {"number": number})
