"""Sends mails by SMTP: one connection for a batch, plain text beside simple HTML."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment

from jiedan.core.clock import SystemClock
from jiedan.core.i18n import gettext, use_locale
from jiedan.outgoing.tables import OutgoingRow

PATIENCE_SECONDS = 20
_HTML = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="{{ locale }}"><body style="font:16px/1.5 sans-serif">
{% for line in text.splitlines() %}<p>{{ line }}</p>
{% endfor %}{% if link %}<p><a href="{{ link }}">{{ open }}</a></p>
{% endif %}</body></html>
"""
)


class BadMailAddress(ValueError):
    """The setting `mail_url` is not smtp://user:password@host:port or smtps://…"""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go: the parts of the setting `mail_url`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = "none"
    """`none`, `starttls` or `smtps`."""
    sender: str = ""

    @contextmanager
    def open(self) -> Iterator[smtplib.SMTP]:
        """A connection, signed in where the setting says how."""
        context = ssl.create_default_context()
        if self.tls == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=PATIENCE_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE_SECONDS)
        with server:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            yield server


def mail_server(url: str, sender: str) -> MailServer | None:
    """The server of a URL like `smtp://user:secret@mail.example:587?tls=starttls`; None for none.

    Raises BadMailAddress.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadMailAddress(BadMailAddress.__doc__)
    asked = parse_qs(parts.query).get("tls", ["none"])[0]
    tls = "smtps" if parts.scheme == "smtps" else asked
    if tls not in ("none", "starttls", "smtps"):
        raise BadMailAddress(BadMailAddress.__doc__)
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if tls == "smtps" else 587 if tls == "starttls" else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        sender=sender or f"jiedan@{parts.hostname}",
    )


def compose(row: OutgoingRow, sender: str) -> EmailMessage:
    """The mail of an outbox row. Its Message-ID is that of the row, so a mailbox that gets it
    twice shows it once."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(row.subject.split())
    mail["From"] = Address("Jiedan 接单", addr_spec=sender)
    mail["To"] = Address(addr_spec=row.address)
    mail["Date"] = format_datetime(SystemClock().now())
    mail["Message-ID"] = f"<{row.id}@{sender.partition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "zh-CN" if row.locale == "zh" else "en"
    with use_locale(row.locale):
        opened = gettext("Open in Jiedan")
    mail.set_content(f"{row.text}\n\n{opened}: {row.link}\n" if row.link else f"{row.text}\n")
    html = _HTML.render(text=row.text, link=row.link, open=opened, locale=row.locale)
    mail.add_alternative(html, subtype="html")
    return mail
