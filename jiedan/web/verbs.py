"""What people do with a task or a request besides handing it in: one form for each verb.

Each verb has a page of its own, so that it works without JavaScript; with it, the same page opens
in a dialog.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.actor import Actor
from jiedan.core.errors import Conflict, Forbidden, Invalid, JiedanError, NotFound
from jiedan.core.i18n import gettext, lazy
from jiedan.flow.instances import show_instance
from jiedan.flow.tasks import OpenedTask, open_task
from jiedan.flow.verbs.copying import send_copies
from jiedan.flow.verbs.handing import delegate_task, transfer_task
from jiedan.flow.verbs.offers import verbs_of_instance
from jiedan.flow.verbs.refusing import cancel_request, reject_task, resubmit
from jiedan.flow.verbs.results import VerbDone
from jiedan.flow.verbs.returning import return_targets, return_task, withdraw_decision
from jiedan.flow.verbs.signing import add_signers, remove_signer, signers_of
from jiedan.flow.verbs.urging import urge
from jiedan.web.errors import status_of
from jiedan.web.formatting import owner_names, said
from jiedan.web.house import flow, house, person
from jiedan.web.inbox.asked import last_place
from jiedan.web.instance_rights import require_sight
from jiedan.web.verb_words import OF_INSTANCE, OF_TASK, Verb

blueprint = Blueprint("verbs", __name__)
_BETWEEN = re.compile(r"[,，、;；\n]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb that this person may use now, with its address."""

    verb: Verb
    url: str


def offers_for(task: OpenedTask) -> list[Offer]:
    """The verbs of a task's page, in the order of the buttons."""
    return [
        Offer(verb, url_for("verbs.ask", task_id=task.task_id, name=verb.name))
        for verb in OF_TASK.values()
        if verb.needs & allowed(task)
    ]


def offers_of_instance(instance_id: UUID, actor: Actor) -> list[Offer]:
    """What the initiator and others may do with a whole request."""
    may = _of_whole(instance_id, actor)
    return [
        Offer(verb, url_for("verbs.ask_instance", instance_id=instance_id, name=verb.name))
        for verb in OF_INSTANCE.values()
        if verb.needs & may
    ]


@blueprint.record
def furnish(state: object) -> None:
    """Let the pages of orders offer what can be done with the whole request."""
    app: Flask = state.app  # type: ignore[attr-defined]
    app.jinja_env.globals["instance_offers"] = lambda instance_id: offers_of_instance(
        instance_id, person()
    )


# --- a task ------------------------------------------------------------------------------------
@blueprint.get("/tasks/<uuid:task_id>/verbs/<name>")
def ask(task_id: UUID, name: str) -> str:
    """The form of one verb."""
    task, verb = _task_and_verb(task_id, name)
    return _form(task, verb)


@blueprint.post("/tasks/<uuid:task_id>/verbs/<name>")
def act(task_id: UUID, name: str) -> Response | tuple[str, int]:
    """Do it; what was refused comes back with what was typed."""
    task, verb = _task_and_verb(task_id, name)
    try:
        done = _ACTS[name](task)
    except (Invalid, Conflict, Forbidden) as refusal:
        return _form(task, verb, refusal=refusal), status_of(refusal)
    flash(str(verb.done), "good")
    mine = next((one for one in done.next_tasks if one.mine), None)
    if verb.name in ("copy", "remove_signer"):
        return _go_to(url_for("task.show", task_id=task_id))
    if mine is not None:
        return _go_to(url_for("task.show", task_id=mine.task_id))
    return _go_to(last_place() or url_for("inbox.todo"))


def _go_to(address: str) -> Response:
    """A dialog is told where to go, so that what is to be said waits for that page."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify(url=address)
    return redirect(address, 303)


def _task_and_verb(task_id: UUID, name: str) -> tuple[OpenedTask, Verb]:
    verb = OF_TASK.get(name)
    task = open_task(flow(), actor=person(), task_id=task_id)
    if verb is None or not verb.needs & allowed(task):
        raise NotFound
    return task, verb


def _form(task: OpenedTask, verb: Verb, refusal: JiedanError | None = None) -> str:
    more: dict[str, Any] = {}
    if verb.name == "return":
        more["targets"] = return_targets(flow(), actor=person(), task_id=task.task_id)
    if verb.name == "remove_signer":
        seats = signers_of(flow(), actor=person(), task_id=task.task_id)
        found = seats.seats if seats else ()
        more["seats"] = [(one, _seat_name(one)) for one in found if one.removable]
    return render_template(
        "verbs/ask.html",
        verb=verb,
        task=task,
        title=said(task),
        action=url_for("verbs.act", task_id=task.task_id, name=verb.name),
        back=url_for("task.show", task_id=task.task_id),
        needs_reason=bool(verb.needs & _reasons(task)),
        allowed=allowed(task),
        refusal=refusal,
        **more,
    )


def _seat_name(seat: Any) -> str:
    return owner_names((f"u:{seat.login}",) if seat.login else seat.owners)


def _reasons(task: OpenedTask) -> frozenset[str]:
    return task.reasons


def allowed(task: OpenedTask) -> frozenset[str]:
    """Everything that the reader may do with a task now."""
    return task.allowed_verbs | task.verbs


def _version() -> int | None:
    text = request.form.get("_version", "")
    return int(text) if text.isdigit() and len(text) < 10 else None


def _reason() -> str:
    return request.form.get("reason", "")[:1000].strip()


def _people() -> tuple[str, ...]:
    """The logins that were chosen or typed."""
    typed = [
        part.strip()
        for text in request.form.getlist("to")
        for part in _BETWEEN.split(text[:500])
        if part.strip()
    ]
    return tuple(dict.fromkeys(house().lookups.resolve("people", one) for one in typed))


def _one_person() -> str:
    people = _people()
    if len(people) != 1:
        raise Invalid({"to": lazy("Choose one person.")})
    return people[0]


def _transfer(task: OpenedTask) -> VerbDone:
    return transfer_task(
        flow(),
        actor=person(),
        task_id=task.task_id,
        to=_one_person(),
        reason=_reason(),
        version=_version(),
    )


def _delegate(task: OpenedTask) -> VerbDone:
    return delegate_task(
        flow(),
        actor=person(),
        task_id=task.task_id,
        to=_one_person(),
        reason=_reason(),
        version=_version(),
    )


def _add(task: OpenedTask) -> VerbDone:
    how = request.form.get("how", "")
    mode = request.form.get("mode", "all")
    if f"add_{how}" not in allowed(task):
        raise Invalid({"how": lazy("Choose when they decide.")})
    if not (people := _people()):
        raise Invalid({"to": lazy("Choose at least one person.")})
    return add_signers(
        flow(),
        actor=person(),
        task_id=task.task_id,
        people=people,
        how=how,
        mode=mode if mode in ("all", "any", "turn") else "all",  # type: ignore[arg-type]
        reason=_reason(),
        version=_version(),
    )


def _remove(task: OpenedTask) -> VerbDone:
    return remove_signer(
        flow(),
        actor=person(),
        task_id=task.task_id,
        seat_id=_uuid("seat"),
        reason=_reason(),
    )


def _return(task: OpenedTask) -> VerbDone:
    process_id, _, element_id = request.form.get("target", "").partition("/")
    if not element_id:
        raise Invalid({"target": lazy("Choose the step that is to be done again.")})
    redo = request.form.get("redo", "all")
    return return_task(
        flow(),
        actor=person(),
        task_id=task.task_id,
        element_id=element_id,
        process_id=process_id or None,
        reason=_reason(),
        redo=redo if redo in ("all", "back", "missing") else "all",  # type: ignore[arg-type]
        version=_version(),
    )


def _reject(task: OpenedTask) -> VerbDone:
    return reject_task(
        flow(), actor=person(), task_id=task.task_id, reason=_reason(), version=_version()
    )


def _withdraw(task: OpenedTask) -> VerbDone:
    return withdraw_decision(flow(), actor=person(), task_id=task.task_id, reason=_reason())


def _copy(task: OpenedTask) -> VerbDone:
    if not (people := _people()):
        raise Invalid({"to": lazy("Choose at least one person.")})
    return send_copies(flow(), actor=person(), people=people, task_id=task.task_id, note=_reason())


_ACTS: Mapping[str, Callable[[OpenedTask], VerbDone]] = {
    "transfer": _transfer,
    "delegate": _delegate,
    "add": _add,
    "remove_signer": _remove,
    "return": _return,
    "reject": _reject,
    "withdraw": _withdraw,
    "copy": _copy,
}


def _uuid(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError as error:
        raise Invalid({name: lazy("Choose one.")}) from error


# --- a request ---------------------------------------------------------------------------------
@blueprint.get("/instances/<uuid:instance_id>/verbs/<name>")
def ask_instance(instance_id: UUID, name: str) -> str:
    """The form of a verb that concerns the whole request."""
    return _instance_form(instance_id, _of_instance(instance_id, name))


@blueprint.post("/instances/<uuid:instance_id>/verbs/<name>")
def act_instance(instance_id: UUID, name: str) -> Response | tuple[str, int]:
    """Urge, cancel, or begin again."""
    verb = _of_instance(instance_id, name)
    target = instance_id
    try:
        if name == "urge":
            urge(flow(), actor=person(), instance_id=instance_id, text=_reason())
        elif name == "cancel":
            cancel_request(flow(), actor=person(), instance_id=instance_id, reason=_reason())
        else:
            again = resubmit(flow(), actor=person(), instance_id=instance_id)
            target = again.started_id or instance_id
    except (Invalid, Conflict, Forbidden) as refusal:
        return _instance_form(instance_id, verb, refusal), status_of(refusal)
    flash(str(verb.done), "good")
    return _go_to(url_for("orders.of_instance", instance_id=target))


def _of_instance(instance_id: UUID, name: str) -> Verb:
    verb = OF_INSTANCE.get(name)
    if verb is None or not verb.needs & _of_whole(instance_id, person()):
        raise NotFound
    return verb


def _of_whole(instance_id: UUID, actor: Actor) -> frozenset[str]:
    return verbs_of_instance(flow(), actor=actor, instance_id=instance_id)


def _instance_form(instance_id: UUID, verb: Verb, refusal: JiedanError | None = None) -> str:
    view = require_sight(show_instance(flow(), instance_id=instance_id), person())
    item = view.item
    return render_template(
        "verbs/ask.html",
        verb=verb,
        task=None,
        title=item.business_key or item.title or gettext("Request"),
        action=url_for("verbs.act_instance", instance_id=instance_id, name=verb.name),
        back=url_for("orders.of_instance", instance_id=instance_id),
        needs_reason=verb.name == "cancel",
        refusal=refusal,
    )
