"""What people read: lists, pages, choices, the day's numbers, and the demo company itself."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from jiedan.core.errors import Invalid
from jiedan.core.i18n import use_locale
from jiedan.core.numbering import NumberCheckFailed
from jiedan.desk import (
    catalogue,
    dashboard,
    edelivery,
    lists,
    lookups,
    order_list,
    order_page,
    states,
    timeline,
)
from jiedan.desk.demo import load_base
from jiedan.desk.errors import FileCorrupt, LinkExpired, TypeForbidden, UnknownRecord
from tests.desk.desk_day import LINE, Desk


def found(desk: Desk, query: str) -> list[str | None]:
    """The numbers of the orders that a search finds."""
    with desk.platform.read() as session:
        return [row.order_no for row in order_list.list_orders(session, query=query).items]


@pytest.mark.req("S2.2.6")
@pytest.mark.parametrize(
    "query",
    [
        "XS20260302-0001-1",
        "ｘｓ２０２６０３０２－０００１－１",
        "xs2026030200011",
        "XS20260302-0001-1-F02",
        "华东精工",
        "KH000001",
        "hdjg",
        "huadongjing",
        "温控器",
        "p-1001",
        "gywkq",
        "0001",
    ],
)
def test_an_order_is_found_by_whatever_people_know_of_it(desk: Desk, query: str) -> None:
    desk.entered()
    desk.entered(
        "KH000002",
        lines=[{"sku": "P-6002", "spec": "H50", "qty": 1, "unit_price": 46_000}],
        receiver_phone="13823450002",
    )

    assert found(desk, query) == ["XS20260302-0001-1"]


@pytest.mark.req("S2.2.6")
def test_a_wrong_check_digit_is_told_in_the_readers_language(desk: Desk) -> None:
    desk.entered()

    with desk.platform.read() as session, pytest.raises(NumberCheckFailed):
        order_list.list_orders(session, query="XS20260302-0001-2")


@pytest.mark.parametrize("query", ["%", "_", "'; DROP TABLE orders; --", "\\", "没有的东西"])
def test_signs_with_a_meaning_in_sql_find_nothing_by_themselves(desk: Desk, query: str) -> None:
    desk.entered()

    assert found(desk, query) == []


def test_orders_are_filtered_and_paged_newest_first(desk: Desk) -> None:
    first = desk.entered()
    desk.later(days=1)
    second = desk.submitted(delivery_date="2026-03-13")
    third = desk.entered("KH000002", delivery_date="2026-03-13")
    day = date(2026, 3, 3)

    with desk.platform.read() as session:
        pages = [order_list.list_orders(session, page=number, size=2) for number in (1, 2, 3)]
        by_state = order_list.list_orders(session, states=["submitted"])
        by_day = order_list.list_orders(session, date_from=day, date_to=day)
        by_owner = order_list.list_orders(session, owner="zhaolei")
        by_channel = order_list.list_orders(session, channel="netease")
        late = order_list.list_orders(session, late_on=date(2026, 3, 13))

    assert [[row.order_id for row in page.items] for page in pages] == [
        [third, second],
        [first],
        [],
    ]
    assert (pages[0].total, pages[0].pages, pages[0].has_next) == (3, 2, True)
    assert [row.order_id for row in by_state.items] == [second]
    assert [row.order_id for row in by_day.items] == [third, second]
    assert by_channel.items == []
    assert [row.order_id for row in late.items] == [first]
    assert {row.order_id for row in by_owner.items} <= {third}


def test_the_page_of_an_order_hides_personal_data_unless_asked(desk: Desk) -> None:
    order_id = desk.delivered()

    with desk.platform.read() as session:
        hidden = order_page.show_order(session, ref=order_id, now=desk.clock.now())
        clear = order_page.show_order(session, ref=order_id, now=desk.clock.now(), clear=True)

    assert (hidden.receiver, hidden.receiver_phone) == ("沈*", "138****0001")
    assert "创新路" not in hidden.place
    assert (clear.receiver, clear.receiver_phone) == ("沈国平", "13812340001")
    assert clear.balance.delivered_pct == 100
    assert [stage.state for stage in clear.stages][-1] == "delivered"
    assert isinstance(clear.as_dict()["lines"], list)


def test_the_steps_show_what_is_done_what_is_now_and_what_is_ahead(desk: Desk) -> None:
    order_id = desk.approved()

    with desk.platform.read() as session:
        steps = timeline.progress_steps(timeline.order_timeline(session, order_id=order_id))

    assert [step.status for step in steps] == ["done", "done", "current"] + ["ahead"] * 6


def test_customers_and_products_are_found_by_pinyin_phone_and_name(desk: Desk) -> None:
    with desk.platform.read() as session:
        by_sound = lists.list_customers(session, query="nanshan")
        by_phone = lists.list_customers(session, query="0003")
        by_region = lists.list_customers(session, region="西南", size=50)
        by_name = lists.list_catalogue(session, query="thermostat", on=date(2026, 3, 2))
        active = lists.list_catalogue(session, states=["active"], on=date(2026, 3, 2), size=100)

    assert [row.customer_no for row in by_sound.items] == ["KH000002"]
    assert "KH000003" in [row.customer_no for row in by_phone.items]
    assert {row.region for row in by_region.items} == {"西南"}
    assert [(row.sku, row.list_fen, row.on_hand) for row in by_name.items] == [
        ("P-1001", 120_000, 500)
    ]
    assert "P-9001" not in [row.sku for row in active.items]
    assert active.total == 25


def test_fields_offer_choices_and_show_the_kept_one(desk: Desk) -> None:
    customer = desk.customer("KH000001")
    with desk.platform.read() as session:
        people = lookups.find_choices(session, source="customers", text="hdjg")
        goods = lookups.find_choices(session, source="catalogue", text="旧款")
        places = lookups.find_choices(session, source="warehouses")
        kept = lookups.choice_label(session, source="customers", value=customer)
        with pytest.raises(UnknownRecord):
            lookups.find_choices(session, source="passwords")

    assert [choice.value for choice in people] == [customer]
    assert goods == []
    assert [choice.value for choice in places] == sorted(["上海", "广州", "成都", "电商仓"])
    assert kept is not None
    assert kept.label == "华东精工有限公司"


def test_the_numbers_of_the_day_count_what_happened_today(desk: Desk) -> None:
    desk.submitted()
    desk.entered()
    desk.later(days=1)
    desk.submitted(delivery_date="2026-03-13", lines=[{**LINE, "qty": 1}])

    with desk.platform.read() as session:
        numbers = dashboard.day_numbers(session, now=desk.clock.now())
        chart = dashboard.daily_intake(session, now=desk.clock.now(), days=3)

    assert numbers.by_state == {"submitted": 2, "draft": 1}
    assert (numbers.opened_today, numbers.submitted_today) == (1, 1)
    assert numbers.submitted_today_fen == 110_400
    assert (numbers.overdue_invoices, numbers.overdue_fen) == (1, 3_800_000)
    assert numbers.receivable_fen == 30_000_000 + 42_000_000 + 3_800_000
    assert [row["sales"] for row in chart] == [0, 1, 1]


def test_every_state_has_a_name_in_both_languages() -> None:
    for state in states.OrderState:
        with use_locale("en"):
            english = str(states.STATE_NAMES[state])
        with use_locale("zh"):
            chinese = str(states.STATE_NAMES[state])
        assert english.isascii()
        assert not chinese.isascii()


def test_the_base_data_are_loaded_once(desk: Desk) -> None:
    with desk.work() as work:
        assert not load_base(work)
        item = catalogue.find_item(work.session, " p-1001 ")

    assert (item.name, item.state) == ("工业温控器 T100", "active")


@pytest.mark.req("N4.2.5")
@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.exe", b"MZ", TypeForbidden),
        ("a", b"x", TypeForbidden),
        ("a.zip", b"", Invalid),
        ("a.zip", b"PK\x03\x04 cut off", Invalid),
        ("a.pdf", b"%PDF-1.7 cut off", FileCorrupt),
    ],
)
def test_a_file_that_cannot_be_opened_is_not_sent(
    desk: Desk, name: str, content: bytes, error: type[Invalid]
) -> None:
    with desk.work("xieming") as work, pytest.raises(error):
        edelivery.check_file(work, stream=BytesIO(content), filename=name)


@pytest.mark.req("N4.2.5")
def test_a_link_counts_its_downloads_and_dies_on_its_day(desk: Desk) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("licence.txt", "key")
    order_id = desk.ready(
        lines=[{"sku": "P-4001", "spec": "年度", "qty": 2, "unit_price": 500_000}]
    )
    shipment_id = desk.shipment(order_id)

    with desk.work("xieming") as work:
        buffer.seek(0)
        file = edelivery.check_file(work, stream=buffer, filename="licence.zip")
        link = edelivery.make_link(
            work,
            shipment_id=shipment_id,
            file=file,
            filename="licence.zip",
            recipient="shen@example.com",
            days=30,
        )
        assert link.token is not None
        edelivery.open_link(work, token=link.token)
        sent = edelivery.sent_files(work.session, shipment_id=shipment_id)
    desk.clock.advance(timedelta(days=30))
    with desk.work() as work, pytest.raises(LinkExpired):
        edelivery.open_link(work, token=link.token)

    assert [row["downloads"] for row in sent] == [1]
