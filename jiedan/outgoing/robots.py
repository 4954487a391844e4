"""Posts to the robots of group chats: DingTalk, WeCom and Feishu, each in its own shape.

Addresses and secrets come from the environment only; config/robots.toml names the variables.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PATIENCE_SECONDS = 10
KINDS = ("dingtalk", "wecom", "feishu")
ALARMS = frozenset({"reminder", "breach", "escalation", "urge", "incident", "warning"})
"""What a group hears of unless its robot says otherwise."""


class RobotRefused(Exception):
    """The chat did not take the message."""


class BadRobot(ValueError):
    """A robot in config/robots.toml is not complete."""


@dataclass(frozen=True, slots=True)
class Robot:
    """A group chat's robot and for whom it speaks."""

    name: str
    kind: str
    url: str
    secret: str
    roles: frozenset[str]
    kinds: frozenset[str]
    locale: str


def load_robots(path: Path, environment: Mapping[str, str] | None = None) -> dict[str, Robot]:
    """The robots of config/robots.toml whose address is in the environment, by name.

    Raises BadRobot with what is missing.
    """
    if not path.exists():
        return {}
    known = os.environ if environment is None else environment
    found = {}
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("robot", []):
        name, kind = str(each.get("name", "")), each.get("kind")
        if not name or kind not in KINDS or not each.get("url_variable"):
            raise BadRobot(f"robot {name or '?'}: name, kind ({', '.join(KINDS)}), url_variable")
        url = known.get(each["url_variable"], "")
        if url:
            found[name] = Robot(
                name=name,
                kind=kind,
                url=url,
                secret=known.get(each.get("secret_variable", ""), ""),
                roles=frozenset(each.get("roles", ())),
                kinds=frozenset(each.get("kinds", ALARMS)),
                locale=each.get("locale", "zh"),
            )
    return found


def post(robot: Robot, text: str, *, now: float | None = None) -> None:
    """Put a text into the group. Raises RobotRefused, or what `requests` raises."""
    stamp = time.time() if now is None else now
    url, body = _SHAPES[robot.kind](robot, text, stamp)
    # It takes a while to import, and a start tells no robot anything.
    import requests

    answer = requests.post(url, json=body, timeout=PATIENCE_SECONDS, allow_redirects=False)
    if answer.status_code != 200:
        raise RobotRefused(f"HTTP {answer.status_code}")
    said = answer.json()
    # DingTalk and WeCom say `errcode`, Feishu `code`; 0 is good in all of them.
    code = said.get("errcode", said.get("code", 0)) if isinstance(said, dict) else -1
    if code != 0:
        raise RobotRefused(str(said)[:200])


def _dingtalk(robot: Robot, text: str, now: float) -> tuple[str, dict[str, Any]]:
    url = robot.url
    if robot.secret:
        stamp = str(int(now * 1000))
        sign = _signed(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode())
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    return url, {"msgtype": "text", "text": {"content": text}}


def _wecom(robot: Robot, text: str, now: float) -> tuple[str, dict[str, Any]]:
    return robot.url, {"msgtype": "text", "text": {"content": text}}


def _feishu(robot: Robot, text: str, now: float) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if robot.secret:
        stamp = str(int(now))
        body |= {"timestamp": stamp, "sign": _signed(f"{stamp}\n{robot.secret}".encode(), b"")}
    return robot.url, body


_SHAPES = {"dingtalk": _dingtalk, "wecom": _wecom, "feishu": _feishu}


def _signed(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
