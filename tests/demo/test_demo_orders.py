"""The demo's orders come from the real processes, and the longer past is made of copies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from jiedan.core.clock import SHANGHAI
from jiedan.core.numbering import check_number
from jiedan.demo.orders import bring_orders
from jiedan.demo.past import lengthen_past
from jiedan.desk.order_page import show_order
from jiedan.desk.tables import Order
from jiedan.flow.instances import list_instances, show_instance
from jiedan.flow.states import InstanceState
from tests.world import World


def test_weeks_of_orders_end_in_many_states_without_an_incident(world: World) -> None:
    world.clock.set(datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI))

    bring_orders(world.flow, until=datetime(2026, 1, 30, 9, 0, tzinfo=SHANGHAI), count=8)

    found = list_instances(world.flow, process_id="order_main", size=100)
    assert len(found.items) == 8
    assert {one.state for one in found.items} <= {InstanceState.ACTIVE, InstanceState.COMPLETED}
    with world.flow.platform.read() as session:
        states = set(session.scalars(select(Order.state)))
    assert len(states) >= 3


def test_a_copied_order_has_its_own_number_story_and_place_in_the_past(world: World) -> None:
    world.clock.set(datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI))
    bring_orders(world.flow, until=datetime(2026, 2, 13, 9, 0, tzinfo=SHANGHAI), count=5)

    made = lengthen_past(world.flow, copies=6)

    with world.flow.platform.read() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 5 + made
        oldest = session.scalars(select(Order).order_by(Order.created_at)).first()
        assert oldest is not None
        assert oldest.created_at < datetime(2026, 1, 1, tzinfo=SHANGHAI)
        assert oldest.number is not None
        assert check_number(oldest.number) == oldest.number
        page = show_order(session, ref=oldest.number, now=world.clock.now())
    assert page.order_no == oldest.number
    instance = list_instances(world.flow, business_key=oldest.number).items[0]
    view = show_instance(world.flow, instance_id=instance.instance_id)
    assert view.variables["order_id"] == str(oldest.id)
    assert all(one.at < instance.ended_at or one.at == instance.ended_at for one in view.history)
