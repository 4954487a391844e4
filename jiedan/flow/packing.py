"""Owns how small values are packed into bytes."""

import zlib
from typing import Any

import orjson


def pack(value: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS), 6)


def unpack(content: bytes) -> Any:
    return orjson.loads(zlib.decompress(content))
