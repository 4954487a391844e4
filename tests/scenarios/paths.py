"""Stretches of an order's way that several scenarios share, driven over the API."""

from __future__ import annotations

import json
from typing import Any

from jiedan.desk.platforms import sign
from tests.processes import answers
from tests.world import World

PUSH_SECRET = "demo-only-netease-secret"
PLATFORM_NO = "NE2026030200042"


def accepted(world: World, customer: str = "KH000001") -> str:
    """A written order was accepted; the id of its instance."""
    instance = str(world.chenjing.start(channel="sales", entry="order")["id"])
    world.sunyue.do("accept_order", "accept", answers.acceptance(world.customer(customer)))
    return instance


def submitted(world: World, customer: str = "KH000001", **changes: Any) -> str:
    """Entered and pre-checked; the id of its instance."""
    instance = accepted(world, customer)
    world.sunyue.do("enter_order", "submit", answers.entry(**changes))
    world.chenjing.do("precheck_order", "submit", answers.precheck())
    return instance


def push_body(number: str = PLATFORM_NO, **changes: Any) -> bytes:
    """What the platform sends: three paid smart plugs, 267.00."""
    order: dict[str, Any] = {
        "order_no": number,
        "status": "PAID",
        "paid_at": "2026-03-02T09:00:00+08:00",
        "total_fen": 26_700,
        "buyer": {"id": "b-1", "name": "李女士", "kind": "consumer"},
        "address": {
            "receiver": "李女士",
            "phone": "13900000006",
            "province": "浙江",
            "city": "杭州市",
            "district": "滨江区",
            "detail": "江南大道 6 号",
        },
        "items": [{"sku": "P-5001", "title": "智能插座", "qty": 3, "unit_price_fen": 8_900}],
    }
    return json.dumps({**order, **changes}, ensure_ascii=False).encode()


def push(
    world: World,
    body: bytes | None = None,
    *,
    skew: int = 0,
    secret: str = PUSH_SECRET,
    **headers: str,
) -> Any:
    """The platform's push, signed `skew` seconds from now."""
    body = body if body is not None else push_body()
    stamp = str(int(world.clock.now().timestamp()) + skew)
    return world.client.post(
        "/api/v1/platform/orders",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Platform": "netease",
            "X-Platform-Timestamp": stamp,
            "X-Platform-Signature": sign(secret=secret, timestamp=stamp, body=body),
            **headers,
        },
    )


def carried_out(world: World, allocator: str) -> None:
    """From the allocation to the passed self-check, taking what is proposed."""
    proposed = world.person(allocator).open("allocate_order")["assignments"]
    rows = [{**row, "responsible": "xieming"} for row in proposed]
    world.person(allocator).do("allocate_order", "allocate", {"assignments": rows})
    world.xieming.do("make_work_plan", "submit")
    if any(one.startswith("review_plan") for one in world.open_tasks()):
        world.dengchao.do("review_plan", "approve")
    world.duchuan.do("pick_goods", "done")
    checks = [
        {**item, "result": item["result"] or "pass"}
        for item in world.xieming.open("self_check")["items"]
    ]
    world.xieming.do("self_check", "pass", {"items": checks})


def prepared(world: World, seller: str) -> None:
    """Goods, transport, appointment and documents are ready."""
    world.wugang.do(
        "prepare_goods",
        "ready",
        {"packing_ok": True, "label_ok": True, "quality_ok": True, "qc_report": "QC-1"},
    )
    world.fengtao.do(
        "prepare_transport",
        "ready",
        {
            "vehicle_or_booking": "沪A12345",
            "vehicle_ready": True,
            "packing_material_ok": True,
            "labels_ready": True,
        },
    )
    world.person(seller).do("agree_appointment", "confirmed")
    documents = [
        {**row, "accurate": True, "complete": True, "clear": True}
        for row in world.xieming.open("collect_documents")["documents"]
    ]
    world.xieming.do("collect_documents", "complete", {"documents": documents})


def arrived(world: World, waybill: str, place: str) -> None:
    """The carrier reports the delivery."""
    world.fengtao.post(
        "/messages/carrier.status",
        {
            "correlation": waybill,
            "payload": {"code": "delivered", "at": world.clock.now().isoformat(), "place": place},
        },
    )
