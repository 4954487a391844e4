"""The API's description: OpenAPI 3.1 from what each endpoint says of itself, and a page of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import current_app, render_template

from jiedan.core.i18n import LazyText
from jiedan.web.api.routes import blueprint
from jiedan.web.house import open_to_all

View = TypeVar("View", bound=Callable[..., Any])
JSON_TYPES = {int: "integer", str: "string", dict: "object", bool: "boolean", list: "array"}
QUERY = {
    "view": "todo or done",
    "q": "text in number, title and summary; pinyin too",
    "process": "process id",
    "element": "element id",
    "overdue": "true: only what is past its deadline",
    "mine": "true: only what is assigned to me",
    "sort": "due, created or priority",
    "after": "cursor of the page before",
    "size": "rows of a page, 1 to 100",
}


@dataclass(frozen=True, slots=True)
class Description:
    """What an endpoint says of itself."""

    summary: LazyText
    body: Mapping[str, type]
    query: tuple[str, ...]
    keyed: bool
    signed: bool


def describe(
    summary: LazyText,
    *,
    body: Mapping[str, type] | None = None,
    query: tuple[str, ...] = (),
    keyed: bool = False,
    signed: bool = False,
) -> Callable[[View], View]:
    """Keep a description on a view; `keyed` takes an Idempotency-Key, `signed` needs no token.

    No endpoint uses the pages' sign-in: each asks for its caller itself.
    """

    def keep(view: View) -> View:
        said = Description(summary, body or {}, query, keyed, signed)
        cast(Any, view).description = said
        return cast(View, open_to_all(view))

    return keep


@blueprint.get("/v1/openapi.json")
@open_to_all
def openapi() -> dict[str, Any]:
    """The description for programs."""
    return document()


@blueprint.get("/docs")
@open_to_all
def page() -> str:
    """The description for people."""
    return render_template("api/docs.html", document=document())


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
        "info": {"title": "Jiedan", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "signature": {"type": "apiKey", "in": "header", "name": "X-Signature"},
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
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", address)
    ]
    parameters += [
        {"name": name, "in": "query", "description": QUERY[name], "schema": {"type": "string"}}
        for name in said.query
    ]
    if said.keyed:
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    answer: dict[str, Any] = {
        "operationId": endpoint.rpartition(".")[2],
        "summary": str(said.summary),
        "parameters": parameters,
        "security": [{"signature": []}] if said.signed else [{"token": []}],
        "responses": {
            "200": {"description": "done", "content": {"application/json": {}}},
            "default": {
                "description": "what went wrong and what to do",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    if said.body:
        properties = {name: {"type": JSON_TYPES[kind]} for name, kind in said.body.items()}
        answer["requestBody"] = {
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": properties,
                        "additionalProperties": False,
                    }
                }
            }
        }
    return answer
