"""An installation of its own: folder, content, people, server process, lean client."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import handlers  # noqa: F401  registers every handler
from app import create_flow
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.platform import Platform, build_platform
from jiedan.core.schema import migrate
from jiedan.core.settings import SOURCE_ROOT, load_settings
from jiedan.flow.definitions import deploy_folders
from jiedan.flow.platform import Flow
from jiedan.people.accounts import add_user
from jiedan.people.organisation import load_organisation, sync_organisation
from jiedan.people.tokens import make_token

CLERK = Actor("clerk", "Clerk", frozenset({"OC"}))
READY_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation in a folder of its own, on its own database."""

    folder: Path
    database: str
    tokens: Mapping[str, str]

    @property
    def token(self) -> str:
        """The clerk's."""
        return self.tokens[CLERK.login]

    def platform(self) -> Platform:
        """Its platform in this process; the caller closes it."""
        return _platform(self.folder, self.database)

    @contextmanager
    def flow(self) -> Iterator[Flow]:
        """Its process platform in this process."""
        platform = self.platform()
        try:
            yield create_flow(platform)
        finally:
            platform.close()

    @contextmanager
    def server(self) -> Iterator[int]:
        """`jiedan serve` as a process of its own; its port."""
        port = free_port()
        process = start_server(port, self.environment())
        try:
            yield port
        finally:
            end(process)

    def environment(self) -> dict[str, str]:
        """What the server's process needs to know."""
        return {
            "JIEDAN_ROOT": str(self.folder),
            "JIEDAN_DATA": str(self.folder / "var"),
            "JIEDAN_DATABASE": self.database,
        }


def furnish(
    folder: Path,
    database: str = "",
    *,
    content: Path,
    people: Mapping[str, str] | None = None,
    deployed: bool = True,
) -> Installation:
    """Make an installation with the diagrams and forms of `content`.

    `people` are roles by login, beside the clerk, who has the role OC. Each gets a token
    and may start every process, with an `order` if need be.
    What is not `deployed` now will be when its server starts.
    """
    database = database or f"sqlite:///{folder / 'jiedan.db'}"
    shutil.copytree(SOURCE_ROOT / "config", folder / "config")
    for kind, ending in (("processes", "bpmn"), ("forms", "form")):
        (folder / kind).mkdir()
        for path in content.glob(f"*.{ending}"):
            shutil.copy(path, folder / kind)
    _open_to_clerks(folder)
    platform = _platform(folder, database)
    migrate(platform.database)
    organisation = load_organisation(folder / "config" / "roles.toml")
    tokens: dict[str, str] = {}
    with platform.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=organisation)
        for login, role in {CLERK.login: "OC", **(people or {})}.items():
            add_user(
                work,
                login=login,
                name=login.capitalize(),
                roles=(role,),
                password="a-long-word-9",
            )
            tokens[login] = make_token(work, login=login).token
    if deployed:
        deploy_folders(create_flow(platform), actor=SYSTEM)
    platform.close()
    return Installation(folder, database, tokens)


def _open_to_clerks(folder: Path) -> None:
    """Let a clerk start whatever this installation has."""
    ways = [
        f'[[way]]\nname = "{path.stem}"\nprocess = "{path.stem}"\nzh = "{path.stem}"\n'
        f'en = "{path.stem}"\nroles = ["OC"]\nmay_set = ["order"]\n'
        for path in sorted((folder / "processes").glob("*.bpmn"))
    ]
    (folder / "config" / "start.toml").write_text("\n".join(ways), encoding="utf-8")


def start_server(port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `jiedan serve` and wait for its line that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jiedan.cli", "serve", "--port", str(port)],
        cwd=SOURCE_ROOT,
        env={**plain_environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    line = process.stdout.readline() if process.stdout else b""
    if not line.startswith(b"Jiedan is ready"):
        process.kill()
        raise RuntimeError(f"the server did not start: {line!r}")
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server that we started, politely if it listens."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def plain_environment() -> dict[str, str]:
    """This process's environment without settings of an installation."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("JIEDAN_")}
    # As the Makefile does: compiled modules are kept.
    return {**mine, "LANG": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": ""}


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Client:
    """One kept-alive connection to a server, as lean as a measuring client should be."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._token = token
        self._rest = b""

    def post(self, path: str, body: Any) -> Any:
        """The answer to a call that must work."""
        status, answer = self.send("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"{status} {answer!r}")
        return answer

    def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> tuple[int, Any]:
        """Any call, with an idempotency key if given: its status and its JSON."""
        content = b"" if body is None else orjson.dumps(body)
        keyed = f"Idempotency-Key: {key}\r\n" if key else ""
        head = (
            f"{method} /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"{keyed}Content-Length: {len(content)}\r\n\r\n"
        )
        self._connection.sendall(head.encode() + content)
        return self._read()

    def _read(self) -> tuple[int, Any]:
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        names = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        length = int(names["content-length"])
        while len(data) < length:
            data += self._more()
        self._rest = data[length:]
        return int(lines[0].split(" ")[1]), orjson.loads(data[:length])

    def _more(self) -> bytes:
        more = self._connection.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        return more

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def first_answer(port: int, since: float, *, within: float = READY_WITHIN) -> float:
    """Seconds from `since` (monotonic) to the first answered request; asks until one is."""
    while time.monotonic() - since < within:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(b"GET /sign-in HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.0 200"):
                    return time.monotonic() - since
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server never answered")


def _platform(folder: Path, database: str) -> Platform:
    return build_platform(
        load_settings(
            root=folder,
            environment={},
            data_dir=folder / "var",
            database_url=database,
            password_hash_kib=8,
            password_hash_rounds=1,
        )
    )
