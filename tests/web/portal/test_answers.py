"""What a customer says by a link moves the order on, once, and leaves evidence behind."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zipfile
import zlib

import pytest
from sqlalchemy import func, select

from jiedan.desk.tables import Complaint, DeliveryConfirmation, Issue
from jiedan.flow.tables import MessageRow
from tests.processes import fulfilment as half
from tests.web.portal.conftest import Customer, Desk, said

REPORT = {
    "_key": "a" * 32,
    "category": "quality",
    "description": "有三台控制器屏幕不亮,请尽快处理",
    "name": "周工",
    "phone": "138 0000 0001",
}


def picture() -> str:
    """A drawn signature as the canvas sends it."""
    rows = b"".join(b"\x00" + bytes((x * y) % 256 for x in range(40)) for y in range(40))

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
    return "data:image/png;base64," + base64.b64encode(png + chunk(b"IEND", b"")).decode()


def confirm(customer: Customer, **more: str) -> int:
    data = {"agreed": "yes", "signer": "周工", **more}
    return customer.send("confirmation", **data).status_code


def count(desk: Desk, table: type) -> int:
    with desk.platform.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.req("S2.5.6", "E02")
def test_a_customer_confirms_a_delivery_and_the_order_moves_on(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")
    assert "Everything is here" in customer.open().text

    assert confirm(customer) == 303

    assert half.order(desk.house, asked).state == "delivered"
    assert desk.house.view().item.state == "completed"
    with desk.platform.read() as session:
        proof = session.scalars(select(DeliveryConfirmation)).one()
    assert (proof.mode, proof.signer) == ("online", "周工")
    assert proof.proof == f"SHA-256 {desk.files()[0].sha256}"
    assert "The delivery is confirmed" in customer.open().text


@pytest.mark.req("S2.5.6", "E02")
def test_the_evidence_says_who_signed_what_when_and_from_where(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")

    confirm(customer, _signature=picture())

    archive, drawn = desk.files()
    with desk.platform.files.open(archive.sha256) as file, zipfile.ZipFile(file) as opened:
        facts = json.loads(opened.read("evidence.json"))
        image = opened.read("signature.png")
    assert (facts["signer"], facts["ip"], facts["answer"]) == ("周工", "203.0.113.9", "confirmed")
    assert facts["at"] == "2026-03-03T05:00:00+08:00"
    assert facts["signature_sha256"] == hashlib.sha256(image).hexdigest() == drawn.sha256
    assert "completely and without visible damage" in facts["statement"]
    noted = desk.audited("portal.confirmed")
    assert [(one.actor, one.ip) for one in noted] == [("customer", "203.0.113.9")]
    assert archive.sha256 in (noted[0].after or "")


@pytest.mark.req("N4.3.2", "S2.5.6")
def test_an_objection_becomes_an_issue_and_the_order_waits(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")

    customer.send("objection", signer="周工", objection="有两箱外包装破损,要求处理一下")

    assert desk.house.waiting() == ["reply_first"]
    assert half.order(desk.house, asked).state == "ready"
    with desk.platform.read() as session:
        issue = session.scalars(select(Issue)).one()
    assert "外包装破损" in issue.description
    assert "We have your objection" in said(customer.open())


def test_a_delivery_is_answered_once_by_whichever_link(desk: Desk, asked: str) -> None:
    first, second = desk.link(asked, "delivery"), desk.link(asked, "delivery")

    assert confirm(first) == 303
    assert confirm(first, signer="别人") in (303, 409)
    second.send("objection", signer="周工", objection="刚才点错了,其实少了一箱货物")

    assert count(desk, Issue) == 0
    with desk.platform.read() as session:
        assert session.scalars(select(DeliveryConfirmation.signer)).one() == "周工"
    assert "The delivery is confirmed" in said(second.open())
    assert len(desk.audited("portal.confirmed")) == 1
    assert [one.state for one in desk.links(asked)] == ["answered", "answered"]


@pytest.mark.req("N4.3.1")
def test_on_a_platform_the_order_number_finds_the_wait(desk: Desk) -> None:
    house = desk.house
    lady = half.consumer(house)
    order_id = half.ready(
        house, ("P-5001", 1), channel="netease", customer=lady, payment_method="platform_escrow",
        term_days=None,
    )  # fmt: skip
    half.deliver(house, order_id)
    half.dispatched(house, seller="hanxue")
    house.pass_time(hours=20)
    house.message(
        "carrier.status", "SF1234567890", code="delivered", at="2026-03-03T04:00:00+08:00"
    )
    half.take(house, "fengtao", "record_receipt", "full")

    confirm(desk.link(order_id, "delivery"), signer="李女士")

    assert half.order(house, order_id).state == "delivered"


@pytest.mark.req("S2.5.8", "N5.1.1")
def test_a_problem_reported_by_a_link_reaches_after_sales(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "issue")

    for _ in range(2):
        assert customer.send("report", **REPORT).status_code == 303

    with desk.platform.read() as session:
        issue = session.scalars(select(Issue)).one()
        by = session.scalars(select(MessageRow.received_by)).all()
    assert (issue.source, issue.category, issue.safety) == ("portal", "quality", False)
    assert issue.contact == "周工 13800000001"
    assert by[-1] == "customer"
    customer.send("report", **{**REPORT, "_key": "b" * 32, "safety": "yes"})
    assert count(desk, Issue) == 2


@pytest.mark.req("N4.3.2")
def test_a_wish_to_return_opens_the_request_for_after_sales(desk: Desk) -> None:
    order_id = half.accepted(desk.house)
    wish = {**REPORT, "reason": "damage", "want": "exchange"}

    assert desk.link(order_id, "return").send("report", **wish).status_code == 303

    with desk.platform.read() as session:
        desk.house.instance_id = session.scalars(select(MessageRow.instance_id)).one()
    page = desk.house.open("luodan", "request_return")
    assert (page.values["reason"], page.values["want"]) == ("damage", "exchange")
    assert any("屏幕不亮" in str(fact) for fact in page.facts)


@pytest.mark.req("N5.3.1")
def test_a_complaint_waits_to_be_written_down(desk: Desk, asked: str) -> None:
    desk.link(asked, "complaint").send("report", **{**REPORT, "category": "attitude"})

    with desk.platform.read() as session:
        row = session.scalars(
            select(MessageRow).where(MessageRow.name == "complaint.received")
        ).one()
    desk.house.instance_id = row.instance_id
    page = desk.house.open("luodan", "log_complaint")
    assert page.values["complainant"] == "周工"
    assert count(desk, Complaint) == 0


def test_a_link_takes_only_so_many_reports_a_day(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "issue")
    found = [
        customer.send("report", **{**REPORT, "_key": f"{number:032x}"}).status_code
        for number in range(11)
    ]

    assert found == [303] * 10 + [429]
    assert count(desk, Issue) == 10


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        ({"description": "short"}, "At least 10 characters"),
        ({"category": "<b>"}, "Choose one of the offered values"),
        ({"name": " "}, "Please fill this in"),
        ({"phone": "call me"}, "Enter a phone number"),
        ({"_key": "../../etc"}, "Please open the link again"),
    ],
)
def test_what_is_wrong_in_a_report_is_said_beside_the_field_and_nothing_is_sent(
    desk: Desk, asked: str, wrong: dict[str, str], about: str
) -> None:
    customer = desk.link(asked, "issue")

    answer = customer.send("report", **{**REPORT, **wrong})

    assert answer.status_code == 422
    assert about in answer.text
    assert count(desk, Issue) == 0


def test_a_confirmation_needs_the_tick_a_name_and_a_readable_drawing(
    desk: Desk, asked: str
) -> None:
    customer = desk.link(asked, "delivery")

    assert confirm(customer, agreed="") == 422
    assert confirm(customer, signer=" ") == 422
    assert confirm(customer, _signature="data:image/png;base64," + "A" * 80) == 422
    assert half.order(desk.house, asked).state == "ready"


@pytest.mark.req("A25")
def test_words_of_a_customer_stay_words(desk: Desk, asked: str) -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}' OR 1=1 --\u202e\x00"
    customer = desk.link(asked, "delivery")
    report = desk.link(asked, "issue")

    assert confirm(customer, signer=evil[:58]) == 303
    report.send("report", **{**REPORT, "description": evil + " 十个字以上的说明"})

    assert "<script>alert" not in customer.open().text
    assert "&lt;script&gt;" in customer.open().text
    with desk.platform.read() as session:
        issue = session.scalars(select(Issue)).one()
    assert "{{ 7*7 }}" in issue.description
    assert "\u202e" not in issue.description
    page = desk.staff("chenjing").get(f"/orders/{desk.number(asked)}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_settled_delivery_leaves_nothing_to_confirm(desk: Desk, asked: str) -> None:
    customer = desk.link(asked, "delivery")
    desk.house.message(
        "customer.delivery.confirmed",
        half.shipment_of(desk.house, asked).shipment_no,
        signer="周工",
        proof="电话",
    )

    assert "nothing left to confirm" in said(customer.open())
    assert confirm(customer) == 409
