"""An order of the real company on its way, and a customer with a browser of his own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.audit import AuditEntry
from jiedan.core.files import Attachment
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform
from jiedan.desk.portal import make_link, revoke_link
from jiedan.desk.portal_facts import LinkFacts, list_links
from jiedan.people.accounts import add_user
from jiedan.people.organisation import load_organisation, sync_organisation
from jiedan.web import create_web
from tests.processes import fulfilment as half
from tests.processes.conftest import _furnished_file, database, house
from tests.processes.house import House, people
from tests.web.conftest import PASSWORD, Browser, csrf_of

__all__ = ["_furnished_file", "database", "house"]


@dataclass
class Customer:
    """Somebody with a link and a browser that is not ours."""

    app: Flask
    token: str
    ip: str = "203.0.113.9"
    accepts: str = "en-GB,en;q=0.9"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def open(self, token: str | None = None) -> TestResponse:
        return self.client.get(f"/c/{token or self.token}", **self._here())

    def send(self, path: str, /, **data: str) -> TestResponse:
        """Send a form of the page as its browser would."""
        csrf = csrf_of(self.open().text)
        return self.client.post(
            f"/c/{self.token}/{path}", data={"csrf_token": csrf, **data}, **self._here()
        )

    def _here(self) -> dict[str, object]:
        return {
            "environ_base": {"REMOTE_ADDR": self.ip},
            "headers": {"Accept-Language": self.accepts},
        }


@dataclass
class Desk:
    """The house with pages in front of it, and what a test looks at."""

    house: House
    app: Flask

    @property
    def platform(self) -> Platform:
        return self.house.platform

    def link(
        self,
        order_id: str,
        purpose: str,
        *,
        phone_check: bool = False,
        ip: str = "203.0.113.9",
    ) -> Customer:
        """A link made for an order, of its latest shipment where it needs one."""
        shipment = half.shipment_of(self.house, order_id) if purpose == "delivery" else None
        with self.platform.work(actor=people()["chenjing"]) as work:
            made = make_link(
                work,
                order_id=order_id,
                purpose=purpose,
                shipment_id=shipment.shipment_id if shipment else None,
                phone_check=phone_check,
            )
        return Customer(self.app, made.token, ip)

    def links(self, order_id: str) -> list[LinkFacts]:
        with self.platform.read() as session:
            return list_links(session, order_id=order_id, now=self.house.clock.now())

    def revoke(self, order_id: str) -> None:
        link_id = self.links(order_id)[0].link_id
        with self.platform.work(actor=people()["chenjing"]) as work:
            revoke_link(work, order_id=order_id, link_id=link_id)

    def number(self, order_id: str) -> str:
        return half.order(self.house, order_id).order_no or ""

    def staff(self, login: str) -> Browser:
        """Somebody of the company, signed in."""
        actor: Actor = people()[login]
        with self.platform.work(actor=SYSTEM) as work:
            roles = self.platform.settings.config_dir / "roles.toml"
            sync_organisation(work, organisation=load_organisation(roles))
            add_user(
                work,
                login=login,
                name=actor.name,
                roles=set(actor.roles),
                password=PASSWORD,
                must_change_password=False,
            )
        return Browser(self.app).sign_in(login)

    def audited(self, like: str) -> list[AuditEntry]:
        with self.platform.read() as session:
            query = select(AuditEntry).where(AuditEntry.action.like(like)).order_by(AuditEntry.seq)
            return list(session.scalars(query))

    def files(self) -> list[Attachment]:
        with self.platform.read() as session:
            query = select(Attachment).where(Attachment.entity.like("portal:%"))
            return list(session.scalars(query.order_by(Attachment.filename)))


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    """The house and its pages, in English."""
    with use_locale("en"):
        yield Desk(house, create_web(house.flow, house.platform, testing=True))


@pytest.fixture
def asked(desk: Desk) -> str:
    """An order whose process waits for the customer to confirm its delivery; its id."""
    house = desk.house
    order_id = half.under_way(house)
    house.pass_time(hours=20)
    house.message(
        "carrier.status",
        "SF1234567890",
        code="delivered",
        at=house.clock.now().isoformat(),
        place="上海",
    )
    half.take(house, "fengtao", "record_receipt", "full", mode="online")
    return order_id


def said(page: TestResponse) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))
