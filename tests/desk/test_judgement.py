"""Reviews and special approvals: who may say what, in which order (P03, P04, A05, A06)."""

from __future__ import annotations

from typing import Any

import pytest

from jiedan.desk import approvals, holds, orders, review_checks, reviews, states
from jiedan.desk.approval_conditions import require_conditions_met
from jiedan.desk.errors import (
    AlreadyDone,
    ApproverExcluded,
    ConditionOpen,
    InvalidRecord,
    NoApprover,
    NotApprovable,
    ReviewerExcluded,
    WrongState,
)
from tests.desk.desk_day import GOOD, LINE, Desk

WORDS = "客户是年度框架大客户,本单带动后续两个季度的采购,申请按此价格成交,毛利仍为正。"
FAILED = [{"code": "PRICE", "result": "fail", "note": "低于政策价"}]


def review(desk: Desk, order_id: str, login: str = "qianmin", **what: Any) -> reviews.Reviewed:
    """A review by one person."""
    details: dict[str, Any] = {
        "role": "order_reviewer",
        "outcome": "approve",
        "items": GOOD,
        **what,
    }
    with desk.work(login) as work:
        return reviews.record_review(work, order_id=order_id, **details)


def requested(desk: Desk, order_id: str, level: int = 2, **details: Any) -> approvals.ApprovalFacts:
    """A request for special approval by Chenjing."""
    with desk.work("chenjing") as work:
        return approvals.request_approval(
            work,
            order_id=order_id,
            subject="price",
            level=level,
            justification=WORDS,
            **{"cosign": ["finance"], **details},
        )


def decide(
    desk: Desk, approval_id: str, login: str, decision: str = "approve", **more: Any
) -> approvals.ApprovalFacts:
    """A decision by one leader."""
    with desk.work(login) as work:
        return approvals.record_decision(
            work, approval_id=approval_id, decision=decision, opinion="同意按此执行", **more
        )


def cosign(desk: Desk, approval_id: str, decision: str = "agree") -> approvals.ApprovalFacts:
    """Zhouhang cosigns for finance."""
    with desk.work("zhouhang") as work:
        return approvals.record_cosign(
            work, approval_id=approval_id, role="finance", decision=decision, opinion="毛利可以接受"
        )


def due(desk: Desk, approval_id: str) -> approvals.NextStep:
    """What an approval waits for."""
    with desk.platform.read() as session:
        return approvals.next_step(session, approval_id=approval_id)


@pytest.mark.req("S2.3.1")
@pytest.mark.parametrize("login", ["sunyue", "linxiao"])
def test_who_entered_or_accepted_an_order_does_not_review_it(desk: Desk, login: str) -> None:
    order_id = desk.opened()
    with desk.work("linxiao") as work:
        orders.accept_order(work, order_id=order_id, customer="KH000001")
    with desk.platform.read() as session:
        values = orders.entry_values(session, order_id=desk.entered())
    with desk.work("sunyue") as work:
        orders.enter_order(work, order_id=order_id, entry=values)
    desk.move(order_id, "submitted")
    with desk.work() as work:
        reviews.start_round(work, order_id=order_id)

    with pytest.raises(ReviewerExcluded) as failure:
        review(desk, order_id, login)

    assert failure.value.code == "SOD_1"


@pytest.mark.req("S2.3.2")
def test_an_order_with_a_failed_or_unanswered_item_cannot_pass(desk: Desk) -> None:
    order_id = desk.in_review()

    with pytest.raises(InvalidRecord) as failed:
        review(desk, order_id, items=FAILED, opinion="价格低于政策价格")
    with pytest.raises(InvalidRecord) as unanswered:
        review(desk, order_id, items=GOOD[:3], needed=reviews.ITEM_CODES)

    assert "outcome" in failed.value.fields
    assert "items.COMPLIANCE" in unanswered.value.fields


@pytest.mark.req("S2.3.6")
def test_a_return_needs_ten_characters_and_a_reason(desk: Desk) -> None:
    order_id = desk.in_review()

    with pytest.raises(InvalidRecord) as failure:
        review(desk, order_id, outcome="return", items=FAILED, opinion="太低")
    done = review(
        desk,
        order_id,
        outcome="return",
        items=FAILED,
        opinion="价格低于政策,请与客户协商",
        reason_codes=["PRICE"],
    )

    assert set(failure.value.fields) == {"opinion", "reason_codes"}
    assert done.failed == ["PRICE"]


def test_a_role_reviews_once_in_a_round(desk: Desk) -> None:
    order_id = desk.in_review()
    review(desk, order_id)

    with pytest.raises(AlreadyDone):
        review(desk, order_id, "qianmin2")


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        (("approve", "approve"), "approved"),
        (("approve", "return"), "rework"),
        (("return", "special"), "special"),
        (("special", "reject"), "rejected"),
    ],
)
def test_a_round_comes_to_what_its_strictest_reviewer_says(
    desk: Desk, outcomes: tuple[str, str], result: str
) -> None:
    order_id = desk.in_review()
    for login, role, outcome in zip(
        ("qianmin", "lifang"), ("order_reviewer", "finance"), outcomes, strict=True
    ):
        review(
            desk,
            order_id,
            login,
            role=role,
            outcome=outcome,
            opinion="见审核意见,理由充分",
            reason_codes=["PRICE"],
        )

    with desk.work() as work:
        found = reviews.consolidate_round(work, order_id=order_id)

    assert found.outcome == result


def test_something_forbidden_rejects_whatever_people_say(desk: Desk) -> None:
    order_id = desk.in_review()
    review(desk, order_id)

    with desk.work() as work:
        found = reviews.consolidate_round(
            work, order_id=order_id, violations=[{"code": "BLACKLIST", "forbidden": True}]
        )

    assert (found.outcome, found.reasons) == ("rejected", ["BLACKLIST"])


@pytest.mark.req("S2.3.6")
def test_the_third_return_goes_to_the_manager_and_all_rounds_stay_readable(desk: Desk) -> None:
    order_id = desk.submitted()
    found = None
    for number in range(3):
        with desk.work() as work:
            reviews.start_round(work, order_id=order_id)
        review(
            desk,
            order_id,
            outcome="return",
            opinion="请补充客户的书面确认",
            reason_codes=["CUST_REAL"],
        )
        with desk.work() as work:
            found = reviews.consolidate_round(work, order_id=order_id)
            assert found.max_rounds_reached is (number == 2)
        desk.move(order_id, "returned", "submitted")

    with desk.platform.read() as session:
        kept = reviews.list_reviews(session, order_id=order_id)
    assert [row.round for row in kept] == [1, 2, 3]
    assert found is not None


def test_a_review_is_withdrawn_before_the_first_decision_only(desk: Desk) -> None:
    first, second = desk.in_review(), desk.in_review()
    review(desk, second)

    with desk.work("sunyue") as work:
        back = reviews.withdraw_review(work, order_id=first, reason="数量录错")
    with desk.work("sunyue") as work, pytest.raises(AlreadyDone):
        reviews.withdraw_review(work, order_id=second, reason="数量录错")

    assert back.state == "draft"


@pytest.mark.req("S2.3.5")
def test_the_content_under_review_is_fixed_by_its_hash(desk: Desk) -> None:
    order_id = desk.submitted()
    with desk.work() as work:
        first = reviews.start_round(work, order_id=order_id)
    desk.move(order_id, "returned")
    with desk.work("chenjing") as work:
        orders.enter_order(work, order_id=order_id, entry={"lines": [{**LINE, "qty": 90}]})
        orders.submit_order(work, order_id=order_id)
        second = reviews.start_round(work, order_id=order_id)

    assert first.snapshot_hash != second.snapshot_hash
    assert (first.round, second.round) == (1, 2)
    assert (first.version, second.version) == (1, 2)


@pytest.mark.req("S1.3.1")
def test_machine_checks_find_what_is_forbidden(desk: Desk) -> None:
    black = desk.submitted("KH000004", service_req="请开 代开发票 一张")

    with desk.work() as work:
        customer = review_checks.check_customer(work, order_id=black)
        legal = review_checks.screen_legal(work, order_id=black)
        payment = review_checks.check_payment(work, order_id=black)

    assert [(row.code, row.forbidden) for row in customer] == [("BLACKLIST", True)]
    assert [row.code for row in legal] == ["COMPLIANCE_BLOCK"]
    assert [(row.code, row.severity) for row in payment] == [("TERM_EXCESS", "critical")]


@pytest.mark.req("S2.3.3")
def test_a_promise_earlier_than_the_lead_time_is_found(desk: Desk) -> None:
    order_id = desk.submitted(
        lines=[{"sku": "P-2001", "spec": "C200", "qty": 4, "unit_price": 3_496_000}],
        delivery_date="2026-03-20",
    )

    with desk.work() as work:
        found = review_checks.check_delivery(work, order_id=order_id)

    assert [row.code for row in found] == ["DELIVERY_TOO_EARLY"]
    assert "2026-03-23" in found[0].text


def test_ambiguous_words_are_found_and_contracts_are_not_one() -> None:
    assert review_checks.scan_contract_terms("甲方应尽快付款,误差5%左右") == ["尽快", "左右"]
    assert review_checks.scan_contract_terms("双方签约后按合约执行,违约方赔偿") == []


@pytest.mark.req("S2.3.7")
def test_levels_decide_in_turn_with_the_cosigner_before_the_last(desk: Desk) -> None:
    order_id = desk.in_review()
    made = requested(desk, order_id)

    first = due(desk, made.approval_id)
    decide(desk, made.approval_id, "wangqiang")
    second = due(desk, made.approval_id)
    cosign(desk, made.approval_id)
    third = due(desk, made.approval_id)
    end = decide(desk, made.approval_id, "majun")

    assert (first.kind, first.level, first.roles, first.last) == ("decide", 1, ["SM"], False)
    assert (second.kind, second.roles) == ("cosign", ["FM"])
    assert (third.kind, third.level, third.roles, third.last) == ("decide", 2, ["SD"], True)
    assert end.state == "granted"
    assert end.valid_until is not None
    assert (end.valid_until - desk.clock.now()).days == 30


@pytest.mark.req("S2.3.7")
def test_neither_requester_nor_clerk_nor_reviewer_approves(desk: Desk) -> None:
    order_id = desk.in_review()
    review(
        desk,
        order_id,
        outcome="special",
        opinion="建议特批,客户价值高",
        reason_codes=["PRICE"],
    )
    made = requested(desk, order_id)

    for login in ("chenjing", "sunyue", "qianmin"):
        with pytest.raises(ApproverExcluded) as failure:
            decide(desk, made.approval_id, login)
        assert failure.value.code == "SOD_2"


def test_a_delegate_of_the_requester_is_excluded_too(desk: Desk) -> None:
    made = requested(desk, desk.in_review())

    with desk.work("majun") as work:
        work.actor = type(work.actor)("majun", "Majun", on_behalf_of="chenjing")
        with pytest.raises(ApproverExcluded):
            approvals.record_decision(
                work, approval_id=made.approval_id, decision="approve", opinion="同意按此执行"
            )


def test_a_disagreeing_cosigner_is_overridden_only_in_words(desk: Desk) -> None:
    made = requested(desk, desk.in_review())
    decide(desk, made.approval_id, "wangqiang")
    cosign(desk, made.approval_id, "disagree")

    assert due(desk, made.approval_id).needs_override
    with pytest.raises(InvalidRecord) as failure:
        decide(desk, made.approval_id, "majun")
    end = decide(desk, made.approval_id, "majun", override_reason="战略客户,我承担责任")

    assert set(failure.value.fields) == {"override_reason"}
    assert end.state == "granted"


@pytest.mark.parametrize(("decision", "state"), [("reject", "refused"), ("return", "returned")])
def test_a_refusal_at_any_level_ends_it(desk: Desk, decision: str, state: str) -> None:
    made = requested(desk, desk.in_review())

    end = decide(desk, made.approval_id, "wangqiang", decision)

    assert end.state == state
    assert due(desk, made.approval_id).kind == "done"
    with pytest.raises(WrongState):
        decide(desk, made.approval_id, "majun")


@pytest.mark.req("S2.3.7")
def test_a_change_of_the_order_voids_what_was_granted(desk: Desk) -> None:
    order_id = desk.in_review()
    made = requested(desk, order_id, level=1, cosign=[])
    decide(
        desk,
        made.approval_id,
        "wangqiang",
        "approve_with_conditions",
        conditions="客户书面确认",
    )
    desk.move(order_id, "returned")

    with desk.work("chenjing") as work:
        trivial = orders.enter_order(work, order_id=order_id, entry={"service_req": "轻放"})
        material = orders.enter_order(
            work, order_id=order_id, entry={"lines": [{**LINE, "qty": 101}]}
        )
        after = approvals.approval_facts(work.session, approval_id=made.approval_id)
        open_conditions = approvals.open_conditions(work.session, order_id=order_id)

    assert trivial.voided_approvals == []
    assert material.voided_approvals == [made.approval_id]
    assert after.state == "void"
    assert open_conditions == []


@pytest.mark.req("S2.3.7")
def test_goods_against_payment_is_a_condition_that_only_money_meets(desk: Desk) -> None:
    order_id = desk.in_review()
    made = requested(desk, order_id, level=1, cosign=[])
    decide(
        desk,
        made.approval_id,
        "wangqiang",
        "approve_with_conditions",
        conditions="款到发货\n客户补交书面承诺",
    )

    with desk.work("chenjing") as work:
        found = approvals.open_conditions(work.session, order_id=order_id)
        with pytest.raises(WrongState):
            approvals.meet_condition(work, condition_id=found[0].condition_id, evidence="他会付")
        approvals.meet_condition(work, condition_id=found[1].condition_id, evidence="承诺书 1")
        left = approvals.open_conditions(work.session, order_id=order_id)
        with pytest.raises(ConditionOpen):
            require_conditions_met(work.session, order_id=order_id)

    assert [row.kind for row in found] == ["paid", "manual"]
    assert [row.text for row in left] == ["款到发货"]


def test_an_approval_runs_out(desk: Desk) -> None:
    order_id = desk.in_review()
    made = requested(desk, order_id, level=1, cosign=[])
    decide(desk, made.approval_id, "wangqiang")

    with desk.platform.read() as session:
        now = approvals.granted(session, order_id=order_id, subject="price", now=desk.clock.now())
    desk.later(days=31)
    with desk.platform.read() as session:
        later = approvals.granted(session, order_id=order_id, subject="price", now=desk.clock.now())

    assert (now, later) == (True, False)


def test_a_new_request_replaces_the_pending_one(desk: Desk) -> None:
    order_id = desk.in_review()
    first = requested(desk, order_id)
    second = requested(desk, order_id, level=3)

    with desk.platform.read() as session:
        states_ = [row.state for row in approvals.list_approvals(session, order_id=order_id)]

    assert states_ == ["void", "pending"]
    assert second.level == 3
    assert first.approval_id != second.approval_id


def test_what_is_forbidden_cannot_even_be_asked_for(desk: Desk) -> None:
    with pytest.raises(NotApprovable):
        requested(desk, desk.in_review(), severity="forbidden")


def test_a_short_justification_is_refused(desk: Desk) -> None:
    with (
        desk.work("chenjing") as work,
        pytest.raises(InvalidRecord) as failure,
    ):
        approvals.request_approval(work, subject="price", level=1, justification="求批准")

    assert set(failure.value.fields) == {"justification"}


@pytest.mark.req("S2.3.7")
def test_a_level_without_anybody_goes_up_and_one_person_decides_once(desk: Desk) -> None:
    people = {"SM": ["chenjing"], "SD": ["majun"], "GM": ["zhuzhi"], "FM": ["zhouhang"]}

    absent = requested(desk, desk.in_review(), level=1, candidates=people)
    same = requested(
        desk, desk.in_review(), level=2, candidates={**people, "SM": ["majun", "chenjing"]}
    )
    with pytest.raises(NoApprover):
        requested(desk, desk.in_review(), candidates={"SM": ["chenjing"]})

    assert [(step["level"], step["state"]) for step in absent.steps if step["level"]] == [
        (2, "waiting")
    ]
    assert [(step["level"], step["state"]) for step in same.steps if step["level"]] == [
        (1, "merged"),
        (2, "waiting"),
    ]


def test_a_refused_order_comes_back_for_a_second_round_with_both_visible(desk: Desk) -> None:
    order_id = desk.in_review(lines=[{**LINE, "unit_price": 85_000}])
    review(
        desk,
        order_id,
        outcome="special",
        opinion="低于底价,须总经理批",
        reason_codes=["PRICE"],
    )
    with desk.work() as work:
        reviews.consolidate_round(work, order_id=order_id)
        states.set_state(work, order_id=order_id, to="pending_special")
    made = requested(desk, order_id, level=3, cosign=[])
    decide(desk, made.approval_id, "wangqiang")
    decide(desk, made.approval_id, "majun")
    end = decide(desk, made.approval_id, "zhuzhi", "reject")
    desk.move(order_id, "returned")
    with desk.work("chenjing") as work:
        orders.enter_order(
            work, order_id=order_id, entry={"lines": [{**LINE, "unit_price": 108_000}]}
        )
        orders.submit_order(work, order_id=order_id)
        reviews.start_round(work, order_id=order_id)
    review(desk, order_id)

    with desk.platform.read() as session:
        rounds = reviews.list_reviews(session, order_id=order_id)
    assert end.state == "refused"
    assert [(row.round, row.outcome) for row in rounds] == [(1, "special"), (2, "approve")]


def test_holds_and_approvals_do_not_know_each_other(desk: Desk) -> None:
    order_id = desk.in_review()
    with desk.work("zhouhang") as work:
        holds.hold_order(work, order_id=order_id, reason="逾期", code="credit")

    made = requested(desk, order_id, level=1, cosign=[])

    assert decide(desk, made.approval_id, "wangqiang").state == "granted"
