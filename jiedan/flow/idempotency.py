"""Owns the first results of calls that carried a key: a replay gets them again (SPEC G7)."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

import orjson
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from jiedan.core.work import Work
from jiedan.flow.errors import KeyReused
from jiedan.flow.handlers import plain
from jiedan.flow.tables import IdempotencyRow

Result = TypeVar("Result")


def first_result(
    work: Work, key: str | None, operation: str, request: Any
) -> dict[str, Any] | None:
    """What this key got the first time; None when it is new. Raises KeyReused."""
    if key is None:
        return None
    row = work.session.execute(
        select(
            IdempotencyRow.operation, IdempotencyRow.request_sha256, IdempotencyRow.result
        ).where(IdempotencyRow.actor == work.actor.login, IdempotencyRow.key == key)
    ).first()
    if row is None:
        return None
    if (row.operation, row.request_sha256) != (operation, _digest(request)):
        raise KeyReused
    found: dict[str, Any] = row.result
    return found


def keep_result(
    work: Work, key: str | None, operation: str, request: Any, result: dict[str, Any]
) -> None:
    """Remember what a key got."""
    if key is None:
        return
    work.session.execute(
        insert(IdempotencyRow).values(
            actor=work.actor.login,
            key=key,
            operation=operation,
            request_sha256=_digest(request),
            result=result,
            at=work.now,
        )
    )


def first_or_again(once: Callable[[], Result], key: str | None) -> Result:
    """Call `once`; when another call with the key was faster, again, to find its result.

    Only on PostgreSQL can two such calls pass each other's look; the unique key then stops one.
    """
    try:
        return once()
    except IntegrityError:
        if key is None:
            raise
        return once()


def _digest(request: Any) -> str:
    return sha256(orjson.dumps(plain(request), option=orjson.OPT_SORT_KEYS)).hexdigest()
