"""P14: an order is cancelled in the middle of the work, whole or in part, or goes on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Conflict, Invalid
from jiedan.desk import (
    billing,
    cancellations,
    credit,
    dispatch,
    production,
    refunds,
    requests,
    shipments,
    stock,
    undoing,
)
from jiedan.desk.errors import NotCancellable, RequestOpen, WrongState
from jiedan.desk.tables import OrderLine
from jiedan.desk.values import as_id
from tests.processes import fulfilment as half
from tests.processes import making
from tests.processes.house import House, people
from tests.processes.test_intake_platform import pushed, secret, typed
from tests.processes.test_order_main import approved, pay, signed

__all__ = ["secret"]

WISH: dict[str, Any] = {
    "requested_by": "customer",
    "reason": "changed_mind",
    "fault": "customer",
    "evidence": "客户来函 2026-118",
    "whole": True,
}
WRAPPED = ["goods", "production", "invoices", "customer"]


def ask(house: House, login: str = "chenjing") -> None:
    """Somebody presses the button on the order's page."""
    told = house.message("order.cancel.requested", house.order().order_no, asked_by=login)
    assert told.instance_id == house.instance_id


def wished(house: House, **changes: Any) -> None:
    """Asked for and written down."""
    ask(house)
    half.take(house, "chenjing", "log_cancellation", "submit", **{**WISH, **changes})


def allocated(house: House, **changes: Any) -> None:
    """Somebody is responsible for the approved order."""
    approved(house, **changes)
    put_to_work(house)


def put_to_work(house: House) -> None:
    proposal = house.open("chenjing", "allocate_order").values["assignments"]
    rows = [{**row, "responsible": "xieming"} for row in proposal]
    house.do("chenjing", "allocate_order", "allocate", assignments=rows)


def in_work(house: House, **changes: Any) -> None:
    """Stock is promised and the warehouse is picking."""
    allocated(house, **changes)
    half.take(house, "xieming", "make_work_plan", "submit")


def in_production(house: House) -> None:
    """SPEC A02 after its deposit of 44 160.00: four cabinets are being made."""
    signed(house)
    pay(house, "BANK-1", 4_416_000)
    put_to_work(house)
    half.take(house, "xieming", "make_work_plan", "submit")
    house.do("dengchao", "review_plan", "approve")
    making.started(house)


def wrapped_up(house: House) -> None:
    house.do("lifang", "wrap_up_cancellation", "done", wip_disposal="stock", checklist=WRAPPED)


def refunded(house: House, ref: str = "TK-1") -> None:
    half.take(house, "zhouhang", "pay_refund", "paid", ref=ref)


# --- the whole order -----------------------------------------------------------------------------
@pytest.mark.req("S2.4.9", "S5.2.2", "N3.3.3")
def test_a_cancelled_order_in_production_costs_thirty_per_cent_and_gives_the_rest_back(
    house: House,
) -> None:
    """SPEC X18, D16: 30 % of 139 840.00 is kept of the deposit of 44 160.00."""
    in_production(house)
    making.reported(house, "progress", qty_done="0", progress_pct=40)

    wished(house)
    shown = {
        one["label"]: one["value"] for one in house.open("wangqiang", "approve_cancellation").facts
    }
    assert shown["Fee"] == "¥41,952.00"
    assert shown["Production order"].endswith(", 40 %")
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    house.do("chenjing", "confirm_fee", "accept", evidence="客户邮件确认")

    assert house.waiting() == ["wrap_up_cancellation"]
    assert house.order().state == "cancelling"
    wrapped_up(house)
    refunded(house)

    order_id = house.order().order_id
    assert house.order().state == "cancelled"
    assert house.view().item.state == "completed"
    assert house.incidents() == []
    with house.platform.read() as session:
        amounts = billing.order_amounts(session, order_id=order_id)
        made = production.list_production(session, order_id=order_id)
        back = refunds.list_refunds(session, order_id=order_id)
    assert (amounts.fees_fen, amounts.payable_fen, amounts.paid_fen) == (4_195_200,) * 3
    assert [one.amount_fen for one in back] == [4_416_000 - 4_195_200]
    assert [(one.state, one.wip_fen) for one in made] == [("cancelled", 5_593_600)]


@pytest.mark.req("S2.4.9")
def test_an_order_that_is_only_approved_is_cancelled_free_of_charge(house: House) -> None:
    allocated(house)

    wished(house)
    half.take(house, "wangqiang", "approve_cancellation", "approve")

    assert house.order().state == "cancelled"
    assert house.waiting() == []
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.4.9", "N3.2.3", "S5.1.6")
def test_cancelling_frees_stock_and_credit(house: House) -> None:
    in_work(house)
    order = house.order()
    customer = house.customer("KH000001")
    with house.platform.read() as session:
        before = stock.free_stock(session, sku="P-1001")
        used = credit.exposure(session, customer_id=customer).total_fen

    wished(house)
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    wrapped_up(house)

    with house.platform.read() as session:
        assert stock.free_stock(session, sku="P-1001") == before + 100
        now = credit.exposure(session, customer_id=customer).total_fen
        assert now == used - order.total_fen
        assert stock.stock_balance_ok(session)
    assert house.order().state == "cancelled"


@pytest.mark.req("S2.4.9")
def test_our_own_fault_costs_the_customer_nothing(house: House) -> None:
    in_production(house)
    wished(house, requested_by="company", fault="company", reason="late")
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    wrapped_up(house)
    refunded(house)

    with house.platform.read() as session:
        (back,) = refunds.list_refunds(session, order_id=house.order().order_id)
    assert back.amount_fen == 4_416_000


@pytest.mark.req("S2.4.9")
def test_whoever_changes_his_mind_again_withdraws_the_wish(house: House) -> None:
    allocated(house)
    ask(house)
    house.do("chenjing", "log_cancellation", "withdraw")

    assert house.waiting() == ["make_work_plan"]
    ask(house)
    assert house.waiting() == ["log_cancellation", "make_work_plan"]


@pytest.mark.req("S2.4.9", "S1.3.4")
def test_a_refused_cancellation_lets_the_order_go_on(house: House) -> None:
    allocated(house)
    wished(house)
    half.take(
        house, "wangqiang", "approve_cancellation", "refuse", note="物料已到，客户合同不可撤销"
    )

    assert house.waiting() == ["make_work_plan"]
    assert house.order().state == "allocated"
    with house.platform.read() as session:
        (wish,) = cancellations.list_cancellations(session, order_id=house.order().order_id)
    assert wish.state == "refused"


@pytest.mark.req("S2.4.9")
def test_a_customer_who_rejects_the_fee_keeps_the_order(house: House) -> None:
    in_production(house)
    wished(house)
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    house.do("chenjing", "confirm_fee", "reject", evidence="客户电话")

    assert house.waiting() == ["appoint_service", "report_production"]
    assert house.order().state == "in_execution"


@pytest.mark.req("S2.3.7", "S2.4.9")
def test_only_a_special_approval_waives_the_fee(house: House) -> None:
    in_production(house)
    wished(house)
    half.take(house, "wangqiang", "approve_cancellation", "approve", waiver_request=True)
    why = "客户为战略客户，承诺下季度追加两倍订单，建议免收本单取消费以维持合作。"
    house.do("chenjing", "request_special", "submit", ("attachments",), justification=why)
    house.do("wangqiang", "decide_special", "approve", opinion="同意免收。")

    assert house.waiting() == ["wrap_up_cancellation"]
    with house.platform.read() as session:
        (wish,) = cancellations.list_cancellations(session, order_id=house.order().order_id)
    assert wish.fee_fen == 0


@pytest.mark.req("S2.3.7")
def test_a_refused_waiver_leaves_the_fee(house: House) -> None:
    in_production(house)
    wished(house)
    half.take(house, "wangqiang", "approve_cancellation", "approve", waiver_request=True)
    house.do("chenjing", "request_special", "abandon")

    assert house.waiting() == ["appoint_service", "confirm_fee", "report_production"]


@pytest.mark.req("S2.4.9")
def test_where_the_table_is_silent_whoever_decides_names_the_fee(house: House) -> None:
    """Services that were planned and not begun: D16's catch-all."""
    approved(
        house,
        lines=[{"sku": "P-3001", "qty": "2", "unit_price": "1840.00"}],
    )
    put_to_work(house)
    half.take(house, "xieming", "make_work_plan", "submit")
    house.do("dengchao", "review_plan", "approve")
    wished(house)
    with pytest.raises(Invalid):
        house.do("wangqiang", "approve_cancellation", "approve", fee=99_999_900)
    house.do("wangqiang", "approve_cancellation", "approve", fee=50_000)

    assert "confirm_fee" in house.waiting()


# --- some lines ----------------------------------------------------------------------------------
@pytest.mark.req("S2.4.9")
def test_one_line_is_cancelled_and_the_rest_goes_on(house: House) -> None:
    """E07, E08: what is cancelled is counted apart and nobody makes it any more."""
    in_production(house)
    ask(house)
    rows = house.open("chenjing", "log_cancellation").values["lines"]
    chosen = [{**row, "chosen": row["sku"] == "P-2001"} for row in rows]
    house.do("chenjing", "log_cancellation", "submit", **{**WISH, "whole": False, "lines": chosen})
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    house.do("chenjing", "confirm_fee", "accept", evidence="客户邮件确认")

    assert house.waiting() == ["appoint_service"]
    assert house.order().state == "in_execution"
    first, second = (half.line(house, house.order().order_id, seq) for seq in (1, 2))
    assert (first.state, first.qty_cancelled, second.qty_cancelled) == ("cancelled", 4, 0)
    with house.platform.read() as session:
        amounts = billing.order_amounts(session, order_id=house.order().order_id)
    assert amounts.payable_fen == 736_000 + 4_195_200


@pytest.mark.req("S2.4.9")
def test_no_line_chosen_is_no_wish(house: House) -> None:
    allocated(house)
    ask(house)
    rows = house.open("chenjing", "log_cancellation").values["lines"]
    with pytest.raises(Invalid):
        house.do(
            "chenjing", "log_cancellation", "submit", **{**WISH, "whole": False, "lines": rows}
        )


@pytest.mark.req("S2.4.9")
def test_a_service_line_that_is_cancelled_ends_its_visits(house: House) -> None:
    in_production(house)
    ask(house)
    rows = house.open("chenjing", "log_cancellation").values["lines"]
    chosen = [{**row, "chosen": row["sku"] == "P-3001"} for row in rows]
    house.do("chenjing", "log_cancellation", "submit", **{**WISH, "whole": False, "lines": chosen})
    house.do("wangqiang", "approve_cancellation", "approve", fee=0)

    assert house.waiting() == ["report_production"]


# --- from the platform ---------------------------------------------------------------------------
@pytest.mark.req("N3.3.3")
def test_the_platform_takes_an_accepted_order_back_at_once_and_free(house: House) -> None:
    pushed(house)
    house.do("hanxue", "accept_platform_order", "accept", viewed_all=True, dept_ok=True)
    house.do("dengchao", "decide_evaluation", "accept")
    filled = house.open("sunyue", "enter_platform_order").values
    house.do("sunyue", "enter_platform_order", "submit", **typed(filled))
    house.message("platform.order.cancelled", house.variables()["platform_order_no"])

    assert house.order().state == "cancelled"
    assert house.view().item.state == "completed"
    assert house.incidents() == []


# --- too late, twice, races ----------------------------------------------------------------------
@pytest.mark.req("S2.4.9")
def test_what_has_left_is_returned_not_cancelled(house: House) -> None:
    order_id = half.under_way(house)
    with house.platform.read() as session, pytest.raises(NotCancellable):
        requests.require_cancellable(session, order_id=order_id)


@pytest.mark.req("S2.4.9")
def test_two_wishes_at_a_time_are_one_too_many(house: House) -> None:
    allocated(house)
    wished(house)
    with house.platform.read() as session, pytest.raises(RequestOpen):
        requests.require_cancellable(session, order_id=house.order().order_id)
    ask(house)

    assert house.waiting() == ["approve_cancellation", "make_work_plan"]


def a_wish(house: House, order_id: str) -> str:
    """A wish on an order of the desk, ruled and not decided yet."""
    with house.platform.work(actor=people()["chenjing"]) as work:
        found = cancellations.request_cancellation(
            work,
            order_id=order_id,
            requested_by="customer",
            reason="price",
            fault="customer",
            evidence="电话",
        )
        stages = cancellations.line_stages(work.session, cancellation_id=found.cancellation_id)
        cancellations.rule_cancellation(
            work,
            cancellation_id=found.cancellation_id,
            ruling="ok",
            parts=[{**one.as_dict(), "fee_fen": 0} for one in stages],
        )
    return found.cancellation_id


@pytest.mark.req("S2.4.9", "S5.2.2")
def test_a_dispatch_that_comes_first_wins_over_the_cancellation(house: House) -> None:
    """SPEC X19."""
    order_id = half.ready(house)
    wish = a_wish(house, order_id)
    with house.platform.work(actor=SYSTEM) as work:
        line = work.session.scalar(select(OrderLine).where(OrderLine.order_id == as_id(order_id)))
        assert line is not None
        line.qty_shipped = Decimal(1)

    with house.platform.work(actor=SYSTEM) as work, pytest.raises(NotCancellable):
        cancellations.approve_cancellation(work, cancellation_id=wish)
    assert half.order(house, order_id).state == "ready"


@pytest.mark.req("S2.4.9", "S5.2.2")
def test_a_cancellation_that_comes_first_wins_over_the_dispatch(house: House) -> None:
    """SPEC X19."""
    order_id = half.ready(house)
    wish = a_wish(house, order_id)
    with house.platform.work(actor=SYSTEM) as work:
        cancellations.approve_cancellation(work, cancellation_id=wish)

    shipment = half.shipment_of(house, order_id).shipment_id
    with house.platform.work(actor=SYSTEM) as work, pytest.raises((WrongState, Conflict)):
        dispatch.dispatch_shipment(work, shipment_id=shipment)


# --- the chain ------------------------------------------------------------------------------------
@pytest.mark.req("S5.2.2", "S2.4.9")
def test_every_step_of_the_chain_may_run_twice(house: House) -> None:
    """SPEC X18: after a crash each step does what is left and nothing again."""
    order_id = half.ready(house)
    wish = a_wish(house, order_id)
    with house.platform.work(actor=people()["chenjing"]) as work:
        cancellations.approve_cancellation(work, cancellation_id=wish)
    found = []
    for _ in range(2):
        with house.platform.work(actor=people()["chenjing"]) as work:
            undoing.recall_shipments(work, order_id=order_id)
            undoing.cancel_production(work, order_id=order_id, reason="X")
            undoing.release_promised(work, order_id=order_id)
            undoing.cancel_lines(work, order_id=order_id, reason="X")
            found.append(undoing.settle_cancellation(work, cancellation_id=wish))
    for _ in range(2):
        with house.platform.work(actor=SYSTEM) as work:
            undoing.finish_cancellation(work, cancellation_id=wish)

    assert found[0] == found[1]
    assert half.order(house, order_id).state == "cancelled"
    line = half.line(house, order_id)
    assert (line.qty_cancelled, line.qty_reserved) == (100, 0)
    with house.platform.read() as session:
        assert stock.stock_balance_ok(session)
        rows = shipments.order_shipments(session, order_id=order_id)
    assert [row.state for row in rows] == ["cancelled"]


@pytest.mark.req("S5.2.2", "S2.4.9")
def test_the_chain_goes_on_from_the_step_that_failed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SPEC X18, X32: what was done stays done; the rest is done when the cause is gone."""
    in_work(house)
    wished(house)
    whole = undoing.settle_cancellation

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the accounts cannot be reached")

    monkeypatch.setattr("jiedan.desk.undoing.settle_cancellation", broken)
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    line = half.line(house, house.order().order_id)
    assert (line.qty_reserved, line.qty_cancelled) == (0, 100)
    assert house.order().state == "cancelling"

    monkeypatch.setattr("jiedan.desk.undoing.settle_cancellation", whole)
    house.pass_time(hours=2)
    assert house.waiting() == ["wrap_up_cancellation"]
    wrapped_up(house)
    assert house.order().state == "cancelled"
    with house.platform.read() as session:
        assert stock.stock_balance_ok(session)


# --- paying back ----------------------------------------------------------------------------------
@pytest.mark.req("S3.6.2", "S1.3.4")
def test_a_refund_that_comes_back_is_tried_again_and_paid_once(house: House) -> None:
    """SPEC X28."""
    in_production(house)
    wished(house, fault="company")
    half.take(house, "wangqiang", "approve_cancellation", "approve")
    wrapped_up(house)
    half.take(house, "zhouhang", "pay_refund", "failed", failure="账号已销户")

    assert house.waiting() == ["pay_refund"]
    refunded(house, "TK-2")
    with house.platform.read() as session:
        (back,) = refunds.list_refunds(session, order_id=house.order().order_id)
    assert (back.state, back.ref, len(back.failures)) == ("paid", "TK-2", 1)
    with house.platform.work(actor=people()["zhouhang"]) as work, pytest.raises(Conflict) as again:
        refunds.pay_refund(work, refund_id=back.refund_id, ref="TK-3")
    assert again.value.code == "DUP_REFUND"
