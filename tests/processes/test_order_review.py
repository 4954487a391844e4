"""P03 with P04 inside: what the checks find, who reviews, what comes back and what is special."""

from typing import Any

import pytest
from sqlalchemy import select

from jiedan.core.errors import Conflict, Forbidden, Invalid
from jiedan.core.i18n import use_locale
from jiedan.core.sentences import say
from jiedan.desk import payments
from jiedan.desk.approvals import open_conditions
from jiedan.desk.holds import open_holds
from jiedan.desk.records import get_order
from jiedan.desk.reviews import list_reviews
from jiedan.desk.tables import ReviewRound
from tests.processes import answers
from tests.processes.house import House, people

GOOD = answers.review()
RETURNED = answers.review("价格需要与客户再谈一次，请修改。", ("PRICE",), PRICE="低于政策价")
WISH = answers.review("客户重要，建议走特批程序处理。", ("PRICE",), PRICE="低于政策价")


def submitted(house: House, customer: str = "KH000001", **changes: Any) -> None:
    """An order that sales has pre-checked and handed in."""
    house.start("chenjing", channel="sales", entry="order")
    house.do("sunyue", "accept_order", "accept", **answers.acceptance(house.customer(customer)))
    house.do("sunyue", "enter_order", "submit", **answers.entry(**changes))
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())


def requested(house: House) -> None:
    """The representative asked for the special approval that the reviewer suggested."""
    house.do("qianmin", "review_order", "special", **WISH)
    house.do(
        "chenjing", "request_special", "submit", ("attachments",),
        justification="战略客户，全年采购额八百万元，本单为新产线首批，后续还有三倍数量的订单。",
    )  # fmt: skip


@pytest.mark.req("S2.3.1", "S3.6.1", "S2.3.5")
def test_a_large_order_is_reviewed_by_the_reviewer_and_by_finance(house: House) -> None:
    """SPEC A01: 110 400.00 needs OR and FO; approved, it needs no contract and no deposit."""
    submitted(house)

    assert house.waiting() == ["review_order", "review_order"]
    house.do("qianmin", "review_order", "approve", **GOOD)
    assert house.order().state == "in_review"
    house.do("lifang", "review_order", "approve", **GOOD)

    assert house.order().state == "approved"
    assert house.waiting() == ["allocate_order"]
    assert house.variables()["contract"] == {"required": False, "template": "framework"}
    assert house.variables()["deposit_fen"] == 0
    assert house.incidents() == []


@pytest.mark.req("S2.3.1")
def test_a_small_order_is_reviewed_by_the_reviewer_alone(house: House) -> None:
    submitted(house, qty="10")

    assert [one.owners for one in house.items()] == [("r:OR",)]


@pytest.mark.req("S2.3.2", "S2.3.6")
def test_an_order_passes_only_with_every_item_answered_and_none_failed(house: House) -> None:
    submitted(house, qty="10")
    with pytest.raises(Invalid):
        house.do("qianmin", "review_order", "approve", **answers.review(SPEC="型号写错了，要 T200"))
    with pytest.raises(Invalid):
        house.do("qianmin", "review_order", "return", **answers.review(SPEC="型号写错了，要 T200"))

    assert house.waiting() == ["review_order"]


@pytest.mark.req("S2.3.4", "S2.3.6")
def test_a_returned_order_is_reworked_and_keeps_its_number(house: House) -> None:
    submitted(house, qty="10")
    house.do("qianmin", "review_order", "return", **RETURNED)
    number = house.order().order_no

    assert house.waiting() == ["rework_order"]
    assert house.order().state == "returned"
    house.do(
        "chenjing", "rework_order", "resubmit",
        **answers.entry(qty="20"), negotiation_log="客户同意增加到二十台。",
    )  # fmt: skip
    house.do("qianmin", "review_order", "approve", **GOOD)

    assert house.order().state == "approved"
    assert house.order().order_no == number
    with house.platform.read() as session:
        rounds = [
            (one.round, one.outcome)
            for one in list_reviews(session, order_id=house.order().order_id)
        ]
    assert rounds == [(1, "return"), (2, "approve")]


@pytest.mark.req("S2.3.6")
def test_after_three_rounds_the_sales_manager_arbitrates(house: House) -> None:
    """SPEC X06."""
    submitted(house, qty="10")
    for qty in ("11", "12"):
        house.do("qianmin", "review_order", "return", **RETURNED)
        house.do(
            "chenjing", "rework_order", "resubmit",
            **answers.entry(qty=qty), negotiation_log="客户同意改数量。",
        )  # fmt: skip
    house.do("qianmin", "review_order", "return", **RETURNED)

    assert house.waiting() == ["arbitrate_order"]
    house.do("wangqiang", "arbitrate_order", "continue", note="再谈一次，最后一轮。")
    assert house.waiting() == ["rework_order"]


@pytest.mark.req("S2.3.6")
def test_the_sales_manager_may_close_an_order_that_came_back_too_often(house: House) -> None:
    submitted(house, qty="10")
    for qty in ("11", "12"):
        house.do("qianmin", "review_order", "return", **RETURNED)
        house.do(
            "chenjing", "rework_order", "resubmit",
            **answers.entry(qty=qty), negotiation_log="客户同意改数量。",
        )  # fmt: skip
    house.do("qianmin", "review_order", "return", **RETURNED)
    house.do(
        "wangqiang", "arbitrate_order", "close_lost", note="双方谈不拢，关闭。", lost_reason="price"
    )

    assert house.order().state == "lost"
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.3.6")
def test_a_customer_who_gives_up_during_rework_is_lost(house: House) -> None:
    submitted(house, qty="10")
    house.do("qianmin", "review_order", "return", **RETURNED)
    house.do("chenjing", "rework_order", "given_up", lost_reason="price")

    assert house.order().state == "lost"


@pytest.mark.req("S2.3.6")
def test_a_reviewer_may_reject_an_order(house: House) -> None:
    submitted(house, qty="10")
    refusal = answers.review(
        "用途不明，涉及合规风险，不能承接。", ("COMPLIANCE",), COMPLIANCE="用途不明确"
    )
    house.do("qianmin", "review_order", "reject", **refusal)

    assert house.order().state == "rejected"
    assert house.waiting() == []


@pytest.mark.req("S2.3.1")
@pytest.mark.parametrize("login", ["sunyue", "chenjing"])
def test_nobody_reviews_an_order_that_he_entered_or_checked(house: House, login: str) -> None:
    """SPEC SOD-1, also for somebody who holds the reviewer's role."""
    submitted(house, qty="10")
    item = house.item("review_order")
    both = people()[login]
    as_reviewer = type(both)(both.login, both.name, both.roles | {"OR"}, both.department)

    with pytest.raises(Forbidden) as refused:
        house.claim(as_reviewer, item)
    assert refused.value.code in {"SOD_1", "SOD_16"}


@pytest.mark.req("S2.3.3", "S2.3.7")
def test_a_price_below_policy_passes_by_special_approval_only(house: House) -> None:
    """SPEC A05: 960.00 is 13.04 % below 1 104.00: level 1, finance, level 2, with a condition."""
    submitted(house, price="960.00")
    with pytest.raises(Conflict) as refused:
        house.do("qianmin", "review_order", "approve", **GOOD)
    assert refused.value.code == "SPECIAL_APPROVAL_NEEDED"
    requested(house)

    assert house.order().state == "pending_special"
    beside = {one["label"]: one["value"] for one in house.open("wangqiang", "decide_special").facts}
    assert beside["Price below policy"] == "P-1001 deviates from the policy price by 13.04 %."
    assert [one.owners for one in house.items()] == [("r:SM",)]
    house.do("wangqiang", "decide_special", "approve", opinion="同意，客户重要。")
    assert [(one.element_id, one.owners) for one in house.items()] == [
        ("cosign_special", ("r:FM",))
    ]
    house.do("zhouhang", "cosign_special", "agree", opinion="毛利仍可接受。")
    assert [one.owners for one in house.items()] == [("r:SD",)]
    house.do(
        "majun", "decide_special", "approve_with_conditions",
        opinion="同意，但须先收款。", conditions="款到发货",
    )  # fmt: skip

    assert house.order().state == "approved"
    assert house.waiting() == ["allocate_order"]
    with house.platform.read() as session:
        conditions = open_conditions(session, order_id=house.order().order_id)
    assert [(one.kind, one.text) for one in conditions] == [("paid", "款到发货")]


@pytest.mark.req("S2.3.7")
@pytest.mark.parametrize("login", ["chenjing", "qianmin"])
def test_neither_requester_nor_reviewer_approves(house: House, login: str) -> None:
    """SPEC A05, SOD-2."""
    submitted(house, price="960.00")
    requested(house)
    one = people()[login]
    as_manager = type(one)(one.login, one.name, one.roles | {"SM"}, one.department)

    with pytest.raises(Forbidden) as refused:
        house.claim(as_manager, house.item("decide_special"))
    assert refused.value.code in {"SOD_2", "SOD_16"}


@pytest.mark.req("S2.3.7")
def test_a_refused_special_approval_comes_back_and_a_better_price_passes(house: House) -> None:
    """SPEC A06: 850.00 is below the floor: up to level 3, co-signed by finance and legal."""
    submitted(house, price="850.00")
    requested(house)
    house.do("wangqiang", "decide_special", "approve", opinion="请上级定夺。")
    house.do("majun", "decide_special", "approve", opinion="请总经理定夺。")
    assert sorted(one.owners for one in house.items()) == [("r:FM",), ("r:LC",)]
    house.do("zhouhang", "cosign_special", "disagree", opinion="低于底价，亏损。")
    house.do("xuwen", "cosign_special", "agree", opinion="无法律障碍。")
    house.do("zhuzhi", "decide_special", "reject", opinion="低于底价不接受。")

    assert house.order().state == "returned"
    assert house.waiting() == ["rework_order"]
    house.do(
        "chenjing", "rework_order", "resubmit",
        **answers.entry(price="1080.00"), negotiation_log="客户接受一千零八十元。",
    )  # fmt: skip
    house.do("qianmin", "review_order", "approve", **GOOD)
    house.do("lifang", "review_order", "approve", **GOOD)
    assert house.order().state == "approved"
    with house.platform.read() as session:
        rounds = {one.round for one in list_reviews(session, order_id=house.order().order_id)}
    assert rounds == {1, 2}


@pytest.mark.req("S2.3.7")
def test_deciding_against_a_cosigner_needs_a_reason(house: House) -> None:
    submitted(house, price="960.00")
    requested(house)
    house.do("wangqiang", "decide_special", "approve", opinion="同意，客户重要。")
    house.do("zhouhang", "cosign_special", "disagree", opinion="毛利过低，不同意。")
    with pytest.raises(Invalid) as refused:
        house.do("majun", "decide_special", "approve", opinion="同意，客户重要。")
    house.do(
        "majun", "decide_special", "approve", opinion="同意，客户重要。",
        override_reason="全年订单量足以弥补本单毛利。",
    )  # fmt: skip

    assert "override_reason" in refused.value.fields
    assert house.order().state == "approved"


@pytest.mark.req("S2.3.7")
def test_a_special_request_may_be_returned_and_asked_again(house: House) -> None:
    submitted(house, price="960.00")
    requested(house)
    house.do("wangqiang", "decide_special", "return", opinion="请补充成本测算。")

    assert house.waiting() == ["request_special"]
    house.do(
        "chenjing", "request_special", "submit", ("attachments",),
        justification="补充成本测算：本单毛利仍有百分之六，全年总毛利率不低于百分之十五，附件为测算表。",
    )  # fmt: skip
    assert house.waiting() == ["decide_special"]


@pytest.mark.req("S2.3.7")
def test_a_level_whose_only_leader_is_the_requester_goes_to_the_next_one_up(house: House) -> None:
    """SPEC X08: never skipped, never decided by the one who asks."""
    house.start("chenjing", channel="sales", entry="order")
    accepted = answers.acceptance(house.customer("KH000001"), owner="wangqiang")
    house.do("sunyue", "accept_order", "accept", **accepted)
    house.do("sunyue", "enter_order", "submit", **answers.entry(price="960.00"))
    house.do("wangqiang", "precheck_order", "submit", **answers.precheck())
    house.do("qianmin", "review_order", "special", **WISH)
    why = "战略客户，全年采购额八百万元，本单为新产线首批，后续还有三倍数量的订单。"
    house.do("wangqiang", "request_special", "submit", ("attachments",), justification=why)

    assert [one.owners for one in house.items()] == [("r:FM",)]
    house.do("zhouhang", "cosign_special", "agree", opinion="毛利仍可接受。")
    assert [one.owners for one in house.items()] == [("r:SD",)]


@pytest.mark.req("S2.3.7")
def test_an_abandoned_special_request_returns_the_order(house: House) -> None:
    submitted(house, price="960.00")
    house.do("qianmin", "review_order", "special", **WISH)
    house.do("chenjing", "request_special", "abandon")

    assert house.order().state == "returned"
    assert house.waiting() == ["rework_order"]


@pytest.mark.req("S2.3.7")
def test_a_special_approval_that_nobody_decides_expires(house: House) -> None:
    """SPEC X07."""
    submitted(house, price="960.00")
    requested(house)
    house.pass_time(days=31)

    assert house.waiting() == ["rework_order"]
    assert house.order().state == "returned"


@pytest.mark.req("S2.3.7")
def test_what_was_granted_on_request_of_sales_is_reviewed_again(house: House) -> None:
    submitted(house, qty="50", price="1000.00")
    house.do("qianmin", "review_order", "return", **RETURNED)
    house.do(
        "chenjing", "rework_order", "request_special", **answers.entry(qty="50", price="1000.00"),
        negotiation_log="客户坚持一千元。", special_subject="price",
        justification="战略客户，全年采购额八百万元，本单为新产线首批，后续还有三倍数量的订单。",
    )  # fmt: skip
    opened = house.open("chenjing", "request_special")
    house.do(
        "chenjing", "request_special", "submit", ("attachments",),
        justification=opened.values["justification"],
    )  # fmt: skip
    house.do("wangqiang", "decide_special", "approve", opinion="同意，客户重要。")

    assert house.waiting() == ["review_order"]
    house.do("qianmin", "review_order", "approve", **GOOD)
    assert house.order().state == "approved"


@pytest.mark.req("S5.1.3", "S5.1.4")
def test_an_overdue_customer_is_held_until_the_money_comes(house: House) -> None:
    """SPEC A08: KH000003 owes 38 000.00 for 35 days."""
    submitted(house, customer="KH000003", qty="10", price="1200.00", term_days=15)

    assert house.waiting() == ["handle_credit_hold"]
    with house.platform.read() as session:
        assert [one.code for one in open_holds(session, order_id=house.order().order_id)] == [
            "credit"
        ]
    with house.platform.work(actor=people()["lifang"]) as work:
        payments.register_payment(
            work, ref="BANK-1", amount_fen=3_800_000, customer_id=house.customer("KH000003")
        )
        payments.match_oldest(work, ref="BANK-1")
    house.message("payment.received", house.order().order_no)

    assert house.waiting() == ["review_order"]
    with house.platform.read() as session:
        assert open_holds(session, order_id=house.order().order_id) == []


@pytest.mark.req("S5.1.4")
def test_a_recheck_without_money_keeps_the_hold(house: House) -> None:
    submitted(house, customer="KH000003", qty="10", price="1200.00", term_days=15)
    house.do("lifang", "handle_credit_hold", "recheck", option="wait_payment")

    assert house.waiting() == ["handle_credit_hold"]


@pytest.mark.req("S5.1.4")
def test_finance_may_refuse_for_credit(house: House) -> None:
    submitted(house, customer="KH000003", qty="10", price="1200.00", term_days=15)
    with pytest.raises(Invalid):
        house.do("chenjing", "handle_credit_hold", "recheck", option="reject", note="不做了")
    house.do("lifang", "handle_credit_hold", "recheck", option="reject", note="长期拖欠")

    assert house.order().state == "rejected"


@pytest.mark.req("S5.1.4")
def test_a_held_order_may_be_changed_to_prepayment(house: House) -> None:
    submitted(house, customer="KH000003", qty="10", price="1200.00", term_days=15)
    house.do("lifang", "handle_credit_hold", "recheck", option="prepay")

    assert house.waiting() == ["rework_order"]
    house.do(
        "chenjing", "rework_order", "resubmit", negotiation_log="客户同意全额预付。",
        **answers.entry(qty="10", price="1200.00", payment_method="prepay_full", term_days=None),
    )  # fmt: skip
    assert house.waiting() == ["review_order"]


@pytest.mark.req("S5.1.4", "S2.3.7")
def test_an_overdue_hold_is_released_by_the_highest_level(house: House) -> None:
    submitted(house, customer="KH000003", qty="10", price="1200.00", term_days=15)
    house.do("lifang", "handle_credit_hold", "recheck", option="special", note="客户已有付款承诺")
    house.do(
        "chenjing", "request_special", "submit", ("attachments",),
        justification="客户已书面承诺两周内付清欠款，本单为其紧急维修用料，拖延会造成停产损失。",
    )  # fmt: skip
    for login in ("wangqiang", "majun", "zhuzhi"):
        house.do(login, "decide_special", "approve", opinion="同意，本次例外。")

    assert house.waiting() == ["review_order"]
    house.do("qianmin", "review_order", "approve", **GOOD)
    assert house.order().state != "in_review"


@pytest.mark.req("S1.3.1", "S2.3.7")
def test_a_blacklisted_customer_is_rejected_without_a_special_way(house: House) -> None:
    """SPEC A08: KH000004."""
    submitted(
        house,
        customer="KH000004",
        qty="10",
        price="1200.00",
        payment_method="prepay_full",
        term_days=None,
    )

    assert house.order().state == "rejected"
    assert house.waiting() == []
    with house.platform.read() as session:
        reason = get_order(session, house.order().order_id).state_reason
    assert reason is not None
    assert say(reason).startswith("BLACKLIST")


@pytest.mark.req("S5.1.3")
def test_a_new_customer_on_credit_waits_for_the_assessment(house: House) -> None:
    """SPEC X05: KH000005 has no profile."""
    submitted(house, customer="KH000005", qty="20", price="1200.00", term_days=30)

    assert house.waiting() == ["handle_credit_hold"]
    facts = {one["value"] for one in house.open("lifang", "handle_credit_hold").facts}
    assert "The customer's credit is not assessed yet." in facts


@pytest.mark.req("S2.3.3")
def test_every_check_is_kept_with_the_round(house: House) -> None:
    submitted(house, price="960.00")
    shown = {one["label"]: one["value"] for one in house.open("qianmin", "review_order").facts}

    said = shown["Price below policy · major"]
    assert said == "P-1001 deviates from the policy price by 13.04 %."
    assert shown["1. Price"].endswith("deviation 13.04 %")


@pytest.mark.req("S2.3.3", "S2.3.7", "S3.6.1")
def test_a_longer_term_than_agreed_needs_a_special_approval(house: House) -> None:
    """SPEC D07: 90 days are 30 more than agreed, which is major, and finance reviews too."""
    submitted(house, qty="10", term_days=90)

    assert len(house.items()) == 2
    shown = {one["label"]: one["value"] for one in house.open("lifang", "review_order").facts}
    assert shown["Payment term · major"] == "30 days more than agreed."
    with pytest.raises(Conflict):
        house.do("lifang", "review_order", "approve", **GOOD)


def test_what_the_checks_found_is_read_in_the_language_of_whoever_reads_it(house: House) -> None:
    submitted(house, qty="10", price="700.00")

    with house.platform.read() as session:
        found = session.scalars(select(ReviewRound.violations)).one()

    for locale, words in (("zh", "偏离"), ("en", "deviates")):
        with use_locale(locale):
            assert any(words in say(one["text"]) for one in found)
