"""What comes in: inquiries, leads, platform pushes, evaluations (P01, P02)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jiedan.desk import (
    acceptances,
    evaluations,
    inquiries,
    leads,
    orders,
    platform_intake,
    platform_orders,
    platforms,
)
from jiedan.desk.errors import (
    AlreadyDone,
    BadPayload,
    BadSignature,
    ConflictingPayload,
    DeciderExcluded,
    InvalidRecord,
    StalePush,
    UnknownPlatform,
)
from tests.desk.desk_day import Desk

SECRET = "the secret of a test"
PUSH: dict[str, Any] = {
    "order_no": "NE2026030200042",
    "status": "PAID",
    "paid_at": "2026-03-02T09:04:00+08:00",
    "total_fen": 26_700,
    "buyer": {"id": "u-1006", "name": "李女士", "kind": "consumer"},
    "address": {
        "receiver": "李女士",
        "phone": "13867890006",
        "province": "浙江省",
        "city": "杭州",
        "district": "西湖区",
        "detail": "文三路 90 号 3 幢 502",
    },
    "items": [
        {
            "sku": "NE-5001",
            "title": "智能插座",
            "spec": "白色",
            "qty": 3,
            "unit_price_fen": 8_900,
        }
    ],
}
INQUIRY = {
    "channel": "phone",
    "received_at": "2026-03-02T08:50",
    "company_name": "华东精工有限公司",
    "contact_name": "沈国平",
    "phone": "138 1234 0001",
    "address": "上海嘉定",
    "question": "温控器 T100 一百台什么价格?",
    "qty": "100",
    "is_special": False,
    "answer": "已报价并说明交期",
}
RISKS = [
    {"type": "credit", "prob": 1, "impact": 2},
    {"type": "market", "prob": 1, "impact": 1},
    {"type": "delivery", "prob": 2, "impact": 2},
]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEDAN_PLATFORM_NETEASE_SECRET", SECRET)


def push(
    desk: Desk, content: dict[str, Any] | bytes, *, offset: int = 0, secret: str = SECRET
) -> platform_orders.Received:
    """A signed push whose time stamp is ``offset`` seconds away from now."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    timestamp = str(int(desk.clock.now().timestamp()) + offset)
    signature = platforms.sign(secret=secret, timestamp=timestamp, body=body)
    with desk.work() as work:
        return platform_orders.receive_push(
            work, platform="netease", timestamp=timestamp, signature=signature, body=body
        )


@pytest.mark.req("N2.1.3")
def test_a_push_becomes_one_order_of_ours_however_often_it_comes(desk: Desk) -> None:
    first = push(desk, PUSH)
    with desk.work() as work:
        made = platform_intake.ingest_order(work, platform_order_id=first.platform_order_id)
    second = push(desk, {**PUSH, "status": "SHIPPED"})
    third = push(desk, json.dumps(PUSH, indent=3, ensure_ascii=False).encode())

    assert made.order_no == "WY20260302-0001-1"
    assert (made.total_fen, made.total_matches, made.unmapped) == (26_700, True, [])
    assert made.customer_id == desk.customer("KH000006")
    assert [second.duplicate, third.duplicate] == [True, True]
    assert second.order_id == third.order_id == made.order_id
    with desk.work() as work:
        again = platform_intake.open_platform_order(work, platform_order_id=first.platform_order_id)
        known = platform_orders.platform_order_facts(
            work, platform_order_id=first.platform_order_id
        )
    assert again.order_id == made.order_id
    assert (known.pushes, known.paid, known.conflicts) == (3, True, 0)


@pytest.mark.req("N2.1.3")
def test_the_same_number_with_another_amount_is_a_conflict_that_is_remembered(desk: Desk) -> None:
    first = push(desk, PUSH)
    other = {**PUSH, "total_fen": 1}

    with pytest.raises(ConflictingPayload):
        push(desk, other)
    with desk.work() as work:
        for _ in range(2):
            platform_orders.note_conflict(work, platform="netease", body=json.dumps(other).encode())
        known = platform_orders.platform_order_facts(
            work, platform_order_id=first.platform_order_id
        )

    assert (known.conflicts, known.total_fen) == (1, 26_700)


@pytest.mark.req("N2.1.3")
@pytest.mark.parametrize(
    ("offset", "fine"), [(300, True), (-300, True), (301, False), (-301, False)]
)
def test_a_time_stamp_may_be_five_minutes_off(desk: Desk, offset: int, fine: bool) -> None:
    if fine:
        assert not push(desk, PUSH, offset=offset).duplicate
    else:
        with pytest.raises(StalePush):
            push(desk, PUSH, offset=offset)


@pytest.mark.req("N2.1.3")
def test_a_wrong_signature_or_body_is_refused(desk: Desk) -> None:
    body = json.dumps(PUSH).encode()
    timestamp = str(int(desk.clock.now().timestamp()))
    good = platforms.sign(secret=SECRET, timestamp=timestamp, body=body)
    wrong: list[tuple[str | None, str | None, bytes]] = [
        (timestamp, good, body + b" "),
        (timestamp, good[:-1] + ("0" if good[-1] != "0" else "1"), body),
        (str(int(timestamp) + 1), good, body),
        (timestamp, "", body),
        (None, good, body),
        ("soon", good, body),
        (timestamp, "签名", body),
    ]

    with pytest.raises(BadSignature):
        push(desk, PUSH, secret="another secret")
    for stamp, signature, content in wrong:
        with desk.work() as work, pytest.raises(BadSignature):
            platform_orders.receive_push(
                work, platform="netease", timestamp=stamp, signature=signature, body=content
            )
    with desk.work() as work, pytest.raises(UnknownPlatform):
        platform_orders.receive_push(
            work, platform="../etc", timestamp=timestamp, signature=good, body=body
        )


def test_without_a_secret_nobody_gets_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIEDAN_PLATFORM_NETEASE_SECRET")

    with pytest.raises(BadSignature):
        push(desk, PUSH, secret="demo-only-netease-secret")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"[]",
        b"{",
        b"[" * 100_000,
        {**PUSH, "items": []},
        {**PUSH, "items": [{"sku": "X", "qty": -1, "unit_price_fen": 1}]},
        {**PUSH, "items": [{"sku": "X", "qty": 1, "unit_price_fen": 0}]},
        {**PUSH, "items": PUSH["items"] * 201},
        {**PUSH, "order_no": ""},
        {**PUSH, "total_fen": "1e999"},
        {**PUSH, "address": "here"},
    ],
)
def test_a_payload_that_makes_no_sense_is_refused_with_its_fields(
    desk: Desk, content: dict[str, Any] | bytes
) -> None:
    with pytest.raises(BadPayload) as failure:
        push(desk, content)

    assert failure.value.fields


def test_articles_that_we_do_not_know_or_sell_are_named(desk: Desk) -> None:
    odd = [
        *PUSH["items"],
        {"sku": "NE-9001", "title": "旧款", "qty": 1, "unit_price_fen": 70_000},
        {"sku": "APP-1", "title": "应用开发", "qty": 1, "unit_price_fen": 8_000_000},
    ]
    first = push(desk, {**PUSH, "items": odd})

    with desk.work() as work:
        made = platform_intake.ingest_order(work, platform_order_id=first.platform_order_id)
        platform_orders.map_sku(work, platform="netease", platform_sku="APP-1", sku="P-4001")
        diff = platform_intake.payload_diff(work, order_id=made.order_id)

    assert made.unmapped == ["NE-9001", "APP-1"]
    assert not made.total_matches
    assert [row["field"] for row in diff] == ["lines"] or {row["field"] for row in diff} == {
        "lines",
        "total",
    }


@pytest.mark.req("N2.3.5")
def test_an_order_that_says_what_the_platform_said_has_no_difference(desk: Desk) -> None:
    first = push(desk, PUSH)

    with desk.work() as work:
        made = platform_intake.ingest_order(work, platform_order_id=first.platform_order_id)
        assert platform_intake.payload_diff(work, order_id=made.order_id) == []
    with desk.work("sunyue") as work:
        orders.enter_order(work, order_id=made.order_id, entry={"receiver": "王先生"})
        diff = platform_intake.payload_diff(work, order_id=made.order_id)

    assert diff == [{"field": "receiver", "theirs": "李女士", "ours": "王先生"}]


def test_a_new_buyer_becomes_a_customer_once(desk: Desk) -> None:
    buyer = {"id": "u-77", "name": "赵先生", "kind": "consumer"}
    made = []
    for number in ("NE-1", "NE-2"):
        first = push(desk, {**PUSH, "order_no": number, "buyer": buyer})
        with desk.work() as work:
            made.append(
                platform_intake.ingest_order(work, platform_order_id=first.platform_order_id)
            )

    assert made[0].customer_id == made[1].customer_id
    assert made[0].order_id != made[1].order_id


def test_an_answer_to_the_platform_is_queued_once_and_counts_its_attempts(desk: Desk) -> None:
    first = push(desk, PUSH)

    with desk.work() as work:
        key = first.platform_order_id
        one = platform_orders.queue_reply(work, platform_order_id=key, kind="ship", waybill="SF1")
        two = platform_orders.queue_reply(work, platform_order_id=key, kind="ship", waybill="SF1")
        platform_orders.reply_sent(work, reply_id=one, acknowledged=False)
        platform_orders.reply_sent(work, reply_id=one, acknowledged=True, answer={"ok": True})
        sent = platform_orders.reply_to_send(work.session, reply_id=one)

    assert one == two
    assert sent["acknowledged"]
    assert sent["body"] == {"order_no": "NE2026030200042", "kind": "ship", "waybill": "SF1"}


@pytest.mark.req("S2.1.1", "S2.1.4")
def test_an_inquiry_is_kept_with_its_number_and_fills_the_next_form(desk: Desk) -> None:
    order_id = desk.opened()

    with desk.work("linxiao") as work:
        made = inquiries.log_inquiry(work, values=INQUIRY, order_id=order_id)
        values = inquiries.inquiry_values(work.session, order_id=order_id)
        done = inquiries.convert_inquiry(work, inquiry_id=made.inquiry_id, order_id=order_id)

    assert made.inquiry_no == "XJ20260302-0001"
    assert (values["phone"], values["qty"]) == ("13812340001", 100)
    assert done.state == "converted"


@pytest.mark.req("S2.1.3")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"phone": "", "email": ""}, {"phone"}),
        ({"phone": "", "email": "a@b"}, {"email"}),
        ({"is_special": True, "special_desc": "很急"}, {"special_desc"}),
        ({"received_at": "2026-03-02T09:01"}, {"received_at"}),
        ({"wanted_date": "2026-03-01"}, {"wanted_date"}),
        ({"channel": ""}, {"channel"}),
        ({"answer": " "}, {"answer"}),
        ({"qty": "-3"}, {"qty"}),
    ],
)
def test_an_incomplete_inquiry_is_refused(
    desk: Desk, changes: dict[str, Any], fields: set[str]
) -> None:
    with desk.work("linxiao") as work, pytest.raises(InvalidRecord) as failure:
        inquiries.log_inquiry(work, values={**INQUIRY, **changes})

    assert set(failure.value.fields) == fields


@pytest.mark.req("N2.1.1")
def test_a_lead_is_claimed_by_one_person(desk: Desk) -> None:
    with desk.work("hanxue") as work:
        pool = leads.open_leads(work.session)
        mine = leads.claim_lead(work, lead_id=pool[0].lead_id)
    with desk.work("other") as work, pytest.raises(AlreadyDone):
        leads.claim_lead(work, lead_id=pool[0].lead_id)
    with desk.work("hanxue") as work:
        talked = leads.contact_lead(
            work,
            lead_id=mine.lead_id,
            contact_at=work.now,
            way="platform",
            need_summary="三栋楼四百个点位,月底前完成比价并安排勘查",
        )
        back = leads.release_lead(work, lead_id=mine.lead_id, reason="超时未跟进")

    assert [row.score for row in pool] == sorted((row.score for row in pool), reverse=True)
    assert (mine.claimed_by, talked.state, back.state) == ("hanxue", "claimed", "open")


def evaluated(desk: Desk, order_id: str, **changes: Any) -> evaluations.EvaluationFacts:
    """An evaluation by Hanxue."""
    with desk.work("hanxue") as work:
        return evaluations.record_evaluation(
            work,
            order_id=order_id,
            **{
                "in_scope": True,
                "resource_ok": "yes",
                "tech_ok": "yes",
                "evidence": "现货充足",
                "risks": RISKS,
                "suggestion": "建议接单,按平台时限发货",
                **changes,
            },
        )


@pytest.mark.req("N2.2.1", "N2.2.2", "N2.2.5")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"in_scope": False}, {"infeasible_reason"}),
        (
            {"in_scope": False, "infeasible_reason": "out_of_scope", "suggestion": "拒"},
            {"suggestion"},
        ),
        ({"risks": RISKS[:2]}, {"risks"}),
        (
            {"risks": [*RISKS, {"type": "legal", "prob": 4, "impact": 2}]},
            {"risks[3].measure", "risks[3].owner", "risks[3].due"},
        ),
        (
            {"risks": [*RISKS, {"type": "legal", "prob": 6, "impact": 0}]},
            {"risks[3].prob", "risks[3].impact"},
        ),
    ],
)
def test_an_evaluation_says_what_it_has_to(
    desk: Desk, changes: dict[str, Any], fields: set[str]
) -> None:
    order_id = desk.opened()

    with pytest.raises(InvalidRecord) as failure:
        evaluated(desk, order_id, **changes)

    assert set(failure.value.fields) == fields


@pytest.mark.req("N2.2.4")
def test_who_evaluated_does_not_decide_and_a_refusal_is_polite(desk: Desk) -> None:
    order_id = desk.opened()
    evaluated(desk, order_id, in_scope=False, infeasible_reason="out_of_scope")

    with desk.work("hanxue") as work, pytest.raises(DeciderExcluded) as failure:
        evaluations.decide_evaluation(work, order_id=order_id, decision="accept")
    with desk.work("dengchao") as work, pytest.raises(InvalidRecord) as rude:
        evaluations.decide_evaluation(
            work, order_id=order_id, decision="decline", decline_reply="请加微信私下交易"
        )
    with desk.work("dengchao") as work:
        done = evaluations.decide_evaluation(
            work,
            order_id=order_id,
            decision="decline",
            decline_reply="超出经营范围,抱歉无法承接",
        )
        moved = orders.reject_order(work, order_id=order_id, code="out_of_scope")

    assert failure.value.code == "SOD_3"
    assert set(rude.value.fields) == {"decline_reply"}
    assert (done.decision, done.decided_by) == ("decline", "dengchao")
    assert moved.state == "rejected"


@pytest.mark.req("N2.3.1")
def test_terms_are_confirmed_in_rounds(desk: Desk) -> None:
    order_id = desk.opened()
    terms = {
        "order_id": order_id,
        "requirement": "三个智能插座",
        "delivery_date": "2026-03-05",
        "price": 26_700,
        "payment": "platform_escrow",
    }

    with desk.work("hanxue") as work:
        with pytest.raises(InvalidRecord) as failure:
            evaluations.confirm_terms(work, **terms, customer_confirm_ref="msg-1", agreed=False)
        first = evaluations.confirm_terms(
            work, **terms, customer_confirm_ref="msg-1", agreed=False, differences="要求改日"
        )
        second = evaluations.confirm_terms(work, **terms, customer_confirm_ref="msg-2")

    assert set(failure.value.fields) == {"differences"}
    assert (first, second) == (1, 2)


@pytest.mark.req("N4.3.1")
def test_the_platforms_confirmation_is_the_consumers_acceptance(desk: Desk) -> None:
    order_id = desk.delivered()

    with desk.work() as work:
        found = acceptances.accept_by_platform(work, order_id=order_id, ref="NE-CONFIRM-1")

    assert (found.result, found.accepted_by) == ("accepted", "platform")
