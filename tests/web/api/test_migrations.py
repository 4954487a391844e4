"""Migrations and repairs by hand over the API."""

from __future__ import annotations

from typing import Any

from jiedan.core.actor import SYSTEM
from jiedan.core.settings import SOURCE_ROOT
from jiedan.flow.definitions import deploy
from tests.web.api.test_tasks import refusal
from tests.world import World

ORDER = {"channel": "sales", "entry": "order"}


def started(world: World) -> str:
    return str(world.shiyuan.start("order_main", **ORDER)["id"])


def newer(world: World) -> None:
    """A version of the intake in which the first task is called otherwise."""
    drawn = (SOURCE_ROOT / "processes" / "intake_sales.bpmn").read_bytes()
    changed = drawn.replace(b'"accept_order"', b'"welcome_order"').replace(
        b">accept_order<", b">welcome_order<"
    )
    deploy(world.flow, actor=SYSTEM, files={"intake_sales.bpmn": changed})


def send(world: World, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    answer = world.zhangwei.call(method, path, body)
    assert answer.status_code < 300, answer.text
    return dict(answer.get_json())


def test_instances_go_to_the_newest_version_and_back(world: World) -> None:
    instance_id = started(world)
    newer(world)

    begun = send(world, "/migrations", {"process_id": "order_main"})
    assert (begun["state"], begun["counts"]) == ("checked", {"refused": 1})
    (item,) = begun["instances"]["items"]
    assert [one["rule"] for one in item["obstacles"]] == ["gone"]
    address = f"/migrations/{begun['id']}"
    mapping = {"intake_sales/accept_order": "welcome_order"}
    assert send(world, f"{address}/mapping", {"mapping": mapping}, "PUT")["counts"] == {"ready": 1}
    done = send(world, f"{address}/run", {"reason": "clearer names"})
    assert (done["state"], done["counts"]) == ("done", {"migrated": 1})
    assert world.sunyue.tasks("welcome_order")

    back = send(world, f"{address}/reversion", {"reason": "not clearer"})
    assert (back["state"], back["counts"]) == ("reverted", {"reverted": 1})
    assert world.sunyue.tasks("accept_order")
    listed = world.zhangwei.get("/migrations")["items"]
    assert [one["id"] for one in listed] == [begun["id"]]
    one = send(
        world,
        f"/instances/{instance_id}/migration",
        {"reason": "after all", "mapping": mapping},
    )
    assert one["instance_id"] == instance_id
    send(world, f"/instances/{instance_id}/migration-reversal", {"reason": "no"})
    assert world.sunyue.tasks("accept_order")


def test_a_refusal_says_why_in_words(world: World) -> None:
    instance_id = started(world)
    newer(world)

    answer = world.zhangwei.call(
        "POST", f"/instances/{instance_id}/migration", {"reason": "because"}
    )

    assert refusal(answer) == (409, "MIGRATION_REFUSED")


def test_tokens_are_moved_and_variables_set(world: World) -> None:
    instance_id = started(world)
    tokens = world.zhangwei.get(f"/instances/{instance_id}/tokens")["items"]
    waiting = next(one for one in tokens if one["state"] == "waiting")
    assert waiting["spot"]["element_id"] == "accept_order"

    send(
        world,
        f"/instances/{instance_id}/variables",
        {"variables": {"remark": "by phone"}, "reason": "told"},
        "PUT",
    )
    unknown = world.zhangwei.call(
        "POST",
        f"/instances/{instance_id}/tokens/{waiting['token_id']}/move",
        {"element_id": "nowhere", "reason": "because"},
    )
    send(
        world,
        f"/instances/{instance_id}/tokens/{waiting['token_id']}/cancellation",
        {"reason": "no longer"},
    )

    assert refusal(unknown) == (422, "ELEMENT_NOT_FOUND")
    view = world.zhangwei.get(f"/instances/{instance_id}")
    assert view["variables"]["remark"] == "by phone"
    assert "accept_order" not in [one["element_id"] for one in view["tokens"]]


def test_others_may_not(world: World) -> None:
    instance_id = started(world)
    calls = [
        ("GET", "/migrations", None),
        ("POST", "/migrations", {"process_id": "order_main"}),
        ("GET", f"/instances/{instance_id}/tokens", None),
        ("PUT", f"/instances/{instance_id}/variables", {"variables": {}, "reason": "because"}),
        ("POST", f"/instances/{instance_id}/migration", {"reason": "because"}),
        ("GET", "/processes/order_main/migration-plan", None),
    ]

    for method, path, body in calls:
        assert refusal(world.sunyue.call(method, path, body)) == (403, "NOT_ALLOWED"), path
