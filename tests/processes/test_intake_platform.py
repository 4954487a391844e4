"""P02: a platform's push or lead becomes an order, or is declined, within its time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden, Invalid
from jiedan.core.parameters import change_parameter
from jiedan.core.sentences import say
from jiedan.desk import platform_orders, platforms
from jiedan.desk.evaluations import evaluation_facts
from jiedan.desk.records import get_order
from jiedan.desk.tables import PlatformReply
from jiedan.flow.messages import Delivered
from jiedan.flow.running import run_due
from tests.processes import answers
from tests.processes.house import House, people

SECRET = "a secret of tests"
NUMBER = "NE2026030200042"
PLATFORM = Actor("platform:netease", "netease", frozenset({"API"}))
RISKS = [{"type": kind, "prob": 1, "impact": 2} for kind in ("credit", "market", "technical")]
EVALUATION: dict[str, Any] = {
    "in_scope": "no",
    "resource_ok": "no",
    "tech_ok": "uncertain",
    "evidence": "我们不做手机应用开发。",
    "risks": RISKS,
    "suggestion": "建议客户另寻软件公司。",
    "infeasible_reason": "out_of_scope",
}


def push(number: str = NUMBER, *, qty: int = 3, sku: str = "P-5001", **changes: Any) -> bytes:
    """What the platform sends: three paid smart plugs at 89.00."""
    order: dict[str, Any] = {
        "order_no": number,
        "status": "PAID",
        "paid_at": "2026-03-02T09:00:00+08:00",
        "total_fen": qty * 8_900,
        "buyer": {"id": "b-1", "name": "李女士", "kind": "consumer"},
        "address": {
            "receiver": "李女士",
            "phone": "13900000006",
            "province": "浙江",
            "city": "杭州市",
            "district": "滨江区",
            "detail": "江南大道 6 号",
        },
        "items": [{"sku": sku, "title": "智能插座", "qty": qty, "unit_price_fen": 8_900}],
    }
    return json.dumps({**order, **changes}, ensure_ascii=False).encode()


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEDAN_PLATFORM_NETEASE_SECRET", SECRET)


def pushed(house: House, body: bytes | None = None) -> Delivered:
    """The push arrives, is verified and kept, and starts an instance unless it is known."""
    body = body or push()
    timestamp = str(int(house.clock.now().timestamp()))
    with house.platform.work(actor=PLATFORM) as work:
        taken = platform_orders.receive_push(
            work,
            platform="netease",
            timestamp=timestamp,
            signature=platforms.sign(secret=SECRET, timestamp=timestamp, body=body),
            body=body,
        )
    found = house.message(
        "platform.order.pushed",
        taken.platform_order_no,
        key=f"netease:{taken.platform_order_no}",
        platform_order_id=taken.platform_order_id,
        platform_order_no=taken.platform_order_no,
    )
    house.instance_id = found.instance_id
    return found


@pytest.mark.req("N2.1.3", "N2.1.4", "N2.2.4", "N2.3.5")
def test_a_paid_standard_order_is_accepted_decided_entered_and_reviewed(house: House) -> None:
    """SPEC A09: the people click T02.1 and T02.5; the evaluation is filled in by rule."""
    house.clock.advance(timedelta(minutes=5))
    pushed(house)

    assert house.waiting() == ["accept_platform_order"]
    due = house.item("accept_platform_order").due_at
    assert due is not None
    assert due.isoformat() == "2026-03-02T03:05:00+00:00"
    assert house.order().order_no == "WY20260302-0001-0" or house.order().order_no.startswith("WY")
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    assert house.waiting() == ["decide_evaluation"]
    shown = {
        one["label"]: one["value"] for one in house.open("dengchao", "decide_evaluation").facts
    }
    assert shown["Verdict"] == "feasible"
    house.do("dengchao", "decide_evaluation", "accept")
    assert house.waiting() == ["enter_platform_order"]
    filled = house.open("sunyue", "enter_platform_order").values
    house.do("sunyue", "enter_platform_order", "submit", **typed(filled))

    assert house.order().total_fen == 26_700
    assert [one.owners for one in house.items()] == [("r:OR",)]
    house.do("qianmin", "review_order", "approve", **answers.review())
    assert house.order().state == "approved"
    assert house.waiting() == ["allocate_order"]
    assert house.incidents() == []


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """The values that a form was opened with, as they come back from the page."""
    lines = [
        {**line, "unit_price": f"{line['unit_price'] / 100:.2f}", "line_due": None}
        for line in values["lines"]
    ]
    return {**values, "lines": lines}


@pytest.mark.req("N2.2.4")
def test_the_company_may_waive_the_review_of_platform_orders_without_findings(
    house: House,
) -> None:
    """SPEC S8.3: `netease.review` is a parameter."""
    with house.platform.work(actor=people()["zhuzhi"]) as work:
        change_parameter(work, name="netease.review", value=False, reason="总经理决定")
    pushed(house)
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    house.do("dengchao", "decide_evaluation", "accept")
    filled = typed(house.open("sunyue", "enter_platform_order").values)
    house.do("sunyue", "enter_platform_order", "submit", **filled)

    assert house.order().state == "approved"
    assert house.waiting() == ["allocate_order"]


@pytest.mark.req("N2.1.3")
def test_the_same_push_again_starts_nothing(house: House) -> None:
    """SPEC X02."""
    first = pushed(house)
    again = pushed(house)

    assert again.instance_id == first.instance_id
    assert house.waiting() == ["accept_platform_order"]


@pytest.mark.req("N2.1.4")
def test_a_missed_window_is_flagged_and_the_order_can_still_be_accepted(house: House) -> None:
    """SPEC X09."""
    pushed(house)
    house.pass_time(hours=2, minutes=1)

    assert "flag_late_accept" in [one.element_id for one in house.view().history]
    assert house.waiting() == ["accept_platform_order"]
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    assert house.waiting() == ["decide_evaluation"]


@pytest.mark.req("N2.1.4")
def test_an_order_can_be_passed_to_another_department(house: House) -> None:
    pushed(house)
    house.do("hanxue", "accept_platform_order", "transfer", to_department="服务部")

    assert house.waiting() == ["accept_platform_order"]
    shown = {
        one["label"]: one["value"] for one in house.open("hanxue", "accept_platform_order").facts
    }
    assert shown["Department"] == "服务部"


@pytest.mark.req("N2.1.3")
def test_the_platform_may_take_an_order_back(house: House) -> None:
    pushed(house)
    house.message("platform.order.cancelled", NUMBER)

    assert house.order().state == "cancelled"
    assert house.waiting() == []
    assert house.view().item.state == "completed"


@pytest.mark.req("N2.3.5", "N2.3.6")
def test_what_differs_from_the_push_must_be_explained(house: House) -> None:
    pushed(house)
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    house.do("dengchao", "decide_evaluation", "accept")
    changed = typed(house.open("sunyue", "enter_platform_order").values)
    changed["receiver"] = "李先生"
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_platform_order", "submit", **changed)
    house.do(
        "sunyue", "enter_platform_order", "submit", **changed, diff_explained="客户来电改收货人。"
    )

    assert "diff_explained" in refused.value.fields
    assert house.waiting() == ["review_order"]


def asked_for_an_app(house: House) -> None:
    """SPEC A11: a custom mobile app for 80 000.00, which is not what the company does."""
    pushed(house, push(sku="APP", total_fen=8_000_000))
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)


@pytest.mark.req("N2.2.1", "N2.2.5")
def test_an_infeasible_evaluation_needs_reason_and_advice(house: House) -> None:
    asked_for_an_app(house)
    for missing in ("infeasible_reason", "suggestion"):
        with pytest.raises(Invalid) as refused:
            house.do("hanxue", "evaluate_order", "submit", **{**EVALUATION, missing: None})
        assert missing in refused.value.fields

    house.do("hanxue", "evaluate_order", "submit", **EVALUATION)
    with house.platform.read() as session:
        kept = evaluation_facts(session, order_id=house.order().order_id)
    assert kept is not None
    assert kept.verdict == "infeasible"


@pytest.mark.req("N2.2.2", "N2.2.3")
def test_a_grave_risk_needs_measure_owner_and_date(house: House) -> None:
    asked_for_an_app(house)
    grave = [*RISKS[:2], {"type": "legal", "prob": 4, "impact": 3}]
    with pytest.raises(Invalid) as refused:
        house.do("hanxue", "evaluate_order", "submit", **{**EVALUATION, "risks": grave})
    with pytest.raises(Invalid):
        house.do("hanxue", "evaluate_order", "submit", **{**EVALUATION, "risks": RISKS[:2]})

    assert {"risks[2].measure", "risks[2].owner", "risks[2].due"} <= set(refused.value.fields)


@pytest.mark.req("N2.2.4")
def test_the_evaluator_does_not_decide(house: House) -> None:
    """SPEC A11, SOD-3."""
    asked_for_an_app(house)
    house.do("hanxue", "evaluate_order", "submit", **EVALUATION)
    hanxue = people()["hanxue"]
    both = Actor(hanxue.login, hanxue.name, hanxue.roles | {"BM"}, hanxue.department)

    with pytest.raises(Forbidden) as refused:
        house.claim(both, house.item("decide_evaluation"))
    assert refused.value.code == "SOD_3"


class _Flaky(BaseHTTPRequestHandler):
    """A platform that is down once and then says thanks."""

    calls: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append({"body": json.loads(body), "key": self.headers["Idempotency-Key"]})
        self.send_response(503 if len(self.calls) == 1 else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What reaches the platform."""
    _Flaky.calls = []
    server = HTTPServer(("127.0.0.1", 0), _Flaky)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv(
        "JIEDAN_PLATFORM_NETEASE_URL", f"http://127.0.0.1:{server.server_port}/replies"
    )
    yield _Flaky.calls
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.req("N2.1.4")
def test_the_platform_hears_of_the_acceptance_beside_the_order(
    house: House, replies: list[dict[str, Any]]
) -> None:
    """SPEC X32: a platform that is down does not hold the order up."""
    pushed(house)
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    run_due(house.flow)
    assert house.waiting() == ["decide_evaluation"]
    house.pass_time(minutes=2)

    assert [one["body"]["kind"] for one in replies] == ["accept", "accept"]
    with house.platform.read() as session:
        assert session.query(PlatformReply).one().acknowledged_at is not None


@pytest.mark.req("N2.2.5")
def test_a_declined_order_is_answered_once_although_the_platform_was_down(
    house: House, replies: list[dict[str, Any]]
) -> None:
    """SPEC A11, X32."""
    asked_for_an_app(house)
    run_due(house.flow)
    replies.clear()
    house.do("hanxue", "evaluate_order", "submit", **EVALUATION)
    with pytest.raises(Invalid):
        house.do("dengchao", "decide_evaluation", "decline")
    house.do(
        "dengchao", "decide_evaluation", "decline", decline_reply="很抱歉，此类业务我们不承接。"
    )
    run_due(house.flow)
    assert house.order().state == "draft"
    house.pass_time(minutes=2)

    declines = [one for one in replies if one["body"]["kind"] == "decline"]
    assert len({one["key"] for one in declines}) == 1
    with house.platform.read() as session:
        order = get_order(session, house.order().order_id)
        reply = session.query(PlatformReply).filter_by(kind="decline").one()
        reason = say(order.state_reason or "")
        assert (order.state, reason.split(":")[0]) == ("rejected", "out_of_scope")
        assert reply.acknowledged_at is not None
    assert house.view().item.state == "completed"


@pytest.mark.req("N2.2.5")
def test_a_reply_with_a_forbidden_word_is_refused(house: House) -> None:
    asked_for_an_app(house)
    house.do("hanxue", "evaluate_order", "submit", **EVALUATION)

    with pytest.raises(Invalid) as refused:
        house.do("dengchao", "decide_evaluation", "decline", decline_reply="给点回扣就做。")
    assert "decline_reply" in refused.value.fields


@pytest.mark.req("N2.2.5")
def test_the_manager_may_ask_for_more(house: House) -> None:
    asked_for_an_app(house)
    house.do("hanxue", "evaluate_order", "submit", **EVALUATION)
    house.do("dengchao", "decide_evaluation", "more_info", question="可否外包？")

    assert house.waiting() == ["evaluate_order"]
    filled = house.open("hanxue", "evaluate_order").values
    assert filled["infeasible_reason"] == "out_of_scope"


PREPAID = {"payment_method": "prepay_full", "term_days": None}
TERMS: dict[str, Any] = {
    "requirement": "上门安装五人天",
    "delivery_date": "2026-03-20",
    "price": "10000.00",
    "payment": "platform_escrow",
}


def lead_accepted(house: House) -> None:
    """SPEC A12 up to the terms: a lead followed, contacted, evaluated and taken."""
    house.start("hanxue", channel="netease", entry="lead")
    house.do(
        "hanxue", "screen_lead", "follow",
        title="安装服务五人天", content="需要安装与审计服务", match_scope="full",
    )  # fmt: skip
    house.do(
        "hanxue", "contact_customer", "continue", contact_at="2026-03-02T09:00:00+08:00",
        way="platform", need_summary="云帆科技需要上门安装和能耗审计服务，约五人天，三月下旬完成。",
    )  # fmt: skip
    good = {"in_scope": "yes", "resource_ok": "yes", "tech_ok": "yes", "infeasible_reason": None}
    house.do("hanxue", "evaluate_order", "submit", **{**EVALUATION, **good})
    house.do("dengchao", "decide_evaluation", "accept")


@pytest.mark.req("N2.1.1", "N2.1.2", "N2.3.1")
def test_a_lead_becomes_an_order_once_the_terms_are_agreed(house: House) -> None:
    lead_accepted(house)
    with pytest.raises(Invalid):
        house.do("hanxue", "confirm_terms", "agree", **TERMS)
    house.do("hanxue", "confirm_terms", "differ", **TERMS, differences="客户要求账期")
    house.do("hanxue", "confirm_terms", "agree", **TERMS, customer_confirm_ref="MSG-1")
    house.do(
        "sunyue", "enter_platform_order", "submit", customer=house.customer("KH000001"),
        order_kind="service",
        **answers.entry(sku="P-3001", qty="5", price="2000.00", **PREPAID),
    )  # fmt: skip

    assert house.order().state == "in_review"
    assert house.order().order_no.startswith("WY20260302-")


@pytest.mark.req("N2.3.1")
def test_terms_that_differ_three_times_end_the_order(house: House) -> None:
    lead_accepted(house)
    for _ in range(3):
        house.do("hanxue", "confirm_terms", "differ", **TERMS, differences="客户要求账期")

    assert house.order().state == "rejected"


@pytest.mark.req("N2.3.1")
def test_a_customer_who_gives_up_ends_the_order(house: House) -> None:
    lead_accepted(house)
    house.do("hanxue", "confirm_terms", "give_up")

    assert house.order().state == "rejected"


@pytest.mark.req("N2.1.1")
def test_a_dropped_lead_needs_a_reason_and_is_lost(house: House) -> None:
    house.start("hanxue", channel="netease", entry="lead")
    lead = {"title": "手机应用", "content": "开发手机应用", "match_scope": "none"}
    with pytest.raises(Invalid):
        house.do("hanxue", "screen_lead", "drop", **lead)
    house.do("hanxue", "screen_lead", "drop", **lead, reason="不在业务范围")

    assert house.order().state == "lost"
    assert house.waiting() == []


@pytest.mark.req("N2.1.2")
def test_a_lead_may_be_dropped_after_the_first_contact(house: House) -> None:
    house.start("hanxue", channel="netease", entry="lead")
    house.do(
        "hanxue", "screen_lead", "follow",
        title="安装服务五人天", content="需要安装与审计服务", match_scope="full",
    )  # fmt: skip
    house.do("hanxue", "contact_customer", "drop", reason="客户已找到别家")

    assert house.order().state == "lost"
