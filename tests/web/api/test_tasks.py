"""User tasks over the API: what works, what is refused, and by which status and code."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.processes import answers
from tests.world import PDF, World


def started(world: World, count: int = 1) -> list[str]:
    """Orders that wait to be accepted; ids of their tasks, oldest first."""
    found = []
    for _ in range(count):
        made = world.chenjing.start(channel="sales", entry="order")
        found.append(made["next_tasks"][0]["id"])
    return found


def acceptance(world: World, **more: Any) -> dict[str, Any]:
    values = answers.acceptance(world.customer("KH000001"))
    return {"outcome": "accept", "variables": {**values, **more}}


def refusal(response: TestResponse) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["status"] == response.status_code
    assert body["title"]
    return response.status_code, body["code"]


def test_a_task_comes_with_its_form_its_data_and_what_may_be_done(world: World) -> None:
    (task,) = started(world)

    opened = world.sunyue.get(f"/tasks/{task}")

    assert opened["id"] == task
    assert opened["element_id"] == "accept_order"
    assert opened["name_en"]
    assert opened["form"]["id"] == "order_acceptance"
    assert opened["form"]["schema"]["components"]
    assert {"claim", "complete"} <= set(opened["verbs"])
    assert isinstance(opened["version"], int)


def test_a_list_is_read_page_by_page(world: World) -> None:
    tasks = started(world, 5)

    first = world.sunyue.get("/tasks?size=2&sort=created")
    second = world.sunyue.get(f"/tasks?size=2&sort=created&after={first['after']}")
    third = world.sunyue.get(f"/tasks?size=2&sort=created&after={second['after']}")

    seen = [one["id"] for page in (first, second, third) for one in page["items"]]
    assert seen == tasks[::-1]
    assert third["after"] is None
    assert first["count"] == "5"


def test_a_broken_cursor_begins_at_the_beginning(world: World) -> None:
    started(world)

    assert len(world.sunyue.get("/tasks?after=%%%&size=nonsense")["items"]) == 1


@pytest.mark.parametrize("query", ["view=all", "sort=name"])
def test_an_unknown_view_or_order_is_refused(world: World, query: str) -> None:
    assert refusal(world.sunyue.call("GET", f"/tasks?{query}")) == (422, "UNKNOWN_VIEW")


def test_what_i_did_is_listed_as_done(world: World) -> None:
    (task,) = started(world)
    world.sunyue.post(f"/tasks/{task}/completion", acceptance(world))

    done = world.sunyue.get("/tasks?view=done")["items"]

    assert [(task, "accept")] == [(one["id"], one["outcome"]) for one in done]


def test_a_claimed_task_leaves_the_others_lists_and_comes_back(world: World) -> None:
    (task,) = started(world)

    claimed = world.sunyue.post(f"/tasks/{task}/claim", {"version": 1})
    gone = world.linxiao.tasks()
    world.sunyue.call("DELETE", f"/tasks/{task}/claim")

    assert claimed["assignee"] == "sunyue"
    assert gone == []
    assert [one["id"] for one in world.linxiao.tasks()] == [task]


def test_a_task_that_somebody_claimed_cannot_be_claimed_again(world: World) -> None:
    (task,) = started(world)
    world.sunyue.post(f"/tasks/{task}/claim")

    refused = world.linxiao.call("POST", f"/tasks/{task}/claim", {})

    assert refusal(refused) == (409, "TASK_TAKEN")


def test_what_nobody_claimed_cannot_be_given_back(world: World) -> None:
    (task,) = started(world)

    refused = world.sunyue.call("DELETE", f"/tasks/{task}/claim")

    assert refusal(refused) == (409, "TASK_NOT_CLAIMED")


def test_a_draft_comes_back_with_the_task(world: World) -> None:
    (task,) = started(world)
    body = {"version": 1, "variables": {"intent": "hesitant"}}

    saved = world.sunyue.call("PUT", f"/tasks/{task}/draft", body).get_json()

    opened = world.sunyue.get(f"/tasks/{task}")
    assert saved == {"version": opened["version"]}
    assert opened["data"]["intent"] == "hesitant"


def test_a_completion_names_the_next_tasks(world: World) -> None:
    (task,) = started(world)

    done = world.sunyue.post(f"/tasks/{task}/completion", acceptance(world))

    assert done["instance_state"] == "active"
    assert [(one["element_id"], one["mine"]) for one in done["next_tasks"]] == [
        ("enter_order", True)
    ]


@pytest.mark.parametrize("verb", ["claim", "completion", "draft"])
def test_a_stale_version_is_refused_and_nothing_changes(world: World, verb: str) -> None:
    (task,) = started(world)
    body = {
        "claim": {"version": 0},
        "completion": {"version": 0, **acceptance(world)},
        "draft": {"version": 0, "variables": {}},
    }[verb]

    refused = world.sunyue.call("PUT" if verb == "draft" else "POST", f"/tasks/{task}/{verb}", body)

    assert refusal(refused) == (409, "STALE_TASK")
    assert world.sunyue.get(f"/tasks/{task}")["state"] == "open"


def test_completing_twice_says_who_was_faster(world: World) -> None:
    """SPEC A25."""
    (task,) = started(world)
    world.sunyue.post(f"/tasks/{task}/completion", acceptance(world))

    refused = world.linxiao.call("POST", f"/tasks/{task}/completion", acceptance(world))

    assert refusal(refused) == (409, "TASK_ALREADY_COMPLETED")
    assert "09:00" in refused.get_json()["detail"]


def test_the_same_key_again_gets_the_first_result(world: World) -> None:
    (task,) = started(world)
    header = {"Idempotency-Key": "k-1"}

    first = world.sunyue.post(f"/tasks/{task}/completion", acceptance(world), **header)
    again = world.sunyue.post(f"/tasks/{task}/completion", acceptance(world), **header)

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["next_tasks"] == again["next_tasks"]


@pytest.mark.parametrize("key", ["", "x" * 129, "with space", "钥匙"])
def test_an_odd_key_is_refused(world: World, key: str) -> None:
    (task,) = started(world)
    header = {"Idempotency-Key": key.encode().decode("latin-1")}

    refused = world.sunyue.call("POST", f"/tasks/{task}/completion", acceptance(world), **header)

    assert refusal(refused) == (400, "BAD_IDEMPOTENCY_KEY")
    assert world.sunyue.get(f"/tasks/{task}")["state"] == "open"


@pytest.mark.parametrize("stray", [{"state": "approved"}, {"owner.role": "GM"}, {"id": 1}])
def test_a_field_that_the_form_does_not_have_is_refused(
    world: World, stray: dict[str, Any]
) -> None:
    """SPEC A25: mass assignment."""
    (task,) = started(world)

    refused = world.sunyue.call("POST", f"/tasks/{task}/completion", acceptance(world, **stray))

    assert refusal(refused) == (400, "UNKNOWN_FIELD")
    assert set(stray) <= set(refused.get_json()["fields"])
    assert world.sunyue.get(f"/tasks/{task}")["state"] == "open"


def test_a_wrong_value_is_named(world: World) -> None:
    (task,) = started(world)

    refused = world.sunyue.call(
        "POST", f"/tasks/{task}/completion", acceptance(world, intent="very much")
    )

    assert refused.status_code == 422
    assert list(refused.get_json()["fields"]) == ["intent"]


def test_an_unknown_outcome_is_refused(world: World) -> None:
    (task,) = started(world)
    body = {**acceptance(world), "outcome": "approve_everything"}

    refused = world.sunyue.call("POST", f"/tasks/{task}/completion", body)

    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("POST", "/claim", {}),
        ("DELETE", "/claim", None),
        ("PUT", "/draft", {"version": 1, "variables": {}}),
        ("POST", "/completion", {"outcome": "accept", "variables": {}}),
        ("POST", "/comments", {"text": "hello"}),
    ],
)
def test_a_stranger_does_not_learn_that_a_task_exists(
    world: World, method: str, suffix: str, body: Any
) -> None:
    """SPEC A25: another user's task, a guessed id and nonsense look alike."""
    (task,) = started(world)

    for address in (task, str(uuid.uuid4()), "0", "..%2Fetc%2Fpasswd"):
        refused = world.duchuan.call(method, f"/tasks/{address}{suffix}", body)
        assert refused.status_code == 404, address
    assert world.sunyue.get(f"/tasks/{task}")["state"] == "open"


def test_a_file_lies_beside_its_task(world: World) -> None:
    (task,) = started(world)

    made = world.sunyue.attach(task)

    assert uuid.UUID(made)


def test_a_file_is_refused_to_strangers_and_missing_without_its_part(world: World) -> None:
    (task,) = started(world)

    def send(login: str, part: str) -> TestResponse:
        return world.client.post(
            f"/api/v1/tasks/{task}/attachments",
            data={part: (BytesIO(PDF), "proof.pdf")},
            headers={"Authorization": f"Bearer {world.tokens[login]}"},
        )

    assert send("duchuan", "file").status_code == 404
    assert refusal(send("sunyue", "picture")) == (422, "MISSING_KEY")


def test_a_comment_is_kept(world: World) -> None:
    (task,) = started(world)

    made = world.sunyue.post(f"/tasks/{task}/comments", {"text": "the customer calls at four"})

    assert (made["by"], made["text"]) == ("sunyue", "the customer calls at four")


def test_a_comment_needs_its_text(world: World) -> None:
    (task,) = started(world)

    assert refusal(world.sunyue.call("POST", f"/tasks/{task}/comments", {})) == (
        422,
        "MISSING_KEY",
    )
