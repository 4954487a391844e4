"""Stock, shipments, the way to the customer, and what he says (P06, P09, P10, P11)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiedan.desk import (
    acceptances,
    allocation,
    carriers,
    contracts,
    dispatch,
    holds,
    issues,
    orders,
    plans,
    promises,
    receipts,
    shipments,
    stock,
    tracking,
)
from jiedan.desk.errors import (
    AlreadyDone,
    AuthorExcluded,
    CarrierNotApproved,
    DeemedNotAgreed,
    DupWaybill,
    InvalidRecord,
    NotEnoughStock,
    NotReadyToShip,
    OrderOnHold,
    WrongState,
)
from jiedan.desk.labels import label
from jiedan.desk.records import get_order
from tests.desk.desk_day import LINE, Desk, at

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["receive", "reserve", "release", "ship"]), st.integers(1, 40)),
    max_size=14,
)


def received(desk: Desk, shipment_id: str, **changes: Any) -> receipts.Receipt:
    """The receipt of a shipment."""
    with desk.work("fengtao") as work:
        return receipts.record_receipt(
            work,
            shipment_id=shipment_id,
            **{
                "received_at": work.now,
                "signer": "沈国平",
                "mode": "signature",
                "proof": "签收单",
                **changes,
            },
        )


def accepted(desk: Desk, order_id: str, **changes: Any) -> acceptances.AcceptanceFacts:
    """An acceptance of everything, with changes to its first line."""
    with desk.work("chenjing") as work:
        opened = acceptances.open_acceptance(work, order_id=order_id)
        lines = acceptances.acceptance_values(work.session, order_id=order_id)
        lines[0].update(changes)
        return acceptances.record_acceptance(
            work,
            acceptance_id=opened.acceptance_id,
            lines=lines,
            accepted_by="沈国平",
            sign="验收单",
        )


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations=OPERATIONS)
def test_whatever_happens_the_ledger_adds_up_and_nothing_is_promised_twice(
    desk: Desk, operations: list[tuple[str, int]]
) -> None:
    order_id = desk.approved(lines=[{**LINE, "qty": 30}])
    with desk.work() as work:
        for kind, qty in operations:
            if kind == "receive":
                stock.receive_stock(work, sku="P-1001", warehouse="成都", qty=qty)
            elif kind == "reserve":
                stock.reserve_order(work, order_id=order_id, warehouse="成都")
            elif kind == "release":
                stock.release_stock(work, order_id=order_id)
            else:
                _ship(work, order_id, qty)

    with desk.platform.read() as session:
        assert stock.stock_balance_ok(session)
        assert stock.free_stock(session, sku="P-1001") >= 0


def _ship(work: Any, order_id: str, qty: int) -> None:
    line = get_order(work.session, order_id).lines[0]
    try:
        with work.savepoint():
            stock.ship_reserved(work, line=line, warehouse=None, qty=Decimal(qty))
    except NotEnoughStock:
        pass


@pytest.mark.req("N3.2.3")
def test_a_short_order_takes_what_is_there_from_everywhere_and_names_the_rest(desk: Desk) -> None:
    order_id = desk.approved(lines=[{**LINE, "qty": 620}])

    with desk.work() as work:
        found = stock.reserve_order(work, order_id=order_id, warehouse="广州")
        again = stock.reserve_order(work, order_id=order_id)

    assert [(row["warehouse"], row["qty"]) for row in found.reserved] == [
        ("广州", 120),
        ("上海", 300),
        ("成都", 80),
    ]
    assert [(row["sku"], row["short"]) for row in found.shortages] == [("P-1001", 120)]
    assert again.reserved == []


def test_a_released_order_gives_everything_back(desk: Desk) -> None:
    order_id = desk.approved()
    with desk.work() as work:
        stock.reserve_order(work, order_id=order_id, warehouse="上海")
        before = stock.free_stock(work.session, sku="P-1001")
        stock.release_stock(work, order_id=order_id)
        after = stock.free_stock(work.session, sku="P-1001")

    assert (before, after) == (400, 500)


def test_picking_less_needs_a_reason_and_more_is_impossible(desk: Desk) -> None:
    order_id = desk.approved()
    with desk.work("luodan") as work:
        stock.reserve_order(work, order_id=order_id)
        with pytest.raises(InvalidRecord):
            stock.pick_lines(work, order_id=order_id, lines=[{"line": 1, "qty_picked": 101}])
        with pytest.raises(InvalidRecord):
            stock.pick_lines(work, order_id=order_id, lines=[{"line": 1, "qty_picked": 99}])
        short = stock.pick_lines(
            work,
            order_id=order_id,
            lines=[{"line": 1, "qty_picked": 99, "short_reason": "一台外壳破损"}],
        )
        full = stock.pick_lines(work, order_id=order_id, lines=[{"line": 1, "qty_picked": 100}])

    assert short == {"complete": False, "short": [1]}
    assert full == {"complete": True, "short": []}


@pytest.mark.parametrize(
    ("sku", "qty", "day", "source"),
    [
        ("P-1001", 500, "2026-03-03", "stock"),
        ("P-1001", 501, "2026-03-13", "incoming"),
        ("P-1001", 701, "2026-03-10", "production"),
        ("P-2001", 4, "2026-03-23", "production"),
        ("P-3001", 2, "2026-03-05", "service"),
        ("P-4001", 1, "2026-03-03", "electronic"),
    ],
)
def test_a_promise_rests_on_stock_then_arrivals_then_lead_time(
    desk: Desk, sku: str, qty: int, day: str, source: str
) -> None:
    with desk.work() as work:
        found = promises.promise_dates(work, lines=[{"sku": sku, "qty": qty}]).lines[0]

    assert (found.available_on.isoformat(), found.source) == (day, source)


def test_two_lines_do_not_get_the_same_stock_promised(desk: Desk) -> None:
    with desk.work() as work:
        found = promises.promise_dates(
            work, lines=[{"sku": "P-1001", "qty": 400}, {"sku": "P-1001", "qty": 400}]
        )

    assert [line.source for line in found.lines] == ["stock", "production"]
    assert found.lines[1].short_qty == 300


@pytest.mark.req("S2.4.2")
def test_an_allocation_needs_people_words_and_milestones_before_the_promise(desk: Desk) -> None:
    order_id = desk.approved()
    wrong = [
        {
            "dept": "",
            "responsible": "",
            "requirement": "快",
            "milestones": [{"name": "备货", "due": "2026-03-13T09:00"}],
        }
    ]

    with desk.work("chenjing") as work, pytest.raises(InvalidRecord) as failure:
        allocation.allocate_order(work, order_id=order_id, assignments=wrong)

    assert set(failure.value.fields) == {
        "assignments[0].dept",
        "assignments[0].responsible",
        "assignments[0].requirement",
        "assignments[0].milestones[0].due",
    }


@pytest.mark.req("S2.4.1")
def test_another_department_than_proposed_needs_a_reason(desk: Desk) -> None:
    order_id = desk.approved()
    rows = [
        {
            "dept": "生产一部",
            "responsible": "wugang",
            "requirement": "按图纸加急生产,保证质量",
            "milestones": [{"name": "完工", "due": "2026-03-11T18:00"}],
        }
    ]
    proposal = {"dept": "仓储物流部", "warehouse": "上海"}

    with desk.work("chenjing") as work:
        with pytest.raises(InvalidRecord) as failure:
            allocation.allocate_order(work, order_id=order_id, assignments=rows, proposal=proposal)
        done = allocation.allocate_order(
            work,
            order_id=order_id,
            assignments=rows,
            proposal=proposal,
            override_reason="库存批次待检",
        )

    assert set(failure.value.fields) == {"override_reason"}
    assert done.overridden


@pytest.mark.req("N3.4.3")
def test_progress_lags_behind_its_plan_as_time_passes(desk: Desk) -> None:
    order_id = desk.ready()
    with desk.platform.read() as session:
        start = allocation.order_progress(session, order_id=order_id, now=desk.clock.now())
        late = allocation.order_progress(
            session, order_id=order_id, now=desk.clock.now() + timedelta(days=9)
        )
        milestone = allocation.list_milestones(session, order_id=order_id)[0]
    with desk.work("luodan") as work:
        done = allocation.reach_milestone(work, milestone_id=milestone.id)

    assert (start.lag_pct, start.late) == (0, [])
    assert (late.lag_pct, late.late) == (100, ["备货"])
    assert done.all_reached


@pytest.mark.req("N3.1.3")
def test_the_author_of_a_plan_does_not_approve_it(desk: Desk) -> None:
    order_id = desk.approved()
    steps = [{"name": "备料", "owner": "xieming", "start": "2026-03-03", "end": "2026-03-05"}]
    with desk.work("xieming") as work:
        plans.submit_plan(work, order_id=order_id, steps=steps)
    with desk.work("xieming") as work, pytest.raises(AuthorExcluded):
        plans.decide_plan(work, order_id=order_id, decision="approve")
    with desk.work("dengchao") as work:
        done = plans.decide_plan(work, order_id=order_id, decision="approve")

    assert done.state == "approved"


@pytest.mark.req("N3.2.5", "S2.4.9")
def test_a_customer_who_agrees_to_a_later_day_changes_the_promise(desk: Desk) -> None:
    order_id = desk.approved()
    with desk.work("xieming") as work:
        short = plans.report_shortage(
            work,
            order_id=order_id,
            kind="material",
            gap="缺 20 台",
            impact_days=5,
            proposal="等待在途货物,延期交付",
        )
    with desk.work("dengchao") as work:
        plans.decide_shortage(
            work,
            shortage_id=short.shortage_id,
            choice="reschedule",
            note="延期",
            new_date="2026-03-17",
        )
    with desk.work("chenjing") as work:
        done = plans.record_consent(
            work, shortage_id=short.shortage_id, answer="agree", evidence="邮件 3 月 3 日"
        )

    assert done.state == "answered"
    with desk.platform.read() as session:
        values = orders.entry_values(session, order_id=order_id)
        page = shipments.order_shipments(session, order_id=order_id)
    assert values["delivery_date"] == "2026-03-12"
    assert page == []


def test_lines_with_different_days_travel_together_unless_parts_are_agreed(desk: Desk) -> None:
    lines = [
        {**LINE, "qty": 10, "line_due": "2026-03-10"},
        {**LINE, "qty": 10, "line_due": "2026-03-12"},
    ]
    together = desk.ready(lines=lines)
    apart = desk.ready(lines=lines, partial_ok=True)

    with desk.work() as work:
        one = shipments.plan_shipments(work, order_id=together)
        two = shipments.plan_shipments(work, order_id=apart)

    assert [len(row.lines) for row in one] == [2]
    assert [row.due.isoformat() for row in one if row.due] == ["2026-03-12"]
    assert [row.due.isoformat() for row in two if row.due] == ["2026-03-10", "2026-03-12"]
    assert [row.shipment_no[-3:] for row in two] == ["F01", "F02"]


def test_goods_from_two_warehouses_and_of_two_kinds_travel_apart(desk: Desk) -> None:
    order_id = desk.ready(
        lines=[
            {**LINE, "qty": 350},
            {"sku": "P-4001", "spec": "年度", "qty": 2, "unit_price": 500_000},
        ]
    )

    with desk.platform.read() as session:
        rows = shipments.order_shipments(session, order_id=order_id)

    parts = sorted((row.fulfil, row.warehouse, int(row.lines[0]["qty"])) for row in rows[1:])
    assert len(rows) == 3
    assert rows[0].weight_kg + rows[1].weight_kg + rows[2].weight_kg == 420
    assert ("stock", "上海", 300) in [*parts, (rows[0].fulfil, rows[0].warehouse, 300)]


@pytest.mark.req("S2.5.1", "S2.5.2", "S2.5.3", "S2.5.5")
def test_nothing_leaves_before_everything_is_ready(desk: Desk) -> None:
    order_id = desk.ready()
    shipment_id = desk.shipment(order_id)

    with desk.work("fengtao") as work:
        found = dispatch.pack_check(work, shipment_id=shipment_id)
        with pytest.raises(NotReadyToShip):
            dispatch.dispatch_shipment(work, shipment_id=shipment_id)

    assert found.missing == [
        "checklist.production",
        "checklist.logistics",
        "appointment",
        "document.manual",
        "document.qc_report",
        "document.delivery_note",
    ]


@pytest.mark.req("S2.5.3")
def test_a_short_notice_needs_a_reason(desk: Desk) -> None:
    shipment_id = desk.shipment(desk.ready())
    details: dict[str, Any] = {
        "shipment_id": shipment_id,
        "window_from": at("2026-03-03 08:00"),
        "window_to": at("2026-03-03 10:00"),
        "place": "嘉定",
        "contact": "沈国平",
        "confirmed_way": "phone",
    }

    with desk.work("chenjing") as work:
        with pytest.raises(InvalidRecord) as failure:
            dispatch.set_appointment(work, **details)
        done = dispatch.set_appointment(work, **details, waiver_reason="客户急用,电话确认")

    assert set(failure.value.fields) == {"waiver_reason"}
    assert done.window_from == at("2026-03-03 08:00")


@pytest.mark.req("S2.4.5", "S5.2.5")
def test_only_an_approved_carrier_with_a_valid_contract_and_score_carries(desk: Desk) -> None:
    shipment_id = desk.shipment(desk.ready())
    with desk.work("fengtao") as work:
        usable = carriers.eligible_carriers(
            work.session, method="freight", region="华东", on=work.now, min_score=80
        )
        codes = {"CHS": "score", "XYS": "method"}
        for code, reason in codes.items():
            with pytest.raises(CarrierNotApproved) as failure:
                dispatch.choose_carrier(
                    work,
                    shipment_id=shipment_id,
                    method="freight",
                    carrier=code,
                    waybill="A1",
                )
            assert failure.value.params["reason"] == label(reason)
        carriers.suspend_carrier(work, carrier="SHW", reason="多次延误")
        with pytest.raises(CarrierNotApproved):
            dispatch.choose_carrier(
                work, shipment_id=shipment_id, method="freight", carrier="SHW", waybill="A1"
            )

    assert [row.code for row in usable] == ["JYD", "SHW", "YDT"]


@pytest.mark.req("S2.4.5")
def test_another_method_than_the_table_says_needs_a_reason(desk: Desk) -> None:
    shipment_id = desk.shipment(desk.ready())

    with desk.work("fengtao") as work, pytest.raises(InvalidRecord) as failure:
        dispatch.choose_carrier(
            work,
            shipment_id=shipment_id,
            method="express",
            proposed_method="freight",
            carrier="JYD",
            waybill="A1",
        )

    assert set(failure.value.fields) == {"override_reason"}


@pytest.mark.req("N4.2.2")
def test_a_waybill_is_used_once_per_carrier(desk: Desk) -> None:
    first, second = desk.shipment(desk.ready()), desk.shipment(desk.ready())
    desk.prepared(first, waybill="sf 123")

    with pytest.raises(DupWaybill):
        desk.prepared(second, waybill="ＳＦ123")
    desk.prepared(second, waybill="SF123", carrier="SHW")


def test_a_dispatch_takes_the_goods_out_of_stock(desk: Desk) -> None:
    desk.sent()

    with desk.platform.read() as session:
        free = stock.free_stock(session, sku="P-1001", warehouse="上海")
        assert stock.stock_balance_ok(session)
    assert free == 200


def test_a_delivery_hold_stops_the_dispatch(desk: Desk) -> None:
    order_id = desk.ready()
    shipment_id = desk.shipment(order_id)
    desk.prepared(shipment_id)
    with desk.work("zhouhang") as work:
        holds.hold_order(work, order_id=order_id, reason="超额度", kind="delivery")

    with desk.work("fengtao") as work, pytest.raises(OrderOnHold):
        dispatch.dispatch_shipment(work, shipment_id=shipment_id)


@pytest.mark.req("S2.4.6")
def test_the_same_scan_twice_is_one_scan(desk: Desk) -> None:
    _, shipment_id = desk.sent()
    desk.later(hours=5)
    with desk.work() as work:
        scan = {"code": "in_transit", "at": work.now, "source": "carrier", "raw": '{"id":1}'}
        first = tracking.add_event(work, shipment_id=shipment_id, **scan)
        second = tracking.add_event(work, shipment_id=shipment_id, **scan)
        kept = tracking.list_events(work.session, shipment_id=shipment_id)

    assert (first.is_new, second.is_new) == (True, False)
    assert len(kept) == 1


@pytest.mark.req("S2.4.6", "S2.4.7")
def test_a_silent_shipment_is_found_and_its_exception_kept(desk: Desk) -> None:
    _, shipment_id = desk.sent()
    desk.later(hours=48)
    with desk.platform.read() as session:
        silent = tracking.silent_shipments(
            session, now=desk.clock.now(), no_scan_hours=48, late_hours=24
        )
    with desk.work("fengtao") as work:
        with pytest.raises(InvalidRecord) as failure:
            tracking.record_exception(
                work,
                shipment_id=shipment_id,
                type="delay",
                measure="联系承运商催促",
                customer_notified_at=work.now,
            )
        tracking.record_exception(
            work,
            shipment_id=shipment_id,
            type="delay",
            measure="联系承运商催促,改派次日专车",
            customer_notified_at=work.now,
            new_eta=work.now + timedelta(days=2),
        )
        found = shipments.shipment_facts(work.session, shipment_id=shipment_id)

    assert [row["reason"] for row in silent] == ["no_scan"]
    assert set(failure.value.fields) == {"measure", "new_eta"}
    assert found.eta == desk.clock.now() + timedelta(days=2)


@pytest.mark.req("S2.5.6")
def test_without_a_proof_and_in_the_future_nothing_is_delivered(desk: Desk) -> None:
    _, shipment_id = desk.sent()

    with pytest.raises(InvalidRecord) as failure:
        received(desk, shipment_id, proof="", received_at=at("2027-01-01 10:00"))

    assert set(failure.value.fields) == {"proof", "received_at"}


def test_a_part_that_did_not_arrive_can_be_sent_again(desk: Desk) -> None:
    order_id, shipment_id = desk.sent()
    desk.later(days=2)

    first = received(desk, shipment_id, lines=[{"line": 1, "qty_received": 60}])
    with desk.work() as work:
        state = receipts.update_delivery_state(work, order_id=order_id).state
        stock.reserve_order(work, order_id=order_id, warehouse="上海")
        rows = shipments.plan_shipments(work, order_id=order_id)
    desk.prepared(rows[1].shipment_id)
    with desk.work("fengtao") as work:
        dispatch.dispatch_shipment(work, shipment_id=rows[1].shipment_id)
    desk.later(days=2)
    second = received(desk, rows[1].shipment_id)
    with desk.work() as work:
        end = receipts.update_delivery_state(work, order_id=order_id).state
        again = shipments.plan_shipments(work, order_id=order_id)

    assert (first.outcome, second.outcome) == ("partial", "all")
    assert (state, end) == ("partially_delivered", "delivered")
    assert [int(row.lines[0]["qty"]) for row in rows] == [100, 40]
    assert len(again) == 2
    with desk.platform.read() as session:
        assert stock.stock_balance_ok(session)


def test_more_than_was_shipped_cannot_arrive(desk: Desk) -> None:
    _, shipment_id = desk.sent()
    desk.later(days=1)

    with pytest.raises(InvalidRecord):
        received(desk, shipment_id, lines=[{"line": 1, "qty_received": 101}])


def test_a_refused_shipment_leaves_the_order_where_it_was(desk: Desk) -> None:
    order_id, shipment_id = desk.sent()
    desk.later(days=1)

    found = received(desk, shipment_id, lines=[{"line": 1, "qty_received": 0}])
    with desk.work() as work:
        state = receipts.update_delivery_state(work, order_id=order_id).state

    assert (found.outcome, state) == ("refused", "ready")


def test_a_lost_shipment_is_replaced_by_one_with_the_same_goods(desk: Desk) -> None:
    order_id, shipment_id = desk.sent()

    with desk.work("fengtao") as work:
        new = shipments.lose_shipment(work, shipment_id=shipment_id, reason="车辆失火")
        stock.reserve_order(work, order_id=order_id, warehouse="上海")
        planned = shipments.plan_shipments(work, order_id=order_id)

    assert new is not None
    assert new.shipment_no.endswith("-F02")
    assert [row.shipment_id for row in planned] == [new.shipment_id]


@pytest.mark.req("N4.3.1")
def test_the_customer_confirms_by_his_secret_link_once(desk: Desk) -> None:
    _, shipment_id = desk.sent()
    with desk.work() as work:
        token = receipts.request_confirmation(work, shipment_id=shipment_id)
    desk.later(days=1)
    with desk.work() as work:
        done = receipts.confirm_delivery(work, token=token, signer="沈国平", proof="在线确认")
    with desk.work() as work, pytest.raises(AlreadyDone):
        receipts.confirm_delivery(work, token=token, signer="沈国平", proof="在线确认")

    assert done.outcome == "all"


@pytest.mark.req("S2.5.7")
def test_accepted_and_rejected_must_add_up_to_what_was_delivered(desk: Desk) -> None:
    order_id = desk.delivered()

    with pytest.raises(InvalidRecord) as failure:
        accepted(desk, order_id, qty_accepted=90, qty_rejected=9, note="少一台")
    found = accepted(desk, order_id, qty_accepted=90, qty_rejected=10, note="外壳破损")

    assert set(failure.value.fields) == {"lines[0].qty_accepted"}
    assert found.result == "issue"
    assert found.rejected_pct == 10


@pytest.mark.req("S2.5.9")
def test_after_a_repair_only_the_rejected_goods_are_examined_again(desk: Desk) -> None:
    order_id = desk.delivered()
    accepted(desk, order_id, qty_accepted=90, qty_rejected=10, note="外壳破损")

    with desk.platform.read() as session:
        left = acceptances.acceptance_values(session, order_id=order_id)
    found = accepted(desk, order_id)

    assert [row["delivered"] for row in left] == [10]
    assert (found.result, found.number[-4:]) == ("accepted", "-Y02")


def test_a_deduction_settles_what_was_rejected(desk: Desk) -> None:
    order_id = desk.delivered()
    accepted(desk, order_id, qty_accepted=90, qty_rejected=10, note="外壳破损")

    with desk.work("chenjing") as work:
        found = acceptances.accept_with_deduction(
            work, order_id=order_id, deduction_fen=100_000, note="协商折让"
        )

    assert (found.result, found.rejected) == ("accepted_with_deduction", [])


def test_silence_is_acceptance_only_if_the_contract_says_so(desk: Desk) -> None:
    order_id = desk.delivered()
    with desk.work("chenjing") as work:
        opened = acceptances.open_acceptance(work, order_id=order_id)
        with pytest.raises(WrongState):
            acceptances.deem_accepted(work, acceptance_id=opened.acceptance_id, note="客户未回复")
    desk.later(days=8)
    with desk.work("chenjing") as work:
        with pytest.raises(DeemedNotAgreed):
            acceptances.deem_accepted(work, acceptance_id=opened.acceptance_id, note="客户未回复")
        contracts.add_contract(
            work,
            customer_id=desk.customer("KH000001"),
            order_id=order_id,
            kind="order",
            valid_from="2026-03-01",
            deemed_acceptance=True,
        )
        done = acceptances.deem_accepted(
            work, acceptance_id=opened.acceptance_id, note="客户未回复"
        )

    assert done.result == "deemed"


def logged(desk: Desk, order_id: str, **changes: Any) -> issues.IssueFacts:
    """An issue on an order."""
    with desk.work("gaoyan") as work:
        return issues.log_issue(
            work,
            order_id=order_id,
            **{
                "contact": "沈国平 13812340001",
                "description": "二十台中有两台贴错标签",
                "category": "quality",
                **changes,
            },
        )


@pytest.mark.req("S2.5.8", "N5.1.3")
def test_an_issue_has_a_number_and_the_share_that_it_affects(desk: Desk) -> None:
    order_id = desk.delivered()

    found = logged(desk, order_id, qty_affected=20)
    again = logged(desk, order_id, line=1, qty_affected="0.5")

    assert found.issue_no == "WT20260304-0001"
    assert (found.affected_pct, found.repeat) == (20, 0)
    assert (again.affected_pct, again.repeat) == (1, 1)


@pytest.mark.req("N5.2.4", "N5.2.5")
def test_asking_the_customer_stops_the_clock_and_he_has_the_last_word(desk: Desk) -> None:
    issue = logged(desk, desk.delivered())
    with desk.work("gaoyan") as work:
        issues.set_severity(
            work, issue_id=issue.issue_id, severity="general", due_at=at("2026-03-09 18:00")
        )
        issues.ask_customer(work, issue_id=issue.issue_id, question="是哪一批次?")
    desk.later(days=1)
    with desk.work("gaoyan") as work:
        asked = issues.answer_received(work, issue_id=issue.issue_id, answer="三月批次")
        issues.analyse_issue(work, issue_id=issue.issue_id, cause="贴标机错位", plan="换标")
        issues.fix_issue(work, issue_id=issue.issue_id, result="已换标", evidence="照片")
        closed = issues.confirm_issue(work, issue_id=issue.issue_id, result="solved", rating=5)
        story = issues.list_updates(work.session, issue_id=issue.issue_id)

    assert asked.due_at == at("2026-03-10 18:00")
    assert (closed.state, closed.rating) == ("closed", 5)
    assert [row["kind"] for row in story] == [
        "question",
        "answer",
        "plan",
        "fix",
        "customer_solved",
    ]


def test_an_issue_is_reopened_twice_at_most(desk: Desk) -> None:
    issue = logged(desk, desk.delivered())

    with desk.work("gaoyan") as work:
        for _ in range(2):
            issues.fix_issue(work, issue_id=issue.issue_id, result="已修", evidence="照片")
            found = issues.confirm_issue(work, issue_id=issue.issue_id, result="not_solved")
        issues.fix_issue(work, issue_id=issue.issue_id, result="已修", evidence="照片")
        with pytest.raises(WrongState):
            issues.confirm_issue(work, issue_id=issue.issue_id, result="not_solved")

    assert found.reopened == 2
    assert found.repeat == 2
