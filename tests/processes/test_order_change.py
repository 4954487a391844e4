"""P15: what was ordered changes while the order is under way, or stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from jiedan.core.errors import Conflict, Invalid
from jiedan.desk import changes, requests, stock
from jiedan.desk.changes import ChangeFacts
from jiedan.desk.contracts import order_contract
from jiedan.desk.errors import NotChangeable, RequestOpen
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Contract, OrderVersion
from jiedan.flow.task_views import Answer
from jiedan.flow.tasks import complete_task
from tests.processes import contracting, making
from tests.processes import fulfilment as half
from tests.processes.house import House, people
from tests.processes.test_order_cancel import allocated, in_work, put_to_work
from tests.processes.test_order_main import approved, pay, tailor_made


def ask(house: House, login: str = "chenjing") -> None:
    """Somebody presses the button on the order's page."""
    told = house.message("order.change.requested", house.order().order_no, asked_by=login)
    assert told.instance_id == house.instance_id


def typed(house: House) -> dict[str, Any]:
    """The form as it was opened, with amounts as people type them."""
    values = dict(house.open("chenjing", "request_change").values)
    values["lines"] = [
        {**row, "unit_price": f"{row['unit_price'] / 100:.2f}"} for row in values["lines"]
    ]
    return {**values, "source": "customer", "reason": "客户追加采购计划"}


def wished(house: House, *, qty: str | None = None, **more: Any) -> None:
    """Asked for and written down; `qty` is the new quantity of the first line."""
    ask(house)
    values = typed(house)
    if qty is not None:
        values["lines"][0]["qty"] = qty
    house.do("chenjing", "request_change", "submit", **{**values, **more})


def the_change(house: House) -> ChangeFacts:
    with house.platform.read() as session:
        return changes.list_changes(session, order_id=house.order().order_id)[-1]


def four_cabinets(house: House) -> None:
    """SPEC A15: 139 840.00, its contract, its deposit of 41 952.00, in production."""
    approved(
        house,
        lines=[{"sku": "P-2001", "qty": "4", "unit_price": "34960.00"}],
        delivery_date="2026-03-31",
        payment_method="deposit_balance",
        term_days=None,
    )
    contracting.signed(house)
    pay(house, "BANK-1", 4_195_200)
    put_to_work(house)
    half.take(house, "xieming", "make_work_plan", "submit")
    house.do("dengchao", "review_plan", "approve")
    making.started(house)


def reviewed(house: House, outcome: str = "approve") -> None:
    """Everybody concerned looks at the proposed version."""
    for login in ("qianmin", "lifang", "wugang"):
        if outcome != "approve" and login == "qianmin":
            house.do(login, "review_change", outcome, note="产能不足,无法承接")
        else:
            house.do(login, "review_change", "approve")


def consented(house: House, outcome: str = "agree") -> None:
    house.do("chenjing", "ask_consent", outcome, evidence="客户邮件 3 月 2 日")


def amended(house: House) -> None:
    """The addendum is signed."""
    contracting.drafted(house)
    contracting.reviewed(house)
    contracting.answered(house)
    half.take(house, "majun", "sign_contract", "signed", ("evidence",), mode="paper")
    half.take(house, "chenjing", "archive_contract", "archived", ("scan",), paper_location="A-13")


# --- the large change -----------------------------------------------------------------------------
@pytest.mark.req("S2.4.9", "N3.3.3", "S2.3.1", "S3.6.2")
def test_half_as_many_again_are_reviewed_agreed_amended_paid_and_made(house: House) -> None:
    """SPEC A15, X17: 139 840.00 becomes 209 760.00, with 20 976.00 more as a deposit."""
    four_cabinets(house)
    stale = house.item("report_production")
    wished(house, qty="6")
    assert the_change(house).path == "re_review"
    assert the_change(house).total_after_fen == 20_976_000
    assert house.waiting() == ["report_production", *["review_change"] * 3]
    with pytest.raises(Conflict) as resting:
        making.reported(house)
    assert resting.value.code == "LINE_ON_HOLD"
    reviewed(house)
    consented(house)
    amended(house)
    assert house.variables()["order_no"]
    assert house.order().total_fen == 13_984_000
    pay(house, "BANK-2", 1_000_000)
    assert house.order().total_fen == 13_984_000
    pay(house, "BANK-3", 1_097_600)

    assert house.order().total_fen == 20_976_000
    assert house.waiting() == ["schedule_production"]
    assert house.incidents() == []
    with house.platform.read() as session:
        order = get_order(session, house.order().order_id)
        assert (order.version, order.deposit_fen) == (2, 6_292_800)
        assert [line.state for line in order.lines] == ["open"]
        kept = session.scalars(select(OrderVersion).where(OrderVersion.order_id == order.id)).one()
        assert kept.content["lines"][0]["qty"] == 4
        found = order_contract(session, order_id=order.id)
        assert found is not None
        assert get_row(session, Contract, found.contract_id).template == "addendum"
    with pytest.raises(Conflict):
        complete_task(
            house.flow,
            actor=people()["wugang"],
            task_id=stale.task_id,
            version=stale.version,
            answer=Answer("done", {"qty_done": "4", "progress_pct": 100}),
        )
    making.made(house)
    assert half.line(house, house.order().order_id).qty_produced == 6


@pytest.mark.req("S2.3.1", "N3.3.3")
def test_one_reviewer_who_refuses_leaves_the_order_as_it_is(house: House) -> None:
    four_cabinets(house)
    wished(house, qty="6")
    reviewed(house, "reject")

    assert the_change(house).state == "refused"
    assert house.order().total_fen == 13_984_000
    assert house.waiting() == ["report_production"]
    making.reported(house)


@pytest.mark.req("S2.4.9")
def test_a_customer_who_does_not_consent_keeps_what_he_ordered(house: House) -> None:
    four_cabinets(house)
    wished(house, qty="6")
    reviewed(house)
    consented(house, "disagree")

    assert the_change(house).state == "refused"
    assert house.waiting() == ["report_production"]


@pytest.mark.req("N3.3.3")
def test_without_the_addendum_nothing_changes_and_nothing_is_lost(house: House) -> None:
    four_cabinets(house)
    wished(house, qty="6")
    reviewed(house)
    consented(house)
    house.do("chenjing", "draft_contract", "abandon")

    assert the_change(house).state == "refused"
    assert house.order().state == "in_execution"


@pytest.mark.req("S3.6.2")
def test_without_the_higher_deposit_nothing_changes(house: House) -> None:
    four_cabinets(house)
    wished(house, qty="6")
    reviewed(house)
    consented(house)
    amended(house)
    house.pass_time(days=11)

    assert the_change(house).state == "refused"
    assert house.order().total_fen == 13_984_000


@pytest.mark.req("S2.3.7", "N3.3.3")
@pytest.mark.parametrize(("outcome", "state"), [("approve", "requested"), ("reject", "refused")])
def test_a_price_below_policy_passes_by_special_approval_only(
    house: House, outcome: str, state: str
) -> None:
    allocated(house)
    ask(house)
    values = typed(house)
    values["lines"][0] |= {"qty": "150", "unit_price": "1030.00"}
    house.do("chenjing", "request_change", "submit", **values)
    with pytest.raises(Conflict):
        house.do("qianmin", "review_change", "approve")
    house.do("qianmin", "review_change", "special", note="价格低于政策，建议特批")
    house.do("lifang", "review_change", "special", note="价格低于政策，建议特批")
    why = "客户追加五十台并承诺全年框架协议，单价一千零三十元仍有合理毛利空间。"
    house.do("chenjing", "request_special", "submit", ("attachments",), justification=why)
    house.do("wangqiang", "decide_special", outcome, opinion="已阅并作出决定。")

    assert the_change(house).state == state
    assert ("ask_consent" in house.waiting()) == (outcome == "approve")


# --- small changes --------------------------------------------------------------------------------
@pytest.mark.req("S2.4.9", "N3.3.3")
def test_a_later_day_is_decided_by_one_manager(house: House) -> None:
    allocated(house)
    wished(house, delivery_date="2026-03-20")
    assert house.waiting() == ["approve_change", "make_work_plan"]
    house.do("wangqiang", "approve_change", "approve")
    consented(house)

    with house.platform.read() as session:
        order = get_order(session, house.order().order_id)
        assert (str(order.promised_date), order.version) == ("2026-03-20", 2)
    assert house.waiting() == ["make_work_plan"]


@pytest.mark.req("N3.3.3")
def test_a_manager_may_refuse(house: House) -> None:
    allocated(house)
    wished(house, delivery_date="2026-03-20")
    house.do("wangqiang", "approve_change", "refuse", note="其他客户已排满")

    assert the_change(house).state == "refused"


@pytest.mark.req("N3.2.3", "N3.3.3")
def test_a_few_more_from_stock_are_promised_and_picked_with_the_rest(house: House) -> None:
    in_work(house)
    order_id = house.order().order_id
    wished(house, qty="110")
    with pytest.raises(Conflict):
        half.take(house, "duchuan", "pick_goods", "done")
    house.do("wangqiang", "approve_change", "approve")
    consented(house)

    assert half.line(house, order_id).qty_reserved == 110
    half.take(house, "duchuan", "pick_goods", "done")
    assert house.waiting() == ["self_check"]


@pytest.mark.req("N3.2.3")
def test_fewer_from_stock_frees_the_rest(house: House) -> None:
    in_work(house)
    wished(house, qty="90")
    house.do("wangqiang", "approve_change", "approve")
    consented(house)

    assert half.line(house, house.order().order_id).qty_reserved == 90
    with house.platform.read() as session:
        assert stock.stock_balance_ok(session)


@pytest.mark.req("N3.3.3")
def test_a_line_that_is_added_on_the_way_is_carried_out_too(house: House) -> None:
    in_work(house)
    wished(house, new_lines=[{"sku": "P-5001", "qty": "20", "unit_price": "89.00"}])
    house.do("wangqiang", "approve_change", "approve")
    consented(house)
    half.take(house, "duchuan", "pick_goods", "done")
    assert house.waiting() == ["pick_goods"]
    half.take(house, "duchuan", "pick_goods", "done")

    assert house.waiting() == ["self_check"]
    assert half.line(house, house.order().order_id, 2).qty_reserved == 20


# --- what cannot be changed -----------------------------------------------------------------------
@pytest.mark.req("N3.3.3")
def test_goods_that_wait_for_their_dispatch_do_not_change(house: House) -> None:
    in_work(house)
    half.take(house, "duchuan", "pick_goods", "done")
    house.do("xieming", "self_check", "pass", **half.checked(house))
    wished(house, qty="110")

    assert the_change(house).state == "refused"
    assert the_change(house).path == "refuse"


@pytest.mark.req("N3.3.3")
def test_a_second_change_waits_for_the_first(house: House) -> None:
    """SPEC A15: refused while one is open."""
    allocated(house)
    wished(house, delivery_date="2026-03-20")
    with house.platform.read() as session, pytest.raises(RequestOpen):
        requests.require_changeable(session, order_id=house.order().order_id)
    ask(house)

    assert house.waiting() == ["approve_change", "make_work_plan"]


@pytest.mark.req("N3.3.3")
def test_a_draft_is_returned_not_changed(house: House) -> None:
    half.furnish(house)
    house.start("chenjing", channel="sales", entry="order")
    with house.platform.read() as session, pytest.raises(NotChangeable):
        requests.require_changeable(session, order_id=house.order().order_id)


@pytest.mark.req("N3.3.3")
def test_less_than_what_is_made_already_is_not_possible(house: House) -> None:
    """SPEC A15: BELOW_DELIVERED."""
    four_cabinets(house)
    making.reported(house, qty_done="2", progress_pct=50)
    making.inspected(house)
    with pytest.raises(Invalid) as refused:
        wished(house, qty="1")
    assert refused.value.code == "BELOW_DELIVERED"
    assert list(refused.value.fields) == ["lines[0].qty"]


@pytest.mark.req("N3.3.3")
def test_a_wish_that_changes_nothing_is_none(house: House) -> None:
    allocated(house)
    ask(house)
    with pytest.raises(Invalid):
        house.do("chenjing", "request_change", "submit", **typed(house))
    house.do("chenjing", "request_change", "withdraw")

    assert house.waiting() == ["make_work_plan"]


@pytest.mark.req("N3.3.3")
def test_a_wish_that_nobody_wrote_down_does_not_keep_an_order_open(house: House) -> None:
    tailor_made(house)
    ask(house)
    assert house.waiting() == ["draft_contract", "request_change"]
    house.do("chenjing", "draft_contract", "abandon")

    assert house.order().state == "lost"
    assert house.view().item.state == "completed"
