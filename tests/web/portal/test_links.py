"""Who gets in by a link, what it shows, and who hands links out."""

from __future__ import annotations

import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Invalid
from jiedan.desk.errors import UnknownRecord
from jiedan.desk.portal import make_link
from jiedan.desk.portal_guesses import forget_guesses, network_of
from jiedan.desk.tables import Order, PortalGuess, PortalLink
from jiedan.flow.tables import InstanceRow
from jiedan.people.accounts import add_user
from tests.processes import fulfilment as half
from tests.processes.house import people
from tests.web.portal.conftest import Customer, Desk, said


def unknown() -> str:
    return secrets.token_urlsafe(32)


@pytest.fixture
def sent(desk: Desk) -> str:
    """An order on the road; its id."""
    return half.under_way(desk.house)


@pytest.mark.req("E35")
def test_a_status_page_says_where_the_goods_are_and_nothing_that_is_ours(
    desk: Desk, sent: str
) -> None:
    page = desk.link(sent, "status").open()

    words = said(page)
    assert "Your goods are on their way." in words
    assert desk.number(sent) in words
    assert "SF1234567890" in words
    assert "工业温控器 T100" in words
    with desk.platform.read() as session:
        order = session.scalars(select(Order)).one()
        ours = (order.receiver, order.receiver_phone, order.detail, order.owner, "¥", "1,104")
    for secret in ours:
        assert secret
        assert secret not in words
    assert 'href="/orders' not in page.text


def test_the_address_of_a_link_goes_nowhere_else(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "status")

    page = customer.open()

    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert set(re.findall(r'(?:href|src)="(https?:)?//', page.text)) == set()


def test_only_the_hash_of_a_secret_is_kept_and_no_log_has_it(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "delivery")
    refused = customer.client.post(
        f"/c/{customer.token}/confirmation",
        data={"agreed": "yes"},
        headers={"Accept-Language": "en"},
    )

    assert refused.status_code == 403
    assert "open the link again" in refused.text
    with desk.platform.read() as session:
        row = session.scalars(select(PortalLink)).one()
    assert customer.token not in row.token_hash
    trail = desk.audited("%")
    assert any(one.entity == "page:/c/…/confirmation" for one in trail)
    assert not any(customer.token in f"{one.entity}{one.after}" for one in trail)


def test_the_page_speaks_the_browsers_language(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "status")
    customer.accepts = "zh-CN,zh;q=0.9"

    assert "货物正在配送途中" in customer.open().text
    assert 'lang="zh-CN"' in customer.open().text


def test_links_run_out_are_revoked_or_unknown_each_with_a_kind_word(desk: Desk, sent: str) -> None:
    late, withdrawn = desk.link(sent, "delivery"), desk.link(sent, "status")
    desk.revoke(sent)

    assert withdrawn.open().status_code == 410
    assert "was withdrawn" in withdrawn.open().text
    nothing = withdrawn.open(unknown())
    assert nothing.status_code == 404
    assert "copied completely" in nothing.text
    desk.house.clock.advance(timedelta(days=31))
    gone = late.open()
    assert gone.status_code == 410
    assert "has run out" in gone.text
    assert desk.number(sent) not in said(gone) + said(nothing) + said(withdrawn.open())


@pytest.mark.parametrize("token", ["x", "a" * 44, "a" * 42 + "%00", "%2e%2e%2fhealth", "ä" * 43])
def test_what_is_no_secret_is_unknown(desk: Desk, token: str) -> None:
    assert Customer(desk.app, token).open().status_code == 404


def test_answers_by_links_that_are_not_good_change_nothing(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")
    status = desk.link(asked, "status")
    data = {"agreed": "yes", "signer": "周工"}

    assert status.send("confirmation", **data).status_code == 404
    assert customer.send("report", description="有三台控制器屏幕不亮").status_code == 404
    customer.open()
    with desk.platform.work(actor=SYSTEM) as work:
        for row in work.session.scalars(select(PortalLink)):
            row.revoked_at = work.now
    assert customer.send("confirmation", **data).status_code in (403, 410)
    assert half.order(desk.house, asked).state == "ready"


def test_who_tries_many_links_is_locked_out_and_others_are_not(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "status", ip="203.0.113.9")
    thief = Customer(desk.app, customer.token, ip="198.51.100.7")

    tries = [thief.open(unknown()).status_code for _ in range(12)]

    assert tries == [404] * 10 + [429] * 2
    assert thief.open().status_code == 429
    assert customer.open().status_code == 200
    with desk.platform.read() as session:
        assert session.scalar(select(func.count()).select_from(PortalGuess)) == 10
    desk.house.clock.advance(timedelta(hours=1, minutes=1))
    assert thief.open().status_code == 200


def test_when_wrong_links_come_from_everywhere_one_is_enough(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "status")
    with desk.platform.work(actor=SYSTEM) as work:
        for number in range(300):
            work.session.add(PortalGuess(network=f"10.0.{number}.0", at=work.now))
    newcomer = Customer(desk.app, customer.token, ip="198.51.100.7")

    assert newcomer.open(unknown()).status_code == 404
    assert newcomer.open().status_code == 429
    assert customer.open().status_code == 200


def test_old_tries_are_forgotten(desk: Desk) -> None:
    Customer(desk.app, unknown()).open()
    desk.house.clock.advance(timedelta(days=8))

    with desk.platform.work(actor=SYSTEM) as work:
        assert forget_guesses(work) == 1


def test_a_subscriber_has_one_network_whatever_his_addresses_are() -> None:
    assert network_of("2001:db8:1:2::7") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::7") != network_of("2001:db8:1:3::7")
    assert network_of("::ffff:203.0.113.9") == network_of("203.0.113.9") == "203.0.113.9"
    assert network_of(None) == "unknown"


@pytest.mark.req("E35")
def test_a_link_may_ask_for_the_receivers_last_digits(desk: Desk, sent: str) -> None:
    customer = desk.link(sent, "status", phone_check=True)
    with desk.platform.read() as session:
        phone = session.scalars(select(Order.receiver_phone)).one() or ""
    assert "on their way" not in said(customer.open())

    wrong = customer.send("digits", digits="0000")
    assert wrong.status_code == 422
    assert desk.number(sent) not in wrong.text
    assert customer.send("digits", digits=phone[-4:]).status_code == 303

    assert "on their way" in said(customer.open())


def test_digits_are_not_guessed_even_from_many_networks(desk: Desk, sent: str) -> None:
    first = desk.link(sent, "status", phone_check=True)
    found = []
    for number in range(6):
        thief = Customer(desk.app, first.token, ip=f"198.51.100.{number}")
        found.append(thief.send("digits", digits=f"9{number:03}").status_code)

    assert found == [422] * 5 + [429]


# --- who hands links out -----------------------------------------------------------------------


def test_the_owner_makes_a_link_that_is_shown_once_and_revokes_it(desk: Desk, sent: str) -> None:
    owner = desk.staff("chenjing")
    page = f"/orders/{desk.number(sent)}"
    shipment = half.shipment_of(desk.house, sent)
    made = owner.post(f"{page}/links", {"purpose": f"delivery:{shipment.shipment_id}"})

    assert made.status_code == 303
    shown = owner.get(page).text
    address = re.search(r'value="http://localhost(/c/[\w-]{43})"', shown)
    assert address
    assert "/c/" not in owner.get(page).text
    customer = desk.app.test_client()
    assert customer.get(address.group(1)).status_code == 200
    link_id = desk.links(sent)[0].link_id
    assert owner.post(f"{page}/links/{link_id}/revocation").status_code == 303
    assert customer.get(address.group(1)).status_code == 410
    assert [one.actor for one in desk.audited("portal.link.%")] == [
        "chenjing",
        "customer",
        "chenjing",
    ]


@pytest.mark.parametrize(
    ("login", "status"), [("luodan", 303), ("fengtao", 303), ("zhaolei", 404), ("wugang", 404)]
)
def test_only_the_owner_after_sales_and_logistics_make_links(
    desk: Desk, sent: str, login: str, status: int
) -> None:
    somebody = desk.staff(login)
    page = f"/orders/{desk.number(sent)}"
    with desk.platform.work(actor=SYSTEM) as work:
        work.session.execute(update(InstanceRow).values(business_key=desk.number(sent)))

    made = somebody.post(f"{page}/links", {"purpose": "status"})

    assert made.status_code == status
    assert ("Links for the customer" in somebody.get(page).text) == (status == 303)
    assert len(desk.links(sent)) == (status == 303)


def test_a_shipment_or_a_link_of_another_order_is_not_found(desk: Desk, sent: str) -> None:
    other = half.ready(desk.house)
    foreign = half.shipment_of(desk.house, sent).shipment_id
    desk.link(sent, "status")

    with (
        pytest.raises(UnknownRecord),
        desk.platform.work(actor=people()["chenjing"]) as work,
    ):
        make_link(work, order_id=other, purpose="delivery", shipment_id=foreign)
    owner = desk.staff("chenjing")
    link_id = desk.links(sent)[0].link_id
    path = f"/orders/{desk.number(other)}/links/{link_id}/revocation"
    assert owner.post(path).status_code == 404
    assert desk.links(sent)[0].state == "open"


@pytest.mark.req("S2.5.6")
def test_staff_look_at_a_link_but_cannot_answer_for_the_customer(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")
    owner = desk.staff("chenjing")

    assert "Only the customer can answer here" in owner.get(f"/c/{customer.token}").text
    answer = owner.post(f"/c/{customer.token}/confirmation", {"agreed": "yes", "signer": "周工"})

    assert answer.status_code == 403
    assert half.order(desk.house, asked).state == "ready"
    assert desk.links(asked)[0].opened_at is None


def test_the_evidence_is_handed_to_who_made_the_link_and_to_nobody_else(
    desk: Desk, asked: str
) -> None:
    customer = desk.link(asked, "delivery")
    customer.send("confirmation", agreed="yes", signer="周工")
    owner = desk.staff("chenjing")
    page = owner.get(f"/orders/{desk.number(asked)}").text
    path = re.search(r'href="(/orders/[^"]+/links/evidence/[^"]+)"', page)
    assert path

    found = owner.get(path.group(1), buffered=True)
    assert found.data.startswith(b"PK")
    assert found.headers["Content-Disposition"].startswith("attachment")
    assert desk.staff("wugang").get(path.group(1)).status_code == 404


def test_nobody_can_be_called_customer(desk: Desk) -> None:
    with pytest.raises(Invalid), desk.platform.work(actor=SYSTEM) as work:
        add_user(work, login="customer", name="Impostor", password="steamed-oolong-77")


@pytest.mark.req("S2.5.6")
def test_two_browsers_that_confirm_at_once_have_one_effect(desk: Desk, asked: str) -> None:
    first, second = desk.link(asked, "delivery"), desk.link(asked, "delivery")
    start = threading.Barrier(2)

    def confirm(customer: Customer) -> int:
        start.wait()
        return customer.send("confirmation", agreed="yes", signer="周工").status_code

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(confirm, (first, second)))

    assert set(found) <= {303, 409}
    assert 303 in found
    assert len(desk.audited("portal.confirmed")) == 1
    assert half.order(desk.house, asked).state == "delivered"
