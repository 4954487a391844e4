"""Owns an answer on its way into the process: the form's check, the listeners, the variables."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from jiedan.core.errors import Invalid
from jiedan.core.files import FileMissing, find_attachment
from jiedan.flow.access import Task
from jiedan.flow.content.forms import Form, check_answer, parse_form
from jiedan.flow.content.forms_rights import HIDE, READ, restricted, rights_from
from jiedan.flow.content.read import ElementInfo
from jiedan.flow.current import form_version
from jiedan.flow.engine import NothingWaits
from jiedan.flow.errors import HandlerMissing, TaskNoLongerOpen, UnknownField
from jiedan.flow.handlers import BpmnError, plain
from jiedan.flow.host import StepHost, as_result
from jiedan.flow.platform import Flow
from jiedan.flow.step import Step
from jiedan.flow.task_views import Answer

COMPLETING = "completing"


class TaskLookup:
    """What a form asks about one task: labels of outside lists, names of its files."""

    def __init__(self, flow: Flow, session: Session, task_id: UUID) -> None:
        self._flow, self._session, self._task_id = flow, session, task_id

    def label(self, source: str, value: str) -> str | None:
        """How a choice of `source` is called; None when there is no such choice."""
        return self._flow.label_of(self._session, source, value)

    def filename(self, file_id: str) -> str | None:
        """The name of a file attached to this task; None when it is not."""
        try:
            found = find_attachment(self._session, UUID(file_id))
        except (ValueError, FileMissing):
            return None
        return found.filename if found.entity == f"task:{self._task_id}" else None


def form_of(
    session: Session, flow: Flow, task: Task, element: ElementInfo | None
) -> tuple[Form, Mapping[str, Any]] | None:
    """The form that the task was created with, or the newest when it had none then.

    Fields that the step may only read or not see are marked or left out.
    """
    if task.form_id is None:
        return None
    whole = form_version(session, flow, task.form_id, task.form_version)
    if element is None:
        return whole
    rights = rights_from(element.setting(READ), element.setting(HIDE))
    if not rights:
        return whole
    name = f"{task.form_id}:{task.form_version}:{rights}"
    known: tuple[Form, Mapping[str, Any], Mapping[str, Any]] | None = flow.caches.forms.get(name)
    if known is None or known[2] is not whole[1]:
        schema = restricted(whole[1], rights)
        known = (parse_form(schema)[0], schema, whole[1])
        flow.caches.forms.put(name, known)
    return known[0], known[1]


def checked_values(
    step: Step, task: Task, variables: dict[str, Any], answer: Answer
) -> dict[str, Any]:
    """The answer's values as the form lets them through. Raises Invalid with fields."""
    work = step.work
    element = step.bundle.element(task.process_id, task.element_id)
    form = form_of(work.session, step.flow, task, element)
    if form is None:
        values: dict[str, Any] = plain(dict(answer.values))
        return values
    initial: dict[str, Any] = {}
    if any(one.read_only or one.read_only_if for one in form[0].walk()):
        initial = loaded(step.host, element, task, variables).get("values") or {}
    checked = check_answer(
        form[0],
        answer.values,
        now=work.now,
        outcome=answer.outcome,
        scope=variables,
        initial=initial,
        lookup=TaskLookup(step.flow, work.session, task.id),
        functions=step.host.functions(variables),
    )
    if checked.unknown:
        names = ", ".join(sorted(checked.unknown))
        raise UnknownField(checked.errors, names=names[:200])
    if checked.errors:
        raise Invalid(checked.errors)
    return dict(checked.values)


def loaded(
    host: StepHost, element: ElementInfo | None, task: Task, variables: dict[str, Any]
) -> dict[str, Any]:
    """What the element's loader (`jiedan:load`) says: `values` and `facts`."""
    name = element.setting("load") if element is not None else None
    if not name:
        return {}
    loader = host.flow.registry.handlers.get(name)
    if loader is None:
        raise HandlerMissing(name=name)
    context = host.context(
        element_id=task.element_id,
        process_id=task.process_id,
        task_id=task.id,
        variables=variables,
    )
    return as_result(loader.call(context, **loader.arguments(variables)))


def answer_through(
    step: Step,
    task: Task,
    variables: dict[str, Any],
    outcome: str | None,
    values: dict[str, Any],
    *,
    said: str | None = None,
) -> None:
    """Let the completing listeners take the answer, then complete the engine's task.

    `said` is the outcome of the whole where the answer is only one voice of it.

    Into the process go the outcome and what listeners return; the whole answer only when there
    is neither a listener nor an output mapping.
    """
    element = step.bundle.element(task.process_id, task.element_id)
    listeners = element.listeners.get(COMPLETING, ()) if element is not None else ()
    merged: dict[str, Any] = {}
    try:
        for name in listeners:
            merged |= _listen(step, task, name, variables | merged, outcome, values)
    except BpmnError as error:
        step.live.throw_error(task.id, error.code, plain(error.variables))
        return
    if not listeners and not (element is not None and element.has_outputs):
        merged |= values
    if outcome is not None:
        merged["outcome"] = said or outcome
    try:
        step.live.complete_task(task.id, merged, answer={**values, "outcome": outcome})
    except NothingWaits as error:
        raise TaskNoLongerOpen from error


def _listen(
    step: Step,
    task: Task,
    name: str,
    variables: dict[str, Any],
    outcome: str | None,
    values: dict[str, Any],
) -> dict[str, Any]:
    listener = step.flow.registry.handlers.get(name)
    if listener is None:
        raise HandlerMissing(name=name)
    context = step.host.context(
        element_id=task.element_id,
        process_id=task.process_id,
        task_id=task.id,
        variables=variables,
    )
    step.host.caller = context
    try:
        given = {**variables, "answer": values, "outcome": outcome}
        return as_result(listener.call(context, **listener.arguments(given)))
    finally:
        step.host.caller = None
