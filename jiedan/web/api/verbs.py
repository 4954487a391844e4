"""What people do with tasks and requests besides completing them, over the API."""

from __future__ import annotations

from typing import Any

from flask import request

from jiedan.core.errors import Invalid
from jiedan.core.i18n import lazy
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs import (
    absence,
    bulk,
    commenting,
    copying,
    handing,
    offers,
    refusing,
    returning,
    signing,
    urging,
)
from jiedan.flow.verbs.results import VerbDone
from jiedan.web.api import shapes
from jiedan.web.api.body import WrongType, flag, identifier, json_body, page_size
from jiedan.web.api.caller import caller
from jiedan.web.api.docs import describe
from jiedan.web.api.routes import blueprint
from jiedan.web.house import flow

Reply = tuple[dict[str, Any], int]
BULK = {
    "verb": str,
    "tasks": list,
    "dry_run": bool,
    "to": str,
    "reason": str,
    "outcome": str,
    "note": str,
}


class UnknownBulk(Invalid):
    """`verb` is claim, approve or transfer."""


# --- tasks -------------------------------------------------------------------------------------
@blueprint.post("/v1/tasks/<task_id>/transfer")
@describe(
    lazy("Transfer a task to somebody else"),
    body={"to": str, "reason": str, "version": int},
    required=("to",),
)
def transfer(task_id: str) -> Reply:
    body = json_body({"to": str, "reason": str, "version": int}, "to")
    done = handing.transfer_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        to=body["to"],
        reason=body.get("reason") or "",
        version=body.get("version"),
    )
    return verb_done(done), 200


@blueprint.post("/v1/tasks/<task_id>/delegation")
@describe(
    lazy("Let somebody answer first; the task comes back then"),
    body={"to": str, "reason": str, "version": int},
    required=("to",),
)
def delegate(task_id: str) -> Reply:
    body = json_body({"to": str, "reason": str, "version": int}, "to")
    done = handing.delegate_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        to=body["to"],
        reason=body.get("reason") or "",
        version=body.get("version"),
    )
    return verb_done(done), 200


@blueprint.get("/v1/tasks/<task_id>/signers")
@describe(lazy("List those who sign the task's step"))
def list_signers(task_id: str) -> Reply:
    found = signing.signers_of(flow(), actor=caller(), task_id=identifier(task_id))
    return {"signers": None if found is None else shapes.plain(found)}, 200


@blueprint.post("/v1/tasks/<task_id>/signers")
@describe(
    lazy("Add signers before, after or beside"),
    body={"people": list, "how": str, "mode": str, "reason": str, "version": int},
    required=("people", "how"),
)
def add_signers(task_id: str) -> Reply:
    body = json_body(
        {"people": list, "how": str, "mode": str, "reason": str, "version": int}, "people", "how"
    )
    done = signing.add_signers(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        people=_logins(body["people"], "people"),
        how=body["how"],
        mode=body.get("mode") or "all",
        reason=body.get("reason") or "",
        version=body.get("version"),
    )
    return verb_done(done), 200


@blueprint.delete("/v1/tasks/<task_id>/signers/<seat_id>")
@describe(lazy("Remove a signer who has not answered yet"))
def remove_signer(task_id: str, seat_id: str) -> Reply:
    done = signing.remove_signer(
        flow(), actor=caller(), task_id=identifier(task_id), seat_id=identifier(seat_id)
    )
    return verb_done(done), 200


@blueprint.get("/v1/tasks/<task_id>/returns")
@describe(lazy("List the steps a task can be returned to"))
def return_targets(task_id: str) -> Reply:
    found = returning.return_targets(flow(), actor=caller(), task_id=identifier(task_id))
    return {"items": shapes.plain(found)}, 200


@blueprint.post("/v1/tasks/<task_id>/returns")
@describe(
    lazy("Return a task to a step that was done"),
    body={"element": str, "process": str, "redo": str, "reason": str, "version": int},
    required=("element",),
)
def return_task(task_id: str) -> Reply:
    body = json_body(
        {"element": str, "process": str, "redo": str, "reason": str, "version": int}, "element"
    )
    done = returning.return_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        element_id=body["element"],
        process_id=body.get("process"),
        redo=body.get("redo") or "all",
        reason=body.get("reason") or "",
        version=body.get("version"),
    )
    return verb_done(done), 200


@blueprint.post("/v1/tasks/<task_id>/rejection")
@describe(lazy("Reject a task"), body={"reason": str, "version": int})
def reject(task_id: str) -> Reply:
    body = json_body({"reason": str, "version": int})
    done = refusing.reject_task(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        reason=body.get("reason") or "",
        version=body.get("version"),
    )
    return verb_done(done), 200


@blueprint.delete("/v1/tasks/<task_id>/completion")
@describe(lazy("Withdraw what I decided, while nobody has touched what came of it"))
def withdraw(task_id: str) -> Reply:
    done = returning.withdraw_decision(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        reason=request.args.get("reason", ""),
    )
    return verb_done(done), 200


@blueprint.post("/v1/tasks/<task_id>/copies")
@describe(
    lazy("Send copies for information"),
    body={"people": list, "note": str},
    required=("people",),
    answers=201,
)
def copy_task(task_id: str) -> Reply:
    body = json_body({"people": list, "note": str}, "people")
    done = copying.send_copies(
        flow(),
        actor=caller(),
        task_id=identifier(task_id),
        people=_logins(body["people"], "people"),
        note=body.get("note") or "",
    )
    return verb_done(done), 201


@blueprint.post("/v1/tasks/bulk")
@describe(
    lazy("Claim, approve or transfer many tasks; with a dry run"),
    body=BULK,
    required=("verb", "tasks"),
)
def do_in_bulk() -> Reply:
    body = json_body(BULK, "verb", "tasks")
    ids = tuple(identifier(str(one)) for one in body["tasks"])
    dry_run = bool(body.get("dry_run"))
    match body["verb"]:
        case "claim":
            done = bulk.bulk_claim(flow(), actor=caller(), task_ids=ids, dry_run=dry_run)
        case "approve":
            answer = Answer(outcome=body.get("outcome"), note=body.get("note"))
            done = bulk.bulk_approve(
                flow(), actor=caller(), task_ids=ids, answer=answer, dry_run=dry_run
            )
        case "transfer":
            done = bulk.bulk_transfer(
                flow(),
                actor=caller(),
                task_ids=ids,
                to=body.get("to") or "",
                reason=body.get("reason") or "",
                dry_run=dry_run,
            )
        case _:
            raise UnknownBulk
    return {**shapes.plain(done), "done": done.done}, 200


@blueprint.post("/v1/tasks/handover")
@describe(
    lazy("Hand everything that is open for somebody over to somebody else"),
    body={"login": str, "to": str, "reason": str, "dry_run": bool},
    required=("login", "to", "reason"),
)
def hand_over() -> Reply:
    body = json_body(
        {"login": str, "to": str, "reason": str, "dry_run": bool}, "login", "to", "reason"
    )
    done = absence.hand_over(
        flow(),
        actor=caller(),
        login=body["login"],
        to=body["to"],
        reason=body["reason"],
        dry_run=bool(body.get("dry_run")),
    )
    return shapes.plain(done), 200


# --- instances ---------------------------------------------------------------------------------
@blueprint.get("/v1/instances/<instance_id>/verbs")
@describe(lazy("List what I may do with an instance"))
def instance_verbs(instance_id: str) -> Reply:
    found = offers.verbs_of_instance(flow(), actor=caller(), instance_id=identifier(instance_id))
    return {"verbs": sorted(found)}, 200


@blueprint.post("/v1/instances/<instance_id>/cancellation")
@describe(lazy("Cancel a request that I started"), body={"reason": str}, required=("reason",))
def cancel(instance_id: str) -> Reply:
    body = json_body({"reason": str}, "reason")
    done = refusing.cancel_request(
        flow(), actor=caller(), instance_id=identifier(instance_id), reason=body["reason"]
    )
    return verb_done(done), 200


@blueprint.post("/v1/instances/<instance_id>/resubmission")
@describe(lazy("Submit a request that has ended again"), answers=201)
def resubmit(instance_id: str) -> Reply:
    done = refusing.resubmit(flow(), actor=caller(), instance_id=identifier(instance_id))
    return shapes.plain(done), 201


@blueprint.post("/v1/instances/<instance_id>/urgings")
@describe(lazy("Urge those whom an instance waits for"), body={"text": str}, answers=201)
def urge(instance_id: str) -> Reply:
    body = json_body({"text": str})
    done = urging.urge(
        flow(),
        actor=caller(),
        instance_id=identifier(instance_id),
        text=body.get("text") or "",
    )
    return shapes.plain(done), 201


@blueprint.post("/v1/instances/<instance_id>/copies")
@describe(
    lazy("Send copies of an instance for information"),
    body={"people": list, "note": str},
    required=("people",),
    answers=201,
)
def copy_instance(instance_id: str) -> Reply:
    body = json_body({"people": list, "note": str}, "people")
    done = copying.send_copies(
        flow(),
        actor=caller(),
        instance_id=identifier(instance_id),
        people=_logins(body["people"], "people"),
        note=body.get("note") or "",
    )
    return verb_done(done), 201


@blueprint.post("/v1/instances/<instance_id>/comments")
@describe(
    lazy("Comment on an instance and mention people"),
    body={"text": str, "mentions": list},
    required=("text",),
    answers=201,
)
def comment(instance_id: str) -> Reply:
    body = json_body({"text": str, "mentions": list}, "text")
    made = commenting.comment_with_mentions(
        flow(),
        actor=caller(),
        instance_id=identifier(instance_id),
        text=body["text"],
        mentions=_logins(body.get("mentions") or [], "mentions"),
    )
    return shapes.plain(made), 201


# --- copies ------------------------------------------------------------------------------------
@blueprint.get("/v1/copies")
@describe(lazy("List the copies sent to me"), query=("q", "unread", "after", "size"))
def list_copies() -> Reply:
    found = copying.list_copies(
        flow(),
        actor=caller(),
        unread_only=flag("unread"),
        query=request.args.get("q", ""),
        after=request.args.get("after") or None,
        size=page_size(),
    )
    return shapes.page(found, [shapes.plain(one) for one in found.items]), 200


@blueprint.post("/v1/copies/<instance_id>/reading")
@describe(lazy("Mark my copy of an instance as read"))
def read_copy(instance_id: str) -> Reply:
    count = copying.read_copies(flow(), actor=caller(), instance_id=identifier(instance_id))
    return {"read": count}, 200


def verb_done(done: VerbDone) -> dict[str, Any]:
    """What every verb answers."""
    return {
        "verb": done.verb,
        "instance_id": str(done.instance_id),
        "task_id": None if done.task_id is None else str(done.task_id),
        "instance_state": shapes.plain(done.instance_state),
        "next_tasks": [shapes.next_task(task) for task in done.next_tasks],
    }


def _logins(said: list[Any], name: str) -> tuple[str, ...]:
    if not all(isinstance(one, str) for one in said):
        raise WrongType(name=name)
    return tuple(said)
