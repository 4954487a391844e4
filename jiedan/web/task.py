"""The page of one task: its form beside the order's facts, its files, comments and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from jiedan.core.errors import Conflict, Forbidden, Invalid, JiedanError, NotFound
from jiedan.core.i18n import current_locale, gettext
from jiedan.flow.errors import StaleTask, TaskAlreadyCompleted, TaskNoLongerOpen
from jiedan.flow.history import list_history
from jiedan.flow.inbox import mark_seen
from jiedan.flow.predicting import predict
from jiedan.flow.remarks import detach
from jiedan.flow.tasks import (
    Answer,
    Completed,
    OpenedTask,
    claim_task,
    complete_task,
    open_task,
    save_draft,
    unclaim_task,
)
from jiedan.web.errors import status_of
from jiedan.web.formatting import brief, moment_short, person_name, plain, said
from jiedan.web.house import flow, now, person
from jiedan.web.inbox.asked import last_place
from jiedan.web.order_facts import order_beside
from jiedan.web.outcomes import outcome_name
from jiedan.web.preferences import keep
from jiedan.web.task_beside import next_in_list, say, seats_of, sign_if_drawn, signatures_of
from jiedan.web.task_form import TaskForm, change_rows, form_of, put_beside, read_answer
from jiedan.web.timeline import tell
from jiedan.web.verbs import offers_for, offers_of_instance

blueprint = Blueprint("task", __name__, url_prefix="/tasks/<uuid:task_id>")
EDITING = frozenset({"complete", "save"})


@blueprint.get("")
def show(task_id: UUID) -> str:
    """The task as it is, with the draft when there is one."""
    task = _open(task_id)
    mark_seen(flow(), actor=person(), task_id=task_id)
    return _page(task, form_of(task))


def _open(task_id: UUID) -> OpenedTask:
    return open_task(flow(), actor=person(), task_id=task_id)


def _page(task: OpenedTask, form: TaskForm | None, **more: Any) -> str:
    return render_template("task/show.html", **_parts(task, form), **more)


def _parts(task: OpenedTask, form: TaskForm | None) -> dict[str, Any]:
    editable = bool(task.verbs & EDITING)
    history = list_history(flow(), instance_id=task.instance_id)
    actor = person()
    return {
        "task": task,
        "form": form,
        "shown": form.shown(read_only=not editable) if form else None,
        "editable": editable,
        "key": request.form.get("_key") or uuid4().hex,
        "order": order_beside(task),
        "story": tell(history),
        "ahead": predict(flow(), actor=actor, task=task, answer=form.raw if form else None),
        "offers": [*offers_for(task), *offers_of_instance(task.instance_id, actor)],
        "signatures": signatures_of(task),
        "must_sign": task.properties.get("jiedan:signature") == "required",
        "signers": seats_of(task),
        "back": last_place() or url_for("inbox.todo"),
        "goes_on": request.cookies.get("after_task") != "list",
        "etag": _standing(task)[0],
        "outcome_label": _label_of(form, task.outcome),
        "facts": _facts(task),
    }


def _facts(task: OpenedTask) -> list[tuple[str, Any]]:
    """What stands beside the form: the loader's facts, then what lists say of the instance."""
    facts = [(said(fact, "label", "label.en"), _value(fact)) for fact in task.facts]
    known = {label for label, _ in facts} | {str(plain(value)) for _, value in facts}
    of_lists = [(gettext(label), value) for label, value in brief(task.summary)]
    return [*facts, *(one for one in of_lists if not known & {one[0], str(plain(one[1]))})]


def _value(fact: Mapping[str, Any]) -> Any:
    """A fact's value, after the name of the person whom it is from."""
    by, value = fact.get("by"), fact.get("value")
    if not by:
        return value
    name = person_name(by)
    return name if value == by else gettext("%(who)s: %(what)s", who=name, what=value)


@blueprint.post("/form")
def recheck(task_id: UUID) -> str:
    """The form again, with a row more or less and conditions looked at anew; nothing is kept."""
    task, form = _answered(task_id)
    if form is None:
        return _page(task, form)
    command = request.form.get("_row")
    if command:
        change_rows(form, command)
    else:
        form.complain_early()
    if request.headers.get("HX-Request") == "true":
        return render_template("task/form.html", **_parts(task, form))
    return _page(task, form)


@blueprint.post("/draft")
def draft(task_id: UUID) -> AnyResponse | str:
    """Keep what is filled in, right or wrong, for later."""
    task, form = _answered(task_id)
    values = form.raw if form and form.raw else {}
    version = save_draft(
        flow(), actor=person(), task_id=task_id, version=_version(task), values=values
    )
    if request.accept_mimetypes.best == "application/json":
        at = moment_short(now())
        return jsonify(version=version, said=gettext("saved %(time)s", time=at))
    flash(gettext("Saved. Nobody else sees it until you hand it in."), "good")
    return redirect(url_for("task.show", task_id=task_id), 303)


@blueprint.post("/completion")
def complete(task_id: UUID) -> AnyResponse | tuple[str, int] | str:
    """Hand the task in and go on to the next one that is mine, else to the inbox."""
    task, form = _answered(task_id)
    outcome = request.form.get("_outcome") or None
    try:
        sign_if_drawn(task)
        done = complete_task(
            flow(),
            actor=person(),
            task_id=task_id,
            version=_version(task),
            answer=Answer(
                outcome=outcome,
                values=form.raw if form and form.raw else {},
                note=request.form.get("_note", "")[:1000].strip() or None,
            ),
            key=request.form.get("_key") or None,
        )
    except Invalid as refusal:
        if form is None:
            raise
        form.errors.update(refusal.fields or {"_form": refusal.message()})
        return _page(task, form), status_of(refusal)
    except (TaskAlreadyCompleted, TaskNoLongerOpen):
        raise
    except (Conflict, Forbidden) as refusal:
        return _refused(task, form, refusal), status_of(refusal)
    return _go_on(task, _label_of(form, outcome), done)


@blueprint.get("/standing")
def standing(task_id: UUID) -> Response:
    """Whether the task is still to be done, and by whom: what an open page asks now and then."""
    try:
        task = _open(task_id)
    except NotFound:
        return jsonify(etag="gone", open=False, said=gettext("This task is no longer yours."))
    etag, is_open, text = _standing(task)
    if etag in request.if_none_match:
        return Response(status=304)
    answer = jsonify(etag=etag, open=is_open, said=text)
    answer.set_etag(etag)
    return answer


def _standing(task: OpenedTask) -> tuple[str, bool, str]:
    """(etag, whether this reader may still hand it in, what to say when not)."""
    login = person().login
    if task.completed_by:
        text = gettext(
            "%(who)s completed this on %(when)s: %(what)s",
            who=person_name(task.completed_by),
            when=moment_short(task.completed_at or now()),
            what=outcome_name(flow(), task.outcome) or gettext("done"),
        )
        return f"done-{task.version}", False, text
    if not task.state.is_open:
        return f"{task.state}", False, gettext("This task is no longer open.")
    if task.assignee not in (None, login):
        text = gettext("%(who)s has taken this task.", who=person_name(task.assignee))
        return f"taken-{task.assignee}", False, text
    return "open", bool(task.verbs & EDITING), ""


def _answered(task_id: UUID) -> tuple[OpenedTask, TaskForm | None]:
    task = _open(task_id)
    form = form_of(task)
    if form is not None:
        read_answer(form)
    return task, form


def _version(task: OpenedTask) -> int:
    """The version that the page was drawn from; files put beside the task do not count."""
    try:
        return int(request.form.get("_version", ""))
    except ValueError:
        return task.version


def _refused(task: OpenedTask, form: TaskForm | None, refusal: JiedanError) -> str:
    """What was typed stays on the page, together with why it was not taken."""
    if isinstance(refusal, StaleTask) and form is not None:
        return _page(task, form, refusal=refusal.message(), changed=_changes(task, form))
    return _page(task, form, refusal=refusal.message())


def _changes(task: OpenedTask, form: TaskForm) -> list[tuple[str, str, str]]:
    """What the stored draft holds against what was typed: (label, there, here)."""
    stored = form_of(task)
    assert stored is not None
    there, here = stored.shown(read_only=True), form.shown(read_only=True)
    found = []
    for theirs, mine in zip(_cells(there.rows), _cells(here.rows), strict=False):
        if theirs.name == mine.name and theirs.said != mine.said:
            found.append((mine.label, theirs.said, mine.said))
    return found


def _cells(rows: Any) -> list[Any]:
    cells = []
    for row in rows:
        for cell in row:
            cells.append(cell)
            cells.extend(_cells(cell.cells))
    return cells


def _label_of(form: TaskForm | None, outcome: str | None) -> str:
    """What the button is called on this very form."""
    pressed = form.form.outcome(outcome) if form and outcome else None
    return pressed.label.in_(current_locale()) if pressed else outcome_name(flow(), outcome)


def _go_on(task: OpenedTask, label: str, done: Completed) -> AnyResponse:
    told = [
        gettext("%(task)s: %(outcome)s.", task=said(task), outcome=label)
        if label
        else gettext("%(task)s is done.", task=said(task))
    ]
    mine = next((one for one in done.next_tasks if one.mine), None)
    if mine is not None:
        told.append(gettext("It goes on with you: %(task)s.", task=said(mine)))
    elif done.next_tasks:
        between = "、" if current_locale() == "zh" else ", "
        names = between.join(dict.fromkeys(said(one) for one in done.next_tasks[:5]))
        told.append(gettext("It goes on with others: %(tasks)s.", tasks=names))
    flash((" " if current_locale() == "en" else "").join(told), "good")
    response = redirect(_next_page(task, mine.task_id if mine else None), 303)
    if "_ahead" in request.form:
        keep(response, "after_task", "next" if request.form.get("_next") else "list")
    return response


def _next_page(task: OpenedTask, mine: UUID | None) -> str:
    """The order's own next step, else the next task of the list, else the list."""
    if mine is not None:
        return url_for("task.show", task_id=mine)
    if request.form.get("_next"):
        following = next_in_list(task.task_id)
        if following is not None:
            return url_for("task.show", task_id=following)
    return last_place() or url_for("inbox.todo")


@blueprint.post("/claim")
def claim(task_id: UUID) -> AnyResponse:
    """Take the task out of the others' inboxes."""
    try:
        claim_task(flow(), actor=person(), task_id=task_id)
    except (Conflict, Forbidden) as refusal:
        flash(refusal.message(), "warn")
    return redirect(url_for("task.show", task_id=task_id), 303)


@blueprint.post("/unclaim")
def unclaim(task_id: UUID) -> AnyResponse:
    """Give the task back."""
    unclaim_task(flow(), actor=person(), task_id=task_id)
    flash(gettext("Given back."), "good")
    return redirect(url_for("inbox.todo"), 303)


@blueprint.post("/comments")
def add_comment(task_id: UUID) -> AnyResponse:
    """Say something that stays beside the task."""
    task = _open(task_id)
    text = request.form.get("text", "").strip()
    if not text or len(text) > 1000:
        flash(gettext("A comment has 1 to 1000 characters."), "bad")
    else:
        say(task.task_id, text)
    return redirect(url_for("task.show", task_id=task_id, _anchor="comments"), 303)


@blueprint.post("/files")
def add_files(task_id: UUID) -> AnyResponse:
    """Put files beside the task."""
    task = _open(task_id)
    for upload in request.files.getlist("file"):
        if not upload.filename:
            continue
        try:
            put_beside(task.task_id, upload)
        except JiedanError as refusal:
            flash(f"{upload.filename}: {refusal.message()}", "bad")
    return redirect(url_for("task.show", task_id=task_id, _anchor="files"), 303)


@blueprint.post("/files/<uuid:attachment_id>/removal")
def remove_file(task_id: UUID, attachment_id: UUID) -> AnyResponse:
    """Take a file away again while the task is open."""
    detach(flow(), actor=person(), attachment_id=attachment_id)
    return redirect(url_for("task.show", task_id=task_id, _anchor="files"), 303)
