"""Only the ways of SPEC S2.2 lead from one state to the next."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiedan.core import audit
from jiedan.desk import holds, orders, states, timeline
from jiedan.desk.errors import IllegalTransition, OrderOnHold
from jiedan.desk.states import FINAL, OrderState, legal_moves
from tests.desk.desk_day import Desk

CHAIN = [
    "draft",
    "submitted",
    "in_review",
    "approved",
    "allocated",
    "planned",
    "in_execution",
    "ready",
    "partially_delivered",
    "delivered",
    "in_acceptance",
    "accepted",
    "settled",
    "closed",
]


def test_the_main_chain_is_legal() -> None:
    for before, after in pairwise(CHAIN):
        assert OrderState(after) in legal_moves(before)


@pytest.mark.req("S1.1")
def test_every_other_move_is_a_conflict_and_changes_nothing(desk: Desk) -> None:
    order_id = desk.entered()
    illegal = [state for state in OrderState if state not in legal_moves("draft")]
    illegal.remove(OrderState.DRAFT)

    for state in illegal:
        with desk.work() as work, pytest.raises(IllegalTransition) as failure:
            states.set_state(work, order_id=order_id, to=state)
        assert failure.value.code == "ILLEGAL_TRANSITION"
    assert desk.state(order_id) == "draft"


@given(st.lists(st.sampled_from(list(OrderState)), max_size=40))
def test_no_walk_leaves_a_final_state_or_reaches_delivery_without_approval(
    walk: list[OrderState],
) -> None:
    here, seen = OrderState.DRAFT, [OrderState.DRAFT]
    for wish in walk:
        if wish in legal_moves(here):
            here = wish
            seen.append(wish)

    assert not FINAL & set(seen[:-1])
    if OrderState.DELIVERED in seen:
        assert OrderState.APPROVED in seen
        assert OrderState.IN_REVIEW in seen
    if OrderState.CLOSED in seen:
        assert OrderState.SETTLED in seen


def test_from_everywhere_an_end_can_be_reached() -> None:
    for start in OrderState:
        reached, ahead = {start}, [start]
        while ahead:
            for state in legal_moves(ahead.pop()) - reached:
                reached.add(state)
                ahead.append(state)

        assert reached & FINAL


def test_after_a_dispatch_the_whole_order_cannot_be_cancelled() -> None:
    for state in ("partially_delivered", "delivered", "in_acceptance", "accepted", "closed"):
        assert OrderState.CANCELLING not in legal_moves(state)


def test_each_move_leaves_its_time_its_person_and_an_audit_record(desk: Desk) -> None:
    order_id = desk.submitted()
    desk.later(minutes=30)
    desk.move(order_id, "in_review")

    with desk.platform.read() as session:
        stages = timeline.order_timeline(session, order_id=order_id)
        assert audit.verify(session).ok

    assert [stage.state for stage in stages] == ["draft", "submitted", "in_review"]
    assert [stage.by for stage in stages] == ["linxiao", "chenjing", "system"]
    assert stages[1].seconds == 1800
    assert stages[2].seconds is None


def test_moving_to_where_an_order_stands_changes_nothing(desk: Desk) -> None:
    order_id = desk.submitted()
    desk.move(order_id, "submitted")

    with desk.platform.read() as session:
        assert len(timeline.order_timeline(session, order_id=order_id)) == 2


@pytest.mark.req("S3.6.3")
def test_a_held_order_does_not_move_forward_but_may_be_returned(desk: Desk) -> None:
    order_id = desk.in_review()
    with desk.work("zhouhang") as work:
        holds.hold_order(work, order_id=order_id, reason="发票逾期 35 天", code="credit")

    with desk.work() as work, pytest.raises(OrderOnHold) as failure:
        states.set_state(work, order_id=order_id, to="approved")
    desk.move(order_id, "returned")

    assert failure.value.code == "ORDER_ON_HOLD"
    assert "发票逾期 35 天" in str(failure.value)


def test_a_released_order_moves_again_and_the_second_hold_is_the_first(desk: Desk) -> None:
    order_id = desk.in_review()
    with desk.work("zhouhang") as work:
        first = holds.hold_order(work, order_id=order_id, reason="逾期", code="credit")
        second = holds.hold_order(work, order_id=order_id, reason="again", code="credit")
        other = holds.hold_order(work, order_id=order_id, reason="地址待核", kind="delivery")
    with desk.work("zhouhang") as work:
        lifted = holds.release_order(work, order_id=order_id, reason="已付款", code="credit")
        left = holds.open_holds(work.session, order_id=order_id)
    desk.move(order_id, "approved")

    assert second == first
    assert [hold.hold_id for hold in lifted] == [first.hold_id]
    assert [hold.hold_id for hold in left] == [other.hold_id]


def test_old_holds_are_found(desk: Desk) -> None:
    order_id = desk.in_review()
    with desk.work() as work:
        holds.hold_order(work, order_id=order_id, reason="逾期")
    desk.later(days=31)

    with desk.platform.read() as session:
        found = holds.overdue_holds(session, now=desk.clock.now(), max_days=30)

    assert [hold.order_id for hold in found] == [order_id]


@pytest.mark.req("S2.2.4")
def test_an_order_that_nobody_completes_expires(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.work() as work:
        moved = orders.expire_order(work, order_id=order_id)

    assert moved.state == "expired"
    with desk.platform.read() as session:
        stages = timeline.order_timeline(session, order_id=order_id)
    assert stages[-1].reason == "no_response"
