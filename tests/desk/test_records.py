"""Rows that a step has read once are not read again, and never stay behind what is true."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import text

from jiedan.core.actor import SYSTEM
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.desk import catalogue, credit, orders
from jiedan.desk.demo import load_base
from jiedan.desk.errors import UnknownOrder, UnknownSku
from jiedan.desk.records import get_customer, get_order
from tests.desk.desk_day import Desk


@pytest.fixture
def postgres_desk(postgres_platform: Platform) -> Desk:
    """The demo company on PostgreSQL."""
    with postgres_platform.work(actor=SYSTEM) as work:
        load_base(work)
    return Desk(postgres_platform)


class TakenBack(Exception):
    """What ends a savepoint in these tests."""


def item(work: Work, name: str) -> None:
    catalogue.add_item(work, sku="P-7777", name=name, type="stock", state="active")


def assessed(work: Work, customer: str, grade: str) -> None:
    credit.save_profile(
        work,
        customer_id=customer,
        score=50,
        grade=grade,
        limit_fen=100,
        term_days=7,
        deposit_pct=30,
        valid_until="2026-12-31",
    )


def test_an_order_its_lines_and_its_customer_are_read_once(
    desk: Desk, statements: list[str]
) -> None:
    order_id = desk.entered()

    with desk.platform.read() as session:
        statements.clear()
        for _ in range(3):
            order = get_order(session, order_id)
            assert [line.sku for line in order.lines] == ["P-1001"]
            assert get_customer(session, order.customer_id).number == "KH000001"
            del order

    assert len(statements) == 3


def test_a_product_is_read_once_and_its_changes_show(desk: Desk, statements: list[str]) -> None:
    with desk.work() as work:
        statements.clear()
        assert catalogue.find_item(work.session, "P-1001").state == "active"
        assert set(catalogue.find_items(work.session, ["P-1001", "P-2001"])) == {"P-1001", "P-2001"}
        catalogue.suspend_item(work, sku="P-1001", reason="recall")
        assert catalogue.find_items(work.session, ["P-1001"])["P-1001"].state == "suspended"

        assert sum("FROM catalogue_items" in one for one in statements) == 2


def test_what_a_savepoint_took_back_is_not_remembered(desk: Desk) -> None:
    customer = desk.customer("KH000001")
    with desk.work() as work:
        before = credit.credit_standing(work.session, customer_id=customer, today=work.now.date())
        with suppress(TakenBack), work.savepoint():
            item(work, "Taken back")
            assert catalogue.find_item(work.session, "P-7777").name == "Taken back"
            assessed(work, customer, "D")
            get_customer(work.session, customer).owner = "hanxue"
            opened = orders.open_order(work, channel="sales").order_id
            assert get_order(work.session, opened).channel == "sales"
            raise TakenBack

        with pytest.raises(UnknownSku):
            catalogue.find_item(work.session, "P-7777")
        with pytest.raises(UnknownOrder):
            get_order(work.session, opened)
        assert get_customer(work.session, customer).owner == "chenjing"
        after = credit.credit_standing(work.session, customer_id=customer, today=work.now.date())
        assert after == before
        item(work, "New")
        assert catalogue.find_item(work.session, "P-7777").name == "New"


def test_a_new_assessment_counts_at_once(desk: Desk) -> None:
    customer = desk.customer("KH000001")

    with desk.work() as work:
        before = credit.credit_standing(work.session, customer_id=customer, today=work.now.date())
        assessed(work, customer, "D")
        after = credit.credit_standing(work.session, customer_id=customer, today=work.now.date())

    assert (before.grade, after.grade) == ("A", "D")
    assert after.limit_fen == 100


def test_an_order_that_changed_since_it_was_read_is_read_again_when_it_is_locked(
    postgres_desk: Desk, postgres: Database, statements: list[str]
) -> None:
    order_id = postgres_desk.entered()
    with postgres_desk.work() as work:
        assert get_order(work.session, order_id).district == "嘉定区"
        with postgres.engine.begin() as elsewhere:
            elsewhere.execute(text("UPDATE orders SET district = '徐汇区'"))

        assert get_order(work.session, order_id, lock=True).district == "徐汇区"
        statements.clear()
        assert get_order(work.session, order_id, lock=True).district == "徐汇区"
        assert statements == []


def test_a_lock_that_went_with_its_savepoint_is_taken_again(
    postgres_desk: Desk, statements: list[str]
) -> None:
    order_id = postgres_desk.entered()
    with postgres_desk.work() as work:
        with suppress(TakenBack), work.savepoint():
            get_order(work.session, order_id, lock=True)
            raise TakenBack
        statements.clear()

        get_order(work.session, order_id, lock=True)

        assert [one for one in statements if "FOR UPDATE" in one]
