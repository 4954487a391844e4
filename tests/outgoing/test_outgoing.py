"""Mails and robots tell people of their work: once, in their language, and nothing confidential."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import MovableClock
from jiedan.core.errors import NotFound
from jiedan.flow.notice_wishes import CHANNELS, KINDS, Hours, set_wishes
from jiedan.flow.notices import list_notices
from jiedan.flow.platform import Flow
from jiedan.outgoing.digest import digest
from jiedan.outgoing.listing import list_outgoing
from jiedan.outgoing.mail import BadMailAddress, mail_server
from jiedan.outgoing.robots import BadRobot, Robot, load_robots
from jiedan.outgoing.rounds import go_round, outgoing_jobs
from jiedan.outgoing.sending import Sent, send_again, send_due
from jiedan.outgoing.spreading import awake, spread
from jiedan.outgoing.tables import OutgoingRow, SendState

from .conftest import Chat, Mailbox, tell

pytestmark = pytest.mark.req("G4")
ADMIN = Actor("adi", "Adi", frozenset({"AD"}))
ANN = Actor("ann", "Ann", frozenset({"OC"}))
EVERYTHING = frozenset((kind, channel) for kind in KINDS for channel in CHANNELS)


def robot(chat: Chat, kind: str = "dingtalk", secret: str = "") -> dict[str, Robot]:
    alarms = frozenset({"reminder", "breach"})
    return {"desk": Robot("desk", kind, chat.url, secret, frozenset({"OC"}), alarms, "zh")}


def round_trip(house: Flow, mailbox: Mailbox) -> Sent:
    spread(house, by_mail=True, robots={})
    return send_due(house, server=mailbox.server(), robots={})


def test_a_notice_to_a_role_is_mailed_to_each_of_its_people_in_their_own_language(
    house: Flow, mailbox: Mailbox
) -> None:
    tell(house, "r:OC")

    assert round_trip(house, mailbox) == Sent(2, 0)

    by_reader = {str(mail["To"]): mail for mail in mailbox.mails}
    assert set(by_reader) == {"ann@jiedan.example", "bo@jiedan.example"}
    english, chinese = by_reader["ann@jiedan.example"], by_reader["bo@jiedan.example"]
    assert english["Subject"] == "Review the order of XS20260302-0001-1 is due at 2 Mar 2026 17:00."
    assert chinese["Subject"].startswith("XS20260302-0001-1") or "订单评审" in chinese["Subject"]
    text = english.get_body(("plain",))
    assert text is not None
    assert "/notices" in text.get_content()


def test_what_was_said_is_not_said_again(house: Flow, mailbox: Mailbox) -> None:
    tell(house, "u:ann")

    round_trip(house, mailbox)
    assert round_trip(house, mailbox) == Sent(0, 0)

    assert len(mailbox.mails) == 1


def test_a_value_that_may_be_confidential_stays_in_the_house(house: Flow, mailbox: Mailbox) -> None:
    tell(house, "u:ann", kind="breach", amount="98,000.00", order_no="XS20260302-0001-1")

    round_trip(house, mailbox)

    whole = mailbox.mails[0].as_string()
    assert "98,000" not in whole
    assert mailbox.mails[0]["Subject"] == "There is news about XS20260302-0001-1."


@pytest.mark.req("A25")
def test_what_people_typed_is_text_in_a_mail_and_nothing_else(
    house: Flow, mailbox: Mailbox
) -> None:
    evil = "<script>alert(1)</script>{{7*7}}\r\nBcc: all@jiedan.example"
    tell(house, "u:ann", task=evil, number="XS1", due="never")

    round_trip(house, mailbox)

    mail = mailbox.mails[0]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "<script>alert(1)</script>{{7*7}}" in text.get_content()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in html.get_content()
    assert (mail["Bcc"], str(mail["To"])) == (None, "ann@jiedan.example")


def test_what_a_person_does_not_want_is_not_mailed(house: Flow, mailbox: Mailbox) -> None:
    set_wishes(house, actor=ANN, wanted=EVERYTHING - {("reminder", "mail")})
    tell(house, "u:ann")
    tell(house, "u:ann", kind="breach")

    round_trip(house, mailbox)

    assert len(mailbox.mails) == 1


def test_quiet_hours_keep_a_mail_until_they_end(
    house: Flow, mailbox: Mailbox, clock: MovableClock
) -> None:
    now = clock.now()
    set_wishes(house, actor=ANN, wanted=EVERYTHING, quiet_from="08:30", quiet_to="10:00")
    tell(house, "u:ann")

    assert round_trip(house, mailbox) == Sent(0, 0)
    clock.set(now + timedelta(hours=1))

    assert round_trip(house, mailbox) == Sent(1, 0)


def test_a_server_that_refuses_is_asked_three_more_times_and_then_an_admin_hears_of_it(
    house: Flow, mailbox: Mailbox, clock: MovableClock
) -> None:
    mailbox.refuses = True
    tell(house, "u:ann")
    start = clock.now()

    tried = []
    for minutes in range(0, 45):
        clock.set(start + timedelta(minutes=minutes))
        if round_trip(house, mailbox).failed:
            tried.append(minutes)

    assert tried == [0, 1, 6, 31]
    failed = list_outgoing(house, states=frozenset({SendState.FAILED})).items
    assert [(one.address, one.attempt) for one in failed] == [("ann@jiedan.example", 4)]
    assert "451" in (failed[0].last_error or "")
    assert [one.kind for one in list_notices(house, actor=ADMIN).items] == ["outgoing"]

    mailbox.refuses = False
    send_again(house, actor=ADMIN, message_id=failed[0].id)
    assert round_trip(house, mailbox) == Sent(1, 0)
    with pytest.raises(NotFound):
        send_again(house, actor=ADMIN, message_id=failed[0].id)


def test_one_bad_address_does_not_hold_up_the_others(house: Flow, mailbox: Mailbox) -> None:
    tell(house, "r:OC")
    spread(house, by_mail=True, robots={})
    with house.platform.work(actor=SYSTEM) as work:
        row = work.session.scalars(select(OutgoingRow).where(OutgoingRow.login == "ann")).one()
        row.address = "no address at all"

    assert send_due(house, server=mailbox.server(), robots={}) == Sent(1, 1)
    assert [str(mail["To"]) for mail in mailbox.mails] == ["bo@jiedan.example"]


def test_a_message_that_one_worker_sends_is_not_sent_by_another(
    house: Flow, mailbox: Mailbox
) -> None:
    tell(house, "u:ann")
    spread(house, by_mail=True, robots={})
    with house.platform.work(actor=SYSTEM) as work:
        row = work.session.scalars(select(OutgoingRow)).one()
        row.state, row.lease_until = SendState.SENDING, row.created_at + timedelta(days=9999)

    assert send_due(house, server=mailbox.server(), robots={}) == Sent(0, 0)


def test_a_group_hears_once_what_several_of_it_are_told(house: Flow, chat: Chat) -> None:
    tell(house, "r:OC", "u:ann")

    spread(house, by_mail=False, robots=robot(chat))
    assert send_due(house, server=None, robots=robot(chat)) == Sent(1, 0)

    assert "订单评审" in chat.posts[0][1]["text"]["content"]


def test_robots_sign_as_their_chats_ask(house: Flow, chat: Chat) -> None:
    tell(house, "r:OC")
    signed = robot(chat, secret="SEC1")

    spread(house, by_mail=False, robots=signed)
    send_due(house, server=None, robots=signed)

    query = parse_qs(chat.posts[0][0])
    text = f"{query['timestamp'][0]}\nSEC1".encode()
    expected = base64.b64encode(hmac.new(b"SEC1", text, hashlib.sha256).digest()).decode()
    assert query["sign"] == [expected]


@pytest.mark.parametrize(
    ("kind", "place"), [("wecom", ("text", "content")), ("feishu", ("content", "text"))]
)
def test_each_chat_gets_the_shape_it_knows(
    house: Flow, chat: Chat, kind: str, place: tuple[str, str]
) -> None:
    tell(house, "r:OC")

    spread(house, by_mail=False, robots=robot(chat, kind))
    send_due(house, server=None, robots=robot(chat, kind))

    assert "订单评审" in chat.posts[0][1][place[0]][place[1]]


def test_a_chat_that_says_no_is_asked_again_later(house: Flow, chat: Chat) -> None:
    chat.answers = {"errcode": 310000, "errmsg": "sign not match"}
    tell(house, "r:OC")

    spread(house, by_mail=False, robots=robot(chat))
    assert send_due(house, server=None, robots=robot(chat)) == Sent(0, 1)

    found = list_outgoing(house).items[0]
    assert (found.state, found.attempt) == (SendState.DUE, 1)
    assert "sign not match" in (found.last_error or "")


def test_the_digest_comes_once_a_day_at_the_time_a_person_chose(
    house: Flow, mailbox: Mailbox, clock: MovableClock
) -> None:
    set_wishes(house, actor=ANN, wanted=EVERYTHING, digest_at="09:00")

    assert [digest(house), digest(house)] == [1, 0]
    send_due(house, server=mailbox.server(), robots={})

    assert [str(mail["Subject"]) for mail in mailbox.mails] == ["Your work today"]
    clock.set(clock.now() + timedelta(hours=2))
    assert digest(house) == 0
    clock.set(clock.now() + timedelta(hours=22))
    assert digest(house) == 1


def test_a_round_does_all_that_is_due(house: Flow, mailbox: Mailbox) -> None:
    settings = replace(
        house.platform.settings, mail_url=f"smtp://127.0.0.1:{mailbox.port}", mail_from=""
    )
    house.platform = replace(house.platform, settings=settings)
    tell(house, "r:OC")

    assert go_round(house) is False

    assert len(mailbox.mails) == 2
    assert {one.name for one in outgoing_jobs(settings)} == {"send messages", "write digests"}


def test_without_mail_server_and_robot_nothing_has_to_be_done(house: Flow) -> None:
    assert outgoing_jobs(house.platform.settings) == ()


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://a?tls=maybe"])
def test_a_mail_server_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(BadMailAddress):
        mail_server(url, "")


def test_a_robot_takes_its_address_from_the_environment_only(tmp_path: Path) -> None:
    file = tmp_path / "robots.toml"
    file.write_text(
        '[[robot]]\nname = "desk"\nkind = "feishu"\nurl_variable = "DESK"\nroles = ["OC"]\n',
        encoding="utf-8",
    )

    assert load_robots(file, {}) == {}
    assert load_robots(file, {"DESK": "https://chat.example/hook"})["desk"].url
    file.write_text('[[robot]]\nname = "desk"\nkind = "fax"\n', encoding="utf-8")
    with pytest.raises(BadRobot):
        load_robots(file, {})


def test_the_end_of_the_quiet_hours_may_be_tomorrow(house: Flow, clock: MovableClock) -> None:
    night = clock.now().replace(hour=15)  # 23:00 in Shanghai
    hours = Hours(quiet_from=time(22), quiet_to=time(7))

    assert awake(hours, night) == night + timedelta(hours=8)
    assert awake(hours, clock.now()) == clock.now()
