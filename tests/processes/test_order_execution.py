"""P06: from an approved order to goods and services that are ready to leave."""

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Invalid
from jiedan.desk import stock
from tests.processes import fulfilment as half
from tests.processes import making
from tests.processes.house import House

REPORT = {
    "kind": "material",
    "impact_days": 3,
    "gap": "上海仓缺货",
    "proposal": "向供应商紧急采购补足缺口",
}


def emptied(house: House, keep: int) -> None:
    """Leave only this many thermostats on the shelves."""
    with house.platform.work(actor=SYSTEM) as work:
        for place in ("上海", "电商仓"):
            free = stock.free_stock(work.session, sku="P-1001", warehouse=place)
            take = int(free) - (keep if place == "上海" else 0)
            level = stock._level(work, "P-1001", place)
            stock._move(work, level, "adjust_out", stock._amount(take))


def short(house: House, keep: int = 40) -> str:
    """An order for 100 where only some are there; the shortage has been reported."""
    order_id = half.approved(house)
    emptied(house, keep)
    half.planned(house, order_id)
    half.take(house, "xieming", "report_shortage", "report", **REPORT)
    return order_id


@pytest.mark.req("S2.4.1", "S2.4.2", "S3.1.4", "N4.1.1", "S2.3.5")
def test_stock_goods_are_allocated_planned_picked_checked_and_ready(house: House) -> None:
    order_id = half.approved(house)
    half.execute(house, order_id)

    page = house.open("chenjing", "allocate_order")
    assert [row["dept"] for row in page.values["assignments"]] == ["仓储物流部"]
    assert {"label": "Proposal", "value": "仓储物流部 / 上海"} in page.facts

    house.do(
        "chenjing",
        "allocate_order",
        "allocate",
        assignments=[{**page.values["assignments"][0], "responsible": "xieming"}],
    )
    assert house.waiting() == ["make_work_plan"]
    half.take(house, "xieming", "make_work_plan", "submit")
    assert half.order(house, order_id).state == "in_execution"
    assert house.waiting() == ["pick_goods"]
    half.take(house, "duchuan", "pick_goods", "done")
    house.do("xieming", "self_check", "pass", **half.checked(house))

    variables = house.variables()
    assert variables["outcome"] == "ready"
    assert variables["shipments"] == [half.shipment_of(house, order_id).shipment_id]
    assert half.order(house, order_id).state == "ready"
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.4.1")
def test_another_department_than_proposed_needs_a_reason(house: House) -> None:
    order_id = half.approved(house)
    half.execute(house, order_id)
    row = house.open("chenjing", "allocate_order").values["assignments"][0]
    changed = [{**row, "dept": "销售部", "responsible": "xieming"}]

    with pytest.raises(Invalid) as refused:
        house.do("chenjing", "allocate_order", "allocate", assignments=changed)
    assert "override_reason" in refused.value.fields

    house.do(
        "chenjing",
        "allocate_order",
        "allocate",
        assignments=changed,
        override_reason="客户指定由销售跟进",
    )
    assert house.waiting() == ["make_work_plan"]


@pytest.mark.req("S2.4.2")
def test_a_milestone_after_the_promised_day_is_refused(house: House) -> None:
    order_id = half.approved(house)
    half.execute(house, order_id)
    row = house.open("chenjing", "allocate_order").values["assignments"][0]
    late = {**row, "responsible": "xieming", "milestone_due": "2026-03-13T09:00:00+08:00"}

    with pytest.raises(Invalid):
        house.do("chenjing", "allocate_order", "allocate", assignments=[late])


@pytest.mark.req("N3.1.1", "N3.1.3")
def test_on_the_platform_the_head_allocates_and_reviews_the_plan(house: House) -> None:
    order_id = half.approved(
        house,
        ("P-5001", 3),
        channel="netease",
        customer=half.consumer(house),
        payment_method="platform_escrow",
        term_days=0,
    )
    half.planned(house, order_id, "dengchao")

    assert house.waiting() == ["review_plan"]
    house.do("dengchao", "review_plan", "return", reason="缺少打包步骤")
    assert house.waiting() == ["make_work_plan"]
    half.take(house, "xieming", "make_work_plan", "submit")
    house.do("dengchao", "review_plan", "approve")
    assert house.waiting() == ["pick_goods"]
    assert half.order(house, order_id).state == "in_execution"


@pytest.mark.req("N3.1.3")
def test_returning_a_plan_needs_a_reason(house: House) -> None:
    order_id = half.approved(
        house,
        ("P-5001", 3),
        channel="netease",
        customer=half.consumer(house),
        payment_method="platform_escrow",
        term_days=0,
    )
    half.planned(house, order_id, "dengchao")

    with pytest.raises(Invalid) as refused:
        house.do("dengchao", "review_plan", "return")
    assert "reason" in refused.value.fields


@pytest.mark.req("N3.2.5", "N3.2.3")
def test_a_shortage_that_is_bought_in_is_picked_after_it_arrived(house: House) -> None:
    """SPEC X12."""
    order_id = short(house)
    house.do("dengchao", "decide_shortage", "decide", choice="purchase", cost="500.00", note="急采")
    assert house.waiting() == ["record_arrival"]

    page = house.open("duchuan", "record_arrival")
    assert page.values["lines"][0]["short"] == "60"
    house.do("duchuan", "record_arrival", "arrived", reference="RK-1", lines=page.values["lines"])
    assert house.waiting() == ["pick_goods"]
    assert half.line(house, order_id).qty_reserved == 100


@pytest.mark.req("S2.4.9", "S5.2.3", "N3.2.5")
def test_a_later_date_counts_only_with_the_customers_consent(house: House) -> None:
    order_id = short(house)
    house.do(
        "dengchao",
        "decide_shortage",
        "decide",
        choice="reschedule",
        new_date="2026-03-20",
        note="供应商延期",
    )
    house.do("chenjing", "ask_customer_consent", "disagree", evidence="周工 3 月 2 日来电")
    assert house.waiting() == ["decide_shortage"]

    house.do(
        "dengchao",
        "decide_shortage",
        "decide",
        choice="reschedule",
        new_date="2026-03-16",
        note="已协调提前",
    )
    half.take(house, "chenjing", "ask_customer_consent", "agree", evidence="周工邮件确认")
    assert house.waiting() == ["record_arrival"]
    with house.platform.read() as session:
        order = session.get(half.Order, half.as_id(order_id))
        assert order is not None
        assert str(order.promised_date) == "2026-03-16"


@pytest.mark.req("N3.2.5")
def test_a_part_delivery_takes_the_rest_off_the_order(house: House) -> None:
    order_id = short(house, keep=40)
    house.do("dengchao", "decide_shortage", "decide", choice="partial", note="客户急用")
    house.do("chenjing", "ask_customer_consent", "agree", evidence="周工邮件确认")

    assert house.waiting() == ["pick_goods"]
    assert half.line(house, order_id).qty_cancelled == 60
    assert half.line(house, order_id).qty_reserved == 40


@pytest.mark.req("N3.2.5")
def test_an_order_that_is_given_up_frees_what_was_reserved(house: House) -> None:
    order_id = short(house)
    house.do("dengchao", "decide_shortage", "decide", choice="cancel", note="无法供货")

    assert house.variables()["outcome"] == "failed"
    assert half.line(house, order_id).qty_reserved == 0
    assert house.view().item.state == "completed"


@pytest.mark.req("N3.2.3")
def test_what_a_picker_does_not_find_is_written_down_and_short(house: House) -> None:
    order_id = half.approved(house)
    half.planned(house, order_id)
    row = house.open("duchuan", "pick_goods").values["lines"][0]
    missing = {**row, "qty_picked": "95", "short_reason": "盘亏"}

    with pytest.raises(Invalid):
        house.do("duchuan", "pick_goods", "done", lines=[missing])
    house.do("duchuan", "pick_goods", "short", lines=[missing])

    assert house.waiting() == ["report_shortage"]
    assert half.line(house, order_id).qty_reserved == 95
    with house.platform.read() as session:
        assert stock.stock_balance_ok(session)


@pytest.mark.req("N4.1.1", "S2.5.1")
def test_a_failed_check_sends_the_goods_back_to_be_picked_again(house: House) -> None:
    order_id = half.approved(house)
    half.planned(house, order_id)
    half.take(house, "duchuan", "pick_goods", "done")
    items = half.checked(house)["items"]
    items[0] = {**items[0], "result": "fail", "note": "外箱有破损"}

    with pytest.raises(Invalid):
        house.do("xieming", "self_check", "pass", items=items)
    house.do("xieming", "self_check", "rework", items=items)

    assert house.waiting() == ["pick_goods"]


@pytest.mark.req("S2.4.3", "S2.4.4", "S3.4.2", "N3.3.2", "S5.2.4")
def test_goods_services_and_production_run_side_by_side(house: House) -> None:
    order_id = half.approved(house, ("P-1001", 10), ("P-2001", 1), ("P-3001", 2))
    half.planned(house, order_id)
    house.do("dengchao", "review_plan", "approve")
    assert house.waiting() == ["appoint_service", "pick_goods", "schedule_production"]

    half.take(house, "duchuan", "pick_goods", "done")
    making.made(house)
    half.take(
        house,
        "xieming",
        "appoint_service",
        "confirmed",
        window_from="2026-03-05T09:00:00+08:00",
        window_to="2026-03-05T12:00:00+08:00",
        confirmed_by="周工",
    )
    house.pass_time(days=3, hours=8)
    visit = {
        "engineer": "xieming",
        "id_doc_type": "electrician",
        "id_valid_until": "2027-01-01",
        "arrive": "2026-03-05T09:00:00+08:00",
        "leave": "2026-03-05T16:00:00+08:00",
        "man_days": "1",
        "work_done": "完成现场勘测、设备安装和第一轮调试,等待客户联调验证",
        "satisfaction": 5,
    }
    house.do("xieming", "record_service", "continue", **visit)
    assert house.waiting() == ["record_service"]
    house.do("xieming", "record_service", "done", **visit)
    house.do("xieming", "confirm_service", "confirm", report="FW-1", customer_sign="周工")
    house.do("xieming", "self_check", "pass", **half.checked(house))

    kinds = {half.shipment_of(house, order_id, n).fulfil for n in (0, 1)}
    assert kinds == {"mto", "stock"}
    assert half.line(house, order_id, 3).qty_delivered == 2
    assert len(house.variables()["shipments"]) == 2


@pytest.mark.req("N4.2.4")
def test_an_expired_certificate_is_refused(house: House) -> None:
    order_id = half.approved(house, ("P-3001", 2))
    half.planned(house, order_id)
    house.do("dengchao", "review_plan", "approve")
    half.take(
        house,
        "xieming",
        "appoint_service",
        "confirmed",
        window_from="2026-03-02T10:00:00+08:00",
        window_to="2026-03-02T12:00:00+08:00",
        confirmed_by="周工",
    )
    house.pass_time(hours=5)

    with pytest.raises(Invalid) as refused:
        house.do(
            "xieming",
            "record_service",
            "done",
            engineer="xieming",
            id_doc_type="electrician",
            id_valid_until="2026-03-01",
            arrive="2026-03-02T10:00:00+08:00",
            leave="2026-03-02T12:00:00+08:00",
            man_days="1",
            work_done="完成现场勘测、设备安装和第一轮调试,等待客户联调验证",
        )
    assert "id_valid_until" in refused.value.fields
