"""The verbs over the API, on the company's own processes."""

from __future__ import annotations

import pytest

from tests.world import World


def open_order(world: World) -> tuple[str, str]:
    """An order that waits to be accepted: its instance and its task."""
    made = world.chenjing.start(channel="sales", entry="order")
    return made["id"], made["next_tasks"][0]["id"]


@pytest.mark.req("G1")
def test_a_task_is_transferred_and_only_the_receiver_has_it(world: World) -> None:
    instance, task = open_order(world)
    assert "transfer" in world.sunyue.get(f"/tasks/{task}")["verbs"]

    refused = world.sunyue.call("POST", f"/tasks/{task}/transfer", {"to": "chenjing"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "REASON_MISSING")
    done = world.sunyue.post(f"/tasks/{task}/transfer", {"to": "chenjing", "reason": "yours"})

    assert (done["verb"], done["instance_id"]) == ("transfer", instance)
    assert task in [one["id"] for one in world.chenjing.tasks()]
    assert world.sunyue.call("GET", f"/tasks/{task}").status_code == 404


@pytest.mark.req("G1")
def test_signers_copies_and_urging_work_together(world: World) -> None:
    instance, task = open_order(world)
    world.sunyue.post(f"/tasks/{task}/signers", {"people": ["chenjing"], "how": "before"})

    signers = world.sunyue.get(f"/tasks/{task}/signers")["signers"]
    assert [one["state"] for one in signers["seats"]] == ["waiting", "open"]
    urged = world.chenjing.call("POST", f"/instances/{instance}/urgings", {"text": "x"})
    assert urged.get_json()["code"] == "NOBODY_TO_URGE"
    world.sunyue.post(f"/tasks/{task}/copies", {"people": ["wangqiang"], "note": "see"})
    (copy,) = world.wangqiang.get("/copies?unread=1")["items"]
    assert (copy["by"], copy["note"]) == ("sunyue", "see")
    world.wangqiang.post(f"/copies/{instance}/reading")
    assert world.wangqiang.get("/copies?unread=1")["items"] == []

    seat = signers["seats"][1]["task_id"]
    gone = world.sunyue.call("DELETE", f"/tasks/{task}/signers/{seat}")
    assert gone.status_code == 200
    assert world.sunyue.get(f"/tasks/{task}")["state"] == "claimed"


@pytest.mark.req("G1")
def test_bulk_says_what_would_become_of_each_task_and_then_does_it(world: World) -> None:
    tasks = [open_order(world)[1] for _ in range(2)]
    body = {"verb": "claim", "tasks": tasks, "dry_run": True}

    trial = world.sunyue.post("/tasks/bulk", body)
    assert (trial["done"], world.sunyue.get(f"/tasks/{tasks[0]}")["state"]) == (2, "open")
    done = world.sunyue.post("/tasks/bulk", {**body, "dry_run": False})

    assert done["done"] == 2
    assert world.sunyue.get(f"/tasks/{tasks[0]}")["assignee"] == "sunyue"
    nobody = world.sunyue.call("POST", "/tasks/bulk", {"verb": "burn", "tasks": tasks})
    assert nobody.get_json()["code"] == "UNKNOWN_BULK"


def test_what_the_process_does_not_allow_is_refused_by_name(world: World) -> None:
    instance, task = open_order(world)

    refused = world.sunyue.call(
        "POST", f"/tasks/{task}/returns", {"element": "enter_order", "reason": "x"}
    )
    cancelled = world.chenjing.call("POST", f"/instances/{instance}/cancellation", {"reason": "x"})

    assert refused.get_json()["code"] == "VERB_NOT_ALLOWED"
    assert cancelled.get_json()["code"] == "VERB_NOT_ALLOWED"
    stranger = world.wangqiang.call("POST", f"/instances/{instance}/urgings", {})
    assert stranger.status_code == 404
