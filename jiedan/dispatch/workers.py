"""Owns what a worker is called, so that another can tell whether it still lives."""

from __future__ import annotations

import os
import secrets
import socket
from hashlib import sha256


def worker_name() -> str:
    """A name for this process: machine, process, and what tells it from one of the same number."""
    return f"{socket.gethostname()[:36]}/{os.getpid()}/{secrets.token_hex(4)}"


def is_gone(name: str, *, me: str) -> bool:
    """Whether that worker ran on this machine and runs no more; unknown machines are alive."""
    parts, mine = name.split("/"), me.split("/")
    if len(parts) != 3 or parts[0] != mine[0] or not parts[1].isdigit():
        return False
    if parts[1] == mine[1]:
        # The same process number, as the first one in a container always has.
        return parts[2] != mine[2]
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def lock_of(name: str) -> int:
    """The number of the lock that a worker of this name holds on PostgreSQL while it lives."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
