"""P10: the customer accepts what was delivered."""

from datetime import timedelta

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Conflict, Invalid
from jiedan.desk import acceptances, contracts, issues
from tests.processes import fulfilment as half
from tests.processes.house import House


def examining(house: House, *lines: tuple[str, int], **changes: object) -> str:
    """A delivered order whose acceptance has begun."""
    order_id = half.delivered(house, *lines, **changes)
    house.start("chenjing", "acceptance", **half.variables(house, order_id))
    return order_id


def found(house: House, rejected: str = "0", **ticks: object) -> dict[str, object]:
    """The customer's finding; so many are rejected."""
    row = house.open("chenjing", "record_acceptance").values["lines"][0]
    good = str(int(row["qty_delivered"]) - int(rejected))
    return {
        "lines": [{**row, "qty_accepted": good, "qty_rejected": rejected, **ticks}],
        "accepted_by": "周工",
        "sign": "验收单 001",
    }


def reject(house: House, rejected: str = "2", **ticks: object) -> None:
    house.do(
        "chenjing",
        "record_acceptance",
        "submit",
        **found(house, rejected, **{"note": "标签贴错", "spec_ok": False, **ticks}),
    )


def solve(house: House, resolution: str = "fix") -> None:
    """From the first reply to the plan of the responsible department."""
    house.do("luodan", "reply_first", "replied", reply="已安排处理,请放心", way="phone")
    half.take(
        house,
        "zhengjie",
        "analyse_issue",
        "general",
        cause="打印模板用错",
        plan="重新打印并更换标签",
        resolution=resolution,
    )


@pytest.mark.req("S2.5.7", "S3.1.5")
def test_everything_is_accepted(house: House) -> None:
    order_id = examining(house)
    due = house.item("record_acceptance").due_at
    assert due == house.clock.now() + timedelta(days=7)
    house.do("chenjing", "record_acceptance", "submit", **found(house))

    assert house.variables()["outcome"] == "accepted"
    assert half.order(house, order_id).state == "accepted"
    assert half.line(house, order_id).qty_accepted == 100
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.5.7")
def test_accepted_and_rejected_add_up_to_what_was_delivered(house: House) -> None:
    examining(house)
    wrong = found(house)
    wrong["lines"][0]["qty_accepted"] = "90"  # type: ignore[index]

    with pytest.raises(Invalid) as refused:
        house.do("chenjing", "record_acceptance", "submit", **wrong)
    assert "lines[0].qty_rejected" in refused.value.fields


@pytest.mark.req("S2.5.7")
def test_a_rejection_needs_a_note(house: House) -> None:
    examining(house)

    with pytest.raises(Invalid) as refused:
        house.do("chenjing", "record_acceptance", "submit", **found(house, "5"))
    assert "lines[0].note" in refused.value.fields


@pytest.mark.req("S2.5.8", "S2.5.9")
def test_two_of_twenty_mislabelled_are_fixed_within_three_working_days(house: House) -> None:
    """SPEC A19 and X25."""
    order_id = examining(house, ("P-1001", 20))
    house.pass_time(days=4, hours=1)
    reject(house)

    assert half.order(house, order_id).state == "acceptance_issue"
    variables = house.variables()
    with house.platform.read() as session:
        issue = issues.list_issues(session, order_id=order_id)[0]
    assert (issue.affected_pct, issue.severity, issue.category) == (10, "general", "spec")
    solve(house)
    due = house.item("fix_issue").due_at
    assert due is not None
    assert due.isoformat() == "2026-03-11T10:00:00+00:00"
    house.pass_time(days=4)
    half.take(house, "zhengjie", "fix_issue", "fixed", result="已更换标签", evidence="照片")
    house.do("luodan", "confirm_with_customer", "solved", rating=5)
    assert house.waiting() == ["record_acceptance"]
    again = found(house)
    assert again["lines"][0]["qty_delivered"] == "2"  # type: ignore[index]
    house.do("chenjing", "record_acceptance", "submit", **again)

    assert half.order(house, order_id).state == "accepted"
    assert variables["outcome"] != house.variables()["outcome"]


@pytest.mark.req("S2.5.9")
def test_a_late_fix_breaches_its_limit_and_can_still_be_closed(house: House) -> None:
    """SPEC A19, the variant."""
    examining(house, ("P-1001", 20))
    house.pass_time(days=4, hours=1)
    reject(house)
    solve(house)
    house.pass_time(days=6)

    assert house.item("fix_issue").breached_at is not None
    half.take(house, "zhengjie", "fix_issue", "fixed", result="已更换标签", evidence="照片")
    house.do("luodan", "confirm_with_customer", "solved", rating=4)
    assert house.waiting() == ["record_acceptance"]


@pytest.mark.req("S2.5.11", "S2.5.9")
def test_an_agreed_deduction_counts_as_accepted_after_it_was_approved(house: House) -> None:
    order_id = examining(house, ("P-1001", 20))
    reject(house)
    solve(house, "deduction")
    page = house.open("luodan", "assess_compensation")
    assert page.values["cap"] == 20 * 110_400 // 10
    with pytest.raises(Invalid) as refused:
        house.do(
            "luodan",
            "assess_compensation",
            "assess",
            claimed="500.00",
            approved="600.00",
            loss_proof="客户函件",
            responsibility="我方贴标失误",
        )
    assert "approved" in refused.value.fields
    house.do(
        "luodan",
        "assess_compensation",
        "assess",
        claimed="500.00",
        approved="300.00",
        loss_proof="客户函件",
        responsibility="我方贴标失误",
    )
    grant(house)
    house.do("luodan", "confirm_with_customer", "solved", rating=4)

    assert house.variables()["outcome"] == "accepted_with_deduction"
    assert half.order(house, order_id).state == "accepted"
    with house.platform.read() as session:
        facts = acceptances.acceptance_facts(session, order_id=order_id)
    assert facts is not None
    assert facts.deduction_fen == 30_000


def grant(house: House) -> None:
    """Somebody asks for the compensation; finance co-signs, and the sales manager grants it."""
    half.take(
        house,
        "luodan",
        "request_special",
        "submit",
        files=("attachments",),
        justification="贴标失误属我方责任,经与客户协商同意折让三百元,请批准执行该折让方案。",
    )
    house.do("zhouhang", "cosign_special", "agree", opinion="金额属实。")
    house.do("wangqiang", "decide_special", "approve", opinion="同意该折让方案")


@pytest.mark.req("S2.5.9")
def test_goods_that_go_back_end_the_order_as_returned(house: House) -> None:
    order_id = examining(house, ("P-1001", 20))
    reject(house)
    solve(house, "return")

    assert house.variables()["outcome"] == "returned"
    assert half.order(house, order_id).state == "returned_full"
    assert half.line(house, order_id).qty_returned == 20


@pytest.mark.req("S2.5.7")
def test_the_customer_is_reminded_two_days_before_the_period_ends(house: House) -> None:
    examining(house)
    house.pass_time(days=5, minutes=1)
    assert house.waiting() == ["record_acceptance", "remind_customer"]
    house.do(
        "chenjing",
        "remind_customer",
        "reminded",
        contact_log=[{"at": "2026-03-07T09:00:00+08:00", "way": "phone", "result": "下周一验收"}],
    )

    assert house.waiting() == ["record_acceptance"]


@pytest.mark.req("S2.5.7")
def test_an_open_reminder_does_not_keep_an_accepted_order_waiting(house: House) -> None:
    examining(house)
    house.pass_time(days=5, minutes=1)
    house.do("chenjing", "record_acceptance", "submit", **found(house))

    assert house.waiting() == []
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.5.7", "S5.3.2")
def test_silence_is_no_acceptance_unless_the_contract_says_so(house: House) -> None:
    order_id = examining(house)
    house.pass_time(days=7, minutes=1)
    assert "settle_overdue" in house.waiting()
    with pytest.raises(Conflict):
        house.do("chenjing", "settle_overdue", "decide", choice="deemed", note="客户一直未回复")
    order = half.order(house, order_id)
    with house.platform.work(actor=SYSTEM) as work:
        contracts.add_contract(
            work,
            customer_id=order.customer_id,
            order_id=order_id,
            kind="order",
            valid_from="2026-01-01",
            deemed_acceptance=True,
        )
    house.do("chenjing", "settle_overdue", "decide", choice="deemed", note="合同约定视同验收")

    assert half.order(house, order_id).state == "accepted"


@pytest.mark.req("S2.5.7")
def test_an_overdue_acceptance_may_be_extended(house: House) -> None:
    examining(house)
    house.pass_time(days=7, minutes=1)
    with pytest.raises(Invalid) as refused:
        house.do("chenjing", "settle_overdue", "decide", choice="extend", note="客户停产检修")
    assert "new_deadline" in refused.value.fields
    house.do(
        "chenjing",
        "settle_overdue",
        "decide",
        choice="extend",
        new_deadline="2026-03-20",
        note="客户停产检修",
    )

    due = house.item("record_acceptance").due_at
    assert due is not None
    assert due.isoformat() == "2026-03-20T10:00:00+00:00"


@pytest.mark.req("S2.5.7")
def test_an_overdue_acceptance_may_be_settled_with_proof(house: House) -> None:
    order_id = examining(house)
    house.pass_time(days=7, minutes=1)
    house.do(
        "chenjing",
        "settle_overdue",
        "decide",
        choice="get_proof",
        accepted_by="周工",
        proof="验收单 002",
        note="补签验收单",
    )

    assert half.order(house, order_id).state == "accepted"


@pytest.mark.req("N4.3.1")
def test_a_consumers_confirmed_delivery_is_the_acceptance(house: House) -> None:
    """SPEC A09, its acceptance."""
    order_id = examining(
        house,
        ("P-5001", 3),
        channel="netease",
        customer=half.consumer(house),
        payment_method="platform_escrow",
        term_days=0,
    )

    assert house.waiting() == []
    assert half.order(house, order_id).state == "accepted"
    assert house.variables()["outcome"] == "accepted"


@pytest.mark.req("S2.5.7")
def test_an_order_of_which_nothing_arrived_is_returned(house: House) -> None:
    order_id = half.ready(house)
    house.start("chenjing", "acceptance", **half.variables(house, order_id))

    assert house.variables()["outcome"] == "returned"
    assert half.order(house, order_id).state == "returned_full"
