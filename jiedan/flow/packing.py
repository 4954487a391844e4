"""Owns how small values are packed into bytes."""

import zlib
from collections.abc import Mapping
from typing import Any

import orjson

WORTH_IT = 160
"""From so many bytes on compressing makes an answer smaller."""


def pack(value: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS), 6)


def pack_answer(values: Mapping[str, Any]) -> bytes | None:
    """What a person handed in, as small as it gets; None for nothing."""
    if not values:
        return None
    plain = orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS)
    return plain if len(plain) < WORTH_IT else zlib.compress(plain, 6)


def unpack_answer(content: bytes | None) -> dict[str, Any] | None:
    """The values that were handed in; None when nothing was kept."""
    if not content:
        return None
    found: dict[str, Any] = (
        orjson.loads(content) if content[:1] == b"{" else orjson.loads(zlib.decompress(content))
    )
    return found


def unpack(content: bytes) -> Any:
    return orjson.loads(zlib.decompress(content))
