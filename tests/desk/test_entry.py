"""What an order may say: entries checked, totals ours, versions kept (SPEC S2.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from jiedan.desk import checks, orders, totals
from jiedan.desk.errors import (
    IncompleteOrder,
    InvalidOrder,
    NotEditable,
    PrecheckerExcluded,
    PrecheckMissing,
    StaleVersion,
    TotalMismatch,
)
from jiedan.desk.tables import OrderVersion
from tests.desk.desk_day import LINE, PRECHECK, Desk, entry


def refused(desk: Desk, **changes: Any) -> set[str]:
    """The fields of which an entry with these changes complains."""
    order_id = desk.opened()
    with (
        desk.work("sunyue") as work,
        pytest.raises(InvalidOrder) as failure,
    ):
        orders.enter_order(
            work, order_id=order_id, entry={**entry(desk.customer("KH000001")), **changes}
        )
    with desk.platform.read() as session:
        assert orders.order_ref(session, order_id=order_id).order_no is None
    return set(failure.value.fields)


def line(**changes: Any) -> list[dict[str, Any]]:
    """One line with changes."""
    return [{**LINE, **changes}]


@pytest.mark.req("S2.2.3", "S2.2.5")
def test_the_first_save_takes_the_number_and_later_ones_keep_it(desk: Desk) -> None:
    order_id = desk.opened()

    with desk.work("sunyue") as work:
        first = orders.enter_order(work, order_id=order_id, entry=entry(desk.customer("KH000001")))
        second = orders.enter_order(work, order_id=order_id, entry={"city": "苏州"})

    assert first.order_no == "XS20260302-0001-1"
    assert first.total_fen == 11_040_000
    assert second.order_no == first.order_no
    assert second.version == first.version + 1
    assert second.changed == ["city"]


@pytest.mark.req("S2.2.2", "S2.2.4")
def test_an_order_without_place_and_payment_is_two_thirds_complete_and_cannot_be_submitted(
    desk: Desk,
) -> None:
    order_id = desk.opened()
    partial = {
        "customer": desk.customer("KH000001"),
        "lines": [dict(LINE)],
        "delivery_date": "2026-03-12",
    }

    with desk.work("sunyue") as work:
        orders.enter_order(work, order_id=order_id, entry=partial)
        found = checks.check_complete(work.session, order_id=order_id)
    with desk.work("chenjing") as work, pytest.raises(IncompleteOrder) as failure:
        orders.submit_order(work, order_id=order_id)

    assert found.pct == Decimal("66.67")
    assert found.missing == ["delivery_place", "payment"]
    assert set(failure.value.fields) == {"detail", "payment_method"}
    assert desk.state(order_id) == "draft"


@pytest.mark.req("S2.2.3")
def test_a_total_that_differs_by_one_fen_is_refused(desk: Desk) -> None:
    order_id = desk.opened()

    with desk.work("sunyue") as work, pytest.raises(TotalMismatch):
        orders.enter_order(
            work, order_id=order_id, entry=entry(desk.customer("KH000001"), total=11_040_001)
        )


@pytest.mark.parametrize("qty", [0, -1, "-1", "NaN", "1e999", "1.2345", 10_000_000, True, "", None])
def test_impossible_quantities_are_refused(desk: Desk, qty: Any) -> None:
    assert refused(desk, lines=line(qty=qty)) == {"lines[0].qty"}


def test_full_width_digits_are_understood(desk: Desk) -> None:
    order_id = desk.entered(lines=line(qty="１００"))

    with desk.platform.read() as session:
        assert orders.entry_values(session, order_id=order_id)["lines"][0]["qty"] == 100


@pytest.mark.parametrize("price", [0, -1, 1.5, "12", None, 10**14, True])
def test_impossible_prices_are_refused(desk: Desk, price: Any) -> None:
    assert refused(desk, lines=line(unit_price=price)) == {"lines[0].unit_price"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delivery_date", "2026-03-01"),
        ("delivery_date", "2026-03-02"),
        ("delivery_date", "9999-12-31"),
        ("delivery_date", "tomorrow"),
        ("payment_method", "beads"),
        ("term_days", 181),
        ("term_days", "-1"),
        ("currency", "USD"),
        ("tax_no", "12345"),
        ("receiver_phone", "call me"),
        ("province", "Atlantis"),
        ("customer", "00000000-0000-0000-0000-000000000000"),
        ("detail", "x" * 201),
    ],
)
def test_a_wrong_field_is_named(desk: Desk, field: str, value: Any) -> None:
    assert refused(desk, **{field: value}) == {field}


@pytest.mark.parametrize(
    ("sku", "message"),
    [
        ("P-0000", "There is no such product."),
        ("P-9001", "This product is discontinued."),
        ("P-5001", "This product is not sold through this channel."),
        ("' OR 1=1 --", "There is no such product."),
    ],
)
def test_products_that_are_not_sold_are_refused(desk: Desk, sku: str, message: str) -> None:
    order_id = desk.opened()

    with desk.work("sunyue") as work, pytest.raises(InvalidOrder) as failure:
        orders.enter_order(
            work,
            order_id=order_id,
            entry=entry(desk.customer("KH000001"), lines=line(sku=sku)),
        )

    assert {key: str(text) for key, text in failure.value.fields.items()} == {
        "lines[0].sku": message
    }


def test_the_201st_line_is_one_too_many(desk: Desk) -> None:
    assert refused(desk, lines=[dict(LINE)] * 201) == {"lines"}


def test_every_problem_is_told_at_once(desk: Desk) -> None:
    fields = refused(desk, lines=[{**LINE, "qty": 0}, {**LINE, "unit_price": 0}], city="x" * 41)

    assert fields == {"lines[0].qty", "lines[1].unit_price", "city"}


@pytest.mark.req("S1.3.4")
def test_what_an_order_said_before_is_kept_with_its_version(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.work("sunyue") as work:
        changed = orders.enter_order(work, order_id=order_id, entry={"lines": line(qty=80)})
        kept = work.session.query(OrderVersion).one()

    assert changed.total_fen == 80 * 110_400
    assert changed.version == 2
    assert kept.version == 1
    assert kept.content["lines"][0]["qty"] == 100


def test_a_form_of_an_older_version_is_refused(desk: Desk) -> None:
    order_id = desk.entered()
    with desk.work("sunyue") as work:
        orders.enter_order(work, order_id=order_id, entry={"city": "苏州"}, version=1)

    with desk.work("sunyue") as work, pytest.raises(StaleVersion):
        orders.enter_order(work, order_id=order_id, entry={"city": "无锡"}, version=1)


def test_a_line_can_be_taken_out_and_others_added(desk: Desk) -> None:
    order_id = desk.entered(lines=[dict(LINE), {**LINE, "sku": "P-6001", "unit_price": 16_800}])

    with desk.work("sunyue") as work:
        orders.enter_order(
            work, order_id=order_id, entry={"lines": line(sku="P-6002", unit_price=46_000)}
        )
        values = orders.entry_values(work.session, order_id=order_id)

    assert [row["sku"] for row in values["lines"]] == ["P-6002"]
    assert values["total"] == 4_600_000


def test_what_is_read_back_can_be_saved_again_without_a_change(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.work("sunyue") as work:
        values = orders.entry_values(work.session, order_id=order_id)
        again = orders.enter_order(work, order_id=order_id, entry=values)

    assert again.changed == []
    assert again.version == 1


def test_an_order_in_review_cannot_be_changed(desk: Desk) -> None:
    order_id = desk.in_review()

    with desk.work("sunyue") as work, pytest.raises(NotEditable):
        orders.enter_order(work, order_id=order_id, entry={"city": "苏州"})


@pytest.mark.req("S3.1.3")
def test_an_order_that_sales_has_not_checked_cannot_be_submitted(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.work("chenjing") as work, pytest.raises(PrecheckMissing):
        orders.submit_order(work, order_id=order_id)


@pytest.mark.req("S3.1.3")
def test_the_clerk_who_entered_an_order_does_not_check_it(desk: Desk) -> None:
    order_id = desk.entered()

    with desk.work("sunyue") as work, pytest.raises(PrecheckerExcluded):
        orders.record_precheck(work, order_id=order_id, items=PRECHECK)


def test_a_check_of_an_older_version_does_not_count(desk: Desk) -> None:
    order_id = desk.entered()
    with desk.work("chenjing") as work:
        orders.record_precheck(work, order_id=order_id, items=PRECHECK)
    with desk.work("sunyue") as work:
        orders.enter_order(work, order_id=order_id, entry={"lines": line(qty=1)})

    with desk.work("chenjing") as work, pytest.raises(PrecheckMissing):
        orders.submit_order(work, order_id=order_id)


def test_the_same_order_twice_within_a_day_is_suspicious(desk: Desk) -> None:
    first = desk.submitted()
    second = desk.entered()
    other = desk.entered(lines=line(qty=99))

    with desk.work() as work:
        suspects = checks.find_duplicates(work, order_id=second)
        nothing = checks.find_duplicates(work, order_id=other)

    assert [suspect.order_id for suspect in suspects] == [first]
    assert suspects[0].skus == ["P-1001"]
    assert nothing == []


def test_text_with_markup_and_invisible_signs_is_kept_as_text(desk: Desk) -> None:
    order_id = desk.entered(service_req="<script>{{7*7}}</script>\u202eabc\x00", receiver="👩‍🔧 李")

    with desk.platform.read() as session:
        values = orders.entry_values(session, order_id=order_id)

    assert values["service_req"] == "<script>{{7*7}}</script>abc"
    assert values["receiver"] == "👩‍🔧 李"


def test_discounts_and_tax_are_rounded_to_the_fen() -> None:
    assert totals.line_amount(Decimal("3"), 3333, Decimal("12.5")) == 8749
    assert totals.line_amount(Decimal("0.001"), 499, Decimal(0)) == 0
    assert totals.line_amount(Decimal("0.001"), 500, Decimal(0)) == 1
    assert totals.tax_within(11_300, 13) == 1_300
