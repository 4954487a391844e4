"""The same desk on PostgreSQL."""

from __future__ import annotations

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.core.settings import Settings
from jiedan.desk import acceptances, dashboard, facts, lists, order_list, order_page, stock
from jiedan.desk.demo import load_base
from tests.desk.desk_day import Desk


def test_an_order_lives_on_postgresql_as_it_does_on_sqlite(
    settings: Settings, postgres: Database, clock: MovableClock
) -> None:
    platform = build_platform(settings, clock=clock, database=postgres)
    with platform.work(actor=SYSTEM) as work:
        load_base(work)
    desk = Desk(platform)
    order_id = desk.delivered()
    desk.move(order_id, "in_acceptance")
    with desk.work("chenjing") as work:
        acceptances.accept_by_platform(work, order_id=order_id, ref="1")
        known = facts.order_facts(work, order_id=order_id)

    with platform.read() as session:
        page = order_page.show_order(session, ref="XS20260302-0001-1", now=clock.now())
        found = order_list.list_orders(session, query="hdjg", late_on=known.promised_date)
        goods = lists.list_catalogue(session, query="温控", on=clock.now().date())
        people = lists.list_customers(session, query="华东")
        numbers = dashboard.day_numbers(session, now=clock.now())
        assert stock.stock_balance_ok(session)
    assert page.acceptance is not None
    assert page.acceptance.result == "accepted"
    assert found.total == 0
    assert goods.items[0].free == 400
    assert people.items[0].customer_no == "KH000001"
    assert numbers.by_state == {"in_acceptance": 1}
