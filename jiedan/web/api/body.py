"""Reads what callers of the API send: strict JSON objects with known keys only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import request

from jiedan.core.errors import BadRequest, Invalid, NotFound, TooLarge

LONGEST_BODY = 1024 * 1024
"""Bytes of one JSON body; files go through the task page."""
LONGEST_KEY = 128


class NotJson(BadRequest):
    """The body must be one JSON object."""


class UnknownKey(BadRequest):
    """The body has a key that is not known here: %(name)s."""


class MissingKey(Invalid):
    """The body lacks a key: %(name)s."""


class WrongType(Invalid):
    """The value of %(name)s has the wrong type."""


class BodyTooLarge(TooLarge):
    """The body is larger than %(limit)s bytes."""


class BadIdempotencyKey(BadRequest):
    """An idempotency key is 1 to 128 visible ASCII characters."""


def raw_body(limit: int = LONGEST_BODY) -> bytes:
    """The body as it came, refused when longer than `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge(limit=limit)
    content = request.stream.read(limit + 1)
    if len(content) > limit:
        raise BodyTooLarge(limit=limit)
    return content


def json_body(known: Mapping[str, type | tuple[type, ...]], *required: str) -> dict[str, Any]:
    """The JSON object of this request with `known` keys of the given types."""
    return json_object(raw_body(), known, *required)


def json_object(
    content: bytes, known: Mapping[str, type | tuple[type, ...]], *required: str
) -> dict[str, Any]:
    if not content.strip():
        body: Any = {}
    else:
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise NotJson() from error
    if not isinstance(body, dict):
        raise NotJson()
    for name, value in body.items():
        if name not in known:
            raise UnknownKey(name=name[:80])
        expected = known[name]
        # True is an int for Python; it is not one for a caller.
        surprise = isinstance(value, bool) and expected is int
        if value is not None and (surprise or not isinstance(value, expected)):
            raise WrongType(name=name)
    for name in required:
        if body.get(name) is None:
            raise MissingKey(name=name)
    return body


def idempotency_key() -> str | None:
    """The caller's Idempotency-Key header; the same key again gets the first result."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", key):
        raise BadIdempotencyKey()
    return key


def identifier(text: str) -> UUID:
    """An id in the address; what is none is nowhere to be found."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound() from error


def page_size(most: int = 100, usual: int = 20) -> int:
    try:
        size = int(request.args.get("size", usual))
    except ValueError:
        return usual
    return max(1, min(size, most))


def flag(name: str) -> bool:
    return request.args.get(name, "").lower() in ("1", "true", "yes")
