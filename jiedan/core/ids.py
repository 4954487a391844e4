"""Owns how ids are made: random, and in the order in which this process asked for them."""

from __future__ import annotations

import os
import threading
import time
import uuid

_TICKS_PER_MILLISECOND = 1 << 12
_last_tick = 0
_lock = threading.Lock()


def new_id() -> uuid.UUID:
    """A new id that sorts after every id this process made before (UUID version 7).

    The 12 bits below the millisecond count on inside it (RFC 9562, 6.2, method 3), so rows of one
    step lie next to each other and in the order of their making; 62 bits are random.
    """
    global _last_tick
    tick = time.time_ns() * _TICKS_PER_MILLISECOND // 1_000_000
    with _lock:
        _last_tick = tick = max(tick, _last_tick + 1)
    milliseconds, fraction = divmod(tick, _TICKS_PER_MILLISECOND)
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | fraction << 64
    value |= 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=value)
