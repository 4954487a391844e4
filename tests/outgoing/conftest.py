"""A house with a few people, a mail server that takes what it is given, and a chat's robot."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.flow.notices import notify
from jiedan.flow.platform import Flow
from jiedan.outgoing.mail import MailServer
from jiedan.people.accounts import add_user
from jiedan.people.organisation import load_organisation, sync_organisation


@dataclass
class Mailbox:
    """What the mail server took; while `refuses` it says no."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The library calls it by this name for each mail."""
        if self.refuses:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    def server(self) -> MailServer:
        return MailServer("127.0.0.1", self.port, sender="desk@jiedan.example")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real mail server on a free port."""
    box = Mailbox()
    # The library knocks at the port it was given, so 0 will not do.
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        box.port = free.server_port
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@dataclass
class Chat:
    """What was posted to the chat; it answers with `answers`."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=lambda: {"errcode": 0})


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A real web server that plays the chat."""
    chat = Chat()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.posts.append((urlsplit(self.path).query, json.loads(body)))
            said = json.dumps(chat.answers).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    chat.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=abc"
    yield chat
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def house(both_databases: Platform) -> Flow:
    """Ann reads English, Bo Chinese; both are order clerks. Adi is the admin, Cy has no mail."""
    platform = both_databases
    organisation = load_organisation(platform.settings.config_dir / "roles.toml")
    people = (
        ("ann", "Ann", {"OC"}, "ann@jiedan.example", "en"),
        ("bo", "Bo", {"OC"}, "bo@jiedan.example", "zh"),
        ("cy", "Cy", {"OC"}, "", None),
        ("adi", "Adi", {"AD"}, "", "en"),
    )
    with platform.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=organisation)
        for login, name, roles, email, locale in people:
            add_user(work, login=login, name=name, roles=roles, email=email, locale=locale)
    return Flow(platform)


def tell(house: Flow, *owners: str, kind: str = "reminder", **params: Any) -> None:
    """A notice like those that processes write."""
    given = params or {
        "task": "订单评审",
        "task.en": "Review the order",
        "number": "XS20260302-0001-1",
        "due": "2026-03-02T09:00:00+00:00",
    }
    secret = "Refund of %(amount)s for %(order_no)s failed."
    msgid = secret if "amount" in given else "%(task)s of %(number)s is due at %(due)s."
    with house.platform.work(actor=SYSTEM) as work:
        notify(work, owners=owners, kind=kind, msgid=msgid, params=given)
