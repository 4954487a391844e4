"""SPEC A25: what an order entry may not say, and what is understood all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processes import answers
from tests.scenarios.hostility import handing_in, refused
from tests.scenarios.paths import accepted
from tests.world import World

pytestmark = pytest.mark.req("A25", "S2.2.5")


@pytest.fixture(scope="module")
def entry(day: World) -> dict[str, Any]:
    """One open entry task; nothing that is refused changes it."""
    instance = accepted(day)
    return day.sunyue.task("enter_order", instance)


def line(**changes: Any) -> dict[str, Any]:
    return {"sku": "P-1001", "qty": "100", "unit_price": "1104.00", **changes}


def entered(**changes: Any) -> dict[str, Any]:
    return answers.entry(**changes)


BAD_QUANTITIES = (
    *("-1", "0", "NaN", "1e999", "Infinity", "1.0005", "10000000", "", "一百", "0x64"),
    "１．２３４５",
)


@pytest.mark.parametrize("qty", BAD_QUANTITIES)
def test_an_impossible_quantity_is_refused_at_its_field(
    day: World, entry: dict[str, Any], qty: str
) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(lines=[line(qty=qty)]))

    refused(day, 422, send, fields={"lines[0].qty"})


@pytest.mark.parametrize(
    "price", ["0", "-1", "1104.005", "NaN", "1e999", "1000000000", "1104元角", "", 1104.5]
)
def test_an_impossible_price_is_refused_at_its_field(
    day: World, entry: dict[str, Any], price: Any
) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(lines=[line(unit_price=price)]))

    refused(day, 422, send, fields={"lines[0].unit_price"})


def test_a_total_that_differs_by_one_fen_is_refused(day: World, entry: dict[str, Any]) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(total="110400.01"))

    assert "110,400.00" in str(refused(day, 422, send))


@pytest.mark.parametrize(
    "date", ["2026-03-01", "9999-12-31", "2026-02-30", "0000-00-00", "tomorrow", "2026-03-12; --"]
)
def test_an_impossible_day_is_refused_at_its_field(
    day: World, entry: dict[str, Any], date: str
) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(delivery_date=date))

    refused(day, 422, send, fields={"delivery_date"})


@pytest.mark.parametrize("sku", ["P-0000", "P-9001", "' OR 1=1 --", "../../etc/passwd", "P-1001%"])
def test_what_is_not_sold_is_refused_at_its_field(
    day: World, entry: dict[str, Any], sku: str
) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(lines=[line(sku=sku)]))

    refused(day, 422, send, fields={"lines[0].sku"})


def test_201_lines_are_refused(day: World, entry: dict[str, Any]) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(lines=[line(qty="1")] * 201))

    refused(day, 422, send, fields={"lines"})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"state": "approved"}, "state"),
        ({"order_id": "00000000-0000-0000-0000-000000000000"}, "order_id"),
        ({"total_fen": 1}, "total_fen"),
        ({"entered_by": "zhuzhi"}, "entered_by"),
        ({"__class__": "x"}, "__class__"),
        ({"lines": [line(state="shipped")]}, "lines[0].state"),
    ],
    ids=repr,
)
def test_fields_that_the_form_does_not_have_are_refused(
    day: World, entry: dict[str, Any], values: dict[str, Any], field: str
) -> None:
    send = handing_in(day.sunyue, entry, "submit", entered(**values))

    refused(day, 400, send, code="UNKNOWN_FIELD", fields={field})


@pytest.mark.parametrize("outcome", ["approve", "", "'; --", "x" * 5_000])
def test_a_button_that_the_form_does_not_have_is_refused(
    day: World, entry: dict[str, Any], outcome: str
) -> None:
    refused(day, 422, handing_in(day.sunyue, entry, outcome, entered()))


@pytest.mark.parametrize(
    "values",
    [
        {"lines": "P-1001"},
        {"lines": [[]]},
        {"lines": {"0": {}}},
        {"detail": {"$ne": None}},
        {"detail": ["x", "y"]},
        {"detail": "x" * 1_000_000},
        {"term_days": "1" * 400},
        {"payment_method": "free"},
    ],
    ids=lambda one: str(one)[:40],
)
def test_values_of_another_shape_are_refused(
    day: World, entry: dict[str, Any], values: dict[str, Any]
) -> None:
    refused(day, 422, handing_in(day.sunyue, entry, "submit", entered(**values)))


def test_two_megabytes_are_refused_unread(day: World, entry: dict[str, Any]) -> None:
    refused(
        day,
        413,
        handing_in(day.sunyue, entry, "submit", entered(detail="x" * 2_000_000)),
    )


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'"x"', b'{"variables": []}', b"\xff", b'{"variables": NaN}']
)
def test_a_body_that_cannot_be_read_is_refused(
    day: World, entry: dict[str, Any], body: bytes
) -> None:
    def send(headers: dict[str, str]) -> Any:
        return day.client.post(
            f"/api/v1/tasks/{entry['id']}/completion",
            data=body,
            headers={"Authorization": f"Bearer {day.sunyue.token}", **headers},
        )

    read = refused(day, 422 if body.endswith(b"[]}") else 400, send)

    assert read["code"] in ("NOT_JSON", "WRONG_TYPE")


def test_full_width_digits_and_odd_dashes_mean_what_they_say(world: World) -> None:
    instance = accepted(world)

    world.sunyue.do(
        "enter_order",
        "submit",
        entered(
            lines=[{"sku": "P-1001", "qty": "１００", "unit_price": "１１０４．００"}],
            total="¥１１０，４００．００",
            receiver_phone="１３８ ０００００ ００１",
        ),
    )

    order = world.order(instance)
    assert order["lines"][0]["sku"] == "P-1001"
    assert order["lines"][0]["qty"] == 100
    assert order["total_fen"] == 11_040_000
