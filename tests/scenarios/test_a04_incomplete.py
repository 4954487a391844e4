"""SPEC A04: an order without place and payment is supplemented, or expires."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processes import answers
from tests.scenarios.paths import accepted
from tests.world import World

INCOMPLETE: dict[str, Any] = dict.fromkeys((*answers.PLACE, "payment_method", "term_days"))


@pytest.mark.req("S2.2.2", "S2.2.4")
def test_handing_in_an_incomplete_order_names_what_is_missing(world: World) -> None:
    accepted(world)

    refused = world.sunyue.try_do("enter_order", "submit", answers.entry(**INCOMPLETE))

    assert refused.status_code == 422
    assert {"detail", "payment_method"} <= set(refused.get_json()["fields"])


@pytest.mark.req("S2.2.4")
def test_what_the_customer_supplies_completes_the_order(world: World) -> None:
    instance = accepted(world)
    world.sunyue.do("enter_order", "supplement", answers.entry(**INCOMPLETE))
    talk = [{"at": "2026-03-02T09:00:00+08:00", "way": "phone", "result": "客户已确认"}]
    world.chenjing.do(
        "supplement_order",
        "completed",
        {"supplied": "送到嘉定,账期 60 天。", "contact_log": talk},
        files=("customer_evidence",),
    )
    world.sunyue.do("enter_order", "submit", answers.entry())
    world.chenjing.do("precheck_order", "submit", answers.precheck())

    assert world.order(instance)["state"] == "in_review"


@pytest.mark.req("S2.2.4", "S2.2.1")
def test_an_order_that_nobody_supplements_expires_after_fifteen_days(world: World) -> None:
    instance = accepted(world)
    world.sunyue.do("enter_order", "supplement", answers.entry(**INCOMPLETE))
    world.wait(days=15, minutes=1)

    order = world.order(instance)
    assert order["state"] == "expired"
    assert order["state_reason"].startswith("no_response")
    assert world.open_tasks(instance) == []
