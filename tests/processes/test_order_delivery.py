"""P09: one shipment from preparation to the customer's confirmation."""

from datetime import datetime

import pytest
from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import SHANGHAI
from jiedan.core.errors import Conflict, Invalid, NotFound
from jiedan.desk import stock, tracking
from jiedan.desk.lookups import choice_label
from jiedan.desk.tables import DeliveryConfirmation, Invoice, PlatformReply
from jiedan.flow.task_views import Answer, OpenedTask
from jiedan.flow.tasks import complete_task
from tests.processes import fulfilment as half
from tests.processes.house import House

EXCEPTION = {
    "type": "delay",
    "measure": "已与承运商确认改走陆运线路",
    "customer_notified_at": "2026-03-02T09:00:00+08:00",
    "feedback_to": "chenjing",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def scanned(house: House, code: str, waybill: str = "SF1234567890", **more: str) -> None:
    """The carrier reports."""
    house.message(
        "carrier.status",
        waybill,
        code=code,
        at=house.clock.now().isoformat(),
        place="上海",
        **more,
    )


def arrived(house: House, *lines: tuple[str, int], **changes: object) -> str:
    """The carrier has brought the goods; the receipt is to be recorded."""
    order_id = half.under_way(house, *lines, **changes)
    house.pass_time(hours=20)
    scanned(house, "delivered")
    return order_id


def shown_carrier(house: House, page: OpenedTask) -> str | None:
    """The name of the carrier that the page proposes."""
    with house.platform.read() as session:
        found = choice_label(session, source="carriers", value=page.values["carrier"])
    return found.label.split(" ")[-1] if found else None


def proof_of(house: House, order_id: str) -> DeliveryConfirmation:
    with house.platform.read() as session:
        found = session.scalars(
            select(DeliveryConfirmation).where(
                DeliveryConfirmation.shipment_id
                == half.as_id(half.shipment_of(house, order_id).shipment_id)
            )
        ).one()
        session.expunge(found)
        return found


@pytest.mark.req("S2.5.1", "S2.5.2", "S2.5.3", "S2.5.5", "S2.5.6", "S2.4.5", "S3.5.1", "N4.2.2")
def test_120_kg_go_by_freight_and_are_signed_for(house: House) -> None:
    """SPEC A01, its delivery."""
    order_id = half.ready(house)
    half.deliver(house, order_id)
    assert house.waiting() == [
        "agree_appointment", "collect_documents", "prepare_goods", "prepare_transport",
    ]  # fmt: skip
    half.prepare(house)
    page = house.open("fengtao", "choose_carrier")
    assert page.values["method"] == "freight"
    assert shown_carrier(house, page) == "德远物流"
    assert half.shipment_of(house, order_id).weight_kg == 120

    half.take(house, "fengtao", "choose_carrier", "dispatch", waybill="DB0001")
    assert house.waiting() == ["track_transport"]
    house.pass_time(hours=20)
    scanned(house, "in_transit", "DB0001")
    assert house.waiting() == ["track_transport"]
    house.pass_time(hours=20)
    scanned(house, "delivered", "DB0001")
    half.take(house, "fengtao", "record_receipt", "full", proof="签收单 001")

    assert house.view().item.state == "completed"
    assert house.variables()["outcome"] == "delivered"
    assert half.order(house, order_id).state == "delivered"
    assert proof_of(house, order_id).mode == "signature"
    with house.platform.read() as session:
        assert stock.stock_balance_ok(session)


@pytest.mark.req("S2.4.5", "N4.2.1")
def test_another_method_than_proposed_needs_a_reason(house: House) -> None:
    order_id = half.ready(house)
    half.deliver(house, order_id)
    half.prepare(house)

    with pytest.raises(Invalid) as refused:
        half.take(house, "fengtao", "choose_carrier", "dispatch", method="express", waybill="1")
    assert "override_reason" in refused.value.fields


@pytest.mark.req("S5.2.5", "N4.2.2")
def test_one_carrier_has_a_waybill_only_once(house: House) -> None:
    half.under_way(house)
    second = half.ready(house)
    half.deliver(house, second)
    half.prepare(house)

    with pytest.raises(Conflict):
        half.take(house, "fengtao", "choose_carrier", "dispatch", waybill="SF1234567890")


@pytest.mark.req("S2.5.3", "N4.2.3")
def test_an_appointment_at_short_notice_needs_a_reason(house: House) -> None:
    order_id = half.ready(house)
    half.deliver(house, order_id)
    soon = {
        "window_from": "2026-03-02T14:00:00+08:00",
        "window_to": "2026-03-02T17:00:00+08:00",
    }

    with pytest.raises(Invalid) as refused:
        half.take(house, "chenjing", "agree_appointment", "confirmed", **soon)
    assert "waiver_reason" in refused.value.fields
    half.take(house, "chenjing", "agree_appointment", "confirmed", waiver_reason="客户加急", **soon)


@pytest.mark.req("S2.5.1", "S2.5.2")
def test_what_is_missing_is_completed_before_dispatch(house: House) -> None:
    order_id = half.ready(house)
    half.deliver(house, order_id)
    with pytest.raises(Invalid):
        house.do("wugang", "prepare_goods", "ready", packing_ok=True, qc_report="QC-1")
    house.do(
        "wugang", "prepare_goods", "missing", packing_ok=True, quality_ok=True, gap="标签未打印"
    )
    half.prepare(house, goods=False)

    assert house.waiting() == ["resolve_missing"]
    rows = house.open("fengtao", "resolve_missing").values["gaps"]
    assert [row["name"] for row in rows] == ["Checklist of the goods"]
    house.do(
        "fengtao",
        "resolve_missing",
        "resolved",
        gaps=[{**row, "resolved": True, "note": "标签已补打"} for row in rows],
    )
    assert house.waiting() == ["choose_carrier"]


@pytest.mark.req("S2.5.5", "N4.1.2")
def test_a_paper_that_nobody_checked_is_refused(house: House) -> None:
    order_id = half.ready(house)
    half.deliver(house, order_id)
    rows = half.ticked(house)
    rows[0]["clear"] = False

    with pytest.raises(Invalid) as refused:
        house.do("xieming", "collect_documents", "complete", documents=rows)
    assert "documents[0].clear" in refused.value.fields


@pytest.mark.req("S1.3.5", "S5.1.6")
def test_a_shipment_stops_at_the_credit_gate_until_finance_releases_it(house: House) -> None:
    order_id = half.ready(house)
    with house.platform.work(actor=SYSTEM) as work:
        invoice = work.session.scalars(select(Invoice).where(Invoice.number == "OLD-1")).one()
        invoice.due_on = invoice.issued_on
    half.deliver(house, order_id)
    half.prepare(house)

    assert house.waiting() == ["release_credit"]
    house.do("lifang", "release_credit", "recheck")
    assert house.waiting() == ["release_credit"]
    house.do("lifang", "release_credit", "release", reason="客户已承诺本周付款")
    assert house.waiting() == ["choose_carrier"]


@pytest.mark.req("S2.4.6", "S3.5.2", "S5.2.6")
def test_silence_of_the_carrier_is_an_exception_after_48_hours(house: House) -> None:
    """SPEC X20."""
    order_id = half.under_way(house)
    house.pass_time(hours=47)
    assert house.waiting() == ["track_transport"]
    house.pass_time(hours=2)

    assert house.waiting() == ["handle_exception"]
    half.take(
        house,
        "fengtao",
        "handle_exception",
        "in_transit",
        **{**EXCEPTION, "new_eta": "2026-03-13T10:00:00+08:00"},
    )
    assert house.waiting() == ["track_transport"]
    with house.platform.read() as session:
        found = tracking.list_exceptions(
            session, shipment_id=half.shipment_of(house, order_id).shipment_id
        )
    assert [one["type"] for one in found] == ["delay"]


@pytest.mark.req("S2.4.6")
def test_a_person_may_record_what_the_carrier_says_on_the_phone(house: House) -> None:
    half.under_way(house)
    half.take(house, "fengtao", "track_transport", "record", code="out_for_delivery")
    assert house.waiting() == ["track_transport"]
    house.pass_time(hours=1)
    half.take(house, "fengtao", "track_transport", "record", code="delivered", place="嘉定")

    assert house.waiting() == ["record_receipt"]


@pytest.mark.req("S2.4.7", "S3.5.3")
def test_a_delay_needs_a_new_arrival_time(house: House) -> None:
    half.under_way(house)
    scanned(house, "exception")

    with pytest.raises(Invalid) as refused:
        half.take(house, "fengtao", "handle_exception", "in_transit", **EXCEPTION)
    assert "new_eta" in refused.value.fields


@pytest.mark.req("S2.4.7", "S3.5.3")
def test_lost_goods_are_sent_again_in_a_new_shipment(house: House) -> None:
    """SPEC X21."""
    order_id = half.under_way(house)
    scanned(house, "exception")
    half.take(house, "fengtao", "handle_exception", "reship", **{**EXCEPTION, "type": "loss"})

    assert half.shipment_of(house, order_id, 0).state == "lost"
    assert half.shipment_of(house, order_id).shipment_no.endswith("-F02")
    half.dispatched(house, "DB0002")
    scanned(house, "delivered", "DB0002")
    half.take(house, "fengtao", "record_receipt", "full", proof="签收单 002")
    assert half.order(house, order_id).state == "delivered"


@pytest.mark.req("S2.4.7")
def test_lost_goods_that_nobody_replaces_leave_the_order(house: House) -> None:
    order_id = half.under_way(house)
    scanned(house, "exception")
    half.take(house, "fengtao", "handle_exception", "lost", **{**EXCEPTION, "type": "loss"})

    assert house.variables()["outcome"] == "lost"
    assert half.line(house, order_id).qty_cancelled == 100


@pytest.mark.req("S2.5.6")
def test_a_refused_delivery_is_tried_again_and_then_brought_back(house: House) -> None:
    """SPEC X22."""
    order_id = arrived(house)
    half.take(house, "fengtao", "record_receipt", "refused", refusal_reason="收货人不在")
    assert house.waiting() == ["handle_exception"]
    assert house.open("fengtao", "handle_exception").values["type"] == "refused"
    again = {**EXCEPTION, "type": "refused", "new_eta": "2026-03-13T10:00:00+08:00"}
    half.take(house, "fengtao", "handle_exception", "in_transit", **again)
    scanned(house, "returned")
    half.take(house, "fengtao", "handle_exception", "refused", **{**EXCEPTION, "type": "refused"})

    assert house.variables()["outcome"] == "refused"
    assert half.shipment_of(house, order_id).state == "refused"
    with house.platform.read() as session:
        assert stock.free_stock(session, sku="P-1001", warehouse="上海") == 500
        assert stock.stock_balance_ok(session)


@pytest.mark.req("S2.5.4", "S2.5.6")
def test_a_short_delivery_is_sent_again(house: House) -> None:
    """SPEC X23."""
    order_id = arrived(house)
    rows = house.open("fengtao", "record_receipt").values["lines"]
    short = [{**rows[0], "qty_received": "90"}]
    with pytest.raises(Invalid):
        half.take(house, "fengtao", "record_receipt", "full", lines=short, proof="签收单")
    half.take(
        house, "fengtao", "record_receipt", "partial",
        lines=short, proof="签收单 003", shortfall="reship",
    )  # fmt: skip

    assert half.order(house, order_id).state == "partially_delivered"
    assert [row["qty"] for row in half.shipment_of(house, order_id).lines] == [10]
    half.dispatched(house, "SF0003", method="express", carrier="SF", override_reason="补发小件")
    scanned(house, "delivered", "SF0003")
    half.take(house, "fengtao", "record_receipt", "full", proof="签收单 004")
    assert half.order(house, order_id).state == "delivered"
    assert half.line(house, order_id).qty_delivered == 100


@pytest.mark.req("S2.5.4")
def test_a_short_delivery_may_be_deducted(house: House) -> None:
    order_id = arrived(house)
    rows = house.open("fengtao", "record_receipt").values["lines"]
    half.take(
        house, "fengtao", "record_receipt", "partial",
        lines=[{**rows[0], "qty_received": "90"}], proof="签收单 003", shortfall="deduct",
    )  # fmt: skip

    assert half.order(house, order_id).state == "delivered"
    assert half.line(house, order_id).qty_cancelled == 10


def waiting_for_customer(house: House) -> str:
    """The goods are there, the customer confirms online."""
    order_id = arrived(house)
    half.take(house, "fengtao", "record_receipt", "full", mode="online")
    assert house.waiting() == []
    return order_id


@pytest.mark.req("S2.5.6", "N4.3.1", "N4.3.3")
def test_the_customer_confirms_online(house: House) -> None:
    order_id = waiting_for_customer(house)
    key = half.shipment_of(house, order_id).shipment_no
    assert half.order(house, order_id).state == "ready"

    house.message("customer.delivery.confirmed", key, signer="周工", proof="链接确认")

    assert half.order(house, order_id).state == "delivered"
    assert proof_of(house, order_id).mode == "online"
    assert proof_of(house, order_id).signer == "周工"


@pytest.mark.req("N4.3.1", "S3.1.5")
def test_nobody_confirms_so_the_carriers_proof_has_to_do_after_ten_days(house: House) -> None:
    """SPEC X24."""
    order_id = waiting_for_customer(house)
    talk = [{"at": "2026-03-03T09:00:00+08:00", "way": "phone", "result": "无人接听"}]
    for _ in range(3):
        house.pass_time(days=3, minutes=1)
        assert house.waiting() == ["chase_confirmation"]
        house.do("chenjing", "chase_confirmation", "no_answer", contact_log=talk)
    assert half.order(house, order_id).state == "ready"
    house.pass_time(days=3)
    house.do("chenjing", "chase_confirmation", "no_answer", contact_log=talk)

    assert half.order(house, order_id).state == "delivered"
    assert proof_of(house, order_id).mode == "carrier"
    assert house.view().item.state == "completed"


@pytest.mark.req("N4.3.1")
def test_a_confirmation_that_comes_while_somebody_chases_ends_the_chase(house: House) -> None:
    order_id = waiting_for_customer(house)
    house.pass_time(days=3, minutes=1)
    assert house.waiting() == ["chase_confirmation"]
    key = half.shipment_of(house, order_id).shipment_no
    house.message("customer.delivery.confirmed", key, signer="周工", proof="链接确认")

    assert house.waiting() == []
    assert half.order(house, order_id).state == "delivered"


@pytest.mark.req("N4.3.1")
def test_the_customer_confirms_on_the_phone(house: House) -> None:
    order_id = waiting_for_customer(house)
    house.pass_time(days=3, minutes=1)
    talk = [{"at": "2026-03-03T09:00:00+08:00", "way": "phone", "result": "货已收到"}]
    with pytest.raises(Invalid):
        house.do("chenjing", "chase_confirmation", "confirmed", contact_log=talk)
    house.do(
        "chenjing",
        "chase_confirmation",
        "confirmed",
        contact_log=talk,
        signer="周工",
        proof="通话录音 0306",
    )

    assert half.order(house, order_id).state == "delivered"
    assert proof_of(house, order_id).mode == "feedback"


@pytest.mark.req("N4.3.2")
def test_an_objection_becomes_an_issue_and_is_settled_before_delivery_counts(
    house: House,
) -> None:
    order_id = waiting_for_customer(house)
    key = half.shipment_of(house, order_id).shipment_no
    house.message("customer.delivery.disputed", key, objection="有两箱外包装破损,要求处理")

    assert house.waiting() == ["reply_first"]
    assert half.order(house, order_id).state == "ready"
    house.do("luodan", "reply_first", "replied", reply="我们马上处理", way="phone")
    half.take(
        house, "fengtao", "analyse_issue", "general",
        cause="装卸不当", plan="更换两箱", resolution="fix",
    )  # fmt: skip
    house.do("fengtao", "fix_issue", "fixed", result="已更换", evidence="照片 2 张")
    house.do("luodan", "confirm_with_customer", "solved", rating=5)

    assert half.order(house, order_id).state == "delivered"
    assert house.variables()["outcome"] == "delivered"


@pytest.mark.req("N4.2.1", "N4.2.2", "N4.3.1")
def test_a_platform_parcel_goes_by_express_and_the_platform_confirms(house: House) -> None:
    """SPEC A09, its delivery."""
    order_id = half.ready(
        house,
        ("P-5001", 3),
        channel="netease",
        customer=half.consumer(house),
        payment_method="platform_escrow",
        term_days=0,
        invoice_title="",
        tax_no="",
    )
    half.deliver(house, order_id)
    half.prepare(house, "hanxue")
    page = house.open("fengtao", "choose_carrier")
    assert (page.values["method"], shown_carrier(house, page)) == ("express", "顺达速运")
    half.take(house, "fengtao", "choose_carrier", "dispatch", waybill="SF99", carrier="SF")
    house.pass_time(hours=20)
    scanned(house, "delivered", "SF99")
    half.take(house, "fengtao", "record_receipt", "full")
    number = half.order(house, order_id).order_no
    assert number is not None
    house.message("customer.delivery.confirmed", number)

    assert half.order(house, order_id).state == "delivered"
    assert proof_of(house, order_id).mode == "platform"


@pytest.mark.req("N4.2.5")
def test_a_licence_is_sent_electronically(house: House) -> None:
    order_id = half.ready(house, ("P-4001", 1))
    half.deliver(house, order_id)
    assert house.waiting() == ["send_electronically"]

    with pytest.raises(Invalid):
        house.do(
            "xieming",
            "send_electronically",
            "sent",
            open_test=True,
            recipient="zhou@example.com",
            link_expiry_days=30,
        )
    house.do(
        "xieming",
        "send_electronically",
        "sent",
        files=("files",),
        open_test=True,
        recipient="zhou@example.com",
        link_expiry_days=30,
        licences=[{"name": "能耗分析软件许可", "key": "LIC-1"}],
    )
    key = half.shipment_of(house, order_id).shipment_no
    house.message("customer.delivery.confirmed", key, signer="周工", proof="已激活")

    assert half.order(house, order_id).state == "delivered"


def test_replies_to_the_platform_are_only_queued_for_platform_orders(house: House) -> None:
    half.under_way(house)

    with house.platform.read() as session:
        assert session.scalars(select(PlatformReply)).all() == []


@pytest.mark.req("S1.3.1")
def test_a_task_of_logistics_is_hidden_from_everybody_else(house: House) -> None:
    order_id = half.ready(house)
    half.deliver(house, order_id)
    half.prepare(house)

    for stranger in ("chenjing", "lifang", "luodan", "zhangwei"):
        with pytest.raises(NotFound):
            half.take(house, stranger, "choose_carrier", "dispatch", waybill="X1")


def test_two_people_cannot_both_dispatch_a_shipment(house: House) -> None:
    """SPEC X34."""
    order_id = half.ready(house)
    half.deliver(house, order_id)
    half.prepare(house)
    item = house.item("choose_carrier")
    half.take(house, "fengtao", "choose_carrier", "dispatch", waybill="X1")

    with pytest.raises(Conflict):
        complete_task(
            house.flow,
            actor=half.people()["fengtao"],
            task_id=item.task_id,
            version=item.version,
            answer=Answer("dispatch", {"method": "freight", "waybill": "X2"}),
        )


def test_a_restart_on_the_road_loses_nothing(house: House) -> None:
    """SPEC J20: another process takes over while the carrier is under way."""
    order_id = half.under_way(house)
    other = House(house.platform, house.clock)
    other.instance_id = house.instance_id
    scanned(other, "delivered")
    half.take(other, "fengtao", "record_receipt", "full", mode="online")
    third = House(house.platform, house.clock)
    third.instance_id = house.instance_id
    third.message("customer.delivery.confirmed", half.shipment_of(house, order_id).shipment_no)

    assert half.order(house, order_id).state == "delivered"
    assert third.view().item.state == "completed"


@pytest.mark.req("S2.4.6")
def test_a_carrier_message_that_comes_twice_counts_once(house: House) -> None:
    """SPEC X33."""
    order_id = half.under_way(house)
    for _ in range(2):
        house.message(
            "carrier.status",
            "SF1234567890",
            code="in_transit",
            at="2026-03-02T09:00:00+08:00",
            place="上海",
        )
    with house.platform.read() as session:
        found = tracking.list_events(
            session, shipment_id=half.shipment_of(house, order_id).shipment_id
        )

    assert len(found) == 1
    assert house.waiting() == ["track_transport"]
