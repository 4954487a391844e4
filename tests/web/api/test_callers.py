"""Who may call the API at all, and in which shape; every endpoint is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jiedan.web.api.docs import Description, document
from tests.world import World

ID = "01a20004-1eb0-7f5d-ba44-cc381041d20d"


def endpoints(world: World) -> Iterator[tuple[str, str, Description | None]]:
    """(method, address, description) of everything under /api/v1."""
    for rule in world.app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1"):
            continue
        said = getattr(world.app.view_functions[rule.endpoint], "description", None)
        address = rule.rule
        for argument in rule.arguments:
            address = address.replace(f"<{argument}>", ID)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, address, said


@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer ", "Basic c3VueXVlOng=", "Bearer wrong", "Bearer 令牌", "token x"],
)
def test_no_endpoint_answers_without_a_good_token(world: World, header: str | None) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")} if header else {}

    asked = 0
    for method, address, said in endpoints(world):
        if said is not None and (said.open or said.signed):
            continue
        answer = world.client.open(address, method=method, json={}, headers=headers)
        assert answer.status_code == 401, (method, address)
        assert answer.mimetype == "application/problem+json"
        asked += 1
    assert asked >= 10


def test_a_cookie_is_no_token(world: World) -> None:
    """A page of somebody else's can send cookies; it cannot send a token."""
    browser = world.app.test_client()
    page = browser.get("/sign-in").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    entered = browser.post("/sign-in/demo", data={"csrf_token": token, "login": "sunyue"})

    assert entered.status_code == 303
    assert browser.get("/api/v1/tasks").status_code == 401


def test_every_endpoint_is_described(world: World) -> None:
    assert [(method, rule) for method, rule, said in endpoints(world) if said is None] == []


def test_the_description_is_open_and_complete(world: World) -> None:
    spec = world.client.get("/api/v1/openapi.json").get_json()

    assert spec["openapi"].startswith("3.1")
    described = {
        (method.upper(), address)
        for address, operations in spec["paths"].items()
        for method in operations
    }
    assert len(described) == len(list(endpoints(world)))
    assert ("POST", "/api/v1/tasks/{task_id}/completion") in described


def test_the_description_is_sound_openapi(world: World) -> None:
    with world.app.test_request_context():
        spec = document()
    json.dumps(spec)
    names = []
    for address, operations in spec["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == {part[1:-1] for part in address.split("/") if part.startswith("{")}
            assert operation["summary"]
            assert operation["responses"]
            assert set(operation["tags"]) <= {tag["name"] for tag in spec["tags"]}
            for way in operation["security"]:
                assert set(way) <= set(spec["components"]["securitySchemes"])
            for reference in _references(operation):
                assert reference.rpartition("/")[2] in spec["components"]["schemas"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                assert set(schema.get("required", ())) <= set(schema.get("properties", ()))
    assert len(names) == len(set(names))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[1, 2]", (400, "NOT_JSON")),
        (b'"text"', (400, "NOT_JSON")),
        (b"{", (400, "NOT_JSON")),
        (b"\xff\xfe", (400, "NOT_JSON")),
        (b'{"version": NaN}', (400, "NOT_JSON")),
        (b"[" * 100_000, (400, "NOT_JSON")),
        (b'{"version": 1, "role": "GM"}', (400, "UNKNOWN_KEY")),
        (b'{"version": true}', (422, "WRONG_TYPE")),
        (b'{"version": "1"}', (422, "WRONG_TYPE")),
        (b'{"variables": []}', (422, "WRONG_TYPE")),
        (b'{"version": 1e999}', (400, "NOT_JSON")),
        (b'{"note": "' + b"x" * 1_100_000 + b'"}', (413, None)),
    ],
)
def test_a_body_that_is_not_what_was_asked_for_is_refused(
    world: World, content: bytes, expected: tuple[int, str | None]
) -> None:
    """SPEC A25."""
    task = world.chenjing.start(channel="sales", entry="order")["next_tasks"][0]["id"]

    answer = world.client.post(
        f"/api/v1/tasks/{task}/completion",
        data=content,
        content_type="application/json",
        headers={"Authorization": f"Bearer {world.tokens['sunyue']}"},
    )

    assert answer.status_code == expected[0]
    assert expected[1] in (None, answer.get_json()["code"])
    assert world.sunyue.get(f"/tasks/{task}")["version"] == 1


@pytest.mark.parametrize(("language", "detail"), [("zh-CN", "令牌"), ("en", "API token")])
def test_problems_are_told_in_the_callers_language(
    world: World, language: str, detail: str
) -> None:
    answer = world.client.get("/api/v1/tasks", headers={"Accept-Language": language})

    assert detail in answer.get_json()["detail"]


def test_an_unknown_address_is_a_problem_too(world: World) -> None:
    answer = world.client.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_a_wrong_method_is_a_problem_too(world: World) -> None:
    answer = world.sunyue.call("PATCH", "/tasks")

    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")


def test_the_page_for_people_lists_every_address(world: World) -> None:
    page = world.client.get("/api/docs", headers={"Accept-Language": "en"}).text

    with world.app.test_request_context():
        for address in document()["paths"]:
            assert address in page
