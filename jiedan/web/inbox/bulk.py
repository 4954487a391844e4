"""One verb for many tasks: what would happen to each, then what did."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from jiedan.core.errors import NotFound
from jiedan.core.i18n import lazy
from jiedan.flow.task_views import Answer
from jiedan.flow.verbs.bulk import bulk_approve, bulk_claim, bulk_transfer
from jiedan.flow.verbs.results import BulkDone
from jiedan.web.house import flow, house, person
from jiedan.web.inbox.asked import last_place
from jiedan.web.inbox.routes import blueprint

MOST = 200
VERBS = {
    "approve": lazy("Approve"),
    "claim": lazy("Claim"),
    "transfer": lazy("Transfer"),
}


@blueprint.post("/inbox/bulk")
def rehearse() -> Response | str:
    """What would happen to each of the chosen tasks; nothing changes."""
    verb, ids = _verb(), _ids()
    if not ids:
        return redirect(_back(), 303)
    done = None if verb == "transfer" and not _to() else _do(verb, ids, dry_run=True)
    return render_template(
        "inbox/bulk.html", verb=verb, label=VERBS[verb], ids=ids, done=done, back=_back(), most=MOST
    )


@blueprint.post("/inbox/bulk/completion")
def carry_out() -> Response | str:
    """The verb done with each task, one after the other; a refusal stops nothing."""
    verb, ids = _verb(), _ids()
    if not ids:
        return redirect(_back(), 303)
    done = _do(verb, ids, dry_run=False)
    return render_template(
        "inbox/bulk.html", verb=verb, label=VERBS[verb], ids=ids, done=done, back=_back(), most=MOST
    )


def _do(verb: str, ids: tuple[UUID, ...], *, dry_run: bool) -> BulkDone:
    actor = person()
    if verb == "claim":
        return bulk_claim(flow(), actor=actor, task_ids=ids, dry_run=dry_run)
    note = request.form.get("reason", "")[:1000].strip()
    if verb == "transfer":
        return bulk_transfer(
            flow(), actor=actor, task_ids=ids, to=_to(), reason=note, dry_run=dry_run
        )
    # The word for agreeing is each step's own; only the opinion is shared.
    answer = Answer(note=note) if note else None
    return bulk_approve(flow(), actor=actor, task_ids=ids, answer=answer, dry_run=dry_run)


def _verb() -> str:
    verb = request.form.get("verb", "")
    if verb not in VERBS:
        raise NotFound
    return verb


def _to() -> str:
    return house().lookups.resolve("people", request.form.get("to", "")[:100])


def _ids() -> tuple[UUID, ...]:
    found = []
    for text in request.form.getlist("id")[:MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def _back() -> str:
    return last_place() or url_for("inbox.todo")
