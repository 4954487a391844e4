"""Incidents and jobs over the API: seen and mended by those who repair, by nobody else."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from jiedan.flow.definitions import deploy
from tests.flow.conftest import ADMIN
from tests.web.api.test_tasks import refusal
from tests.world import World

FILING = Path(__file__).parents[2] / "browser" / "content" / "order_filing.bpmn"


@pytest.fixture
def failing(world: World) -> str:
    """An instance whose handler looks for an order that does not exist, after its last try."""
    deploy(world.flow, actor=ADMIN, files={FILING.name: FILING.read_bytes()})
    instance = world.shiyuan.start("order_filing", order_id=str(uuid.uuid4()))["id"]
    world.wait(hours=3)
    return str(instance)


def an_order(world: World) -> str:
    order = world.chenjing.start(channel="sales", entry="order")["id"]
    found: str = world.zhangwei.get(f"/instances/{order}")["variables"]["order_id"]
    return found


def only_incident(world: World, instance: str) -> dict[str, Any]:
    (incident,) = world.zhangwei.get(f"/incidents?instance={instance}")["items"]
    found: dict[str, Any] = incident
    return found


def test_an_incident_is_read_edited_and_retried_once(world: World, failing: str) -> None:
    good = an_order(world)
    incident = only_incident(world, failing)
    shown = world.zhangwei.get(f"/incidents/{incident['id']}")
    assert shown["state"] == "open"
    assert shown["variables"]["order_id"] != good
    assert shown["trace"]

    body = {"variables": {"order_id": good}, "reason": "a slip of the pen"}
    answers = [
        world.zhangwei.post(
            f"/incidents/{incident['id']}/retry", body, **{"Idempotency-Key": "mend-1"}
        )
        for _ in range(2)
    ]
    world.run_due()

    assert [one["resolution"] for one in answers] == ["retried", "retried"]
    assert world.zhangwei.get(f"/instances/{failing}")["state"] == "completed"
    assert world.zhangwei.get("/incidents")["items"] == []
    assert len(world.zhangwei.get("/incidents?all=1")["items"]) == 1


def test_a_step_is_skipped_with_a_reason(world: World, failing: str) -> None:
    incident = only_incident(world, failing)
    address = f"/incidents/{incident['id']}/skip"

    assert refusal(world.zhangwei.call("POST", address, {}))[0] == 422
    skipped = world.zhangwei.post(address, {"reason": "filed by hand", "variables": {}})

    assert (skipped["resolution"], skipped["reason"]) == ("skipped", "filed by hand")


def test_a_stuck_job_is_found_and_mended(world: World, failing: str) -> None:
    good = an_order(world)
    (job,) = world.zhangwei.get(f"/jobs?state=incident&instance={failing}")["items"]
    shown = world.zhangwei.get(f"/jobs/{job['id']}")
    assert shown["incident_id"] == only_incident(world, failing)["id"]
    assert shown["inputs"]["order_id"] != good

    retried = world.zhangwei.post(f"/jobs/{job['id']}/retry", {"variables": {"order_id": good}})
    world.run_due()

    assert retried["state"] == "due"
    assert world.zhangwei.get(f"/instances/{failing}")["state"] == "completed"


def test_nobody_else_sees_or_mends_anything(world: World, failing: str) -> None:
    incident = only_incident(world, failing)
    (job,) = world.zhangwei.get(f"/jobs?state=incident&instance={failing}")["items"]
    mend = {"reason": "please"}
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/incidents", None),
        ("GET", f"/incidents/{incident['id']}", None),
        ("POST", f"/incidents/{incident['id']}/retry", mend),
        ("POST", f"/incidents/{incident['id']}/skip", mend),
        ("GET", "/jobs", None),
        ("GET", f"/jobs/{job['id']}", None),
        ("POST", f"/jobs/{job['id']}/run", None),
        ("POST", f"/jobs/{job['id']}/retry", mend),
        ("POST", f"/jobs/{job['id']}/skip", mend),
    ]

    # A watcher sees instances in the monitor, but no variables and no way to mend them.
    refused = [refusal(world.chenjing.call(*one)) for one in calls]

    assert refused == [(403, "MAY_NOT_REPAIR")] * len(calls)
    assert only_incident(world, failing)["state"] == "open"


def test_what_does_not_exist_or_makes_no_sense_is_said(world: World, failing: str) -> None:
    admin = world.zhangwei
    (job,) = admin.get(f"/jobs?state=incident&instance={failing}")["items"]

    assert refusal(admin.call("GET", f"/jobs/{uuid.uuid4()}"))[0] == 404
    assert refusal(admin.call("POST", f"/incidents/{uuid.uuid4()}/retry", {}))[0] == 404
    assert refusal(admin.call("GET", "/jobs?state=asleep"))[0] == 422
    assert refusal(admin.call("POST", f"/jobs/{job['id']}/run"))[0] == 404


def test_the_description_tells_of_it(world: World) -> None:
    paths = world.zhangwei.get("/openapi.json")["paths"]

    for kind in ("incidents", "jobs"):
        name = f"{{{kind[:-1]}_id}}"
        for verb in ("retry", "skip"):
            said = paths[f"/api/v1/{kind}/{name}/{verb}"]["post"]
            assert {one["name"] for one in said["parameters"]} >= {"Idempotency-Key"}
