"""The form of a task page: what was posted, rows added and taken away, files put beside it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.datastructures import FileStorage

from jiedan.core.errors import JiedanError, Message
from jiedan.core.i18n import lazy
from jiedan.flow.content.forms import (
    Checked,
    Field,
    Form,
    Kind,
    Shown,
    check_answer,
    parse_form,
    read_posted,
    show_form,
)
from jiedan.flow.content.forms_judge import get_path, put_path, same_record
from jiedan.flow.content.forms_values import is_empty
from jiedan.flow.remarks import attach
from jiedan.flow.tasks import Attachment, OpenedTask
from jiedan.web.house import flow, house, now, person

_ROW = re.compile(r"(add|copy|remove|drop):([A-Za-z_][\w.]*)(?:\[(\d{1,3})\])?(?::([\w-]+))?")


@dataclass(frozen=True, slots=True)
class TaskLookup:
    """Choices of the house, and files of one task."""

    files: Mapping[str, str] = field(default_factory=dict)

    def label(self, source: str, value: str) -> str | None:
        return house().lookups.label(source, value)

    def filename(self, file_id: str) -> str | None:
        return self.files.get(file_id)


@dataclass(slots=True)
class TaskForm:
    """A task's form while its page is open."""

    task: OpenedTask
    form: Form
    raw: dict[str, Any] | None = None
    """What was typed; None shows the initial values."""
    errors: dict[str, Message] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def initial(self) -> Mapping[str, Any]:
        """What the fields begin with; of a completed task what was handed in."""
        return self.task.loaded if self.task.answer is None else self.task.answer

    def lookup(self) -> TaskLookup:
        return TaskLookup(self.files)

    def shown(self, *, read_only: bool) -> Shown:
        """The form ready to be drawn."""
        return show_form(
            self.form,
            now=now(),
            raw=self.raw,
            initial=self.initial,
            scope=self.task.variables,
            errors=self.errors,
            lookup=self.lookup(),
            read_only=read_only,
        )

    def check(self, outcome: str | None) -> Checked:
        """The answer checked as completing would."""
        return check_answer(
            self.form,
            self.raw or {},
            now=now(),
            outcome=outcome,
            scope=self.task.variables,
            initial=self.initial,
            lookup=self.lookup(),
        )

    def complain_early(self) -> None:
        """Say what is wrong with what is filled in, not what is still missing."""
        checked = self.check(None)
        for path, message in checked.errors.items():
            if not is_empty(_at(self.raw or {}, path)):
                self.errors[path] = message


def form_of(task: OpenedTask) -> TaskForm | None:
    """The task's form with its values; None when the task has none."""
    if task.schema is None:
        return None
    form, _findings = parse_form(task.schema)
    files = {str(one.id): one.filename for one in task.attachments}
    typed = dict(task.values) if task.draft_saved_at else None
    return TaskForm(task, form, raw=typed, files=files)


def read_answer(form: TaskForm) -> None:
    """Take in what was posted: files are put beside the task first, so that nothing is lost."""
    form.raw = read_posted(request.form.items(multi=True))
    _resolve(form.form.fields, form.raw)
    for each in form.form.walk():
        if each.kind is not Kind.FILE:
            continue
        for name, uploads in request.files.lists():
            if _plain(name) == each.key or _plain(name).endswith(f".{each.key}"):
                _take_files(form, name, uploads, multiple=each.multiple)


def _resolve(fields: Sequence[Field], raw: dict[str, Any]) -> None:
    """Names that people typed become the values that they mean."""
    for each in same_record(fields):
        place = get_path(raw, each.path)
        if each.kind is Kind.TABLE and isinstance(place, list):
            for row in place:
                if isinstance(row, dict):
                    _resolve(each.children, row)
        elif each.source and isinstance(place, str) and place.strip():
            put_path(raw, each.path, house().lookups.resolve(each.source, place))


def _take_files(form: TaskForm, name: str, uploads: list[FileStorage], *, multiple: bool) -> None:
    for upload in uploads:
        if not upload.filename:
            continue
        try:
            kept = put_beside(form.task.task_id, upload)
        except JiedanError as refusal:
            form.errors[name] = lazy(refusal.msgid(), **refusal.params)
            continue
        form.files[str(kept.id)] = kept.filename
        assert form.raw is not None
        _add(form.raw, name, str(kept.id), multiple=multiple)


def put_beside(task_id: UUID, upload: FileStorage) -> Attachment:
    """One uploaded file as an attachment of a task."""
    return attach(
        flow(),
        actor=person(),
        task_id=task_id,
        stream=upload.stream,  # type: ignore[arg-type]
        filename=upload.filename or "",
    )


def change_rows(form: TaskForm, command: str) -> None:
    """Carry out a row button: `add:lines`, `copy:lines[2]`, `remove:lines[2]`, `drop:photos:ID`."""
    found = _ROW.fullmatch(command)
    if found is None or form.raw is None:
        return
    verb, path, row, file_id = found.groups()
    raw = copy.deepcopy(form.raw)
    parts = path.split(".")
    place: Any = raw
    for part in parts[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            return
    key = parts[-1]
    if verb == "drop":
        kept = place.get(key)
        ids = kept if isinstance(kept, list) else [kept]
        place[key] = [one for one in ids if one != file_id]
    else:
        rows = place.get(key)
        rows = rows if isinstance(rows, list) else []
        number = int(row) if row is not None else -1
        if verb == "add":
            rows = [*rows, {}]
        elif 0 <= number < len(rows) and verb == "remove":
            rows = [*rows[:number], *rows[number + 1 :]]
        elif 0 <= number < len(rows):
            twin = {k: v for k, v in dict(rows[number]).items() if not k.startswith("_")}
            rows = [*rows[: number + 1], twin, *rows[number + 1 :]]
        place[key] = rows
    form.raw = raw


def _plain(name: str) -> str:
    return re.sub(r"\[\d+\]", "", name)


def _at(raw: Mapping[str, Any], path: str) -> Any:
    place: Any = raw
    for name, row in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path):
        try:
            place = place[name] if name else place[int(row)]
        except (KeyError, IndexError, TypeError):
            return None
    return place


def _add(raw: dict[str, Any], path: str, file_id: str, *, multiple: bool) -> None:
    place: Any = raw
    steps = re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path)
    for name, row in steps[:-1]:
        place = place.setdefault(name, {}) if name else place[int(row)]
    key = steps[-1][0]
    before = place.get(key)
    old = before if isinstance(before, list) else [before] if before else []
    place[key] = [*[one for one in old if one], file_id] if multiple else [file_id]
