"""Lists as files: all that the filters find, readable by every spreadsheet and harmless in it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from jiedan.core.actor import SYSTEM
from jiedan.core.audit import AuditEntry
from jiedan.desk.tables import CatalogueItem, Customer
from jiedan.web.exports import harmless
from tests.scenarios.hostility import browser
from tests.world import World


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.req("A25")
@pytest.mark.parametrize(
    "evil",
    ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\x01=1"],
)
def test_text_is_never_a_formula(evil: str) -> None:
    assert harmless(evil).startswith("'")


def test_plain_text_stays_as_it_is() -> None:
    assert harmless("华东商贸 (A-1)") == "华东商贸 (A-1)"


@pytest.mark.req("A25")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_formula_in_a_name_reaches_no_spreadsheet(world: World, kind: str) -> None:
    evil = "=HYPERLINK(1)\x02"
    with world.flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(Customer).where(Customer.number == "KH000001").values(name=evil)
        )

    answer = browser(world, "zhuzhi").get(f"/customers?as={kind}&q=KH000001")

    assert answer.status_code == 200
    if kind == "csv":
        assert rows_of(answer.data)[1][1] == "'=HYPERLINK(1)"
    else:
        cell = load_workbook(io.BytesIO(answer.data)).active["B2"]
        assert (cell.data_type, cell.value) == ("s", "'=HYPERLINK(1)")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_file_holds_every_row_that_the_filters_find(world: World) -> None:
    with world.flow.platform.read() as session:
        skus = set(session.scalars(select(CatalogueItem.sku)))
        stock = set(session.scalars(select(CatalogueItem.sku).where(CatalogueItem.type == "stock")))
    zhuzhi = browser(world, "zhuzhi")

    everything = rows_of(zhuzhi.get("/catalogue?as=csv").data)
    some = rows_of(zhuzhi.get("/catalogue?as=csv&type=stock").data)

    assert {row[0] for row in everything[1:]} == skus
    assert {row[0] for row in some[1:]} == stock
    book = load_workbook(io.BytesIO(zhuzhi.get("/catalogue?as=xlsx").data))
    prices = [row[4].value for row in book.active.iter_rows(min_row=2) if row[4].value is not None]
    assert prices
    assert all(isinstance(price, int | float | Decimal) for price in prices)


def test_who_may_not_see_prices_gets_none_in_the_file(world: World) -> None:
    heads = rows_of(browser(world, "duchuan").get("/catalogue?as=csv").data)[0]

    assert not [head for head in heads if "price" in head.lower() or "价" in head]


@pytest.mark.req("G3")
def test_an_export_is_noted_with_its_filters(world: World) -> None:
    browser(world, "zhuzhi").get("/orders?as=csv&channel=sales")

    with world.flow.platform.read() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == "list.export")).all()
    assert [(one.actor, one.entity) for one in found] == [("zhuzhi", "list:orders")]
    assert '"channel":"sales"' in (found[0].after or "")
