"""User tasks over the API: list, open, claim, draft, complete, comment."""

from __future__ import annotations

from typing import Any, Literal, cast

from flask import request

from jiedan.core.errors import Invalid
from jiedan.core.i18n import lazy
from jiedan.flow import inbox, remarks, tasks
from jiedan.flow.inbox import TaskFilters
from jiedan.flow.tasks import Answer
from jiedan.web.api import shapes
from jiedan.web.api.body import flag, idempotency_key, identifier, json_body, page_size
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow

Reply = tuple[dict[str, Any], int]


class UnknownView(Invalid):
    """`view` is todo or done, `sort` is due, created or priority."""


@blueprint.get("/v1/tasks")
@describe(
    lazy("List my user tasks"),
    query=("view", "q", "process", "element", "overdue", "mine", "sort", "after", "size"),
)
def list_tasks() -> Reply:
    view = request.args.get("view", "todo")
    sort = request.args.get("sort", "due")
    if view not in ("todo", "done") or sort not in ("due", "created", "priority"):
        raise UnknownView()
    found = inbox.list_tasks(
        flow(),
        actor=caller(),
        view=cast(Literal["todo", "done"], view),
        query=request.args.get("q", ""),
        filters=TaskFilters(
            process_id=request.args.get("process") or None,
            element_id=request.args.get("element") or None,
            overdue=flag("overdue"),
            mine_only=flag("mine"),
        ),
        sort=cast(Literal["due", "created", "priority"], sort),
        after=request.args.get("after") or None,
        size=page_size(),
    )
    return shapes.page(found, [shapes.task_row(task) for task in found.items]), 200


@blueprint.get("/v1/tasks/<task_id>")
@describe(lazy("Read a task with its form, data, version and allowed verbs"))
def read_task(task_id: str) -> Reply:
    found = tasks.open_task(flow(), actor=caller(), task_id=identifier(task_id))
    return shapes.opened_task(found), 200


@blueprint.post("/v1/tasks/<task_id>/claim")
@describe(lazy("Claim a task"), body={"version": int})
def claim_task(task_id: str) -> Reply:
    body = json_body({"version": int})
    found = tasks.claim_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        version=body.get("version"),
    )
    return shapes.opened_task(found), 200


@blueprint.delete("/v1/tasks/<task_id>/claim")
@describe(lazy("Give a claimed task back"))
def unclaim_task(task_id: str) -> Reply:
    found = tasks.unclaim_task(flow(), actor=caller(), task_id=identifier(task_id))
    return shapes.opened_task(found), 200


@blueprint.put("/v1/tasks/<task_id>/draft")
@describe(
    lazy("Keep what was typed so far"),
    body={"version": int, "variables": dict},
    required=("version", "variables"),
)
def save_draft(task_id: str) -> Reply:
    body = json_body({"version": int, "variables": dict}, "version", "variables")
    version = tasks.save_draft(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        version=body["version"],
        values=body["variables"],
    )
    return {"version": version}, 200


@blueprint.post("/v1/tasks/<task_id>/completion")
@describe(
    lazy("Complete a task"),
    body={"version": int, "outcome": str, "variables": dict, "note": str},
    keyed=True,
)
def complete_task(task_id: str) -> Reply:
    body = json_body({"version": int, "outcome": str, "variables": dict, "note": str})
    result = tasks.complete_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        version=body.get("version"),
        answer=Answer(
            outcome=body.get("outcome"),
            values=body.get("variables") or {},
            note=body.get("note"),
        ),
        key=idempotency_key(),
    )
    return shapes.completed(result), 200


@blueprint.post("/v1/tasks/<task_id>/comments")
@describe(lazy("Comment on a task"), body={"text": str}, required=("text",), answers=201)
def comment_on_task(task_id: str) -> Reply:
    body = json_body({"text": str}, "text")
    made = remarks.comment(flow(), actor=caller(), task_id=identifier(task_id), text=body["text"])
    return shapes.plain(made), 201
