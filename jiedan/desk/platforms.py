"""The sales platforms of config/platforms.toml: their secrets, signatures and field names."""

from __future__ import annotations

import hashlib
import hmac
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jiedan.core.work import Work
from jiedan.desk.errors import BadSignature, StalePush, UnknownPlatform


@dataclass(frozen=True, slots=True)
class PlatformSetup:
    """One sales platform."""

    key: str
    name: str
    name_en: str
    channel: str
    secret_env: str
    demo_secret: str
    reply_url_env: str
    fields: Mapping[str, str]
    item: Mapping[str, str]
    statuses: Mapping[str, str]

    def secret(self, *, demo: bool) -> str | None:
        """The secret from the environment; the demo's own one in demo mode only."""
        return os.environ.get(self.secret_env) or (self.demo_secret if demo else None)

    def reply_url(self) -> str | None:
        """Where replies go; None when nothing is set up."""
        return os.environ.get(self.reply_url_env)

    def status(self, theirs: str) -> str:
        """Our word for the platform's state of an order; unknown ones stay as they are."""
        return {value: key for key, value in self.statuses.items()}.get(theirs, theirs)


@lru_cache(maxsize=8)
def load_platforms(path: Path) -> Mapping[str, PlatformSetup]:
    """Read the platforms' file; keys that nobody knows are errors."""
    raw: dict[str, dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))
    return {key: PlatformSetup(key=key, **values) for key, values in raw.items()}


def find_platform(work: Work, platform: str) -> PlatformSetup:
    """The platform with this key; raises UnknownPlatform."""
    found = load_platforms(work.platform.settings.config_dir / "platforms.toml").get(platform)
    if found is None:
        raise UnknownPlatform
    return found


def sign(*, secret: str, timestamp: str, body: bytes) -> str:
    """The signature that a push with this body must carry, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def verify_push(
    *,
    secret: str | None,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    now: datetime,
    window_seconds: int,
) -> None:
    """Check who sent a push and when (SPEC N2.1.3, E25).

    Raises BadSignature, and StalePush when the (signed) time stamp is further from ``now`` than
    the window. The comparison takes the same time however much of the signature is right.
    """
    if not secret or not timestamp or not signature:
        raise BadSignature
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature
    expected = sign(secret=secret, timestamp=timestamp, body=body)
    if not hmac.compare_digest(expected.encode(), signature.strip().lower().encode()):
        raise BadSignature
    if abs(now.timestamp() - int(timestamp)) > window_seconds:
        raise StalePush


def verify(
    work: Work, *, platform: str, timestamp: str | None, signature: str | None, body: bytes
) -> PlatformSetup:
    """Check a push against the platform's secret and ``platform.sig_window``."""
    setup = find_platform(work, platform)
    verify_push(
        secret=setup.secret(demo=work.platform.settings.demo),
        timestamp=timestamp,
        signature=signature,
        body=body,
        now=work.now,
        window_seconds=int(work.platform.parameters.number("platform.sig_window")),
    )
    return setup
