"""The API's description: OpenAPI 3.1 from what each endpoint says of itself, and a page of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import current_app, render_template

from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.web.api.routes import blueprint
from jiedan.web.house import open_to_all

View = TypeVar("View", bound=Callable[..., Any])
JSON_TYPES = {int: "integer", str: "string", dict: "object", bool: "boolean", list: "array"}
QUERY: Mapping[str, tuple[LazyText, Mapping[str, Any]]] = {
    "view": (lazy("What I have to do, or what I did"), {"enum": ["todo", "done"]}),
    "q": (lazy("Text in number, title and summary; pinyin too"), {}),
    "process": (lazy("Id of a process"), {}),
    "element": (lazy("Id of an element"), {}),
    "overdue": (lazy("Only what is past its deadline"), {"type": "boolean"}),
    "unread": (lazy("Only what I have not read"), {"type": "boolean"}),
    "mine": (lazy("Only what is assigned to me"), {"type": "boolean"}),
    "sort": (lazy("What comes first"), {"enum": ["due", "created", "priority"]}),
    "all": (lazy("Also what was mended"), {"type": "boolean"}),
    "instance": (lazy("Id of an instance"), {}),
    "state": (
        lazy("Only jobs in this state"),
        {"enum": ["due", "running", "done", "incident", "suspended", "cancelled"]},
    ),
    "version": (lazy("The version to come from"), {"type": "integer"}),
    "target": (lazy("The version to go to"), {"type": "integer"}),
    "after": (lazy("The cursor `after` of the page before"), {}),
    "size": (lazy("Rows of a page"), {"type": "integer", "minimum": 1, "maximum": 100}),
}
HEADERS: Mapping[str, LazyText] = {
    "Idempotency-Key": lazy("The same key again gets the first result"),
    "X-Platform": lazy("Which platform calls"),
    "X-Platform-Timestamp": lazy("Seconds since 1970, at most five minutes off"),
    "X-Platform-Signature": lazy("HMAC-SHA256 over timestamp, line feed and body, in hexadecimal"),
}
SIGNATURE = "X-Platform-Signature"
SIGNED = ("X-Platform", "X-Platform-Timestamp")
TOPICS: Mapping[str, LazyText] = {
    "tasks": lazy("User tasks"),
    "processes": lazy("Processes"),
    "instances": lazy("Instances"),
    "incidents": lazy("Incidents"),
    "jobs": lazy("Jobs"),
    "migrations": lazy("Migrations"),
    "copies": lazy("Copies for information"),
    "messages": lazy("Messages"),
    "orders": lazy("Orders"),
    "platform": lazy("Sales platforms"),
    "clock": lazy("The demo's clock"),
    "openapi.json": lazy("This description"),
}


@dataclass(frozen=True, slots=True)
class Description:
    """What an endpoint says of itself."""

    summary: LazyText
    body: Mapping[str, type]
    required: tuple[str, ...]
    query: tuple[str, ...]
    keyed: bool
    signed: bool
    file: bool
    open: bool
    answers: int


def describe(
    summary: LazyText,
    *,
    body: Mapping[str, type] | None = None,
    required: tuple[str, ...] = (),
    query: tuple[str, ...] = (),
    keyed: bool = False,
    signed: bool = False,
    file: bool = False,
    open: bool = False,
    answers: int = 200,
) -> Callable[[View], View]:
    """Keep a description on a view.

    `keyed` takes an Idempotency-Key, `signed` is proved by a signature instead of a token, `open`
    by nothing; `file` takes a multipart form with a file; `answers` is the status of success. No
    endpoint uses the pages' sign-in: each asks for its caller itself.
    """

    def keep(view: View) -> View:
        said = Description(summary, body or {}, required, query, keyed, signed, file, open, answers)
        cast(Any, view).description = said
        return cast(View, open_to_all(view))

    return keep


@blueprint.get("/v1/openapi.json")
@describe(lazy("Read this description"), open=True)
def openapi() -> dict[str, Any]:
    """The description for programs."""
    return document()


@blueprint.get("/docs")
@open_to_all
def page() -> str:
    """The description for people."""
    paths = document()["paths"]
    topics: dict[str, list[tuple[str, str, dict[str, Any]]]] = {topic: [] for topic in TOPICS}
    for address, operations in paths.items():
        for method, said in operations.items():
            topics[_topic(address)].append((method, address, said))
    return render_template("api/docs.html", topics=topics, names=TOPICS)


def document() -> dict[str, Any]:
    """The OpenAPI document of everything that the running application offers under /api/v1."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in current_app.url_map.iter_rules():
        said = getattr(current_app.view_functions[rule.endpoint], "description", None)
        if not isinstance(said, Description):
            continue
        address = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(address, {})[method.lower()] = operation(rule.endpoint, said, address)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jiedan",
            "version": "1",
            "description": gettext(
                "Send a token with each call: Authorization: Bearer …. An administrator makes "
                "one with jiedan token LOGIN."
            ),
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": str(name)} for name in TOPICS.values()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": SIGNATURE,
                    "description": str(HEADERS[SIGNATURE]),
                },
            },
            "schemas": {"Problem": PROBLEM},
        },
    }


PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable, for programs"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["title", "status", "code"],
}


def operation(endpoint: str, said: Description, address: str) -> dict[str, Any]:
    """One endpoint as OpenAPI says it."""
    answer: dict[str, Any] = {
        "operationId": endpoint.rpartition(".")[2],
        "summary": str(said.summary),
        "tags": [str(TOPICS[_topic(address)])],
        "parameters": list(_parameters(said, address)),
        "security": [] if said.open else [{"signature": []}] if said.signed else [{"token": []}],
        "responses": {
            str(said.answers): {
                "description": gettext("Done"),
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": {
                "description": gettext("What went wrong, and what to do"),
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    content = _content(said)
    if content:
        answer["requestBody"] = {"required": bool(said.required or said.file), "content": content}
    return answer


def _parameters(said: Description, address: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", address):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in said.query:
        about, schema = QUERY[name]
        yield {
            "name": name,
            "in": "query",
            "description": str(about),
            "schema": {"type": "string", **schema},
        }
    names = ("Idempotency-Key",) if said.keyed else SIGNED if said.signed else ()
    for name in names:
        yield {
            "name": name,
            "in": "header",
            "required": name == "X-Platform-Timestamp",
            "description": str(HEADERS[name]),
            "schema": {"type": "string"},
        }


def _content(said: Description) -> dict[str, Any]:
    if said.file:
        part = {"type": "string", "contentMediaType": "application/octet-stream"}
        form = {"type": "object", "properties": {"file": part}, "required": ["file"]}
        return {"multipart/form-data": {"schema": form}}
    if said.signed:
        return {"application/json": {"schema": {"type": "object"}}}
    if not said.body:
        return {}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": JSON_TYPES[kind]} for name, kind in said.body.items()},
        "additionalProperties": False,
    }
    if said.required:
        schema["required"] = list(said.required)
    return {"application/json": {"schema": schema}}


def _topic(address: str) -> str:
    return address.split("/")[3]
